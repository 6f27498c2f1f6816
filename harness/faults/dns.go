package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The modes of a fault of DNS.
const (
	modeNXDomain = "nxdomain"
	modeStale    = "stale"
	modeSlow     = "slow"
)

// leastDelay is the least by which an answer is slow: below it nobody could see that it is.
const leastDelay = 10 * time.Millisecond

// dnsCases are its contract: nobody finds the Region, or they do so late.
var dnsCases = []harness.Case{
	{Settings: `{"mode": "nxdomain"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassDNS)}},
	{Settings: `{"mode": "stale"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
	{Settings: `{"mode": "slow", "delay": "2s"}`, Breaks: []harness.Break{
		harness.Slow(harness.Here, harness.PastThePortal...),          // with one name to look up
		{At: harness.Here, Class: history.ClassTimeout, Some: true}}}, // not who has a connection by then
}

// DNS breaks the looking up of a place's names. Whoever looks one up meets it; connections that stand are cut when it
// begins, so that those who keep some must look the name up like all others.
type DNS struct {
	network
	Mode  string        `yaml:"mode" enum:"nxdomain,stale,slow" doc:"nxdomain: there is no such name; stale: the answer is an address where nobody is any more; slow: the answer takes delay"`
	Delay time.Duration `yaml:"delay" min:"0s" max:"5m" doc:"with slow: how long an answer takes"`
	Cut   bool          `yaml:"cut" doc:"standing connections end when it begins, so that who keeps some must look the name up too; false leaves them, and spares who keeps some"`
}

// Aim takes the names of a place as others look them up.
func (f *DNS) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Names(w, s)
	what := map[string]string{modeNXDomain: "no DNS name", modeStale: "stale DNS answer", modeSlow: "slow DNS"}[f.Mode]
	a.Summary = what + " of " + a.Summary
	switch slow := f.Mode == modeSlow; {
	case slow != (f.Delay > 0):
		problems = append(problems,
			harness.Problem{Key: "delay", Sentence: "mode: slow needs a delay, and no other mode takes one"})
	case slow && f.Delay < leastDelay:
		problems = append(problems, harness.Problem{Key: "delay", Sentence: fmt.Sprintf("must be at least %v: an answer "+
			"that is slow by less can't be told from a machine that is", leastDelay)})
	}
	return a, problems
}

// Inject lays the rule.
func (f *DNS) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, harness.Effect{Lookup: f.lookup, Shows: f.shows, Cut: f.Cut}, back)
}

// lookup is what becomes of one. A dial to an address where nobody is hangs until its caller gives up.
func (f *DNS) lookup(ctx context.Context, host string) error {
	switch f.Mode {
	case modeNXDomain:
		return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case modeStale:
		<-ctx.Done()
		return ctx.Err()
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shows holds what a canary met against what the mode makes of looking a name up.
func (f *DNS) shows(met harness.Met) error {
	if f.met(met) {
		return nil
	}
	return errors.Join(fmt.Errorf("a name was looked up in %v", met.Took), met.Err)
}

// met tells whether that is so. A canary is less patient than some delays.
func (f *DNS) met(met harness.Met) bool {
	switch f.Mode {
	case modeNXDomain:
		unknown, ok := errors.AsType[*net.DNSError](met.Err)
		return ok && unknown.IsNotFound
	case modeStale:
		return errors.Is(met.Err, context.DeadlineExceeded)
	}
	return met.Err != nil || met.Took >= f.Delay
}
