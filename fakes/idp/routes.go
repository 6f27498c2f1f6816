package idp

import (
	"crypto/subtle"
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// maxBody is the longest form that is read.
const maxBody = 256 << 10

func (p *IdP) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+p.endpoints.sso, p.sso)
	mux.HandleFunc("POST "+p.endpoints.sso, p.sso)
	mux.HandleFunc("GET "+p.endpoints.tile, func(w http.ResponseWriter, r *http.Request) {
		p.proceed(w, r, purpose{to: application}, false)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		p.proceed(w, r, purpose{to: dashboard}, false)
	})
	mux.HandleFunc("POST /login", p.login)
	mux.HandleFunc("GET "+p.endpoints.metadata, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/samlmetadata+xml")
		_, _ = w.Write(p.document)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { p.pages.fail(w, notFound()) })
	return mux
}

// sso is the SingleSignOnService.
func (p *IdP) sso(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	request, relayState, err := readRequest(r)
	if err != nil {
		p.pages.fail(w, badRequest(err.Error()))
		return
	}
	if f := p.admit(request); f != nil {
		p.pages.fail(w, f)
		return
	}
	acs, f := p.choose(request)
	if f != nil {
		control.Visit{Why: f.token + ": " + f.text}.Tell(r.Context())
		p.pages.fail(w, f)
		return
	}
	p.proceed(w, r, purpose{to: application, acs: acs, request: request.id, relayState: relayState}, request.forceAuthn)
}

// proceed gives people whom it knows what they came for, and asks everybody else to sign in first.
func (p *IdP) proceed(w http.ResponseWriter, r *http.Request, want purpose, forceAuthn bool) {
	if person, ok := p.session(r); ok && !forceAuthn {
		p.fulfil(w, want, person)
		return
	}
	p.askToSignIn(w, r, want, nil)
}

// login is what the sign-in page posts to.
func (p *IdP) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		p.pages.fail(w, badRequest("The form could not be read."))
		return
	}
	browser := cookie(r, browserCookie)
	waiting, ok := p.pending.take(p.now(), r.PostForm.Get("state"), func(q pending) bool {
		return subtle.ConstantTimeCompare([]byte(q.browser), []byte(browser)) == 1
	})
	if !ok {
		p.pages.fail(w, signInExpired())
		return
	}
	person := r.PostForm.Get("username")
	if !p.knows(person, r.PostForm.Get("password")) {
		refused := loginRefused()
		control.Visit{Person: person, Why: refused.token + ": " + refused.text}.Tell(r.Context())
		p.askToSignIn(w, r, waiting.purpose, refused)
		return
	}
	setCookie(w, sessionCookie, p.sessions.put(p.now(), person))
	p.fulfil(w, waiting.purpose, person)
}

// knows compares without a slow hash: it would sit in every sign-in that is measured.
func (p *IdP) knows(person, password string) bool {
	expected, ok := p.passwords[person]
	return ok && subtle.ConstantTimeCompare([]byte(expected), []byte(password)) == 1
}
