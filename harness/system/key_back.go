package system

import (
	"bytes"
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
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// kindKeyChange is the intent of a change of a key at an endpoint, which outlives the process that made it.
const kindKeyChange = "kms_key_change"

// keyChange is all that another process needs to take it back.
type keyChange struct {
	URL    string            `json:"url"`
	Region string            `json:"region"`
	ARN    string            `json:"arn"`
	Change harness.KeyChange `json:"change"`
}

// TakingBack is nothing for a key that dies with the run.
func (k *key) TakingBack(c harness.KeyChange) rollback.Intent {
	if k.at == "" {
		return rollback.Intent{}
	}
	args, err := json.Marshal(keyChange{URL: k.at, Region: k.region, ARN: k.arn, Change: c})
	if err != nil {
		panic("system: " + err.Error()) // strings and booleans always have a JSON form
	}
	return rollback.Intent{Kind: kindKeyChange, Args: args}
}

// undoKeyChange takes a change back from another process than made it.
func undoKeyChange(ctx context.Context, args json.RawMessage) error {
	var c keyChange
	if err := json.Unmarshal(args, &c); err != nil || c.URL == "" || c.ARN == "" {
		return errors.Join(errors.New("the intent doesn't say of which key"), err)
	}
	backend, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("reaching the key: %w", err)
	}
	way := newRelay(backend)
	defer way.transport.CloseIdleConnections()
	k := &key{arn: c.ARN, at: c.URL, region: c.Region,
		admin: identitycenter.NewKMS(c.Region, AdminKey, &http.Client{Transport: way})}
	ctx, nothing := rollback.Found(ctx)
	if err := k.TakeBack(ctx, c.Change); err != nil {
		return err
	}
	if !nothing() {
		rollback.Tell(ctx, "%s %s, as it had been", k.arn, undoneWords(c.Change))
	}
	return nil
}

// State is its key state.
func (k *key) State(ctx context.Context) (string, error) {
	about, err := k.admin.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: k.id()})
	if err != nil {
		return "", k.said("describing", err)
	}
	return string(about.KeyMetadata.KeyState), nil
}

// TakeBack takes a change back, proves it by reading the key's state or policy, and leaves alone what isn't its own.
func (k *key) TakeBack(ctx context.Context, c harness.KeyChange) error {
	takeBack := k.restoreState
	if c.Put != "" {
		takeBack = k.restorePolicy
	}
	err := takeBack(ctx, c)
	if _, gone := errors.AsType[*types.NotFoundException](err); gone {
		rollback.Tell(ctx, "%s is gone, and what was done to it with it", k.arn)
		rollback.Nothing(ctx)
		return nil
	}
	switch {
	case err != nil && k.at != "":
		return fmt.Errorf("%w; by hand: %s", cause(err), k.byHand(c))
	case err != nil && ctx.Err() == nil && vanished(err):
		rollback.Tell(ctx, "who keeps %s is gone, and what was done to it with it", k.arn)
		return nil
	}
	return err
}

// vanished tells an answer of KMS from that of a gateway before nobody, who plays it no more. For a key that goes with
// the run that leaves nothing to take back.
func vanished(err error) bool {
	said, answered := errors.AsType[smithy.APIError](err)
	_, garbled := errors.AsType[*smithy.DeserializationError](err)
	return garbled || answered && said.ErrorCode() == "UnknownError"
}

// pending tells whether a key in this state is to be deleted.
func pending(state string) bool {
	return state == string(types.KeyStatePendingDeletion) || state == string(types.KeyStatePendingReplicaDeletion)
}

func (k *key) restoreState(ctx context.Context, c harness.KeyChange) error {
	state, err := k.State(ctx)
	switch {
	case err != nil:
		return err
	case c.Scheduled && pending(state):
		if _, err := k.admin.CancelKeyDeletion(ctx, &awskms.CancelKeyDeletionInput{KeyId: k.id()}); err != nil {
			return k.said("cancelling the deletion of", err)
		}
	case state == c.Was, pending(state): // a deletion that somebody else has scheduled is theirs to cancel
		rollback.Nothing(ctx)
		return nil
	}
	if c.Was == harness.KeyEnabled {
		if err := k.Enable(ctx); err != nil {
			return err
		}
	}
	if state, err = k.State(ctx); err == nil && state != c.Was {
		err = fmt.Errorf("%s is %s and was %s", k.arn, state, c.Was)
	}
	return err
}

func (k *key) restorePolicy(ctx context.Context, c harness.KeyChange) error {
	now, err := k.Policy(ctx)
	switch {
	case err != nil:
		return err
	case alike(now, c.Before):
		rollback.Nothing(ctx)
		return nil
	case !alike(now, c.Put) && k.at == "":
		rollback.Tell(ctx, "somebody else has changed the policy of %s meanwhile; it is left as it is", k.arn)
		return nil
	case !alike(now, c.Put):
		return fmt.Errorf("somebody else has changed the policy of %s meanwhile, so it is left as it is", k.arn)
	}
	if err := k.SetPolicy(ctx, c.Before); err != nil {
		return err
	}
	if now, err = k.Policy(ctx); err == nil && !alike(now, c.Before) {
		err = fmt.Errorf("%s does not have the policy that it had", k.arn)
	}
	return err
}

// alike tells whether two policies are the same document, whatever an emulator makes of its spaces.
func alike(a, b string) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, []byte(a)) != nil || json.Compact(&y, []byte(b)) != nil {
		return a == b
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}

// byHand is how a person takes a change back.
func (k *key) byHand(c harness.KeyChange) string {
	at := "the endpoint"
	if u, err := url.Parse(k.at); err == nil {
		at = u.Redacted()
	}
	command := func(verb string) string {
		return fmt.Sprintf("aws kms %s --key-id %s --region %s --endpoint-url %s", verb, aws.ToString(k.id()), k.region, at)
	}
	switch {
	case c.Put != "":
		return "take the statement with the Sid " + harness.DenySid + " out of its policy, if it is there still, by " +
			command("put-key-policy") + "; the policy that it had is the \"before\" of its line in undo.jsonl"
	case c.Scheduled && c.Was == harness.KeyEnabled:
		return command("cancel-key-deletion") + ", then " + command("enable-key")
	case c.Scheduled:
		return command("cancel-key-deletion")
	}
	return command("enable-key")
}

// undoneWords says what taking a change back came to.
func undoneWords(c harness.KeyChange) string {
	switch {
	case c.Put != "":
		return "has its policy again"
	case c.Scheduled:
		return "is scheduled for deletion no more, and " + strings.ToLower(c.Was) + " again"
	}
	return "is enabled again"
}
