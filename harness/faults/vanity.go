package faults

import (
	"context"
	"errors"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The modes of a vanity domain that is wrong; stale is one of DNS too.
const (
	modeGreenWhileRed = "green_while_red"
	modeTwoHops       = "two_hops"
)

// vanityCases are its contract: alone it harms nobody. It takes the failover from those who rely on it, and that shows
// once the primary is away.
var vanityCases = []harness.Case{
	{Where: atGlobal, Settings: `{"mode": "stale"}`},
	{Where: atGlobal, Settings: `{"mode": "green_while_red"}`},
	{Where: atGlobal, Settings: `{"mode": "two_hops"}`},
}

// Vanity is a vanity domain (system.vanity) that leads people wrong. Who starts there is not led to a Region that is
// well: DNS goes on with an old answer, health checks pass whatever they meet, or people are sent to the classic portal
// at awsapps.com, which redirects once more (the AWS CLI follows one redirect alone) and is the primary Region's.
type Vanity struct {
	Mode string `yaml:"mode" enum:"stale,green_while_red,two_hops" doc:"stale: DNS goes on with the answer of now, beyond its ttl; green_while_red: health checks pass whatever they meet; two_hops: people are redirected to the primary's classic portal, which redirects once more"`
}

// Needs the vanity domain.
func (*Vanity) Needs() []string { return []string{"vanity"} }

// Aim takes the vanity domain.
func (f *Vanity) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Vanity(w, s)
	if f.Mode == modeStale && len(s.Additional) == 0 {
		problems = append(problems, harness.Problem{Key: "mode",
			Sentence: "it hits nothing: there is no additional Region, so that the vanity domain has one answer alone"})
	}
	a.Summary += map[string]string{modeStale: " goes on with a stale answer", modeTwoHops: " leads to the classic portal",
		modeGreenWhileRed: " takes the primary to be well"}[f.Mode]
	return a, problems
}

// errLedWrong is what a canary is told of a vanity domain that is wrong as it should be.
var errLedWrong = errors.New("it leads people wrong")

// Inject lets the domain be wrong. That dies with the run, so nobody else needs to know how to undo it.
func (f *Vanity) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	injected, err := pull(ctx, a, back, change{
		what: "the vanity domain", ask: func(ctx context.Context) error { return f.try(ctx, h.Vanity, a) },
		refused: func(err error) bool { return errors.Is(err, errLedWrong) },
		do:      func(ctx context.Context) error { return h.Vanity.GetWrong(ctx, a.Name, f.Mode) },
		undo:    func(ctx context.Context) error { return h.Vanity.Mend(ctx, a.Name) },
	})
	return saying(injected, "the vanity domain leads people as it should again"), err
}

// try is a canary: it lets the domain say how it would act, and is errLedWrong where it is wrong in our way because of
// us. What another fault of the same mode does to it is that one's.
func (f *Vanity) try(ctx context.Context, domain harness.Vanity, a harness.Aim) error {
	t, err := domain.Try(ctx)
	if err != nil {
		return err
	}
	right := map[string]bool{modeStale: t.Follows, modeGreenWhileRed: t.SeesFailure, modeTwoHops: t.RedirectsOnce}[f.Mode]
	switch ours := slices.Contains(t.Flaws, a.Name); {
	case ours && !right:
		return errLedWrong
	case ours:
		return errors.New("the vanity domain acts as it should")
	}
	return nil
}
