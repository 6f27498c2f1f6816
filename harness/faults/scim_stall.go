package faults

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// scimStallCases are its contract: who signs in doesn't notice.
var scimStallCases = []harness.Case{
	{Where: harness.Where{Region: "us-east-1"}, Settings: `{"mode": "hang"}`},
	{Where: harness.Where{Region: "us-east-1"}, Settings: `{"mode": "unauthorized"}`},
	{Where: harness.Where{Region: "us-east-1"}, Settings: `{"mode": "throttled"}`},
	{Where: harness.Where{Region: "us-east-1"}, Settings: `{"mode": "stopped"}`},
}

// SCIMStall keeps the identity provider from provisioning: nobody new comes, and nobody who has left goes. SCIM is in
// the primary Region alone, and people sign in as ever.
type SCIMStall struct {
	Mode string `yaml:"mode" enum:"hang,unauthorized,throttled,stopped" doc:"hang: nothing is answered; unauthorized: the bearer token is refused, as when its year is over; throttled: there are too many calls; stopped: the provider sends nothing at all, as when its provisioning job is paused or in quarantine, and what it would have sent it sends afterwards"`
}

// Needs the network or, where nothing is sent, the provider.
func (f *SCIMStall) Needs() []string {
	if f.Mode == modeStopped {
		return flawed{}.Needs()
	}
	return network{}.Needs()
}

// The modes of a fault of SCIM.
const (
	modeHang         = "hang"
	modeUnauthorized = "unauthorized"
	modeStopped      = "stopped"
	serviceSCIM      = "scim"
)

// Aim takes the primary Region's SCIM, which may be left unsaid.
func (f *SCIMStall) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	if w.Region != "" && w.Region != s.Primary && slices.Contains(s.Regions(), w.Region) {
		return harness.Aim{}, []harness.Problem{{Key: "where.region",
			Sentence: "it hits nothing: SCIM is in the primary Region alone, " + s.Primary}}
	}
	var problems []harness.Problem
	if w.Region == "" && w.Place == "" {
		w.Region = s.Primary
	}
	switch w.Service {
	case "", serviceSCIM:
	default:
		problems = append(problems, harness.Problem{Key: "where.service", Sentence: "it acts on scim; leave service out"})
	}
	w.Service = serviceSCIM
	if f.Mode == modeStopped {
		a, found := f.provider(w, s)
		return a, append(problems, found...)
	}
	take, what := aim.Calls, "SCIM refuses its token: "
	switch f.Mode {
	case modeHang:
		take, what = aim.Names, "SCIM hangs: "
	case modeThrottled:
		what = "SCIM is throttled: "
	}
	a, found := take(w, s)
	a.Summary = what + a.Summary
	return a, append(problems, found...)
}

// provider takes what the identity provider sends to the primary Region.
func (f *SCIMStall) provider(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	w.Service, w.Region = "", cmp.Or(w.Region, s.Primary)
	a, problems := aim.Provider(w, s)
	a.Region, a.Summary = "", "the identity provider sends nothing to SCIM of "+s.Primary
	return a, problems
}

// errStopped is what a canary is told of a push that is stopped.
var errStopped = errors.New("it sends nothing")

// stop lets the provider push nothing. Its proof is what the provider says of that: of what isn't sent nobody else can
// tell.
func (f *SCIMStall) stop(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	injected, err := pull(ctx, a, back, change{
		what: "the push of the identity provider",
		ask: func(ctx context.Context) error {
			stopped, err := h.Flaws.Stopped(ctx)
			if err == nil && slices.Contains(stopped, a.Name) {
				return errStopped
			}
			return err
		},
		refused: func(err error) bool { return errors.Is(err, errStopped) },
		do: func(ctx context.Context) error {
			return h.Flaws.GetWrong(ctx, harness.Flaw{Name: a.Name, Stopped: true})
		},
		undo: func(ctx context.Context) error { return h.Flaws.Mend(ctx, a.Name) },
	})
	return saying(injected, "the identity provider pushes again"), err
}

// Inject lays the rule, or stops the push.
func (f *SCIMStall) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	switch f.Mode {
	case modeStopped:
		return f.stop(ctx, h, a, back)
	case modeHang:
		return lay(ctx, h, a, cut(modeBlackhole, true), back)
	case modeThrottled:
		return lay(ctx, h, a, harness.Effect{Answer: harness.Answer{Throttle: true}}, back)
	}
	return lay(ctx, h, a, harness.Effect{Answer: harness.Answer{Fail: true, Status: 401}}, back)
}
