package identitycenter

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	requestToAllow = 10 * time.Minute // how long a person has to allow it, as long as the AWS CLI waits
	authCodeLife   = time.Minute      // of the code that the browser carries back
	maxState       = 1 << 10          // bytes of a client's state
)

// authorize takes a browser that a client has sent to the person's portal (RFC 6749, 4.1.1; the scopes are in a
// parameter that the AWS CLI calls scopes). Who the browser is to be sent back to is made sure of first: what is wrong
// with a client or its redirect URI is told to the person, and all else to the client.
func (r *Replica) authorize(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	q, now := req.URL.Query(), r.now()
	id, to := q.Get("client_id"), q.Get("redirect_uri")
	c, known := r.oidc.client(id, now)
	switch {
	case id == "" || to == "":
		faultMissing.write(w)
		return
	case !known:
		faultClient.write(w)
		return
	case !c.redirectsTo(to):
		(&oidcFault{kind: "InvalidRedirectUriException", description: "Invalid redirect uri provided"}).write(w)
		return
	}
	a := authorization{
		Client: c.ID, Portal: c.Portal, Until: now.Add(requestToAllow), Redirect: to, State: q.Get("state"),
		Challenge: q.Get("code_challenge"),
	}
	if wrong := c.mayAuthorize(q); wrong != nil {
		to := a.back("error", oidcCodes[wrong.kind].code, "error_description", wrong.description)
		redirect(w, req, to, http.StatusFound)
		return
	}
	request := newSecret()
	r.oidc.addAuthorization(kindRequest.key(request), a, now, a.Until)
	redirect(w, req, r.portalBase(c.Portal)+pathConsent+"?request="+request, http.StatusFound)
}

// mayAuthorize says what is wrong with how a client asks.
func (c *oidcClient) mayAuthorize(q url.Values) *oidcFault {
	switch {
	case !slices.Contains(c.Grants, grantCode):
		return faultClientOf
	case q.Get("response_type") != "code":
		return &oidcFault{kind: "InvalidRequestException", description: "Unsupported response type"}
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		return &oidcFault{kind: "InvalidRequestException", description: "Invalid code challenge provided"}
	case len(q.Get("state")) > maxState:
		return &oidcFault{kind: "InvalidRequestException", description: "Invalid state provided"}
	}
	for scope := range strings.FieldsSeq(q.Get("scopes")) {
		if !slices.Contains(c.Scopes, scope) {
			return &oidcFault{kind: "InvalidScopeException", description: "Invalid scope provided"}
		}
	}
	return nil
}

// back is where the browser goes back to, with some parameters besides the client's own state.
func (a *authorization) back(parameters ...string) string {
	u, err := url.Parse(a.Redirect)
	if err != nil {
		return "/" // it has been read before
	}
	q := u.Query()
	for i := 0; i < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	if a.State != "" {
		q.Set("state", a.State)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// allowRequest ends an authorization request with a code for the browser to carry back; empty where it has ended
// before.
func (r *Replica) allowRequest(request, session string) string {
	now := r.now()
	a, ok := r.oidc.takeAuthorization(kindRequest.key(request), now)
	if !ok {
		return ""
	}
	code := newArgument()
	a.Session, a.Until = session, now.Add(authCodeLife)
	r.oidc.addAuthorization(kindCode.key(code), a, now, a.Until)
	return a.back("code", code)
}
