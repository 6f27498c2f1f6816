package identitycenter

import (
	"errors"
	"net/http"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

const maxForm = maxEncodedResponse*4/3 + 16<<10 // bytes of the ACS's form, percent-encoded

// acs is one of the Region's assertion consumer services. It knows its host from the configuration: what a request says
// of its host is for whoever sends it to choose.
type acs struct {
	*Replica
	host string
}

func (a acs) url() string { return "https://" + a.host + pathACS + a.cfg.Instance.TenantID() }

// serve takes a response. Where the person goes is in the request that was remembered. RelayState is looked at where
// there was none, and leads to pages of this Region's portals alone.
func (a acs) serve(w http.ResponseWriter, req *http.Request) {
	req.Body = http.MaxBytesReader(w, req.Body, maxForm)
	if err := req.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			a.serveRefusal(w, req, refuse(causeTooLarge, "the form"), http.StatusBadRequest)
			return
		}
		a.serveRefusal(w, req, refuse(causeMalformed, "the form"), http.StatusBadRequest)
		return
	}
	encoded := req.PostForm["SAMLResponse"]
	if len(encoded) != 1 {
		a.serveRefusal(w, req, refuse(causeMalformed, "%d SAMLResponse fields", len(encoded)), http.StatusBadRequest)
		return
	}
	c, err := a.configuration(req.Context())
	if err != nil {
		a.serveFault(w, req, err)
		return
	}
	x := a.expects(c)
	said, refused := x.validate(encoded[0])
	if refused != nil {
		a.serveRefusal(w, req, refused, http.StatusBadRequest)
		return
	}
	browser := digestOf(cookieValue(req, cookieBrowser))
	q, refused := a.stores.settle(said, browser, a.cfg.Behaviour.Unsolicited, x.now)
	if refused != nil {
		a.serveRefusal(w, req, refused, http.StatusBadRequest)
		return
	}
	a.admit(w, req, said, q)
}

// expects is what it accepts now.
func (a acs) expects(c *configuration) *expectation {
	return &expectation{
		acs: a.url(), audience: a.issuer, issuer: c.Provider.EntityID, format: formatEmail,
		trusted: a.beside.with(c.Provider.Certificates), expired: a.cfg.Behaviour.Expired,
		now: a.now(), skew: a.cfg.Behaviour.Skew,
	}
}

// admit opens the session of a person whom the provider vouches for, if the directory knows them.
func (a acs) admit(w http.ResponseWriter, req *http.Request, said *authentication, q request) {
	p, err := a.person(req.Context(), said.nameID)
	switch {
	case err != nil:
		a.serveFault(w, req, err)
		return
	case p == nil:
		a.serveRefusal(w, req, refuse(causeUnknownUser, "no user of this name is provisioned"), http.StatusBadRequest)
		return
	case p.User.Disabled:
		a.serveRefusal(w, req, refuse(causeDisabledUser, "the user is disabled"), http.StatusBadRequest)
		return
	}
	secret := newSecret()
	n, err := a.openSession(&p.User, secret, said.sessionEnd)
	if err != nil {
		a.serveFault(w, req, err)
		return
	}
	a.stores.see(n.ID, p, a.now())
	http.SetCookie(w, &http.Cookie{
		Name: cookieSession, Value: secret, Path: "/platform/", Domain: a.cookieDomain(), Expires: n.Expires,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	state := q.state
	if state.host == "" {
		state.host, state.next = a.relayed(req.PostForm.Get("RelayState"))
	}
	if state.host == "" {
		state.host = a.cfg.Instance.PortalHost(a.cfg.Region)
	}
	a.toPortal(w, req, n, state)
}

// cookieDomain lets a browser show its session to the sign-in hosts of all Regions: they have a parent in common.
func (a acs) cookieDomain() string {
	domain := names.SigninDomain(a.cfg.Region)
	if a.cfg.Behaviour.SessionHandOff && strings.HasSuffix(a.host, "."+domain) {
		return domain
	}
	return ""
}
