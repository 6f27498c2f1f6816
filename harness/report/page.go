package report

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

//go:embed page.html.tmpl
var pageTemplate string

// page is what the template of report.html is given. All words in it are strings, which html/template escapes.
type page struct {
	Title  string
	Grade  gradeView
	Drills []*pageDrill
}

type gradeView struct{ Class, Sign, Word string }

type pageDrill struct {
	ID              string
	Set             string // of many drills: where their own page is
	Grade           gradeView
	Name, About     string
	Headline        string
	Banners         []string
	Number          *number
	Tiles           []tile
	Legend          []legend
	Charts          []*chart
	People          history.Words // of what those of all probes do
	Phases          []phaseBar
	Findings        []findingRow
	Windows         []windowRow
	OneFault        string
	Dropped         bool // some were, in some window
	Unclear         bool
	Classes         []classRow
	Valid           gradeView
	Validity        string
	Notes           []string
	OneDraw         string
	Advice          []string // what to do
	Outside         bool     // some attempts are in no window
	Slips           []slipRow
	Shots           []shot
	LeftOut         []string
	Probes          []probeRow
	Faults          []faultRow
	Actions         []actionRow
	Checks          []checkRow
	Facts           []fact
	Commands        []string
	Started, Lasted string
}

type (
	tile       struct{ Name, Value, Note string }
	findingRow struct {
		Grade                          gradeView
		Name, Objective, Actual, Words string
	}
	windowRow struct {
		Probe, Window, Fault                  string
		Carried                               []string
		Attempts, Good, Bad, Dropped, Unknown string
		Availability, P50, P95, P99, Max      string
		First                                 bool // of its probe and fault
	}
	classRow struct{ Probe, Window, Class, Count, Said string }
	slipRow  struct{ Probe, Slip, Share string }
	probeRow struct{ Name, Kind, From, Home, Every, Limit, Settings, Note string }
	faultRow struct {
		Name, What, Asked, Requested, Effective, Healing, Healed string
		Edges                                                    []string
	}
	checkRow struct{ Name, Kind, Settings string }
	fact     struct{ Name, Value string }
)

// maxWords bounds any single text of the page, in runes.
const maxWords = 600

// maxEdges bounds how many edges of a fault the page lists.
const maxEdges = 60

