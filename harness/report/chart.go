package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// The geometry of a chart, in units of its viewBox.
const (
	chartWidth    = 960.0
	plotLeft      = 78.0
	plotRight     = 948.0
	plotHeight    = 150.0
	labelHeight   = 15.0 // of a fault's row of labels
	stripHeight   = 16.0
	rugHeight     = 14.0
	bracketHeight = 14.0
	cell          = 7.0 // marks stand on a grid of such cells, so that their shapes stay apart and a million fit
	cells         = 124 // a row of the plot
	maxShapes     = 5
	glyphWidth    = 7.0 // of a letter of a label, on the average, and a little more
)

// chart is the timeline of one probe: latency over the time at which people arrived.
type chart struct {
	Probe, About, Caption string
	Summary               string // for who can't see it
	Width, Height         string
	Top, Bottom           string // of what is shaded
	Left, Right, LabelX   string
	ShadeHeight           string
	AxisY                 string
	StripText             string
	Shades                []shade
	XTicks, YTicks        []tick
	Limit                 *tick
	Marks                 []markGroup
	Strip                 []slice
	Rugs                  []rug
	Brackets              []bracket
}

type (
	shade struct {
		Name, Class          string // fault or action
		X, W, LabelY         string // no width: it lasts for no time
		Mark                 string // of an action, where it was done
		Lines                []rule
		From, To, FromX, ToX string
		FromEnd, ToEnd       string // where the text is anchored
	}
	rule      struct{ X, Class, Title string }
	tick      struct{ At, Label string }
	markGroup struct{ Class, D, Title string }
	slice     struct{ X, Y, W, H, Class, Title string }
	rug       struct {
		Label, Class, Text string
		Marks              []rugMark
	}
	rugMark struct{ D, Title string }
	bracket struct{ D, TextX, TextY, Anchor, Text string }
)

// plot is the arithmetic of one chart.
type plot struct {
	from, to   float64 // seconds shown
	most       float64 // seconds of latency at the top
	top        float64 // of the plot
	probe      history.Probe
	attempts   []*history.Attempt // from zero of the chart on, by line
	regions    []string
	faults     []verdict.Recovery
	actions    []*actionState // that came to something
	acted      []string       // a sentence of each
	chart      *chart
	good, lost int
}

