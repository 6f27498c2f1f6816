package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
)

// liveMetrics serves the metrics of all drills of a session that have begun.
type liveMetrics struct {
	mu     sync.Mutex
	drills []*report.Metrics
}

// add makes the metrics of the next drill.
func (l *liveMetrics) add() *report.Metrics {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := report.NewMetrics()
	l.drills = append(l.drills, m)
	return m
}

// ServeHTTP answers a scrape.
func (l *liveMetrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	drills := append([]*report.Metrics(nil), l.drills...)
	l.mu.Unlock()
	report.HandlerOf(drills...).ServeHTTP(w, r)
}

// pushJob is the label job of all that is pushed.
const pushJob = "regiondrill"

// pushLimit bounds the time that a Pushgateway may take, its retries included: a cancelled job has not much more.
const pushLimit = 5 * time.Second

// carry gives metrics to a Pushgateway. It only carries a result elsewhere: what stops the drill doesn't stop it, and
// its failure is for a warning.
func carry(ctx context.Context, push func(context.Context, *report.Gateway, string, string) error, to *report.Gateway,
	environment string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pushLimit)
	defer cancel()
	return push(ctx, to, pushJob, environment)
}

// push gives the gauges of a concluded drill to the Pushgateway, where one was named.
func (s *session) push(ctx context.Context, m *report.Metrics) {
	if s.gateway != nil {
		s.warn(carry(ctx, m.Push, s.gateway, s.flags.environment))
	}
}

// announcement tells the Pushgateway that a run stands, while it goes on. Until then the run has harmed nothing, and
// there is no history for recover to conclude.
type announcement struct {
	push   func()
	pushed sync.WaitGroup
}

// announcement of a drill. Its failure is said to whoever watches.
func (s *session) announcement(ctx context.Context, m *report.Metrics, say func(string)) *announcement {
	return &announcement{push: func() {
		if s.gateway == nil {
			return
		}
		if err := carry(ctx, m.PushStart, s.gateway, s.flags.environment); err != nil {
			say("warning: " + err.Error())
		}
	}}
}

// Record makes it a history.Sink.
func (a *announcement) Record(e history.Event) error {
	if e.Phase != nil && e.Phase.Name == history.PhaseWarmUp {
		a.pushed.Go(a.push)
	}
	return nil
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
