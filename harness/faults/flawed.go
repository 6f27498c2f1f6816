package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// refusedAnywhere and refusedHere are what people meet whom Identity Center refuses: all, or those of a Region.
var (
	refusedAnywhere = []harness.Break{harness.Fail(harness.Anywhere, history.ClassACSRejected, harness.SigningIn...)}
	refusedHere     = []harness.Break{harness.Fail(harness.Here, history.ClassACSRejected, harness.SigningIn...)}
)

// flawed is a fault by which the identity provider gets something wrong.
type flawed struct{}

func (flawed) Needs() []string { return []string{"flaws"} }

// toward says where the provider's answers go, where that is one Region alone.
func toward(a harness.Aim) string {
	if a.Region == "" {
		return ""
	}
	return " to " + a.Region
}

// errRefused is what a canary is told that Identity Center refuses for the reason that is wanted.
var errRefused = errors.New("it is refused")

// judged is a canary: each Region judges what the provider writes now, without anybody's signing in. The flaw is in all
// that is written, which all Regions refuse for the cause that the fault makes, or in nothing: what another flaw does
// is that one's.
func judged(flaws harness.Flaws, a harness.Aim, cause string, lookUp bool) func(context.Context) error {
	return func(ctx context.Context) error {
		refused := 0
		for _, e := range a.Edges {
			said, has, err := flaws.Judged(ctx, e.To, lookUp)
			switch ours := slices.Contains(has, a.Name); {
			case err != nil:
				return err
			case ours && said == cause:
				refused++
			case ours:
				return fmt.Errorf("%s doesn't refuse it by %s (%q)", e.To, cause, said)
			}
		}
		switch refused {
		case 0:
			return nil
		case len(a.Edges):
			return errRefused
		}
		return fmt.Errorf("%d of %d Regions refuse it", refused, len(a.Edges))
	}
}

// getWrong lets the provider have a flaw, about what is sent to a Region's ACS where the aim has one. A flaw dies with
// the run, so nobody else needs to know how to undo it.
func getWrong(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack, flaw harness.Flaw,
	ask func(context.Context) error,
) (harness.Injection, error) {
	if flaw.Name = a.Name; a.Region != "" {
		flaw.Regions = []string{a.Region}
	}
	injected, err := pull(ctx, a, back, change{
		what: "the identity provider", ask: ask,
		refused: func(err error) bool { return errors.Is(err, errRefused) || errors.Is(err, errUnknownACS) },
		do:      func(ctx context.Context) error { return h.Flaws.GetWrong(ctx, flaw) },
		undo:    func(ctx context.Context) error { return h.Flaws.Mend(ctx, flaw.Name) },
	})
	return saying(injected, "what the identity provider sends is accepted again"), err
}
