package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// unsent is what people meet whom the provider doesn't send back.
var unsent = []harness.Break{harness.Fail(harness.Here, history.ClassIdPACSRefused, harness.SigningIn...)}

// idpACSMissingCases are its contract: the provider sends nobody to the Region, who has no session there yet.
var idpACSMissingCases = []harness.Case{
	{Settings: `{"only": "none"}`, Breaks: unsent},
	{Settings: `{"only": "dual_stack"}`, Breaks: unsent},
}

// IdPACSMissing takes a Region's ACS URLs from the identity provider, as where nobody has registered them for an
// additional Region, or has registered one form alone. Who has a session there goes on.
type IdPACSMissing struct {
	flawed
	Only string `yaml:"only" enum:"none,ipv4,dual_stack" doc:"the one form that is registered all the same. Command lines ask for ipv4, <region>.signin.aws, and so do portals, so that it is enough; but where system.behaviour.portal_acs has portals ask for dual_stack, <region>.sso.signin.aws, each form alone shuts one of them"`
}

// formIPv4 is what a Region alone means in system.idp.acs, and what its portal asks for.
const (
	formNone = "none"
	formIPv4 = "ipv4"
)

// Aim takes a Region's ACS at the provider.
func (f *IdPACSMissing) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Provider(w, s)
	if w.Region == "" {
		problems = append(problems,
			harness.Problem{Key: "where", Sentence: "it hits nothing: say the ACS of which region"})
	}
	registered := slices.DeleteFunc(slices.Clone(s.IdP.ACS), func(entry string) bool { return !isOf(entry, w.Region) })
	switch {
	case len(problems) > 0:
	case f.Only != formNone && len(registered) == 1 && entryOf(w.Region, f.Only, registered[0]):
		problems = append(problems, harness.Problem{Key: "only",
			Sentence: fmt.Sprintf("it changes nothing: system.idp.acs has no other form of %s", w.Region)})
	case f.Only == formNone && len(registered) == 0:
		problems = append(problems, harness.Problem{Key: "where.region",
			Sentence: fmt.Sprintf("it changes nothing: system.idp.acs has no ACS of %s", w.Region)})
	}
	a.Summary = "no ACS of " + w.Region + " at " + a.Summary
	if f.Only != formNone {
		a.Summary = "no ACS of " + w.Region + " but " + f.Only + " at the identity provider"
	}
	return a, problems
}

// isOf tells whether an entry of system.idp.acs is of a Region.
func isOf(entry, region string) bool {
	return entry == region || len(entry) > len(region) && entry[:len(region)+1] == region+"/"
}

// entryOf tells whether an entry of system.idp.acs is a Region's of that form.
func entryOf(region, form, entry string) bool {
	return entry == region+"/"+form || entry == region && form == formIPv4
}

// errUnknownACS is what a canary is told of an ACS that the provider doesn't know.
var errUnknownACS = errors.New("the identity provider doesn't know the ACS")

// Inject takes the ACS URLs from the provider. Its proof is that the provider sends nothing to the form that is
// missing.
func (f *IdPACSMissing) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	flaw, missed := harness.Flaw{Unregistered: true}, a.Region
	if f.Only != formNone {
		flaw.Registered = []string{a.Region + "/" + f.Only}
	}
	if f.Only == formIPv4 {
		missed += "/dual_stack"
	}
	return getWrong(ctx, h, a, back, flaw, func(ctx context.Context) error {
		known, has, err := h.Flaws.Registered(ctx, missed)
		switch ours := slices.Contains(has, a.Name); {
		case err == nil && ours && !known:
			return errUnknownACS
		case err == nil && ours:
			return errors.New("the identity provider knows the ACS")
		}
		return err
	})
}
