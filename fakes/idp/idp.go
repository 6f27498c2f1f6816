// Package idp is a SAML identity provider that speaks as a vendor's does. A failover of IAM Identity Center stands or
// falls with what the identity provider knows: which ACS URLs are registered, which is the default, and whether there
// is a bookmark for the other Region. None of that can be rehearsed against a provider that sends its answer anywhere,
// so this one is as particular as the real ones, and its messages have their exact shape.
//
// An IdP is one http.Handler for one host; it expects TLS in front of it, for its cookies are Secure.
package idp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness/totp"
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
	// AlwaysDefaultACS is how providers are that ignore the AssertionConsumerServiceURL and its index (as keycloak
	// #21556): each response goes to the default ACS, and the other Regions never see one.
	AlwaysDefaultACS bool
	// Reauthenticate is a policy of "every sign-in": a session at the provider counts for nothing where a response for the
	// application is wanted, so that failing over is a second sign-in, the one-time code included.
	Reauthenticate bool
	// ACSIndex says what becomes of an AssertionConsumerServiceIndex: "honoured", as Okta documents, or "ignored", as
	// older versions of Entra ID's documentation say. Empty: as the dialect does.
	ACSIndex string
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
	Assigned  []string // user names of those who may use the application; nil: everybody
}

// ACS is a registered assertion consumer service ("requestable SSO URL" at Okta).
type ACS struct {
	URL   string // absolute
	Index int    // 0 to 65535
}

// Bookmark is a plain link on the dashboard: how people reach the portal of another Region than the default ACS's.
type Bookmark struct {
	Region, Label, URL string
	Assigned           []string // user names of those whose dashboard has it; nil: everybody's
}

// Person can sign in.
type Person struct {
	UserName string // an addr-spec (RFC 5322); it becomes the NameID
	Password string
	Secret   string // of their authenticator app, in base32 (RFC 6238); empty: the password is enough
	Disabled bool   // deactivated (Okta), or blocked from signing in (Entra ID)
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
	app             App // but for its ACS and who is assigned, which are in acs and directory
	now             func() time.Time
	sessionDuration time.Duration
	alwaysDefault   bool
	reauthenticate  bool

	acs       atomic.Pointer[[]ACS]
	keys      atomic.Pointer[keys]
	flaws     flaws
	directory *directory
	pending   *table[pending]
	sessions  *table[string] // the user name
	pages     *pages
	mux       *http.ServeMux
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
		now: deps.Now, sessionDuration: c.SessionDuration,
		alwaysDefault: c.AlwaysDefaultACS, reauthenticate: c.Reauthenticate,
		flaws:     flaws{keys: map[string]*keys{}, last: map[[2]string]string{}},
		directory: newDirectory(c),
		pending:   newTable[pending](maxPending, pendingLifetime),
		sessions:  newTable[string](maxSessions, sessionLifetime),
	}
	if c.ACSIndex != "" {
		p.dialect.ignoresIndex = c.ACSIndex == ACSIndexIgnored
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.pages = newPages(d.look, p.now)
	if err := p.SetACS(c.App.ACS); err != nil {
		return nil, err
	}
	if _, err := p.SetKeys(Keys{c.Signer, pki.Certificates{c.Signer.Cert}}); err != nil {
		return nil, err
	}
	p.mux = p.routes()
	return p, nil
}

func (c Config) check() error {
	if err := canSign(c.Signer); err != nil {
		return err
	}
	if c.App.Issuer == "" {
		return errors.New("the application has no entity ID")
	}
	if !slices.Contains([]string{"", ACSIndexHonoured, ACSIndexIgnored}, c.ACSIndex) {
		return fmt.Errorf("an ACS index is %s or %s, and not %q", ACSIndexHonoured, ACSIndexIgnored, c.ACSIndex)
	}
	for _, person := range c.People {
		address, err := mail.ParseAddress(person.UserName)
		if err != nil || address.Address != person.UserName {
			return fmt.Errorf("the user name %q is not an addr-spec", person.UserName)
		}
		if _, err := totp.Code(person.Secret, time.Now()); person.Secret != "" && err != nil {
			return fmt.Errorf("enrolling %s: %w", person.UserName, err)
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

// EntityID is the issuer of the provider's messages.
func (p *IdP) EntityID() string { return p.endpoints.entityID }

// SSOURL is where AuthnRequests go, by HTTP-Redirect or HTTP-POST.
func (p *IdP) SSOURL() string { return "https://" + p.host + p.endpoints.sso }

// MetadataURL is where the metadata is served.
func (p *IdP) MetadataURL() string { return "https://" + p.host + p.endpoints.metadata }

// ServeHTTP answers on the provider's host.
func (p *IdP) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }
