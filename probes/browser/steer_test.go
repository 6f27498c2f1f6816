package browser

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

func bookmark(after time.Duration) harness.BookmarkSteer {
	return harness.BookmarkSteer{By: "bookmark", To: ireland, After: after}
}

func TestBookmark(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := open(t, s)
	const away = "idp_dashboard idp_login portal signin idp_sso acs portal accounts"
	tests := []struct {
		name  string
		lay   func()
		after time.Duration
		steps string
	}{
		{"home's dial hangs", func() { s.lay(portalHost(virginia), "hold") }, 500 * time.Millisecond, "home " + away},
		{"home hangs", func() { s.on(portalHost(virginia), "/", s.hang) }, 500 * time.Millisecond, "home " + away},
		{"home refuses", func() { s.lay(portalHost(virginia), "refuse") }, time.Second, "home wait " + away},
		{"home answers 503", func() { s.on(portalHost(virginia), "/", answer(503, "no")) }, time.Second, "home wait " + away},
		{"home's sign-in hangs", func() { s.on(signinHost(virginia), "/", s.hang) }, 500 * time.Millisecond, "home " + away},
		{"home's script never ends", func() { page2(portalPage(virginia, `for (;;) {}`))(s) }, 3 * time.Second,
			"home idp_dashboard portal signin idp_sso acs portal accounts"}, // signed in at the provider, in the same window
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer s.lift()
			test.lay()
			l.Steer = bookmark(test.after)
			a := try(t, l, attempt(), 10*time.Second)
			if a.Outcome != history.Good || a.Region != ireland || names(a) != test.steps {
				t.Fatalf("%s in %q, %s: %s; steps %s", a.Outcome, a.Region, a.Class, a.Detail, names(a))
			}
			gaveUp := a.Steps[0].Ended
			if strings.Contains(test.steps, "wait") {
				gaveUp = a.Steps[1].Ended
				if !a.Steps[1].Began.Before(a.Due.Add(test.after)) || a.Steps[1].Began.Before(a.Steps[0].Ended) {
					t.Errorf("the wait began %v after due", a.Steps[1].Began.Sub(a.Due))
				}
			}
			if early := a.Due.Add(test.after).Sub(gaveUp); early > 0 {
				t.Errorf("they gave up %v too early", early)
			}
			if a.Steps[0].Region != virginia || a.Steps[0].Host != portalHost(virginia) {
				t.Errorf("home is %+v", a.Steps[0])
			}
			for _, st := range a.Steps[1:] {
				if st.Began.Before(a.Steps[0].Ended) {
					t.Errorf("%s began before home ended", st.Name)
				}
			}
			noSecrets(t, a)
		})
	}
}

func TestBookmarkThatDoesNotHelp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := open(t, s)
	l.Steer = bookmark(300 * time.Millisecond)
	tests := []struct {
		name  string
		lay   func()
		limit time.Duration
		class history.Class
		says  string
	}{
		{"the bookmark hangs too", func() { s.on(portalHost(ireland), "/", s.hang) },
			3 * time.Second, history.ClassTimeout, "the portal of eu-west-1 did not answer in time"},
		{"its ACS is not registered", func() {
			s.on(idpHost, "/app/", func(w http.ResponseWriter, r *http.Request) bool {
				writeHTML(w, 400, errorPage("acs_refused"))
				return true
			})
		}, 10 * time.Second, history.ClassIdPACSRefused, "the identity provider refused the ACS URL of eu-west-1"},
		{"there is no bookmark", func() { l.Steer.To = "eu-north-1" },
			10 * time.Second, history.ClassWrongContent, "the identity provider has no bookmark of eu-north-1"},
		{"the limit is over before they give up", func() { l.Steer.After = 5 * time.Second },
			time.Second, history.ClassTimeout, "the portal of us-east-1 did not answer in time"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer s.lift()
			l.Steer = bookmark(300 * time.Millisecond)
			s.lay(portalHost(virginia), "hold")
			test.lay()
			a := try(t, l, attempt(), test.limit)
			if a.Outcome != history.Bad || a.Class != test.class || a.Detail != test.says {
				t.Errorf("%s, %s: %q; want %s: %q (%s)", a.Outcome, a.Class, a.Detail, test.class, test.says, names(a))
			}
		})
	}
}

func TestBookmarkIsNotNeededAtHome(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	l.Steer = bookmark(5 * time.Second)
	if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Good || a.Region != virginia {
		t.Errorf("%s in %q, %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
	}
}

func TestHomeThatComesBackWhileTheyWait(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	l.Steer = bookmark(8 * time.Second)
	back, asked := make(chan struct{}), make(chan struct{}, 1)
	s.on(portalHost(virginia), "/", func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-back
		return false
	})
	go func() { <-asked; close(back) }()
	if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Good || a.Region != virginia {
		t.Errorf("%s in %q, %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
	}
}
