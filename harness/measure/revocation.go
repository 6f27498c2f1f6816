package measure

import (
	"cmp"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// removal is an action that took something from a person, from when it was done until it was undone.
type removal struct {
	history.Action
	done, until history.Instant
	line        int64
}

// removals are those that were done. One that the system refused has taken nothing.
func removals(h *history.History) []removal {
	var all []removal
	for _, a := range h.Plan.Actions {
		r := removal{Action: a, done: never, until: never}
		for _, e := range h.Events {
			if a.Revokes == "" || e.Action == nil || e.Action.Name != a.Name {
				continue
			}
			switch e.Action.Change {
			case history.Done:
				if r.done, r.line = e.At, e.Seq; a.For > 0 {
					r.until = e.At + a.For
				}
			case history.Undone:
				r.until = min(r.until, e.At)
			}
		}
		if r.done != never {
			all = append(all, r)
		}
	}
	return all
}

// signedIn tells whether an attempt was a sign-in, and didn't only go on with a session.
func (t try) signedIn() bool {
	return t.Journey == "" || t.Journey == history.SignIn ||
		slices.ContainsFunc(t.Steps, func(s history.Step) bool { return s.Name == history.StepACS })
}

// decided tells whether an attempt was refused by somebody who decides, and didn't only fail to reach them.
func (t try) decided() bool {
	return t.Outcome == history.Bad && slices.Contains([]history.Class{history.ClassIdPLoginRefused,
		history.ClassACSRejected, history.ClassPortalError, history.ClassHTTP4xx, history.ClassSessionLost,
		history.ClassWrongContent}, t.Class)
}

// zombies are the sign-ins as somebody who may no longer: begun after that was taken from them, and let in.
func (d *drill) zombies(r *removal) []try {
	var all []try
	for _, s := range d.series {
		for _, t := range s.tries {
			if r.Revokes == history.RevokesSignIn && t.of(r) && t.Outcome == history.Good && t.signedIn() {
				all = append(all, t)
			}
		}
	}
	return all
}

// of tells whether an attempt is that person's, from after the removal.
func (t try) of(r *removal) bool {
	return t.User == r.Person && t.Began >= r.done && t.Ended <= r.until
}

// countZombies counts them in the recovery points of revocations: those that a Region let in while a fault lasted. A
// Region that nobody wrote for has one too, where it let somebody in.
func (d *drill) countZombies(m *verdict.Measures) {
	for _, r := range removals(d.h) {
		for _, t := range d.zombies(&r) {
			for i := range d.faults {
				if f := &d.faults[i]; f.met(t) {
					p := pointOf(m, f.name, t.Region)
					p.ZombieLogins++
					p.Evidence = append(p.Evidence, t.line)
				}
			}
		}
	}
}

// pointOf is the recovery point of revocations of a fault in a Region.
func pointOf(m *verdict.Measures, fault, region string) *verdict.RecoveryPoint {
	for i := range m.RecoveryPoints {
		if p := &m.RecoveryPoints[i]; p.Fault == fault && p.Region == region && p.Of == verdict.Revocations {
			return p
		}
	}
	m.RecoveryPoints = append(m.RecoveryPoints,
		verdict.RecoveryPoint{Fault: fault, Of: verdict.Revocations, Region: region, Evidence: []int64{}})
	return &m.RecoveryPoints[len(m.RecoveryPoints)-1]
}

// revocations are of every removal and each probe that the person came by.
func revocations(f *Found) any {
	all := []verdict.Revocation{}
	for _, r := range removals(f.History) {
		for _, s := range f.drill.series {
			if v, came := s.revocation(&r); came {
				all = append(all, v)
			}
		}
	}
	return all
}

// revocation goes through a probe's attempts by when they were begun. A session is as old as the sign-in before it.
func (s *series) revocation(r *removal) (v verdict.Revocation, came bool) {
	v = verdict.Revocation{Action: r.Name, Person: r.Person, Probe: s.probe.Name, Of: string(r.Revokes),
		Done: seconds(r.done), Evidence: []int64{r.line}}
	tries := slices.DeleteFunc(slices.Clone(s.tries), func(t try) bool { return t.User != r.Person || t.Ended > r.until })
	slices.SortStableFunc(tries, func(a, b try) int { return cmp.Compare(a.Began, b.Began) })
	fresh, held := end{r: r}, end{r: r}
	session := never // when the one that they have was begun; never: there is none
	for _, t := range tries {
		old := session < r.done && !t.signedIn()
		switch {
		case t.Began < r.done:
		case t.Outcome == history.Good && old:
			held.letIn(t)
			v.Held++
		case t.Outcome == history.Good && r.Revokes == history.RevokesSignIn && t.signedIn():
			fresh.letIn(t)
			v.LetIn++
		case t.decided():
			v.Refused++
			if t.Class != history.ClassSessionLost {
				fresh.refused(t)
			}
			if t.Class == history.ClassSessionLost || old {
				held.refused(t)
			}
		case t.Outcome != history.Good:
			v.Unknown++
		}
		if t.Outcome == history.Good && t.signedIn() {
			session = t.Began
		}
		came = came || t.Began >= r.done
	}
	v.HeldFor = held.interval()
	if v.Enforced = fresh.interval(); r.Revokes == history.RevokesSessions {
		v.Enforced, v.HeldFor, v.LetIn, v.Held = v.HeldFor, nil, v.Held, 0
		fresh = end{}
	}
	v.Evidence = slices.Concat(v.Evidence, fresh.lines(), held.lines())
	return v, came
}

// end is when somebody was let in no more: after the last who was, by the first who was refused since.
type end struct {
	r           *removal
	last, first *try
}

func (e *end) letIn(t try) { e.last, e.first = &t, nil }

func (e *end) refused(t try) {
	if e.first == nil {
		e.first = &t
	}
}

func (e *end) interval() *verdict.Interval {
	lower := history.Instant(0)
	if e.last != nil {
		lower = e.last.Began - e.r.done
	}
	switch {
	case e.first != nil:
		return interval(lower, e.first.Ended-e.r.done)
	case e.last != nil:
		return atLeast(lower)
	}
	return nil
}

func (e *end) lines() (all []int64) {
	for _, t := range []*try{e.last, e.first} {
		if t != nil {
			all = append(all, t.line)
		}
	}
	return all
}
