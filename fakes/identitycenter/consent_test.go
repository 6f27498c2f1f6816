package identitycenter

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
)

// A person without the complete address types the code, as it comes.
func TestTypedCode(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d, b := w.newDevice(t, west), w.browser()
		asked := d.start(w.instance.PortalURL(west))
		page := b.signInTo(w, aws.ToString(asked.VerificationUri), "ann@acme.test")
		to, _ := page.form(t, "next")
		if page.step() != stepEnter {
			t.Errorf("the page: %s", page.body)
		}
		for typed, status := range map[string]int{
			"BCDF-GHJK": 400, "nonsense": 400, strings.Repeat("x", 2000): 400,
			strings.ToLower(strings.ReplaceAll(*asked.UserCode, "-", " ")): 200,
		} {
			a := b.get(to + "?user_code=" + url.QueryEscape(typed))
			a.want(t, status)
			if status == http.StatusBadRequest && (a.step() != stepEnter || a.cause() != "device_code") {
				t.Errorf("%q: %s", typed, a.body)
			}
		}
		if a := b.get(to + "?user_code=" + *asked.UserCode); a.step() != stepConfirm {
			t.Errorf("the page: %s", a.body)
		}
	})
}

// TestConsentIsNobodyElses: a form is good for the session and the code that it was made for, on the portal itself.
func TestConsentIsNobodyElses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d, ann, bob := w.newDevice(t, west), w.browser(), w.browser()
		asked, second := d.start(w.instance.PortalURL(west)), d.start(w.instance.PortalURL(west))
		page := ann.signInTo(w, *asked.VerificationUriComplete, "ann@acme.test")
		bobs := bob.signInTo(w, *asked.VerificationUriComplete, "bob@acme.test")
		to, fields := ann.press(page, "confirm").form(t, "allow")
		_, first := page.form(t, "confirm")
		_, foreign := bob.press(bobs, "confirm").form(t, "allow")
		with := func(from url.Values, name, value string) url.Values {
			form := url.Values{}
			for k, v := range from {
				form[k] = v
			}
			form.Set(name, value)
			return form
		}
		own := "https://" + w.instance.PortalHost(west)
		for name, c := range map[string]struct {
			form   url.Values
			origin string
			status int
		}{
			"no proof":          {with(fields, "proof", ""), own, 403},
			"another session's": {foreign, own, 403},
			"another code's":    {with(fields, "user_code", *second.UserCode), own, 403},
			"the first page's":  {with(first, "step", "allow"), own, 403},
			"no step":           {with(fields, "step", ""), own, 403},
			"another site's":    {fields, "https://evil.test", 403},
			"nobody's":          {fields, "null", 403},
			"too large":         {with(fields, "x", strings.Repeat("x", maxConsentForm)), own, 400},
		} {
			if a := ann.do(http.MethodPost, to, c.form, "Origin", c.origin); a.StatusCode != c.status {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			}
		}
		ann.do(http.MethodPost, to, fields, "Sec-Fetch-Site", "cross-site").want(t, http.StatusForbidden)
		w.browser().do(http.MethodPost, to, fields).want(t, http.StatusBadRequest) // without the cookie
		_, err := d.poll(asked.DeviceCode)
		wantCode(t, err, "AuthorizationPendingException")
		// A browser that may tell no referrer tells no origin either, and where the form comes from by another word.
		ann.do(http.MethodPost, to, fields, "Origin", "null", "Sec-Fetch-Site", "same-origin").want(t, http.StatusOK)
		ann.do(http.MethodPost, to, fields, "Origin", own).want(t, http.StatusBadRequest) // decided
	})
}

// TestConsentPagesAreStrict: a client's name is text, and the policy names what the page holds.
func TestConsentPagesAreStrict(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.register(t, west, &ssooidc.RegisterClientInput{
			ClientName: aws.String(`<script>"x"</script>`), ClientType: aws.String("public"),
		})
		b := w.browser()
		page := b.signInTo(w, *d.start(w.instance.PortalURL(west)).VerificationUriComplete, "ann@acme.test")
		for _, a := range []answer{page, b.press(page, "confirm")} {
			policy := a.Header.Get("Content-Security-Policy")
			for _, want := range []string{
				"default-src 'none'", "style-src " + sourceOf([]byte(a.body), "style"), "form-action 'self'",
				"frame-ancestors 'none'",
			} {
				if !strings.Contains(policy, want) {
					t.Errorf("%q lacks %q", policy, want)
				}
			}
			if strings.Contains(policy, "unsafe") || strings.Contains(a.body, "<script") || strings.Contains(a.body, " style=") {
				t.Errorf("the page needs more than its policy allows: %s", a.body)
			}
			if a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", a.Header)
			}
		}
		// A client that listens on IPv6 can be gone back to: a policy has no words for its address.
		in := pkceClient(w, west)
		in.RedirectUris = []string{"http://[::1]/cb"}
		six := w.register(t, west, in)
		q := authorizeQuery(six)
		q.Set("redirect_uri", "http://[::1]:7/cb")
		asked := b.get(b.get(six.authorizeURL(q)).want(t, http.StatusFound).String())
		if policy := asked.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action 'self' http://*") {
			t.Errorf("policy %q", policy)
		}
	})
}

// A page of consent survives what sign-in and portal survive: nobody is sent to another host, and KMS is asked.
func TestConsentWithoutKMS(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d, b := w.newDevice(t, west), w.browser()
		asked := d.start(w.instance.PortalURL(west))
		page := b.signInTo(w, *asked.VerificationUriComplete, "ann@acme.test")
		time.Sleep(viewLife)
		w.kms[west].set("DisabledException")
		for _, a := range []answer{b.get(*asked.VerificationUriComplete), b.press(page, "confirm")} {
			a.want(t, http.StatusForbidden)
			if a.cause() != "kms" {
				t.Errorf("the page says %s", a.body)
			}
		}
		w.kms[west].set("")
		d2 := testDirectory()
		d2.Users[0].Disabled = true
		w.put(d2)
		time.Sleep(time.Minute)
		b.press(page, "confirm").want(t, http.StatusBadRequest) // the session has ended
	})
}

func TestNextIsAPageOfThePortal(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		base := "https://" + w.instance.PortalHost(west)
		for _, page := range []string{
			pathDevice + "?user_code=//evil.test", pathDevice + "?user_code=%0d%0aX:", pathDevice + "?next=//evil.test",
			pathConsent + "?request=%22//evil.test", pathConsent + "?request=" + strings.Repeat("x", 5000), pathConsent,
		} {
			b := w.browser()
			login := b.get(base+page).want(t, http.StatusFound)
			q := readAuthnRequest(t, b.get(login.String()).want(t, http.StatusFound))
			back := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)).want(t, http.StatusSeeOther)
			if back.Host != w.instance.PortalHost(west) || strings.Contains(back.RawQuery, "evil") || len(back.String()) > 300 {
				t.Errorf("%s leads to %s", page, back)
			}
			b.get(back.String())
		}
	})
}

// postJSON posts a body that is JSON, or was meant to be.
func (w *world) postJSON(t testing.TB, to, body string) answer {
	t.Helper()
	b := &browser{t, &http.Client{Transport: w.net}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var raw json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&raw); err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(raw)}
}
