package fabric

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// laid is a rule of the fabric: a harness.Laid.
type laid struct {
	fabric    *Fabric
	rule      harness.Rule
	id        string
	message   string // of the errors with which it answers calls
	witnesses []*observed
	lease     *time.Timer
	ctx       context.Context // ends when it is lifted, or the fabric closed
	stop      context.CancelFunc

	odds    float64 // the share of requests that it answers
	drawing sync.Mutex
	draws   *mathrand.Rand // of its own: no other rule changes what it draws

	expires time.Time // when its lease ends; zero: never

	began   time.Time // these with fabric.mu
	ended   time.Time
	expired bool
}

var _ harness.Network = (*Fabric)(nil)

// Lay puts a rule in force and returns at once. Holes, latency, jitter and bandwidth act on the bytes that travel along
// the edges, whoever dialled; all else acts on connections that were dialled along them. Latencies and jitters add up,
// the least bandwidth counts, any hole holds, and the first rule that answers a request wins. A rule without effect, or
// one that can't act on one of its edges, is an error.
func (f *Fabric) Lay(ctx context.Context, r harness.Rule) (harness.Laid, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	l, err := f.prepare(r)
	if err != nil {
		return nil, fmt.Errorf("laying %s: %w", r.Name, err)
	}
	if l.began = time.Now(); r.Lease > 0 {
		l.expires = l.began.Add(r.Lease)
	}
	f.rules = append(f.rules, l)
	f.apply(l, r.Effect.Cut)
	l.observe()
	if r.Lease > 0 {
		l.lease = time.AfterFunc(r.Lease, func() { l.lift(true) })
	}
	f.log.Debug("rule laid", "name", r.Name, "edges", len(r.Edges))
	return l, nil
}

// prepare checks a rule and sends its canaries out, before it is in force. With f.mu held.
func (f *Fabric) prepare(r harness.Rule) (*laid, error) {
	if err := f.check(&r); err != nil {
		return nil, err
	}
	l := f.newLaid(r)
	err := l.station()
	if err == nil && len(l.witnesses) == 0 {
		err = errors.New("none of its hosts is reached along its edges")
	}
	if err != nil {
		for _, w := range l.witnesses {
			w.close()
		}
		l.stop()
		return nil, err
	}
	return l, nil
}

// newLaid makes a rule that isn't in force. With f.mu held.
func (f *Fabric) newLaid(r harness.Rule) *laid {
	r.Edges, r.Hosts = slices.Clone(r.Edges), slices.Clone(r.Hosts)
	h := fnv.New64a()
	h.Write([]byte(r.Name))
	f.count++
	l := &laid{
		fabric: f, rule: r, id: strconv.FormatUint(f.count, 10), odds: r.Effect.Answer.Odds,
		message: "The rule " + r.Name + " answers in place of the service.",
		draws:   mathrand.New(mathrand.NewPCG(f.seed, h.Sum64())),
	}
	if l.odds == 0 {
		l.odds = 1
	}
	l.ctx, l.stop = context.WithCancel(f.ctx)
	return l
}

// check tells all that is wrong with a rule. With f.mu held.
func (f *Fabric) check(r *harness.Rule) error {
	errs := []error{checkEffect(r)}
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
	return errors.Join(errs...)
}

// checkEffect tells what is wrong with what a rule does.
func checkEffect(r *harness.Rule) error {
	var errs []error
	e, t := &r.Effect, &r.Effect.Traffic
	if trafficOf(t) == nil && stageOf(e) == nil {
		errs = append(errs, errors.New("it does nothing: it neither answers nor delays"))
	}
	if r.Calls != nil && (trafficOf(t) != nil || e.Lookup != nil || e.Certificate != nil) {
		errs = append(errs, errors.New("calls are answered or delayed, and nothing else can be done to them alone"))
	}
	if t.Latency < 0 || t.Jitter < 0 || t.Bandwidth < 0 || e.Answer.Latency < 0 || r.Lease < 0 {
		errs = append(errs, errors.New("latency, jitter, bandwidth and lease are never negative"))
	}
	if t.ResetOdds != 0 && !(t.Reset && t.ResetOdds > 0 && t.ResetOdds <= 1) {
		errs = append(errs, fmt.Errorf("odds of resets are more than 0 and at most 1, not %v", t.ResetOdds))
	}
	return errors.Join(append(errs, checkAnswer(r))...)
}

// hits tells whether the rule acts on a lane: on calls, on one to an API that it selects; else, on one along its edges.
// With fabric.mu held.
func (l *laid) hits(k laneKey) bool {
	s := l.rule.Calls
	if s == nil {
		return slices.Contains(l.rule.Edges, harness.Edge{From: k.from, To: k.to}) &&
			(len(l.rule.Hosts) == 0 || slices.Contains(l.rule.Hosts, k.host))
	}
	r := l.fabric.routes[k.host]
	return r != nil && r.api != nil && r.place == k.to && (s.Region == "" || s.Region == r.api.region) &&
		(s.Service == "" || s.Service == r.api.service.name) && (s.From == "" || s.From == k.from)
}

// apply puts the lanes that a rule hits in the state that the rules now give them, and resets what was dialled along
// them if it is to be cut. With f.mu held.
func (f *Fabric) apply(l *laid, cut bool) {
	now := time.Now()
	shapes := trafficOf(&l.rule.Effect.Traffic) != nil
	for k, lane := range f.lanes {
		along := l.hits(k)
		if along {
			lane.setRules(f.rulesOn(k))
		}
		if shapes && (along || l.hits(k.reverse())) || cut && along {
			lane.set(f.leasedShapeOf(k, now, f.rules), cut && along)
		}
	}
}

// rulesOn are the rules that act on connections dialled along a lane after they stand on their links: what was laid
// comes first, then what the chaos API was told. With f.mu held.
func (f *Fabric) rulesOn(k laneKey) []*laid {
	var on []*laid
	for _, l := range slices.Concat(f.rules, f.told) {
		if stageOf(&l.rule.Effect) != nil && l.hits(k) {
			on = append(on, l)
		}
	}
	return on
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
	f.rules = slices.DeleteFunc(f.rules, func(other *laid) bool { return other == l })
	f.apply(l, false)
	l.ended, l.expired = time.Now(), expired
	if l.lease != nil {
		l.lease.Stop()
	}
	l.stop()
	l.observeLifted()
	f.log.Debug("rule lifted", "name", l.rule.Name, "expired", expired)
}

// overdue tells whether the rule's lease has ended, whether or not it has been lifted since.
func (l *laid) overdue(now time.Time) bool { return !l.expires.IsZero() && !now.Before(l.expires) }

// Truth is the fabric's own log of the rule.
func (l *laid) Truth() (began, ended time.Time, expired bool) {
	if l.overdue(time.Now()) {
		l.lift(true)
	}
	l.fabric.mu.Lock()
	defer l.fabric.mu.Unlock()
	return l.began, l.ended, l.expired
}
