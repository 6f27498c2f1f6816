package system

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

const (
	answerLimit  = 30 * time.Second       // for an emulator to answer at all: a first call has been seen to take 11 s
	creatingWord = 5 * time.Second        // after which it is worth a note that a replica was Creating
	creatingLook = 100 * time.Millisecond // between the first looks for that
	creatingRest = 2 * time.Second        // and between later ones
)

// makeKey makes the multi-Region key and its replicas, each with the policy that Identity Center needs. It asks KMS as
// an operator would, by its names, whoever plays it. What outlives this process is scheduled for deletion by the way
// back; what finds it again is its description.
func (s *Site) makeKey(ctx context.Context, back *rollback.Stack) error {
	mark := "regiondrill " + rand.Text()
	single := false
	if s.emulator != nil {
		if err := s.emulator.answers(ctx, s.Topology.Primary); err != nil {
			return err
		}
		s.emulator.identify(ctx)
		if err := s.willDelete(mark, back); err != nil {
			return err
		}
		var err error
		if single, err = s.try(ctx, mark); err != nil {
			return err
		}
		if err := s.heedsPolicies(single); err != nil {
			return err
		}
	}
	arns, err := s.keysOf(ctx, mark, single)
	if err != nil && s.emulator != nil {
		return s.emulator.unable(ctx, err)
	}
	if err != nil {
		return fmt.Errorf("making the key: %w", err)
	}
	s.System.Key = map[string]harness.Key{}
	for region, arn := range arns {
		s.System.Key[region] = s.newKey(region, arn, s.kms)
	}
	if s.emulator != nil {
		s.System.Rig = append(s.System.Rig, s.emulator.part(arns))
	}
	s.Keys, s.System.Keys, s.System.KeyUsers = arns, maps.Clone(arns), s.KeyUsers()
	return nil
}

// heedsPolicies refuses an emulator that wouldn't hold anybody to the policies that the scenario gives the key: what
// they forget would not be found, and the drill would pass.
func (s *Site) heedsPolicies(single bool) error {
	own := s.Topology.KMS.Policy != "" || len(s.Topology.KMS.Policies) > 0
	if !own || !single && slices.Contains(s.emulator.Honours, harness.HonoursPolicies) {
		return nil
	}
	return &harness.Lack{Sentence: fmt.Sprintf("%s can't carry the key's policies (system.kms.policy, policies): it "+
		"doesn't heed PutKeyPolicy, as a throw-away key showed; set system.kms.backend to embedded", s.emulator)}
}

// answers makes sure that an emulator is there, before anything is done that must be undone at it.
func (e *emulator) answers(ctx context.Context, region string) error {
	trying, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	_, err := e.client(region, AdminKey).ListKeys(trying, &awskms.ListKeysInput{Limit: aws.Int32(1)})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("asking KMS at %s: %w", e.URL, ctx.Err())
	case err != nil:
		return e.unreachable(err)
	}
	return nil
}

// willDelete has the keys that bear the mark scheduled for deletion at an endpoint, which outlives this process. A
// container doesn't.
func (s *Site) willDelete(mark string, back *rollback.Stack) error {
	if s.Topology.KMS.Backend != KMSEndpoint {
		return nil
	}
	made := keys{URL: s.Topology.KMS.URL, Mark: mark, Regions: s.Topology.Regions()}
	args, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("making the key: %w", err)
	}
	_, err = back.Push(rollback.Intent{Kind: kindKeys, Args: args}, made.scheduleDeletion)
	return err
}

// keysOf makes the keys, and tells their ARNs by Region: a multi-Region key, or one for each Region alone where an
// emulator can't use such. Identity Center notices no difference, as each Region seals with its own; that a disabled
// primary or a forgotten replica can't be seen then is said in the notes.
func (s *Site) keysOf(ctx context.Context, mark string, single bool) (map[string]string, error) {
	if !single {
		return s.replicated(ctx, mark, s.Topology.Regions()[1:])
	}
	arns := map[string]string{}
	for _, region := range s.Topology.Regions() {
		key, err := s.emulator.client(region, AdminKey).CreateKey(ctx, &awskms.CreateKeyInput{Description: aws.String(mark)})
		if err != nil {
			return nil, err
		}
		arns[region] = aws.ToString(key.KeyMetadata.Arn)
	}
	s.System.Notes = append(s.System.Notes, s.emulator.String()+" can't decrypt under multi-Region keys, so each Region "+
		"has a key of its own: what replicas of one key have in common isn't drilled")
	return arns, nil
}

// replicated makes a key and its replicas in other Regions than the primary, and tells their ARNs by Region.
func (s *Site) replicated(ctx context.Context, mark string, additional []string) (map[string]string, error) {
	primary := s.Topology.Primary
	ask := identitycenter.NewKMS(primary, AdminKey, s.Client(primary))
	key, err := ask.CreateKey(ctx, &awskms.CreateKeyInput{MultiRegion: aws.Bool(true), Description: aws.String(mark)})
	if err != nil {
		return nil, err
	}
	about := key.KeyMetadata
	arns := map[string]string{primary: aws.ToString(about.Arn)}
	account := aws.ToString(about.AWSAccountId)
	if _, err := ask.PutKeyPolicy(ctx, &awskms.PutKeyPolicyInput{KeyId: about.KeyId, PolicyName: aws.String("default"),
		Policy: aws.String(s.keyPolicy(primary, account))}); err != nil {
		return nil, err
	}
	creating := map[string]time.Time{} // since when, by Region
	for _, region := range additional {
		if region == primary {
			continue
		}
		asked := time.Now()
		replica, err := ask.ReplicateKey(ctx, &awskms.ReplicateKeyInput{KeyId: about.KeyId, ReplicaRegion: aws.String(region),
			Policy: aws.String(s.keyPolicy(region, account)), Description: aws.String(mark)})
		if err != nil {
			return nil, fmt.Errorf("in %s: %w", region, err)
		}
		if about := replica.ReplicaKeyMetadata; about != nil && about.KeyState == types.KeyStateCreating {
			creating[region] = asked
		}
		arns[region] = names.KeyARN(region, account, aws.ToString(about.KeyId))
	}
	return arns, s.created(ctx, arns, creating)
}

// created waits until all replicas can be used that are being created: seconds as a rule, and ten minutes have been
// seen. All were asked for before any is waited for, as they come into being side by side.
func (s *Site) created(ctx context.Context, arns map[string]string, creating map[string]time.Time) error {
	for _, region := range slices.Sorted(maps.Keys(creating)) {
		if err := created(ctx, identitycenter.NewKMS(region, AdminKey, s.Client(region)), arns[region]); err != nil {
			return fmt.Errorf("in %s: %w", region, err)
		}
		if took := time.Since(creating[region]); took > creatingWord {
			s.System.Notes = append(s.System.Notes, fmt.Sprintf("the replica of a key in %s was %s for %v; the drill waited "+
				"until it could be used", region, types.KeyStateCreating, took.Round(100*time.Millisecond)))
		}
	}
	return nil
}

// created waits until a replica can be used, as long as ctx lets it.
func created(ctx context.Context, ask *awskms.Client, arn string) error {
	for rest := creatingLook; ; rest = min(2*rest, creatingRest) {
		key, err := ask.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: aws.String(arn)})
		if err != nil || key.KeyMetadata.KeyState != types.KeyStateCreating {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the replica, which is still %s: %w", types.KeyStateCreating, ctx.Err())
		case <-time.After(rest):
		}
	}
}
