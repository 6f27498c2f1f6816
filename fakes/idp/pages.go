package idp

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// The pages that both have in common, and each vendor's own.
var (
	//go:embed pages/common.html
	commonHTML string
	//go:embed pages/okta.html
	oktaHTML string
	//go:embed pages/okta.css
	oktaCSS string
	//go:embed pages/entra.html
	entraHTML string
	//go:embed pages/entra.css
	entraCSS string
)

// look is what one vendor's pages are like: templates and a style sheet, both their own and without anybody's logo.
type look struct{ html, css string }

func oktaLook() look  { return look{oktaHTML, oktaCSS} }
func entraLook() look { return look{entraHTML, entraCSS} }

// submitScript posts the form that carries a response, as soon as the page is there.
const submitScript = `document.getElementById("saml").submit();`

// pages writes the provider's pages. They fetch nothing, so that what a drill measures is the sign-in alone.
type pages struct {
	templates *template.Template
	style     template.CSS
	policy    string    // Content-Security-Policy, but for form-action
	written   sync.Pool // of *bytes.Buffer
	now       func() time.Time
}

func newPages(l look, now func() time.Time) *pages {
	return &pages{
		templates: template.Must(template.New("").Parse(commonHTML + l.html)), style: template.CSS(l.css),
		policy: "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src " + hashSource(l.css) +
			"; script-src " + hashSource(submitScript) + "; form-action ",
		written: sync.Pool{New: func() any { return new(bytes.Buffer) }}, now: now,
	}
}

func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is what every template gets.
type page struct {
	Title string
	Style template.CSS
	Of    any
}

func (p *pages) signIn(w http.ResponseWriter, state string, wrong *failure) {
	status := http.StatusOK
	if wrong != nil {
		status = wrong.status
	}
	p.write(w, status, "sign-in", "Sign in", "'self'", struct {
		State string
		Wrong *failureView
	}{state, p.view(wrong)})
}

// challenge asks for the code of the person's authenticator app.
func (p *pages) challenge(w http.ResponseWriter, state, person string, wrong *failure) {
	status := http.StatusOK
	if wrong != nil {
		status = wrong.status
	}
	p.write(w, status, "challenge", "Enter code", "'self'", struct {
		State, Person string
		Wrong         *failureView
	}{state, person, p.view(wrong)})
}

// submit carries a response to its ACS. The form may go to any https site: browsers hold the redirect that answers it
// (to the portal, on a host that the provider can't know) against form-action too.
func (p *pages) submit(w http.ResponseWriter, acs, response, relayState string) {
	p.write(w, http.StatusOK, "submit", "Signing you in", "https:", struct {
		ACS, Response, RelayState string
		Script                    template.JS
	}{acs, response, relayState, submitScript})
}

func (p *pages) dashboard(w http.ResponseWriter, person, tile string, bookmarks []Bookmark) {
	p.write(w, http.StatusOK, "dashboard", "My apps", "'none'", struct {
		Person, Tile string
		Bookmarks    []Bookmark
	}{person, tile, bookmarks})
}

func (p *pages) fail(w http.ResponseWriter, f *failure) {
	p.write(w, f.status, "failure", f.title, "'none'", p.view(f))
}

// failureView is a failure as templates read it, with what Entra ID's pages say to be sent to an administrator.
type failureView struct {
	Status                          int
	Token, Title, Text, Note        string
	Request, Correlation, Timestamp string
}

func (p *pages) view(f *failure) *failureView {
	if f == nil {
		return nil
	}
	return &failureView{
		Status: f.status, Token: f.token, Title: f.title, Text: f.text, Note: f.note,
		Request: entraID()[1:], Correlation: entraID()[1:], Timestamp: p.now().UTC().Format("2006-01-02T15:04:05Z"),
	}
}

func (p *pages) write(w http.ResponseWriter, status int, name, title, formAction string, of any) {
	out := p.written.Get().(*bytes.Buffer)
	defer p.written.Put(out)
	out.Reset()
	if err := p.templates.ExecuteTemplate(out, name, page{title, p.style, of}); err != nil {
		http.Error(w, "writing the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Set("Content-Security-Policy", p.policy+formAction)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "strict-origin") // not no-referrer, which would make the Origin of the ACS's POST null
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // nobody to tell when the browser is gone
}
