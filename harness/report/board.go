package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// board is what the screen knows of a run. Noting an attempt costs a few additions; all else is done when it is drawn.
type board struct {
	plan    *history.Plan
	phase   string
	lanes   []*lane
	faults  map[string]*faultState
	actions []*actionState  // in the plan's order
	length  history.Instant // of the drill, from zero, as far as the plan can tell
	end     *history.End
	ended   history.Instant
}

// lane is what one probe has seen, second by second.
type lane struct {
	history.Probe
	seconds []slot // the first is that of the warm-up's start
	latest  history.Attempt
	failure string // what the latest bad attempt said
}

// slot is one second of a lane, by when attempts ended.
type slot struct {
	carried [maxGlyphs]int // good attempts by Region
	bad     int
	worst   history.Instant
}

// faultState is where a fault stands.
type faultState struct {
	change    history.ChangeKind
	since     history.Instant // of the change
	effective *history.Instant
	healing   *history.Instant
}

// Regions are told apart by how dense their glyph is, and by colour where there is any.
var (
	glyphs       = [maxGlyphs]string{"█", "▒", "░", "▓", "▚"}
	glyphColours = [maxGlyphs]string{"34", "33", "36", "35", "37"}
)

const (
	maxGlyphs  = 5 // the last one is of all further Regions
	maxSeconds = 24 * 3600
)

func newBoard() *board { return &board{faults: map[string]*faultState{}} }

// note takes an event in and returns the line that the plain view has for it, if any.
func (b *board) note(e history.Event) string {
	at := stamp(e.At)
	switch {
	case e.Plan != nil:
		b.begin(e.Plan)
		return fmt.Sprintf("%s  %s on %s, seed %d, about %s", at, clean(e.Plan.Scenario), clean(e.Plan.Target), e.Plan.Seed,
			span(verdict.Seconds((b.length + e.Plan.WarmUp).Seconds())))
	case b.plan == nil:
	case e.Phase != nil:
		b.phase = e.Phase.Name
		return at + "  " + phaseWords(e.Phase.Name, b.plan.WordsOfAll())
	case e.Attempt != nil:
		b.attempt(e.Attempt)
	case e.Fault != nil:
		b.fault(e)
		return at + "  " + sentence(e.Fault.Name+": "+detailed(changeWords(e.Fault.Change), e.Fault.Detail))
	case e.Action != nil:
		return at + "  " + sentence(e.Action.Name+": "+detailed(changeWords(e.Action.Change), b.act(e.At, e.Action)))
	case e.Note != nil:
		return at + "  " + sentence(e.Note.Text)
	case e.End != nil:
		b.end, b.ended = e.End, e.At
		if e.End.Reason == history.Lacking { // the error that follows says it
			return ""
		}
		return at + "  " + sentence("The run has ended: "+detailed(e.End.Reason, e.End.Detail))
	}
	return ""
}

func (b *board) fault(e history.Event) {
	s := b.faults[e.Fault.Name]
	if s == nil {
		s = &faultState{}
		b.faults[e.Fault.Name] = s
	}
	s.change, s.since = e.Fault.Change, e.At
	switch e.Fault.Change {
	case history.Effective:
		s.effective = &e.At
	case history.Healing, history.Lost, history.Expired: // whatever comes first ended it
		if s.healing == nil {
			s.healing = &e.At
		}
	}
}

// act takes in a change of an action, and tells what there is to say of it: what it does, or why it failed.
func (b *board) act(at history.Instant, c *history.Change) string {
	i := slices.IndexFunc(b.actions, func(a *actionState) bool { return a.Name == c.Name })
	if i < 0 {
		return c.Detail
	}
	b.actions[i].note(at, c)
	if c.Change == history.Done {
		return cmp.Or(c.Detail, b.actions[i].what())
	}
	return c.Detail
}

