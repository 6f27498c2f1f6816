package identitycenter

import (
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// Pages of the portal on which a person allows a client to act for them. AWS's classic portal puts the first behind a
// fragment (/start/#/device), which no server sees; the second has the name that it has there.
const (
	pathDevice  = "/device"
	pathConsent = "/user-consent/authorize.html"
)

// maxConsentForm bounds what a page of consent posts, in bytes.
const maxConsentForm = 4 << 10

// Steps of a consent, each with a button.
const (
	stepEnter   = "enter"   // the code
	stepConfirm = "confirm" // that the code is the one that the client shows
	stepAllow   = "allow"
	stepDeny    = "deny"
	stepDone    = "done"
	stepDenied  = "denied"
)

// consentOf is what a page of consent asks about.
type consentOf struct {
	Step, Action string
	Field, Code  string // the form's hidden field, and what it holds
	User, Client string
	Scopes       []string
	Proof        string // that this page showed the form to this session
	Error        string
}

// consentPages are added to a portal's own.
func (r *Replica) consentPages(mux *http.ServeMux, host string) {
	path := r.portalPath(host)
	mux.HandleFunc("GET "+path+pathDevice, r.recorded(r.serveDevice))
	mux.HandleFunc("POST "+path+pathDevice, r.recorded(r.decideDevice))
	mux.HandleFunc("GET "+path+pathConsent, r.recorded(r.serveConsent))
	mux.HandleFunc("POST "+path+pathConsent, r.recorded(r.decideConsent))
}

// serveDevice asks a person who has signed in for the code that a client shows them, and whether it is the one.
func (r *Replica) serveDevice(w http.ResponseWriter, req *http.Request) {
	typed := req.URL.Query().Get("user_code")
	code, next := userCodeOf(typed), pathDevice
	if code != "" {
		next += "?user_code=" + code
	}
	n, token := r.portalSession(w, req, next)
	if n == nil || r.present(w, req, n) == nil {
		return
	}
	page := consentOf{Step: stepEnter, Action: req.URL.Path, User: n.User}
	if typed == "" {
		r.pages.consent(w, http.StatusOK, page, "")
		return
	}
	r.askDevice(w, page, code, stepConfirm, token)
}

// askDevice shows a step of a device authorization that waits for an answer, or that there is none of this code.
func (r *Replica) askDevice(w http.ResponseWriter, page consentOf, code, step, token string) {
	a, c := r.waiting(kindDevice, code)
	if a == nil {
		page.Step, page.Error = stepEnter, "device_code"
		r.pages.consent(w, http.StatusBadRequest, page, "")
		return
	}
	page.Step, page.Field, page.Code = step, "user_code", code
	page.Client, page.Scopes, page.Proof = c.Name, c.Scopes, r.proof(token, code, step)
	r.pages.consent(w, http.StatusOK, page, "")
}

// waiting is an authorization that no one has decided on, and its client; nil where there is none.
func (r *Replica) waiting(kind oidcKind, code string) (*authorization, *oidcClient) {
	now := r.now()
	a, ok := r.oidc.authorization(kind.key(code), now)
	c, known := r.oidc.client(a.Client, now)
	if !ok || !known || a.decided() || !now.Before(a.Until) {
		return nil, nil
	}
	return &a, &c
}

// decideDevice takes what a person answers, one step after the other.
func (r *Replica) decideDevice(w http.ResponseWriter, req *http.Request) {
	n, form, token := r.answered(w, req)
	if n == nil {
		return
	}
	code, page := userCodeOf(form.Get("user_code")), consentOf{Action: req.URL.Path, User: n.User}
	first, last := r.proves(form, token, code, stepConfirm), r.proves(form, token, code, stepAllow)
	switch step := form.Get("step"); {
	case step == stepConfirm && first:
		r.askDevice(w, page, code, stepAllow, token)
	case step == stepAllow && last, step == stepDeny && (first || last):
		r.closeDevice(w, req, page, n, code, step == stepAllow)
	default:
		r.serveRefusal(w, req, refuse(causeRequest, "the form is not this page's"), http.StatusForbidden)
	}
}

// closeDevice decides on a device authorization for good.
func (r *Replica) closeDevice(
	w http.ResponseWriter, req *http.Request, page consentOf, n *session, code string, allow bool,
) {
	_, c := r.waiting(kindDevice, code)
	first := false
	r.oidc.change(kindDevice.key(code), r.now(), func(a *authorization) {
		if first = c != nil && !a.decided(); first && allow {
			a.Session = n.ID
		} else if first {
			a.Denied = true
		}
	})
	if !first {
		page.Step, page.Error = stepEnter, "device_code"
		r.pages.consent(w, http.StatusBadRequest, page, "")
		return
	}
	page.Client, page.Step = c.Name, stepDenied
	if allow {
		page.Step = stepDone
		control.Visit{Person: n.User, Served: "an approval of a device"}.Tell(req.Context())
	}
	r.pages.consent(w, http.StatusOK, page, "")
}

// serveConsent asks a person whether a client that has sent their browser here may act for them.
func (r *Replica) serveConsent(w http.ResponseWriter, req *http.Request) {
	request := req.URL.Query().Get("request")
	if len(request) != len(newSecret()) {
		request = ""
	}
	n, token := r.portalSession(w, req, pathConsent+"?request="+url.QueryEscape(request))
	if n == nil || r.present(w, req, n) == nil {
		return
	}
	a, c := r.waiting(kindRequest, request)
	if a == nil {
		r.serveRefusal(w, req, refuse(causeRequest, "the request to authorize has ended"), http.StatusBadRequest)
		return
	}
	r.pages.consent(w, http.StatusOK, consentOf{
		Step: stepAllow, Action: req.URL.Path, User: n.User, Field: "request", Code: request,
		Client: c.Name, Scopes: c.Scopes, Proof: r.proof(token, request, stepAllow),
	}, a.Redirect)
}

// decideConsent sends the browser back to the client with what the person has answered.
func (r *Replica) decideConsent(w http.ResponseWriter, req *http.Request) {
	n, form, token := r.answered(w, req)
	if n == nil {
		return
	}
	request, step := form.Get("request"), form.Get("step")
	if step != stepAllow && step != stepDeny || !r.proves(form, token, request, stepAllow) {
		r.serveRefusal(w, req, refuse(causeRequest, "the form is not this page's"), http.StatusForbidden)
		return
	}
	back := ""
	if step == stepAllow {
		back = r.allowRequest(request, n.ID)
	} else if a, ok := r.oidc.takeAuthorization(kindRequest.key(request), r.now()); ok {
		back = a.back("error", "access_denied", "error_description", faultDenied.description)
	}
	if back == "" {
		r.serveRefusal(w, req, refuse(causeRequest, "the request to authorize has ended"), http.StatusBadRequest)
		return
	}
	if step == stepAllow {
		control.Visit{Person: n.User, Served: "an approval of a client"}.Tell(req.Context())
	}
	redirect(w, req, back, http.StatusSeeOther)
}

// answered reads a form of consent and whose it is. A session that has ended, a user who has left and a form from
// another site are refused; then the session is nil.
func (r *Replica) answered(w http.ResponseWriter, req *http.Request) (*session, url.Values, string) {
	token := cookieValue(req, cookieToken)
	n := r.stores.ofToken(token, r.now())
	req.Body = http.MaxBytesReader(w, req.Body, maxConsentForm)
	var ours http.CrossOriginProtection
	switch {
	case n == nil:
		r.serveRefusal(w, req, refuse(causeSession, "the session has ended"), http.StatusBadRequest)
	case ours.Check(req) != nil:
		r.serveRefusal(w, req, refuse(causeRequest, "the form is another site's"), http.StatusForbidden)
	case req.ParseForm() != nil:
		r.serveRefusal(w, req, refuse(causeRequest, "the form is malformed or too large"), http.StatusBadRequest)
	case r.present(w, req, n) != nil:
		return n, req.PostForm, token
	}
	return nil, nil, ""
}

// present is the session's user, if they are still there; nil where not, of which the browser has been told.
func (r *Replica) present(w http.ResponseWriter, req *http.Request, n *session) *person {
	p, err := r.personOf(req.Context(), n)
	switch {
	case err != nil:
		r.serveFault(w, req, err)
	case p == nil:
		r.serveRefusal(w, req, refuse(causeDisabledUser, "the user has left or is disabled"), http.StatusForbidden)
	}
	return p
}

// proof shows that a step's form was made for this session and this code.
func (r *Replica) proof(token, code, step string) string {
	return base64.RawURLEncoding.EncodeToString(r.macState(strings.Join([]string{"consent", token, code, step}, "\n")))
}

func (r *Replica) proves(form url.Values, token, code, step string) bool {
	return code != "" && hmac.Equal([]byte(form.Get("proof")), []byte(r.proof(token, code, step)))
}
