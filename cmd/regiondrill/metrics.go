package main

import (
	"context"
	"net/http"
	"sync"
	"time"

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

// pushLimit bounds the time that a Pushgateway may take, its retries included. A job that was cancelled has ten seconds
// for everything.
const (
	pushLimit        = 5 * time.Second
	pushLimitStopped = 2 * time.Second
)

// push gives the gauges of a concluded drill to the Pushgateway, where one was named. It only carries the result
// elsewhere, so that its failure is a warning.
func (s *session) push(ctx context.Context, m *report.Metrics) {
	if s.gateway == nil {
		return
	}
	limit := pushLimit
	if ctx.Err() != nil {
		limit = pushLimitStopped
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	s.warn(m.Push(ctx, s.gateway, "regiondrill", s.flags.environment))
}
