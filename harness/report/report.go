// Package report tells people and machines what a drill concluded: one exporter a file, all fed with the same verdict
// and history, so that the page, the metrics and the line in a CI log can't disagree. The live metrics and the screen
// are history.Sinks here too: what is shown during a run and what is written after it come from one code path.
//
// Everything that an exporter writes may hold words of a scenario or of a system under test. Each exporter makes them
// harmless for its own format; none trusts them.
package report

import (
	"cmp"
	"io"
	"io/fs"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Report is one concluded drill, with all that exporters need.
type Report struct {
	Verdict *verdict.Verdict
	History *history.History
	Folder  fs.FS              // the run's folder, for artifacts; may be nil
	Dir     string             // the folder as it is to be shown to the user; may be empty
	Out     string             // where its results are, if not there
	Places  []Place            // of a set: where else to look
	Set     *repetition.Result // not nil: it is of many drills, which conclude this together
}

// Exporter writes one file of a run's folder, or of the outer folder when several drills lie side by side.
type Exporter struct {
	File  string
	Write func(w io.Writer, drills []*Report) error
}

// Table lists the exporters. A new one is a file and a line here.
func Table() []Exporter {
	return []Exporter{
		{"verdict.json", writeVerdict},
		{"report.html", writePage},
		{"junit.xml", writeJUnit},
		{"summary.md", writeSummary},
		{"metrics.prom", writeMetrics},
	}
}

// drill is a Report with nothing missing, and the few questions that several exporters ask.
type drill struct {
	*verdict.Verdict
	h      *history.History
	folder fs.FS
	dir    string
	out    string // where the results are
	set    *repetition.Result
}

// open makes a drill of a report, of which anything may be missing.
func open(r *Report) *drill {
	d := &drill{Verdict: &verdict.Verdict{Grade: verdict.Unknown}, h: &history.History{}}
	if r == nil {
		return d
	}
	d.folder, d.dir, d.out, d.set = r.Folder, r.Dir, cmp.Or(r.Out, r.Dir), r.Set
	if r.Verdict != nil {
		d.Verdict = r.Verdict
	}
	if r.History != nil {
		d.h = r.History
	}
	return d
}

func openAll(reports []*Report) []*drill {
	drills := make([]*drill, len(reports))
	for i, r := range reports {
		drills[i] = open(r)
	}
	return drills
}

// name of the drill, for people.
func (d *drill) name() string { return cmp.Or(d.Scenario, d.h.Plan.Scenario, "unnamed drill") }

// objective finds the recovery time objective of a probe and a fault, nil where no check asks for one, and how the
// check was graded.
func (d *drill) objective(probe, fault string) (*verdict.Seconds, verdict.Grade) {
	for _, f := range d.Findings {
		if f.Measure == verdict.RecoveryTime && f.Probe == probe && f.Fault == fault {
			return f.Within, f.Grade
		}
	}
	return nil, ""
}

// believed is what a grade is worth: nothing is proven by a measurement that is not valid.
func (d *drill) believed(g verdict.Grade) verdict.Grade {
	if d.Validity.Grade != verdict.Pass && g != verdict.Skipped {
		return verdict.Unknown
	}
	return g
}

// headlineRecovery is the recovery that a reader wants first: of the first check of a recovery that failed, else of
// whoever another check failed about, else of the first check; without any, of the first probe at home in the Region
// that was hit. Nil where there is none.
func (d *drill) headlineRecovery() *verdict.Recovery {
	var missed, asked *verdict.Recovery
	for _, f := range d.Findings {
		r := d.Recovery(f.Probe, f.Fault)
		switch {
		case r == nil:
		case f.Grade == verdict.Fail && f.Measure == verdict.RecoveryTime:
			return r
		case f.Grade == verdict.Fail && missed == nil:
			missed = r
		case f.Measure == verdict.RecoveryTime && asked == nil:
			asked = r
		}
	}
	if best := cmp.Or(missed, asked); best != nil || len(d.Recoveries) == 0 {
		return best
	}
	for i := range d.Recoveries {
		r := &d.Recoveries[i]
		p, f := d.h.Plan.Probe(r.Probe), d.h.Plan.Fault(r.Fault)
		if p != nil && f != nil && p.Home == f.Region {
			return r
		}
	}
	return &d.Recoveries[0]
}

// undone tells whether everything was undone, as far as the history knows.
func (d *drill) undone() bool { return d.h.End == nil || d.h.End.Undone }

// Overall is the grade of several drills: the first of fail, unknown and pass that occurred. Skipped drills count
// nowhere, unless all were.
func Overall(drills []*Report) verdict.Grade {
	var grades []verdict.Grade
	for _, d := range openAll(drills) {
		grades = append(grades, d.Grade)
	}
	for _, g := range []verdict.Grade{verdict.Fail, verdict.Unknown, verdict.Pass, verdict.Skipped} {
		if slices.Contains(grades, g) {
			return g
		}
	}
	return verdict.Unknown
}