// happened is when a fault was in force, as far as it was; ok is false where it never was.
func (b *board) happened(fault string) (since, until history.Instant, ok bool) {
	s := b.faults[fault]
	if s == nil || s.effective == nil {
		return 0, 0, false
	}
	until = b.ended
	if s.healing != nil {
		until = *s.healing
	}
	return *s.effective, until, true
}

func detailed(words, detail string) string {
	if detail == "" {
		return words
	}
	return words + ": " + detail
}

func stamp(at history.Instant) string { return fmt.Sprintf("%+7.1f s", at.Seconds()) }

func phaseWords(phase string, people history.Words) string {
	words := map[string]string{
		history.PhaseProvisioning: "Provisioning.",
		history.PhaseWarmUp:       "Warming up: people " + people.Do + ", nothing is harmed yet.",
		history.PhaseDrill:        "The drill begins.",
		history.PhaseSettling:     "The last fault has ended; watching how it settles.",
		history.PhaseDraining:     "Nobody arrives any more; waiting for those under way.",
	}
	return cmp.Or(words[phase], sentence(phase))
}

func changeWords(c history.ChangeKind) string {
	words := map[history.ChangeKind]string{
		history.Requested: "requested", history.Effective: "proven in force",
		history.Healing: "being healed", history.Healed: "proven healed",
		history.Expired: "lifted itself, because nobody renewed it", history.Lost: "was no longer in force",
		history.Unproven: "could not be proven",
		history.Done:     "done", history.Undone: "undone", history.Failed: "failed",
	}
	return cmp.Or(words[c], clean(string(c)))
}

func (b *board) begin(p *history.Plan) {
	b.plan, b.lanes, b.actions = p, nil, nil
	for _, probe := range p.Probes {
		if !probe.Skipped {
			b.lanes = append(b.lanes, &lane{Probe: probe})
		}
	}
	for _, a := range p.Actions {
		b.actions = append(b.actions, &actionState{Action: a})
	}
	b.length = p.Length()
}

func (b *board) attempt(a *history.Attempt) {
	i := slices.IndexFunc(b.lanes, func(l *lane) bool { return l.Name == a.Probe })
	k := int((a.Ended + b.plan.WarmUp) / 1e6)
	if i < 0 || k < 0 || k > maxSeconds {
		return
	}
	l := b.lanes[i]
	for len(l.seconds) <= k {
		l.seconds = append(l.seconds, slot{})
	}
	s := &l.seconds[k]
	switch a.Outcome {
	case history.Good:
		s.carried[min(max(0, slices.Index(b.plan.Regions, a.Region)), maxGlyphs-1)]++
		s.worst = max(s.worst, a.Ended-a.Due)
	case history.Bad:
		s.bad++
		l.failure = cmp.Or(a.Detail, string(a.Class), string(a.Outcome))
	}
	l.latest = *a
}

// recent sums up the latest seconds of a lane: what was good, by Region, what was bad, and the slowest of the good.
func (l *lane) recent(seconds int) slot {
	var sum slot
	for _, s := range l.seconds[max(0, len(l.seconds)-seconds):] {
		for i, n := range s.carried {
			sum.carried[i] += n
		}
		sum.bad += s.bad
		sum.worst = max(sum.worst, s.worst)
	}
	return sum
}

func (s slot) good() int {
	n := 0
	for _, c := range s.carried {
		n += c
	}
	return n
}

// through is the share of each Region that carried anybody: "eu-west-1 100 %".
func (b *board) through(s slot) string {
	all := s.good() + s.bad
	if all == 0 {
		return "nobody tried"
	}
	var said []string
	for i, n := range s.carried {
		if n > 0 && i < len(b.plan.Regions) {
			name := clean(b.plan.Regions[i])
			if i == maxGlyphs-1 && len(b.plan.Regions) > maxGlyphs {
				name = "other Regions"
			}
			said = append(said, fmt.Sprintf("%s %.0f %%", name, 100*float64(n)/float64(all)))
		}
	}
	if s.bad > 0 {
		said = append(said, fmt.Sprintf("failed %.0f %%", 100*float64(s.bad)/float64(all)))
	}
	return strings.Join(said, ", ")
}

// window is how many seconds back "now" reaches: several of the intervals at which people arrive.
func (l *lane) window() int { return max(5, int(3*l.Every/1e6)) }

// heartbeat is a line of the plain view that says how it stands, for when nothing happens.
func (b *board) heartbeat(now history.Instant) string {
	if b.plan == nil || b.end != nil {
		return ""
	}
	said := []string{}
	for _, l := range b.lanes {
		s := l.recent(l.window())
		words := clean(l.Name) + " " + b.through(s)
		if s.worst > 0 {
			words += " in " + span(verdict.Seconds(s.worst.Seconds()))
		}
		said = append(said, words)
	}
	return fmt.Sprintf("%s  %s; %s", stamp(now), strings.Join(said, "; "), b.left(now))
}

func (b *board) left(now history.Instant) string {
	if left := b.length - now; left > 0 {
		return fmt.Sprintf("%.0f s left", left.Seconds())
	}
	return "finishing"
}

// frame draws the live view, at most width columns and height lines.
func (b *board) frame(now history.Instant, width, height int, color, over bool) []string {
	if b.plan == nil {
		return []string{fit("regiondrill: starting", width)}
	}
	v := &view{board: b, now: now, width: max(20, width), color: color, over: over || b.end != nil}
	if b.end != nil { // what was planned beyond that did not happen
		shown := *b
		v.board, shown.length = &shown, max(1e6, b.ended)
	}
	detail := 2 // lines of charts a probe
	lines := v.lines(detail)
	for ; len(lines) > height && detail > 0; detail-- {
		lines = v.lines(detail - 1)
	}
	if len(lines) > height {
		last := lines[len(lines)-1]
		lines = append(lines[:max(0, height-1)], last)[:max(1, height)]
	}
	return lines
}

// view draws one frame.
type view struct {
	*board
	now         history.Instant
	width       int
	color, over bool
}

const labelWidth = 18

func (v *view) lines(detail int) []string {
	lines := []string{v.title(), ""}
	lines = append(lines, v.axis(), v.timeline())
	for _, f := range v.plan.Faults {
		lines = append(lines, v.faultLine(f))
	}
	for _, a := range v.actions {
		lines = append(lines, v.row(a.Name, v.actionWords(a)+": "+a.what()))
	}
	for _, l := range v.lanes {
		if detail > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, v.row(l.Name, v.laneWords(l)))
		if detail > 0 {
			lines = append(lines, v.chart("  carried by", v.strip(l)))
		}
		if detail > 1 {
			lines = append(lines, v.chart("  slowest", v.spark(l)))
		}
	}
	if detail > 0 {
		lines = append(lines, "", v.key())
	}
	if !v.over {
		lines = append(lines, fit(v.left(v.now)+" · q: heal everything and conclude", v.width))
	}
	return lines
}

