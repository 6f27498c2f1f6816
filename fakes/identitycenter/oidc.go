package identitycenter

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// Grant types of OAuth 2.0 that the service has.
const (
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// scopeAccounts lets a token use the portal's API, and be refreshed (AWS CLI User Guide, "sso_registration_scopes").
const scopeAccounts = "sso:account:access"

// maxOIDCBody bounds a request's body, in bytes.
const maxOIDCBody = 16 << 10

// oidcHandler serves the OIDC API (IAM Identity Center OIDC API Reference) to clients that are no browsers, and the
// authorize endpoint to the browsers that they send there. CreateTokenWithIAM, which is for applications that propagate
// identities, is not offered.
func (r *Replica) oidcHandler(string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /client/register", oidcCall(r, r.registerClient))
	mux.HandleFunc("POST /device_authorization", oidcCall(r, r.startDeviceAuthorization))
	mux.HandleFunc("POST /token", oidcCall(r, r.createToken))
	mux.HandleFunc("GET /authorize", r.recorded(r.authorize))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, http.StatusNotFound, "UnknownOperationException", "No such operation")
	})
	return mux
}

// oidcCall reads what an operation takes and writes what it gives.
func oidcCall[In any](r *Replica, serve func(*http.Request, *In) (any, *oidcFault)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		in := new(In)
		if !readJSON(http.MaxBytesReader(w, req.Body, maxOIDCBody), in) {
			faultBody.write(w)
			return
		}
		if _, err := r.configuration(req.Context()); err != nil {
			faultOf(err).write(w)
			return
		}
		out, fault := serve(req, in)
		if err := r.recordClients(); err != nil && fault == nil {
			fault = faultOf(err)
		}
		if fault != nil {
			fault.write(w)
			return
		}
		writeJSON(w, http.StatusOK, out)
	}
}

// readJSON reads one JSON object and nothing behind it. Fields that are not known are left alone.
func readJSON(from io.Reader, into any) bool {
	raw, err := io.ReadAll(from)
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(raw)), "{") && json.Unmarshal(raw, into) == nil
}

// newArgument is a secret that people give to programs, which take what begins with a dash for an option.
func newArgument() string {
	for {
		if s := newSecret(); s[0] != '-' {
			return s
		}
	}
}

// authenticate finds the client that an ID and a secret are of. Another Region's client is as unknown here as nobody's.
func (r *Replica) authenticate(id, secret string) (oidcClient, *oidcFault) {
	if id == "" || secret == "" {
		return oidcClient{}, faultMissing
	}
	c, known := r.oidc.client(id, r.now())
	got := digestOf(secret)
	if !known || subtle.ConstantTimeCompare(got[:], c.Secret[:]) != 1 {
		return oidcClient{}, faultClient
	}
	return c, nil
}

// bearer is the live session that a token at the portal's API stands for: a portal's own, or one that a client got
// through the OIDC API of this Region. A client's ends with the session of who allowed it. (AWS gives applications up
// to 30 minutes to notice.)
func (r *Replica) bearer(token string) *session {
	now := r.now()
	if n := r.stores.ofToken(token, now); n != nil || token == "" {
		return n
	}
	t, ok := r.oidc.token(kindAccess, token, now)
	if !ok || !mayUseAccounts(t.Scopes) {
		return nil
	}
	return r.stores.ofID(t.Session, now)
}
