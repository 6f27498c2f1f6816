package fabric

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

const (
	margin = 10 * time.Millisecond // beyond a round trip, before silence is a hole
	grace  = time.Second           // beyond round trips, for what must answer
	again  = 10 * time.Millisecond // between looks at what is not as it should be yet
	slack  = 50 * time.Millisecond // what a look may take beside its round trips
)

// linkCanary is the witness of traffic. It stands on the link as any connection does, and sends its first token in the
// same breath in which the rule is laid; the instant of a proof is that of sending, such that what sets out from then
// on meets the rule. The time that it then takes to be sure is in no instant.
type linkCanary struct {
	laid           *laid
	edge           harness.Edge
	effect         traffic
	caller, callee string
	answers        bool   // the edge carries what the callee says: the rule is narrowed to hosts at its beginning
	host           string // as which the rules treat the canary's connections
	pipe           *pipe  // stands since before the rule
	control        *pipe  // of a hole: stands where no rule acts

	sent       time.Time     // the first token, right after the rule was laid
	round      time.Duration // a round trip by the rules in force, at most
	controlled time.Duration // the same of the control
	floor      time.Duration // what a token takes along the edge under the rule, at least

	others float64 // the share of connections that other rules reset

	ended   time.Time     // right after the rule was lifted
	ceiling time.Duration // what a token took until then, if that was more than it takes now
}

// canaryHost is the name under which a place's canary stands in the table.
func canaryHost(place string) string { return strings.ToLower(names.CanaryHost(place)) }

// token is what a canary says.
var token = []byte{'c'}

// linkCanary finds the connections that a rule hits on an edge, and puts one of the rule's own among them: a pipe that
// stands before the rule is in force. It is nil where there are none. With fabric.mu held.
func (l *laid) linkCanary(e harness.Edge, effect traffic) *linkCanary {
	f, t := l.fabric, &l.rule.Effect.Traffic
	c := &linkCanary{laid: l, edge: e, effect: effect, caller: e.From, callee: e.To, host: canaryHost(e.To)}
	if len(l.rule.Hosts) > 0 {
		at := func(place string) func(string) bool {
			return func(h string) bool { return f.routes[h].place == place }
		}
		i := slices.IndexFunc(l.rule.Hosts, at(e.To))
		if i < 0 && (hole{}.of(t) || slowing{}.of(t)) {
			c.answers, c.caller, c.callee = true, e.To, e.From
			i = slices.IndexFunc(l.rule.Hosts, at(e.From))
		}
		if i < 0 {
			return nil
		}
		c.host = l.rule.Hosts[i]
	}
	c.pipe = between(f.lane(laneKey{c.caller, c.callee, c.host}), f.lane(laneKey{c.callee, c.caller, c.host}))
	return c
}

// between makes a canary's pipe. It stands at once: no dial could reach into a hole.
func between(there, back *lane) *pipe {
	p := newPipe(canaryHost(there.key.to), there, back, ephemeral)
	p.establish()
	return p
}

// along are the ends of a pipe between which tokens travel along the edge.
func (c *linkCanary) along(p *pipe) (near, far *end) {
	if c.answers {
		return &p.callee, &p.caller
	}
	return &p.caller, &p.callee
}

// carries is the lane on which the canary's tokens travel along the edge.
func (c *linkCanary) carries() laneKey { return laneKey{c.edge.From, c.edge.To, c.host} }

// round is what a token there and back takes by the rules in force, at most. With f.mu held.
func (f *Fabric) round(p *pipe) time.Duration {
	there := f.shapeOf(p.there.lane.key, time.Time{}, f.rules)
	back := f.shapeOf(p.back.lane.key, time.Time{}, f.rules)
	return there.most(len(token)) + back.most(len(token))
}

