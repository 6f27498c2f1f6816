package analysis

import (
	"fmt"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// Steering is what the people of each probe do who aren't in at home.
type Steering map[string]harness.Steer

// Compile resolves the checks of a scenario into the plan of its run, and reviews what then stands. It returns what is
// worth a second look. Its error is a scenario.Errors with every mistake: a check that names no probe or fault, or of
// which no truthful verdict is possible.
func Compile(s *scenario.Scenario, kinds []checks.Kind, plan *history.Plan, to Steering) ([]scenario.Remark, error) {
	c := &compiler{plan: plan, unread: s.Unread}
	var made []compiled
	for _, sc := range s.Checks {
		if check, ok := c.decode(sc, kinds); ok {
			made = append(made, compiled{sc, check})
		}
	}
	for _, m := range made { // what counts as recovered first: other checks ask for it
		c.sustained(m)
	}
	for _, m := range made {
		c.check(m)
	}
	r := &review{s: s, plan: plan, steering: to}
	r.all(made)
	if c.errs = append(c.errs, r.mistakes...); len(c.errs) > 0 {
		return r.remarks, c.errs
	}
	return r.remarks, nil
}

type compiled struct {
	scenario.Check
	check checks.Check
}

type compiler struct {
	plan   *history.Plan
	unread map[string]bool // see scenario.Scenario
	errs   scenario.Errors
}

func (c *compiler) decode(sc scenario.Check, kinds []checks.Kind) (checks.Check, bool) {
	i := slices.IndexFunc(kinds, func(k checks.Kind) bool { return k.Name == sc.Kind })
	if i < 0 {
		return nil, false // the kinds' own check has said so
	}
	check := kinds[i].New()
	return check, scenario.Into(sc.Block, check) == nil
}

// sustained notes what a check says about when a probe counts as recovered from a fault. Two that disagree are refused.
func (c *compiler) sustained(m compiled) {
	sub := m.check.Subject()
	if sub.Sustained == nil {
		return
	}
	asked := history.Sustained{Probe: sub.Probe, Fault: sub.Fault, For: history.At(sub.Sustained.For),
		Ratio: sub.Sustained.Ratio, Gap: history.At(sub.Sustained.Gap)}
	for _, known := range c.plan.Sustained {
		if known.Probe == asked.Probe && known.Fault == asked.Fault {
			if known != asked {
				c.errs = append(c.errs, m.Block.Errorf("sustained",
					"another check of %s and %s says for: %v, ratio: %v, gap: %v; they must agree", asked.Probe, asked.Fault,
					known.For.Duration(), known.Ratio, known.Gap.Duration()))
			}
			return
		}
	}
	c.plan.Sustained = append(c.plan.Sustained, asked)
}

func (c *compiler) check(m compiled) {
	sub := m.check.Subject()
	for _, p := range m.check.Problems(c.plan) {
		if p.Unknown != "" && c.unread[p.Key+"s"] { // it may be there
			continue
		}
		c.errs = append(c.errs, m.Block.Errorf(p.Key, "%s%s", p.Sentence, suggestion(p)))
	}
	c.invariants(m, sub.Invariants)
	if probe := c.plan.Probe(sub.Probe); probe != nil && sub.Gated {
		probe.Gated = true
	}
	name := m.Name
	if name == "" {
		name = sub.Title
	}
	if slices.ContainsFunc(c.plan.Checks, func(k history.Check) bool { return k.Name == name }) {
		c.errs = append(c.errs, m.Block.Errorf("kind", "another check is called %q already; give one of them a name", name))
	}
	config, err := scenario.Config(m.check)
	if err != nil {
		c.errs = append(c.errs, m.Block.Errorf("kind", "%s", fmt.Sprint(err)))
	}
	c.plan.Checks = append(c.plan.Checks, history.Check{Name: name, Kind: m.Kind, Config: config})
}

// invariants notes what is asked about them; it is asked once.
func (c *compiler) invariants(m compiled, asked *history.Invariants) {
	switch {
	case asked == nil:
	case len(asked.Only) == 0 && m.Block.Has("only"):
		c.errs = append(c.errs, m.Block.Errorf("only", "asks for nothing; leave it out to ask for all"))
	case c.plan.Invariants != nil:
		c.errs = append(c.errs, m.Block.Errorf("kind", "another check asks about invariants already; let one ask for all"))
	default:
		if len(asked.Only) == 0 {
			asked.Only = c.plan.Askable()
		}
		c.plan.Invariants = asked
	}
}

func suggestion(p checks.Problem) string {
	if s := scenario.Suggest(p.Unknown, p.Among); p.Unknown != "" && s != "" {
		return "; " + s
	}
	return ""
}
