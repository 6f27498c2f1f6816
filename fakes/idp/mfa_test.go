package idp

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/totp"
)

const testSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

func enrolled(c *Config) { c.People[0].Secret = testSecret }

func code(tb testing.TB, at time.Time) string {
	tb.Helper()
	c, err := totp.Code(testSecret, at)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestOneTimeCode(t *testing.T) {
	for want, p := range map[string]*IdP{
		"Your code doesn't match our records. Please try again.":             newIdP(t, enrolled),
		"You didn't enter the expected verification code. Please try again.": newIdP(t, inEntra, enrolled),
	} {
		b := serve(t, p)()
		page := b.signInAt(p, b.get(redirect(t, p, requestDocument("_r1", acsAttr(acsEU)), "state")))
		if page.form != "challenge" || !strings.Contains(page.body, ann) || strings.Contains(page.body, testSecret) {
			t.Fatalf("after the password, %d:\n%s", page.status, page.body)
		}
		for _, wrong := range []string{"", "123", code(t, testNow.Add(time.Hour))} {
			page.fields["code"] = wrong
			page = b.post(p.host443()+page.action, page.fields)
			if page.status != http.StatusUnauthorized || page.error != "login_refused" ||
				!strings.Contains(strings.ReplaceAll(page.body, "&#39;", "'"), want) {
				t.Fatalf("%q: %d %q:\n%s", wrong, page.status, page.error, page.body)
			}
		}
		page.fields["code"] = code(t, testNow)
		if page = b.post(p.host443()+page.action, page.fields); page.action != acsEU || page.fields["RelayState"] != "state" {
			t.Errorf("the right code: %d, posts to %q", page.status, page.action)
		}
		if page = b.get(redirect(t, p, requestDocument("_r2", acsAttr(acsUS)), "")); page.action != acsUS {
			t.Errorf("with a session: form %q", page.form)
		}
	}
}

// Entra ID says by what somebody has signed in, the second factor too.
func TestEntraTellsOfTheSecondFactor(t *testing.T) {
	const claim = "http://schemas.microsoft.com/claims/multipleauthn"
	for want, p := range map[bool]*IdP{false: newIdP(t, inEntra), true: newIdP(t, inEntra, enrolled)} {
		_, document := issued(t, p, grant{acs: acsEU, person: ann})
		if got := strings.Contains(string(document), ">"+claim+"<"); got != want {
			t.Errorf("enrolled %v: it is told %v", want, got)
		}
	}
}

// A form of one page is worth nothing at the other: nobody comes past the password, nor past the code.
func TestCodesAndPasswordsGoTheirOwnWay(t *testing.T) {
	p := newIdP(t, enrolled)
	browsers := serve(t, p)
	b := browsers()
	page := b.get(testHost + "/")
	page.fields["code"] = code(t, testNow)
	if got := b.post(testHost+"/login/verify", page.fields); got.error != "sign_in_expired" {
		t.Errorf("a code without a password: %d %q", got.status, got.error)
	}
	page = b.signIn(page)
	page.fields["username"], page.fields["password"] = ann, "correct horse"
	if got := b.post(testHost+"/login", page.fields); got.error != "sign_in_expired" {
		t.Errorf("the code's form at the password's place: %d %q", got.status, got.error)
	}
	page.fields["code"] = code(t, testNow)
	if got := browsers().post(testHost+"/login/verify", page.fields); got.error != "sign_in_expired" {
		t.Errorf("another browser: %d %q", got.status, got.error)
	}
	if _, err := p.SetDisabled(ann, true); err != nil {
		t.Fatal(err)
	}
	if got := b.post(testHost+"/login/verify", page.fields); got.form != "sign-in" || got.error != "login_refused" {
		t.Errorf("disabled meanwhile: %d %q", got.status, got.error)
	}
}
