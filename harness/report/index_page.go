package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

var (
	//go:embed index.html.tmpl
	indexTemplate string
	//go:embed index.js
	indexScript string
)

// indexPage is what the template of index.html is given. What there is one of for each run is written by hand: a
// template takes a second for ten thousand of them.
type indexPage struct {
	Title, Span, Headline string
	Style                 template.CSS
	Script                template.JS
	Hash                  string // of the script, the only one that the page may run
	Most                  int
	Scenarios             []string
	Grades                []gradeView
	Series, Rows          template.HTML
	Skipped               []string
}

// IndexPage writes the runs of a folder as one page, which lies in that folder and needs nothing but the reports that
// it leads to.
func IndexPage(w io.Writer, s *runs.Shelf) error {
	t, err := template.New("index").Parse(indexTemplate)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	_, style, _ := strings.Cut(pageTemplate, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(indexScript))
	all := s.Standing()
	var rows, series string
	var written sync.WaitGroup
	written.Go(func() { rows = rowsHTML(all) })
	series = seriesHTML(s) // of thousands of runs each takes its time
	written.Wait()
	p := indexPage{Title: "Past runs", Headline: headlineOf(all), Most: sparkPoints,
		Hash:   base64.StdEncoding.EncodeToString(sum[:]),
		Style:  template.CSS(style),      //nolint:gosec // it is ours
		Script: template.JS(indexScript), //nolint:gosec // it is ours
		Series: template.HTML(series),    //nolint:gosec // all words in it are escaped
		Rows:   template.HTML(rows),      //nolint:gosec // all words in it are escaped
		Grades: []gradeView{viewOf(verdict.Pass), viewOf(verdict.Fail), viewOf(verdict.Unknown), viewOf(verdict.Skipped)}}
	if len(all) > 0 {
		p.Span = verdict.Between(dayOf(all[len(all)-1].Begun), dayOf(all[0].Begun))
	}
	for i := range all {
		p.Scenarios = append(p.Scenarios, all[i].Scenario)
	}
	slices.Sort(p.Scenarios)
	p.Scenarios = slices.Compact(p.Scenarios)
	for _, skipped := range s.Skipped {
		p.Skipped = append(p.Skipped, words(skipped.Folder+": "+skipped.Why))
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// headlineOf counts the runs.
func headlineOf(all []runs.Run) string {
	count, simulated := map[verdict.Grade]int{}, 0
	scenarios := map[string]bool{}
	for i := range all {
		count[gradeOf(all[i].Grade)]++
		scenarios[all[i].Scenario] = true
		if all[i].Virtual {
			simulated++
		}
	}
	said := fmt.Sprintf("%s of %s: %s passed", plural(len(all), "run"), plural(len(scenarios), "scenario"),
		group(count[verdict.Pass]))
	for _, other := range []struct {
		n    int
		word string
	}{{count[verdict.Fail], "failed"}, {count[verdict.Unknown], "unknown"}, {count[verdict.Skipped], "skipped"}} {
		if other.n > 0 {
			said += ", " + group(other.n) + " " + other.word
		}
	}
	if simulated > 0 {
		said += "; " + group(simulated) + " simulated"
	}
	return said + "."
}

// rowsHTML are the rows of the table.
func rowsHTML(all []runs.Run) string {
	var b strings.Builder
	b.Grow(600 * len(all))
	escaped := map[string]string{} // words that many runs have
	say := func(s string) string {
		e, known := escaped[s]
		if !known {
			e = template.HTMLEscapeString(words(s))
			escaped[s] = e
		}
		return e
	}
	for i := range all {
		r := &all[i]
		begun := r.Begun.UTC().Format("2006-01-02 15:04:05")
		grade := viewOf(r.Grade)
		b.WriteString(`<tr data-t="` + begun + `" data-s="` + say(r.Scenario) + `" data-g="` + grade.Class + `" data-u="` +
			slowestOf(r) + `"><th scope="row" class="nowrap">`)
		b.WriteString(linked(r, begun[:16]))
		if name := r.Folder; !strings.HasPrefix(name, stampOf(r.Begun)[:9]) || strings.Contains(name, "/") {
			b.WriteString(`<div class="c">` + template.HTMLEscapeString(words(name)) + `</div>`)
		}
		b.WriteString(`</th><td>` + say(r.Scenario) + `</td><td><span class="grade ` + grade.Class +
			`"><span aria-hidden="true">` + grade.Sign + `</span>` + grade.Word + `</span>`)
		if r.Virtual {
			b.WriteString(` <span class="c">simulated</span>`)
		}
		b.WriteString(`</td><td class="words">` + template.HTMLEscapeString(words(RunWords(r))) + `</td><td>` + say(r.Target))
		if r.Environment != "" {
			b.WriteString(` <span class="c">` + say(r.Environment) + `</span>`)
		}
		b.WriteString("</td></tr>\n")
	}
	return b.String()
}

func stampOf(at time.Time) string { return at.UTC().Format("20060102T150405Z") }

// slowestOf is the longest upper bound of a run's recoveries as a number to sort by; that of who never recovered is
// behind all others.
func slowestOf(r *runs.Run) string {
	slowest := -1.0
	for _, of := range r.Recoveries {
		switch {
		case !of.Told || r.LeftOut != "":
		case of.Never || of.Upper == nil:
			slowest = max(slowest, 1e9)
		default:
			slowest = max(slowest, float64(*of.Upper))
		}
	}
	if slowest < 0 {
		return ""
	}
	return strconv.FormatFloat(slowest, 'f', -1, 64)
}

// linked is a word that leads to the report of a run, where there is one.
func linked(r *runs.Run, word string) string {
	if !r.Report {
		return word
	}
	return `<a href="` + pageLink(r.Folder, r.Page()) + `">` + word + `</a>`
}

func reportLink(folder string) string { return pageLink(folder, "report.html") }

func pageLink(folder, page string) string {
	u := url.URL{Path: folder + "/" + page}
	return template.HTMLEscapeString(u.String())
}

// sparkPoints is how many runs of a measure are drawn.
const sparkPoints = 60

// seriesHTML draws each recovery over time, its phases below it.
func seriesHTML(s *runs.Shelf) string {
	pages := map[string]bool{}
	for i := range s.Runs {
		pages[s.Runs[i].Folder] = s.Runs[i].Report
	}
	var b strings.Builder
	all := runs.SeriesOf(s.Single())
	for i, m := range all {
		if m.Phase != "" {
			continue
		}
		b.WriteString(`<figure><h3>` + template.HTMLEscapeString(words(seriesPlace(m))) + `</h3><p class="soft">` +
			template.HTMLEscapeString(words(seriesName(m))) + `<br><span class="now">` +
			template.HTMLEscapeString(lastWords(m)) + `</span> ` + template.HTMLEscapeString(missWords(m)) + `</p>`)
		b.WriteString(spark(m, 300, 64, pages))
		var parts strings.Builder
		for _, other := range all[i+1:] {
			if other.Phase == "" {
				break
			}
			if samePair(m, other) && slices.ContainsFunc(other.Points, func(p runs.Point) bool { return p.Value > 0 }) {
				parts.WriteString(`<dt>` + template.HTMLEscapeString(words(other.Phase)) + `</dt><dd>` +
					spark(other, 200, 20, nil) + `</dd><dd>` + span(other.Points[len(other.Points)-1].Value) + `</dd>`)
			}
		}
		if parts.Len() > 0 {
			b.WriteString(`<details><summary>phases</summary><dl>` + parts.String() + `</dl></details>`)
		}
		b.WriteString("</figure>\n")
	}
	return b.String()
}

func samePair(a, b *runs.Series) bool {
	return a.Scenario == b.Scenario && a.Target == b.Target && a.Environment == b.Environment && a.Probe == b.Probe &&
		a.Fault == b.Fault
}

func lastWords(m *runs.Series) string {
	p := m.Points[len(m.Points)-1]
	if p.Never {
		return "never in " + floor(p.Value)
	}
	return boundsAgainst(&verdict.Interval{Lower: p.Lower, Upper: &p.Value}, p.Within)
}

func missWords(m *runs.Series) string {
	missed := 0
	for _, p := range m.Points {
		if p.Grade == verdict.Fail {
			missed++
		}
	}
	if last := m.Points[len(m.Points)-1]; last.Within != nil {
		return fmt.Sprintf("of %s; missed in %d of %d", exact(*last.Within), missed, len(m.Points))
	}
	return fmt.Sprintf("missed in %d of %d", missed, len(m.Points))
}

// spark draws a measure over time. Its marks lead to the reports that are there.
func spark(m *runs.Series, width, height float64, pages map[string]bool) string {
	points := m.Points[max(0, len(m.Points)-sparkPoints):]
	top := 1e-6
	for _, p := range points {
		if !p.Never { // those stand above all others
			top = max(top, float64(p.Value))
		}
	}
	within := points[len(points)-1].Within
	if within != nil {
		top = max(top, float64(*within))
	}
	y := func(v verdict.Seconds) float64 { return math.Round(10*(height-3-(height-8)*float64(v)/top)) / 10 }
	step := (width - 10) / float64(max(len(points)-1, 9)) // a few don't spread over all of it
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="spark" viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height,
		template.HTMLEscapeString(words(seriesName(m))))
	if within != nil {
		fmt.Fprintf(&b, `<path class="limit" d="M0 %gH%g"/>`, y(*within), width)
	}
	var bars, plain strings.Builder
	var marked []string
	for i, p := range points {
		x := math.Round(10*(5+step*float64(i))) / 10
		if m.Phase == "" && !p.Never {
			fmt.Fprintf(&bars, "M%g %gV%g", x, y(p.Lower), y(p.Value))
		}
		at := y(p.Value)
		if p.Never {
			at = 0
		}
		shape := shapeOf(p, x, at)
		if m.Phase != "" {
			shape = circle(map[bool]string{true: "x", false: "u"}[p.Grade == verdict.Fail], x, at)
		}
		if (p.Grade == verdict.Fail || i == len(points)-1) && pages[p.Folder] {
			shape = `<a href="` + reportLink(p.Folder) + `"><title>` + stampOf(p.Begun) + `</title>` + shape + `</a>`
		}
		if p.Grade == verdict.Fail && m.Phase == "" {
			marked = append(marked, shape)
		} else {
			plain.WriteString(shape)
		}
	}
	if bars.Len() > 0 {
		b.WriteString(`<path class="i" d="` + bars.String() + `"/>`)
	}
	b.WriteString(plain.String() + strings.Join(marked, "") + `</svg>`)
	return b.String()
}

// shapeOf is the mark of one run: its shape tells what its colour does.
func shapeOf(p runs.Point, x, y float64) string {
	switch {
	case p.Never:
		return fmt.Sprintf(`<circle class="n" cx="%g" cy="%g" r="3.5"/>`, x, y)
	case p.Grade == verdict.Fail:
		return fmt.Sprintf(`<path class="x" d="M%g %gl4 4l-4 4l-4 -4z"/>`, x, y-4)
	case p.Grade == verdict.Unknown:
		return circle("q", x, y)
	}
	return circle("u", x, y)
}

func circle(class string, x, y float64) string {
	return fmt.Sprintf(`<circle class="%s" cx="%g" cy="%g" r="2.2"/>`, class, x, y)
}
