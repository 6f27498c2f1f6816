package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Recovery passes when people are back within a time because they failed over, or were never interrupted. People who
// are back only because the fault ended have not recovered from it.
type Recovery struct {
	pair      `yaml:",inline"`
	Within    time.Duration `yaml:"within" required:"true" min:"1ms" max:"24h" doc:"the recovery time objective, counted from the instant the fault is proven in force"`
	Sustained Sustained     `yaml:"sustained" doc:"when people count as back"`
}

func newRecovery() Check { return &Recovery{Sustained: defaultSustained()} }

// Subject of the check.
func (c *Recovery) Subject() Subject {
	return Subject{Title: fmt.Sprintf("recovery of %s from %s", c.Probe, c.Fault), Probe: c.Probe, Fault: c.Fault,
		Measure: verdict.RecoveryTime, Window: verdict.Fault, Within: c.Within, Sustained: &c.Sustained, Gated: true}
}

// Problems of the check.
func (c *Recovery) Problems(p *history.Plan) []Problem { return c.known(p) }

// Check judges the recovery.
func (c *Recovery) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	r := m.Recovery(c.Probe, c.Fault)
	switch {
	case r == nil || r.Effective == nil:
		return unmeasured(fmt.Sprintf("nobody can say: %s was never proven in force", c.Fault))
	case len(r.Doubts) > 0:
		f := doubted(r)
		f.Objective = seconds(c.Within)
		return f
	case r.RecoveryTimeActual == nil:
		return unmeasured(fmt.Sprintf("nobody can say: nothing was seen of %s while %s was in force", c.Probe, c.Fault))
	}
	f := verdict.Finding{Objective: seconds(c.Within), Actual: r.RecoveryTimeActual, Evidence: r.Evidence}
	f.Grade, f.Summary = c.judged(h, r), c.told(m, r, h.Plan.Words(c.Probe))
	late := r.EndedBy == verdict.Heal && len(r.Broken) > 0 && r.Watched != nil && r.RecoveryTimeActual.Lower < *r.Watched
	switch {
	case f.Grade == verdict.Pass:
		f.Summary += fmt.Sprintf(" (objective %s)", asked(c.Within))
	case r.EndedBy == verdict.Never && stopped(h):
		f.Summary = fmt.Sprintf("%s were not back when the run was stopped", c.Probe)
	case f.Grade == verdict.Fail && (r.EndedBy == verdict.Failover || r.EndedBy == verdict.Home || late):
		f.Summary += missed(m, c.Within)
	case f.Grade == verdict.Unknown:
		f.Summary += c.undecided(h, r)
	}
	f.Summary = under(h, c.Fault) + f.Summary + broke(r) + together(r) + because(h, m, c.Probe, c.Fault, verdict.Fault)
	return f
}

// judged is the grade. Who is back only because the fault ended has not recovered from it; nothing fails that was not
// watched for as long as the objective and a window take.
func (c *Recovery) judged(h *history.History, r *verdict.Recovery) verdict.Grade {
	grade := judge(r.RecoveryTimeActual, seconds(c.Within))
	if r.EndedBy == verdict.Heal || r.EndedBy == verdict.Never && r.RecoveryTimeActual.Upper == nil && !stopped(h) {
		grade = verdict.Fail
		if r.RecoveryTimeActual.Lower <= seconds(c.Within) { // a failure that stood alone may have broken it
			grade = verdict.Unknown
		}
	}
	if grade == verdict.Fail && (!c.watched(h, r) || r.EndedBy == verdict.Never && stopped(h)) {
		grade = verdict.Unknown
	}
	return grade
}

func (c *Recovery) watched(h *history.History, r *verdict.Recovery) bool {
	return r.Watched != nil && r.Watched.Duration() >= c.needs(h).Duration()
}

// needs is for how long a fault must be watched before the objective can be missed.
func (c *Recovery) needs(h *history.History) verdict.Seconds {
	return seconds(c.Within) + window(&h.Plan, c.Probe, c.Fault)
}

// lasting tells whether people of whom somebody had failed were in again before the fault ended, too shortly before to
// be seen to stay.
func lasting(r *verdict.Recovery) bool {
	return len(r.Broken) > 0 && r.Healing != nil && r.RecoveryTimeActual.Upper != nil &&
		*r.RecoveryTimeActual.Upper < *r.Healing-*r.FirstEffective
}

