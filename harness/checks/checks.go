// Package checks judges measures against objectives. A check is a small struct whose fields are its configuration. It
// is pure and cannot fail; not to know is an answer of its own.
package checks

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Check judges one thing about a probe and a fault.
type Check interface {
	// Subject tells whom the check is about, before anything runs.
	Subject() Subject
	// Problems says what of the check makes no sense by itself, and which of its names the plan lacks. Whether what it
	// asks for can be measured follows from its Subject.
	Problems(p *history.Plan) []Problem
	// Check judges. The name and the kind of the finding are set by the caller.
	Check(h *history.History, m *verdict.Measures) verdict.Finding
}

// Subject is whom a check is about, and what it asks of them as far as that decides whether it can be measured.
type Subject struct {
	Title        string // what the finding is called where the scenario gives no name
	Probe, Fault string
	Window       string              // baseline, fault or after: where it looks
	Measure      string              // verdict.RecoveryTime and the like
	Within       time.Duration       // the key within: people must be back so soon, and stay; 0: it doesn't ask
	Sustained    *Sustained          // set by the checks that define when the pair counts as recovered
	Invariants   *history.Invariants // set by the check that asks about them
	Gated        bool                // the probe must be steady in the warm-up
	Quantiles    []Quantile          // of latency, those that few sign-ins can't bear
}

// Quantile is one that a check asks for.
type Quantile struct {
	Key   string // p99
	Needs int    // how many sign-ins bear it
}

// Problem is a mistake in a check's block, at one of its keys.
type Problem struct {
	Key, Sentence string
	Unknown       string   // a name that there is not, where that is the mistake
	Among         []string // the names that there are
}

// Kind is one row of the table.
type Kind struct {
	Name, Doc string
	Examples  []string     // settings of its own keys, in JSON, of the probe staff and the fault virginia-dark
	New       func() Check // holding its defaults
}

// Table lists the kinds of checks. A new one is a file and a line here.
func Table() []Kind {
	return []Kind{
		{"recovery", "the probe's people are back within a time, by failing over and not by the fault's end", []string{
			`{"probe": "staff", "fault": "virginia-dark", "within": "10s"}`,
			`{"probe": "staff", "fault": "virginia-dark", "within": "10s",
			"sustained": {"for": "5s", "ratio": 0.99, "gap": "2s"}}`}, newRecovery},
		{"failback", "after the fault the home Region carries the probe's people again within a time", []string{
			`{"probe": "staff", "fault": "virginia-dark", "within": "10s"}`}, newFailback},
		{"availability", "at least a share of the attempts of a window is good, or at most", []string{
			`{"probe": "staff", "fault": "virginia-dark", "window": "after", "at_least": 0.999}`,
			`{"probe": "staff", "fault": "virginia-dark", "at_most": 0.05}`}, newAvailability},
		{"latency", "sign-ins of a window take at most so long", []string{
			`{"probe": "staff", "fault": "virginia-dark", "window": "baseline", "p95": "500ms"}`,
			`{"probe": "staff", "fault": "virginia-dark", "window": "after", "p50": "300ms", "p99": "1s", "max": "3s"}`},
			newLatency},
		{"action_outcome", "what an operator or an automation does comes to the end that is asked for", []string{
			`{"action": "ireland-alone", "within": "10s"}`,
			`{"action": "ireland-alone", "expect": "failed", "reason": "AccessDeniedException"}`}, newOutcome},
		{"recovery_point", "a Region lacks at most so much of what was acknowledged before a fault, and loses nothing",
			[]string{`{"of": "revocations", "fault": "virginia-dark", "region": "eu-west-1", "within": "5s"}`},
			newRecoveryPoint},
		{"replication_lag", "what is written in the primary Region is in another after at most so long", []string{
			`{"from": "us-east-1", "to": "eu-west-1", "p50": "1s", "p99": "5s"}`,
			`{"to": "eu-west-1", "fault": "virginia-dark", "window": "after", "p50": "1s"}`}, newReplicationLag},
		{"convergence", "within a time after a fault every Region has all that was acknowledged by then", []string{
			`{"fault": "virginia-dark", "within": "10s"}`}, newConvergence},
		{"revocation", "who may no longer sign in, or whose sessions were ended, gets in no more after a time", []string{
			`{"action": "leaver-disabled", "within": "5s"}`, `{"action": "leaver-disabled", "held": true, "within": "1m"}`},
			newRevocation},
		{"session_survival", "at least a share of those who had a session when a fault came could go on with it",
			[]string{`{"probe": "tabs", "fault": "virginia-dark", "at_least": 0.99}`}, newSessionSurvival},
		{"invariants", "what must never be isn't so, whatever fails; it is looked at when the drill has settled", []string{
			`{}`, `{"only": ["no_replayed_assertion", "no_foreign_token"]}`, `{"bound": "1m"}`}, newInvariants},
	}
}

