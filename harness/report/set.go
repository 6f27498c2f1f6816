package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"

	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// setPage is the page of many drills of one scenario, beside their repetition.json.
const setPage = "repetition.html"

// Summed is a report of what many drills of one scenario conclude together, for whoever tells of single drills too: a
// finding an objective. dir is where their folders lie.
func Summed(r *repetition.Result, dir string) *Report {
	v := &verdict.Verdict{Schema: verdict.Schema, Scenario: r.Scenario, Target: r.Target, Version: r.Version,
		Started: r.Started, Virtual: r.Virtual, Seconds: r.Seconds, Grade: r.Grade, Repeated: len(r.Runs),
		Findings: []verdict.Finding{},
		Measures: verdict.Measures{Recoveries: []verdict.Recovery{}, Validity: validityOf(r)}}
	if len(r.Runs) > 0 {
		v.Seed = r.Runs[0].Seed
	}
	for i := range r.Objectives {
		o := &r.Objectives[i]
		f := verdict.Finding{Check: o.Check, Name: o.Name, Subject: o.Subject, Grade: o.Grade(), Objective: o.Objective,
			Summary: o.Name + " was " + metWords(o) + "; " + sureWords(o)}
		if t := o.Times; t != nil {
			f.Summary += "; " + typicalWords(o) + ", " + worstWords(o)
			if t.Min != nil {
				f.Actual = &verdict.Interval{Lower: *t.Min, Upper: t.Max}
			}
		}
		v.Findings = append(v.Findings, f)
	}
	return &Report{Verdict: v, Set: r, Dir: dir}
}

// validityOf is whether so many drills as were asked for tell anything. That single ones don't is no doubt.
func validityOf(r *repetition.Result) verdict.Validity {
	v := verdict.Validity{Grade: verdict.Pass, FaultsProven: true, Notes: []string{}, Reasons: []verdict.Reason{}}
	note := func(reason verdict.Reason, said string) {
		if reason.Ends {
			v.Grade = verdict.Unknown
		}
		v.Notes, v.Reasons = append(v.Notes, said), append(v.Reasons, reason)
	}
	if r.Stopped != "" {
		note(verdict.Reason{Code: verdict.Stopped, Ends: true}, stoppedWords(r))
	}
	if r.Counted == 0 {
		note(verdict.Reason{Code: verdict.NothingCounts, Ends: true}, "no drill was measured that counts")
	}
	for _, d := range discardedOf(r) {
		are := map[bool]string{true: " are discarded: "}[len(d.drills) > 1]
		note(verdict.Reason{Code: verdict.Discarded}, d.which()+cmp.Or(are, " is discarded: ")+d.why)
	}
	return v
}

// stoppedWords say how many drills were not run and why; empty where all were.
func stoppedWords(r *repetition.Result) string {
	if r.Stopped == "" {
		return ""
	}
	most := map[bool]string{true: "at most "}[r.Rule.Met > 0]
	left := r.Rule.Times - len(r.Runs)
	were := map[bool]string{true: "was"}[left == 1]
	return fmt.Sprintf("of %s%s %s %s not run: %s", most, plural(r.Rule.Times, "drill"), group(left), cmp.Or(were, "were"),
		r.Stopped)
}

// sureWords say how often an objective is met at least; where that was the question, whether it is.
func sureWords(o *repetition.Objective) string {
	switch o.Answer {
	case inference.NotMet:
		return fmt.Sprintf("with %s confidence it is met less often than was asked", percent(o.Confidence))
	case inference.Open, inference.Unknown:
		return "whether it is met as often as was asked can't be told by so many drills"
	}
	least := leastWords(o)
	if least == "" {
		return "how often it is met at least can't be told by so many drills"
	}
	return fmt.Sprintf("with %s confidence it is met in at least %s", percent(o.Confidence), least)
}

// leastWords are how often an objective is met at least; empty where nothing can be said of it.
func leastWords(o *repetition.Objective) string {
	switch {
	case o.AtLeast >= 0.01:
		return fmt.Sprintf("%.0f of 100", math.Floor(100*o.AtLeast))
	case o.AtLeast >= 0.001:
		return fmt.Sprintf("%.0f of 1,000", math.Floor(1000*o.AtLeast))
	}
	return ""
}

// typicalWords are the median with its bounds.
func typicalWords(o *repetition.Objective) string {
	t, confidence := o.Times, o.Confidence
	if t.Median == nil {
		return "what is typical can't be told: half of them or more " + lapseOf(o.Measure).Never
	}
	return "typically " + span(*t.Median) + " (" + medianBounds(t, confidence) + ")"
}

