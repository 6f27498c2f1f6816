package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

//go:embed repetition.html.tmpl
var repetitionTemplate string

// What the template of repetition.html is given. Places are in percent of what they lie in.
type (
	repetitionPage struct {
		Title, Kind, Started string
		Grade                gradeView
		Style                template.CSS // of the page of a drill
		Lead                 string
		Banners              []string
		Tiles                []tile
		Objectives           []setObjective
		Columns              []string // of the table: objectives that are about a time
		Drills               []setDrill
		HowMany              string // drills
		Many                 bool   // so many drills that their table is folded
		Named                bool   // a narrow table names its columns
		Facts                []fact
	}
	setObjective struct {
		Name, Words, Answer string
		Grade               gradeView
		Share               []setShare // how many met it, missed it, and can't be told
		Chart               *setChart
		Bars                []setBar
		BarTicks            []dotTick
		BarsWords           string
		Phases              []setPhase
		Tail                string
	}
	setShare struct {
		Class, Word string
		Drills      int
		Width       float64
	}
	// setChart is the times of one objective: above each drill as a dot, below the share that is not back yet.
	setChart struct {
		Dots      []setDot
		Columns   []setColumn // in place of dots, where there are too many of them
		High      bool
		Median    *dotTick
		Band      *dotSpan // where the median lies
		Objective *dotTick
		Beyond    string // where the objective lies beyond the axis, on its right or left
		Left      bool
		Ticks     []dotTick
		Never     string // how many never recovered, and what is said of them
		Behind    string
		End       float64 // of the axis: what is behind it never recovered
		Curve     string
		Counts    string
	}
	setDot struct {
		X, Y       float64
		Class      string
		Link, Says string
	}
	setColumn struct {
		X, Width float64
		Says     string
		Parts    []setShare
	}
	setBar struct {
		Name, Link, Says string
		Parts            []setPart
	}
	setPart  struct{ Class, Width, Says string }
	setPhase struct{ Class, Name, Took, Means string }
	setDrill struct {
		N            int
		Grade        gradeView
		Link, Remark string
		Seed         string
		Times        []string
	}
)

const (
	dotsMost    = 200 // above which dots would hide each other, and links on them be of no use
	dotColumns  = 60
	barsMost    = 40  // above which bars are too thin to be told apart
	foldedTable = 100 // from which on the table of drills is folded
)

