package fabric

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

const (
	margin = 10 * time.Millisecond // beyond a round trip, before silence is a hole
	grace  = time.Second           // beyond a round trip, for a control that must answer
)

// canary shows on one edge whether a rule is in force. It stands on the link as any connection does, and sends its
// first token in the same breath in which the rule is laid; the instant of a proof is that of sending, such that what
// sets out from then on meets the rule. The time that it then takes to be sure is in no instant.
type canary struct {
	laid           *laid
	edge           harness.Edge
	caller, callee string
	answers        bool   // the edge carries what the callee says: the rule is narrowed to hosts at its beginning
	host           string // as which the rules treat the canary's connections
	route          *route
	pipe           *pipe // stands since before the rule
	control        *pipe // stands where no rule acts

	sent   time.Time     // the first token, right after the rule was laid
	lifted time.Time     // right after it was lifted
	round  time.Duration // a round trip by the books, at most
	floor  time.Duration // what a token takes along the edge under the rule, at least

	ceiling time.Duration // what it took, by the books when the rule was lifted, if that was more than it takes now

	inForce, healed sighting
}

// canaryHost is the name under which a place's canary stands in the table.
func canaryHost(place string) string { return strings.ToLower(names.CanaryHost(place)) }

// token is what a canary says.
var token = []byte{'c'}

// between makes a canary's pipe. It stands at once: no dial could reach into a hole.
func between(there, back *lane) *pipe {
	p := newPipe(canaryHost(there.key.to), there, back, ephemeral)
	p.establish()
	return p
}

// along are the ends of a pipe between which tokens travel along the edge.
func (c *canary) along(p *pipe) (near, far *end) {
	if c.answers {
		return &p.callee, &p.caller
	}
	return &p.caller, &p.callee
}

// carries is the lane on which the canary's tokens travel along the edge.
func (c *canary) carries() laneKey { return laneKey{c.edge.From, c.edge.To, c.host} }

// send sends the first token and notes how the books say that it will fare. With fabric.mu held, so that no other
// change comes in between.
func (c *canary) send() {
	f := c.laid.fabric
	along := f.shapeOf(c.carries(), c.sent)
	c.round, c.floor = f.round(c.pipe), along.least()
	if c.laid.rule.Mode == blackhole {
		c.control = f.control(c.caller)
		_, _ = c.control.caller.Write(token) // an error shows when it is read
	}
	near, _ := c.along(c.pipe)
	c.sent = time.Now()
	_, _ = near.Write(token) // the same
}

// round is what a token there and back takes by the books, at most. With f.mu held.
func (f *Fabric) round(p *pipe) time.Duration {
	there, back := f.shapeOf(p.there.lane.key, time.Time{}), f.shapeOf(p.back.lane.key, time.Time{})
	return there.most() + back.most()
}

// control is a pipe from a place to the nearest one whose links have no fault, or within the place where there is none.
// With f.mu held.
func (f *Fabric) control(from string) *pipe {
	there, back := f.lane(laneKey{from, from, ""}), f.lane(laneKey{from, from, ""})
	best := time.Duration(math.MaxInt64)
	for to := range f.places {
		a, b := f.lane(laneKey{from, to, canaryHost(to)}), f.lane(laneKey{to, from, canaryHost(to)})
		s, t := a.shape.Load(), b.shape.Load()
		if to == from || s.faulty() || t.faulty() {
			continue
		}
		if d := s.most() + t.most(); d < best {
			there, back, best = a, b, d
		}
	}
	return between(there, back)
}

// see is nil when the canary saw the rule act on it.
func (c *canary) see(ctx context.Context) error {
	switch c.laid.rule.Mode {
	case blackhole:
		return c.seeHole(ctx)
	case refuse:
		return errors.Join(c.seeCut(), c.seeRefused(ctx))
	case reset:
		return errors.Join(c.seeCut(), c.seeReset(ctx))
	case http503:
		return c.seeBusy(ctx)
	default:
		return c.seeSlow(ctx)
	}
}

