package idp

import (
	"html"
	"net/http"
	"strings"
	"testing"
)

const ann = "user-001@acme.test"

// host443 is where the provider is.
func (p *IdP) host443() string { return "https://" + p.host }

func TestPeopleWhoAreNotAssigned(t *testing.T) {
	for name, c := range map[string]struct {
		p                     *IdP
		status                int
		application, bookmark string
	}{
		"okta": {newIdP(t, nobody), http.StatusForbidden,
			"Sorry, you cannot access AWS IAM Identity Center because you are not assigned this app in Okta.",
			"Sorry, you cannot access AWS in Ireland because you are not assigned this app in Okta."},
		"entra": {newIdP(t, inEntra, nobody), http.StatusBadRequest,
			"AADSTS50105: Your administrator has configured the application AWS IAM Identity Center (", "AADSTS50105: " +
				"Your administrator has configured the application AWS in Ireland ("},
	} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, c.p)()
			at := c.p.host443()
			page := b.signInAt(c.p, b.get(at+"/"))
			if page.status != http.StatusOK || page.tiles["app"] != "" || page.tiles["bookmark"] != "" {
				t.Errorf("the dashboard has %v", page.tiles)
			}
			for target, want := range map[string]string{
				redirect(t, c.p, requestDocument("_r1", ""), ""): c.application, at + c.p.endpoints.tile: c.application,
				at + c.p.BookmarkPath("eu-west-1"): c.bookmark,
			} {
				page := b.get(target)
				if page.status != c.status || page.error != "not_assigned" ||
					!strings.Contains(html.UnescapeString(page.body), want) {
					t.Errorf("%s: %d %q\n%s", target, page.status, page.error, page.body)
				}
			}
		})
	}
}

// nobody has an application.
func nobody(c *Config) {
	c.App.Assigned = []string{}
	c.App.Bookmarks[0].Assigned = []string{}
}

func TestAssignmentsChange(t *testing.T) {
	p := newIdP(t, nobody)
	b := serve(t, p)()
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.signIn(b.get(testHost + "/"))
	bookmark := testHost + p.BookmarkPath("eu-west-1")
	for _, assigned := range []bool{true, false, true} {
		for _, app := range []string{"", "eu-west-1"} {
			before, err := p.Assign(app, ann, assigned)
			if again, _ := p.Assign(app, ann, assigned); err != nil || before == assigned || again != assigned {
				t.Errorf("assigning %q: it was %v, then %v: %v", app, before, again, err)
			}
		}
		tiles := b.get(testHost + "/").tiles
		if (tiles["app"] != "") != assigned || (tiles["bookmark"] != "") != assigned {
			t.Errorf("assigned %v: tiles %v", assigned, tiles)
		}
		if page := b.get(bookmark); (page.header.Get("Location") == p.app.Bookmarks[0].URL) != assigned {
			t.Errorf("assigned %v: the bookmark answers %d", assigned, page.status)
		}
	}
	if _, err := p.Assign("", "nobody@acme.test", true); err == nil {
		t.Error("nobody was assigned something")
	}
	if _, err := p.Assign("ap-south-1", ann, true); err == nil {
		t.Error("an application that isn't there was assigned")
	}
}

// Okta doesn't tell a wrong password from a name that nobody has; Entra ID does.
func TestWhatAWrongPasswordIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		p             *IdP
		known, nobody string
	}{
		"okta": {newIdP(t), "Unable to sign in", "Unable to sign in"},
		"entra": {newIdP(t, inEntra), "Your account or password is incorrect. If you don't remember your password, reset it now.",
			"This username may be incorrect. Make sure you typed it correctly. Otherwise, contact your admin."},
	} {
		b := serve(t, c.p)()
		page := b.get(c.p.host443() + "/")
		for who, want := range map[string]string{ann: c.known, "nobody@acme.test": c.nobody} {
			page.fields["username"], page.fields["password"] = who, "wrong"
			page = b.post(c.p.host443()+"/login", page.fields)
			if page.error != "login_refused" || !strings.Contains(html.UnescapeString(page.body), ">"+want+"<") {
				t.Errorf("%s, %s: %d %q:\n%s", name, who, page.status, page.error, page.body)
			}
		}
	}
}

func TestDisabledPeople(t *testing.T) {
	for want, p := range map[string]*IdP{
		"Unable to sign in": newIdP(t),
		"Your account has been locked. Contact your support person to unlock it, then try again.": newIdP(t, inEntra),
	} {
		b := serve(t, p)()
		request := redirect(t, p, requestDocument("_r1", acsAttr(acsEU)), "")
		if page := b.signInAt(p, b.get(request)); page.action != acsEU {
			t.Fatalf("posts to %q", page.action)
		}
		if before, err := p.SetDisabled(ann, true); before || err != nil {
			t.Fatal(before, err)
		}
		page := b.get(request)
		if page.form != "sign-in" {
			t.Fatalf("the session of a disabled person is worth %q", page.form)
		}
		page = b.signInAt(p, page)
		if page.status != http.StatusUnauthorized || page.error != "login_refused" ||
			!strings.Contains(html.UnescapeString(page.body), ">"+want+"<") {
			t.Errorf("%d %q:\n%s", page.status, page.error, page.body)
		}
		if before, err := p.SetDisabled(ann, false); !before || err != nil {
			t.Fatal(before, err)
		}
		if page = b.signInAt(p, page); page.action != acsEU {
			t.Errorf("enabled again: %d %q", page.status, page.error)
		}
		if _, err := p.SetDisabled("nobody@acme.test", true); err == nil {
			t.Error("nobody was disabled")
		}
	}
}
