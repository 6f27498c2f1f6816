package system

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Probed is all that is tried of an emulator before a drill, on a throw-away key.
func Probed() []string {
	return []string{harness.HonoursReplicas, harness.HonoursDisabled, harness.HonoursDeletion, harness.HonoursPolicies}
}

const (
	introductionLimit = 5 * time.Second // for an emulator to say who it is
	introductionWords = 40              // bytes of each that it says
)

// identify asks an emulator who it is, by the pages that such have of themselves. One that doesn't say is no worse for
// it.
func (e *emulator) identify(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, introductionLimit)
	defer cancel()
	for _, page := range [][2]string{{"/_ministack/health", "MiniStack"}, {"/_localstack/health", "LocalStack"},
		{"/_localstack/info", "LocalStack"}} {
		var said struct{ Version, Edition string }
		if err := e.get(ctx, page[0], &said); err == nil && said.Version != "" {
			e.Product = page[1]
			e.Version, e.Edition = clip(said.Version), clip(said.Edition)
			return
		}
	}
	var dashboard string
	if err := e.get(ctx, "/moto-api/", &dashboard); err == nil && strings.Contains(dashboard, "<title>Moto</title>") {
		e.Product = "moto" // which tells no version
	}
}

func clip(s string) string { return s[:min(introductionWords, len(s))] }

// trial is a throw-away key at an emulator.
type trial struct {
	*emulator
	mark        string
	region, arn string // the replica on which it is tried what the emulator heeds
	admin       *awskms.Client
	user        service // one of those that use the key
	reasons     []string
}

// try finds out on a throw-away key what of KMS the emulator honours. It tells whether multi-Region keys can't be used
// there at all; that an operation is missing without which there is no system is a *harness.Lack. The key bears the
// mark, by which it is scheduled for deletion with the run's own.
func (s *Site) try(ctx context.Context, mark string) (single bool, err error) {
	e, regions := s.emulator, s.Topology.Regions()
	t := &trial{emulator: e, mark: mark, region: regions[len(regions)-1]}
	t.admin, t.user = e.client(t.region, AdminKey), s.services(t.region, e.http())[0]
	made, err := s.replicated(ctx, mark, regions[len(regions)-1:])
	if err != nil {
		return false, e.unable(ctx, err)
	}
	t.arn = made[t.region]
	single = s.tryReplicas(ctx, t, made)
	if single {
		if t.arn, err = t.singleKey(ctx); err != nil {
			return false, e.unable(ctx, err)
		}
	}
	t.tryStates(ctx)
	if len(t.reasons) > 0 {
		s.System.Notes = append(s.System.Notes, fmt.Sprintf("%s was tried on a throw-away key before the drill: %s",
			e, strings.Join(t.reasons, "; ")))
	}
	return single, ctx.Err()
}

// tryReplicas seals something in one Region and opens it in another. It tells whether replicas can't even open what
// they have sealed themselves: moto 5 cuts the ids of multi-Region keys short in what it encrypts.
func (s *Site) tryReplicas(ctx context.Context, t *trial, made map[string]string) (single bool) {
	primary := s.Topology.Primary
	there := s.services(primary, t.http())[0]
	for _, replica := range []struct {
		region string
		user   service
	}{{primary, there}, {t.region, t.user}} {
		if err := replica.user.use(ctx, made[replica.region]); err != nil {
			t.found(harness.HonoursReplicas, fmt.Errorf("in %s: %w", replica.region, operation(err)))
			return true
		}
	}
	sealed, err := there.seal(ctx, made[primary])
	if err == nil {
		err = t.user.open(ctx, t.arn, sealed)
	}
	if err != nil {
		err = fmt.Errorf("what is sealed in %s isn't opened in %s: %w", primary, t.region, operation(err))
	}
	t.found(harness.HonoursReplicas, err)
	return false
}

