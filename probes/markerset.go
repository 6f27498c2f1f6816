package probes

import (
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/harness/history"
)

// membership is a user who is in the group, or is about to be.
type membership struct {
	marker   int64
	id, user string // id: empty until it was acknowledged
}

// markerSet is what an administrator has put into a group. Every other marker is there to stay, as long as there are
// users; the others go again a few attempts later, when most Regions have had time to see them.
type markerSet struct {
	mu    sync.Mutex
	free  []string // users who aren't in the group, by id
	last  int64    // the marker that was added last
	stay  []*membership
	brief []*membership

	known   map[string]int64 // markers by the id of their membership
	pending map[string]int64 // markers by user, that have no id yet
}

// lastsFor is how many of those that go again are in the group at a time, so that each is in it for twice as many
// attempts.
const lastsFor = 3

func newMarkerSet() markerSet {
	return markerSet{known: map[string]int64{}, pending: map[string]int64{}}
}

// next is what the attempt adds, and what every other one removes. What they are isn't touched by another attempt.
func (s *markerSet) next(attempt int64) (add, remove *membership) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) > 0 {
		s.last++
		add = &membership{marker: s.last, user: s.free[0]}
		s.free = s.free[1:]
		s.pending[add.user] = add.marker
	}
	switch {
	case attempt%2 == 1 && len(s.brief) > lastsFor:
		remove, s.brief = s.brief[0], s.brief[1:]
	case len(s.free) == 0:
		remove = s.oldest()
	}
	return add, remove
}

// oldest takes out the marker that is there for longest, whatever it is for; nil where there is none.
func (s *markerSet) oldest() (m *membership) {
	switch {
	case len(s.brief) == 0 && len(s.stay) == 0:
	case len(s.stay) == 0 || len(s.brief) > 0 && s.brief[0].marker < s.stay[0].marker:
		m, s.brief = s.brief[0], s.brief[1:]
	default:
		m, s.stay = s.stay[0], s.stay[1:]
	}
	return m
}

// changed keeps what came of a change. A user of whom it isn't known stays pending for good.
func (s *markerSet) changed(what history.MarkerDo, m *membership, is history.MarkerIs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := what == history.MarkerAdd
	switch {
	case added && is == history.MarkerOK:
		s.known[m.id] = m.marker
		delete(s.pending, m.user)
		if m.marker%2 == 0 {
			s.stay = append(s.stay, m)
		} else {
			s.brief = append(s.brief, m)
		}
	case added && is == history.MarkerFail:
		delete(s.pending, m.user)
		s.free = append(s.free, m.user)
	case !added && is == history.MarkerOK:
		s.free = append(s.free, m.user)
	case !added && is == history.MarkerFail:
		s.brief = slices.Insert(s.brief, 0, m)
	}
}

// markers are those that memberships are, in order.
func (s *markerSet) markers(of []membership) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []int64{}
	for _, m := range of {
		marker, known := s.known[m.id]
		if !known {
			marker, known = s.pending[m.user]
		}
		if known {
			all = append(all, marker)
		}
	}
	slices.Sort(all)
	return all
}
