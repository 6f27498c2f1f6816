package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/harness"
)

// part is the emulator as something that the system under test stands on: an error where it is gone, or where it came
// back without the keys of the run.
func (e *emulator) part(arns map[string]string) harness.RigPart {
	return harness.RigPart{Name: "KMS, played by " + e.String(), Ask: func(ctx context.Context) error {
		var (
			asking sync.WaitGroup
			mu     sync.Mutex
			errs   []error
		)
		for region, arn := range arns {
			asking.Go(func() {
				if err := harness.Guard("a target", func() error { return e.holds(ctx, region, arn) }); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
				}
			})
		}
		asking.Wait()
		if len(errs) == 0 || e.toldToFail(ctx, errs) {
			return nil
		}
		return errs[0] // they are alike, as the emulator is one
	}}
}

// holds asks for a key as the account's administrator, once.
func (e *emulator) holds(ctx context.Context, region, arn string) error {
	ask := e.client(region, AdminKey)
	_, err := ask.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: aws.String(arn)}, once)
	if _, gone := errors.AsType[*types.NotFoundException](err); gone {
		return fmt.Errorf("it doesn't know the run's key in %s any more: did it start anew? (%w)", region, cause(err))
	}
	if _, answered := errors.AsType[smithy.APIError](err); err != nil && !answered {
		return fmt.Errorf("it doesn't answer: %w", cause(err))
	}
	return cause(err)
}

// toldToFail tells whether the emulator answers with errors because a fault of the drill has told it to, by the chaos
// API of LocalStack. Then it is there.
func (e *emulator) toldToFail(ctx context.Context, errs []error) bool {
	for _, err := range errs {
		if _, answered := errors.AsType[smithy.APIError](err); !answered {
			return false
		}
	}
	var rules []json.RawMessage
	return e.get(ctx, "/_localstack/chaos/faults", &rules) == nil && len(rules) > 0
}

// maxPage bounds the pages that an emulator has of itself, in bytes.
const maxPage = 1 << 20

// get reads a page that the emulator has of itself: JSON, or words where into is a *string.
func (e *emulator) get(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://emulator.test"+path, nil)
	if err != nil {
		return err
	}
	r.Host = e.relay.backend.Host
	response, err := e.http().Do(r)
	if err != nil {
		return cause(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxPage))
	switch words, plain := into.(*string); {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("GET %s is answered with %s", path, response.Status)
	case plain:
		*words = string(body)
		return nil
	}
	return json.Unmarshal(body, into)
}