// writePage writes report.html: one file that needs nothing from anywhere, with no script in it.
func writePage(w io.Writer, reports []*Report) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	drills := openAll(reports)
	p := page{Title: fmt.Sprintf("%d drills", len(drills)), Grade: viewOf(Overall(reports))}
	if len(drills) == 1 {
		p.Title = words(drills[0].name())
	}
	album := &album{room: maxPictures}
	for i, d := range drills {
		v := d.page(album)
		v.ID = fmt.Sprintf("drill-%d", i+1)
		p.Drills = append(p.Drills, v)
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

func viewOf(g verdict.Grade) gradeView {
	g = gradeOf(g)
	return gradeView{Class: string(g), Sign: marks[g].sign, Word: gradeWord(g)}
}

// words are made harmless and cut to what a page bears.
func words(s string) string { return short(clean(s), maxWords) }

func capital(s string) string {
	for _, ours := range []string{"nobody can say", "nothing was asked", "the drill was not run"} {
		if strings.HasPrefix(s, ours) {
			return strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return s
}

func (d *drill) page(a *album) *pageDrill {
	v := &pageDrill{Grade: viewOf(d.Grade), Name: words(d.name()), About: words(d.h.Plan.About),
		Headline: capital(words(d.headline())), Lasted: span(d.Seconds), Number: d.number(), Tiles: d.tiles(),
		Legend: legendOf(&d.h.Plan), Charts: d.charts(), People: d.h.Plan.WordsOfAll()}
	if !d.Started.IsZero() {
		v.Started = d.Started.UTC().Format("2 January 2006, 15:04:05 UTC")
	}
	v.Banners, v.Set = d.banners(), d.called()
	for i := range d.Recoveries {
		if bar, ok := d.phaseBar(&d.Recoveries[i]); ok {
			v.Phases = append(v.Phases, bar)
		}
	}
	for _, f := range d.Findings {
		v.Findings = append(v.Findings, findingRow{viewOf(f.Grade), words(f.Name), value(f.Objective), measured(f.Actual),
			words(sentence(f.Summary))})
	}
	for _, i := range d.Invariants {
		v.Findings = append(v.Findings, findingRow{viewOf(i.Grade), words(i.Name), "never", plural(i.Violations, "time"),
			"An invariant: it must never happen, whatever fails."})
	}
	for _, said := range d.advice() {
		v.Advice = append(v.Advice, words(sentence(said)))
	}
	d.pageWindows(v)
	d.pageValidity(v)
	v.Shots, v.LeftOut = a.take(d)
	d.pagePlan(v)
	d.pageFacts(v)
	return v
}

func (d *drill) banners() []string {
	var said []string
	if !d.undone() {
		said = append(said, "Not everything was undone. Run: regiondrill recover "+words(d.dir))
	}
	if d.Validity.Grade != verdict.Pass && d.Grade != verdict.Skipped && d.set == nil {
		said = append(said, "The measurement is not valid, so the numbers below prove nothing by themselves.")
	}
	if s := skippedProbes(&d.h.Plan); s != "" {
		said = append(said, words(s))
	}
	return said
}

// number is the one that a reader wants, with its objective.
type number struct {
	Probe, Fault string
	Big, Unit    string
	Ended        string
	Objective    string
	Met          gradeView
	HasGrade     bool
	Gauge        *gauge
}

func (d *drill) number() *number {
	r := d.headlineRecovery()
	if r == nil {
		return nil
	}
	n := &number{Probe: words(r.Probe), Fault: words(d.h.Plan.Called(r.Fault)), Big: bounds(r.RecoveryTimeActual),
		Ended: words(d.endedWords(r))}
	objective, grade := d.objective(r.Probe, r.Fault)
	grade = d.believed(grade)
	if objective != nil {
		n.Objective, n.Met, n.HasGrade = exact(*objective), viewOf(grade), true
		n.Met.Word = map[verdict.Grade]string{verdict.Pass: "MET", verdict.Fail: "MISSED",
			verdict.Unknown: "NOT PROVEN"}[grade]
		n.Met.Word = cmp.Or(n.Met.Word, viewOf(grade).Word)
		n.Big = boundsAgainst(r.RecoveryTimeActual, objective)
		n.Gauge = gaugeOf(r.RecoveryTimeActual, *objective)
	}
	switch {
	case r.EndedBy == verdict.None && r.RecoveryTimeActual != nil:
		n.Big, n.Ended = "not interrupted", "what is shorter than "+ceil(*r.RecoveryTimeActual.Upper)+" could not be seen"
	case r.RecoveryTimeActual != nil:
		if at := strings.LastIndexByte(n.Big, ' '); at > 0 && strings.Count(n.Big, " s")+strings.Count(n.Big, " ms") == 1 {
			n.Big, n.Unit = n.Big[:at], n.Big[at+1:]
		}
	}
	return n
}

// tiles are the few numbers beside the first.
func (d *drill) tiles() []tile {
	r := d.headlineRecovery()
	if r == nil || r.Effective == nil {
		return nil
	}
	l, people := r.Loss, d.h.Plan.Words(r.Probe)
	worst := span(l.ExtraMax) + " at worst"
	if span(l.ExtraMax) == span(l.ExtraMedian) {
		worst = "nobody longer"
	}
	tiles := []tile{
		{first(people.Many) + " that failed", fmt.Sprintf("%s of %s", group(l.Failed), group(l.Attempts)),
			"of " + words(r.Probe) + ", while it lasted"},
		{"Each waited longer", span(l.ExtraMedian), "median of those who " + people.Did + "; " + worst},
	}
	switch {
	case l.Failed >= l.Attempts:
		tiles[1].Value, tiles[1].Note = "–", "nobody was seen to "+people.Do
	case !l.Compared:
		tiles[1].Value, tiles[1].Note = "–", "too few came before it to tell"
	}
	if l.Unseen > 0 {
		tiles[0].Note += fmt.Sprintf("; of %s more nobody knows", group(l.Unseen))
	}
	if r.RecoveredIn != "" {
		tiles = append(tiles, tile{"Carried by", words(regionShort(r.RecoveredIn)), words(r.RecoveredIn)})
	}
	if r.Failback != nil {
		t := tile{"Back home after", bounds(r.Failback), "of healing"}
		switch watched, untold := d.watchedHome(r); {
		case untold:
			t.Name, t.Value, t.Note = "Back home", "can't be told", "watched for only "+floor(watched)
		case r.Failback.Upper == nil:
			t.Name, t.Value, t.Note = "Back home", "not seen", "at least not within "+floor(r.Failback.Lower)
		}
		tiles = append(tiles, t)
	}
	return tiles
}

// first begins words with a capital.
func first(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func regionShort(region string) string {
	if r, known := names.RegionOf(region); known {
		return placeName(r)
	}
	return region
}

func (d *drill) pageWindows(v *pageDrill) {
	for i, w := range d.Windows {
		row := windowRow{Probe: words(w.Probe), Window: windowWords(w.Window), Fault: words(w.Fault),
			Carried: carriedWords(w.Carried), Attempts: group(w.Attempts),
			Good: group(w.Good), Bad: group(w.Bad), Dropped: group(w.Dropped), Unknown: group(w.Unknown),
			Availability: "–", P50: "–", P95: "–", P99: "–", Max: "–"}
		if len(d.h.Plan.Faults) == 1 {
			v.OneFault, row.Fault = row.Fault, "" // the heading tells it
		}
		row.First = i == 0 || d.Windows[i-1].Probe != w.Probe || d.Windows[i-1].Fault != w.Fault
		v.Dropped, v.Unclear = v.Dropped || w.Dropped > 0, v.Unclear || w.Unknown > 0
		if w.Availability != nil {
			row.Availability = percent(*w.Availability)
		}
		if l := w.Latency; l != nil {
			row.P50, row.P95, row.P99, row.Max = span(l.P50), span(l.P95), span(l.P99), span(l.Max)
		}
		v.Windows = append(v.Windows, row)
		for _, class := range sortedKeys(w.Classes) {
			v.Classes = append(v.Classes, classRow{words(w.Probe), windowWords(w.Window) + " " + words(w.Fault), words(class),
				group(w.Classes[class]),
				words(d.said(w.Probe, class))})
		}
	}
}

// said is what the first attempt of a class said.
func (d *drill) said(probe, class string) string {
	for i := range d.h.Attempts {
		if a := &d.h.Attempts[i]; a.Probe == probe && string(a.Class) == class && a.Detail != "" {
			return a.Detail
		}
	}
	return ""
}

func windowWords(window string) string {
	switch window {
	case verdict.Baseline:
		return "before"
	case verdict.Fault:
		return "during"
	case verdict.After:
		return "after"
	}
	return words(window)
}

func carriedWords(carried map[string]int) []string {
	var said []string
	for _, region := range sortedKeys(carried) {
		said = append(said, fmt.Sprintf("%s %s", words(region), group(carried[region])))
	}
	if len(said) == 0 {
		return []string{"nobody"}
	}
	return said
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (d *drill) pageValidity(v *pageDrill) {
	v.Valid = viewOf(d.Validity.Grade)
	v.Valid.Word = map[bool]string{true: "VALID", false: "NOT VALID"}[d.Validity.Grade == verdict.Pass]
	v.Validity = "The measurement is valid: every fault was proven in force throughout and proven healed, " +
		"the warm-up was steady, and the record doesn't contradict itself."
	if d.Validity.Grade != verdict.Pass {
		v.Validity = "The measurement is not valid. Not to know is an answer of its own; it is neither a pass nor a fail."
	}
	if d.drawn() {
		v.OneDraw = oneDraw()
	}
	v.Outside = len(d.Validity.Outside) > 0
	for _, n := range d.notes() {
		v.Notes = append(v.Notes, words(sentence(n)))
	}
	for _, probe := range sortedKeys(d.Validity.ScheduleSlipP99) {
		slip := d.Validity.ScheduleSlipP99[probe]
		row := slipRow{words(probe), span(slip), ""}
		if p := d.h.Plan.Probe(probe); p != nil && p.Every > 0 {
			row.Share = "under 0.1 % of the period"
			if share := 100 * float64(slip) / p.Every.Seconds(); share >= 0.1 {
				row.Share = fmt.Sprintf("%.1f %% of the period", share)
			}
		}
		v.Slips = append(v.Slips, row)
	}
}

func (d *drill) pagePlan(v *pageDrill) {
	for _, p := range d.h.Plan.Probes {
		row := probeRow{Name: words(p.Name), Kind: words(p.Kind), From: words(p.From), Home: words(p.Home),
			Every: exactOf(p.Every), Limit: exactOf(p.Limit), Settings: settings(p.Config)}
		if p.Skipped {
			row.Note = "did not run"
		}
		v.Probes = append(v.Probes, row)
	}
	for _, f := range d.h.Plan.Faults {
		v.Faults = append(v.Faults, d.faultRow(f))
	}
	for _, a := range d.actionStates() {
		v.Actions = append(v.Actions, d.actionRow(a))
	}
	for _, c := range d.h.Plan.Checks {
		v.Checks = append(v.Checks, checkRow{words(c.Name), words(c.Kind), settings(c.Config)})
	}
}

func exactOf(i history.Instant) string { return exact(verdict.Seconds(i.Seconds())) }

func spanOf(i history.Instant) string { return span(verdict.Seconds(i.Seconds())) }

// asked is an instant as the plan has it: "20 s", "dark.healed + 5 s".
func asked(after string, at history.Instant) string {
	if after != "" {
		return words(after) + " + " + exactOf(at)
	}
	return exactOf(at)
}

func (d *drill) faultRow(f history.Fault) faultRow {
	row := faultRow{
		Name: words(f.Name), What: words(f.Summary), Asked: "at " + asked(f.After, f.At) + " for " + exactOf(f.For),
		Requested: "–", Effective: "–", Healing: "–", Healed: "–",
	}
	for _, r := range d.Recoveries {
		if r.Fault == f.Name {
			row.Requested, row.Effective, row.Healing, row.Healed = instant(r.Requested), instant(r.Effective),
				instant(r.Healing), instant(r.Healed)
			break
		}
	}
	for _, e := range d.h.Events {
		if e.Fault != nil && e.Fault.Name == f.Name && e.Fault.Change == history.Effective {
			row.Edges = nil
			for _, edge := range e.Fault.Edges[:min(len(e.Fault.Edges), maxEdges)] {
				row.Edges = append(row.Edges, words(edge.Edge))
			}
		}
	}
	return row
}

// instant is a point on the run's clock.
func instant(s *verdict.Seconds) string {
	if s == nil {
		return "never"
	}
	return fmt.Sprintf("%.3f s", float64(*s))
}

// settings writes a kind's own fields as the scenario has them, on one line.
func settings(config json.RawMessage) string {
	var v any
	if len(config) == 0 || json.Unmarshal(config, &v) != nil {
		return words(string(config))
	}
	m, ok := v.(map[string]any)
	if !ok {
		return words(flow(v))
	}
	var said []string
	for _, k := range sortedKeys(m) {
		said = append(said, k+": "+flow(m[k]))
	}
	return words(strings.Join(said, " · "))
}

// flow is a value in YAML's flow style.
func flow(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var said []string
		for _, k := range sortedKeys(v) {
			if v[k] != "" { // what was not said
				said = append(said, k+": "+flow(v[k]))
			}
		}
		return "{" + strings.Join(said, ", ") + "}"
	case []any:
		var said []string
		for _, e := range v {
			said = append(said, flow(e))
		}
		return "[" + strings.Join(said, ", ") + "]"
	}
	return fmt.Sprint(v)
}

func (d *drill) pageFacts(v *pageDrill) {
	p := &d.h.Plan
	add := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, fact{name, words(value)})
		}
	}
	add("Scenario", d.name())
	add("Target", d.Target)
	add("Environment", p.Environment)
	add("Regions", strings.Join(p.Regions, ", "))
	add("KMS", kmsWords(d.KMS))
	add("Seed", fmt.Sprint(d.Seed))
	seeds := fmt.Sprintf(" --seed %d", d.Seed)
	if p.PhaseSeed != 0 {
		add("Phase", fmt.Sprint(p.PhaseSeed))
		seeds += fmt.Sprintf(" --phase %d", p.PhaseSeed)
	}
	if p.Moved != 0 {
		add("Moved", "what happens came "+exactOf(p.Moved)+" later than the scenario says")
		seeds += " --repeat 1"
	}
	add("Version", d.Version)
	add("Began", v.Started)
	add("Lasted", v.Lasted+" after a warm-up of "+exactOf(p.WarmUp))
	add("Attempts", group(len(d.h.Attempts)))
	for _, said := range d.behind() {
		add("Behind", sentence(said))
	}
	if d.h.End != nil {
		add("Ended", detailed(d.h.End.Reason, d.h.End.Detail))
		add("Undone", map[bool]string{true: "everything", false: "not everything"}[d.h.End.Undone])
	}
	add("Set by flags", strings.Join(p.Sets, " "))
	add("Variables", strings.Join(p.Vars, " "))
	add("Folder", d.dir)
	v.Commands = []string{words(d.again(seeds))}
	if d.dir != "" {
		v.Commands = append(v.Commands, words("regiondrill analyze "+quote(d.dir)))
	}
}

// again is the command that runs the drill once more as it was, with the flags that replay its draws.
func (d *drill) again(seeds string) string {
	p := &d.h.Plan
	run := "regiondrill run " + quote(pathIn(d.dir, history.ScenarioFile)) + " --target " + quote(d.Target) + seeds
	for _, v := range p.Vars {
		run += " --var " + quote(v)
	}
	for _, s := range p.Sets {
		run += " --set " + quote(s)
	}
	if p.WithoutBrowser != "" {
		run += " --without-browser"
	}
	return run
}

func pathIn(dir, file string) string {
	if dir == "" {
		return file
	}
	return strings.TrimSuffix(dir, "/") + "/" + file
}

// Quote makes one word of a POSIX shell's command line.
func Quote(s string) string { return quote(s) }

func quote(s string) string {
	plain := func(r rune) bool {
		return strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@+", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