func unit(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func (p *plot) x(seconds float64) float64 {
	return plotLeft + (plotRight-plotLeft)*(seconds-p.from)/(p.to-p.from)
}

func (p *plot) y(latency float64) float64 { return p.top + plotHeight*(1-latency/p.most) }

func (p *plot) bottom() float64 { return p.top + plotHeight }

// charts draws every probe that ran.
func (d *drill) charts() []*chart {
	by := map[string][]*history.Attempt{}
	for i := range d.h.Attempts {
		a := &d.h.Attempts[i]
		by[a.Probe] = append(by[a.Probe], a)
	}
	var all []*chart
	for _, probe := range d.h.Plan.Probes {
		if !probe.Skipped {
			all = append(all, d.chart(probe, by[probe.Name]))
		}
	}
	return all
}

func (d *drill) chart(probe history.Probe, attempts []*history.Attempt) *chart {
	p := &plot{probe: probe, regions: d.h.Plan.Regions, from: -d.h.Plan.WarmUp.Seconds(), to: float64(d.Seconds),
		chart: &chart{}}
	for _, r := range d.Recoveries {
		if r.Probe == probe.Name {
			p.faults = append(p.faults, r)
		}
	}
	for _, a := range attempts {
		if a.Outcome == history.Good {
			p.most = max(p.most, (a.Ended - a.Due).Seconds())
		}
		p.from, p.to = min(p.from, a.Due.Seconds()), max(p.to, a.Due.Seconds())
	}
	p.attempts = attempts
	if p.most <= 0 {
		p.most = max(probe.Limit.Seconds(), 1)
	}
	p.most *= 1.2 + 0.12*float64(max(1, len(p.faults))) // room for the brackets
	p.to = max(p.to, p.from+1)
	p.actions = d.actionStates()
	p.actions = slices.DeleteFunc(p.actions, func(a *actionState) bool { return a.done == nil && a.failed == nil })
	p.top = 8 + labelHeight*float64(max(1, len(p.faults)+len(p.actions)))
	p.draw(d)
	return p.chart
}

func (p *plot) draw(d *drill) {
	c := p.chart
	c.Probe = words(p.probe.Name)
	c.About = words(fmt.Sprintf("%s from %s, at home in %s, one every %s, limit %s", p.probe.Kind, p.probe.From,
		p.probe.Home, exactOf(p.probe.Every), exactOf(p.probe.Limit)))
	c.Left, c.Right, c.Width = unit(plotLeft), unit(plotRight), unit(chartWidth)
	c.Top = unit(p.top)
	p.marks()
	strip := p.bottom() + 8
	c.StripText = unit(strip + 12)
	p.strip(strip)
	y := p.rugs(strip + stripHeight + 6)
	c.Bottom, c.AxisY, c.Height = unit(y), unit(y+14), unit(y+24)
	c.ShadeHeight, c.LabelX = unit(y-p.top), unit(plotLeft-8)
	p.ticks()
	for i := range p.faults {
		p.shade(&p.faults[i], i)
	}
	for i, a := range p.actions {
		p.act(a, len(p.faults)+i)
	}
	p.captions(d)
}

func (p *plot) captions(d *drill) {
	c, people := p.chart, p.probe.Journey.Words()
	all := len(p.attempts)
	perCell := math.Round((p.to-p.from)/(plotRight-plotLeft)*cell*100) / 100
	c.Caption = fmt.Sprintf("%s, by when people arrived. "+
		"A mark stands for those who arrived within the same %s and took about as long.",
		plural(all, people.One), span(verdict.Seconds(perCell)))
	if len(p.faults) > 0 {
		c.Caption += " Who came shortly before a fault's end may have waited for it, and is drawn where they came."
	}
	if all == 0 {
		c.Caption = "Nobody arrived."
	}
	c.Summary = fmt.Sprintf("%s: %s, %s good, %s failed.", c.Probe, plural(all, people.One), group(p.good), group(p.lost))
	for _, r := range p.faults {
		c.Summary += fmt.Sprintf(" %s: recovery time actual %s, %s.", words(r.Fault), bounds(r.RecoveryTimeActual),
			words(d.endedWords(&r)))
	}
	c.Summary = strings.Join(append([]string{c.Summary}, p.acted...), " ")
}

// shape draws the mark of a Region: shape and filling tell them apart without colour.
func shape(region int, x, y float64) string {
	switch region {
	case 0: // hollow circle
		return "M" + unit(x-2.6) + " " + unit(y) + "a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0z"
	case 1: // full triangle
		return "M" + unit(x) + " " + unit(y-3.2) + "l3.2 5.8h-6.4z"
	case 2: // hollow square
		return "M" + unit(x-2.4) + " " + unit(y-2.4) + "h4.8v4.8h-4.8z"
	case 3: // full diamond
		return "M" + unit(x) + " " + unit(y-3.4) + "l3 3.4l-3 3.4l-3-3.4z"
	}
	return "M" + unit(x-2.8) + " " + unit(y) + "h5.6M" + unit(x) + " " + unit(y-2.8) + "v5.6" // plus
}

// regionIndex is the place of a Region in the plan; all beyond the fourth look alike.
func (p *plot) regionIndex(region string) int {
	for i, r := range p.regions {
		if r == region {
			return min(i, maxShapes-1)
		}
	}
	return maxShapes - 1
}

// marks puts the good attempts on the grid.
func (p *plot) marks() {
	type spot struct{ region, col, row int }
	type heap struct {
		n        int
		due, sum float64
	}
	heaps := map[spot]*heap{}
	var order []spot
	var carried [maxShapes]int
	for _, a := range p.attempts {
		if a.Outcome != history.Good {
			if a.Outcome == history.Bad {
				p.lost++
			}
			continue
		}
		p.good++
		latency := (a.Ended - a.Due).Seconds()
		s := spot{p.regionIndex(a.Region), int((p.x(a.Due.Seconds()) - plotLeft) / cell),
			int((p.bottom() - p.y(latency)) / cell)}
		carried[s.region]++
		h := heaps[s]
		if h == nil {
			h = &heap{}
			heaps[s] = h
			order = append(order, s)
		}
		h.n, h.due, h.sum = h.n+1, h.due+a.Due.Seconds(), h.sum+latency
	}
	var paths [maxShapes]strings.Builder
	for _, s := range order {
		h := heaps[s]
		paths[s.region].WriteString(shape(s.region, p.x(h.due/float64(h.n)), p.y(h.sum/float64(h.n))))
	}
	for i := range paths {
		if carried[i] > 0 {
			p.chart.Marks = append(p.chart.Marks, markGroup{fmt.Sprintf("m%d", i), paths[i].String(),
				fmt.Sprintf("%s carried %s", p.regionName(i), plural(carried[i], p.probe.Journey.Words().One))})
		}
	}
}

func (p *plot) regionName(i int) string {
	if i < len(p.regions) && (i < maxShapes-1 || len(p.regions) == maxShapes) {
		return words(p.regions[i])
	}
	return "other Regions"
}

// strip shows, slice of time by slice, which share of those who arrived each Region carried.
func (p *plot) strip(top float64) {
	width := max(cell, p.x(p.from+p.probe.Every.Seconds())-plotLeft)
	slices := int(math.Ceil((plotRight-plotLeft)/width - 1e-9))
	type shares struct {
		of  [maxShapes]int
		all int
	}
	counts := make([]shares, max(1, slices))
	for _, a := range p.attempts {
		k := min(len(counts)-1, max(0, int((p.x(a.Due.Seconds())-plotLeft)/width+1e-6)))
		if a.Outcome != history.Good && a.Outcome != history.Bad {
			continue // nobody knows what would have come of them
		}
		counts[k].all++
		if a.Outcome == history.Good {
			counts[k].of[p.regionIndex(a.Region)]++
		}
	}
	if last := len(counts) - 1; last > 0 && counts[last].all == 0 {
		counts[last] = counts[last-1] // the run ended before the next one was due
	}
	for k := 0; k < len(counts); {
		same := k + 1
		for same < len(counts) && alike(counts[k].of[:], counts[k].all, counts[same].of[:], counts[same].all) {
			same++
		}
		x, w := plotLeft+float64(k)*width, float64(same-k)*width
		p.stripSlice(top, x, min(w, plotRight-x), counts[k].of[:], counts[k].all)
		k = same
	}
}

// alike tells whether two slices have the same shares.
func alike(a []int, n int, b []int, m int) bool {
	if (n == 0) != (m == 0) {
		return false
	}
	for i := range a {
		if a[i]*m != b[i]*n {
			return false
		}
	}
	return true
}

func (p *plot) stripSlice(top, x, w float64, of []int, all int) {
	if all == 0 {
		return
	}
	y, failed := top, all
	add := func(class string, n int, name string) {
		if n == 0 {
			return
		}
		h := stripHeight * float64(n) / float64(all)
		from := p.from + (x-plotLeft)/(plotRight-plotLeft)*(p.to-p.from)
		p.chart.Strip = append(p.chart.Strip, slice{unit(x), unit(y), unit(w), unit(h), class,
			fmt.Sprintf("from %.1f s: %s %.0f %%", from, name, 100*float64(n)/float64(all))})
		y += h
	}
	for i, n := range of {
		add(fmt.Sprintf("s%d", i), n, p.regionName(i))
		failed -= n
	}
	add("sx", failed, "failed")
}

// rugs draws what failed, was dropped or is unknown, a row each where there is any. It returns the y below them.
func (p *plot) rugs(y float64) float64 {
	for _, kind := range []struct {
		outcome      history.Outcome
		label, class string
	}{{history.Bad, "failed", "bad"}, {history.Dropped, "dropped", "dropped"}, {history.Unknown, "unknown", "unclear"}} {
		marks := p.rugMarks(kind.outcome, kind.label, y+rugHeight/2)
		if len(marks) == 0 {
			continue
		}
		p.chart.Rugs = append(p.chart.Rugs, rug{kind.label, kind.class, unit(y + rugHeight/2 + 4), marks})
		y += rugHeight
	}
	return y
}

func (p *plot) rugMarks(outcome history.Outcome, label string, y float64) []rugMark {
	counts := map[int]int{}
	first := map[int]*history.Attempt{}
	for _, a := range p.attempts {
		if a.Outcome != outcome {
			continue
		}
		k := int((p.x(a.Due.Seconds()) - plotLeft) / cell)
		if counts[k]++; first[k] == nil {
			first[k] = a
		}
	}
	var marks []rugMark
	for k := range cells + 2 {
		if counts[k] == 0 {
			continue
		}
		a, x := first[k], p.x(first[k].Due.Seconds())
		title := fmt.Sprintf("from %.1f s: %d %s", a.Due.Seconds(), counts[k], label)
		if a.Class != "" || a.Detail != "" {
			title += ", " + short(detailed(clean(string(a.Class)), clean(a.Detail)), 160)
		}
		marks = append(marks, rugMark{rugShape(outcome, x, y), title})
	}
	return marks
}

func rugShape(outcome history.Outcome, x, y float64) string {
	switch outcome {
	case history.Bad:
		return "M" + unit(x-2.6) + " " + unit(y-2.6) + "l5.2 5.2m0-5.2l-5.2 5.2"
	case history.Dropped:
		return "M" + unit(x-2.8) + " " + unit(y-2.2) + "h5.6l-2.8 4.8z"
	}
	return "M" + unit(x-2.2) + " " + unit(y) + "h4.4"
}

func (p *plot) ticks() {
	c := p.chart
	step := niceTick((p.to - p.from) / 9)
	for s := math.Ceil(p.from/step-1e-9) * step; s <= p.to+1e-9; s += step {
		label := strconv.FormatFloat(math.Round(s*1000)/1000+0, 'f', -1, 64) // +0: no minus before a zero
		c.XTicks = append(c.XTicks, tick{unit(p.x(s)), strings.Replace(label, "-", "−", 1) + " s"})
	}
	step = niceTick(p.most / 4)
	for s := 0.0; s <= p.most*0.99; s += step {
		label := span(verdict.Seconds(s))
		if p.most >= 1 {
			label = strconv.FormatFloat(math.Round(s*1000)/1000, 'f', -1, 64) + " s"
		}
		c.YTicks = append(c.YTicks, tick{unit(p.y(s)), label})
	}
	if limit := p.probe.Limit.Seconds(); limit > 0 && limit <= p.most {
		c.Limit = &tick{unit(p.y(limit)), "limit " + exactOf(p.probe.Limit)}
	}
}

// niceTick is the least of 1, 2, 5 times a power of ten that is at least as much.
func niceTick(least float64) float64 {
	if least <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// shade draws one fault: where it was in force, its four instants, and how long people took to be back.
func (p *plot) shade(r *verdict.Recovery, row int) {
	if r.Effective == nil {
		return
	}
	begin, end := float64(*r.FirstEffective), p.to
	s := shade{Name: words(r.Fault), Class: "fault", LabelY: unit(8 + labelHeight*float64(row) + 4)}
	add := func(at *verdict.Seconds, class, name string) {
		if at != nil {
			s.Lines = append(s.Lines, rule{unit(p.x(float64(*at))), class,
				fmt.Sprintf("%s: %s at %.3f s", s.Name, name, float64(*at))})
		}
	}
	add(r.Requested, "requested", "requested")
	add(r.Effective, "effective", "proven in force")
	add(r.Healing, "healing", "healing began")
	add(r.Healed, "healed", "proven healed")
	s.From = s.Name + " in force at " + unit2(begin)
	if r.Healing != nil {
		end = float64(*r.Healing)
		s.To = "healing at " + unit2(end)
	}
	if r.Healed != nil {
		s.To += ", healed at " + unit2(float64(*r.Healed))
	}
	s.X, s.W = unit(p.x(begin)), unit(max(0.5, p.x(end)-p.x(begin)))
	s.place(p.x(begin), p.x(end))
	p.chart.Shades = append(p.chart.Shades, s)
	p.bracket(r, row)
}

// place puts the labels of a fault into its row. Where they would lie on each other they become one.
func (s *shade) place(begin, end float64) {
	s.FromX, s.ToX, s.FromEnd, s.ToEnd = unit(begin+3), unit(end+3), "start", "start"
	right := begin + 3 + textWidthOf(s.From)
	toLeft := end + 3
	if end+3+textWidthOf(s.To) > chartWidth { // no room to the right of it
		s.ToX, s.ToEnd = unit(plotRight), "end"
		toLeft = plotRight - textWidthOf(s.To)
	}
	if s.To != "" && right+6 > toLeft {
		s.From, s.To = s.From+", "+s.To, ""
		right = begin + 3 + textWidthOf(s.From)
	}
	if right > chartWidth {
		s.FromX, s.FromEnd = unit(plotRight), "end"
	}
}

// textWidthOf is about how wide a label is drawn.
func textWidthOf(s string) float64 { return glyphWidth * float64(utf8.RuneCountInString(s)) }

func unit2(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + " s" }

// bracket marks the recovery on the time axis. People who were never interrupted need none.
func (p *plot) bracket(r *verdict.Recovery, row int) {
	if r.RecoveryTimeActual == nil || r.EndedBy == verdict.None {
		return
	}
	y := p.top + 10 + bracketHeight*float64(row)
	begin := p.x(float64(*r.FirstEffective))
	end, said := p.x(p.to), "never back"
	how := "back after "
	if slowed(r) {
		how = "slower for "
	}
	if up := r.RecoveryTimeActual.Upper; up != nil {
		end, said = p.x(float64(*r.FirstEffective+*up)), how+bounds(r.RecoveryTimeActual)
	}
	b := bracket{D: "M" + unit(begin) + " " + unit(y-4) + "v8m0-4H" + unit(end) + "m0-4v8", TextX: unit(end + 6),
		TextY: unit(y + 4), Anchor: "start", Text: said}
	if end+6+textWidthOf(said) > plotRight {
		b.TextX, b.Anchor = unit(begin-6), "end"
	}
	p.chart.Brackets = append(p.chart.Brackets, b)
}

// legend names a Region and its marks.
type legend struct{ Mark, Class, Swatch, Name string }

func legendOf(plan *history.Plan) []legend {
	var all []legend
	for i, r := range plan.Regions {
		if i >= maxShapes-1 && len(plan.Regions) > maxShapes {
			return append(all, legend{shape(maxShapes-1, 7, 7), fmt.Sprintf("m%d", maxShapes-1), fmt.Sprintf("s%d", maxShapes-1),
				"other Regions"})
		}
		all = append(all, legend{shape(i, 7, 7), fmt.Sprintf("m%d", i), fmt.Sprintf("s%d", i), words(place(r))})
	}
	return all
}

// phaseBar is one recovery cut into its parts.
type phaseBar struct {
	Probe, Fault, Total string
	Before              string // what those met who came before anybody could get in
	Parts               []phasePart
}

type phasePart struct{ Name, Means, Took, Class, X, W string }

// phaseWidth is that of the bar, in units of its viewBox.
const phaseWidth = 960.0

func (d *drill) phaseBar(r *verdict.Recovery) (phaseBar, bool) {
	all := parts(r.Phases, d.h.Plan.Words(r.Probe))
	total := verdict.Seconds(0)
	for _, p := range all {
		total += p.Took
	}
	if len(all) == 0 || total <= 0 {
		return phaseBar{}, false
	}
	bar := phaseBar{Probe: words(r.Probe), Fault: words(d.h.Plan.Called(r.Fault)), Total: span(total),
		Before: words(sentence(d.before(r)))}
	x := 0.0
	for i, p := range all {
		w := phaseWidth * float64(p.Took/total)
		bar.Parts = append(bar.Parts, phasePart{Name: p.Name, Means: p.Means, Took: span(p.Took),
			Class: fmt.Sprintf("f%d", i), X: unit(x), W: unit(w)})
		x += w
	}
	return bar, true
}

// gauge shows an interval against its objective.
type gauge struct{ From, Width, Objective, Anchor, Label, Title string }

const gaugeWidth = 320.0

func gaugeOf(i *verdict.Interval, objective verdict.Seconds) *gauge {
	if i == nil || objective <= 0 {
		return nil
	}
	most := float64(objective) / 0.8
	up := i.Lower
	if i.Upper != nil {
		up = *i.Upper
	}
	most = max(most, float64(up)*1.1)
	x := func(s verdict.Seconds) float64 { return gaugeWidth * float64(s) / most }
	g := &gauge{From: unit(x(i.Lower)), Width: unit(max(3, x(up)-x(i.Lower))), Objective: unit(x(objective)),
		Anchor: "middle", Label: "objective " + exact(objective)}
	if i.Upper == nil {
		g.Width = unit(gaugeWidth - x(i.Lower))
	}
	switch at := x(objective); {
	case at > gaugeWidth-50:
		g.Anchor = "end"
	case at < 50:
		g.Anchor = "start"
	}
	g.Title = "recovery time actual " + bounds(i) + ", objective " + span(objective)
	return g
}