// seeHole waits for a token that must not arrive, while another place answers: silence alone might be our own.
func (c *canary) seeHole(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.control.fail(ErrClosed) })
	defer stop()
	_ = c.control.caller.SetReadDeadline(c.sent.Add(c.round + grace))
	_ = c.control.callee.SetReadDeadline(c.sent.Add(c.round + grace))
	if err := echo(&c.control.caller, &c.control.callee); err != nil {
		return fmt.Errorf("the control from %s to %s did not answer either: %w", c.caller, c.control.there.lane.key.to, err)
	}
	timer := time.NewTimer(time.Until(c.sent.Add(c.round + margin)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	if _, far := c.along(c.pipe); far.in.arrived() {
		return errors.New("what was sent along it arrived")
	}
	return nil
}

// echo lets the far end answer the token that was sent to it, and waits for the answer.
func echo(near, far *end) error {
	b := make([]byte, 1)
	if _, err := far.Read(b); err != nil {
		return err
	}
	if _, err := far.Write(b); err != nil {
		return err
	}
	_, err := near.Read(b)
	return err
}

// seeCut looks for the end of the connection that stood.
func (c *canary) seeCut() error {
	_ = c.pipe.caller.SetReadDeadline(time.Now())
	_, err := c.pipe.caller.Read(make([]byte, 1))
	if errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return errors.New("a standing connection was not reset")
}

func (c *canary) seeRefused(ctx context.Context) error {
	p, err := c.dial(ctx)
	if err == nil {
		p.fail(ErrClosed)
		return errors.New("a dial succeeded")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("a dial was not refused: %w", err)
	}
	return nil
}

func (c *canary) seeReset(ctx context.Context) error {
	p, err := c.dial(ctx)
	if err != nil {
		return fmt.Errorf("dialling: %w", err)
	}
	defer p.fail(ErrClosed)
	defer context.AfterFunc(ctx, func() { p.fail(ErrClosed) })()
	switch err = c.speak(p); {
	case errors.Is(err, syscall.ECONNRESET):
		return nil
	case err == nil:
		return errors.New("first bytes arrived")
	}
	return fmt.Errorf("first bytes did not reset their connection: %w", err)
}

func (c *canary) seeBusy(ctx context.Context) error {
	status, err := c.get(ctx)
	if err != nil {
		return fmt.Errorf("asking the edge: %w", err)
	}
	if status != http.StatusServiceUnavailable {
		return fmt.Errorf("the edge answered a request with %d", status)
	}
	return nil
}

func (c *canary) seeSlow(ctx context.Context) error {
	_, far := c.along(c.pipe)
	defer context.AfterFunc(ctx, func() { _ = far.SetReadDeadline(time.Now()) })()
	if _, err := far.Read(make([]byte, 1)); err != nil {
		return err
	}
	if took := time.Since(c.sent); took < c.floor {
		return fmt.Errorf("what was sent along it took %s, and should take at least %s", took, c.floor)
	}
	return nil
}

// dial opens a connection that the rule takes for one to the canary's host.
func (c *canary) dial(ctx context.Context) (*pipe, error) {
	r := &route{host: c.route.host, place: c.callee, accept: func(context.Context, *pipe) error { return nil }}
	return c.laid.fabric.connect(ctx, c.caller, c.host, r, edgePort)
}

// speak sends a token along the edge of an established pipe and reads it at the far end.
func (c *canary) speak(p *pipe) error {
	near, far := c.along(p)
	if _, err := near.Write(token); err != nil {
		return err
	}
	_, err := far.Read(make([]byte, 1))
	return err
}

// get asks the canary host of the edge's end for its page, over a connection of its own, and tells the status.
func (c *canary) get(ctx context.Context) (int, error) {
	f := c.laid.fabric
	transport := &http.Transport{
		DisableKeepAlives:   true,
		TLSClientConfig:     &tls.Config{RootCAs: f.ca.Pool(), CurvePreferences: []tls.CurveID{tls.X25519}},
		TLSHandshakeTimeout: time.Minute,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			p, err := f.connect(ctx, c.caller, c.host, c.route, edgePort)
			if err != nil {
				return nil, err
			}
			return &p.caller, nil
		},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.route.host+"/", nil)
	if err != nil {
		return 0, err
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
