package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// clockSkewCases are its contract: assertions are not valid yet, or no longer.
var clockSkewCases = []harness.Case{
	{Settings: `{"by": "-6m"}`, Breaks: refusedHere},
	{Settings: `{"by": "10m"}`, Breaks: refusedHere},
	{Settings: `{"by": "1m"}`},
	{Where: harness.Where{Place: "idp"}, Settings: `{"by": "6m"}`, Breaks: refusedAnywhere},
}

// ClockSkew puts the clock of a Region or of the identity provider wrong. An assertion is valid for some minutes around
// the provider's time (Okta: five before and five after), and a Region takes system.behaviour.skew off its own on both
// sides: what is wrong by less harms nobody.
type ClockSkew struct {
	By time.Duration `yaml:"by" required:"true" min:"-24h" max:"24h" doc:"how far the clock is ahead; a negative one is behind"`
}

// Needs the clocks.
func (*ClockSkew) Needs() []string { return []string{"clocks"} }

// Aim takes a clock.
func (f *ClockSkew) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Clock(w, s)
	how := "is " + span(f.By) + " ahead"
	if f.By < 0 {
		how = "is " + span(-f.By) + " behind"
	}
	if f.By.Abs() < leastSkew {
		problems = append(problems, harness.Problem{Key: "by", Sentence: fmt.Sprintf(
			"must be %v at least, ahead or behind: less can't be told from a clock that is right", leastSkew)})
	}
	a.Summary = "the clock of " + a.Summary + " " + how
	return a, problems
}

const (
	leastSkew = 2 * time.Second // below it a slow answer could be taken for a clock that is right
	rightBy   = time.Second     // how far a reading may be from what it should be
)

// errWrong is what a canary is told that reads a clock which is wrong by as much as it should be.
var errWrong = errors.New("it is wrong")

// Inject shifts the clock. A shift dies with the run, so nobody else needs to know how to undo it.
func (f *ClockSkew) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	injected, err := pull(ctx, a, back, change{
		what: "the clock of " + a.Place, ask: func(ctx context.Context) error { return f.read(ctx, h.Clocks, a) },
		refused: func(err error) bool { return errors.Is(err, errWrong) },
		do:      func(ctx context.Context) error { return h.Clocks.Shift(ctx, a.Place, a.Name, f.By) },
		undo:    func(ctx context.Context) error { return h.Clocks.Unshift(ctx, a.Place, a.Name) },
	})
	return saying(injected, "the clock of "+a.Place+" is right again"), err
}

// read is a canary: it asks for the time, and is errWrong where our shift is in it. What it says must be as far from
// the time as all its shifts together.
func (f *ClockSkew) read(ctx context.Context, clocks harness.Clocks, a harness.Aim) error {
	before := time.Now()
	said, shifts, err := clocks.Read(ctx, a.Place)
	after := time.Now()
	if err != nil {
		return err
	}
	all := time.Duration(0)
	for _, by := range shifts {
		all += by
	}
	if truth := said.Add(-all); truth.Before(before.Add(-rightBy)) || truth.After(after.Add(rightBy)) {
		return fmt.Errorf("it says that it is %v, which its shifts don't explain", said.UTC())
	}
	if _, ours := shifts[a.Name]; ours {
		return errWrong
	}
	return nil
}
