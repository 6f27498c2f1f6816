package idp

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"slices"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// purpose is what somebody came for: the dashboard, or a response for the application.
type purpose struct {
	to         place
	acs        string // empty: the default at the time of the response
	request    string // ID of the AuthnRequest; empty: unsolicited
	relayState string
	bookmark   string // Region
}

type place int

const (
	dashboard place = iota
	application
	bookmark
)

// applicationLabel is what the application is called, at the provider and on its tile.
const applicationLabel = "AWS IAM Identity Center"

// pending is a purpose whose person has yet to sign in, in the browser that it came from: nobody can have another
// browser continue it (login CSRF), for the token in the form is worth nothing without the cookie.
type pending struct {
	purpose
	browser string
	person  string // whose password was right, and whose code isn't known yet; empty: nobody's
}

// grant is a response for the application that was allowed.
type grant struct {
	acs, request, person string
	canary               bool
}

// Cookies are named as Okta's. Both are SameSite=None, because an AuthnRequest by HTTP-POST comes from another site.
const (
	sessionCookie = "idx"
	browserCookie = "DT"
)

func setCookie(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode,
	})
}

// cookie is the value of the request's cookie, empty where there is none or it is longer than ours are.
func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil || len(c.Value) > 64 {
		return ""
	}
	return c.Value
}

// session tells who is signed in. A session ends with the account.
func (p *IdP) session(r *http.Request) (person string, ok bool) {
	person, ok = p.sessions.get(p.now(), cookie(r, sessionCookie))
	return person, ok && p.directory.enabled(person)
}

// askToSignIn shows the sign-in page, with what went wrong the last time if anything did.
func (p *IdP) askToSignIn(w http.ResponseWriter, r *http.Request, want purpose, wrong *failure) {
	browser := cookie(r, browserCookie)
	if browser == "" {
		browser = rand.Text()
		setCookie(w, browserCookie, browser)
	}
	p.pages.signIn(w, p.pending.put(p.now(), pending{purpose: want, browser: browser}), wrong)
}

// askForCode shows the page that asks for a one-time code, in the browser where the password was right.
func (p *IdP) askForCode(w http.ResponseWriter, waiting pending, wrong *failure) {
	p.pages.challenge(w, p.pending.put(p.now(), waiting), waiting.person, wrong)
}

// back takes what a form brings back, in the browser that it was shown in.
func (p *IdP) back(r *http.Request, challenged bool) (pending, bool) {
	browser := cookie(r, browserCookie)
	return p.pending.take(p.now(), r.PostForm.Get("state"), func(q pending) bool {
		return (q.person != "") == challenged && subtle.ConstantTimeCompare([]byte(q.browser), []byte(browser)) == 1
	})
}

// fulfil gives people who are signed in what they came for.
func (p *IdP) fulfil(w http.ResponseWriter, r *http.Request, want purpose, person string) {
	switch want.to {
	case dashboard:
		p.dashboard(w, person)
		return
	case bookmark:
		p.launch(w, r, person, want.bookmark)
		return
	}
	if !p.directory.assigned("", person) {
		p.refuse(w, r, person, p.unassigned(person, applicationLabel, p.endpoints.id))
		return
	}
	acs, f := p.registered(want.acs)
	if f != nil { // the list may have changed while the person typed
		p.refuse(w, r, person, f)
		return
	}
	response, err := p.issue(grant{acs: acs, request: want.request, person: person})
	if err != nil {
		p.pages.fail(w, internal(err))
		return
	}
	p.pages.submit(w, acs, response, want.relayState)
}

// dashboard has the tiles of what the person may use.
func (p *IdP) dashboard(w http.ResponseWriter, person string) {
	tile := ""
	if p.directory.assigned("", person) {
		tile = p.endpoints.tile
	}
	bookmarks := slices.DeleteFunc(slices.Clone(p.app.Bookmarks), func(b Bookmark) bool {
		return !p.directory.assigned(b.Region, person)
	})
	p.pages.dashboard(w, person, tile, bookmarks)
}

// launch sends people on to what a bookmark app leads to, if it is theirs: a link to it was kept or passed on.
func (p *IdP) launch(w http.ResponseWriter, r *http.Request, person, region string) {
	i := slices.IndexFunc(p.app.Bookmarks, func(b Bookmark) bool { return b.Region == region })
	if i < 0 {
		p.pages.fail(w, notFound())
		return
	}
	if b := p.app.Bookmarks[i]; !p.directory.assigned(region, person) {
		p.refuse(w, r, person, p.unassigned(person, b.Label, p.dialect.bookmarkID(p.app.Issuer, region)))
		return
	}
	http.Redirect(w, r, p.app.Bookmarks[i].URL, http.StatusFound)
}

// refuse shows somebody a failure, and tells a report of it.
func (p *IdP) refuse(w http.ResponseWriter, r *http.Request, person string, f *failure) {
	control.Visit{Person: person, Why: f.told()}.Tell(r.Context())
	p.pages.fail(w, f)
}

// admit refuses AuthnRequests that are not from the application, or not for this provider.
func (p *IdP) admit(q *authnRequest) *failure {
	if q.issuer != p.app.Issuer {
		return p.foreign(q.issuer)
	}
	if q.destination != "" && !p.dialect.anywhere && q.destination != p.SSOURL() {
		return p.badRequest("The request's destination is another provider.")
	}
	return nil
}