// told says what happened.
func (c *Recovery) told(m *verdict.Measures, r *verdict.Recovery, people history.Words) string {
	took := against(r.RecoveryTimeActual, seconds(c.Within))
	switch {
	case r.EndedBy == verdict.None:
		return fmt.Sprintf("%s were not interrupted, as far as their %s can show: "+
			"nothing shorter than %s could be seen",
			c.Probe, people.Many, ceil(*r.RecoveryTimeActual.Upper))
	case r.EndedBy == verdict.Home:
		return fmt.Sprintf("%s were back after %s, through %s, their own Region", c.Probe, took, r.Home)
	case r.EndedBy == verdict.Failover:
		return fmt.Sprintf("%s were back after %s, through %s", c.Probe, took, carriers(m, r))
	case r.EndedBy == verdict.Heal && lasting(r):
		return fmt.Sprintf("%s were %s for good after %s, but %s ended before that could be seen to last", c.Probe,
			people.Again, took, c.Fault)
	case r.EndedBy == verdict.Heal && len(r.Broken) > 0 && r.Watched != nil && r.RecoveryTimeActual.Lower < *r.Watched:
		return fmt.Sprintf("%s were back for good after %s, at the latest when %s ended", c.Probe, took, c.Fault)
	case r.EndedBy == verdict.Heal && len(r.Broken) > 0:
		return fmt.Sprintf("%s were back for good only when %s ended, after %s: nobody stayed in before", c.Probe,
			c.Fault, took)
	case r.EndedBy == verdict.Heal:
		return fmt.Sprintf("%s were back only when %s ended, after %s: nobody failed over", c.Probe, c.Fault, took)
	case r.RecoveryTimeActual.Upper != nil:
		return fmt.Sprintf("%s were %s after %s, but %s ended before that could be seen to last", c.Probe,
			people.Again, took, c.Fault)
	case len(r.Evidence) > 0 && r.TimeToFirstSuccess != nil && r.TimeToFirstSuccess.Upper != nil:
		return fmt.Sprintf("%s were %s after %s at the earliest, and it was not seen to last", c.Probe,
			people.Again, floor(r.RecoveryTimeActual.Lower))
	}
	return fmt.Sprintf("%s never came back in the %s that were watched", c.Probe, span(r.RecoveryTimeActual.Lower))
}

// carriers are the Region that ended a failover, and where that was people's own, those that took the others.
func carriers(m *verdict.Measures, r *verdict.Recovery) string {
	names := []string{r.RecoveredIn}
	if w := m.Window(r.Probe, r.Fault, verdict.Fault); w != nil && r.RecoveredIn == r.Home {
		for _, region := range slices.Sorted(maps.Keys(w.Carried)) {
			if region != r.Home {
				names = append(names, region)
			}
		}
	}
	return listed(names)
}

// undecided says why a recovery is neither in time nor too late.
func (c *Recovery) undecided(h *history.History, r *verdict.Recovery) string {
	if !c.watched(h, r) && (r.EndedBy == verdict.Heal || judge(r.RecoveryTimeActual, seconds(c.Within)) != verdict.Pass) {
		return fmt.Sprintf("; the fault ended before the objective of %s could be judged: "+
			"it was watched for %s, and that takes %s",
			asked(c.Within), floor(*r.Watched), ceil(c.needs(h)))
	}
	return fmt.Sprintf(", which can't be told from the objective of %s", asked(c.Within))
}

// broke names what broke a recovery that had begun.
func broke(r *verdict.Recovery) string {
	if len(r.Broken) == 0 {
		return ""
	}
	b := r.Broken[len(r.Broken)-1]
	times := ""
	if len(r.Broken) > 1 {
		times = fmt.Sprintf("%d times, the last ", len(r.Broken))
	}
	switch {
	case b.By == verdict.KeptOut:
		return fmt.Sprintf("; what was back broke %sbetween %s and %s, when nobody got in for too long", times, at(b.First),
			at(b.Last))
	case b.Bad == 1:
		return fmt.Sprintf("; what was back broke %sby a single failure at %s, where all of them had to be good",
			times, at(b.First))
	}
	return fmt.Sprintf("; what was back broke %swhen %d failed between %s and %s", times, b.Bad, at(b.First), at(b.Last))
}

// at is an instant of the run's clock for people.
func at(s verdict.Seconds) string { return fmt.Sprintf("%.1f s", float64(s)) }

// under names the fault in front of a sentence, where the plan has others that it could be about.
func under(h *history.History, fault string) string {
	if len(h.Plan.Faults) < 2 {
		return ""
	}
	return h.Plan.Called(fault) + ": "
}

// together names the other faults that were in force.
func together(r *verdict.Recovery) string {
	if len(r.AlsoInForce) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s in force as well", were(r.AlsoInForce))
}

func were(names []string) string {
	if len(names) == 1 {
		return names[0] + " was"
	}
	return listed(names) + " were"
}

// listed writes names as a list: "a, b and c".
func listed(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