// found writes down whether something is honoured, and if not, by what that was noticed.
func (t *trial) found(what string, err error) {
	if err == nil {
		t.Honours = append(t.Honours, what)
		return
	}
	t.Ignores = append(t.Ignores, what)
	t.reasons = append(t.reasons, fmt.Sprintf("it ignores %s (%v)", what, err))
}

// singleKey makes a key of the Region alone that can be used.
func (t *trial) singleKey(ctx context.Context) (string, error) {
	key, err := t.admin.CreateKey(ctx, &awskms.CreateKeyInput{Description: aws.String(t.mark)})
	if err != nil {
		return "", err
	}
	arn := aws.ToString(key.KeyMetadata.Arn)
	return arn, t.user.use(ctx, arn)
}

// tryStates makes the key unusable in each way that there is, the last for good, and looks whether it is refused.
func (t *trial) tryStates(ctx context.Context) {
	id := aws.String(idOf(t.arn))
	policy := func(document string) error {
		_, err := t.admin.PutKeyPolicy(ctx, &awskms.PutKeyPolicyInput{KeyId: id, PolicyName: aws.String("default"),
			Policy: aws.String(document)})
		return err
	}
	parts := strings.Split(t.arn+"::::", ":")
	region, account := parts[3], parts[4]
	deny := func() error { return policy(denying(region, account)) }
	t.found(harness.HonoursPolicies, t.refused(ctx, deny, "AccessDeniedException"))
	_ = policy(kms.BaselinePolicy(region, account)) // where it isn't taken back, the next trial says so

	unusable := []string{"DisabledException", "KMSInvalidStateException"}
	t.found(harness.HonoursDisabled, t.refused(ctx, func() error {
		_, err := t.admin.DisableKey(ctx, &awskms.DisableKeyInput{KeyId: id})
		return err
	}, unusable...))
	_, _ = t.admin.EnableKey(ctx, &awskms.EnableKeyInput{KeyId: id}) // as above

	t.found(harness.HonoursDeletion, t.refused(ctx, func() error {
		_, err := t.admin.ScheduleKeyDeletion(ctx, &awskms.ScheduleKeyDeletionInput{KeyId: id,
			PendingWindowInDays: aws.Int32(shortestWindow)})
		return err
	}, unusable...))
}

// refused harms the key, and is an error where it is used as before, or refused with none of the codes.
func (t *trial) refused(ctx context.Context, harm func() error, codes ...string) error {
	sealed, err := t.user.seal(ctx, t.arn)
	if err == nil {
		err = t.user.open(ctx, t.arn, sealed)
	}
	if err != nil {
		return fmt.Errorf("it can't be tried, as the key can't be used: %w", cause(err))
	}
	if err := harm(); err != nil {
		return operation(err)
	}
	_, err = t.user.seal(ctx, t.arn)
	for _, answer := range []struct {
		operation string
		err       error
	}{{"GenerateDataKeyWithoutPlaintext", err}, {"Decrypt", t.user.open(ctx, t.arn, sealed)}} {
		api, answered := errors.AsType[smithy.APIError](answer.err)
		switch {
		case answer.err == nil:
			return fmt.Errorf("%s is still granted", answer.operation)
		case !answered || !slices.Contains(codes, api.ErrorCode()):
			return fmt.Errorf("%s is answered with %w", answer.operation, cause(answer.err))
		}
	}
	return nil
}

// denying is a key policy that denies the key to the services of Identity Center, and leaves it to the account.
func denying(region, account string) string {
	root := names.PartitionOf(region).ARN("iam", "", account, "root")
	return `{"Version": "2012-10-17", "Statement": [
{"Effect": "Allow", "Principal": {"AWS": "` + root + `"}, "Action": "kms:*", "Resource": "*"},
{"Effect": "Deny", "Principal": {"Service": ["sso.amazonaws.com", "identitystore.amazonaws.com"]}, "Action": "kms:*",
 "Resource": "*"}]}`
}
