package browser

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// misdeed is one way in which the system fails a person who stays at home, and what must be said of it.
type misdeed struct {
	name  string
	lay   func(s *site)
	limit time.Duration // 10s where it is left out
	class history.Class
	says  string // the whole detail
}

func misdeeds() []misdeed {
	return slices.Concat(misdeedsOfAWS(), misdeedsOfOthers(), misdeedsOfPages())
}

func door(host, does string) func(*site) { return func(s *site) { s.lay(host, does) } }

func pageOf(host, path string, status int, page string) func(*site) {
	return func(s *site) { s.on(host, path, answer(status, page)) }
}

func hang(host, path string) func(*site) { return func(s *site) { s.on(host, path, s.hang) } }

func misdeedsOfAWS() []misdeed {
	const brief = 700 * time.Millisecond
	return []misdeed{
		{"portal refuses", door(portalHost(virginia), "refuse"), 0, history.ClassRefused,
			"the portal of us-east-1 refused the connection"},
		{"portal resets", door(portalHost(virginia), "reset"), 0, history.ClassReset,
			"the portal of us-east-1 reset the connection"},
		{"portal's dial hangs", door(portalHost(virginia), "hold"), brief, history.ClassTimeout,
			"the portal of us-east-1 did not answer in time"},
		{"portal hangs", hang(portalHost(virginia), "/"), brief, history.ClassTimeout,
			"the portal of us-east-1 did not answer in time"},
		{"portal 503", pageOf(portalHost(virginia), "/", 503, "no"), 0, history.ClassHTTP5xx,
			"the portal of us-east-1 answered 503"},
		{"portal 503 without a page", func(s *site) { s.on(portalHost(virginia), "/", emptyAnswer(503)) },
			0, history.ClassHTTP5xx, "the portal of us-east-1 answered 503"},
		{"portal 503 whose page hangs", func(s *site) { s.on(portalHost(virginia), "/", s.halfAnswer(503, "<p>sorry")) },
			0, history.ClassHTTP5xx, "the portal of us-east-1 answered 503"},
		{"portal 404", pageOf(portalHost(virginia), "/", 404, "no"), 0, history.ClassHTTP4xx,
			"the portal of us-east-1 answered 404"},
		{"portal 429", pageOf(portalHost(virginia), "/", 429, "no"), 0, history.ClassThrottled,
			"the portal of us-east-1 answered 429"},
		{"portal blocked by its key", pageOf(portalHost(virginia), "/", 403, errorPage("kms")), 0, history.ClassPortalError,
			"the portal of us-east-1 shows an error (kms)"},
		{"a certificate of another key", func(s *site) { s.replace(portalHost(virginia)) }, 0, history.ClassTLS,
			"the portal of us-east-1 has a certificate that is not trusted"},
		{"reset in mid page", func(s *site) { s.on(portalHost(virginia), "/", abort) }, 0, history.ClassReset,
			"the portal of us-east-1 reset the connection"},
		{"sign-in refuses", door(signinHost(virginia), "refuse"), 0, history.ClassRefused,
			"the sign-in of us-east-1 refused the connection"},
		{"sign-in 500", pageOf(signinHost(virginia), "/platform/login", 500, "no"), 0, history.ClassHTTP5xx,
			"the sign-in of us-east-1 answered 500"},
		{"ACS hangs", hang(signinHost(virginia), "/platform/saml/acs/"), 3 * time.Second, history.ClassTimeout,
			"the ACS of us-east-1 did not answer in time"},
		{"ACS rejects", pageOf(signinHost(virginia), "/platform/saml/acs/", 400, errorPage("saml_audience")),
			0, history.ClassACSRejected, "the ACS of us-east-1 rejected the sign-in (saml_audience)"},
		{"ACS 503", pageOf(signinHost(virginia), "/platform/saml/acs/", 503, "no"), 0, history.ClassHTTP5xx,
			"the ACS of us-east-1 answered 503"},
		{"ACS reset", func(s *site) { s.on(signinHost(virginia), "/platform/saml/acs/", abort) }, 0, history.ClassReset,
			"the ACS of us-east-1 reset the connection"},
	}
}

func misdeedsOfOthers() []misdeed {
	return []misdeed{
		{"identity provider refuses", door(idpHost, "refuse"), 0, history.ClassIdPUnavailable,
			"the identity provider refused the connection"},
		{"identity provider 500", pageOf(idpHost, "/", 500, errorPage("internal")), 0, history.ClassIdPUnavailable,
			"the identity provider answered 500"},
		{"identity provider 500 after the password", pageOf(idpHost, "/login", 500, errorPage("internal")),
			0, history.ClassIdPUnavailable, "the identity provider answered 500"},
		{"ACS URL refused", pageOf(idpHost, "/app/", 400, errorPage("acs_refused")), 0, history.ClassIdPACSRefused,
			"the identity provider refused the ACS URL of us-east-1"},
		{"password refused", pageOf(idpHost, "/login", 401, errorPage("login_refused")+signInForm("")),
			0, history.ClassIdPLoginRefused, "the identity provider refused user name and password"},
		{"password asked for again", pageOf(idpHost, "/login", 200, signInForm("")), 0, history.ClassIdPLoginRefused,
			"the identity provider asked for the password again"},
		{"a form without its fields", pageOf(idpHost, "/app/", 200, `<form id="sign-in">what?</form>`),
			0, history.ClassWrongContent, "the identity provider shows a page that can't be filled in"},
		{"API 503", func(s *site) { s.on(apiHost(virginia), "/", emptyAnswer(503)) }, 0, history.ClassHTTP5xx,
			"the portal API of us-east-1 answered 503"},
		{"API 429", func(s *site) { s.on(apiHost(virginia), "/", throttle) }, 0, history.ClassThrottled,
			"the portal API of us-east-1 answered 429"},
		{"API refuses", door(apiHost(virginia), "refuse"), 0, history.ClassRefused,
			"the portal API of us-east-1 refused the connection"},
		{"API hangs", hang(apiHost(virginia), "/"), 3 * time.Second, history.ClassTimeout,
			"the portal API of us-east-1 did not answer in time"},
		{"API blocked by its key", page2(portalPage(virginia, `fail("kms")`)), 0, history.ClassPortalError,
			"the portal of us-east-1 says that its service is blocked (kms)"},
	}
}

