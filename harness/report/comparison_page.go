package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

//go:embed comparison.html.tmpl
var comparisonTemplate string

// What the template of comparison.html is given.
type (
	comparisonPage struct {
		Title     string
		Grade     gradeView
		Headline  string
		Style     template.CSS // of the page of a drill
		Sides     []comparedSide
		Decided   []dotChart
		Informing []dotChart
		Lists     []comparisonList
		Rule      string
	}
	comparedSide struct {
		Name, Class, Words string
		Runs               []comparedRun
	}
	comparedRun struct {
		Grade              gradeView
		Name, Link, Seed   string
		Started, Remark    string
		Counts, HasStarted bool
	}
	comparisonList struct {
		Title string
		Said  []string
	}
	// dotChart is one measure: each run a dot on an axis that both sides share. Its places are in percent of that.
	dotChart struct {
		Name, Shift, Counts string
		Answer              gradeView
		Rows                []dotRow
		Ticks               []dotTick
		Band                *dotSpan // around A's median: what lies in it has not shifted
		Never               bool     // some never recovered, and stand behind the axis
	}
	dotRow struct {
		Name, Class, Words string
		Dots               []dot
		Median             *dotTick
		Bounds             *dotSpan // of the median
	}
	dot struct {
		X, Y       float64
		Link, Says string
		Never      bool
	}
	dotTick struct {
		X     float64
		Label string
	}
	dotSpan struct{ From, Width float64 }
)

