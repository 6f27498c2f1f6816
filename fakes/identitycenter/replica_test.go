package identitycenter

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// inWorld runs a test in two Regions that have been replicated to, in virtual time.
func inWorld(t *testing.T, test func(t *testing.T, w *world), options ...option) {
	t.Helper()
	signers() // keys are made outside the bubble
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, options...)
		defer w.close()
		w.start()
		test(t, w)
	})
}

func TestSignInInEachRegion(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for region, name := range map[string]string{east: "N. Virginia", west: "Ireland"} {
			before := w.kms[region].calls("Decrypt")
			page, accounts := w.browser().signIn(w, region, "ann@acme.test")
			if got := w.kms[region].calls("Decrypt") - before; got != 2 {
				t.Errorf("%s: KMS was asked %d times, want once by each service", region, got)
			}
			if !strings.Contains(page.body, "<h1>"+name+"</h1>") || !strings.Contains(page.body, "Ann Example") {
				t.Errorf("%s: the page shows neither place nor person: %s", region, page.body)
			}
			if len(page.body) > 10<<10 {
				t.Errorf("%s: the page has %d bytes", region, len(page.body))
			}
			if got := between(page.body, `name="region" content="`, `"`); got != region {
				t.Errorf("the page says Region %q", got)
			}
			if got := between(page.body, `name="portal-api" content="`, `"`); got != "https://"+names.PortalAPIHost(region) {
				t.Errorf("the page says API %q", got)
			}
			if len(accounts.Accounts) != 2 || accounts.Accounts[1].ID != "444455556666" || accounts.NextToken != nil {
				t.Errorf("%s: accounts %+v", region, accounts)
			}
		}
	})
}

func TestPortalCookieIsEnough(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.signIn(w, east, "ann@acme.test")
		time.Sleep(time.Minute)
		page := b.get(w.instance.PortalURL(east))
		page.want(t, http.StatusOK)
		b.accounts(east, page.token()).want(t, http.StatusOK)
	})
}
