package fabric

import (
	"errors"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// A name that leads elsewhere leads a place where its first answer said until that is too old, whatever has come since;
// rules act on the host that was answered.
func TestAnAliasIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		defer f.Close()
		const ttl = time.Minute
		for host, status := range map[string]int{"one.acme.test": http.StatusAccepted, "two.acme.test": http.StatusTeapot} {
			err := f.Handle(host, home, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Host != "acme.test" {
					t.Errorf("%s was asked for %s", host, r.Host)
				}
				w.WriteHeader(status)
			}))
			if err != nil {
				t.Fatal(err)
			}
		}
		leads := "one.acme.test"
		answer := func() (string, time.Duration) { return leads, ttl }
		if err := f.Alias("Acme.test", []string{"one.acme.test", "two.acme.test"}, answer); err != nil {
			t.Fatal(err)
		}
		if err := f.Handle("acme.test", home, http.NotFoundHandler()); err == nil {
			t.Error("its name can be put up again")
		}
		asked := func() (int, error) {
			c := client(t, f, false)
			defer c.CloseIdleConnections()
			status, _, err := get(c, "https://acme.test/", time.Minute)
			return status, err
		}
		if status, err := asked(); status != http.StatusAccepted || err != nil {
			t.Fatalf("first it says %d, %v", status, err)
		}
		leads = "two.acme.test"
		time.Sleep(ttl - time.Second)
		if status, err := asked(); status != http.StatusAccepted || err != nil {
			t.Errorf("within the time to live it says %d, %v", status, err)
		}
		time.Sleep(time.Second)
		if status, err := asked(); status != http.StatusTeapot || err != nil {
			t.Errorf("after it it says %d, %v", status, err)
		}
		laid, err := f.Lay(t.Context(), harness.Rule{Name: "it", Hosts: []string{"two.acme.test"},
			Edges:  []harness.Edge{{From: vantage, To: home}, {From: home, To: vantage}},
			Effect: harness.Effect{Traffic: harness.Traffic{Refuse: true}}})
		if err != nil {
			t.Fatal(err)
		}
		defer laid.Lift()
		if _, err := asked(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("with a rule on the host that was answered it says %v", err)
		}
	})
}

// A name leads to hosts that there are.
func TestAnAliasOfNothing(t *testing.T) {
	f := start(t)
	defer f.Close()
	if err := f.Alias("acme.test", []string{"nowhere.acme.test"}, nil); err == nil {
		t.Error("it leads to a host that there isn't")
	}
}
