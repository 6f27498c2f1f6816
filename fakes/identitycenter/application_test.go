package identitycenter

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

// connect makes an application in a Region and assigns it to a group, and gives its ID.
func (w *world) connect(region, name, url string) string {
	w.t.Helper()
	in := &ssoadmin.CreateApplicationInput{InstanceArn: aws.String(w.instance.ARN()), Name: &name,
		ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom")}
	if url != "" {
		in.PortalOptions = &types.PortalOptions{SignInOptions: &types.SignInOptions{Origin: types.SignInOriginApplication,
			ApplicationUrl: &url}}
	}
	out, err := w.admin(region).CreateApplication(w.t.Context(), in)
	app := ok(w.t, out, err).ApplicationArn
	ok(w.t, 0, second(w.admin(region).CreateApplicationAssignment(w.t.Context(), &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: app, PrincipalId: aws.String("u-1"), PrincipalType: types.PrincipalTypeUser})))
	return (*app)[strings.LastIndex(*app, "/")+1:]
}

// TestAnApplicationNeedsItsRegion is fault F16: every portal shows it, and it begins in the Region that it is connected to.
func TestAnApplicationNeedsItsRegion(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		wiki, crm := w.connect(east, "Wiki", ""), w.connect(west, "CRM", "https://crm.acme.test/sso")
		time.Sleep(3 * time.Second)
		b := w.browser()
		for _, region := range []string{east, west} {
			page, _ := b.signInAgain(w, region)
			for name, to := range map[string]string{"Wiki": w.instance.PortalURL(east) + "app/" + wiki, "CRM": w.instance.PortalURL(west) + "app/" + crm} {
				if tile := between(page.body, `<li><a href="`+to+`"`, "</a>"); !strings.Contains(tile, `data-application="`+name+`"`) {
					t.Errorf("%s shows %q of %s", region, tile, name)
				}
			}
		}
		launched := b.follow(w.instance.PortalURL(west) + "app/" + wiki) // by the other Region's portal
		launched.want(t, http.StatusOK)
		if got := between(launched.body, `data-application="`, `"`); got != "Wiki" || !strings.Contains(launched.body, "ann@acme.test") {
			t.Errorf("it shows %s", launched.body)
		}
		if to := b.get(w.instance.PortalURL(west)+"app/"+crm).want(t, http.StatusFound); to.String() != "https://crm.acme.test/sso" {
			t.Errorf("it leads to %s", to)
		}
		other := w.browser()
		page, _ := other.signIn(w, east, "bob@acme.test")
		if strings.Contains(page.body, "Wiki") {
			t.Error("Bob is shown what isn't his")
		}
		a := other.get(w.instance.PortalURL(east) + "app/" + wiki)
		if a.StatusCode != http.StatusForbidden || a.cause() != string(causeApplication) {
			t.Errorf("Bob gets status %d, cause %q", a.StatusCode, a.cause())
		}
	})
}

// signInAgain goes to a Region's portal with the session that there is, or signs Ann in.
func (b *browser) signInAgain(w *world, region string) (answer, accountList) {
	b.t.Helper()
	login := b.get(b.get(w.instance.PortalURL(region)).want(b.t, http.StatusFound).String())
	if login.StatusCode == http.StatusFound {
		page, list := b.signIn(w, region, "ann@acme.test")
		time.Sleep(3 * time.Second) // until the session is in the other Region
		return page, list
	}
	page := b.get(login.want(b.t, http.StatusSeeOther).String())
	page.want(b.t, http.StatusOK)
	return page, accountList{}
}

// follow goes where redirects lead.
func (b *browser) follow(to string) answer {
	b.t.Helper()
	for range 10 {
		a := b.get(to)
		if a.StatusCode/100 != 3 {
			return a
		}
		to = a.want(b.t, a.StatusCode).String()
	}
	b.t.Fatalf("it never ends, and is at %s", to)
	return answer{}
}

// TestRelayState of a response that answers no request: it leads to the portal's pages in this Region alone.
func TestRelayState(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		id := w.connect(east, "Wiki", "")
		home := strings.TrimSuffix(w.instance.PortalURL(east), "/")
		for relay, want := range map[string]string{
			"": home + "/", home + "/app/" + id: home + "/app/" + id, home: home + "/",
			"https://" + w.instance.ClassicPortalHost() + "/start": "https://" + w.instance.ClassicPortalHost() + "/start",
			w.instance.PortalURL(west):                             home + "/", "https://evil.test/app/" + id: home + "/", home + "/app/../evil": home + "/",
			"https://ann@" + w.instance.PortalHost(east) + "/": home + "/", "javascript:alert(1)": home + "/",
			home + ".evil.test/": home + "/", "http" + strings.TrimPrefix(home, "https"): home + "/",
		} {
			q := w.browser().ask(w, east)
			q.ID = ""
			a := w.browser().do(http.MethodPost, q.ACS, url.Values{"SAMLResponse": {w.draftFor(q, "ann@acme.test").encoded(t)}, "RelayState": {relay}})
			to := a.want(t, http.StatusSeeOther)
			if to.RawQuery = ""; to.String() != want {
				t.Errorf("%q leads to %s, want %s", relay, to, want)
			}
		}
	})
}