// RepetitionPage writes what many drills conclude together as one page that needs nothing from anywhere, with no script
// in it. link is the address of a drill's own report, by its folder; empty where there is none.
func RepetitionPage(w io.Writer, r *repetition.Result, link func(folder string) string) error {
	t, err := template.New("repetition").Parse(repetitionTemplate)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	p := repetitionPage{Title: words(r.Scenario), Kind: plural(len(r.Runs), "drill"), Grade: viewOf(r.Grade),
		Style: pageStyle(), Lead: words(first(setOutcome(r))), Tiles: setTiles(r), Many: len(r.Runs) >= foldedTable,
		HowMany: plural(len(r.Runs), "drill")}
	switch {
	case r.Virtual:
		p.Kind += " in virtual time"
	case !r.Started.IsZero():
		p.Started = r.Started.UTC().Format("2 January 2006, 15:04:05 UTC")
	}
	if o := leading(r); o != nil && r.Counted > 0 {
		p.Lead = words(managed(o))
	}
	if said := stoppedWords(r); said != "" {
		p.Banners = append(p.Banners, words(sentence(first(said))))
	}
	links := make([]string, len(r.Runs))
	for i, run := range r.Runs {
		if run.Folder != "" {
			links[i] = link(run.Folder)
		}
	}
	for i := range r.Objectives {
		v := setObjectiveOf(&r.Objectives[i], links)
		if v.Words == p.Lead { // it stands above
			v.Words = ""
		}
		p.Objectives = append(p.Objectives, v)
	}
	p.drills(r, links)
	p.facts(r)
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// setTiles are the few numbers of the objective that leads.
func setTiles(r *repetition.Result) []tile {
	discarded := "none discarded"
	if n := len(r.Runs) - r.Counted; n > 0 {
		discarded = group(n) + " discarded"
	}
	tiles := []tile{{"Drills that count", group(r.Counted), discarded}}
	o := leading(r)
	if o == nil || r.Counted == 0 {
		return tiles
	}
	name := words(o.Name)
	least := tile{"Met in at least", leastWords(o), "with " + percent(o.Confidence) + " confidence"}
	if least.Value == "" || o.Answer != "" && o.Answer != inference.Met {
		least.Value, least.Note = "–", sureWords(o)
	}
	tiles = append(tiles, tile{"Met in", fmt.Sprintf("%d of %d", o.Met, o.Met+o.Missed+o.Unknown), name}, least)
	if t := o.Times; t != nil {
		typical := tile{"Typical", "–", "half of them or more " + lapseOf(o.Measure).Never}
		if t.Median != nil {
			typical.Value, typical.Note = span(*t.Median), "median; "+medianBounds(t, o.Confidence)
		}
		worst := tile{"At worst", "–", ""}
		switch {
		case t.NeverRecovered > 0:
			worst.Value, worst.Note = "never", fmt.Sprintf("in %d of %d, %s", t.NeverRecovered, t.N, lapseOf(o.Measure).While)
		case t.Max != nil:
			worst.Value, worst.Note = ceil(*t.Max), "at best "+ceil(*t.Min)
		}
		tiles = append(tiles, typical, worst)
	}
	return tiles
}

func setObjectiveOf(o *repetition.Objective, links []string) setObjective {
	v := setObjective{Name: words(o.Name), Grade: viewOf(o.Grade()), Words: words(managed(o))}
	switch o.Answer {
	case inference.Met, inference.NotMet:
		v.Answer = "To whether it is met as often as was asked, the answer is: " + string(o.Answer) + "."
	case inference.Unknown, inference.Open:
		v.Answer = "Whether it is met as often as was asked can't be told by so many drills."
	}
	all := float64(max(o.Met+o.Missed+o.Unknown, 1))
	for _, s := range []setShare{{"met", "met", o.Met, 0}, {"missed", "missed", o.Missed, 0},
		{"unclear", "can't be told", o.Unknown, 0}} {
		if s.Drills > 0 {
			s.Width = 100 * float64(s.Drills) / all
			v.Share = append(v.Share, s)
		}
	}
	if o.Times != nil {
		v.Chart = setChartOf(o, links)
		v.bars(o, links)
		if o.Times.Tail != nil {
			v.Tail = words(sentence(first(tailWords(o.Times.Tail))))
		}
	}
	return v
}

// setAxis is where the times lie. An objective that is far from all of them would press them together, and is named at
// the edge instead.
func setAxis(o *repetition.Objective) (a axis, objective float64, there bool) {
	a = axis{math.Inf(1), math.Inf(-1), 100}
	for i := range o.Times.Drills {
		if s := &o.Times.Drills[i]; s.Watched != nil {
			a.end = 100 - neverRoom
		} else {
			a.from, a.to = min(a.from, float64(s.Longest())), max(a.to, float64(s.Longest()))
		}
	}
	if a.from > a.to { // nobody ever recovered
		a.from, a.to = 0, 1
		if o.Within != nil {
			a.to = float64(*o.Within)
		}
	}
	room := max(a.to-a.from, 0.02*a.to, 1e-6)
	if o.Within != nil {
		objective = float64(*o.Within)
		if there = objective > a.from-1.5*room && objective < a.to+1.5*room; there {
			a.from, a.to = min(a.from, objective), max(a.to, objective)
		}
	}
	room = 0.04 * max(a.to-a.from, room)
	a.from, a.to = max(a.from-room, 0), a.to+room
	return a, objective, there
}

func setChartOf(o *repetition.Objective, links []string) *setChart {
	t := o.Times
	a, objective, there := setAxis(o)
	c := &setChart{End: a.end, High: t.N > 40, Curve: curveOf(t, a),
		Counts: fmt.Sprintf("%s, by the upper bound of each.", plural(t.N, "drill"))}
	if t.N > dotsMost {
		c.columns(t, a)
	} else {
		for i := range t.Drills {
			c.Dots = append(c.Dots, setDotOf(&t.Drills[i], a, links))
		}
	}
	if t.Median != nil {
		c.Median = &dotTick{a.x(float64(*t.Median)), span(*t.Median)}
	}
	if t.Lower != nil {
		from, to := a.x(float64(*t.Lower)), a.end
		if t.Upper != nil {
			to = a.x(float64(*t.Upper))
		}
		c.Band = &dotSpan{from, math.Round(1000*(to-from)) / 1000}
	}
	switch {
	case there:
		c.Objective = &dotTick{a.x(objective), "objective " + exact(*o.Within)}
	case o.Within != nil:
		c.Beyond, c.Left = "objective "+exact(*o.Within), objective < a.from
	}
	few := 8.0
	if a.to >= long { // their labels are long too
		few = 4
	}
	step := niceTick((a.to - a.from) / few)
	for v := math.Ceil(a.from/step-1e-9) * step; v <= a.to+1e-9; v += step {
		c.Ticks = append(c.Ticks, dotTick{a.x(v), axisWords(v, a.to)})
	}
	if t.NeverRecovered > 0 {
		lapse := lapseOf(o.Measure)
		c.Never = fmt.Sprintf("%d never", t.NeverRecovered)
		c.Behind = fmt.Sprintf("What %s %s stands behind the axis.", lapse.Never, lapse.While)
	}
	return c
}

// axisWords is a time on an axis, all of it in one unit.
func axisWords(v, to float64) string {
	switch {
	case to >= long:
		return span(verdict.Seconds(v))
	case to < 1:
		return strconv.FormatFloat(math.Round(v*1e6)/1e3, 'f', -1, 64) + " ms"
	}
	return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64) + " s"
}

