package measure

import (
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// lostAfter is how long after a fault a Region must have been watched before what it still doesn't have is lost.
const lostAfter = history.Instant(5_000_000)

// recoveryPoints are, for each fault that was proven, what each Region but the one that was written to lacked while it
// lasted.
func (d *drill) recoveryPoints() []verdict.RecoveryPoint {
	all := []verdict.RecoveryPoint{}
	for _, m := range d.marks {
		for i := range d.faults {
			f := &d.faults[i]
			if f.effective == nil {
				continue
			}
			for _, region := range m.regions {
				for _, of := range []string{verdict.Grants, verdict.Revocations} {
					p := d.recoveryPoint(m, f, region, of)
					if region != m.home || p.Lost > 0 {
						all = append(all, p)
					}
				}
			}
		}
	}
	return all
}

// recoveryPoint is of one Region. It is the time from the oldest write that was acknowledged and is not seen there,
// while the fault lasts, to the fault; of the writes before that one all were seen or are not asked about, so that the
// one before bounds it from above.
func (d *drill) recoveryPoint(m *markers, f *fault, region, of string) verdict.RecoveryPoint {
	p := verdict.RecoveryPoint{Probe: m.probe, Fault: f.name, Of: of, Region: region, Evidence: []int64{}}
	for _, w := range m.unsure {
		if w.of == of && w.began <= *f.first {
			p.Unknown++
		}
	}
	d.lose(&p, m, f)
	if region == m.home {
		return p
	}
	until := f.until(d.end)
	looks := m.between(region, *f.effective, until)
	var before []*write // acknowledged, and to be seen
	for _, w := range m.writes {
		if w.of == of && w.acked <= *f.first && w.until > *f.effective {
			before = append(before, w)
		}
	}
	p.Writes = len(before)
	if n := len(looks); n == 0 || until-looks[n-1].began > (holePeriods+1)*m.every {
		p.Unknown += len(before)
		return p
	}
	d.missing(&p, f, before, looks)
	return p
}

// missing finds what the Region lacked at the end of the fault, or when it was removed again.
func (d *drill) missing(p *verdict.RecoveryPoint, f *fault, before []*write, looks []look) {
	var oldest, earlier *write
	for _, w := range before {
		last := lastTelling(looks, w)
		switch {
		case last == nil:
			p.Unknown++
		case !last.shows(w):
			if p.Stale++; oldest == nil {
				oldest = w
				p.Evidence = []int64{w.line, last.line}
			}
		}
		if oldest == nil {
			earlier = w
		}
	}
	switch {
	case len(before) == 0:
	case oldest == nil:
		p.Actual = interval(0, *f.effective-earlier.acked)
		p.Evidence = []int64{earlier.line, looks[len(looks)-1].line}
	case earlier == nil:
		p.Actual = atLeast(*f.first - oldest.acked)
	default:
		p.Actual = interval(*f.first-oldest.acked, *f.effective-earlier.acked)
	}
}

// lastTelling is the last look that says something of a write; nil where none does.
func lastTelling(looks []look, w *write) *look {
	for i := len(looks) - 1; i >= 0; i-- {
		if looks[i].tells(w) {
			return &looks[i]
		}
	}
	return nil
}

// lose counts what was acknowledged by the fault's end and is seen by no look since then. Where there was too little
// time to look that is unknown.
func (d *drill) lose(p *verdict.RecoveryPoint, m *markers, f *fault) {
	if f.healed == nil {
		return
	}
	looks := m.between(p.Region, *f.healed, f.watch(d.faults, d.end).until)
	enough := len(looks) > 0 && looks[len(looks)-1].began-*f.healed >= lostAfter
	for _, w := range m.writes {
		if w.of != p.Of || w.acked > f.until(d.end) || len(looks) == 0 || !looks[0].tells(w) {
			continue
		}
		seen := slices.ContainsFunc(looks, func(l look) bool { return l.tells(w) && l.shows(w) })
		switch {
		case seen:
		case enough && looks[len(looks)-1].tells(w):
			p.Lost++
		default:
			p.Unknown++
		}
	}
}
