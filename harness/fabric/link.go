package fabric

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// laneKey names one direction of the traffic of connections to one host. The host is the one that was dialled, so the
// answers of a connection from a to b travel on {b, a, host}.
type laneKey struct {
	from, to string
	host     string
}

func (k laneKey) reverse() laneKey { return laneKey{k.to, k.from, k.host} }

// lane is a directed link as the connections to one host see it, so that a rule may be narrowed to hosts.
type lane struct {
	key   laneKey
	seed  uint64
	room  *room
	shape atomic.Pointer[shape]
	dials atomic.Uint64           // that there were
	rules atomic.Pointer[[]*laid] // that act on connections dialled along the lane at later stages; nil: none

	mu    sync.Mutex
	pipes map[*pipe]struct{} // those with a half on this lane
}

// edge of the lane.
func (l *lane) edge() harness.Edge { return harness.Edge{From: l.key.from, To: l.key.to} }

// enter registers a pipe, so that changes of the lane reach it.
func (l *lane) enter(p *pipe) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pipes[p] = struct{}{}
}

func (l *lane) leave(p *pipe) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pipes, p)
}

// standing lists the pipes on the lane.
func (l *lane) standing() []*pipe {
	l.mu.Lock()
	defer l.mu.Unlock()
	pipes := make([]*pipe, 0, len(l.pipes))
	for p := range l.pipes {
		pipes = append(pipes, p)
	}
	return pipes
}

// shapeNow is the shape in force.
func (l *lane) shapeNow() *shape {
	s := l.shape.Load()
	if s.next == nil {
		return s // without a look at the clock
	}
	return s.at(time.Now())
}

// rulesNow are the rules that act at later stages now. One that is overdue acts no more, lifted or not.
func (l *lane) rulesNow() []*laid {
	rules := l.rules.Load()
	if rules == nil {
		return nil
	}
	now := time.Now()
	overdue := func(r *laid) bool { return r.overdue(now) }
	if slices.ContainsFunc(*rules, overdue) {
		return slices.DeleteFunc(slices.Clone(*rules), overdue)
	}
	return *rules
}

func (l *lane) setRules(rules []*laid) {
	if len(rules) == 0 {
		l.rules.Store(nil)
		return
	}
	l.rules.Store(&rules)
}

// set puts a shape in force, wakes whoever waits, and resets the connections dialled along the lane if they are to be
// cut. The swap comes before the list: a connection that is established in between finds the new shape (see
// pipe.establish).
func (l *lane) set(s shape, cut bool) {
	l.shape.Store(&s)
	for _, p := range l.standing() {
		switch {
		case cut && p.there.lane == l && p.established.Load():
			p.fail(syscall.ECONNRESET)
		default:
			p.there.reshaped(l, &s)
			p.back.reshaped(l, &s)
			p.dropLost()
		}
	}
}

// draw is the jitter of an instant: a hash of lane and time rather than a stream, because HTTP/2 groups its frames into
// writes as the scheduler pleases, and a draw for each write would make equal runs differ.
func (l *lane) draw(jitter time.Duration, now time.Time) time.Duration {
	if jitter <= 0 {
		return 0
	}
	return time.Duration(mix(l.seed^uint64(now.UnixNano())) % uint64(jitter))
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
