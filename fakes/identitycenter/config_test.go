package identitycenter

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/harness/names"
)

func TestConfigErrors(t *testing.T) {
	for want, spoil := range map[string]func(*Config){
		"not of the instance's partition": func(c *Config) { c.Region = "cn-north-1" },
		"not the primary":                 func(c *Config) { c.Regions = []string{west, east} },
		"no way out":                      func(*Config) {},
		"metadata":                        func(c *Config) { c.IdP.Certificates = nil },
		"no duration":                     func(c *Config) { c.Behaviour = Behaviour{} },
		"is not an error":                 func(c *Config) { c.Behaviour.KMSFaultStatus = 200 },
		"negative":                        func(c *Config) { c.Lag = -1 },
	} {
		r := newWorld(t).replicas[east]
		cfg, deps := r.cfg, r.deps
		if spoil(&cfg); want == "no way out" {
			deps.HTTP = nil
		}
		if _, err := New(cfg, deps); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestPutErrors(t *testing.T) {
	w := newWorld(t)
	_, err := w.replicas[west].Put(t.Context(), testDirectory())
	if err == nil || !strings.Contains(err.Error(), "only us-east-1 can") {
		t.Errorf("error %v", err)
	}
	for want, spoil := range map[string]func(*Directory){
		`user "ann@acme.test"`: func(d *Directory) { d.Users[1].Name = d.Users[0].Name },
		`user ""`:              func(d *Directory) { d.Users[0].Name = "" },
		`group "everyone"`:     func(d *Directory) { d.Groups[0].ID = "u-1" },
		`group "others"`: func(d *Directory) {
			d.Groups = append(d.Groups, Group{ID: d.Groups[0].ID, Name: "others"})
		},
		`member "u-9"`:           func(d *Directory) { d.Groups[0].Members = []string{"u-9"} },
		"assignment of \"ps-9\"": func(d *Directory) { d.Assignments[0].PermissionSet = "ps-9" },
	} {
		d := testDirectory()
		spoil(&d)
		if _, err := w.replicas[east].Put(t.Context(), d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %s", err, want)
		}
	}
}

// TestANameCanPassOn to somebody who comes as its owner leaves.
func TestANameCanPassOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := testDirectory()
		d.Users[1].ID, d.Groups[0].Members = "u-9", []string{"u-1", "u-9"}
		last := w.put(d)
		if err := w.replicas[west].Wait(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		for region, r := range w.replicas {
			p, err := r.person(t.Context(), "bob@acme.test")
			if ok(t, p, err); p == nil || p.User.ID != "u-9" || len(p.Accounts) != 2 {
				t.Errorf("in %s it is %+v", region, p)
			}
		}
	})
}

func TestLifecycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.replicas[east]
		if err := r.Close(); err != nil { // before Start
			t.Fatal(err)
		}
		if err := r.Start(t.Context()); err == nil {
			t.Error("started after it was closed")
		}
		w.up(east)
		r = w.replicas[east]
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Start(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("started with %v", err)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Wait(soon, Position{{records.Log{Origin: "us-west-2", Stream: StreamIdentities, Epoch: "e"}, 1}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited with %v", err)
		}
		// A Region that no directory has reached yet says so.
		b := w.browser()
		a := b.get(w.instance.PortalURL(west))
		if a.StatusCode != http.StatusServiceUnavailable || a.cause() != string(causeNotReady) {
			t.Errorf("status %d, cause %s", a.StatusCode, a.cause())
		}
		for range 2 {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPlacesDiffer(t *testing.T) {
	hues := map[int]string{}
	for _, region := range names.Regions() {
		p := placeOf(region)
		if other, taken := hues[p.Hue]; taken || p.Name == region {
			t.Errorf("%s is shown as %+v, and %s is too", region, p, other)
		}
		hues[p.Hue] = region
	}
}

func TestShelf(t *testing.T) {
	now := time.Unix(0, 0)
	at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	s := newShelf[int, string](3)
	dropped := map[int]bool{}
	s.dropped = func(k int, _ string) { dropped[k] = true }
	s.put(1, "a", at(0), at(10))
	s.put(2, "b", at(0), at(5))
	s.put(3, "c", at(0), at(10))
	if _, ok := s.get(2, at(5)); ok || !dropped[2] {
		t.Error("2 has not expired")
	}
	s.put(4, "d", at(5), at(10))
	s.put(5, "e", at(5), at(10)) // 1 makes room
	if _, ok := s.get(1, at(5)); ok || s.len() != 3 {
		t.Errorf("1 is still there among %d", s.len())
	}
	if v, ok := s.take(3, at(6)); !ok || v != "c" {
		t.Errorf("took %q", v)
	}
	if _, ok := s.take(3, at(6)); ok {
		t.Error("took 3 twice")
	}
	s.put(4, "D", at(6), at(20)) // again, at the end of the queue
	for i := range 10_000 {
		s.put(100+i, "x", at(6), at(10))
		s.take(100+i, at(6))
	}
	if v, ok := s.get(4, at(7)); !ok || v != "D" || s.len() != 2 {
		t.Errorf("4 holds %q among %d", v, s.len())
	}
	if len(s.queue) > 200 {
		t.Errorf("the queue remembers %d", len(s.queue))
	}
}
