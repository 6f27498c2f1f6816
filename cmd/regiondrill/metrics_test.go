package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// The end of a drill waits for one more scrape where somebody looks often, and for nobody else.
func TestLinger(t *testing.T) {
	for name, c := range map[string]struct {
		looks   []time.Duration // of whoever scrapes, from the beginning
		ends    time.Duration
		stopped bool
		waits   time.Duration
	}{
		"nobody looks":         {nil, 10 * time.Second, false, 0},
		"somebody looked once": {[]time.Duration{0}, 500 * time.Millisecond, false, 0},
		"every second":         {[]time.Duration{0, time.Second, 2 * time.Second}, 1500 * time.Millisecond, false, 500 * time.Millisecond},
		"they went away":       {[]time.Duration{0, time.Second}, 1500 * time.Millisecond, false, 2 * time.Second},
		"long ago":             {[]time.Duration{0, time.Second}, time.Minute, false, 0},
		"every 15 s":           {[]time.Duration{0, 15 * time.Second, 30 * time.Second}, 16 * time.Second, false, 0},
		"stopped":              {[]time.Duration{0, time.Second, 2 * time.Second}, 1500 * time.Millisecond, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var live liveMetrics
				live.add()
				for _, at := range c.looks {
					time.AfterFunc(at, func() {
						live.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
					})
				}
				time.Sleep(c.ends) // in virtual time
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.stopped {
					cancel()
				}
				began := time.Now()
				live.linger(ctx)
				if waited := time.Since(began); waited != c.waits {
					t.Errorf("it waited %v, not %v", waited, c.waits)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}
