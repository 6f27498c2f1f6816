package fabric

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// apis are the rules on calls of AWS's APIs. They act where TLS ends, on one request after another, so that it is all
// the same to them how long a connection has been standing, and they leave links alone.
type apis struct {
	rules atomic.Pointer[[]*laidAPI] // what is in force, in the order in which it acts

	mu    sync.Mutex
	laid  []*laidAPI // by layAPI
	told  []*laidAPI // by the chaos API, after those
	count uint64
}

// publish puts the rules that there are in force. With a.mu held.
func (a *apis) publish() {
	rules := slices.Concat(a.laid, a.told)
	a.rules.Store(&rules)
}

// close ends what could lift a rule by itself.
func (a *apis) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range a.laid {
		if l.lease != nil {
			l.lease.Stop()
		}
	}
}

// laidAPI is a rule on calls: a harness.Laid.
type laidAPI struct {
	fabric *Fabric
	rule   apiRule
	id     string
	asks   []*asker // one an edge
	lease  *time.Timer
	stop   context.CancelFunc // ends what would prove it in force

	drawing sync.Mutex
	odds    *mathrand.Rand

	began, ended time.Time // these with fabric.apis.mu
	expired      bool
}

// call is a request to one of AWS's APIs.
type call struct {
	service *service
	from    string // the place of the caller
	region  string
	name    string // of the operation; empty where it can't be told
}

// layAPI puts a rule on calls in force and returns at once. A rule that no call could ever meet is an error.
func (f *Fabric) layAPI(ctx context.Context, r apiRule) (harness.Laid, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	l := f.newLaidAPI(r)
	if err := errors.Join(checkAPI(r), l.prepare()); err != nil {
		return nil, fmt.Errorf("laying %s: %w", r.Name, err)
	}
	f.apis.mu.Lock()
	f.apis.laid = append(f.apis.laid, l)
	l.began = time.Now()
	f.apis.publish()
	if r.Lease > 0 {
		l.lease = time.AfterFunc(r.Lease, func() { l.lift(true) })
	}
	f.apis.mu.Unlock()
	l.observe()
	f.log.Debug("rule on calls laid", "name", r.Name, "service", r.Calls.Service, "region", r.Calls.Region)
	return l, nil
}

// newLaidAPI makes a rule that isn't in force. It draws from a generator of its own: no other rule changes what it draws.
func (f *Fabric) newLaidAPI(r apiRule) *laidAPI {
	r.Edges = slices.Clone(r.Edges)
	h := fnv.New64a()
	h.Write([]byte(r.Name))
	f.apis.mu.Lock()
	defer f.apis.mu.Unlock()
	f.apis.count++
	return &laidAPI{
		fabric: f, rule: r, id: strconv.FormatUint(f.apis.count, 10),
		odds: mathrand.New(mathrand.NewPCG(f.seed, h.Sum64())),
	}
}

func checkAPI(r apiRule) error {
	var errs []error
	if !slices.Contains([]answering{passOn, fail, throttle}, r.Answer) {
		errs = append(errs, fmt.Errorf("no answer is called %q", r.Answer))
	}
	if len(r.Edges) == 0 {
		errs = append(errs, errors.New("it has no edge on which it could be proven"))
	}
	if !(r.Odds > 0 && r.Odds <= 1) {
		errs = append(errs, fmt.Errorf("odds are more than 0 and at most 1, not %v", r.Odds))
	}
	if r.Latency < 0 || r.Lease < 0 {
		errs = append(errs, errors.New("latency and lease are never negative"))
	}
	if r.Answer == passOn && r.Latency == 0 {
		errs = append(errs, errors.New("it does nothing: it neither answers nor delays"))
	}
	if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
		errs = append(errs, fmt.Errorf("%d is no status of an error", r.Status))
	}
	return errors.Join(errs...)
}

// selects tells whether the rule is one for the call, whatever its odds.
func (l *laidAPI) selects(c *call) bool {
	s := &l.rule.Calls
	return (s.Region == "" || s.Region == c.region) &&
		(s.Service == "" || s.Service == c.service.name) &&
		(s.Operation == "" || s.Operation == c.name) &&
		(s.From == "" || s.From == c.from)
}

