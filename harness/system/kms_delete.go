package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// kindKeys is the intent of keys that outlive the process that made them.
const kindKeys = "kms_keys"

// keys is what another process needs to find the replicas of a key again, and to be sure that they are the run's.
type keys struct {
	URL     string   `json:"url"`
	Mark    string   `json:"mark"` // their description
	Regions []string `json:"regions"`
}

// Undoers take back what a lab did to what outlives it, from another process.
func Undoers() rollback.Undoers {
	return rollback.Undoers{kindKeyChange: undoKeyChange, kindKeys: func(ctx context.Context, args json.RawMessage) error {
		var k keys
		if err := json.Unmarshal(args, &k); err != nil || k.URL == "" || k.Mark == "" {
			return errors.Join(errors.New("the intent doesn't say which keys"), err)
		}
		return k.scheduleDeletion(ctx)
	}}
}

// shortestWindow is the days after which KMS deletes a key at the earliest.
const shortestWindow = 7

// scheduleDeletion schedules the deletion of all that bears the mark, and tells which keys these are: replicas first,
// as a primary waits for them.
func (k keys) scheduleDeletion(ctx context.Context) error {
	backend, err := url.Parse(k.URL)
	if err != nil {
		return fmt.Errorf("deleting keys: %w", err)
	}
	way := newRelay(backend)
	defer way.transport.CloseIdleConnections()
	var (
		errs []error
		left []string
		made bool // something was left to schedule
	)
	for i := len(k.Regions) - 1; i >= 0; i-- {
		ask := identitycenter.NewKMS(k.Regions[i], AdminKey, &http.Client{Transport: way})
		found, scheduled, err := k.scheduleIn(ctx, ask)
		made = made || scheduled
		if left = append(left, found...); err != nil {
			errs = append(errs, fmt.Errorf("deleting the keys in %s: %w", k.Regions[i], err))
		}
	}
	if !made {
		rollback.Nothing(ctx)
	}
	if len(left) > 0 {
		rollback.Tell(ctx, "these keys at %s are scheduled for deletion, in %d days at the earliest: %s", backend.Redacted(),
			shortestWindow, strings.Join(left, ", "))
	}
	return errors.Join(errs...)
}

// scheduleIn tells the ARNs of those that are scheduled in a Region, by now or already, and whether any is only now. A
// key of which nothing can be told, as somebody else's may be, keeps no other from being scheduled.
func (k keys) scheduleIn(ctx context.Context, ask *awskms.Client) (left []string, made bool, err error) {
	var errs []error
	pages := awskms.NewListKeysPaginator(ask, &awskms.ListKeysInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return left, made, errors.Join(append(errs, cause(err))...)
		}
		for _, key := range page.Keys {
			ours, now, err := k.schedule(ctx, ask, key.KeyId)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", aws.ToString(key.KeyArn), cause(err)))
			}
			if made = made || now; ours && err == nil {
				left = append(left, aws.ToString(key.KeyArn))
			}
		}
	}
	return left, made, errors.Join(errs...)
}

// schedule leaves alone what isn't ours, and what is on its way already; it tells whether it did anything.
func (k keys) schedule(ctx context.Context, ask *awskms.Client, id *string) (ours, made bool, err error) {
	found, err := ask.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: id})
	if _, gone := errors.AsType[*types.NotFoundException](err); gone {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	switch about := found.KeyMetadata; {
	case aws.ToString(about.Description) != k.Mark:
		return false, false, nil
	case about.KeyState == types.KeyStatePendingDeletion, about.KeyState == types.KeyStatePendingReplicaDeletion:
		return true, false, nil
	}
	_, err = ask.ScheduleKeyDeletion(ctx, &awskms.ScheduleKeyDeletionInput{KeyId: id,
		PendingWindowInDays: aws.Int32(shortestWindow)})
	return err == nil, err == nil, err
}
