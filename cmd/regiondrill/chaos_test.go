package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
)

// The chaos API is that of the drill that stands, and nobody's between drills.
func TestLiveChaos(t *testing.T) {
	told := ""
	sys := &harness.System{Chaos: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told = r.Method + " " + r.URL.Path })}
	l := &liveChaos{}
	for _, c := range []struct {
		stands bool
		others int
		status int
	}{{false, 0, 503}, {true, 0, 200}, {true, 1, 409}, {true, 0, 200}, {false, 0, 503}} {
		if l.gone(sys); c.stands {
			l.stand(sys)
		}
		beside := &harness.System{}
		for range c.others {
			l.stand(beside)
		}
		told = ""
		w := httptest.NewRecorder()
		l.ServeHTTP(w, httptest.NewRequest(http.MethodPost, chaosPath+"faults", strings.NewReader("[]")))
		if w.Code != c.status || (told == "POST /_localstack/chaos/faults") != (c.status == 200) {
			t.Errorf("a drill stands: %t; answered %d, told %q", c.stands, w.Code, told)
		}
		l.gone(beside)
	}
}

// Whoever can reach the chaos API can break the system under test: it is on loopback, or nowhere.
func TestChaosIsServedOnLoopbackAlone(t *testing.T) {
	for listen, served := range map[string]bool{"127.0.0.1:0": true, "0.0.0.0:0": false} {
		var said strings.Builder
		s := &session{program: &program{stderr: &said}, flags: runFlags{listen: listen}}
		if err := s.serve(); err != nil {
			t.Fatal(err)
		}
		_, at, _ := strings.Cut(strings.TrimSpace(said.String()), "http://")
		at = strings.Replace(strings.TrimSuffix(at, "/metrics"), "[::]", "127.0.0.1", 1)
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+at+chaosPath+"faults", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if (answer.StatusCode == http.StatusServiceUnavailable) != served {
			t.Errorf("at %s it is answered with %d", listen, answer.StatusCode)
		}
		s.close()
	}
}
