package vanity

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const every = 10 * time.Second

// primary is the portal as the health checks meet it.
type primary struct {
	mu     sync.Mutex
	status int // 0: nobody answers
}

// becomes is what it answers from now on.
func (p *primary) becomes(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

func (p *primary) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	status := p.status
	p.mu.Unlock()
	if status == 0 {
		<-r.Context().Done()
		return nil, errors.New("nobody answers")
	}
	w := httptest.NewRecorder()
	w.WriteHeader(status)
	return w.Result(), nil
}

func domain(p *primary) *Domain {
	return New(Config{Host: "access.acme.test", Regions: []string{"us-east-1", "eu-west-1"},
		Portals: map[string]string{"us-east-1": "https://one.test/", "eu-west-1": "https://two.test/"},
		Classic: "https://classic.test/", CheckEvery: every, UnhealthyAfter: 3, TTL: time.Minute},
		&http.Client{Transport: p})
}

// TestItTurnsAfterSoManyChecks in a row, in both directions; a redirect is as good as a page.
func TestItTurnsAfterSoManyChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &primary{status: http.StatusFound}
		d := domain(p)
		var mu sync.Mutex
		var told []bool
		d.Noticed(func(unhealthy bool) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, unhealthy)
		})
		go d.Check(t.Context())
		time.Sleep(every / 2) // a check that nobody answers has ended by then
		checks := func(n, status int, leads string) {
			t.Helper()
			p.becomes(status)
			time.Sleep(time.Duration(n) * every)
			if host, ttl := d.Answer(); host != leads+".access.acme.test" || ttl != time.Minute {
				t.Errorf("after %d times %d it leads to %s for %v", n, status, host, ttl)
			}
		}
		checks(2, http.StatusServiceUnavailable, "us-east-1")
		checks(1, http.StatusOK, "us-east-1") // so that it counts anew
		checks(2, 0, "us-east-1")
		checks(1, http.StatusNotFound, "eu-west-1")
		checks(2, http.StatusOK, "eu-west-1")
		checks(1, http.StatusFound, "us-east-1")
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(told, []bool{true, false}) {
			t.Errorf("it told of %v", told)
		}
	})
}

// TestEachFlawAlone: what it does, what a canary sees of it, and that it is taken back alone.
func TestEachFlawAlone(t *testing.T) {
	right := Trial{Follows: true, SeesFailure: true, RedirectsOnce: true}
	same := func(a, b Trial) bool {
		return a.Follows == b.Follows && a.SeesFailure == b.SeesFailure && a.RedirectsOnce == b.RedirectsOnce
	}
	for mode, want := range map[string]Trial{
		Stale:         {SeesFailure: true, RedirectsOnce: true},
		GreenWhileRed: {Follows: true, RedirectsOnce: true},
		TwoHops:       {Follows: true, SeesFailure: true},
	} {
		d := domain(&primary{})
		for _, name := range []string{"first", "second"} {
			if err := d.GetWrong(name, mode); err != nil {
				t.Fatal(err)
			}
		}
		d.Mend("first")
		if got := d.Try(); !same(got, want) || !slices.Equal(got.Flaws, []string{"second"}) {
			t.Errorf("%s: %+v", mode, got)
		}
		for range 9 {
			d.heed(false)
		}
		host, _ := d.Answer()
		w := httptest.NewRecorder()
		d.Redirector("eu-west-1").ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/anything", nil))
		led, to := host == "eu-west-1.access.acme.test", w.Header().Get("Location")
		if led != (mode == TwoHops) || (to == "https://classic.test/") != (mode == TwoHops) || w.Code != http.StatusFound {
			t.Errorf("%s: with the primary away it leads to %s, which says %d %s", mode, host, w.Code, to)
		}
		if d.Mend("second"); !same(d.Try(), right) {
			t.Errorf("%s: mended it is %+v", mode, d.Try())
		}
	}
	if err := domain(nil).GetWrong("it", "sideways"); err == nil {
		t.Error("it has a flaw that there isn't")
	}
}

// A stale answer is the one of when it became stale, also while people are led elsewhere.
func TestStaleIsWhatWasSaid(t *testing.T) {
	d := domain(&primary{})
	for range 3 {
		d.heed(false)
	}
	if err := d.GetWrong("it", Stale); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		d.heed(true)
	}
	if host, _ := d.Answer(); host != "eu-west-1.access.acme.test" {
		t.Errorf("it leads to %s", host)
	}
}