var metClasses = map[verdict.Grade]string{verdict.Pass: "met", verdict.Fail: "missed"}

func metClass(g verdict.Grade) string { return cmp.Or(metClasses[g], "unclear") }

var metClassWords = map[string]string{"met": "met", "missed": "missed", "unclear": "can't be told"}

// setDotOf is one drill. Those of a time would hide each other, so that each lies at another height, the same each
// time.
func setDotOf(s *repetition.Sample, a axis, links []string) setDot {
	_, high := math.Modf((float64(s.Run) - 0.5) / math.Phi)
	d := setDot{X: a.x(float64(s.Longest())), Y: math.Round(100 * (0.1 + 0.8*high)), Class: metClass(s.Grade)}
	if s.Run >= 1 && s.Run <= len(links) {
		d.Link = links[s.Run-1]
	}
	d.Says = fmt.Sprintf("drill %d: %s, %s", s.Run, timeWords(s), metClassWords[d.Class])
	if s.Watched != nil {
		_, wide := math.Modf(float64(s.Run) * math.Sqrt2)
		d.X = math.Round(1000*(a.end+(100-a.end)*(0.2+0.6*wide))) / 1000
	}
	return d
}

func timeWords(s *repetition.Sample) string {
	if s.Watched != nil {
		return "never in " + span(*s.Watched)
	}
	return bounds(&s.Interval)
}