// inForce sends the first token and notes how it will fare by the rules. With fabric.mu held no other change comes in
// between.
func (c *linkCanary) inForce() look {
	f := c.laid.fabric
	along := f.shapeOf(c.carries(), c.sent, f.rules)
	c.round, c.floor = f.round(c.pipe), along.least()
	if c.laid.rule.Effect.Traffic.Hole {
		c.control = f.control(c.caller)
		c.controlled = f.round(c.control)
		_, _ = c.control.caller.Write(token) // an error shows when it is read
	}
	c.others = c.laid.othersReset(c.pipe)
	lost := c.loses() && !c.laid.rule.Effect.Traffic.Hole
	near, _ := c.along(c.pipe)
	c.sent = time.Now()
	_, _ = near.Write(token) // the same
	return func(ctx context.Context) (time.Time, error) {
		if lost {
			return c.seeBehind(ctx)
		}
		var err error
		if c.laid.rule.Effect.Cut {
			err = seeCut(c.pipe)
		}
		return c.sent, errors.Join(err, c.effect.see(ctx, c))
	}
}

// loses tells whether another rule loses for good what the canary sends, or what it is answered when it dials. With
// f.mu held.
func (c *linkCanary) loses() bool {
	lanes := []laneKey{c.carries()}
	if c.effect != (slowing{}) {
		lanes = []laneKey{c.pipe.there.lane.key, c.pipe.back.lane.key}
	}
	return slices.ContainsFunc(lanes, func(k laneKey) bool {
		s := c.laid.fabric.shapeOf(k, time.Time{}, c.laid.fabric.rules)
		return s.hole && s.lose
	})
}

// seeBehind looks for a rule that was laid while a hole was on the link which loses what is sent into it: nothing tells
// of the rule until that is gone. Connections that met the hole stay dead, so each look has one of its own. Its instant
// is that of the look that saw the rule: what had set out before met the hole alone.
func (c *linkCanary) seeBehind(ctx context.Context) (time.Time, error) {
	for {
		if err := c.tryBehind(ctx); !errors.Is(err, errLost) {
			return c.sent, err
		}
		if !pause(ctx, again) {
			return c.sent, ctx.Err()
		}
	}
}

// errLost is a look that another rule kept from seeing anything.
var errLost = errors.New("another rule loses what is sent")

// tryBehind sends a new token, if nothing loses it, and looks what becomes of that.
func (c *linkCanary) tryBehind(ctx context.Context) error {
	f := c.laid.fabric
	f.mu.Lock()
	if c.loses() {
		f.mu.Unlock()
		return errLost
	}
	old := c.pipe
	c.pipe = between(old.there.lane, old.back.lane)
	along := f.shapeOf(c.carries(), time.Time{}, f.rules)
	c.round, c.floor, c.others = f.round(c.pipe), along.least(), c.laid.othersReset(c.pipe)
	c.sent = time.Now()
	near, _ := c.along(c.pipe)
	_, _ = near.Write(token) // an error shows when it is read
	f.mu.Unlock()
	old.fail(ErrClosed)
	looking, cancel := context.WithTimeout(ctx, 3*c.round+grace)
	defer cancel()
	err := c.effect.see(looking, c)
	if err != nil && looking.Err() != nil && ctx.Err() == nil {
		return errLost // by a hole that has come since
	}
	return err
}

// control is a pipe from a place to the nearest one whose links have no fault, or within the place where there is none.
// With f.mu held.
func (f *Fabric) control(from string) *pipe {
	nearest, best := "", time.Duration(math.MaxInt64)
	for to := range f.places {
		a, b := f.lane(laneKey{from, to, canaryHost(to)}), f.lane(laneKey{to, from, canaryHost(to)})
		s, t := a.shape.Load(), b.shape.Load()
		if to == from || s.faulty() || t.faulty() {
			continue
		}
		if d := s.most(len(token)) + t.most(len(token)); d < best {
			nearest, best = to, d
		}
	}
	if nearest == "" {
		return f.within(from)
	}
	host := canaryHost(nearest)
	return between(f.lane(laneKey{from, nearest, host}), f.lane(laneKey{nearest, from, host}))
}

// within is a pipe that stays within a place. With f.mu held.
func (f *Fabric) within(place string) *pipe {
	return between(f.lane(laneKey{place, place, ""}), f.lane(laneKey{place, place, ""}))
}

// faulty tells whether a fault is on one of its links now.
func (p *pipe) faulty() bool {
	return p.there.lane.shape.Load().faulty() || p.back.lane.shape.Load().faulty()
}

// seeCut looks for the end of a connection that stood before the rule.
func seeCut(p *pipe) error {
	_ = p.caller.SetReadDeadline(time.Now())
	_, err := p.caller.Read(make([]byte, 1))
	if errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return errors.New("a standing connection was not reset")
}

