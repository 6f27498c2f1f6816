package identitycenter

import (
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// Cookies of the sign-in host.
const (
	cookieBrowser = "aws-signin-browser" // marks the browser, so that a response reaches only the one that asked
	cookieSession = "aws-signin-session" // the person's session, for all Regions where SessionHandOff is on
)

const (
	pathLogin = "/platform/login"
	pathACS   = "/platform/saml/acs/"
)

// portalState travels with the browser from the portal to sign-in, authenticated, and stays there in the request.
type portalState struct {
	host string // of the portal that the person comes from and goes back to
	flow string // digest of the portal's mark on the browser
	next string // page of the portal that they were on; empty: the portal itself
}

// stateLife is how long a portal's redirect to sign-in is good for.
const stateLife = 5 * time.Minute

func (r *Replica) sealState(s portalState) string {
	payload := strings.Join([]string{s.host, s.flow, strconv.FormatInt(r.now().Add(stateLife).Unix(), 10), s.next}, "\n")
	return base64.RawURLEncoding.EncodeToString(append(r.macState(payload), payload...))
}

func (r *Replica) macState(payload string) []byte {
	mac := hmac.New(sha256.New, r.stateKey)
	mac.Write([]byte(payload))
	return mac.Sum(nil)
}

func (r *Replica) openState(sealed string) (portalState, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < sha256.Size {
		return portalState{}, false
	}
	payload := string(raw[sha256.Size:])
	if !hmac.Equal(raw[:sha256.Size], r.macState(payload)) {
		return portalState{}, false
	}
	parts := strings.Split(payload, "\n")
	if len(parts) != 4 {
		return portalState{}, false
	}
	until, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || !r.now().Before(time.Unix(until, 0)) {
		return portalState{}, false
	}
	return portalState{host: parts[0], flow: parts[1], next: parts[3]}, true
}

// signinHost is where people are sent to sign in who want a page of the portal. The ACS that is asked for is there too.
func (r *Replica) signinHost(page string) string {
	prompt := strings.HasPrefix(page, pathDevice) || strings.HasPrefix(page, pathConsent) // a command line waits for them
	switch b := &r.cfg.Behaviour; {
	case b.LegacyACS && r.primary():
		return names.LegacySigninHost(r.cfg.Region)
	case b.DualStackACS && !prompt:
		return names.DualStackSigninHost(r.cfg.Region)
	}
	return names.SigninHost(r.cfg.Region)
}

func (r *Replica) signinHandler(host string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathLogin, acs{r, host}.serveLogin)
	mux.HandleFunc("POST "+pathACS+r.cfg.Instance.TenantID(), acs{r, host}.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		r.serveRefusal(w, req, refuse(causeRequest, "no such page"), http.StatusNotFound)
	})
	return mux
}

// serveLogin sends a browser that has a session back to the portal and any other to the identity provider.
func (a acs) serveLogin(w http.ResponseWriter, req *http.Request) {
	r := a.Replica
	state, ok := r.openState(req.URL.Query().Get("state"))
	if !ok {
		r.serveRefusal(w, req, refuse(causeRequest, "the way here did not start at the portal"), http.StatusBadRequest)
		return
	}
	if _, err := r.configuration(req.Context()); err != nil {
		r.serveFault(w, req, err)
		return
	}
	if n := r.stores.ofBrowser(cookieValue(req, cookieSession), r.now()); n != nil {
		p, err := r.personOf(req.Context(), n)
		if err != nil {
			r.serveFault(w, req, err)
			return
		}
		if p != nil {
			r.stores.see(n.ID, p, r.now())
			r.toPortal(w, req, n, state)
			return
		}
	}
	a.toProvider(w, req, state)
}

// toPortal hands the person over by a one-time code.
func (r *Replica) toPortal(w http.ResponseWriter, req *http.Request, n *session, state portalState) {
	code := r.stores.mint(grant{session: n.ID, flow: state.flow}, r.now())
	path := cmp.Or(r.portalPath(state.host)+state.next, "/")
	with := "?"
	if strings.Contains(path, "?") {
		with = "&"
	}
	redirect(w, req, "https://"+state.host+path+with+"workflow_code="+code, http.StatusSeeOther)
}

func redirect(w http.ResponseWriter, req *http.Request, to string, status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, req, to, status)
}

// toProvider sends the browser to the identity provider with an AuthnRequest (SAML bindings, 3.4: HTTP-Redirect;
// unsigned, as the service sends it).
func (a acs) toProvider(w http.ResponseWriter, req *http.Request, state portalState) {
	r, mark := a.Replica, cookieValue(req, cookieBrowser)
	if len(mark) != len(newSecret()) {
		mark = newSecret()
	}
	c, err := r.configuration(req.Context())
	if err != nil {
		r.serveFault(w, req, err)
		return
	}
	id := newRequestID()
	deflated, err := a.authnRequest(id, c.Provider.SSOURL)
	if err != nil {
		r.serveFault(w, req, err)
		return
	}
	to, err := url.Parse(c.Provider.SSOURL)
	if err != nil {
		r.serveFault(w, req, fmt.Errorf("reading the provider's SSO URL: %w", err))
		return
	}
	now := r.now()
	r.stores.expectResponse(id, request{browser: digestOf(mark), state: state}, now)
	query := to.Query()
	query.Set("SAMLRequest", base64.StdEncoding.EncodeToString(deflated))
	query.Set("RelayState", newSecret())
	to.RawQuery = query.Encode()
	http.SetCookie(w, &http.Cookie{
		Name: cookieBrowser, Value: mark, Path: "/platform/", MaxAge: int(requestLife.Seconds()),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode,
	})
	redirect(w, req, to.String(), http.StatusFound)
}

// newRequestID is an xs:ID, as AuthnRequests need one.
func newRequestID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return "_" + hex.EncodeToString(b)
}

type authnRequest struct {
	XMLName  xml.Name     `xml:"urn:oasis:names:tc:SAML:2.0:protocol AuthnRequest"`
	ID       string       `xml:"ID,attr"`
	Version  string       `xml:"Version,attr"`
	Instant  string       `xml:"IssueInstant,attr"`
	To       string       `xml:"Destination,attr"`
	ACS      string       `xml:"AssertionConsumerServiceURL,attr"`
	Binding  string       `xml:"ProtocolBinding,attr"`
	Issuer   string       `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	IDPolicy nameIDPolicy `xml:"urn:oasis:names:tc:SAML:2.0:protocol NameIDPolicy"`
}

type nameIDPolicy struct {
	Format string `xml:"Format,attr"`
}

func (a acs) authnRequest(id, to string) ([]byte, error) {
	doc, err := xml.Marshal(authnRequest{
		ID: id, Version: "2.0", Instant: a.now().UTC().Format("2006-01-02T15:04:05.000Z"), To: to,
		ACS: a.url(), Binding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", Issuer: a.issuer,
		IDPolicy: nameIDPolicy{Format: formatEmail},
	})
	if err != nil {
		return nil, fmt.Errorf("writing an AuthnRequest: %w", err)
	}
	w, ok := a.deflate.Get().(*flate.Writer)
	if !ok {
		return nil, errors.New("no deflater")
	}
	defer a.deflate.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(doc); err != nil {
		return nil, fmt.Errorf("deflating an AuthnRequest: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("deflating an AuthnRequest: %w", err)
	}
	return out.Bytes(), nil
}

// hostOf is the request's host in lower case and without a port.
func hostOf(req *http.Request) string {
	host, _, _ := strings.Cut(req.Host, ":")
	return strings.ToLower(host)
}

func cookieValue(req *http.Request, name string) string {
	c, err := req.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}
