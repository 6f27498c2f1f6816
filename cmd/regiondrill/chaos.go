package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
)

// chaosPath is where LocalStack's chaos API is served.
const chaosPath = "/_localstack/chaos/"

// localStackPath is where all that LocalStack says of itself is.
const localStackPath = "/_localstack/"

// liveChaos is the chaos API of the drill that stands.
type liveChaos struct {
	mu     sync.Mutex
	stands []*harness.System
}

// stand takes the system of a drill that has begun.
func (l *liveChaos) stand(sys *harness.System) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stands = append(l.stands, sys)
}

// gone forgets it.
func (l *liveChaos) gone(sys *harness.System) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stands = slices.DeleteFunc(l.stands, func(other *harness.System) bool { return other == sys })
}

// ServeHTTP hands requests to the system that stands, if a single one does.
func (l *liveChaos) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	stands := slices.Clone(l.stands)
	l.mu.Unlock()
	switch {
	case len(stands) > 1:
		http.Error(w, fmt.Sprintf("%d drills stand right now, which this API can't tell apart: run the one that is meant "+
			"alone.", len(stands)), http.StatusConflict)
	case len(stands) == 0 || stands[0].Chaos == nil:
		http.Error(w, "No drill stands right now whose calls could be changed.", http.StatusServiceUnavailable)
	default:
		stands[0].Chaos.ServeHTTP(w, r)
	}
}

// local tells whether only this machine can reach a listener.
func local(l net.Listener) bool {
	at, ok := l.Addr().(*net.TCPAddr)
	return ok && at.IP.IsLoopback()
}

// mayExecute refuses drills that would run programs on this machine, unless --allow-exec was said: a scenario is passed
// around, and whoever runs one may not have read it.
func mayExecute(drills []*compiled, allowed bool) error {
	var errs []error
	for _, d := range drills {
		if d.skipped != nil || allowed {
			continue
		}
		for _, command := range d.plan.Executes() {
			errs = append(errs, fmt.Errorf("%s would run a program on this machine: %s; confirm it with --allow-exec",
				d.name, command))
		}
	}
	return errors.Join(errs...)
}

// confirmed refuses drills that would ask a host outside the system under test which nobody confirmed by --allow.
func confirmed(drills []*compiled, allow []string) error {
	var errs []error
	for _, d := range drills {
		if d.skipped != nil {
			continue
		}
		for _, at := range d.plan.Reaches() {
			host, _, err := net.SplitHostPort(at)
			if err != nil {
				host = at
			}
			if !slices.Contains(allow, at) && !slices.Contains(allow, host) {
				errs = append(errs, fmt.Errorf("%s would ask %s, which is no part of the system under test; "+
					"confirm it with --allow %s", d.name, at, host))
			}
		}
	}
	return errors.Join(errs...)
}
