// Package idp is a SAML identity provider that speaks as a vendor's does. A failover of IAM Identity Center stands or
// falls with what the identity provider knows: which ACS URLs are registered, which is the default, and whether there
// is a bookmark for the other Region. None of that can be rehearsed against a provider that sends its answer anywhere,
// so this one is as particular as the real ones, and its messages have their exact shape.
//
// An IdP is one http.Handler for one host; it expects TLS in front of it, for its cookies are Secure.
package idp

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

// Config says what a provider is like. It is data, so that a provider can be told it wherever it runs.
type Config struct {
	Dialect string // "okta", which is also the default, or "entra"
	Host    string // the dialect's host in the lab where empty
	Signer  *pki.Signer
	App     App
	People  []Person
	// SessionDuration is sent as SessionNotOnOrAfter; 0 leaves the attribute out, as Okta does unless told otherwise.
	SessionDuration time.Duration
}

// Deps are what a provider stands on beside its configuration.
type Deps struct {
	Now func() time.Time // time.Now where nil
}

// App is the SAML application that stands for IAM Identity Center, and what else is on people's dashboards.
type App struct {
	Issuer    string // entity ID of the service provider, and the audience of its assertions
	ACS       []ACS  // registered; the first is the default, which unsolicited responses go to
	Bookmarks []Bookmark
}

// ACS is a registered assertion consumer service ("requestable SSO URL" at Okta).
type ACS struct {
	URL   string // absolute
	Index int    // 0 to 65535
}

// Bookmark is a plain link on the dashboard: how people reach the portal of another Region than the default ACS's.
type Bookmark struct{ Region, Label, URL string }

// Person can sign in.
type Person struct {
	UserName string // an addr-spec (RFC 5322); it becomes the NameID
	Password string
}

// Limits of what is remembered of browsers. Beyond them the oldest is forgotten.
const (
	maxPending      = 4096
	pendingLifetime = 10 * time.Minute
	maxSessions     = 50_000
	sessionLifetime = 2 * time.Hour
)

// IdP is the provider. It is safe for concurrent use.
type IdP struct {
	dialect         dialect
	host            string
	endpoints       endpoints
	app             App // but for its ACS, which is in acs
	passwords       map[string]string
	certificate     *x509.Certificate
	signer          xmldsig.Signer
	now             func() time.Time
	sessionDuration time.Duration

	acs      atomic.Pointer[[]ACS]
	pending  *table[pending]
	sessions *table[string] // the user name
	pages    *pages
	document []byte // metadata
	mux      *http.ServeMux
}

// New makes a provider. It refuses a configuration that it could not serve: an unknown dialect, a signer without RSA
// key, a user name that is no address, an ACS or bookmark URL that is not absolute.
func New(c Config, deps Deps) (*IdP, error) {
	speak, ok := dialects()[cmp.Or(c.Dialect, "okta")]
	if !ok {
		return nil, fmt.Errorf("there is no dialect %q", c.Dialect)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	d := speak()
	p := &IdP{
		dialect: d, host: cmp.Or(c.Host, d.host), endpoints: d.endpoints(c.App.Issuer), app: c.App,
		passwords: map[string]string{}, certificate: c.Signer.Cert, signer: xmldsig.NewSigner(c.Signer.Key, c.Signer.Cert),
		now: deps.Now, sessionDuration: c.SessionDuration, pages: newPages(),
		pending:  newTable[pending](maxPending, pendingLifetime),
		sessions: newTable[string](maxSessions, sessionLifetime),
	}
	if p.now == nil {
		p.now = time.Now
	}
	for _, person := range c.People {
		p.passwords[person.UserName] = person.Password
	}
	if err := p.SetACS(c.App.ACS); err != nil {
		return nil, err
	}
	p.document = p.metadata()
	p.mux = p.routes()
	return p, nil
}

func (c Config) check() error {
	if c.Signer == nil || c.Signer.Cert == nil {
		return errors.New("an identity provider needs a signer")
	}
	if _, ok := c.Signer.Key.Public().(*rsa.PublicKey); !ok {
		return errors.New("the signer of an identity provider needs an RSA key")
	}
	if c.App.Issuer == "" {
		return errors.New("the application has no entity ID")
	}
	for _, person := range c.People {
		address, err := mail.ParseAddress(person.UserName)
		if err != nil || address.Address != person.UserName {
			return fmt.Errorf("the user name %q is not an addr-spec", person.UserName)
		}
	}
	for _, b := range c.App.Bookmarks {
		if err := absolute(b.URL); err != nil {
			return fmt.Errorf("adding the bookmark %q: %w", b.Label, err)
		}
	}
	return nil
}

func absolute(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%q is not an absolute URL of the web", text)
	}
	return nil
}

// SetACS registers these assertion consumer services in place of the present ones; the first is the default, and with
// none every sign-in is refused. It is what an administrator does in a failover where the provider has room for one
// ACS URL only. People who are about to sign in when it is called are held to the new list.
func (p *IdP) SetACS(list []ACS) error {
	for i, a := range list {
		if err := absolute(a.URL); err != nil {
			return fmt.Errorf("registering an ACS: %w", err)
		}
		if a.Index < 0 || a.Index > 65535 {
			return fmt.Errorf("registering the ACS %s: the index %d is not in 0 to 65535", a.URL, a.Index)
		}
		if slices.ContainsFunc(list[:i], func(b ACS) bool { return b.URL == a.URL || b.Index == a.Index }) {
			return fmt.Errorf("registering the ACS %s: its URL or index %d is there already", a.URL, a.Index)
		}
	}
	list = slices.Clone(list)
	p.acs.Store(&list)
	return nil
}

// ACS lists the registered assertion consumer services, the default first.
func (p *IdP) ACS() []ACS { return slices.Clone(*p.acs.Load()) }

// EntityID is the issuer of the provider's messages.
func (p *IdP) EntityID() string { return p.endpoints.entityID }

// SSOURL is where AuthnRequests go, by HTTP-Redirect or HTTP-POST.
func (p *IdP) SSOURL() string { return "https://" + p.host + p.endpoints.sso }

// MetadataURL is where the metadata is served.
func (p *IdP) MetadataURL() string { return "https://" + p.host + p.endpoints.metadata }

// Metadata is the provider's SAML metadata, to be given to the service provider.
func (p *IdP) Metadata() []byte { return slices.Clone(p.document) }

// Certificate is what the provider's signatures are verified with.
func (p *IdP) Certificate() *x509.Certificate { return p.certificate }

// ServeHTTP answers on the provider's host.
func (p *IdP) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }
