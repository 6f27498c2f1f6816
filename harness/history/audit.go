package history

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Contradiction is what can't be true of a run that was recorded as it happened. A history that holds one measures
// nothing.
type Contradiction struct {
	Lines    []int64 // sequence numbers of the lines that say so, at most a few; none where something is missing
	Sentence string
}

// String is the sentence with its lines: "lines 12, 14: …".
func (c Contradiction) String() string {
	switch len(c.Lines) {
	case 0:
		return c.Sentence
	case 1:
		return fmt.Sprintf("line %d: %s", c.Lines[0], c.Sentence)
	}
	return fmt.Sprintf("lines %s: %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(c.Lines), " ", ", "), "[]"), c.Sentence)
}

// maxLines bounds how many lines a contradiction names; one that a thousand attempts repeat is still one.
const maxLines = 5

// rounding is how far two instants of one attempt may be apart from what they were, each rounded to the microsecond.
const rounding Instant = 2

// audit gathers contradictions. Those of one kind are one, with how often it occurs.
type audit struct {
	h     *History
	kinds map[string]int // index in found, by kind and name
	found []Contradiction
	times []int
}

// note adds one. What comes again under the same key adds a line.
func (a *audit) note(key string, line int64, format string, args ...any) {
	a.between(key, []int64{line}, format, args...)
}

// between adds one that several lines make together.
func (a *audit) between(key string, lines []int64, format string, args ...any) {
	i, known := a.kinds[key]
	if !known {
		i = len(a.found)
		a.kinds[key] = i
		a.found, a.times = append(a.found, Contradiction{Sentence: fmt.Sprintf(format, args...)}), append(a.times, 0)
	}
	a.times[i]++
	c := &a.found[i]
	c.Lines = append(c.Lines, lines[:max(0, min(len(lines), maxLines-len(c.Lines)))]...)
}

// Audit looks for contradictions in a whole history. Reading does so once, at the door; nobody behind it looks again.
func (h *History) Audit() []Contradiction {
	a := &audit{h: h, kinds: map[string]int{}}
	a.names()
	a.order()
	a.changes()
	a.actions()
	a.attempts()
	a.carried()
	for i, n := range a.times {
		slices.Sort(a.found[i].Lines)
		if n > 1 {
			a.found[i].Sentence += fmt.Sprintf(" (and %d more like it)", n-1)
		}
	}
	return a.found
}

// names of the plan must be told apart.
func (a *audit) names() {
	p, seen := &a.h.Plan, map[string]bool{}
	for _, probe := range p.Probes {
		if seen["probe "+probe.Name] {
			a.note("probes "+probe.Name, 1, "two probes are called %q, so nobody can say whose attempts are whose", probe.Name)
		}
		seen["probe "+probe.Name] = true
	}
	for _, f := range p.Faults {
		if seen["fault "+f.Name] {
			a.note("faults "+f.Name, 1, "two faults are called %q, so nobody can say which of them changed", f.Name)
		}
		seen["fault "+f.Name] = true
	}
	for _, action := range p.Actions {
		if seen["action "+action.Name] {
			a.note("actions "+action.Name, 1, "two actions are called %q, so nobody can say which of them was done", action.Name)
		}
		seen["action "+action.Name] = true
	}
}

// order holds that the lines are numbered one by one, that there is one end, and that nothing follows it.
func (a *audit) order() {
	for _, line := range a.h.misnumbered {
		a.note("seq", line, "its number isn't its place in the file: lines are missing, repeated or out of order")
	}
	end := int64(0)
	for _, e := range a.h.Events {
		switch {
		case e.Type == TypeEnd && end > 0:
			a.note("ends", e.Seq, "the run ended a second time")
		case e.Type == TypeEnd:
			end = e.Seq
		case end > 0 && e.Seq > end:
			a.note("after the end", e.Seq, "something happened after the run's end")
		}
	}
	for i := range a.h.Attempts {
		if end > 0 && a.h.SeqOf[i] > end {
			a.note("after the end", a.h.SeqOf[i], "something happened after the run's end")
		}
	}
}

// saidOf has, by name, the latest event of each change.
type saidOf map[string]map[ChangeKind]Event

func (s saidOf) add(name string, change ChangeKind, e Event) {
	if s[name] == nil {
		s[name] = map[ChangeKind]Event{}
	}
	s[name][change] = e
}

// changes holds the instants of each fault against the order in which a fault can change.
func (a *audit) changes() {
	said := saidOf{}
	for _, e := range a.h.Events {
		if e.Type != TypeFault {
			continue
		}
		name, change := e.Fault.Name, e.Fault.Change
		if a.h.Plan.Fault(name) == nil {
			a.note("unplanned fault "+name, e.Seq, "a fault %q changed, which the plan doesn't have", name)
			continue
		}
		if before, again := said[name][change]; again && once(change) {
			a.between("twice "+name+string(change), []int64{before.Seq, e.Seq}, "%s was %s twice", name, change)
			continue
		}
		said.add(name, change, e)
	}
	for _, f := range a.h.Plan.Faults {
		a.fault(f.Name, said[f.Name])
	}
}

// actions holds each action's changes against their order: requested, then done or failed, then perhaps undone.
func (a *audit) actions() {
	said := saidOf{}
	for _, e := range a.h.Events {
		if e.Type != TypeAction {
			continue
		}
		name, change := e.Action.Name, e.Action.Change
		if a.h.Plan.Action(name) == nil {
			a.note("unplanned action "+name, e.Seq, "an action %q was taken, which the plan doesn't have", name)
			continue
		}
		before, again := said[name][change]
		requested, asked := said[name][Requested]
		done, did := said[name][Done]
		switch {
		case again:
			a.between("twice "+name+string(change), []int64{before.Seq, e.Seq}, "%s was %s twice", name, change)
		case change != Requested && (!asked || e.At < requested.At):
			a.note("unasked "+name, e.Seq, "%s was %s before it was requested", name, change)
		case change == Undone && (!did || e.At < done.At):
			a.note("undone "+name, e.Seq, "%s was undone before it was done", name)
		}
		said.add(name, change, e)
	}
}

// once tells whether a fault changes so at most once.
func once(c ChangeKind) bool {
	return slices.Contains([]ChangeKind{Requested, Effective, Healing, Healed, Expired}, c)
}

// fault holds the order of one fault's changes: requested, effective on the first edge and on the last, healing,
// healed.
func (a *audit) fault(name string, said map[ChangeKind]Event) {
	type point struct {
		what string
		line int64
		at   Instant
	}
	var before *point
	order := []ChangeKind{Requested, Effective, Healing, Healed}
	if _, ok := said[Expired]; ok { // it lifted itself, and was healed before anybody undid it
		order[2] = Expired
	}
	for _, c := range order {
		e, ok := said[c]
		if !ok {
			continue
		}
		first, last := e.Fault.Span(e.At)
		if before != nil && first < before.at {
			a.between("order "+name+string(c), []int64{before.line, e.Seq},
				"%s was %s at %s s and %s at %s s, which is no order that a fault can have", name, before.what, before.at, c, first)
		}
		before = &point{string(c), e.Seq, last}
	}
	if _, ok := said[Requested]; !ok && len(said) > 0 {
		var lines []int64
		for _, e := range said {
			lines = append(lines, e.Seq)
		}
		slices.Sort(lines) // the first few are kept
		a.between("never requested "+name, lines, "%s changed and was never requested", name)
	}
}

// Span is from when to when the edges of a change were proven; both are at where no edge is told.
func (c *Change) Span(at Instant) (first, last Instant) {
	first, last = at, at
	for k, edge := range c.Edges {
		if k == 0 {
			first, last = edge.At, edge.At
		}
		first, last = min(first, edge.At), max(last, edge.At)
	}
	return first, last
}

// attempts holds each attempt against the plan and against itself.
func (a *audit) attempts() {
	numberings := map[string]*numbering{}
	for i := range a.h.Plan.Probes {
		p := &a.h.Plan.Probes[i]
		numberings[p.Name] = newNumbering(p)
	}
	for i := range a.h.Attempts {
		t, line := &a.h.Attempts[i], a.h.SeqOf[i]
		n := numberings[t.Probe]
		if n == nil {
			a.note("unplanned probe "+t.Probe, line, "an attempt of %q, which is no probe of the plan", t.Probe)
			continue
		}
		n.add(a, t.Seq, line)
		n.due = max(n.due, t.Due)
		a.attempt(n.probe, t, line)
	}
	if a.h.End == nil { // what was in flight when the run was killed is missing
		return
	}
	for i := range a.h.Plan.Probes {
		n := numberings[a.h.Plan.Probes[i].Name]
		n.gaps(a)
		n.tail(a)
	}
}

func (a *audit) attempt(p *Probe, t *Attempt, line int64) {
	switch {
	case t.Home != p.Home:
		a.note("home "+p.Name, line, "an attempt of %s has its home in %q; the plan says %q", p.Name, t.Home, p.Home)
	case t.Began < t.Due:
		a.note("began "+p.Name, line, "an attempt of %s began before it was due", p.Name)
	case t.Ended < t.Began:
		a.note("ended "+p.Name, line, "an attempt of %s ended before it began", p.Name)
	}
	switch t.Outcome {
	case Good:
		a.good(p, t, line)
	case Bad, Unknown, Dropped:
	default:
		a.note("outcome "+p.Name+string(t.Outcome), line, "an attempt of %s came out %q, which is no outcome",
			p.Name, t.Outcome)
	}
}

// good holds what only good attempts promise.
func (a *audit) good(p *Probe, t *Attempt, line int64) {
	if p.Limit > 0 && t.Ended-t.Due > p.Limit+rounding {
		a.note("limit "+p.Name, line, "an attempt of %s is called good %s s after it was due, beyond its limit of %s s",
			p.Name, t.Ended-t.Due, p.Limit)
	}
	switch {
	case t.Region == "":
		a.note("no region "+p.Name, line, "a good attempt of %s names no Region that carried it", p.Name)
	case !slices.Contains(a.h.Plan.Regions, t.Region):
		a.note("region "+p.Name+t.Region, line, "a good attempt of %s was carried by %q, which is no Region of the system",
			p.Name, t.Region)
	}
}

// numbering holds that a probe's attempts are numbered one by one from 0, in whatever order they ended.
type numbering struct {
	probe *Probe
	seen  []uint64 // a bit each
	last  int64
	due   Instant // of the latest
}

const wild = 1 << 26 // a hundred a second for a week

func newNumbering(p *Probe) *numbering { return &numbering{probe: p, last: -1, due: math.MinInt64} }

func (n *numbering) add(a *audit, seq, line int64) {
	if seq < 0 || seq >= wild {
		a.note("number "+n.probe.Name, line, "an attempt of %s has the number %d", n.probe.Name, seq)
		return
	}
	for int64(len(n.seen)) <= seq/64 {
		n.seen = append(n.seen, 0)
	}
	bit := uint64(1) << (seq % 64)
	if n.seen[seq/64]&bit != 0 {
		a.note("number twice "+n.probe.Name, line, "attempt %d of %s is there twice", seq, n.probe.Name)
	}
	n.seen[seq/64] |= bit
	n.last = max(n.last, seq)
}

// gaps notes the numbers that are missing.
func (n *numbering) gaps(a *audit) {
	missing, first := int64(0), int64(-1)
	for seq := int64(0); seq <= n.last; seq++ {
		if n.seen[seq/64] == ^uint64(0) {
			seq |= 63
			continue
		}
		if n.seen[seq/64]&(1<<(seq%64)) == 0 {
			if missing++; first < 0 {
				first = seq
			}
		}
	}
	switch {
	case missing == 1:
		a.between("gap "+n.probe.Name, nil, "attempt %d of %s is missing", first, n.probe.Name)
	case missing > 1:
		a.between("gap "+n.probe.Name, nil, "%d attempts of %s are missing, the first of them number %d", missing,
			n.probe.Name, first)
	}
}

// tail notes that a probe's attempts end before the settling does. What a stall at the very end may have swallowed, a
// second or five periods, is not missed.
func (n *numbering) tail(a *audit) {
	i := slices.IndexFunc(a.h.Events, func(e Event) bool { return e.Type == TypePhase && e.Phase.Name == PhaseDraining })
	if n.last < 0 || n.probe.Every <= 0 || i < 0 || a.h.End.Reason != Completed {
		return
	}
	if until := a.h.Events[i].At; until-n.due > max(At(time.Second), 5*n.probe.Every) {
		a.between("tail "+n.probe.Name, nil, "nobody of %s came after %s s, though they should have until %s s",
			n.probe.Name, n.due, until)
	}
}

// force is a span in which a fault says that a Region carries nobody.
type force struct {
	fault, region string
	since, until  Instant
}

// carried holds that nobody began and ended in a Region that, as a fault in force says, could carry nobody.
func (a *audit) carried() {
	var forces []force
	for i := range a.h.Plan.Faults {
		f := &a.h.Plan.Faults[i]
		since, until, ok := a.h.inForce(f.Name)
		for _, region := range f.Isolated() {
			if ok && since < until {
				forces = append(forces, force{f.Name, region, since, until})
			}
		}
	}
	if len(forces) == 0 {
		return
	}
	for i := range a.h.Attempts {
		t := &a.h.Attempts[i]
		for _, f := range forces {
			if t.Outcome == Good && t.Region == f.region && t.Began >= f.since && t.Ended <= f.until {
				a.note("carried "+f.fault+f.region+t.Probe, a.h.SeqOf[i],
					"an attempt of %s was carried by %s while %s, in force, let nobody through", t.Probe, f.region, f.fault)
			}
		}
	}
}

// inForce is from when on the last edge was proven to when the undo began, or the end. A fault that was lost or lifted
// itself says nothing.
func (h *History) inForce(fault string) (since, until Instant, ok bool) {
	until = cmp.Or(h.EndAt, Instant(1<<62))
	for _, e := range h.Events {
		if e.Type != TypeFault || e.Fault.Name != fault {
			continue
		}
		switch e.Fault.Change {
		case Effective:
			_, since = e.Fault.Span(e.At)
			ok = true
		case Healing:
			until = min(until, e.At)
		case Expired, Lost:
			return 0, 0, false
		}
	}
	return since, until, ok
}

// Isolated are the Regions that carry nobody while it is in force. Histories of before the plan said so have it of the
// outage of a whole Region alone.
func (f *Fault) Isolated() []string {
	if len(f.Unreachable) > 0 || f.Kind != "region_outage" || f.Region == "" {
		return f.Unreachable
	}
	for key := range f.Where {
		if key != "region" {
			return nil
		}
	}
	return []string{f.Region}
}
