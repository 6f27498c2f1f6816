package identitycenter

import (
	"crypto/subtle"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// console is the sign-in to AWS's console with credentials of a role, which no Region of the instance has a part in
// (IAM User Guide, "Enable custom identity broker access to the AWS console"). At AWS it is one host for all Regions of
// a partition, and so is the page behind it.
type console struct {
	key          roleKey
	signin, home string // hosts
	now          func() time.Time
}

// Console serves the sign-in to the console and its first page, by their hosts, to who has credentials of a role that a
// Region of the instance has given out. now is the time; nil: that of this machine.
func Console(i names.Instance, now func() time.Time) map[string]http.Handler {
	if now == nil {
		now = time.Now
	}
	c := &console{roleKeyOf(i), names.ConsoleSigninHost(i.Primary), names.ConsoleHost(i.Primary), now}
	return map[string]http.Handler{c.signin: http.HandlerFunc(c.federation), c.home: http.HandlerFunc(c.page)}
}

const (
	signinTokenLife  = 15 * time.Minute // from when it is given out, as the IAM User Guide has it
	consoleLife      = 12 * time.Hour   // of a session at the console, at most
	cookieConsole    = "aws-creds"
	purposeToken     = "sign-in token"
	purposeConsole   = "console"
	metaConsoleOwner = "aws-account"
)

// consoleSession is whose console it is.
type consoleSession struct {
	Account, Role, User string
	Expires             time.Time // of the sign-in token, then of the session
}

// federation gives out sign-in tokens and takes them.
func (c *console) federation(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch query := r.URL.Query(); {
	case r.Method != http.MethodGet || r.URL.Path != "/federation":
		http.NotFound(w, r)
	case query.Get("Action") == "getSigninToken":
		c.getSigninToken(w, query.Get("Session"))
	case query.Get("Action") == "login":
		c.login(w, r, query)
	default:
		http.Error(w, "There is no such action.", http.StatusBadRequest)
	}
}

// getSigninToken exchanges credentials for a token.
func (c *console) getSigninToken(w http.ResponseWriter, session string) {
	var said struct{ SessionID, SessionKey, SessionToken string }
	if json.Unmarshal([]byte(session), &said) != nil {
		http.Error(w, "The session can't be read.", http.StatusBadRequest)
		return
	}
	s := c.key.sessionOf(said.SessionToken)
	secret := c.key.secretOf(said.SessionID)
	if s == nil || s.AccessKeyID != said.SessionID || !c.now().Before(s.Expires) ||
		subtle.ConstantTimeCompare([]byte(secret), []byte(said.SessionKey)) != 1 {
		http.Error(w, "The credentials aren't valid.", http.StatusBadRequest)
		return
	}
	until := c.now().Add(signinTokenLife)
	token, err := c.key.seal(purposeToken, consoleSession{s.Account, s.Role, s.User, until})
	if err != nil {
		http.Error(w, "The service is at fault.", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, struct{ SigninToken string }{token})
}

// login sends a browser that brings a token on to the console, and nowhere else.
func (c *console) login(w http.ResponseWriter, r *http.Request, query url.Values) {
	var s consoleSession
	to, err := url.Parse(query.Get("Destination"))
	if err != nil || to.Scheme != "https" || to.Host != c.home {
		http.Error(w, "The destination isn't the console.", http.StatusBadRequest)
		return
	}
	if !c.key.open(purposeToken, query.Get("SigninToken"), &s) || !c.now().Before(s.Expires) {
		http.Error(w, "The token isn't valid, or has expired.", http.StatusBadRequest)
		return
	}
	s.Expires = c.now().Add(consoleLife)
	sealed, err := c.key.seal(purposeConsole, s)
	if err != nil {
		http.Error(w, "The service is at fault.", http.StatusInternalServerError)
		return
	}
	_, domain, _ := strings.Cut(c.home, ".") // which both hosts are in
	http.SetCookie(w, &http.Cookie{Name: cookieConsole, Value: sealed, Path: "/", Domain: domain, Expires: s.Expires,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, to.String(), http.StatusFound)
}

var consolePage = template.Must(template.New("console").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Console Home</title>
<meta name="` + metaConsoleOwner + `" content="{{.Account}}"><meta name="aws-user" content="{{.Role}}/{{.User}}">
</head><body><h1>Console Home</h1><p>{{.Role}}/{{.User}} in {{.Account}}</p></body></html>
`))

// page is the console's, for who is signed in to it.
func (c *console) page(w http.ResponseWriter, r *http.Request) {
	var s consoleSession
	if !c.key.open(purposeConsole, cookieValue(r, cookieConsole), &s) || !c.now().Before(s.Expires) {
		http.Error(w, "Sign in first.", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = consolePage.Execute(w, s) // a reader that has gone is no concern of ours
}
