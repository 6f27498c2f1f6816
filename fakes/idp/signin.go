package idp

import (
	"crypto/rand"
	"net/http"
	"slices"
)

// purpose is what somebody came for: the dashboard, or a response for the application.
type purpose struct {
	to         place
	acs        string // empty: the default at the time of the response
	request    string // ID of the AuthnRequest; empty: unsolicited
	relayState string
}

type place int

const (
	dashboard place = iota
	application
)

// pending is a purpose whose person has yet to sign in, in the browser that it came from: nobody can have another
// browser continue it (login CSRF), for the token in the form is worth nothing without the cookie.
type pending struct {
	purpose
	browser string
}

// grant is a response for the application that was allowed.
type grant struct{ acs, request, person string }

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

// session tells who is signed in.
func (p *IdP) session(r *http.Request) (person string, ok bool) {
	return p.sessions.get(p.now(), cookie(r, sessionCookie))
}

// askToSignIn shows the sign-in page, with what went wrong the last time if anything did.
func (p *IdP) askToSignIn(w http.ResponseWriter, r *http.Request, want purpose, wrong *failure) {
	browser := cookie(r, browserCookie)
	if browser == "" {
		browser = rand.Text()
		setCookie(w, browserCookie, browser)
	}
	p.pages.signIn(w, p.pending.put(p.now(), pending{want, browser}), wrong)
}

// fulfil gives people who are signed in what they came for.
func (p *IdP) fulfil(w http.ResponseWriter, want purpose, person string) {
	if want.to == dashboard {
		p.pages.dashboard(w, person, p.endpoints.tile, p.app.Bookmarks)
		return
	}
	acs, f := p.registered(want.acs)
	if f != nil { // the list may have changed while the person typed
		p.pages.fail(w, f)
		return
	}
	response, err := p.issue(grant{acs: acs, request: want.request, person: person})
	if err != nil {
		p.pages.fail(w, internal(err))
		return
	}
	p.pages.submit(w, acs, response, want.relayState)
}

// admit refuses AuthnRequests that are not from the application, or not for this provider.
func (p *IdP) admit(q *authnRequest) *failure {
	if q.issuer != p.app.Issuer {
		return badRequest("The request's issuer is not the application.")
	}
	if q.destination != "" && !p.dialect.anywhere && q.destination != p.SSOURL() {
		return badRequest("The request's destination is another provider.")
	}
	return nil
}

// choose finds the ACS for an AuthnRequest: by its URL, else by its index, else the default.
func (p *IdP) choose(q *authnRequest) (string, *failure) {
	if q.acsURL != "" || q.acsIndex < 0 {
		return p.registered(q.acsURL)
	}
	list := *p.acs.Load()
	i := slices.IndexFunc(list, func(a ACS) bool { return a.Index == q.acsIndex })
	if i < 0 {
		return "", acsIndexRefused(q.acsIndex).coded(p.dialect.refusal)
	}
	return list[i].URL, nil
}

// registered is the URL if it is registered, and the default if it is empty.
func (p *IdP) registered(url string) (string, *failure) {
	list := *p.acs.Load()
	if url == "" {
		if len(list) == 0 {
			return "", noACS().coded(p.dialect.refusal)
		}
		return list[0].URL, nil
	}
	if !slices.ContainsFunc(list, func(a ACS) bool { return a.URL == url }) {
		return "", acsRefused(url).coded(p.dialect.refusal)
	}
	return url, nil
}
