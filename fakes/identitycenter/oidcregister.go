package identitycenter

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/regiondrill/regiondrill/harness/names"
)

// clientLife is how long a registration is good for. AWS documents only that it ends; ninety days is what it gives
// (IAM Identity Center OIDC API Reference, the example of RegisterClient).
const clientLife = 90 * 24 * time.Hour

// Limits of what a client registers.
const (
	maxClientName = 256 // bytes
	maxScopes     = 16
	maxGrants     = 8
	maxRedirects  = 10
	maxRedirect   = 256 // bytes
)

// scopeForm is a service and what of it may be done: sso:account:access, redshift:connect.
var scopeForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}(:[a-z0-9_*-]{1,32}){1,3}$`)

type registration struct {
	ClientName             string   `json:"clientName"`
	ClientType             string   `json:"clientType"`
	Scopes                 []string `json:"scopes"`
	RedirectURIs           []string `json:"redirectUris"`
	GrantTypes             []string `json:"grantTypes"`
	IssuerURL              string   `json:"issuerUrl"`
	EntitledApplicationARN string   `json:"entitledApplicationArn"`
}

type registered struct {
	ClientID              string `json:"clientId"`
	ClientSecret          string `json:"clientSecret"`
	ClientIDIssuedAt      int64  `json:"clientIdIssuedAt"`      // seconds since 1970
	ClientSecretExpiresAt int64  `json:"clientSecretExpiresAt"` // seconds since 1970
	AuthorizationEndpoint string `json:"authorizationEndpoint"`
	TokenEndpoint         string `json:"tokenEndpoint"`
}

// registerClient takes anybody's client. One that names no grant types may use device codes and refresh tokens, as
// those did that were written before there were others.
func (r *Replica) registerClient(req *http.Request, in *registration) (any, *oidcFault) {
	now := r.now()
	if !r.mayAsk("RegisterClient", req, "") {
		return nil, faultSlowDown
	}
	if fault := in.check(); fault != nil {
		return nil, fault
	}
	c := oidcClient{
		ID: newArgument()[:32], Name: in.ClientName, Issued: now, Expires: now.Add(clientLife),
		Grants: in.GrantTypes, Scopes: in.Scopes, Redirects: in.RedirectURIs,
	}
	if len(c.Grants) == 0 {
		c.Grants = []string{grantDevice, grantRefresh}
	}
	if in.IssuerURL != "" {
		portal, known := r.portalOf(in.IssuerURL)
		if !known {
			return nil, faultStartURL
		}
		c.Portal = portal
	}
	if c.Portal == "" && slices.Contains(c.Grants, grantCode) {
		return nil, faultMissing // there is no portal to authorize at
	}
	secret := newArgument()
	c.Secret = digestOf(secret)
	r.oidc.addClient(c, now)
	endpoint := "https://" + names.OIDCHost(r.cfg.Region)
	return registered{
		ClientID: c.ID, ClientSecret: secret, ClientIDIssuedAt: now.Unix(), ClientSecretExpiresAt: c.Expires.Unix(),
		AuthorizationEndpoint: endpoint + "/authorize", TokenEndpoint: endpoint + "/token",
	}, nil
}

func (in *registration) check() *oidcFault {
	switch {
	case in.ClientName == "" || in.ClientType == "":
		return faultMissing
	case in.ClientType != "public":
		return &oidcFault{kind: "InvalidClientMetadataException", description: "Invalid client type provided"}
	case len(in.ClientName) > maxClientName || !isShown(in.ClientName):
		return &oidcFault{kind: "InvalidClientMetadataException", description: "Invalid client name provided"}
	case len(in.Scopes) > maxScopes || !all(in.Scopes, scopeForm.MatchString):
		return &oidcFault{kind: "InvalidScopeException", description: "Invalid scope provided"}
	case len(in.GrantTypes) > maxGrants || !all(in.GrantTypes, isGrantType):
		return faultGrantType
	case len(in.RedirectURIs) > maxRedirects || !all(in.RedirectURIs, isLoopback),
		slices.Contains(in.GrantTypes, grantCode) && len(in.RedirectURIs) == 0:
		return &oidcFault{kind: "InvalidRedirectUriException", description: "Invalid redirect uri provided"}
	case in.EntitledApplicationARN != "":
		return &oidcFault{kind: "InvalidRequestException", description: "No such application"}
	}
	return nil
}

// all tells whether every one of the words is of a form.
func all(words []string, form func(string) bool) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !form(word) })
}

// isShown tells whether a page shows every character of it.
func isShown(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c == utf8.RuneError || !unicode.IsPrint(c) })
}

func isGrantType(g string) bool { return g == grantDevice || g == grantCode || g == grantRefresh }

// isLoopback tells whether a redirect URI leads back to the client's own machine.
func isLoopback(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || len(uri) > maxRedirect || u.Scheme != "http" || u.User != nil || u.Fragment != "" || !isShown(uri) {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// redirectsTo tells whether the client may have browsers sent there: to what it has registered, at any port, since a
// client takes the one that is free (RFC 8252, 7.3).
func (c *oidcClient) redirectsTo(uri string) bool {
	to, err := url.Parse(uri)
	if err != nil || !isLoopback(uri) {
		return false
	}
	return slices.ContainsFunc(c.Redirects, func(registered string) bool {
		u, err := url.Parse(registered)
		return err == nil && u.Hostname() == to.Hostname() && u.EscapedPath() == to.EscapedPath() &&
			u.RawQuery == to.RawQuery
	})
}

// mayUseAccounts tells whether a token of these scopes may use the portal's API. Clients that registered none are
// those from before there were scopes.
func mayUseAccounts(scopes []string) bool {
	return len(scopes) == 0 || slices.Contains(scopes, scopeAccounts)
}
