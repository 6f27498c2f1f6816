package actions

import (
	"context"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// BreakGlass is what an administrator does when nobody can sign in: they enter the account with an access key of their
// own, past Identity Center and its identity provider. It changes nothing; that it works is what is tried.
type BreakGlass struct {
	From   string `yaml:"from" required:"true" example:"new-york" doc:"the vantage where they sit"`
	Region string `yaml:"region" form:"region" required:"true" doc:"the Region whose STS they ask"`
}

// Needs who may sign in.
func (*BreakGlass) Needs() []string { return []string{"access"} }

// Aim takes a vantage and a Region.
func (a *BreakGlass) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	found := harness.Aim{Summary: "an administrator breaks the glass: STS in " + a.Region + " knows their access key",
		Region: a.Region, Place: a.From, Mark: "break_glass"}
	problems := aim.Region("region", a.Region, s)
	var vantages []string
	for _, v := range s.Vantages {
		vantages = append(vantages, v.Name)
	}
	if a.From != "" && !slices.Contains(vantages, a.From) {
		problems = append(problems, harness.Problem{Key: "from", What: "vantage", Unknown: a.From, Among: vantages})
	}
	return found, problems
}

// Do enters.
func (*BreakGlass) Do(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	return kept(back, func() error {
		ctx, cancel := context.WithTimeout(ctx, enterLimit)
		defer cancel()
		return h.Access.Enter(ctx, a.Place, a.Region)
	})
}

// enterLimit is how long an administrator waits for an answer.
const enterLimit = 10 * time.Second
