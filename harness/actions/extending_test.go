package actions

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// ACSRemove is what somebody does who tidies up the identity provider: a Region's ACS URL is registered no more.
type ACSRemove struct {
	Of string `yaml:"of" form:"region" required:"true" doc:"the Region whose ACS URL is removed"`
}

// Needs the identity provider.
func (*ACSRemove) Needs() []string { return []string{"provider"} }

// Aim takes a Region of the system.
func (a *ACSRemove) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	aim := harness.Aim{Summary: "the identity provider no longer knows the ACS of " + a.Of, Region: a.Of}
	if a.Of != "" && !slices.Contains(s.Regions(), a.Of) { // that it is missing is said already
		return aim, []harness.Problem{{Key: "of", What: "Region of the system", Unknown: a.Of, Among: s.Regions()}}
	}
	return aim, nil
}

// Do removes it; the undo registers again what was there.
func (a *ACSRemove) Do(
	ctx context.Context, h *harness.Handles, aim harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	before, err := h.Provider.ACS(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the identity provider for its ACS: %w", err)
	}
	undo, err := back.Push(rollback.Intent{}, func(ctx context.Context) error { return h.Provider.SetACS(ctx, before) })
	if err != nil {
		return nil, err
	}
	left := slices.DeleteFunc(slices.Clone(before), func(r string) bool { return r == aim.Region })
	return undo, h.Provider.SetACS(ctx, left)
}

// The action of docs/extending.md is one.
func TestTheActionOfThePage(t *testing.T) {
	for _, kind := range []harness.ActionKind{
		{Name: "acs_remove", Doc: "somebody removes a Region's ACS URL from the identity provider",
			Examples: []string{`{"of": "eu-west-1"}`},
			New:      func() harness.Action { return &ACSRemove{} }},
	} {
		harnesstest.Action(t, kind, func(a harness.Action) { a.(*ACSRemove).Of = harnesstest.Elsewhere })
	}
}
