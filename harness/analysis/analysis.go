// Package analysis concludes a run from its folder alone: history in, verdict and reports out. It knows no kind of
// check, and nothing of the machine, the folder's name or the time goes into the verdict: the same history gives the
// same bytes.
package analysis

import (
	"fmt"
	"os"
	"slices"

	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Conclude judges a history.
func Conclude(h *history.History, kinds []checks.Kind) (*verdict.Verdict, error) {
	if len(h.Plan.Sustained) == 0 {
		whole := *h
		whole.Plan.Sustained = sustained(h, kinds)
		h = &whole
	}
	m := measure.Measure(h)
	v := &verdict.Verdict{
		Schema: verdict.Schema, Scenario: h.Plan.Scenario, Target: h.Plan.Target, Seed: h.Plan.Seed, Virtual: h.Plan.Virtual,
		Version: h.Plan.Version, Definition: verdict.Definition, Started: h.Plan.Zero,
		Seconds:  verdict.Seconds(max(0, measure.End(h)).Seconds()),
		Findings: []verdict.Finding{}, Measures: *m, KMS: (*verdict.KMS)(h.Plan.KMS),
	}
	for _, planned := range h.Plan.Checks {
		f, err := judge(h, m, planned, kinds)
		if err != nil {
			return nil, err
		}
		v.Findings = append(v.Findings, f)
	}
	v.Findings = append(v.Findings, checks.Baseline(h, m)...)
	if m.Validity.Grade != verdict.Pass { // nothing is proven by a measurement that is not valid, for good or ill
		for i := range v.Findings {
			if f := &v.Findings[i]; f.Grade != verdict.Skipped {
				f.Grade = verdict.Unknown
			}
		}
	}
	v.Grade = grade(v)
	return v, nil
}

// sustained is when people count as back, of the checks themselves: for a plan that doesn't say it once more.
func sustained(h *history.History, kinds []checks.Kind) []history.Sustained {
	var all []history.Sustained
	for _, planned := range h.Plan.Checks {
		check, err := read(planned, kinds)
		if err != nil {
			continue // judging says so
		}
		if s := check.Subject(); s.Sustained != nil {
			all = append(all, history.Sustained{Probe: s.Probe, Fault: s.Fault, For: history.At(s.Sustained.For),
				Ratio: s.Sustained.Ratio, Gap: history.At(s.Sustained.Gap)})
		}
	}
	return all
}

// read reads a check back from the plan.
func read(planned history.Check, kinds []checks.Kind) (checks.Check, error) {
	i := slices.IndexFunc(kinds, func(k checks.Kind) bool { return k.Name == planned.Kind })
	if i < 0 {
		return nil, fmt.Errorf("judging %s: this version knows no check of kind %q", planned.Name, planned.Kind)
	}
	check := kinds[i].New()
	if err := scenario.FromConfig(planned.Config, check); err != nil {
		return nil, fmt.Errorf("judging %s: %w", planned.Name, err)
	}
	return check, nil
}

// judge lets a check of the plan judge.
func judge(
	h *history.History, m *verdict.Measures, planned history.Check, kinds []checks.Kind,
) (verdict.Finding, error) {
	check, err := read(planned, kinds)
	if err != nil {
		return verdict.Finding{}, err
	}
	f := verdict.Finding{Grade: verdict.Skipped, Summary: "it needs a browser, and this run had none"}
	if p := h.Plan.Probe(check.Subject().Probe); p == nil || !p.Skipped {
		f = check.Check(h, m)
	}
	f.Check, f.Name, f.Subject = planned.Kind, planned.Name, subjectOf(check.Subject())
	return f, nil
}

// subjectOf is whom a check is about, as a finding has it.
func subjectOf(s checks.Subject) verdict.Subject {
	found := verdict.Subject{Probe: s.Probe, Fault: s.Fault, Window: s.Window, Measure: s.Measure}
	if s.Within > 0 {
		within := verdict.Seconds(s.Within.Seconds())
		found.Within = &within
	}
	return found
}

// grade of a drill: a violated invariant is fail whatever else is true; else an invalid measurement is unknown; else
// any failed finding is fail; else any unknown one is unknown; else pass.
func grade(v *verdict.Verdict) verdict.Grade {
	has := func(g verdict.Grade) bool {
		return slices.ContainsFunc(v.Findings, func(f verdict.Finding) bool { return f.Grade == g })
	}
	switch {
	case slices.ContainsFunc(v.Invariants, func(i verdict.Invariant) bool { return i.Violations > 0 }):
		return verdict.Fail
	case v.Validity.Grade != verdict.Pass:
		return verdict.Unknown
	case has(verdict.Fail):
		return verdict.Fail
	case has(verdict.Unknown):
		return verdict.Unknown
	}
	return verdict.Pass
}

// Load reads a run's folder and judges its history.
func Load(dir string, kinds []checks.Kind) (*history.History, *verdict.Verdict, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("reading a run: %w", err)
	}
	h, err := history.Load(dir)
	if err != nil {
		return nil, nil, err
	}
	v, err := Conclude(h, kinds)
	return h, v, err
}
