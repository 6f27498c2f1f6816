package measure

import (
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// sessionSurvivals are of the probes whose people come back with the session that they have, and of each fault that was
// proven.
func sessionSurvivals(f *Found) any {
	all := []verdict.SessionSurvival{}
	d := f.drill
	for _, s := range d.series {
		for i := range d.faults {
			if s.probe.Journey == history.SessionKeep && d.faults[i].effective != nil {
				all = append(all, d.survival(s, &d.faults[i]))
			}
		}
	}
	return all
}

// survival counts, of the people who had a session when the fault came, those who were served by it afterwards and were
// never told to sign in anew, until the next fault or the end. Who was not reached at all says nothing.
func (d *drill) survival(s *series, f *fault) verdict.SessionSurvival {
	v := verdict.SessionSurvival{Probe: s.probe.Name, Fault: f.name, Evidence: []int64{}}
	until := d.end
	if f.healing != nil {
		until = f.watch(d.faults, d.end).until
	}
	had, served, lost := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var people []string // in the order in which they came
	for _, t := range s.tries {
		anew := t.Class == history.ClassSessionLost || t.Outcome == history.Good && t.signedIn()
		switch {
		case t.Ended <= *f.first:
			if t.Outcome == history.Good && !had[t.User] {
				people = append(people, t.User)
			}
			had[t.User] = t.Outcome == history.Good || had[t.User] && t.Class != history.ClassSessionLost
		case t.Began < *f.effective || t.Ended > until || !had[t.User] || lost[t.User]:
		case anew:
			lost[t.User] = true
			v.Evidence = append(v.Evidence, t.line)
		case t.Outcome == history.Good:
			served[t.User] = true
		}
	}
	slices.Sort(people)
	for _, user := range slices.Compact(people) {
		if !had[user] {
			continue
		}
		v.People++
		switch {
		case lost[user]:
			v.Lost++
		case served[user]:
			v.Kept++
		default:
			v.Unknown++
		}
	}
	if v.People > 0 {
		v.Share = &verdict.Share{Lower: float64(v.Kept) / float64(v.People),
			Upper: float64(v.Kept+v.Unknown) / float64(v.People)}
	}
	return v
}
