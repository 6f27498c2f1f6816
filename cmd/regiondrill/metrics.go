package main

import (
	"context"
	"errors"
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

// pushLimit bounds the time that a Pushgateway may take.
const pushLimit = 15 * time.Second

// push gives the gauges of every concluded drill to the Pushgateway.
func (s *session) push(ctx context.Context) error {
	if s.flags.pushGateway == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pushLimit)
	defer cancel()
	var errs []error
	for _, f := range s.finished {
		if f.concluded {
			errs = append(errs, f.metrics.Push(ctx, s.flags.pushGateway, "regiondrill", s.flags.environment))
		}
	}
	return errors.Join(errs...)
}
