package fabric

import (
	"context"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// shape is what happens to bytes that travel one way: the base of the link and all the rules on it, added up. It is
// immutable; a change swaps the lane's pointer, so that a standing connection obeys it with its next read or write.
type shape struct {
	latency   time.Duration // one way
	jitter    time.Duration // up to this much more, drawn once an instant
	bandwidth int64         // bytes a second of one connection; 0: no limit
	hole      bool          // bytes are held
	lose      bool          // what is on the lane while it is a hole stays dead
	refuse    bool          // dials along the lane are refused
	reset     bool          // first bytes along the lane reset their connection
	resets    float64       // the share of connections that they reset, where it isn't all
	cut       bool          // all that stood was reset by a rule that refuses or resets
	since     time.Time     // when this shape was put in force

	until time.Time // when the lease of one of its rules ends; zero: none does
	next  *shape    // in force from then on, whether or not the rule has been lifted by then
}

// at is the shape that is in force at an instant. The timers of leases fire late after this process stood still, and an
// overdue rule must not touch another byte before they do.
func (s *shape) at(now time.Time) *shape {
	for s.next != nil && !now.Before(s.until) {
		s = s.next
	}
	return s
}

// faulty tells whether dials or bytes fail.
func (s *shape) faulty() bool { return s.hole || s.refuse || s.reset }

// least is the time that a token takes one way.
func (s *shape) least() time.Duration { return s.latency + s.pace(len(token)) }

// most is the time that n bytes take one way with all the jitter.
func (s *shape) most(n int) time.Duration { return s.latency + s.jitter + s.pace(n) }

// pace is the time that the limited bandwidth takes for n bytes.
func (s *shape) pace(n int) time.Duration {
	if s.bandwidth == 0 {
		return 0
	}
	return time.Duration(float64(n) / float64(s.bandwidth) * float64(time.Second))
}

// traffic is an effect on the bytes and dials of a link.
type traffic interface {
	// of tells whether a rule has it.
	of(t *harness.Traffic) bool
	// change is what a rule that has it does to a lane: bytes travel along one of its edges, or the connections were
	// dialled along one.
	change(s *shape, r *harness.Rule, along, dialled bool)
	// see is nil when the canary saw the effect act on it.
	see(ctx context.Context, c *linkCanary) error
	// misses says by what a new pipe shows that the effect doesn't act on it, where the rules in force, whose shape is
	// want, would show it. With fabric.mu held.
	misses(c *linkCanary, p *pipe, want *shape) string
}

// traffics are all there are. Of those that a rule has, the first hides the others from its canary.
func traffics() [4]traffic { return [...]traffic{hole{}, refusal{}, resetting{}, slowing{}} }

// trafficOf is the effect by which a rule is seen; nil where it has none.
func trafficOf(t *harness.Traffic) traffic {
	for _, effect := range traffics() {
		if effect.of(t) {
			return effect
		}
	}
	return nil
}

// shapeOf adds rules on a lane up. One that refuses or resets acts on the lane of the dial, and where it has cut all
// that stood it wins over holes on the way there and back: a dial is to fail rather than hang. With f.mu held.
func (f *Fabric) shapeOf(k laneKey, now time.Time, rules []*laid) shape {
	s := shape{latency: f.base[harness.Edge{From: k.from, To: k.to}], since: now}
	dial := k
	if r := f.routes[k.host]; r != nil && r.place != k.to {
		dial = k.reverse()
	}
	for _, l := range rules {
		if trafficOf(&l.rule.Effect.Traffic) == nil {
			continue
		}
		along, dialled := l.hits(k), l.hits(dial)
		for _, effect := range traffics() {
			if effect.of(&l.rule.Effect.Traffic) {
				effect.change(&s, &l.rule, along, dialled)
			}
		}
	}
	s.hole = s.hole && !s.cut
	return s
}

// leasedShapeOf is shapeOf, with the shapes that follow when leases end. With f.mu held.
func (f *Fabric) leasedShapeOf(k laneKey, now time.Time, rules []*laid) shape {
	s := f.shapeOf(k, now, rules)
	var first *laid
	for _, l := range rules {
		shapes := trafficOf(&l.rule.Effect.Traffic) != nil && (l.hits(k) || l.hits(k.reverse()))
		if shapes && !l.expires.IsZero() && (first == nil || l.expires.Before(first.expires)) {
			first = l
		}
	}
	if first != nil {
		left := slices.DeleteFunc(slices.Clone(rules), func(l *laid) bool { return l == first })
		next := f.leasedShapeOf(k, first.expires, left)
		s.until, s.next = first.expires, &next
	}
	return s
}