func (v *view) paint(colour, s string) string {
	if !v.color {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (v *view) title() string {
	left := fmt.Sprintf("%s · %s · seed %d", clean(v.plan.Scenario), clean(v.plan.Target), v.plan.Seed)
	right := fmt.Sprintf("%s %.0f s of %.0f s", strings.ReplaceAll(clean(v.phase), "_", "-"), v.now.Seconds(),
		v.length.Seconds())
	if v.over {
		right = "over"
	}
	if v.end != nil && v.end.Reason != history.Completed {
		right = fmt.Sprintf("stopped at %.0f s: %s", v.ended.Seconds(), clean(strings.ReplaceAll(v.end.Reason, "_", " ")))
	}
	gap := v.width - displaywidth.String(left) - displaywidth.String(right)
	if gap < 2 {
		return v.paint("1", fit(left, v.width))
	}
	return v.paint("1", left) + strings.Repeat(" ", gap) + right
}

// row is words behind a label.
func (v *view) row(name, words string) string {
	label := fit(clean(name), labelWidth-1)
	label += strings.Repeat(" ", labelWidth-displaywidth.String(label))
	return v.paint("1", label) + fit(words, v.width-labelWidth)
}

func (v *view) chart(name string, cells string) string {
	return strings.TrimRight(fmt.Sprintf("%-*s%s", labelWidth, name, cells), " ")
}

// columns of all charts: from the warm-up's start to the end of the settling.
func (v *view) columns() int { return max(1, v.width-labelWidth) }

// column of an instant, which may lie outside.
func (v *view) column(at history.Instant) int {
	all := max(1, v.length+v.plan.WarmUp)
	return int(int64(at+v.plan.WarmUp) * int64(v.columns()) / int64(all))
}

func (v *view) axis() string {
	cells := []rune(strings.Repeat(" ", v.columns()))
	step := niceStep(v.length.Seconds() / (float64(v.columns()) / 10))
	next := 0
	for s := 0.0; s <= v.length.Seconds(); s += step {
		word := []rune(fmt.Sprintf("%g", s))
		if s == 0 {
			word = []rune("0 s")
		}
		if at := v.column(history.Seconds(s)); at >= next && at+len(word) <= len(cells) {
			copy(cells[at:], word)
			next = at + len(word) + 1
		}
	}
	return v.chart("", strings.TrimRight(string(cells), " "))
}

// niceStep is the least of 1, 2, 5, 10, 20, … that is at least as much.
func niceStep(least float64) float64 {
	for step := 1.0; ; step *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if step*m >= least {
				return step * m
			}
		}
	}
}

// The mark of an action, where it was or will be done.
const (
	actGlyph  = "◆"
	actColour = "35;1"
)

// acts tells whether an action was done in a column; where it wasn't yet, whether it is expected there.
func (v *view) acts(c int) bool {
	return slices.ContainsFunc(v.actions, func(a *actionState) bool {
		switch {
		case a.done != nil:
			return v.column(*a.done) == c
		case a.requested != nil || v.end != nil:
			return false
		}
		return v.column(v.plan.Expected(a.After, a.At)) == c
	})
}

// actionWords is where an action stands.
func (v *view) actionWords(a *actionState) string {
	state := a.state()
	switch {
	case state == "" && v.end != nil:
		return "it did not come to it"
	case state == "" && a.For > 0:
		return fmt.Sprintf("from %s for %s", second(v.plan.Expected(a.After, a.At)), spanOf(a.For))
	case state == "":
		return "at " + second(v.plan.Expected(a.After, a.At))
	case a.done == nil && a.failed == nil && !v.over && v.end == nil:
		return "being done"
	case a.done != nil && a.undone == nil && a.failed == nil && a.For > 0 && !v.over && v.end == nil:
		return fmt.Sprintf("%s, to be undone in %.0f s", state, max(0, (*a.done+a.For-v.now).Seconds()))
	}
	return state
}

// timeline shows how far the run is, and where faults and actions are or will be.
func (v *view) timeline() string {
	var b strings.Builder
	here := v.column(v.now)
	for c := range v.columns() {
		faulty := slices.ContainsFunc(v.plan.Faults, func(f history.Fault) bool {
			begins := v.plan.Begins(f)
			ends := begins + f.For
			if v.end != nil {
				var ok bool
				if begins, ends, ok = v.happened(f.Name); !ok {
					return false
				}
			}
			return c >= v.column(begins) && c < max(v.column(begins)+1, v.column(ends))
		})
		switch past := c <= here || v.over; {
		case v.acts(c):
			b.WriteString(v.paint(actColour, actGlyph))
		case faulty && past:
			b.WriteString(v.paint("31", "▓"))
		case faulty:
			b.WriteString(v.paint("31", "░"))
		case past:
			b.WriteString("━")
		default:
			b.WriteString(v.paint("2", "─"))
		}
	}
	return v.chart("timeline", b.String())
}

