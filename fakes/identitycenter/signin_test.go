package identitycenter

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

func TestResponseIsUsedOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		q := b.ask(w, east)
		response := w.draftFor(q, "ann@acme.test").encoded(t)
		b.post(q.ACS, response).want(t, http.StatusSeeOther)
		refused(t, b.post(q.ACS, response), causeReplay)
		refused(t, w.browser().post(q.ACS, response), causeReplay)
		refused(t, b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)), causeInResponseTo)

		q.ID = ""
		unasked := w.draftFor(q, "ann@acme.test").encoded(t)
		w.browser().post(q.ACS, unasked).want(t, http.StatusSeeOther)
		time.Sleep(7 * time.Minute) // 5 of validity and 3 of skew have not passed
		refused(t, w.browser().post(q.ACS, unasked), causeReplay)
		time.Sleep(2 * time.Minute)
		refused(t, w.browser().post(q.ACS, unasked), causeExpired)
	})
}

// refused wants an error page of the cause, with status 400.
func refused(t testing.TB, a answer, want cause) {
	t.Helper()
	a.want(t, http.StatusBadRequest)
	if a.cause() != string(want) {
		t.Errorf("cause %q, want %q", a.cause(), want)
	}
	if a.Header.Get("Content-Security-Policy") == "" || len(a.body) > 8<<10 {
		t.Errorf("a page of %d bytes with the policy %q", len(a.body), a.Header.Get("Content-Security-Policy"))
	}
}

func TestResponseIsForOneBrowser(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		victim, thief := w.browser(), w.browser()
		q := victim.ask(w, east)
		response := w.draftFor(q, "ann@acme.test").encoded(t)
		refused(t, thief.post(q.ACS, response), causeInResponseTo)
		thief.ask(w, east)
		refused(t, thief.post(q.ACS, response), causeInResponseTo)
		back := victim.post(q.ACS, response).want(t, http.StatusSeeOther)

		// The one-time code is the victim's too, and is used once.
		refused(t, thief.get(back.String()), causeSession)
		again := victim.ask(w, west)
		code := victim.post(again.ACS, w.draftFor(again, "ann@acme.test").encoded(t)).want(t, http.StatusSeeOther)
		victim.get(code.String()).want(t, http.StatusOK)
		victim.get(code.String()).want(t, http.StatusOK) // the cookie carries it
		stranger := w.browser()
		refused(t, stranger.get(code.String()), causeSession)
	})
}

func TestRequestAndCodeExpire(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		q := b.ask(w, east)
		time.Sleep(requestLife)
		refused(t, b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)), causeInResponseTo)
		q = b.ask(w, east)
		back := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)).want(t, http.StatusSeeOther)
		time.Sleep(codeLife)
		refused(t, b.get(back.String()), causeSession)
		login := w.browser().get(w.instance.PortalURL(east)).want(t, http.StatusFound)
		time.Sleep(stateLife)
		refused(t, b.get(login.String()), causeRequest)
		refused(t, b.get("https://"+names.SigninHost(east)+pathLogin+"?state=forged"), causeRequest)
	})
}

func TestUnsolicitedResponses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		unasked := func() string {
			return w.draftFor(asked{ACS: w.instance.ACS(east), Issuer: w.instance.Issuer()}, "ann@acme.test").encoded(t)
		}
		b := w.browser()
		to := b.post(w.instance.ACS(east), unasked()).want(t, http.StatusSeeOther)
		if to.Host != w.instance.PortalHost(east) { // RelayState said https://evil.test/
			t.Errorf("sent to %s", to.Host)
		}
		b.get(to.String()).want(t, http.StatusOK)
		waiting := w.browser()
		waiting.ask(w, east)
		refused(t, waiting.post(w.instance.ACS(east), unasked()), causeUnsolicited)
		time.Sleep(requestLife)
		waiting.post(w.instance.ACS(east), unasked()).want(t, http.StatusSeeOther)
	})
	inWorld(t, func(t *testing.T, w *world) {
		d := w.draftFor(asked{ACS: w.instance.ACS(east), Issuer: w.instance.Issuer()}, "ann@acme.test")
		refused(t, w.browser().post(d.acs, d.encoded(t)), causeUnsolicited)
	}, func(c *Config) { c.Behaviour.Unsolicited = false })
}

func TestOnlyProvisionedUsers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for user, want := range map[string]cause{
			"eve@acme.test": causeUnknownUser, "Ann@acme.test": causeUnknownUser, "gone@acme.test": causeDisabledUser,
		} {
			b := w.browser()
			q := b.ask(w, west)
			a := b.post(q.ACS, w.draftFor(q, user).encoded(t))
			refused(t, a, want)
			if want == causeUnknownUser && !strings.Contains(a.body, "Invalid MFA credentials") {
				t.Errorf("the page does not say so: %s", a.body)
			}
		}
	})
}

func TestFormsThatAreNone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		acs, b := w.instance.ACS(east), w.browser()
		refused(t, b.do(http.MethodPost, acs, url.Values{}), causeMalformed)
		refused(t, b.do(http.MethodPost, acs, url.Values{"SAMLResponse": {"a", "b"}}), causeMalformed)
		refused(t, b.post(acs, strings.Repeat("+", maxForm)), causeTooLarge)
		refused(t, b.post(acs, strings.Repeat("A", maxEncodedResponse+4)), causeTooLarge)
		b.get(acs).want(t, http.StatusNotFound)
		b.post(acs+"x", "").want(t, http.StatusNotFound)
	})
}

func TestSessionEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.signIn(w, east, "ann@acme.test")
		time.Sleep(8*time.Hour - time.Second)
		b.get(w.instance.PortalURL(east)).want(t, http.StatusOK)
		time.Sleep(time.Second)
		b.ask(w, east) // as far as the provider again

		q := b.ask(w, east)
		d := w.draftFor(q, "ann@acme.test")
		d.session = w.now().Add(20 * time.Minute) // SessionNotOnOrAfter
		b.get(b.post(q.ACS, d.encoded(t)).want(t, http.StatusSeeOther).String()).want(t, http.StatusOK)
		time.Sleep(19 * time.Minute)
		b.get(w.instance.PortalURL(east)).want(t, http.StatusOK)
		time.Sleep(time.Minute + Default().Skew)
		b.ask(w, east)
	})
}

func TestSessionServesAllRegions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.signIn(w, east, "ann@acme.test")
		time.Sleep(2 * time.Second) // lag, jitter and the pause between pushes
		before := w.kms[west].calls("Decrypt")
		login := b.get(w.instance.PortalURL(west)).want(t, http.StatusFound)
		back := b.get(login.String()).want(t, http.StatusSeeOther)
		page := b.get(back.String())
		page.want(t, http.StatusOK)
		b.accounts(west, page.token()).want(t, http.StatusOK)
		if got := w.kms[west].calls("Decrypt") - before; got != 2 {
			t.Errorf("KMS was asked %d times, want once by each service", got)
		}
		if a := b.accounts(east, page.token()); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("the token of one Region serves in the other: %d", a.StatusCode)
		}
	})
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.signIn(w, east, "ann@acme.test")
		time.Sleep(2 * time.Second)
		b.ask(w, west) // as far as the provider
	}, func(c *Config) { c.Behaviour.SessionHandOff = false })
}

func TestHostsOfRegions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		in := w.instance
		east, west := w.replicas[east].Handlers(), w.replicas[west].Handlers()
		alone := []string{in.ClassicPortalHost(), names.LegacySigninHost("us-east-1"), names.SCIMHost("us-east-1"),
			names.DualStackSCIMHost("us-east-1")}
		for _, host := range alone {
			if east[host] == nil || west[host] != nil {
				t.Errorf("%s is not the primary's alone", host)
			}
		}
		if len(east) != len(west)+len(alone) {
			t.Errorf("%d hosts in the primary, %d in the other", len(east), len(west))
		}
		b := w.browser()
		start := b.get("https://"+in.ClassicPortalHost()+"/").want(t, http.StatusFound)
		login := b.get(start.String()).want(t, http.StatusFound)
		q := readAuthnRequest(t, b.get(login.String()).want(t, http.StatusFound))
		back := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)).want(t, http.StatusSeeOther)
		if back.Host != in.ClassicPortalHost() || back.Path != "/start" {
			t.Errorf("sent back to %s%s", back.Host, back.Path)
		}
		b.get(back.String()).want(t, http.StatusOK)
		b.get("https://"+in.ClassicPortalHost()+"/other").want(t, http.StatusNotFound)

		dual := draft{acs: in.DualStackACS("eu-west-1"), audience: in.Issuer(), issuer: entityID, nameID: "ann@acme.test", now: w.now()}
		b.post(dual.acs, dual.encoded(t)).want(t, http.StatusSeeOther)
		refused(t, b.post(in.ACS("eu-west-1"), dual.encoded(t)), causeDestination)
	})
}

func TestLegacyACS(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if q := w.browser().ask(w, east); q.ACS != w.instance.LegacyACS() {
			t.Errorf("the primary asks for %s", q.ACS)
		}
		if q := w.browser().ask(w, west); q.ACS != w.instance.ACS(west) {
			t.Errorf("the other asks for %s", q.ACS)
		}
		w.browser().signIn(w, east, "ann@acme.test")
	}, func(c *Config) { c.Behaviour.LegacyACS = true })
}

func TestCookies(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		q := b.ask(w, east)
		back := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t))
		page := b.get(back.want(t, http.StatusSeeOther).String())
		for _, a := range []answer{back, page, w.browser().get(w.instance.PortalURL(east))} {
			cookies := a.Cookies()
			if len(cookies) != 1 {
				t.Fatalf("%d cookies of %s", len(cookies), a.Request.URL.Host)
			}
			if c := cookies[0]; !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("cookie %s of %s: %+v", c.Name, a.Request.URL.Host, c)
			}
		}
		if c := page.Cookies()[0]; c.Name != "x-amz-sso_authn" || c.Value != page.token() || c.Domain != "" {
			t.Errorf("the portal's cookie is %+v", c)
		}
	})
}

// TestEachAsksForItsForm: where portals ask for the dual-stack form of the ACS, command lines go on with that of IPv4,
// and each is answered at the one that was asked for.
func TestEachAsksForItsForm(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		asks := func(page string) asked {
			b := w.browser()
			login := b.get(w.instance.PortalURL(west)+page).want(t, http.StatusFound)
			return readAuthnRequest(t, b.get(login.String()).want(t, http.StatusFound))
		}
		in := w.instance
		for page, want := range map[string]string{
			"": in.DualStackACS(west), "app/wiki": in.DualStackACS(west),
			"device": in.ACS(west), "user-consent/authorize.html": in.ACS(west),
		} {
			if q := asks(page); q.ACS != want {
				t.Errorf("%q asks for %s", page, q.ACS)
			}
		}
		w.browser().signIn(w, west, "ann@acme.test")
	}, func(c *Config) { c.Behaviour.DualStackACS = true })
}
