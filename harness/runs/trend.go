package runs

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TrendSchema names the format of a trend as JSON.
const TrendSchema = "regiondrill.trend/v1"

// Trends are what the runs of a folder tell together, in the order of time.
type Trends struct {
	Schema    string          `json:"schema"`
	Path      string          `json:"path"`
	Rule      TrendRule       `json:"rule"`
	Measures  []Trend         `json:"measures"`
	Simulated int             `json:"simulated"` // runs that are left out, because they were no drills
	Uncounted int             `json:"uncounted"` // and those of whose measurement nothing follows
	Worse     bool            `json:"worse"`     // the latest change of some recovery is for the worse
	Least     int             `json:"least"`     // runs that it takes to tell a change
	Floor     verdict.Seconds `json:"floor"`
}

// TrendRule says what counts as a change.
type TrendRule struct {
	Alpha  float64 `json:"alpha"`  // the probability of one where there is none, of each measure
	Effect float64 `json:"effect"` // by which share of the median before it must have shifted
}

// DefaultTrend is the rule where nothing else was asked for.
var DefaultTrend = TrendRule{Alpha: 0.01, Effect: 0.1}

// leastShift is what must have shifted at least, as in a comparison; and two periods of the people who measure it.
const leastShift verdict.Seconds = 0.010

// maxPoints bounds how far back a change is looked for.
const maxPoints = 500

// Series is a measure of the drills of a scenario at one place, in the order of time.
type Series struct {
	Scenario    string `json:"scenario"`
	Target      string `json:"target"`
	Environment string `json:"environment,omitempty"`
	Name        string `json:"name"` // of the check
	Probe       string `json:"probe"`
	Fault       string `json:"fault"`
	Phase       string `json:"phase,omitempty"` // of the recovery; empty for the whole, to its upper bound

	Points []Point `json:"points"`
}

// Point is one drill of it.
type Point struct {
	Folder string           `json:"folder"`
	Begun  time.Time        `json:"begun"`
	Grade  verdict.Grade    `json:"grade"` // of the check
	Lower  verdict.Seconds  `json:"lower"`
	Value  verdict.Seconds  `json:"value"` // for how long it was watched, where nobody recovered
	Never  bool             `json:"never,omitempty"`
	Within *verdict.Seconds `json:"within,omitempty"`

	every verdict.Seconds
}

// Trend is how a measure went over time.
type Trend struct {
	Series
	N       int              `json:"n"`                 // its points: the latest ones
	Earlier int              `json:"earlier,omitempty"` // before them, that were not looked at
	Never   int              `json:"never_recovered,omitempty"`
	Median  *verdict.Seconds `json:"median"` // since the latest change; nil where half of them never recovered
	Since   int              `json:"since"`  // how many that are
	TooFew  bool             `json:"too_few,omitempty"`
	Changes []Shift          `json:"changes"`
}

// Shift is a change.
type Shift struct {
	At     int              `json:"at"` // its place among the points
	Folder string           `json:"folder"`
	Begun  time.Time        `json:"begun"`
	Before *verdict.Seconds `json:"before"` // medians up to the neighbouring changes, as that of the trend
	After  *verdict.Seconds `json:"after"`
	P      float64          `json:"p"`
	Worse  bool             `json:"worse"`
}

// Latest is the last change; nil where there is none.
func (t *Trend) Latest() *Shift {
	if len(t.Changes) == 0 {
		return nil
	}
	return &t.Changes[len(t.Changes)-1]
}

// SeriesOf are the measures of some runs that were no simulations and count: of each pair whose recovery a check
// judges the recovery, and then its phases. Of several checks of a pair it is the first.
func SeriesOf(all []Run) []*Series {
	type drills struct{ scenario, target, environment string }
	known := map[drills][]*Series{}
	for _, r := range slices.Backward(all) {
		if r.Virtual || r.LeftOut != "" {
			continue
		}
		of := drills{r.Scenario, r.Target, r.Environment}
		for i := range r.Recoveries {
			if r.Recoveries[i].Told {
				known[of] = r.into(known[of], &r.Recoveries[i])
			}
		}
	}
	var found []*Series
	for _, series := range known {
		found = append(found, series...)
	}
	slices.SortStableFunc(found, func(a, b *Series) int {
		return cmp.Or(strings.Compare(a.Scenario, b.Scenario), strings.Compare(a.Target, b.Target),
			strings.Compare(a.Environment, b.Environment))
	})
	return found
}

