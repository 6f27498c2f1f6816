package identitycenter

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

func TestPoliciesNameWhatThePagesHold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		page, _ := w.browser().signIn(w, west, "bob@acme.test")
		policy := page.Header.Get("Content-Security-Policy")
		for _, want := range []string{
			"default-src 'none'", "style-src " + sourceOf([]byte(page.body), "style"), "script-src " + sourceOf([]byte(page.body), "script"),
			"connect-src https://" + names.PortalAPIHost(west), "frame-ancestors 'none'",
		} {
			if !strings.Contains(policy, want) {
				t.Errorf("%q lacks %q", policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(page.body, " style=") || strings.Contains(page.body, "http:") {
			t.Error("the page needs more than its policy allows")
		}
		if !strings.Contains(page.body, "Bob &lt;b&gt;Example") || strings.Contains(page.body, "<b>") {
			t.Error("a name is not escaped")
		}
		if page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers %v", page.Header)
		}
	})
}

func TestRefusalPagesQuoteLittle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		q := b.ask(w, west)
		d := w.draftFor(q, "ann@acme.test")
		d.edit = sub(`Version="2.0"`, `Version="&lt;script&gt;`+strings.Repeat("é", 10_000)+`"`)
		a := b.post(q.ACS, d.encoded(t))
		refused(t, a, causeVersion)
		if strings.Contains(a.body, "<script") {
			t.Error("the page quotes a script")
		}
	})
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{"Ann Example": "AE", "Élan": "É", "": "", "a b c": "AC", "user-001": "U"} {
		if got := initials(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// TestManyAtOnce is for the race detector: sign-ins, sign-outs, revocations and new directories at the same time.
func TestManyAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) { manyAtOnce(t, w) }, func(c *Config) { c.Lag, c.Jitter = time.Millisecond, time.Millisecond })
}

func manyAtOnce(t *testing.T, w *world) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			region := []string{east, west}[i%2]
			b := w.browser()
			page, _ := b.signIn(w, region, "bob@acme.test")
			w.revoke(west, "ann@acme.test")
			if i == 0 {
				w.put(renamed("Robert"))
			}
			b.do(http.MethodPost, "https://"+names.PortalAPIHost(region)+"/logout", nil, headerToken, page.token()).want(t, http.StatusOK)
		})
	}
	all.Wait()
	if err := w.replicas[west].Wait(t.Context(), w.replicas[east].Position()); err != nil {
		t.Error(err)
	}
}