// draw tells whether the rule acts on a call that it selects. A rule's own canary it always acts on, and on another's
// only where it acts on every call: what odds would do to a canary says nothing.
func (l *laidAPI) draw(canaryOf *laidAPI) bool {
	if canaryOf == l {
		return l.rule.Odds > 0
	}
	if canaryOf != nil || l.rule.Odds >= 1 {
		return l.rule.Odds >= 1
	}
	l.drawing.Lock()
	defer l.drawing.Unlock()
	return l.odds.Float64() < l.rule.Odds
}

// outcome is what the rules make of a call.
type outcome struct {
	wait   time.Duration
	answer *laidAPI // that answers it; nil: it is passed on
	acted  []*laidAPI
}

// judge holds a call against the rules: every one that acts delays it, the first that has an answer answers.
func (a *apis) judge(c *call, canaryOf *laidAPI) outcome {
	var o outcome
	rules := a.rules.Load()
	if rules == nil {
		return o
	}
	for _, l := range *rules {
		if !l.selects(c) || o.answer != nil && l.rule.Latency == 0 || !l.draw(canaryOf) {
			continue
		}
		o.wait += l.rule.Latency
		o.acted = append(o.acted, l)
		if o.answer == nil && l.rule.Answer != passOn {
			o.answer = l
		}
	}
	return o
}

// headerActed lists the rules that acted on a canary, headerAnswered the one that answered it. Nobody else gets them.
const (
	headerActed    = "Regiondrill-Acted"
	headerAnswered = "Regiondrill-Answered"
)

// intercept does to a request what the rules on calls say; it is false where the request goes on to its host. A browser
// that asks first whether it may call (a preflight) does not call yet.
func (e *edge) intercept(w http.ResponseWriter, r *http.Request, at *api, p *pipe) bool {
	canary := p.canaryOf
	if at == nil || r.Method == http.MethodOptions {
		return false
	}
	c := &call{at.service, p.there.lane.key.from, at.region, at.service.operationOf(r.Method, r.URL.Path, r.Header.Get("X-Amz-Target"))}
	o := e.fabric.apis.judge(c, canary)
	if !pause(r.Context(), o.wait) {
		return true // nobody is left to read an answer
	}
	if canary != nil {
		for _, l := range o.acted {
			w.Header().Add(headerActed, l.id)
		}
	}
	if o.answer != nil {
		e.fabric.allowOrigin(w, r)
		o.answer.say(w, at.service, canary)
		return true
	}
	if canary != nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return canary != nil
}

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

// say answers a call in the rule's name.
func (l *laidAPI) say(w http.ResponseWriter, s *service, canary *laidAPI) {
	if canary != nil {
		w.Header().Set(headerAnswered, l.id)
	}
	w.Header().Set("X-Amzn-Requestid", rand.Text())
	s.say(w, l.failure(s), "The rule "+l.rule.Name+" answers in place of the service.")
}

// failure is what the rule makes the service say.
func (l *laidAPI) failure(s *service) failure {
	if l.rule.Answer == throttle {
		return s.throttled
	}
	return s.complete(failure{l.rule.Code, l.rule.Status})
}

// allowOrigin lets the pages of this network read an error as they would read the service's own.
func (f *Fabric) allowOrigin(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	w.Header().Add("Vary", "Origin")
	if f.ours(origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
}

// ours tells whether a browser's origin is a page of this network.
func (f *Fabric) ours(origin string) bool {
	host, secure := strings.CutPrefix(strings.ToLower(origin), "https://")
	f.mu.Lock()
	defer f.mu.Unlock()
	return secure && f.routes[host] != nil
}

// Lift takes this rule alone back; more than once is no error.
func (l *laidAPI) Lift() { l.lift(false) }

func (l *laidAPI) lift(expired bool) {
	a := &l.fabric.apis
	l.fabric.mu.Lock()
	defer l.fabric.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.fabric.closed || !l.ended.IsZero() {
		return
	}
	a.laid = slices.DeleteFunc(a.laid, func(other *laidAPI) bool { return other == l })
	a.publish()
	l.ended, l.expired = time.Now(), expired
	if l.lease != nil {
		l.lease.Stop()
	}
	l.stop()
	l.observeHealing(l.ended)
	l.fabric.log.Debug("rule on calls lifted", "name", l.rule.Name, "expired", expired)
}

// Truth is the fabric's own log of the rule.
func (l *laidAPI) Truth() (began, ended time.Time, expired bool) {
	l.fabric.apis.mu.Lock()
	defer l.fabric.apis.mu.Unlock()
	return l.began, l.ended, l.expired
}