// Sustained says when people count as back: in every window of For the share of good attempts is at least Ratio, and
// nowhere is there a stretch longer than Gap in which somebody waits and nobody gets in.
type Sustained struct {
	For   time.Duration `yaml:"for" min:"100ms" max:"24h" doc:"the length of the windows in which it must hold; counts as at least three periods of the probe"`
	Ratio float64       `yaml:"ratio" min:"0" max:"1" doc:"the share of good attempts that each window must have"`
	Gap   time.Duration `yaml:"gap" min:"0s" max:"24h" doc:"how long nobody may get in while somebody waits; 0s: the longer of 1s and three periods of the probe"`
}

func defaultSustained() Sustained {
	return Sustained{For: history.DefaultSustainedFor, Ratio: history.DefaultSustainedRatio}
}

// pair is what the finding of a probe and a fault has in common.
type pair struct {
	Probe string `yaml:"probe" required:"true" doc:"whose attempts are judged"`
	Fault string `yaml:"fault" required:"true" doc:"the fault around which they are judged"`
}

// because says in words why attempts of the fault's window failed: how many, and what the most frequent class said.
func because(h *history.History, m *verdict.Measures, probe, fault, window string) string {
	w := m.Window(probe, fault, window)
	if w == nil || w.Bad == 0 {
		return ""
	}
	class := slices.MaxFunc(slices.Sorted(maps.Keys(w.Classes)),
		func(a, b string) int { return cmp.Compare(w.Classes[a], w.Classes[b]) })
	said, within := cmp.Or(class, "nothing"), inside(m.Recovery(probe, fault), window)
	for i := range h.Attempts {
		if a := &h.Attempts[i]; a.Probe == probe && string(a.Class) == class && a.Outcome == history.Bad && a.Detail != "" &&
			within(a) {
			said = a.Detail
			break
		}
	}
	return fmt.Sprintf("; %s failed, %s: %s", plural(w.Bad, "attempt"), most(w.Bad, w.Classes[class]),
		strings.TrimRight(said, "."))
}

// inside tells which attempts are in a window of the fault, as measuring has put them there.
func inside(r *verdict.Recovery, window string) func(*history.Attempt) bool {
	instant := func(s *verdict.Seconds, absent float64) history.Instant {
		if s == nil {
			return history.Seconds(absent)
		}
		return history.Seconds(float64(*s))
	}
	const never = 1e9
	return func(a *history.Attempt) bool {
		switch {
		case r == nil:
			return true
		case window == verdict.Baseline:
			return a.Due >= 0 && a.Ended <= instant(r.Requested, never)
		case window == verdict.Fault:
			return a.Due < instant(r.Healing, never) && a.Ended > instant(r.FirstEffective, never)
		}
		return a.Due >= instant(r.Healed, never)
	}
}

