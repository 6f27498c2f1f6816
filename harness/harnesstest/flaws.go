package harnesstest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
)

// Flaws is an identity provider's of its handle only. Each flaw of an assertion is refused by the token that Identity
// Center has for it.
type Flaws struct {
	Refuses error // what GetWrong answers, where it is not to work

	mu  sync.Mutex
	all []harness.Flaw
}

// GetWrong lets it have a flaw.
func (f *Flaws) GetWrong(_ context.Context, flaw harness.Flaw) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Refuses == nil {
		f.all = append(f.all, flaw)
	}
	return f.Refuses
}

// Mend takes it back.
func (f *Flaws) Mend(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.DeleteFunc(f.all, func(other harness.Flaw) bool { return other.Name == name })
	return nil
}

// Judged is the token of the first flaw.
func (f *Flaws) Judged(ctx context.Context, region string, _ bool) (string, error) {
	tokens := map[string]string{"expired": "saml_expired", "wrong_audience": "saml_audience",
		"wrong_recipient": "saml_recipient", "two_assertions": "saml_shape", "encrypted": "saml_shape",
		"oversize": "saml_too_large", "name_id_mismatch": "user_unknown", "replay": "saml_replay"}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, flaw := range f.all {
		switch about := len(flaw.Regions) == 0 || slices.Contains(flaw.Regions, region); {
		case about && flaw.Key != "":
			return "saml_signature", ctx.Err()
		case about && flaw.Assertion != "":
			return tokens[flaw.Assertion], ctx.Err()
		}
	}
	return "", ctx.Err()
}

// Registered tells whether no flaw is about the ACS.
func (f *Flaws) Registered(ctx context.Context, acs string) (bool, error) {
	region, _, _ := strings.Cut(acs, "/")
	f.mu.Lock()
	defer f.mu.Unlock()
	return !slices.ContainsFunc(f.all, func(flaw harness.Flaw) bool {
		return flaw.Unregistered && slices.Contains(flaw.Regions, region) && !slices.Contains(flaw.Registered, acs)
	}), ctx.Err()
}

// Revive is somebody else who mends it all.
func (f *Flaws) Revive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = nil
}

// left is how many there are.
func (f *Flaws) left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all)
}