// dial opens a connection that the rule takes for one to the canary's host.
func (c *linkCanary) dial(ctx context.Context) (*pipe, error) {
	r := &route{host: canaryHost(c.callee), place: c.callee, accept: acceptNothing}
	there, back := c.pipe.there.lane, c.pipe.back.lane
	return c.laid.fabric.connect(ctx, there, back, r, edgePort, nil)
}

// acceptNothing leaves the callee's end to the canary that dialled.
func acceptNothing(context.Context, *pipe) error { return nil }

// speak sends a token along the edge of an established pipe and reads it at the far end.
func (c *linkCanary) speak(p *pipe) error {
	near, far := c.along(p)
	if _, err := near.Write(token); err != nil {
		return err
	}
	_, err := far.Read(make([]byte, 1))
	return err
}

// lifted notes how the rules that are left treat a token, and how they treated it before.
func (c *linkCanary) lifted() look {
	f := c.laid.fabric
	now := f.shapeOf(c.carries(), time.Time{}, f.rules)
	before := f.shapeOf(c.carries(), time.Time{}, append(slices.Clip(f.rules), c.laid))
	if before.least() != now.least() { // else the rule made no difference that one token can show
		c.ceiling = before.least()
	}
	round, others := f.round(c.pipe), c.laid.othersReset(c.pipe)
	c.ended = c.laid.ended
	return func(ctx context.Context) (time.Time, error) {
		c.round, c.others = round, others
		return c.seeHealed(ctx)
	}
}

// seeHealed waits until the link is as if the rule had never been, and tells since when.
func (c *linkCanary) seeHealed(ctx context.Context) (time.Time, error) {
	if t := &c.laid.rule.Effect.Traffic; t.Hole && !t.Lose {
		if at, ok := c.released(); ok {
			return at, nil
		}
	}
	for began := c.ended; ; began = time.Now() {
		err := c.tryHealed(ctx)
		if took := time.Since(began); err == nil && took > 3*c.round+slack {
			continue // something else held it on its way, and it set out too early to tell the instant
		}
		if err == nil {
			return began, nil
		}
		if !pause(ctx, again) {
			return began, errors.Join(ErrClosed, err)
		}
	}
}

// released waits for the token that was held, unless it is gone or another rule holds it.
func (c *linkCanary) released() (time.Time, bool) {
	_, far := c.along(c.pipe)
	if far.in.arrived() {
		return c.ended, true
	}
	_ = far.SetReadDeadline(c.ended.Add(c.round + grace))
	_, err := far.Read(make([]byte, 1))
	return time.Now(), err == nil
}

// tryHealed sends something along the edge, and is nil where it got through. It doesn't wait for long: another rule may
// have lost what it sent, for good.
func (c *linkCanary) tryHealed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*c.round+grace)
	defer cancel()
	p, err := c.dial(ctx)
	if err != nil {
		return err
	}
	c.unlucky(p)
	defer p.fail(ErrClosed)
	defer context.AfterFunc(ctx, func() { p.fail(ErrClosed) })()
	spoke := time.Now()
	if err := c.speak(p); err != nil {
		return err
	}
	if took := time.Since(spoke); c.ceiling > 0 && took >= c.ceiling {
		return errors.New("what was sent along it took " + took.String())
	}
	return nil
}

// misses puts a new pipe on the same lanes, where it is judged by the same code as everybody's.
func (c *linkCanary) misses() string {
	f := c.laid.fabric
	p := between(c.pipe.there.lane, c.pipe.back.lane)
	defer p.fail(ErrClosed)
	want := f.shapeOf(c.carries(), time.Time{}, f.rules)
	return c.effect.misses(c, p, &want)
}

// forecast sends a token along the edge and tells what will become of it if nothing changes: it is held, or takes so
// long.
func (c *linkCanary) forecast(p *pipe) (held bool, took time.Duration, err error) {
	near, far := c.along(p)
	sent := time.Now()
	if _, err := near.Write(token); err != nil {
		return false, 0, err
	}
	held, took = far.in.forecast(sent)
	return held, took, nil
}

func (c *linkCanary) close() { c.pipe.fail(ErrClosed) }

// pause waits; it is false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
