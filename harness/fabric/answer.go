package fabric

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// answers act where TLS ends, on one request after another, so that it is all the same to them how long a connection
// has been standing, and they leave links alone. On calls, the error is the service's; else it is a page.
type answers struct{}

func (answers) of(e *harness.Effect) bool {
	return e.Answer.Fail || e.Answer.Throttle || e.Answer.Latency != 0
}

func (answers) acted(o *observation) bool { return slices.Contains(o.rules, o.laid.id) }

func (answers) shows(c *requestCanary, o *observation) error {
	a := &c.laid.rule.Effect.Answer
	switch want := c.laid.failure(c.route.api).status; {
	case c.laid.fails() && o.by != c.laid.id:
		return errHidden
	case c.laid.fails() && o.status != want:
		return fmt.Errorf("%s was answered with %d instead of %d", c.what(), o.status, want)
	case o.Took < a.Latency:
		return fmt.Errorf("%s took %s, and should take at least %s", c.what(), o.Took, a.Latency)
	}
	return nil
}

func (answers) pass(c *requestCanary) string { return c.what() + " would pass as if it weren't there" }

// checkAnswer tells what is wrong with what a rule answers.
func checkAnswer(r *harness.Rule) error {
	var errs []error
	a := &r.Effect.Answer
	if a.Odds != 0 && !(a.Odds > 0 && a.Odds <= 1) {
		errs = append(errs, fmt.Errorf("odds are more than 0 and at most 1, not %v", a.Odds))
	}
	if a.Status != 0 && (a.Status < 400 || a.Status > 599) {
		errs = append(errs, fmt.Errorf("%d is no status of an error", a.Status))
	}
	if a.Fail && a.Throttle {
		errs = append(errs, errors.New("it fails or throttles, not both"))
	}
	if r.Calls == nil && (a.Throttle || a.Code != "") {
		errs = append(errs, errors.New("only calls can be throttled, or fail with a code"))
	}
	return errors.Join(errs...)
}

// fails tells whether the rule answers in place of the host.
func (l *laid) fails() bool { return l.rule.Effect.Answer.Fail || l.rule.Effect.Answer.Throttle }

// call is a request as the rules see it.
type call struct {
	service   *service // nil: it is no call of an API
	operation string   // empty where it can't be told
}

// selects tells whether the rule, which acts on the call's connection, is one for the call, whatever its odds.
func (l *laid) selects(c *call) bool {
	s := l.rule.Calls
	return s == nil || c.service != nil && (s.Operation == "" || s.Operation == c.operation)
}

// draw tells whether the rule acts on a request that it selects. A rule's own canary it always acts on, and on
// another's only where it acts on every request: what odds would do to a canary says nothing.
func (l *laid) draw(v *visit) bool {
	if v != nil && v.laid == l {
		return l.odds > 0
	}
	if v != nil || l.odds >= 1 {
		return l.odds >= 1
	}
	l.drawing.Lock()
	defer l.drawing.Unlock()
	return l.draws.Float64() < l.odds
}

// outcome is what the rules make of a request.
type outcome struct {
	wait   time.Duration
	answer *laid // that answers it; nil: it is passed on
	acted  []*laid
}

// judge holds a request against the rules on its lane: every one that acts delays it, the first that has an answer
// answers.
func judge(rules []*laid, c *call, v *visit) outcome {
	var o outcome
	for _, l := range rules {
		e := &l.rule.Effect
		if !(answers{}).of(e) || !l.selects(c) || o.answer != nil && e.Answer.Latency == 0 || !l.draw(v) {
			continue
		}
		o.wait += e.Answer.Latency
		o.acted = append(o.acted, l)
		if o.answer == nil && l.fails() {
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

// intercept does to a request what the rules say; it is false where the request goes on to its host.
func intercept(w http.ResponseWriter, r *http.Request, p *pipe, host string) bool {
	rules := p.there.lane.rulesNow()
	if rules == nil && p.visit == nil {
		return false
	}
	at := p.route.api
	c := &call{}
	// A browser that asks first whether it may call (a preflight) does not call yet.
	if at != nil && host == p.name && r.Method != http.MethodOptions {
		c.service, c.operation = at.service, at.service.protocol.operationOf(at.service, r)
	}
	o := judge(rules, c, p.visit)
	if !pause(r.Context(), o.wait) {
		return true // nobody is left to read an answer
	}
	if p.visit != nil {
		for _, l := range o.acted {
			w.Header().Add(headerActed, l.id)
		}
	}
	if o.answer != nil {
		o.answer.say(w, r, at, p.visit)
		return true
	}
	if p.visit != nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return p.visit != nil
}

// say answers a request in the rule's name.
func (l *laid) say(w http.ResponseWriter, r *http.Request, at *api, v *visit) {
	if v != nil {
		w.Header().Set(headerAnswered, l.id)
	}
	f := l.failure(at)
	if l.rule.Calls == nil {
		http.Error(w, "The service is unavailable.", f.status)
		return
	}
	l.fabric.allowOrigin(w, r)
	id := rand.Text()
	w.Header().Set("X-Amzn-Requestid", id)
	w.Header().Set("Cache-Control", "no-store")
	at.service.protocol.say(w, f, l.message, id)
}

// failure is what the rule makes a service say, or a page.
func (l *laid) failure(at *api) failure {
	a := &l.rule.Effect.Answer
	switch {
	case l.rule.Calls != nil && a.Throttle:
		return at.service.throttled
	case l.rule.Calls != nil:
		return at.service.complete(failure{a.Code, a.Status})
	case a.Status != 0:
		return failure{status: a.Status}
	}
	return failure{status: http.StatusServiceUnavailable}
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
