package measure

import (
	"cmp"
	"math"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// never is an instant that doesn't come.
const never = history.Instant(math.MaxInt64)

// markers are what one probe wrote in the primary Region and what it then saw in every Region: Jepsen's set-full, of
// additions and of removals.
type markers struct {
	probe, home string
	every       history.Instant
	writes      []*write // that were acknowledged, by when
	unsure      []*write // that were sent and not answered
	regions     []string // that were asked, in the plan's order
	reads       map[string][]look
}

// write is a marker that was added, which grants something, or removed, which revokes it.
type write struct {
	of     string // verdict.Grants or verdict.Revocations
	marker int64
	began  history.Instant
	acked  history.Instant
	until  history.Instant // a grant: when its removal was begun, from when on it may be seen or not
	line   int64
}

// look is one read of a Region that was answered.
type look struct {
	began, ended history.Instant
	present      map[int64]bool
	line         int64
}

// shows tells whether a Region has taken a write over, by what it has.
func (l *look) shows(w *write) bool { return l.present[w.marker] == (w.of == verdict.Grants) }

// tells whether a look says something of a write: not of a grant that may be removed again.
func (l *look) tells(w *write) bool { return l.ended <= w.until }

// markersOf sorts a history's operations on markers to the probes that made them, in the plan's order.
func markersOf(h *history.History) []*markers {
	var all []*markers
	of := map[string]*markers{}
	for _, p := range h.Plan.Probes {
		of[p.Name] = &markers{probe: p.Name, home: p.Home, every: p.Every, reads: map[string][]look{}}
		all = append(all, of[p.Name])
	}
	grants := map[string]map[int64]*write{}
	for i := range h.Events {
		op, is := history.Marked.Of(&h.Events[i])
		m := of[op.Probe]
		if !is || m == nil {
			continue
		}
		if grants[m.probe] == nil {
			grants[m.probe] = map[int64]*write{}
		}
		m.take(&op, grants[m.probe], h.Events[i].Seq)
	}
	all = slices.DeleteFunc(all, func(m *markers) bool { return grants[m.probe] == nil })
	for _, m := range all {
		m.sort(h.Plan.Regions)
	}
	return all
}

// take adds one operation. What was refused has changed nothing.
func (m *markers) take(op *history.MarkerOp, grants map[int64]*write, line int64) {
	switch {
	case op.Result == history.MarkerFail:
		return
	case op.Op == history.MarkerRead:
		if op.Result == history.MarkerOK {
			l := look{op.Began, op.Ended, map[int64]bool{}, line}
			for _, id := range op.Present {
				l.present[id] = true
			}
			m.reads[op.Region] = append(m.reads[op.Region], l)
		}
		return
	}
	w := &write{verdict.Grants, op.Marker, op.Began, op.Ended, never, line}
	if op.Op == history.MarkerAdd {
		grants[op.Marker] = w
	} else {
		w.of = verdict.Revocations
		if g := grants[op.Marker]; g != nil {
			g.until = min(g.until, op.Began)
		}
	}
	if op.Result == history.MarkerInfo {
		m.unsure = append(m.unsure, w)
		return
	}
	m.writes = append(m.writes, w)
}

func (m *markers) sort(regions []string) {
	slices.SortStableFunc(m.writes, func(a, b *write) int { return cmp.Compare(a.acked, b.acked) })
	for _, region := range regions {
		if len(m.reads[region]) > 0 {
			m.regions = append(m.regions, region)
		}
		slices.SortStableFunc(m.reads[region], func(a, b look) int { return cmp.Compare(a.began, b.began) })
	}
}

// between are the looks at a Region that were begun at or after one instant and had ended by another.
func (m *markers) between(region string, since, until history.Instant) []look {
	all := m.reads[region]
	first, _ := slices.BinarySearchFunc(all, since, func(l look, t history.Instant) int { return cmp.Compare(l.began, t) })
	last := len(all)
	for last > first && all[last-1].ended > until {
		last--
	}
	return all[first:last]
}

// sight is when a Region was seen to have a write for good: at or after lower, and by upper; never seen is nil.
type sight struct {
	known bool // something was seen of it at all
	lower history.Instant
	upper *history.Instant
	line  int64 // of the look that showed it
}

// sights are those of all writes in a Region, by what every later look has. It goes through the looks once.
func (m *markers) sights(region string) []sight {
	looks := m.reads[region]
	last := m.lastAgainst(looks)
	all := make([]sight, len(m.writes))
	for i, w := range m.writes {
		from, _ := slices.BinarySearchFunc(looks, w.began,
			func(l look, t history.Instant) int { return cmp.Compare(l.began, t) })
		s := &all[i]
		if against := last[i]; against >= 0 {
			s.known, s.lower = true, looks[against].began
			from = max(from, against+1)
		}
		if from < len(looks) && looks[from].tells(w) {
			s.known, s.upper, s.line = true, ptr(looks[from].ended), looks[from].line
		} else if w.until != never {
			s.known = false // it was removed again before it was seen
		}
	}
	return all
}

// lastAgainst is, for every write, the last look that was begun after it and doesn't show it; -1 where all do.
func (m *markers) lastAgainst(looks []look) []int {
	last := make([]int, len(m.writes))
	grants, removed := []int{}, map[int64]int{}
	for i, w := range m.writes {
		last[i] = -1
		if w.of == verdict.Grants {
			grants = append(grants, i)
		} else {
			removed[w.marker] = i
		}
	}
	slices.SortStableFunc(grants, func(a, b int) int { return cmp.Compare(m.writes[a].began, m.writes[b].began) })
	var there []int // grants that a look must show
	next := 0
	for k := range looks {
		l := &looks[k]
		for ; next < len(grants) && m.writes[grants[next]].began <= l.began; next++ {
			there = append(there, grants[next])
		}
		kept := there[:0]
		for _, i := range there {
			if w := m.writes[i]; l.tells(w) {
				if kept = append(kept, i); !l.present[w.marker] {
					last[i] = k
				}
			} else if l.began <= w.until {
				kept = append(kept, i) // an overlapping look that ended later says nothing; the next may
			}
		}
		there = kept
		for id := range l.present {
			if i, is := removed[id]; is && m.writes[i].began <= l.began {
				last[i] = k
			}
		}
	}
	return last
}

// sampleOf is how long after its acknowledgement a write was seen for good.
func sampleOf(w *write, s sight) verdict.Interval {
	i := verdict.Interval{Lower: seconds(max(0, s.lower-w.acked))}
	if s.upper != nil {
		i.Upper = ptr(seconds(max(0, *s.upper-w.acked)))
	}
	return i
}
