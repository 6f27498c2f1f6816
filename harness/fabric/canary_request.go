package fabric

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// stage is what a rule does to a connection after it stands on its link, or before it is dialled.
type stage interface {
	// of tells whether a rule acts there.
	of(e *harness.Effect) bool
	// acted tells whether a canary saw its own rule act there.
	acted(o *observation) bool
	// shows says by what a canary on which the rule acted shows that it did not do all that it should.
	shows(c *requestCanary, o *observation) error
	// pass is what happens where the rule does not act: "a lookup of example.com would …".
	pass(c *requestCanary) string
}

// stages are all there are, in the order in which a connection comes by them.
func stages() [3]stage { return [...]stage{lookups{}, certificates{}, answers{}} }

// stageOf is the first stage at which a rule acts, by which it is seen; nil where it acts on traffic alone.
func stageOf(e *harness.Effect) stage {
	for _, s := range stages() {
		if s.of(e) {
			return s
		}
	}
	return nil
}

// requestCanary is the witness of the stages: it looks a host up, dials, says hello and makes a request that the rule
// selects, as a client does. The edge knows its connections for the rule's own and passes none on to its host, so it
// harms no backend; the answer names the rules that acted, so a rule that is hidden behind another, or that was never
// in force, is not proven by somebody else's error.
type requestCanary struct {
	laid      *laid
	stage     stage
	edge      harness.Edge
	host      string
	route     *route
	operation *operation // of the host's API; nil: any request
	standing  *pipe      // since before the rule, which cuts; nil where it doesn't
}

// visit is a connection of a canary, and what of its own rule it came by.
type visit struct {
	laid             *laid
	lookedUp, showed atomic.Bool // its Lookup, its Certificate
	hidden           atomic.Bool // another rule came before it where it acts
}

// observation is what one visit met.
type observation struct {
	visit
	harness.Met
	answered bool     // it came to its end
	status   int      // of the answer
	by       string   // the rule that answered
	rules    []string // that acted on the request
}

// requestCanary finds a request on an edge on which the rule acts. It is nil where there is none. With fabric.mu held.
func (l *laid) requestCanary(e harness.Edge, s stage) (*requestCanary, error) {
	f, c := l.fabric, &requestCanary{laid: l, stage: s, edge: e, host: canaryHost(e.To)}
	if l.rule.Calls != nil {
		if err := c.call(); err != nil {
			return nil, err
		}
	} else if len(l.rule.Hosts) > 0 {
		i := slices.IndexFunc(l.rule.Hosts, func(h string) bool { return f.routes[h].place == e.To })
		if i < 0 {
			return nil, nil
		}
		c.host = l.rule.Hosts[i]
	}
	c.route = f.routes[c.host]
	if effect := &l.rule.Effect; effect.Certificate != nil || (answers{}).of(effect) {
		if err := l.endsHere(e); err != nil {
			return nil, err
		}
	}
	if l.rule.Effect.Cut {
		c.standing = between(f.lane(laneKey{e.From, e.To, c.host}), f.lane(laneKey{e.To, e.From, c.host}))
	}
	return c, nil
}

// endsHere is an error where the TLS of a host that the rule selects ends elsewhere, out of the rule's reach.
func (l *laid) endsHere(e harness.Edge) error {
	var beyond []string
	for host, r := range l.fabric.routes {
		if r.place == e.To && !r.edge && l.hits(laneKey{e.From, e.To, host}) {
			beyond = append(beyond, host)
		}
	}
	if len(beyond) == 0 {
		return nil
	}
	slices.Sort(beyond)
	return fmt.Errorf("the TLS of %s ends beyond the fabric", strings.Join(beyond, ", "))
}

// call finds a host and an operation that the rule selects.
func (c *requestCanary) call() error {
	f, s, e := c.laid.fabric, c.laid.rule.Calls, c.edge
	if s.Region != "" && s.Region != e.To || s.From != "" && s.From != e.From {
		return fmt.Errorf("it acts on no call from %s to %s", e.From, e.To)
	}
	c.host = ""
	for host, r := range f.routes {
		if at := r.api; at != nil && at.region == e.To && (s.Service == "" || s.Service == at.service.name) &&
			(c.host == "" || host < c.host) {
			c.host = host
		}
	}
	if c.host == "" {
		return fmt.Errorf("no calls of %q to %s pass the fabric's edge", s.Service, e.To)
	}
	at := f.routes[c.host].api.service
	i := slices.IndexFunc(at.operations, func(o operation) bool { return s.Operation == "" || s.Operation == o.name })
	if i < 0 {
		return fmt.Errorf("%s has no operation %q", at.name, s.Operation)
	}
	c.operation = &at.operations[i]
	return nil
}

// inForce and lifted tell the instant of the change itself, since which every connection that the rule selects meets
// it, or passes.
func (c *requestCanary) inForce() look {
	began := c.laid.began
	return func(ctx context.Context) (time.Time, error) {
		var cut error
		if c.standing != nil {
			cut = seeCut(c.standing)
		}
		return began, errors.Join(cut, c.until(ctx, c.seeInForce))
	}
}

func (c *requestCanary) lifted() look {
	ended := c.laid.ended
	return func(ctx context.Context) (time.Time, error) { return ended, c.until(ctx, c.seeGone) }
}