// into adds what one recovery tells to the measures of its drills.
func (r *Run) into(series []*Series, of *Recovery) []*Series {
	whole := Point{Lower: of.Lower, Value: of.Lower, Never: of.Never, Within: of.Within}
	if of.Upper != nil {
		whole.Value = *of.Upper
	}
	at := slices.IndexFunc(series, func(s *Series) bool { return s.Probe == of.Probe && s.Fault == of.Fault })
	if at < 0 {
		at = len(series)
		for i := range 1 + len(verdict.PhaseNames) {
			s := &Series{Scenario: r.Scenario, Target: r.Target, Environment: r.Environment, Name: of.Check, Probe: of.Probe,
				Fault: of.Fault}
			if i > 0 {
				s.Phase = verdict.PhaseNames[i-1]
			}
			series = append(series, s)
		}
	}
	last := series[at].Points
	if len(last) > 0 && last[len(last)-1].Folder == r.Folder {
		return series // another check of the same pair
	}
	add := func(s *Series, p Point) {
		p.Folder, p.Begun, p.Grade, p.every = r.Folder, r.Begun, of.Grade, of.Every
		s.Points = append(s.Points, p)
	}
	add(series[at], whole)
	if of.Phases != nil {
		for i, took := range of.Phases.Each() {
			add(series[at+1+i], Point{Value: took})
		}
	}
	return series
}

// TrendsOf tells how the wanted runs of a folder went over time.
func TrendsOf(s *Shelf, wanted Filter, rule TrendRule) *Trends {
	t := &Trends{Schema: TrendSchema, Path: s.Path, Rule: rule, Measures: []Trend{}, Least: inference.LeastSeries,
		Floor: leastShift}
	all := wanted.Only(s.Single())
	for _, r := range all {
		switch {
		case r.Virtual:
			t.Simulated++
		case r.LeftOut != "":
			t.Uncounted++
		}
	}
	for _, series := range SeriesOf(all) {
		if series.Phase != "" && !slices.ContainsFunc(series.Points, func(p Point) bool { return p.Value != 0 }) {
			continue // it never takes any time
		}
		trend := trendOf(series, rule)
		if latest := trend.Latest(); series.Phase == "" && latest != nil && latest.Worse {
			t.Worse = true
		}
		t.Measures = append(t.Measures, trend)
	}
	return t
}

func trendOf(s *Series, rule TrendRule) Trend {
	earlier := max(0, len(s.Points)-maxPoints)
	t := Trend{Series: *s, N: len(s.Points) - earlier, Earlier: earlier, Changes: []Shift{}}
	t.Points = t.Points[earlier:]
	times := make([]inference.Time, len(t.Points))
	every := verdict.Seconds(0)
	for i, p := range t.Points {
		times[i] = inference.Time{Seconds: float64(p.Value), Censored: p.Never}
		every = max(every, p.every)
		if p.Never {
			t.Never++
		}
	}
	t.TooFew = len(times) < inference.LeastSeries
	changes := inference.Changes(times, rule.Alpha, seedOf(s))
	floor := float64(max(leastShift, 2*every))
	changes = counting(times, changes, rule.Effect, floor)
	first := 0
	for i, c := range changes {
		before, after := around(times, changes, i)
		p := t.Points[c.At]
		t.Changes = append(t.Changes, Shift{At: c.At, Folder: p.Folder, Begun: p.Begun, Before: verdict.Finite(before),
			After: verdict.Finite(after), P: c.P, Worse: after > before})
		first = c.At
	}
	t.Median, t.Since = verdict.Finite(median(times[first:])), len(times)-first
	return t
}

// seedOf is always the same of a measure, and another of another one.
func seedOf(s *Series) uint64 {
	h := fnv.New64a()
	for _, word := range []string{s.Scenario, s.Target, s.Environment, s.Probe, s.Fault, s.Phase} {
		_, _ = h.Write([]byte(word + "\x00"))
	}
	return h.Sum64()
}

// counting leaves out changes that shift too little, the least first: what lay on both sides of one is then one.
func counting(times []inference.Time, changes []inference.Change, effect, floor float64) []inference.Change {
	for len(changes) > 0 {
		least, at := math.Inf(1), -1
		for i := range changes {
			before, after := around(times, changes, i)
			if before == after {
				least, at = 0, i
				break
			}
			if by := math.Abs(after-before) / max(floor, effect*before); !math.IsInf(before, 1) && by < least {
				least, at = by, i
			}
		}
		if least >= 1 {
			break
		}
		changes = slices.Delete(slices.Clone(changes), at, at+1)
	}
	return changes
}

// around are the medians on both sides of a change, up to the next ones.
func around(times []inference.Time, changes []inference.Change, i int) (before, after float64) {
	first, end := 0, len(times)
	if i > 0 {
		first = changes[i-1].At
	}
	if i+1 < len(changes) {
		end = changes[i+1].At
	}
	return median(times[first:changes[i].At]), median(times[changes[i].At:end])
}

// median ranks who never recovered behind all others.
func median(times []inference.Time) float64 {
	all := make([]float64, 0, len(times))
	for _, t := range times {
		if t.Censored {
			t.Seconds = math.Inf(1)
		}
		all = append(all, t.Seconds)
	}
	if len(all) == 0 {
		return math.Inf(1)
	}
	slices.Sort(all)
	low, high := all[(len(all)-1)/2], all[len(all)/2]
	if low == high {
		return low
	}
	return (low + high) / 2
}