func (v *view) faultLine(f history.Fault) string {
	what := cmp.Or(clean(f.Summary), clean(f.Kind))
	s := v.faults[f.Name]
	if s == nil && v.end != nil {
		return v.row(f.Name, what+": it did not come to it")
	}
	if s == nil {
		return v.row(f.Name, fmt.Sprintf("%s, from %s s for %s", what,
			trimZero(fmt.Sprintf("%.1f", v.plan.Begins(f).Seconds())), span(verdict.Seconds(f.For.Seconds()))))
	}
	words := changeWords(s.change)
	if since, until, ok := v.happened(f.Name); ok && v.end != nil {
		words = fmt.Sprintf("%s; in force for %s", words, span(verdict.Seconds((until - since).Seconds())))
	}
	if s.change == history.Effective && !v.over {
		words = fmt.Sprintf("in force for %.0f s, %.0f s to go", (v.now - s.since).Seconds(),
			max(0, (s.since+f.For-v.now).Seconds()))
	}
	return v.row(f.Name, what+": "+words)
}

func (v *view) laneWords(l *lane) string {
	s := l.recent(l.window())
	words := v.through(s)
	if s.worst > 0 {
		words += " · in at most " + span(verdict.Seconds(s.worst.Seconds()))
	}
	if s.bad > 0 {
		words += " · " + clean(l.failure)
	}
	return words
}

// gather sums the seconds of a lane that one column shows; ok is false where nobody has been yet.
func (v *view) gather(l *lane, c int) (sum slot, ok bool) {
	all := v.length + v.plan.WarmUp
	from, to := int(int64(all)*int64(c)/int64(v.columns())/1e6), int(int64(all)*int64(c+1)/int64(v.columns())/1e6)
	for k := from; k < max(to, from+1) && k < len(l.seconds); k++ {
		s := l.seconds[k]
		for i, n := range s.carried {
			sum.carried[i] += n
		}
		sum.bad += s.bad
		sum.worst = max(sum.worst, s.worst)
		ok = true
	}
	return sum, ok
}

// strip shows which Region carried most in each column, and where anybody failed.
func (v *view) strip(l *lane) string {
	var b strings.Builder
	for c := range v.columns() {
		s, ok := v.gather(l, c)
		most := 0
		for i := range s.carried {
			if s.carried[i] > s.carried[most] {
				most = i
			}
		}
		switch {
		case !ok:
			return b.String()
		case s.bad > s.good():
			b.WriteString(v.paint("31;1", "×"))
		case s.good() == 0:
			b.WriteString(" ")
		default:
			b.WriteString(v.paint(glyphColours[most], glyphs[most]))
		}
	}
	return b.String()
}

// spark shows the slowest good sign-in of each column, against the slowest of all probes.
func (v *view) spark(l *lane) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	most := history.Instant(1)
	for _, other := range v.lanes { // one scale for all, or a quick probe would look as slow as a slow one
		for _, s := range other.seconds {
			most = max(most, s.worst)
		}
	}
	var b strings.Builder
	for c := range v.columns() {
		s, ok := v.gather(l, c)
		if !ok {
			break
		}
		level := int((int64(s.worst)*int64(len(bars)-1) + int64(most) - 1) / int64(most))
		b.WriteRune(bars[min(level, len(bars)-1)])
	}
	return b.String()
}

func (v *view) key() string {
	var plain, painted []string
	add := func(colour, glyph, name string) {
		plain, painted = append(plain, glyph+" "+name), append(painted, v.paint(colour, glyph)+" "+name)
	}
	for i, r := range v.plan.Regions[:min(len(v.plan.Regions), maxGlyphs)] {
		if i == maxGlyphs-1 && len(v.plan.Regions) > maxGlyphs {
			r = "other Regions"
		}
		add(glyphColours[i], glyphs[i], clean(r))
	}
	add("31;1", "×", "failed")
	if len(v.actions) > 0 {
		add(actColour, actGlyph, "action")
	}
	const gap = "   "
	if words := strings.Join(plain, gap); displaywidth.String(words) > v.width {
		return fit(words, v.width)
	}
	return strings.Join(painted, gap)
}

// fit cuts words to a width in columns.
func fit(s string, width int) string { return short(s, max(1, width)) }
