package fabric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// laid is a rule of the fabric: a harness.Laid.
type laid struct {
	fabric   *Fabric
	rule     linkRule
	canaries []*canary // one an edge
	lease    *time.Timer
	stop     context.CancelFunc // ends what would prove it in force

	began   time.Time // these with fabric.mu
	ended   time.Time
	expired bool
}

var _ harness.Network = (*Fabric)(nil)

// Lay puts a rule in force and returns at once. Holes, latency, jitter and bandwidth act on the bytes that travel along
// the edges, whoever dialled; refuse, reset and http_503 on connections that were dialled along them. Latencies and
// jitters add up, the least bandwidth counts, and any hole holds. A rule that can't act on one of its edges is an error.
func (f *Fabric) layLinks(ctx context.Context, r linkRule) (harness.Laid, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l, err := f.prepare(r)
	if err != nil {
		return nil, fmt.Errorf("laying %s: %w", r.Name, err)
	}
	l.began = time.Now()
	f.rules = append(f.rules, l)
	f.apply(l, r.Mode == refuse || r.Mode == reset)
	l.observe()
	if r.Lease > 0 {
		l.lease = time.AfterFunc(r.Lease, func() { l.lift(true) })
	}
	f.log.Debug("rule laid", "name", r.Name, "mode", string(r.Mode), "edges", len(r.Edges))
	return l, nil
}

// prepare checks a rule and sends its canaries out, before it is in force.
func (f *Fabric) prepare(r linkRule) (*laid, error) {
	if f.closed {
		return nil, ErrClosed
	}
	if err := f.check(r); err != nil {
		return nil, err
	}
	r.Edges, r.Hosts = slices.Clone(r.Edges), slices.Clone(r.Hosts)
	l := &laid{fabric: f, rule: r}
	for i, e := range r.Edges {
		if slices.Contains(r.Edges[:i], e) {
			continue
		}
		if c := f.canary(l, e); c != nil {
			l.canaries = append(l.canaries, c)
		}
	}
	if len(l.canaries) == 0 {
		return nil, errors.New("none of its hosts is reached along its edges")
	}
	return l, nil
}

func (f *Fabric) check(r linkRule) error {
	var errs []error
	if !slices.Contains([]mode{blackhole, refuse, reset, http503, shaping}, r.Mode) {
		errs = append(errs, fmt.Errorf("no mode is called %q", r.Mode))
	}
	if len(r.Edges) == 0 {
		errs = append(errs, errors.New("it has no edge"))
	}
	for _, e := range r.Edges {
		for _, place := range []string{e.From, e.To} {
			if _, known := f.places[place]; !known {
				errs = append(errs, fmt.Errorf("no place is called %q", place))
			} else if f.routes[canaryHost(place)] == nil {
				errs = append(errs, fmt.Errorf("no canary stands in %q", place))
			}
		}
	}
	for _, h := range r.Hosts {
		if _, known := f.routes[h]; !known {
			errs = append(errs, fmt.Errorf("no host is called %q", h))
		}
	}
	if r.Latency < 0 || r.Jitter < 0 || r.Bandwidth < 0 || r.Lease < 0 {
		errs = append(errs, errors.New("latency, jitter, bandwidth and lease are never negative"))
	}
	return errors.Join(errs...)
}

// canary finds the connections that a rule hits on an edge, and puts one of the rule's own among them: a pipe that
// stands before the rule is in force. It is nil where there are none.
func (f *Fabric) canary(l *laid, e harness.Edge) *canary {
	c := &canary{laid: l, edge: e, caller: e.From, callee: e.To, host: canaryHost(e.To)}
	if len(l.rule.Hosts) > 0 {
		at := func(place string) func(string) bool {
			return func(h string) bool { return f.routes[h].place == place }
		}
		i := slices.IndexFunc(l.rule.Hosts, at(e.To))
		if i < 0 && (l.rule.Mode == blackhole || l.rule.Mode == shaping) {
			c.answers, c.caller, c.callee = true, e.To, e.From
			i = slices.IndexFunc(l.rule.Hosts, at(e.From))
		}
		if i < 0 {
			return nil
		}
		c.host = l.rule.Hosts[i]
	}
	c.route = f.routes[canaryHost(c.callee)]
	there, back := f.lane(laneKey{c.caller, c.callee, c.host}), f.lane(laneKey{c.callee, c.caller, c.host})
	c.pipe = between(there, back)
	c.inForce.done, c.healed.done = make(chan struct{}), make(chan struct{})
	return c
}

// hits tells whether the rule acts on a lane.
func (l *laid) hits(k laneKey) bool {
	return slices.Contains(l.rule.Edges, harness.Edge{From: k.from, To: k.to}) &&
		(len(l.rule.Hosts) == 0 || slices.Contains(l.rule.Hosts, k.host))
}

// shapeOf adds the rules on a lane up. A rule that cuts acts on the lane of the dial, and wins over holes on the way
// there and back: all that stood was reset, and a dial is to fail rather than hang. With f.mu held.
func (f *Fabric) shapeOf(k laneKey, now time.Time) shape {
	s := shape{latency: f.base[harness.Edge{From: k.from, To: k.to}], since: now}
	dial := k
	if r := f.routes[k.host]; r != nil && r.place != k.to {
		dial = k.reverse()
	}
	for _, l := range f.rules {
		along, dialled := l.hits(k), l.hits(dial)
		switch r := &l.rule; r.Mode {
		case blackhole:
			s.hole = s.hole || along
			s.lose = s.lose || along && r.Lose
		case refuse:
			s.refuse = s.refuse || dialled
		case reset:
			s.reset = s.reset || dialled
		case http503:
			s.busy = s.busy || dialled
		case shaping:
			if along {
				s.add(r)
			}
		}
	}
	s.hole = s.hole && !s.refuse && !s.reset
	return s
}

// add is what one more rule that shapes does.
func (s *shape) add(r *linkRule) {
	s.latency += r.Latency
	s.jitter += r.Jitter
	if s.bandwidth == 0 || r.Bandwidth > 0 && r.Bandwidth < s.bandwidth {
		s.bandwidth = r.Bandwidth
	}
}

// apply puts the lanes that a rule hits in the shape that the rules now give them. With f.mu held.
func (f *Fabric) apply(l *laid, cut bool) {
	now := time.Now()
	for k, lane := range f.lanes {
		if l.hits(k) || l.hits(k.reverse()) {
			lane.set(f.shapeOf(k, now), cut)
		}
	}
}

// Lift takes this rule alone back; more than once is no error.
func (l *laid) Lift() { l.lift(false) }

func (l *laid) lift(expired bool) {
	f := l.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || !l.ended.IsZero() {
		return
	}
	for _, c := range l.canaries {
		s := f.shapeOf(c.carries(), time.Now())
		c.ceiling = s.least()
	}
	f.rules = slices.DeleteFunc(f.rules, func(other *laid) bool { return other == l })
	f.apply(l, false)
	l.ended, l.expired = time.Now(), expired
	if l.lease != nil {
		l.lease.Stop()
	}
	l.stop()
	l.observeHealing()
	f.log.Debug("rule lifted", "name", l.rule.Name, "expired", expired)
}

// Truth is the fabric's own log of the rule.
func (l *laid) Truth() (began, ended time.Time, expired bool) {
	l.fabric.mu.Lock()
	defer l.fabric.mu.Unlock()
	return l.began, l.ended, l.expired
}
