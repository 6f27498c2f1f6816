package identitycenter

import (
	"errors"
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// Cookies of the portal's host.
const (
	cookieToken = "x-amz-sso_authn" // the bearer token, under the name that it has at AWS
	cookieFlow  = "x-amz-sso-flow"  // marks the browser that a one-time code is for
)

// portalHandler serves the access portal at the path: "/", or another on the classic host.
func (r *Replica) portalHandler(host string) http.Handler {
	mux := http.NewServeMux()
	exact := "/{$}"
	if path := r.portalPath(host); path != "" {
		exact = path
		mux.Handle("GET /{$}", http.RedirectHandler(path, http.StatusFound))
		mux.Handle("GET "+path+"/{$}", http.RedirectHandler(path, http.StatusFound))
	}
	mux.HandleFunc("GET "+exact, r.servePortal)
	mux.HandleFunc("GET "+r.portalPath(host)+pathApplication+"{id}", r.serveApplication)
	r.consentPages(mux, host)
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		r.serveRefusal(w, req, refuse(causeRequest, "no such page"), http.StatusNotFound)
	})
	return mux
}

// servePortal shows the portal.
func (r *Replica) servePortal(w http.ResponseWriter, req *http.Request) {
	if n, token := r.portalSession(w, req, ""); n != nil {
		r.showPortal(w, req, n, token)
	}
}

// portalSession is whose browser it is, who comes with a one-time code or the portal's cookie. All others are sent to
// sign in, and back to next, a page of the portal; then the session is nil.
func (r *Replica) portalSession(w http.ResponseWriter, req *http.Request, next string) (*session, string) {
	if _, err := r.configuration(req.Context()); err != nil {
		r.serveFault(w, req, err)
		return nil, ""
	}
	now := r.now()
	token := cookieValue(req, cookieToken)
	n := r.stores.ofToken(token, now)
	if code := req.URL.Query().Get("workflow_code"); code != "" {
		by, fresh, err := r.redeem(code, flowOf(cookieValue(req, cookieFlow)), now)
		if err != nil {
			r.serveFault(w, req, err)
			return nil, ""
		}
		if by != nil {
			http.SetCookie(w, &http.Cookie{
				Name: cookieToken, Value: fresh, Path: "/", Expires: by.Expires,
				Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
			return by, fresh
		}
		if n == nil {
			r.serveRefusal(w, req, refuse(causeSession, "the code is used, expired or another browser's"), http.StatusBadRequest)
			return nil, ""
		}
	}
	if n == nil {
		r.toSignin(w, req, next)
	}
	return n, token
}

// toSignin begins a sign-in at the Region's own sign-in host.
func (r *Replica) toSignin(w http.ResponseWriter, req *http.Request, next string) {
	flow := cookieValue(req, cookieFlow)
	if len(flow) != len(newSecret()) {
		flow = newSecret()
		http.SetCookie(w, &http.Cookie{
			Name: cookieFlow, Value: flow, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	state := r.sealState(portalState{host: hostOf(req), flow: flowOf(flow), next: next})
	redirect(w, req, "https://"+r.signinHost(next)+pathLogin+"?state="+state, http.StatusFound)
}

// flowOf is what sign-in learns of the portal's mark.
func flowOf(mark string) string {
	d := digestOf(mark)
	return encodeShort(d[:])
}

func (r *Replica) showPortal(w http.ResponseWriter, req *http.Request, n *session, token string) {
	if p := r.present(w, req, n); p != nil {
		r.pages.portal(w, p.User, token, r.tiles(p))
	}
}

// serveRefusal shows an error page.
func (r *Replica) serveRefusal(w http.ResponseWriter, req *http.Request, refused *refusal, status int) {
	if refused.cause != causeRequest { // nobody's sign-in: a browser that looks for an icon, as a rule
		control.Visit{Why: refused.Error()}.Tell(req.Context())
	}
	r.pages.refusal(w, refused, status)
}

// serveFault shows why the Region itself can't serve: KMS refuses (403) or is silent (503), the directory has not
// arrived (503), or this package is at fault (500).
func (r *Replica) serveFault(w http.ResponseWriter, req *http.Request, err error) {
	var kms *errKMS
	switch {
	case errors.As(err, &kms) && kms.refused:
		r.serveRefusal(w, req, refuse(causeKMS, "KMS refuses the key of this Region"), http.StatusForbidden)
	case errors.As(err, &kms):
		r.serveRefusal(w, req, refuse(causeKMS, "KMS does not answer"), http.StatusServiceUnavailable)
	case errors.Is(err, errEmpty):
		r.serveRefusal(w, req, refuse(causeNotReady, "%v", err), http.StatusServiceUnavailable)
	default:
		r.serveRefusal(w, req, refuse(causeFault, "a fault of the service"), http.StatusInternalServerError)
	}
}