// columns puts drills together that are of about a time.
func (c *setChart) columns(t *repetition.Times, a axis) {
	count := make([]map[string]int, dotColumns+1) // the last: who never recovered
	most := 0
	for i := range t.Drills {
		s := &t.Drills[i]
		at := dotColumns
		if s.Watched == nil {
			at = min(int((float64(s.Longest())-a.from)/(a.to-a.from)*dotColumns), dotColumns-1)
		}
		if count[at] == nil {
			count[at] = map[string]int{}
		}
		count[at][metClass(s.Grade)]++
		if at < dotColumns || t.NeverRecovered == t.N { // else those would press all others flat
			most = max(most, sum(count[at]))
		}
	}
	width := a.end / dotColumns
	for at, classes := range count {
		if classes == nil {
			continue
		}
		v := setColumn{X: math.Round(1000*float64(at)*width) / 1000, Width: math.Round(1000*width) / 1000}
		from := verdict.Seconds(a.from + (a.to-a.from)*float64(at)/dotColumns)
		to := verdict.Seconds(a.from + (a.to-a.from)*float64(at+1)/dotColumns)
		v.Says = bounds(&verdict.Interval{Lower: from, Upper: &to})
		if at == dotColumns {
			v.X, v.Width, v.Says = a.end+(100-a.end)/4, (100-a.end)/2, "never"
		}
		whole := max(most, sum(classes))
		for _, class := range []string{"met", "unclear", "missed"} {
			if n := classes[class]; n > 0 {
				high := math.Round(10000*float64(n)/float64(whole)) / 100
				v.Parts = append(v.Parts, setShare{Class: class, Drills: n, Width: high})
				v.Says += fmt.Sprintf(", %d %s", n, metClassWords[class])
			}
		}
		c.Columns = append(c.Columns, v)
	}
	c.Counts = fmt.Sprintf("%s, by the upper bound of each; the highest column is %s.", plural(t.N, "drill"),
		plural(most, "drill"))
	if never := sum(count[dotColumns]); never > most {
		c.Counts += fmt.Sprintf(" That behind the axis is %s, and drawn no higher.", plural(never, "drill"))
	}
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// curveOf is the share of drills that are not back yet, as a path in a box of 1000 by 100.
func curveOf(t *repetition.Times, a axis) string {
	var times []inference.Time
	for _, s := range t.Drills {
		times = append(times, s.Time())
	}
	path := &strings.Builder{}
	path.WriteString("M0 0")
	number := func(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }
	for _, step := range inference.Survival(times) {
		fmt.Fprintf(path, "H%sV%s", number(10*a.x(step.Seconds)), number(100*(1-step.Out)))
	}
	fmt.Fprintf(path, "H%s", number(10*a.end))
	return path.String()
}

// bars are the phases of each drill, the longest below; of many drills the medians, and those of the slowest.
func (v *setObjective) bars(o *repetition.Objective, links []string) {
	if o.Phases == nil {
		return
	}
	for i, p := range parts(&o.Phases.Phases, history.Words{Do: "get in", Did: "got in"}) {
		v.Phases = append(v.Phases, setPhase{phaseClass(i), p.Name, span(p.Took), p.Means})
	}
	var with []repetition.Sample
	most := 0.0
	for _, s := range o.Times.Drills {
		if s.Phases != nil {
			with = append(with, s)
			most = max(most, lengthOf(s.Phases))
		}
	}
	if len(with) <= barsMost {
		slices.SortStableFunc(with, func(a, b repetition.Sample) int { return cmp.Compare(a.Longest(), b.Longest()) })
		for i := range with {
			b := barOf(with[i].Phases, most)
			b.Name, b.Link, b.Says = strconv.Itoa(with[i].Run), linkOf(links, with[i].Run), timeWords(&with[i])
			v.Bars = append(v.Bars, b)
		}
		v.BarsWords = "Each bar is a drill, by its number; the longest is the last."
		if left := o.Times.N - len(with); left > 0 {
			v.BarsWords += fmt.Sprintf(" The %s that went elsewhere neither in time nor at all %s no phases.",
				plural(left, "drill"), map[bool]string{true: "has", false: "have"}[left == 1])
		}
	} else {
		most = v.summary(o, len(with))
	}
	step := niceTick(most / 5)
	for at := 0.0; at <= most+1e-9; at += step {
		v.BarTicks = append(v.BarTicks, dotTick{math.Round(1e5*at/max(most, 1e-9)) / 1e3, axisWords(at, most)})
	}
}

// summary are the bars of the medians of so many drills, and of the slowest; it returns how long the longer one is.
func (v *setObjective) summary(o *repetition.Objective, drills int) (most float64) {
	names, rows := []string{"medians"}, []verdict.Phases{o.Phases.Phases}
	if tail := o.Times.Tail; tail != nil {
		names = append(names, fmt.Sprintf("slowest %d", tail.N))
		rows = append(rows, longer(&o.Phases.Phases, &tail.Over))
	}
	for i := range rows {
		most = max(most, lengthOf(&rows[i]))
	}
	for i := range rows {
		b := barOf(&rows[i], most)
		b.Name = names[i]
		v.Bars = append(v.Bars, b)
	}
	v.BarsWords = fmt.Sprintf("The medians of each phase over %s, and what the phases of the slowest are on average. "+
		"Medians of parts don't add up to that of the whole.", plural(drills, "drill"))
	return most
}

func linkOf(links []string, run int) string {
	if run >= 1 && run <= len(links) {
		return links[run-1]
	}
	return ""
}

func phaseClass(i int) string { return "p" + strconv.Itoa(i) }

func lengthOf(p *verdict.Phases) float64 {
	return float64(p.Detect + p.Decide + p.Steer + p.Authenticate + p.Stabilise)
}

// longer is what phases are with what they are longer by.
func longer(p, by *verdict.Phases) verdict.Phases {
	return verdict.Phases{Detect: p.Detect + by.Detect, Decide: p.Decide + by.Decide, Steer: p.Steer + by.Steer,
		Authenticate: p.Authenticate + by.Authenticate, Stabilise: p.Stabilise + by.Stabilise}
}

func barOf(p *verdict.Phases, most float64) setBar {
	var b setBar
	for i, part := range parts(p, history.Words{}) {
		if part.Took > 0 {
			width := strconv.FormatFloat(math.Floor(1e5*float64(part.Took)/most)/1e3, 'f', -1, 64)
			b.Parts = append(b.Parts, setPart{phaseClass(i), width, part.Name + " " + span(part.Took)})
		}
	}
	return b
}

// drills is the table of all.
func (p *repetitionPage) drills(r *repetition.Result, links []string) {
	var times []map[int]string
	for i := range r.Objectives {
		o := &r.Objectives[i]
		if o.Times == nil {
			continue
		}
		p.Columns = append(p.Columns, words(o.Name))
		of := map[int]string{}
		for k := range o.Times.Drills {
			of[o.Times.Drills[k].Run] = timeWords(&o.Times.Drills[k])
		}
		times = append(times, of)
	}
	p.Named = len(p.Columns) > 1
	for i, run := range r.Runs {
		d := setDrill{N: i + 1, Grade: viewOf(run.Grade), Link: links[i], Seed: strconv.FormatUint(run.Seed, 10)}
		if run.Discarded != "" {
			d.Grade = gradeView{Class: "skipped", Sign: marks[verdict.Skipped].sign, Word: "DISCARDED"}
			d.Remark = words(sentence(run.Discarded))
		}
		for _, of := range times {
			d.Times = append(d.Times, cmp.Or(of[i+1], "–"))
		}
		p.Drills = append(p.Drills, d)
	}
}

func (p *repetitionPage) facts(r *repetition.Result) {
	asked := plural(r.Rule.Times, "drill")
	if r.Rule.Met > 0 {
		asked = fmt.Sprintf("at most %s, until it is known whether each objective is met in at least %s of all", asked,
			percent(r.Rule.Met))
	}
	p.Facts = []fact{{"Asked for", asked}, {"Confidence", percent(r.Rule.Confidence)}, {"Target", words(r.Target)},
		{"Version", words(r.Version)}}
	if p.Started != "" {
		p.Facts = append(p.Facts, fact{"First began", p.Started})
	}
}
