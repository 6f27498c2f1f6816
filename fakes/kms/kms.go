// Package kms has the multi-Region keys of AWS KMS. IAM Identity Center keeps its data at rest under such a key and
// each Region uses its own replica, whose state and policy are that replica's alone: a key that is disabled, or whose
// policy was forgotten, breaks one Region and stays unnoticed until people fail over to it. No other emulator keeps
// policies and states apart as KMS does, and that is all that matters here.
//
// A Service holds the replicas of all Regions; Handler serves one Region in KMS's protocol (JSON 1.1). The access key
// id of a request tells its principal. Signatures are not verified: who reaches the fake is trusted to be who it says.
package kms

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// Config says whose keys they are.
type Config struct {
	Account     string            // 12 digits
	CreatingFor time.Duration     // how long a new replica is Creating; 0: it is Enabled at once; AWS: up to 10 min
	UpdatingFor time.Duration     // how long UpdatePrimaryRegion leaves both keys Updating; 0: not at all
	Principals  map[string]string // access key id → service principal (sso.amazonaws.com) or ARN in the account
}

// Deps are what KMS stands on beside its configuration.
type Deps struct {
	Now func() time.Time // time.Now where nil
}

// Service is KMS in all Regions. It is safe for concurrent use.
type Service struct {
	account     string
	now         func() time.Time
	creatingFor time.Duration
	updatingFor time.Duration
	callers     map[string]caller // by access key id

	mu     sync.Mutex
	keys   map[string]*key    // by key id
	tokens map[string]grantOf // by grant token
}

// New makes a service without keys.
func New(c Config, deps Deps) *Service {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	callers := map[string]caller{}
	for accessKey, principal := range c.Principals {
		callers[accessKey] = newCaller(principal)
	}
	return &Service{
		account: c.Account, now: deps.Now, creatingFor: c.CreatingFor, updatingFor: c.UpdatingFor, callers: callers,
		keys: map[string]*key{}, tokens: map[string]grantOf{},
	}
}

// CreateKey makes a multi-Region key whose primary is in the Region, and returns its id (mrk- and 32 hex digits). An
// empty policy stands for DefaultPolicy.
func (s *Service) CreateKey(region, policyDocument string) (keyID string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parsed, err := s.policyOr(policyDocument, region)
	if err != nil {
		return "", fmt.Errorf("creating a key in %s: %w", region, err)
	}
	r := s.newKey(region, true)
	r.policy = parsed
	s.keys[r.key.id] = r.key
	return r.key.id, nil
}

// ReplicateKey makes a replica of a multi-Region key in another Region; it is Creating for Config.CreatingFor. An
// empty policy stands for DefaultPolicy, whatever the primary's policy is.
func (s *Service) ReplicateKey(keyID, region, policyDocument string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.replicate(keyID, region, policyDocument); err != nil {
		return fmt.Errorf("replicating %s to %s: %w", keyID, region, err)
	}
	return nil
}

func (s *Service) replicate(keyID, region, policyDocument string) error {
	k, ok := s.keys[keyID]
	if !ok {
		return notFound(keyID)
	}
	parsed, err := s.policyOr(policyDocument, region)
	if err != nil {
		return err
	}
	primary, ok := s.find(k.primary, keyID)
	if !ok {
		return notFound(keyID)
	}
	r, err := s.newReplica(primary, region)
	if err != nil {
		return err
	}
	r.policy = parsed
	k.replicas[region] = r
	return nil
}

// State is the key state of the replica in the Region.
func (s *Service) State(region, keyID string) (State, error) {
	var state State
	err := s.at(region, keyID, func(r *replica) { state = r.state })
	return state, err
}

// SetState puts the replica in the Region, and no other, in the state, whatever it was in before. Creating stays until
// it is set anew; PendingDeletion ends in the key's deletion after 30 days.
func (s *Service) SetState(region, keyID string, state State) error {
	if !slices.Contains(states(), state) {
		return fmt.Errorf("there is no key state %q", state)
	}
	return s.at(region, keyID, func(r *replica) {
		r.state, r.until, r.window = state, time.Time{}, 0
		if state == PendingDeletion {
			r.window = maxWindow
			r.until = s.now().Add(maxWindow * day)
		}
	})
}

// Policy is the key policy of the replica in the Region, as it was given.
func (s *Service) Policy(region, keyID string) (string, error) {
	var document string
	err := s.at(region, keyID, func(r *replica) { document = r.policy.document })
	return document, err
}

// SetPolicy replaces the key policy of the replica in the Region, and no other. It is the operator's way round the
// lockout check of PutKeyPolicy.
func (s *Service) SetPolicy(region, keyID, policyDocument string) error {
	parsed, err := parsePolicy(policyDocument)
	if err != nil {
		return fmt.Errorf("setting the policy of %s in %s: %w", keyID, region, err)
	}
	return s.at(region, keyID, func(r *replica) { r.policy = parsed })
}

func (s *Service) at(region, keyID string, do func(*replica)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.find(region, keyID)
	if !ok {
		return notFound(names.KeyARN(region, s.account, keyID))
	}
	do(r)
	return nil
}

// find is the key's replica in the Region, brought up to date.
func (s *Service) find(region, keyID string) (*replica, bool) {
	k, ok := s.keys[keyID]
	if !ok {
		return nil, false
	}
	k.settle(s.now())
	if len(k.replicas) == 0 {
		delete(s.keys, keyID)
	}
	r, ok := k.replicas[region]
	return r, ok
}

// newKey makes the primary of a key that nobody can find yet, without a policy.
func (s *Service) newKey(region string, multiRegion bool) *replica {
	id := hex.EncodeToString(randomBytes(16))
	if multiRegion {
		id = "mrk-" + id
	} else {
		id = fmt.Sprintf("%s-%s-%s-%s-%s", id[:8], id[8:12], id[12:16], id[16:20], id[20:])
	}
	k := &key{id: id, multiRegion: multiRegion, materials: []material{newMaterial(time.Time{}, false)}, primary: region}
	r := s.newReplicaOf(k, region)
	k.replicas = map[string]*replica{region: r}
	return r
}

// newReplica makes a replica that nobody can find yet, without a policy.
func (s *Service) newReplica(primary *replica, region string) (*replica, error) {
	if err := primary.mayReplicate(); err != nil {
		return nil, err
	}
	if there, ok := primary.key.replicas[region]; ok {
		return nil, alreadyExists(there.arn)
	}
	r := s.newReplicaOf(primary.key, region)
	if s.creatingFor > 0 {
		r.state, r.until = Creating, s.now().Add(s.creatingFor)
	}
	return r, nil
}

func (s *Service) newReplicaOf(k *key, region string) *replica {
	return &replica{key: k, arn: names.KeyARN(region, s.account, k.id), region: region, created: s.now(),
		state: Enabled}
}

func (s *Service) policyOr(document, region string) (*policy, error) {
	return parsePolicy(cmp.Or(document, DefaultPolicy(region, s.account)))
}
