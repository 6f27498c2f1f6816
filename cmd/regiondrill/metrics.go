package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
)

// liveMetrics serves the metrics of all drills of a session that have begun.
type liveMetrics struct {
	mu     sync.Mutex
	drills []*report.Metrics
	looked time.Time     // at the last scrape
	apart  time.Duration // from the one before; 0 where there was none
	next   chan struct{} // closed with the next one; nil where nobody waits for it
}

// add makes the metrics of the next drill.
func (l *liveMetrics) add() *report.Metrics {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := report.NewMetrics()
	l.drills = append(l.drills, m)
	return m
}

// drop takes those of a drill back that is run again.
func (l *liveMetrics) drop(m *report.Metrics) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drills = slices.DeleteFunc(l.drills, func(other *report.Metrics) bool { return other == m })
}

// ServeHTTP answers a scrape.
func (l *liveMetrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	drills := append([]*report.Metrics(nil), l.drills...)
	l.mu.Unlock()
	report.HandlerOf(drills...).ServeHTTP(w, r)
	l.note()
}

// note notes that the metrics were looked at.
func (l *liveMetrics) note() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.looked.IsZero() {
		l.apart = now.Sub(l.looked)
	}
	l.looked = now
	if l.next != nil {
		close(l.next)
		l.next = nil
	}
}

// lingerLimit bounds the time between two scrapes that is worth waiting for at the end.
const lingerLimit = 5 * time.Second

// linger waits for one more scrape where somebody looks every few seconds: what was concluded is there only at the end,
// and a board of a drill that is over shows what was scraped.
func (l *liveMetrics) linger(ctx context.Context) {
	l.mu.Lock()
	wait := 2 * l.apart
	if l.apart == 0 || l.apart > lingerLimit || time.Since(l.looked) > wait {
		l.mu.Unlock()
		return
	}
	next := make(chan struct{})
	l.next = next
	l.mu.Unlock()
	select {
	case <-next:
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// pushJob is the label job of all that is pushed.
const pushJob = "regiondrill"

// pushLimit bounds the time that a Pushgateway may take, its retries included. A job that was cancelled has ten seconds
// for everything.
const (
	pushLimit        = 5 * time.Second
	pushLimitStopped = 2 * time.Second
)

// carry gives metrics to a Pushgateway or a receiver. It only carries a result: what stops the drill doesn't stop it,
// and its failure is for a warning.
func carry[To any](
	ctx context.Context, push func(context.Context, To, string, string) error, to To, environment string,
) error {
	limit := pushLimit
	if ctx.Err() != nil {
		limit = pushLimitStopped
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return push(ctx, to, pushJob, environment)
}

// push gives the gauges of a concluded drill to the Pushgateway and the receiver that were named.
func (s *session) push(ctx context.Context, m *report.Metrics) {
	if s.gateway != nil {
		s.warn(carry(ctx, m.Push, s.gateway, s.flags.environment))
	}
	if s.receiver != nil {
		s.warn(carry(ctx, m.Write, s.receiver, s.flags.environment))
	}
}

// annotateLimit bounds the time that a Grafana may take.
const annotateLimit = 5 * time.Second

// annotate tells a Grafana, nil where none was named. It only carries a result, as carry does.
func (p *program) annotate(ctx context.Context, to *report.Grafana, all []report.Annotation) {
	if to == nil {
		return
	}
	limit := annotateLimit
	if ctx.Err() != nil {
		limit = pushLimitStopped
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	p.warn(to.Annotate(ctx, all))
}

// bindGrafana is the flag of all that tell a Grafana.
func bindGrafana(set *pflag.FlagSet, address *string, what string) {
	set.StringVar(address, "grafana", "", "mark "+what+" in the Grafana at `URL`, by the token that "+
		"REGIONDRILL_GRAFANA_TOKEN holds")
}

// grafanaAt reads a --grafana; nil where none was named.
func (p *program) grafanaAt(address string) (*report.Grafana, error) {
	if address == "" {
		return nil, nil
	}
	grafana, err := report.ParseGrafana(address, p.getenv)
	if err != nil {
		return nil, fmt.Errorf("--grafana %w", err)
	}
	return grafana, nil
}

// announcement tells the Pushgateway that a run stands, while it goes on. Until then the run has harmed nothing, and
// there is no history for recover to conclude.
type announcement struct {
	push   func()
	pushed sync.WaitGroup
	cancel context.CancelFunc
}

// announcement of a drill. Its failure is said to whoever watches.
func (s *session) announcement(ctx context.Context, m *report.Metrics, say func(string)) *announcement {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &announcement{cancel: cancel, push: func() {
		ctx, cancel := context.WithTimeout(ctx, pushLimit)
		defer cancel()
		var err error
		if s.gateway != nil {
			err = m.PushStart(ctx, s.gateway, pushJob, s.flags.environment)
		}
		if s.receiver != nil {
			err = errors.Join(err, m.WriteStart(ctx, s.receiver, pushJob, s.flags.environment))
		}
		if err != nil {
			say("warning: " + err.Error())
		}
	}}
}

// over ends it with its run. One that was stopped has no time to wait for a gateway that doesn't answer.
func (a *announcement) over(ctx context.Context) {
	if ctx.Err() != nil {
		a.cancel()
	}
	a.pushed.Wait()
	a.cancel()
}

// Record makes it a history.Sink.
func (a *announcement) Record(e history.Event) error {
	if e.Phase != nil && e.Phase.Name == history.PhaseWarmUp {
		a.pushed.Go(a.push)
	}
	return nil
}

// receiverAt reads a --remote-write; nil where none was named.
func receiverAt(address string) (*report.Receiver, error) {
	if address == "" {
		return nil, nil
	}
	receiver, err := report.ParseReceiver(address)
	if err != nil {
		return nil, fmt.Errorf("--remote-write: %w", err)
	}
	return receiver, nil
}

// gatewayAt reads a --push-gateway; nil where none was named.
func gatewayAt(address string) (*report.Gateway, error) {
	if address == "" {
		return nil, nil
	}
	gateway, err := report.ParseGateway(address)
	if err != nil {
		return nil, fmt.Errorf("--push-gateway: %w", err)
	}
	return gateway, nil
}
