package checks

import (
	"fmt"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// RecoveryPoint passes when a Region, while a fault lasted, lacked nothing that had been acknowledged longer before it
// than the objective, and when afterwards nothing of what was acknowledged was lost.
type RecoveryPoint struct {
	Of     string        `yaml:"of" enum:"grants,revocations" doc:"grants: what was added, so that people can work; revocations: what was removed, so that they can't"`
	Fault  string        `yaml:"fault" required:"true" doc:"the fault before which it was written"`
	Region string        `yaml:"region" form:"region" required:"true" doc:"the Region that must have it"`
	Within time.Duration `yaml:"within" required:"true" min:"1ms" max:"24h" doc:"the objective: how long before the fault the oldest write may have been acknowledged that the Region lacks"`
}

func newRecoveryPoint() Check { return &RecoveryPoint{Of: verdict.Grants} }

// Subject of the check.
func (c *RecoveryPoint) Subject() Subject {
	return Subject{Title: fmt.Sprintf("recovery point of %s in %s at %s", c.Of, c.Region, c.Fault), Fault: c.Fault,
		Measure: verdict.RecoveryPoints}
}

// Problems of the check.
func (c *RecoveryPoint) Problems(p *history.Plan) []Problem {
	return slices.Concat(unwritten(p), noFault(p, c.Fault), notReplicated(p, "region", c.Region))
}

// Check judges the recovery point.
func (c *RecoveryPoint) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	i := slices.IndexFunc(m.RecoveryPoints, func(r verdict.RecoveryPoint) bool {
		return r.Of == c.Of && r.Fault == c.Fault && r.Region == c.Region && r.Probe != ""
	})
	if i < 0 {
		return unmeasured(fmt.Sprintf("nobody can say: %s was never proven in force, or nobody saw what %s has", c.Fault,
			c.Region))
	}
	r := &m.RecoveryPoints[i]
	f := verdict.Finding{Grade: verdict.Fail, Objective: seconds(c.Within), Actual: r.Actual, Evidence: r.Evidence}
	switch {
	case r.Lost > 0:
		f.Summary = fmt.Sprintf("lost: %s of %s never reached %s, although acknowledged before %s had ended",
			count(r.Lost, c.Of), r.Probe, c.Region, c.Fault)
		return f
	case r.Actual == nil:
		return unmeasured(fmt.Sprintf("nobody can say: what %s had until the fault ended of the %s that %s had made before "+
			"%s was not seen", c.Region, c.Of, r.Probe, c.Fault))
	}
	f.Grade = judge(r.Actual, seconds(c.Within))
	f.Summary = under(h, c.Fault) + c.lacked(r) + c.against(m, f.Grade)
	return f
}

// lacked says what the Region had not.
func (c *RecoveryPoint) lacked(r *verdict.RecoveryPoint) string {
	if r.Stale == 0 {
		return fmt.Sprintf("%s had all of the %s acknowledged before %s; those of the last %s nobody looked for",
			c.Region, count(r.Writes, c.Of), c.Fault, ceil(*r.Actual.Upper))
	}
	return fmt.Sprintf("%s lacked %d of the %s acknowledged before %s, the oldest of them %s before it", c.Region,
		r.Stale, count(r.Writes, c.Of), c.Fault, against(r.Actual, seconds(c.Within)))
}

func (c *RecoveryPoint) against(m *verdict.Measures, g verdict.Grade) string {
	switch g {
	case verdict.Pass:
		return fmt.Sprintf(" (objective %s)", asked(c.Within))
	case verdict.Fail:
		return missed(m, c.Within)
	}
	return fmt.Sprintf(", which can't be told from the objective of %s", asked(c.Within))
}

// count is a number of grants or revocations.
func count(n int, of string) string {
	if n == 1 {
		return "1 " + of[:len(of)-1]
	}
	return fmt.Sprintf("%d %s", n, of)
}

// unwritten is a plan in which nobody writes what could be looked for.
func unwritten(p *history.Plan) []Problem {
	if slices.ContainsFunc(p.Probes, func(probe history.Probe) bool { return probe.Journey == history.Administer }) {
		return nil
	}
	return []Problem{{Key: "kind", Sentence: "could not be measured: nobody writes anything that could be looked for; " +
		"add a probe of kind marker"}}
}

// noFault is a fault that the plan lacks.
func noFault(p *history.Plan, fault string) []Problem {
	if fault == "" || p.Fault(fault) != nil {
		return nil // that it is missing is said already
	}
	var names []string
	for _, f := range p.Faults {
		names = append(names, f.Name)
	}
	return []Problem{{Key: "fault", Sentence: fmt.Sprintf("there is no fault %q", fault), Unknown: fault, Among: names}}
}

// notReplicated is a Region that nothing is replicated to.
func notReplicated(p *history.Plan, key, region string) []Problem {
	switch {
	case region == "":
		return nil
	case !slices.Contains(p.Regions, region):
		return []Problem{{Key: key, Sentence: fmt.Sprintf("there is no Region %q in the system", region), Unknown: region,
			Among: p.Regions}}
	case region == p.Primary:
		return []Problem{{Key: key,
			Sentence: region + " is the primary Region: what is written there is replicated to the others"}}
	}
	return nil
}
