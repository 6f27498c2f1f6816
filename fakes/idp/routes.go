package idp

import (
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/harness/totp"
)

// maxBody is the longest form that is read.
const maxBody = 256 << 10

func (p *IdP) routes() *http.ServeMux {
	mux := http.NewServeMux()
	to := func(want purpose) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { p.proceed(w, r, want, false) }
	}
	mux.HandleFunc("GET "+p.endpoints.sso, p.sso)
	mux.HandleFunc("POST "+p.endpoints.sso, p.sso)
	mux.HandleFunc("GET "+p.endpoints.tile, to(purpose{to: application}))
	for _, b := range p.app.Bookmarks {
		mux.HandleFunc("GET "+p.BookmarkPath(b.Region), to(purpose{to: bookmark, bookmark: b.Region}))
	}
	mux.HandleFunc("GET /{$}", to(purpose{to: dashboard}))
	mux.HandleFunc("POST /login", p.login)
	mux.HandleFunc("POST /login/verify", p.verify)
	mux.HandleFunc("GET "+p.endpoints.metadata, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/samlmetadata+xml")
		_, _ = w.Write(p.shown().document)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { p.pages.fail(w, notFound()) })
	return mux
}

// BookmarkPath is where a bookmark app of a Region is launched on the provider's host, which asks whether it is
// assigned. The dashboard's tile spares its people that way.
func (p *IdP) BookmarkPath(region string) string {
	return p.endpoints.bookmark + p.dialect.bookmarkID(p.app.Issuer, region)
}

// sso is the SingleSignOnService.
func (p *IdP) sso(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	request, relayState, err := readRequest(r)
	if err != nil {
		p.pages.fail(w, p.badRequest(err.Error()))
		return
	}
	if f := p.admit(request); f != nil {
		p.pages.fail(w, f)
		return
	}
	acs, f := p.choose(request)
	if f != nil {
		p.refuse(w, r, "", f)
		return
	}
	p.proceed(w, r, purpose{to: application, acs: acs, request: request.id, relayState: relayState}, request.forceAuthn)
}

// proceed gives people whom it knows what they came for, and asks everybody else to sign in first.
func (p *IdP) proceed(w http.ResponseWriter, r *http.Request, want purpose, forceAuthn bool) {
	anew := forceAuthn || p.reauthenticate && want.to == application
	if person, ok := p.session(r); ok && !anew {
		p.fulfil(w, r, want, person)
		return
	}
	p.askToSignIn(w, r, want, nil)
}

// login is what the sign-in page posts to.
func (p *IdP) login(w http.ResponseWriter, r *http.Request) {
	waiting, ok := p.posted(w, r, false)
	if !ok {
		return
	}
	name := r.PostForm.Get("username")
	person, known := p.directory.find(name)
	right := known && person.is(r.PostForm.Get("password"))
	switch {
	case !right:
		p.askAgain(w, r, waiting.purpose, name, p.dialect.words.loginRefused(known))
	case person.Disabled:
		f := p.dialect.words.disabled()
		f.note = "The account is disabled at the identity provider."
		p.askAgain(w, r, waiting.purpose, name, f)
	case person.Secret != "":
		waiting.person = name
		p.askForCode(w, waiting, nil)
	default:
		p.signedIn(w, r, waiting.purpose, name)
	}
}

// verify is what the page that asks for a one-time code posts to. A code is taken as often as it is valid: RFC 6238
// would have each be taken once, which people of a drill who come back within half a minute could not wait for.
func (p *IdP) verify(w http.ResponseWriter, r *http.Request) {
	waiting, ok := p.posted(w, r, true)
	if !ok {
		return
	}
	person, known := p.directory.find(waiting.person)
	switch {
	case !known || person.Disabled:
		p.askAgain(w, r, waiting.purpose, waiting.person, p.dialect.words.disabled())
	case !totp.Matches(person.Secret, r.PostForm.Get("code"), p.now()):
		f := p.dialect.words.codeRefused()
		control.Visit{Person: person.UserName, Why: f.told()}.Tell(r.Context())
		p.askForCode(w, waiting, f)
	default:
		p.signedIn(w, r, waiting.purpose, person.UserName)
	}
}

// posted reads a form of the sign-in, and answers for itself where that can't go on.
func (p *IdP) posted(w http.ResponseWriter, r *http.Request, challenged bool) (pending, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		p.pages.fail(w, p.badRequest("The form could not be read."))
		return pending{}, false
	}
	waiting, ok := p.back(r, challenged)
	if !ok {
		p.pages.fail(w, signInExpired())
	}
	return waiting, ok
}

func (p *IdP) askAgain(w http.ResponseWriter, r *http.Request, want purpose, person string, f *failure) {
	control.Visit{Person: person, Why: f.told()}.Tell(r.Context())
	p.askToSignIn(w, r, want, f)
}

func (p *IdP) signedIn(w http.ResponseWriter, r *http.Request, want purpose, person string) {
	setCookie(w, sessionCookie, p.sessions.put(p.now(), person))
	p.fulfil(w, r, want, person)
}