func misdeedsOfPages() []misdeed {
	return []misdeed{
		{"another's account", page2(portalPage(virginia, `show("222222222222")`)), 0, history.ClassWrongContent,
			"the portal of us-east-1 shows accounts, but not the expected one"},
		{"another Region's page", page2(portalPage(ireland, `show("`+testAccount+`")`)), 0, history.ClassWrongContent,
			"the portal of us-east-1 says it is of another Region"},
		{"an account that is not shown",
			page2(portalPage(virginia, `document.getElementById("accounts").hidden = true; show("`+testAccount+`")`)),
			3 * time.Second, history.ClassWrongContent, "the portal of us-east-1 shows nothing that leads on"},
		{"a script with an error", page2(portalPage(virginia, `undefined.nothing()`)),
			3 * time.Second, history.ClassWrongContent, "the portal of us-east-1 shows nothing that leads on"},
		{"a script without end", page2(portalPage(virginia, `for (;;) {}`)), 3 * time.Second, history.ClassTimeout,
			"the portal of us-east-1 did not answer in time"},
		{"redirects without end",
			func(s *site) { s.on(portalHost(virginia), "/", redirectTo("https://"+portalHost(virginia)+"/")) },
			0, history.ClassWrongContent, "the portal of us-east-1 redirects without end"},
		{"pages without end", pageOf(portalHost(virginia), "/", 200, `<script>location.reload()</script>`),
			20 * time.Second, history.ClassWrongContent,
			"the portal of us-east-1 was reached after 60 pages and sends on without end"},
		{"a page without end", func(s *site) { s.on(portalHost(virginia), "/", endless) },
			20 * time.Second, history.ClassWrongContent, "the portal of us-east-1 answered with a page of over 16 MB"},
		{"a file", func(s *site) { s.on(portalHost(virginia), "/", download) }, 0, history.ClassWrongContent,
			"the portal of us-east-1 answered with no page"},
		{"no content", func(s *site) { s.on(portalHost(virginia), "/", emptyAnswer(204)) }, 0, history.ClassWrongContent,
			"the portal of us-east-1 answered with no page"},
		{"an unknown place",
			func(s *site) { s.on(portalHost(virginia), "/", redirectTo("https://elsewhere.test/?x="+canaryToken)) },
			3 * time.Second, history.ClassWrongContent, "elsewhere.test shows nothing that leads on"},
	}
}

func errorPage(token string) string {
	return `<p id="error" data-error="` + token + `">AWS's sentence</p>`
}

// page2 puts a page where the portal's is after the sign-in.
func page2(page string) func(*site) {
	return func(s *site) {
		s.on(portalHost(virginia), "/", func(w http.ResponseWriter, r *http.Request) bool {
			if r.FormValue("workflow_code") == "" {
				return false
			}
			writeHTML(w, http.StatusOK, page)
			return true
		})
	}
}

func emptyAnswer(status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(status); return true }
}

func (s *site) halfAnswer(status int, page string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		writeHTML(w, status, page)
		w.(http.Flusher).Flush()
		return s.hang(w, r)
	}
}

func abort(w http.ResponseWriter, _ *http.Request) bool {
	writeHTML(w, http.StatusOK, strings.Repeat("half a page ", 5000))
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func throttle(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodOptions {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", "https://"+portalHost(virginia))
	w.WriteHeader(http.StatusTooManyRequests)
	return true
}

func redirectTo(where string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, where, http.StatusFound)
		return true
	}
}

func endless(w http.ResponseWriter, r *http.Request) bool {
	writeHTML(w, http.StatusOK, "")
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, "<!--"+strings.Repeat("x", 1<<16)+"-->"); err != nil {
			break
		}
	}
	return true
}

func download(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
	_, _ = fmt.Fprint(w, "bytes")
	return true
}

func TestWhatIsSaidOfMisdeeds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := open(t, s)
	for _, m := range misdeeds() {
		t.Run(m.name, func(t *testing.T) {
			defer s.lift()
			m.lay(s)
			limit := m.limit
			if limit == 0 {
				limit = 10 * time.Second
			}
			a := try(t, l, attempt(), limit)
			if a.Outcome != history.Bad || a.Class != m.class || a.Detail != m.says {
				t.Errorf("%s, %s: %q; want bad, %s: %q", a.Outcome, a.Class, a.Detail, m.class, m.says)
			}
			if m.limit == 0 && a.Ended.Sub(a.Due) > limit/2 {
				t.Errorf("it took %v to notice", a.Ended.Sub(a.Due))
			}
			noSecrets(t, a)
		})
	}
	if s.counted("POST elsewhere.test") > 0 {
		t.Error("the password was sent to an unknown host")
	}
	if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Good {
		t.Errorf("and after all of that: %s, %s: %s", a.Outcome, a.Class, a.Detail)
	}
}
