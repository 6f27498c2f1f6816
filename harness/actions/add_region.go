package actions

import (
	"context"
	"fmt"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// AddRegion is what an administrator does who replicates the instance to another Region (AddRegion of the IAM Identity
// Center API Reference). It is done when the Region is ACTIVE, so that from being requested to being done is how long a
// new Region takes to become useful. Only the primary Region can be asked: while that is away it fails, which is data.
type AddRegion struct {
	Region string `yaml:"region" form:"region" required:"true" doc:"one of system.standby"`
	From   string `yaml:"from" example:"new-york" doc:"the vantage where the administrator sits; if not said, the first"`
}

// Needs the instance.
func (*AddRegion) Needs() []string { return []string{"instance"} }

// Aim takes a Region that stands by.
func (a *AddRegion) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	aim := harness.Aim{Summary: "the instance is replicated to " + a.Region, Region: a.Region, Place: a.From}
	var vantages []string
	for _, v := range s.Vantages {
		vantages = append(vantages, v.Name)
	}
	if aim.Place == "" && len(vantages) > 0 {
		aim.Place = vantages[0]
	}
	switch {
	case a.From != "" && !slices.Contains(vantages, a.From):
		return aim, []harness.Problem{{Key: "from", What: "vantage", Unknown: a.From, Among: vantages}}
	case a.Region == "" || slices.Contains(s.Standby, a.Region): // that it is missing is said already
		return aim, nil
	case slices.Contains(s.Regions(), a.Region):
		return aim, []harness.Problem{{Key: "region", Sentence: fmt.Sprintf(
			"it changes nothing: %s is one of the instance's already; name it in system.standby instead", a.Region)}}
	}
	return aim, []harness.Problem{{Key: "region", What: "Region in system.standby", Unknown: a.Region, Among: s.Standby}}
}

// Do adds it and waits until it is ACTIVE. The undo removes it, where it was this action that added it.
func (*AddRegion) Do(
	ctx context.Context, h *harness.Handles, aim harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	done := true // that it was refused isn't known before it is answered
	undo, err := back.Push(rollback.Intent{}, func(ctx context.Context) error {
		if !done {
			return nil
		}
		return h.Instance.RemoveRegion(ctx, aim.Region)
	})
	if err != nil {
		return nil, err
	}
	if err := h.Instance.AddRegion(ctx, aim.Place, aim.Region); err != nil {
		done = !refused(err)
		return undo, fmt.Errorf("adding %s: %w", aim.Region, err)
	}
	return undo, nil
}