func medianBounds(t *repetition.Times, confidence float64) string {
	sure := " with " + percent(confidence) + " confidence"
	switch {
	case t.Lower != nil && t.Upper != nil:
		return bounds(&verdict.Interval{Lower: *t.Lower, Upper: t.Upper}) + sure
	case t.Upper != nil:
		return "up to " + ceil(*t.Upper) + sure
	case t.Lower != nil:
		return "from " + floor(*t.Lower) + sure
	}
	return "for bounds" + sure + " there are too few drills"
}

// worstWords say how bad it got.
func worstWords(o *repetition.Objective) string {
	t := o.Times
	if t.NeverRecovered > 0 {
		nobody := "nobody recovered"
		if o.Measure != verdict.RecoveryTime {
			nobody = "it never came"
		}
		return fmt.Sprintf("and in %d of %d %s %s", t.NeverRecovered, t.N, nobody, lapseOf(o.Measure).While)
	}
	if t.Max == nil {
		return "and the longest can't be told"
	}
	return ceil(*t.Max) + " at worst"
}

// leading is the objective that a reader wants first: the first that ended as badly as the whole, among them a
// recovery. Nil where there is none.
func leading(r *repetition.Result) *repetition.Objective {
	var as []*repetition.Objective
	for i := range r.Objectives {
		if o := &r.Objectives[i]; o.Grade() == r.Grade || r.Stopped != "" && r.Grade == verdict.Unknown {
			as = append(as, o)
		}
	}
	if len(as) == 0 {
		return nil
	}
	back := slices.IndexFunc(as, func(o *repetition.Objective) bool { return o.Measure == verdict.RecoveryTime })
	return as[max(back, 0)]
}

// managed is an objective over all drills in the sentences that somebody reads who asks no more: what was asked, how
// often it was met and how surely, what is typical, and how bad it got.
func managed(o *repetition.Objective) string {
	said := o.Name + " was asked for"
	objective := value(o.Objective)
	switch _, share := o.Objective.(float64); {
	case o.Measure == verdict.RecoveryTime && o.Within != nil:
		said = fmt.Sprintf("After %s, %s were to be back within %s", o.Fault, o.Probe, exact(*o.Within))
	case share:
		said = o.Name + " was to be at least " + objective
	case objective != "":
		said = o.Name + " was to be at most " + objective
	}
	said += fmt.Sprintf("; that was met in %d of %s", o.Met, plural(o.Met+o.Missed+o.Unknown, "drill"))
	if o.Unknown > 0 {
		said += unknownWords(o)
	}
	said += ", and " + sureWords(o) + "."
	if t := o.Times; t != nil {
		took := "It took " + typicalWords(o)
		if t.Median == nil {
			took = first(typicalWords(o))
		}
		said += " " + sentence(took+", "+worstWords(o))
	}
	return clean(said)
}

// called is where in the folder of several drills that of a set is.
func (d *drill) called() string {
	if d.set == nil || d.out == "" {
		return ""
	}
	return filepath.ToSlash(filepath.Join(filepath.Base(d.out), setPage))
}

// median is that of an objective of many drills, for readers of JUnit's times.
func (d *drill) median(f verdict.Finding) verdict.Seconds {
	for _, o := range d.set.Objectives {
		if o.Name == f.Name && o.Subject == f.Subject && o.Times != nil && o.Times.Median != nil {
			return *o.Times.Median
		}
	}
	return d.Seconds
}

// SetExporters list the files that many drills of one scenario have together beside those of each. links are the
// addresses of single drills' reports, by their folders; empty where there is none.
func SetExporters(link func(folder string) string) []SetExporter {
	return []SetExporter{
		{repetition.File, func(w io.Writer, r *Report) error { return WriteRepetition(w, r.Set) }},
		{setPage, func(w io.Writer, r *Report) error { return RepetitionPage(w, r.Set, link) }},
		{"junit.xml", func(w io.Writer, r *Report) error { return writeJUnit(w, []*Report{r}) }},
		{"summary.md", func(w io.Writer, r *Report) error { return writeSummary(w, []*Report{r}) }},
		{"metrics.prom", writeSetMetrics},
	}
}

// SetExporter writes one file of the folder of a set.
type SetExporter struct {
	File  string
	Write func(w io.Writer, set *Report) error
}
