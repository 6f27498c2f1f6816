package measure

import (
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// convergences are, for each fault that was proven healed, how long after that every Region had all that had been
// acknowledged by then.
func convergences(f *Found) any {
	all := []verdict.Convergence{}
	d := f.drill
	for _, m := range d.marks {
		for i := range d.faults {
			if fault := &d.faults[i]; fault.healed != nil {
				all = append(all, d.convergence(m, fault))
			}
		}
	}
	return all
}

// convergence is the slowest Region's. One of which nothing was seen leaves it open.
func (d *drill) convergence(m *markers, f *fault) verdict.Convergence {
	until := f.watch(d.faults, d.end).until
	c := verdict.Convergence{Probe: m.probe, Fault: f.name, Watched: seconds(max(0, until-*f.healed)), Evidence: []int64{}}
	var due []*write
	for _, w := range m.writes {
		if w.acked <= *f.healed && w.until > *f.healed {
			due = append(due, w)
		}
	}
	if c.Writes = len(due); c.Writes == 0 {
		return c
	}
	lower, upper, came := history.Instant(0), history.Instant(0), true
	for _, region := range d.h.Plan.Regions {
		looks := m.between(region, *f.healed, until)
		if len(looks) == 0 {
			c.Unseen = append(c.Unseen, region)
			continue
		}
		last := -1
		for k := range looks {
			if missing(&looks[k], due) > 0 {
				last = k
			}
		}
		if last >= 0 && looks[last].began-*f.healed >= lower {
			lower, c.Slowest = looks[last].began-*f.healed, region
			c.Evidence = []int64{looks[last].line}
		}
		if last+1 < len(looks) {
			upper = max(upper, looks[last+1].ended-*f.healed)
		} else {
			came = false
			c.Missing = max(c.Missing, missing(&looks[last], due))
		}
	}
	if c.Took = interval(lower, upper); !came || len(c.Unseen) > 0 {
		c.Took = atLeast(lower)
	}
	return c
}

// missing counts the writes that a look should show and doesn't.
func missing(l *look, due []*write) (n int) {
	for _, w := range due {
		if l.tells(w) && !l.shows(w) {
			n++
		}
	}
	return n
}
