package harness

import (
	"crypto/x509"
	"time"
)

// Topology is what is provisioned: the system of a scenario, resolved.
type Topology struct {
	Seed         uint64
	Account      string   // 12 digits; empty: drawn by the seed
	Primary      string   // Region
	Additional   []string // Regions
	Standby      []string // Regions that are provisioned, and not of the instance until they are added
	Directory    Directory
	IdP          IdPSettings
	Replication  struct{ Lag, Jitter time.Duration }
	KMS          KMSSettings
	Instance     InstanceSettings
	Vanity       VanitySettings // without a host there is none
	Applications []Application
	Behaviour    BehaviourSettings // the zero value: as the service is believed to behave
	Vantages     []Vantage
	Virtual      bool // its time is virtual: nothing depends on what computing takes
}

// Enabled lists the Regions that the instance begins with, the primary first.
func (t Topology) Enabled() []string { return append([]string{t.Primary}, t.Additional...) }

// Regions lists them all: those that stand by come last.
func (t Topology) Regions() []string { return append(t.Enabled(), t.Standby...) }

// Application is a tile of everybody's portal. It is connected to a Region, and begins there.
type Application struct{ Name, Region string }

// Directory says how many of each are made.
type Directory struct {
	Users, Groups, Accounts, PermissionSets int
	People                                  []NamedPerson // beside the users
}

// NamedPerson is somebody whom only actions and probes name.
type NamedPerson struct {
	Name   string
	Groups []string // by name: group-01; the first decides which account they must see
}

// IdPSettings is how the identity provider is set up.
type IdPSettings struct {
	Dialect   string
	ACS       []string // registered ACS URLs as names.SplitACS reads them; the first is the default
	Bookmarks []string // Regions whose portal has a bookmark app
	MFA       string   // none, totp; empty: none

	AlwaysDefaultACS bool // it answers at the default ACS whatever it is asked for
	Reauthenticate   bool // a session at it counts for nothing

	External *ExternalIdP // signs people in instead of a provider of the target's; nil: none does
}

// ExternalIdP is an identity provider that nobody here starts. Its names lead to where it is.
type ExternalIdP struct {
	EntityID, SSOURL string
	Certificates     []*x509.Certificate
	URL              string            // where the host of SSOURL is reached
	Hosts            []string          // others that its pages need, reached as they are called
	Passwords        map[string]string // by user name
}

// VanitySettings is a host name of the company's own at which people start, which leads them to the portal of a Region
// that is well: the primary's, or the first additional one's while health checks of the primary's portal fail.
type VanitySettings struct {
	Host           string
	CheckEvery     time.Duration // how often the primary's portal is asked
	UnhealthyAfter int           // so many answers in a row change what is thought of it, in either direction
	TTL            time.Duration // of DNS answers
}

// InstanceSettings is what the administrator of the instance has decided.
type InstanceSettings struct {
	Alias           string        // of the classic access portal, in the primary Region; may be empty
	SessionDuration time.Duration // of the access portal's sessions; 0: AWS's default
	LegacyACS       bool          // it was enabled before February 2026
}

// BehaviourSettings is how the service behaves where AWS's documentation is silent.
type BehaviourSettings struct {
	PrimaryOnlyError                             string
	FailedAdd, AddPace, AssignmentTime, KMSCache time.Duration
	KMSFaultOnPortalAPI                          int // HTTP status
	Skew                                         time.Duration
	Unsolicited, ExpiredCertificate              string // accept or refuse
	PortalACS                                    string // ipv4 or dual_stack
	SessionHandOff, Quotas                       bool
}

// KMSSettings is who plays AWS KMS.
type KMSSettings struct {
	Backend string // embedded, localstack, endpoint; empty: embedded
	URL     string // of the endpoint
	Image   string // of LocalStack; empty: the target's choice
	Policy  string // of the key's replicas, in JSON; empty: AWS's baseline policy

	Policies map[string]string // by Region, instead of Policy

	CreatingFor time.Duration // how long a new replica of a key is Creating; the embedded one alone
}

// Vantage is where users sit, and how far from there it is to the other places.
type Vantage struct {
	Name string
	RTT  map[string]time.Duration // round trip to a Region, to "idp" or to "global"; 0 where absent
}