// ComparisonPage writes a comparison as one page that needs nothing from anywhere, with no script in it. link is the
// address of a run's own report, by its folder; empty where there is none.
func ComparisonPage(w io.Writer, r *comparison.Result, link func(folder string) string) error {
	t, err := template.New("comparison").Parse(comparisonTemplate)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	p := comparisonPage{Title: words(r.Scenario), Grade: answerView(r.Answer), Headline: words(comparisonLine(r)),
		Style: pageStyle(),
		Rule: fmt.Sprintf("Bounds and answers are with %s confidence. A shift counts from %s of A's median "+
			"on, and from what each card says.",
			percent(r.Rule.Confidence), percent(r.Rule.Effect))}
	links := [2][]string{}
	for i, side := range []*comparison.Side{&r.A, &r.B} {
		for _, run := range side.Runs {
			links[i] = append(links[i], link(run.Folder))
		}
		p.Sides = append(p.Sides, comparedSideOf(side, i, links[i]))
	}
	for _, m := range r.Decided() {
		p.Decided = append(p.Decided, dotsOf(&m, r, links))
	}
	for _, m := range r.Informing() {
		p.Informing = append(p.Informing, dotsOf(&m, r, links))
	}
	for _, list := range []comparisonList{{"What differs", differenceWords(r.Differs)},
		{"Compared all the same, though not alike", differenceWords(r.Unlike)}, {"Remarks", r.Notes},
		{"Folders that could not be read", skippedWords(r)}} {
		if len(list.Said) > 0 {
			p.Lists = append(p.Lists, list)
		}
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// pageStyle is that of the page of a drill, for other pages to look alike.
func pageStyle() template.CSS {
	_, style, _ := strings.Cut(pageTemplate, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	return template.CSS(style) //nolint:gosec // it is ours
}

func answerView(a comparison.Answer) gradeView {
	v := viewOf(a.Grade())
	v.Word = answerWord(a)
	return v
}

func skippedWords(r *comparison.Result) []string {
	var said []string
	for _, side := range []*comparison.Side{&r.A, &r.B} {
		for _, s := range side.Skipped {
			said = append(said, words(s.Folder+": "+s.Why))
		}
	}
	return said
}

var (
	sideNames   = [2]string{"A", "B"}
	sideClasses = [2]string{"a", "b"}
)

func comparedSideOf(s *comparison.Side, i int, links []string) comparedSide {
	v := comparedSide{Name: sideNames[i], Class: sideClasses[i], Words: words(sideWords(s))}
	for j, run := range s.Runs {
		c := comparedRun{Grade: viewOf(run.Grade), Name: words(run.Folder), Link: links[j], Seed: fmt.Sprint(run.Seed),
			Remark: words(run.LeftOut)}
		if !run.Started.IsZero() {
			c.Started = run.Started.UTC().Format("2006-01-02 15:04:05 UTC")
		}
		v.Runs = append(v.Runs, c)
	}
	return v
}

// axis is where the values of both sides lie.
type axis struct {
	from, to float64
	end      float64 // where in percent it ends
}

func (a axis) x(v float64) float64 {
	return math.Round(1000*min(max((v-a.from)/(a.to-a.from), 0), 1)*a.end) / 1000
}

// neverRoom is how much of the width, in percent, is left for those who never recovered.
const neverRoom = 12

func axisOf(m *comparison.Measure) axis {
	a := axis{math.Inf(1), math.Inf(-1), 100}
	for _, v := range append(append([]comparison.Value{}, m.A.Runs...), m.B.Runs...) {
		if v.Never {
			a.end = 100 - neverRoom
			continue
		}
		a.from, a.to = min(a.from, float64(v.Value)), max(a.to, float64(v.Value))
	}
	if a.from > a.to { // nobody ever recovered
		a.from, a.to = 0, 1
	}
	if m.A.Median != nil && m.Unit != comparison.InMisses { // what counts is to be seen
		a.from = min(a.from, float64(*m.A.Median-m.Effect))
		a.to = max(a.to, float64(*m.A.Median+m.Effect))
	}
	room := 0.04 * max(a.to-a.from, 1e-6)
	if a.from -= room; m.Unit == comparison.InSeconds {
		a.from = max(a.from, 0)
	}
	if a.to += room; m.Unit == comparison.InShares {
		a.to = min(a.to, 1+room)
	}
	return a
}

func dotsOf(m *comparison.Measure, r *comparison.Result, links [2][]string) dotChart {
	c := dotChart{Name: words(m.Name), Shift: shiftSentence(m, r.Rule), Answer: answerView(m.Answer)}
	a := axisOf(m)
	c.Never = a.end < 100
	for i, v := range []*comparison.Values{&m.A, &m.B} {
		row := dotRow{Name: sideNames[i], Class: sideClasses[i], Words: valuesWords(v, m)}
		for j, value := range v.Runs {
			row.Dots = append(row.Dots, dotOf(m, a, value, j, sideNames[i], links[i]))
		}
		if v.Median != nil {
			row.Median = &dotTick{X: a.x(float64(*v.Median))}
		}
		if v.Lower != nil && v.Upper != nil {
			from := a.x(float64(*v.Lower))
			row.Bounds = &dotSpan{from, a.x(float64(*v.Upper)) - from}
		}
		c.Rows = append(c.Rows, row)
	}
	if m.Unit == comparison.InMisses {
		c.Ticks = []dotTick{{a.x(0), "met"}, {a.x(1), "missed"}}
		return c
	}
	c.Counts = effectWords(m)
	if m.A.Median != nil {
		from := a.x(float64(*m.A.Median - m.Effect))
		c.Band = &dotSpan{from, a.x(float64(*m.A.Median+m.Effect)) - from}
	}
	step := niceTick((a.to - a.from) / 5)
	for v := math.Ceil(a.from/step-1e-9) * step; v <= a.to+1e-9; v += step {
		if m.Unit == comparison.InShares && (v > 1+1e-9 || v < 0) {
			continue
		}
		c.Ticks = append(c.Ticks, dotTick{a.x(v), amountOf(verdict.Seconds(v), m.Unit, math.Round)})
	}
	return c
}

// dotOf is one run. Those of a value would hide each other, so that each lies at another height, the same each time.
func dotOf(m *comparison.Measure, a axis, v comparison.Value, j int, side string, links []string) dot {
	_, high := math.Modf((float64(j) + 0.5) / math.Phi)
	d := dot{X: a.x(float64(v.Value)), Y: math.Round(100 * (0.12 + 0.76*high)), Never: v.Never}
	if v.Run < len(links) {
		d.Link = links[v.Run]
	}
	said := amountOf(v.Value, m.Unit, math.Round)
	switch {
	case v.Never:
		d.X, said = 100-neverRoom/2, "never recovered in "+said
	case m.Unit == comparison.InMisses:
		said = map[bool]string{true: "met", false: "missed"}[v.Value == 0]
	}
	d.Says = fmt.Sprintf("run %d of %s: %s", v.Run+1, side, said)
	return d
}