func most(of, n int) string {
	if n == of {
		return "saying"
	}
	return fmt.Sprintf("%d of them saying", n)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// span writes a length of time for people.
func span(s verdict.Seconds) string { return s.Rounded(math.Round) }

// floor and ceil are span, rounded to the side to which a bound may be, so that no sentence claims more than was seen.
func floor(s verdict.Seconds) string { return s.Rounded(math.Floor) }
func ceil(s verdict.Seconds) string  { return s.Rounded(math.Ceil) }

// asked writes an objective as it was asked for: "10 s", "1.5 s", "500 ms".
func asked(d time.Duration) string { return seconds(d).Exact() }

// within writes an interval, rounded outwards: "2.93 to 3.02 s".
func within(i *verdict.Interval) string {
	if i.Upper == nil {
		return "more than " + floor(i.Lower)
	}
	return verdict.Between(floor(i.Lower), ceil(*i.Upper))
}

// against is within, with all digits where fewer would say something else of the objective: 3.0005 s miss 3 s, 3.00 s
// don't.
func against(i *verdict.Interval, objective verdict.Seconds) string {
	switch {
	case !i.Crosses(objective):
		return within(i)
	case i.Upper == nil:
		return "more than " + i.Lower.Exact()
	}
	return i.Lower.Exact() + " to " + i.Upper.Exact()
}

// missed says that an objective was, where the measurement can be believed.
func missed(m *verdict.Measures, objective time.Duration) string {
	if m.Validity.Grade == verdict.Unknown {
		return fmt.Sprintf(", which would be later than the objective of %s if it could be believed", asked(objective))
	}
	return fmt.Sprintf(", which misses the objective of %s", asked(objective))
}

// judge holds an interval against an objective: at most so much passes, more than so much fails, and what lies between
// can't be told. One that never ended has no upper bound.
func judge(i *verdict.Interval, objective verdict.Seconds) verdict.Grade {
	switch {
	case i.Upper != nil && *i.Upper <= objective:
		return verdict.Pass
	case i.Lower > objective:
		return verdict.Fail
	}
	return verdict.Unknown
}

// window is how long a probe's people must be seen to stay back, as measuring counts it.
func window(plan *history.Plan, probe, fault string) verdict.Seconds {
	s := plan.SustainedFor(probe, fault)
	if p := plan.Probe(probe); p != nil {
		return verdict.Seconds(s.Window(p.Every).Seconds())
	}
	return verdict.Seconds(s.For.Seconds())
}

// doubted is the finding of a recovery that can't be told, or not be believed.
func doubted(r *verdict.Recovery) verdict.Finding {
	return unmeasured("nobody can say: " + strings.Join(r.Doubts, "; "))
}

// unmeasured is the finding where the fault was never proven, or nobody looked.
func unmeasured(summary string) verdict.Finding {
	return verdict.Finding{Grade: verdict.Unknown, Summary: summary}
}

// stopped tells whether the run ended before its time, so that what never came may only not have come yet.
func stopped(h *history.History) bool { return h.End == nil || h.End.Reason != history.Completed }

// known reports a name of the block that the plan lacks.
func (p pair) known(plan *history.Plan) []Problem {
	var problems []Problem
	if plan.Probe(p.Probe) == nil {
		var names []string
		for _, probe := range plan.Probes {
			names = append(names, probe.Name)
		}
		problems = append(problems, Problem{Key: "probe", Sentence: fmt.Sprintf("there is no probe %q", p.Probe),
			Unknown: p.Probe, Among: names})
	}
	if plan.Fault(p.Fault) == nil {
		var names []string
		for _, fault := range plan.Faults {
			names = append(names, fault.Name)
		}
		problems = append(problems, Problem{Key: "fault", Sentence: fmt.Sprintf("there is no fault %q", p.Fault),
			Unknown: p.Fault, Among: names})
	}
	return problems
}

// seconds is an objective as measures are made, so that what meets it to the microsecond meets it.
func seconds(d time.Duration) verdict.Seconds { return verdict.Seconds(history.At(d).Seconds()) }
