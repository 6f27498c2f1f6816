package actions

import (
	"context"
	"fmt"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// asks are the keys of an action for which an administrator asks the API of the instance.
type asks struct {
	Ask  string `yaml:"ask" form:"region" doc:"the Region whose API is asked; if not said, the primary, and any other refuses it"`
	From string `yaml:"from" example:"new-york" doc:"the vantage where the administrator sits; if not said, the first"`
}

// Needs the instance.
func (*asks) Needs() []string { return []string{"instance"} }

// place is where the administrator sits.
func (a *asks) place(s harness.Scope) string {
	if a.From == "" && len(s.Vantages) > 0 {
		return s.Vantages[0].Name
	}
	return a.From
}

// problems of who asks whom.
func (a *asks) problems(s harness.Scope) []harness.Problem {
	var vantages []string
	for _, v := range s.Vantages {
		vantages = append(vantages, v.Name)
	}
	if a.From != "" && !slices.Contains(vantages, a.From) {
		return []harness.Problem{{Key: "from", What: "vantage", Unknown: a.From, Among: vantages}}
	}
	return aim.Region("ask", a.Ask, s)
}

// asked is whom it is asked of, as a part of a summary.
func (a *asks) asked() string {
	if a.Ask == "" {
		return ""
	}
	return ", asked of " + a.Ask
}

// does has the administrator ask. What it takes to undo it is taken back where this action did it, and no other.
func (a *asks) does(
	back *rollback.Stack, place string, ask func(harness.Asked) error, undone func(context.Context) error,
) (rollback.Undo, error) {
	done := true // that it was refused isn't known before it is answered
	undo, err := back.Push(rollback.Intent{}, func(ctx context.Context) error {
		if !done {
			return nil
		}
		return undone(ctx)
	})
	if err != nil {
		return nil, err
	}
	err = ask(harness.Asked{From: place, At: a.Ask})
	done = !refused(err)
	return undo, err
}

// AddRegion is what an administrator does who replicates the instance to another Region (AddRegion of the IAM Identity
// Center API Reference). It is done when the Region is ACTIVE, so that from being requested to being done is how long a
// new Region takes to become useful. Only the primary Region can be asked: while that is away it fails, which is data.
type AddRegion struct {
	Region  string `yaml:"region" form:"region" required:"true" doc:"one of system.standby, or with without_key any other"`
	Keyless bool   `yaml:"without_key" doc:"the Region is none of the system's and has no replica of the key, so that adding it must fail"`
	asks    `yaml:",inline"`
}

// Aim takes a Region that stands by, or one that lacks the key.
func (a *AddRegion) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	taken := harness.Aim{Summary: "the instance is replicated to " + a.Region + a.asked(), Region: a.Region,
		Place: a.place(s)}
	problems := a.problems(s)
	switch {
	case len(problems) > 0:
	case a.Keyless:
		problems = aim.Outside("region", a.Region, s)
	case a.Region == "" || slices.Contains(s.Standby, a.Region): // that it is missing is said already
	case slices.Contains(s.Regions(), a.Region):
		problems = []harness.Problem{{Key: "region", Sentence: fmt.Sprintf(
			"it changes nothing: %s is one of the instance's already; name it in system.standby instead", a.Region)}}
	default:
		problems = []harness.Problem{{Key: "region", What: "Region in system.standby", Unknown: a.Region, Among: s.Standby}}
	}
	return taken, problems
}

// Do adds it and waits until it is ACTIVE. The undo removes it, where it was this action that added it.
func (a *AddRegion) Do(
	ctx context.Context, h *harness.Handles, on harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	return a.does(back, on.Place, func(asked harness.Asked) error {
		if err := h.Instance.AddRegion(ctx, asked, on.Region); err != nil {
			return fmt.Errorf("adding %s: %w", on.Region, err)
		}
		return nil
	}, func(ctx context.Context) error { return h.Instance.TakeOut(ctx, on.Region) })
}
