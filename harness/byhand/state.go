package byhand

import (
	"maps"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
)

const (
	keptSignIns = 5000        // are remembered, so that a minute of many people is
	toldSignIns = 100         // of them are told
	lately      = time.Minute // in which it counts who was carried where
)

// State is a lab at an instant: what scripts and the page read.
type State struct {
	Name     string           `json:"name"`
	Up       time.Time        `json:"up"` // since when
	At       time.Time        `json:"at"`
	Regions  []Region         `json:"regions"` // the primary first
	Vantages []string         `json:"vantages"`
	Faults   []engine.InForce `json:"faults"` // in the order in which they were broken
	Carried  []Carried        `json:"carried"`
	SignIns  []SignIn         `json:"sign_ins"` // newest first
	Notes    []Note           `json:"notes"`    // newest first: what should not be so
}

// Region of the lab.
type Region struct {
	Name    string   `json:"name"`
	Primary bool     `json:"primary,omitempty"`
	Portal  string   `json:"portal"`           // URL
	Dark    bool     `json:"dark,omitempty"`   // nobody at all can be carried by it
	Faults  []string `json:"faults,omitempty"` // that act on it
}

// Carried is by which Regions those were carried who came in the last minute.
type Carried struct {
	Probe  string         `json:"probe,omitempty"` // empty: people by hand
	Home   string         `json:"home"`            // the Region whose portal they open first
	Good   map[string]int `json:"good"`            // sign-ins by the Region that carried them
	Failed int            `json:"failed"`
	Latest string         `json:"latest,omitempty"` // who carried the last; empty: nobody
}

// SignIn is one sign-in, of a person of the scenario's probes or of somebody who came by a door.
type SignIn struct {
	At      time.Time `json:"at"`              // when its outcome was known
	Person  string    `json:"person"`          // empty: nobody knows
	Probe   string    `json:"probe,omitempty"` // whose people they are; empty: they came by a door, by hand
	From    string    `json:"from"`            // vantage
	Home    string    `json:"home"`            // the Region whose portal they opened first
	Good    bool      `json:"good"`
	Carried string    `json:"carried,omitempty"` // by this Region
	Seconds float64   `json:"seconds,omitempty"` // that it took; 0: nobody knows
	Served  string    `json:"served,omitempty"`  // what they got
	Why     string    `json:"why,omitempty"`     // they got nothing
}

// attempted takes an attempt of a probe's person.
func (l *Lab) attempted(a *history.Attempt) {
	s := SignIn{At: l.standing.Zero().Add(a.Ended.Duration()), Person: a.User, Probe: a.Probe, From: a.From, Home: a.Home,
		Good: a.Outcome == history.Good, Carried: a.Region, Seconds: (a.Ended - a.Due).Seconds()}
	switch {
	case a.Class == history.ClassStopped:
		return // the lab is going down
	case !s.Good:
		s.Why = string(a.Class)
		if a.Detail != "" {
			s.Why += ": " + a.Detail
		}
	}
	l.add(s)
}

// visited takes what became of somebody who came by a door.
func (l *Lab) visited(v harness.Visit) {
	s := SignIn{At: time.Now(), Person: v.Person, From: v.From, Home: v.Place, Good: v.Served != "", Served: v.Served,
		Why: v.Why}
	if s.Good {
		s.Carried = v.Place
	}
	for _, p := range l.o.System.People {
		if p.UserName == v.Person {
			s.Person = p.Name
		}
	}
	l.add(s)
}

func (l *Lab) add(s SignIn) {
	l.mu.Lock()
	l.signIns = append(l.signIns, s)
	l.signIns = l.signIns[max(0, len(l.signIns)-keptSignIns):]
	l.mu.Unlock()
	l.wake()
}

// State of the lab now.
func (l *Lab) State() State {
	now := time.Now()
	l.mu.Lock()
	came := slices.Clone(l.signIns)
	state := State{Name: l.o.Name, Up: l.standing.Zero(), At: now, Vantages: []string{}, SignIns: []SignIn{},
		Notes: append([]Note{}, l.notes...)}
	l.mu.Unlock()
	state.Faults = l.standing.InForce()
	state.Carried = l.carried(came, now)
	state.SignIns = append(state.SignIns, came[max(0, len(came)-toldSignIns):]...)
	slices.Reverse(state.SignIns)
	t := l.o.Plan.Topology
	for _, v := range t.Vantages {
		state.Vantages = append(state.Vantages, v.Name)
	}
	for _, name := range t.Regions() {
		r := Region{Name: name, Primary: name == t.Primary, Portal: l.o.System.Portal(name)}
		for _, f := range state.Faults {
			if f.Region == name {
				r.Faults = append(r.Faults, f.Name)
			}
			r.Dark = r.Dark || f.State == engine.BreakProven && slices.Contains(f.Unreachable, name)
		}
		state.Regions = append(state.Regions, r)
	}
	return state
}

// carried sums up who came lately, by probe in the order of the scenario, then those who came by hand.
func (l *Lab) carried(signIns []SignIn, now time.Time) []Carried {
	all := []Carried{}
	find := func(probe, home string) *Carried {
		i := slices.IndexFunc(all, func(c Carried) bool { return c.Probe == probe && c.Home == home })
		if i < 0 {
			all = append(all, Carried{Probe: probe, Home: home, Good: map[string]int{}})
			i = len(all) - 1
		}
		return &all[i]
	}
	for _, p := range l.o.Plan.Record.Probes {
		if !p.Browser {
			find(p.Name, p.Home)
		}
	}
	for _, s := range signIns {
		if now.Sub(s.At) > lately {
			continue
		}
		c := find(s.Probe, s.Home)
		if c.Latest = s.Carried; s.Good {
			c.Good[s.Carried]++
		} else {
			c.Failed++
		}
	}
	return all
}

// Regions that carried somebody, in the order of their names.
func (c Carried) Regions() []string { return slices.Sorted(maps.Keys(c.Good)) }
