package fabric

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// asker is the canary of a rule on calls: on one edge it makes a call that the rule selects, over a connection that the
// edge knows for the rule's own. The call goes through the very judgement that all others go through, and never further,
// so it harms no backend; the answer names the rules that acted, so a rule that is hidden behind another, or that was
// never in force, is not proven by somebody else's error.
type asker struct {
	laid      *laidAPI
	edge      harness.Edge
	service   *service
	host      string
	operation operation

	inForce, healed sighting
}

// prepare finds a call for each edge that the rule acts on. With fabric.mu held.
func (l *laidAPI) prepare() error {
	var errs []error
	for i, e := range l.rule.Edges {
		if slices.Contains(l.rule.Edges[:i], e) {
			continue
		}
		a, err := l.asker(e)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l.asks = append(l.asks, a)
	}
	return errors.Join(errs...)
}

func (l *laidAPI) asker(e harness.Edge) (*asker, error) {
	s := &l.rule.Calls
	if l.fabric.places[e.From] == nil || l.fabric.places[e.To] == nil {
		return nil, fmt.Errorf("no place is called %q or %q", e.From, e.To)
	}
	if s.Region != "" && s.Region != e.To || s.From != "" && s.From != e.From {
		return nil, fmt.Errorf("it acts on no call from %s to %s", e.From, e.To)
	}
	served := l.fabric.edge.served()
	for _, host := range slices.Sorted(maps.Keys(served)) {
		at := served[host]
		if at.region != e.To || s.Service != "" && s.Service != at.service.name {
			continue
		}
		i := slices.IndexFunc(at.service.operations, func(o operation) bool { return s.Operation == "" || s.Operation == o.name })
		if i < 0 {
			return nil, fmt.Errorf("%s has no operation %q", at.service.name, s.Operation)
		}
		a := &asker{laid: l, edge: e, service: at.service, host: host, operation: at.service.operations[i]}
		a.inForce.done, a.healed.done = make(chan struct{}), make(chan struct{})
		return a, nil
	}
	return nil, fmt.Errorf("no calls of %q to %s pass the fabric's edge", s.Service, e.To)
}

// observe lets the canaries ask whether the rule is in force. With fabric.mu held.
func (l *laidAPI) observe() {
	ctx, stop := context.WithCancel(l.fabric.ctx)
	l.stop = stop
	for _, a := range l.asks {
		l.fabric.work.Go(func() {
			err := a.until(ctx, a.seeInForce)
			if ctx.Err() != nil {
				err = errLifted
			}
			a.inForce.settle(l.began, err)
		})
	}
}

// observeHealing lets them ask whether it is gone. With fabric.mu held.
func (l *laidAPI) observeHealing(ended time.Time) {
	for _, a := range l.asks {
		l.fabric.work.Go(func() {
			<-a.inForce.done
			a.healed.settle(ended, a.until(l.fabric.ctx, a.seeGone))
		})
	}
}

// errUnheard is a call that was not answered: what was on its way there says nothing of the rule.
var errUnheard = errors.New("the call was not answered")

// until asks again and again while links keep the canary from being heard.
func (a *asker) until(ctx context.Context, see func(context.Context) error) error {
	for {
		err := see(ctx)
		if !errors.Is(err, errUnheard) {
			return err
		}
		if !pause(ctx, again) {
			return errors.Join(ErrClosed, err)
		}
	}
}

func (a *asker) seeInForce(ctx context.Context) error {
	rule := &a.laid.rule
	began := time.Now()
	said, err := a.ask(ctx)
	switch want := a.laid.failure(a.service); {
	case err != nil:
		return err
	case rule.Answer != passOn && said.by != "" && said.by != a.laid.id:
		return errors.New("another rule answers before it")
	case !said.acted(a.laid):
		return fmt.Errorf("a call of %s passed as if it weren't there", a.operation.name)
	case rule.Answer != passOn && said.status != want.status:
		return fmt.Errorf("a call was answered with %d instead of %d", said.status, want.status)
	case time.Since(began) < rule.Latency:
		return fmt.Errorf("a call took %s, and should take at least %s", time.Since(began), rule.Latency)
	}
	return nil
}

// seeGone is what a call after the rule's end sees.
func (a *asker) seeGone(ctx context.Context) error {
	said, err := a.ask(ctx)
	if err == nil && said.acted(a.laid) {
		return errors.New("it acts on calls still")
	}
	return err
}

// heard is the edge's answer to a canary.
type heard struct {
	status int
	by     string   // the rule that answered
	rules  []string // that acted
}

func (h heard) acted(l *laidAPI) bool { return slices.Contains(h.rules, l.id) }

// ask makes one call, over a connection of its own.
func (a *asker) ask(ctx context.Context) (heard, error) {
	f := a.laid.fabric
	transport := &http.Transport{
		DisableKeepAlives:   true,
		TLSClientConfig:     &tls.Config{RootCAs: f.ca.Pool(), CurvePreferences: []tls.CurveID{tls.X25519}},
		TLSHandshakeTimeout: time.Minute,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			f.mu.Lock()
			route := f.routes[a.host]
			f.mu.Unlock()
			p, err := f.connect(ctx, a.edge.From, a.host, route, edgePort)
			if err != nil {
				return nil, err
			}
			p.canaryOf = a.laid
			return &p.caller, nil
		},
	}
	method, path := a.operation.method, a.operation.path
	if a.service.target != "" {
		method, path = http.MethodPost, "/"
	}
	r, err := http.NewRequestWithContext(ctx, method, "https://"+a.host+path, strings.NewReader("{}"))
	if err != nil {
		return heard{}, err
	}
	if a.service.target != "" {
		r.Header.Set("X-Amz-Target", a.service.target+a.operation.name)
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return heard{}, fmt.Errorf("%w: %w", errUnheard, err)
	}
	_ = answer.Body.Close() // read or not, the connection ends
	if len(answer.Header[headerActed]) == 0 && answer.StatusCode != http.StatusNoContent {
		return heard{}, fmt.Errorf("%w: status %d came from elsewhere", errUnheard, answer.StatusCode)
	}
	return heard{answer.StatusCode, answer.Header.Get(headerAnswered), answer.Header[headerActed]}, nil
}

// Prove waits until canaries on every edge saw the rule in force, or saw it lifted. The instant is that of the change
// itself, since which every call that the rule selects meets it, or passes.
func (l *laidAPI) Prove(ctx context.Context, inForce bool) ([]harness.Proof, error) {
	var proofs []harness.Proof
	for _, a := range l.asks {
		s, what := &a.healed, "lifted"
		if inForce {
			s, what = &a.inForce, "in force"
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("proving %s %s on %s: %w", l.rule.Name, what, a.edge, ctx.Err())
		}
		if s.err != nil {
			return nil, fmt.Errorf("proving %s %s on %s: %w", l.rule.Name, what, a.edge, s.err)
		}
		proofs = append(proofs, harness.Proof{Edge: a.edge, At: s.at})
	}
	return proofs, nil
}
