package checks

import (
	"fmt"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Baseline finds what was broken before any fault: a probe whose baseline is below its check's ratio. It is no kind of
// the scenario; every run is asked, because a fault must not be blamed for what was broken all along.
func Baseline(h *history.History, m *verdict.Measures) []verdict.Finding {
	var findings []verdict.Finding
	for _, p := range h.Plan.Probes {
		fault := firstFault(m, p.Name)
		w := m.Window(p.Name, fault, verdict.Baseline)
		if w == nil || history.Kept(w.Good, w.Good+w.Bad, h.Plan.Ratio(p.Name)) {
			continue
		}
		findings = append(findings, verdict.Finding{Check: "baseline", Name: "baseline of " + p.Name, Grade: verdict.Fail,
			Subject: verdict.Subject{Probe: p.Name, Fault: fault, Window: verdict.Baseline, Measure: verdict.ShareOfGood},
			Summary: fmt.Sprintf("%s were failing before %s began%s", p.Name, fault,
				because(h, m, p.Name, fault, verdict.Baseline))})
	}
	return findings
}

// firstFault is the one that was requested first: before any other, nothing had been harmed yet.
func firstFault(m *verdict.Measures, probe string) string {
	first := ""
	var at verdict.Seconds
	for _, r := range m.Recoveries {
		if r.Probe == probe && r.Requested != nil && (first == "" || *r.Requested < at) {
			first, at = r.Fault, *r.Requested
		}
	}
	return first
}
