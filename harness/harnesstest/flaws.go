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
func (f *Flaws) Judged(ctx context.Context, region string, _ bool) (cause string, flaws []string, err error) {
	tokens := map[string]string{"expired": "saml_expired", "wrong_audience": "saml_audience",
		"wrong_recipient": "saml_recipient", "two_assertions": "saml_shape", "encrypted": "saml_shape",
		"oversize": "saml_too_large", "name_id_mismatch": "user_unknown", "replay": "saml_replay"}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, flaw := range f.about(region) {
		flaws = append(flaws, flaw.Name)
		switch {
		case flaw.Key != "":
			cause = "saml_signature"
		case cause == "":
			cause = tokens[flaw.Assertion]
		}
	}
	return cause, flaws, ctx.Err()
}

// about are the flaws of what is sent to a Region. With mu held.
func (f *Flaws) about(region string) []harness.Flaw {
	return slices.DeleteFunc(slices.Clone(f.all), func(flaw harness.Flaw) bool {
		return len(flaw.Regions) > 0 && !slices.Contains(flaw.Regions, region)
	})
}

// Registered tells whether no flaw is about the ACS.
func (f *Flaws) Registered(ctx context.Context, acs string) (known bool, flaws []string, err error) {
	region, _, _ := strings.Cut(acs, "/")
	f.mu.Lock()
	defer f.mu.Unlock()
	known = true
	for _, flaw := range f.about(region) {
		flaws = append(flaws, flaw.Name)
		known = known && (!flaw.Unregistered || slices.Contains(flaw.Registered, acs))
	}
	return known, flaws, ctx.Err()
}

// Stopped are the flaws by which nothing is pushed.
func (f *Flaws) Stopped(ctx context.Context) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, flaw := range f.all {
		if flaw.Stopped {
			names = append(names, flaw.Name)
		}
	}
	return names, ctx.Err()
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