// errNotThere is a visit that ended before it came by the rule: what was on its way says nothing of the rule.
var errNotThere = errors.New("the request did not get there")

// errHidden is a rule that does nothing because another does it first.
var errHidden = errors.New("another rule answers before it")

// until looks again and again while links, or other rules, keep the canary away.
func (c *requestCanary) until(ctx context.Context, see func(context.Context) error) error {
	for {
		err := see(ctx)
		if !errors.Is(err, errNotThere) {
			return err
		}
		if !pause(ctx, again) {
			return errors.Join(ErrClosed, err)
		}
	}
}

func (c *requestCanary) seeInForce(ctx context.Context) error {
	o := c.visit(ctx)
	if !c.stage.acted(o) {
		if o.hidden.Load() || o.by != "" && o.by != c.laid.id {
			return errHidden
		}
		if !o.answered {
			return fmt.Errorf("%w: %w", errNotThere, o.Err)
		}
		return fmt.Errorf("%s passed as if it weren't there", c.what())
	}
	err := c.stage.shows(c, o)
	if shows := c.laid.rule.Effect.Shows; err == nil && shows != nil {
		err = shows(o.Met)
	}
	if err != nil && o.Err != nil {
		return fmt.Errorf("%w: %w", errNotThere, err) // what it met may be another's doing
	}
	return err
}

// seeGone is what a visit after the rule's end sees.
func (c *requestCanary) seeGone(ctx context.Context) error {
	switch o := c.visit(ctx); {
	case c.stage.acted(o):
		return fmt.Errorf("it acts on %s still", c.what())
	case !o.answered:
		return fmt.Errorf("%w: %w", errNotThere, o.Err)
	}
	return nil
}

// what the canary sends, for people.
func (c *requestCanary) what() string {
	if c.operation != nil {
		return "a call of " + c.operation.name
	}
	return "a request to " + c.host
}

// misses looks at the rules by which new connections along the edge go.
func (c *requestCanary) misses() string {
	if slices.Contains(c.laid.fabric.lane(laneKey{c.edge.From, c.edge.To, c.host}).rulesNow(), c.laid) {
		return ""
	}
	return c.stage.pass(c)
}

func (c *requestCanary) close() {
	if c.standing != nil {
		c.standing.fail(ErrClosed)
	}
}

// visit goes the whole way once, over a connection of its own.
func (c *requestCanary) visit(ctx context.Context) *observation {
	o := &observation{visit: visit{laid: c.laid}}
	began := time.Now()
	o.Err = c.travel(ctx, o)
	o.Took = time.Since(began)
	return o
}

// travel is a visit's way. Nothing but the answer is waited for longer than a healthy fabric takes.
func (c *requestCanary) travel(ctx context.Context, o *observation) error {
	f, r := c.laid.fabric, c.route
	if !r.edge { // its TLS ends elsewhere: nobody there shall be bothered with canaries
		r = &route{host: r.host, place: r.place, accept: acceptNothing}
	}
	limited, cancel := context.WithTimeout(ctx, c.limit())
	defer cancel()
	p, err := f.dial(limited, c.edge.From, c.host, r, edgePort, &o.visit)
	if err != nil {
		return err
	}
	defer p.fail(ErrClosed)
	defer context.AfterFunc(ctx, func() { p.fail(ctx.Err()) })()
	if o.answered = !c.route.edge; o.answered {
		return nil
	}
	secure := tls.Client(&p.caller, f.clientTLS(c.host, &o.TLS))
	if err := secure.HandshakeContext(limited); err != nil {
		return err
	}
	return c.ask(ctx, secure, o)
}

// limit is how long lookup, dial and handshake may take.
func (c *requestCanary) limit() time.Duration {
	const handshake = 8 << 10 // bytes each way, at most
	there, back := c.laid.fabric.lanesOf(c.edge.From, c.route.place, c.host)
	return grace + 3*(there.shape.Load().most(handshake)+back.shape.Load().most(handshake))
}

// clientTLS trusts what clients trust, and tells what the edge showed also where it is not to be trusted.
func (f *Fabric) clientTLS(host string, state **tls.ConnectionState) *tls.Config {
	return &tls.Config{
		ServerName:         host,
		CurvePreferences:   []tls.CurveID{tls.CurveP256},
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(s tls.ConnectionState) error {
			*state = &s
			_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: f.ca.Pool(), DNSName: host})
			if err != nil {
				return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
			}
			return nil
		},
	}
}

// ask makes the request and hears which rules acted on it.
func (c *requestCanary) ask(ctx context.Context, secure *tls.Conn, o *observation) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.host+"/", nil)
	if c.operation != nil {
		r, err = c.route.api.service.protocol.request(ctx, c.host, *c.operation)
	}
	if err != nil {
		return err
	}
	r.Close = true
	if err := r.Write(secure); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(secure), r)
	if err != nil {
		return err
	}
	_ = answer.Body.Close() // read or not, the connection ends
	o.status, o.by, o.rules = answer.StatusCode, answer.Header.Get(headerAnswered), answer.Header[headerActed]
	if o.answered = len(o.rules) > 0 || o.status == http.StatusNoContent; !o.answered {
		return errors.New("status " + strconv.Itoa(o.status) + " came from elsewhere")
	}
	return nil
}
