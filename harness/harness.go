// Package harness holds the words that the rest of the house speaks: Target and the System it provisions, the World
// that clients see of it and the Handles that faults and actions pull, Fault and what it is aimed at, Probe and its
// attempts. Read it first. It contains next to no behaviour, so that a target knows nothing of probes, a probe nothing
// of faults, and the engine nothing of their kinds.
package harness

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness/pages"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Target is where the system under test runs: in this process, in containers, later at AWS.
type Target interface {
	// Can tells what faults could act on, without provisioning anything.
	Can() Capabilities
	// Provision starts the system. Whatever it starts it pushes on back first, so that a half-made system is taken
	// down like a whole one.
	Provision(ctx context.Context, t Topology, back *rollback.Stack) (*System, error)
}

// The rows of the tables of kinds. New makes a value that holds its defaults. Examples are settings of the kind's own
// keys, in JSON, each of which makes another thing of it: they are explained, and each is held against what its kind
// promises. A kind without any is what its defaults make of it.
type (
	TargetKind struct {
		Name, Doc string
		New       func() Target
	}
	FaultKind struct {
		Name, Doc string
		Cases     []Case // in place of Examples: its contract, one case a setting
		New       func() Fault
	}
	ActionKind struct {
		Name, Doc string
		Examples  []string
		New       func() Action
	}
	ProbeKind struct {
		Name, Doc string
		Examples  []string
		// Variants are settings, in JSON, whose people a fault may treat otherwise than those of the defaults: each fault is
		// drilled with all of them. HOME in them stands for the Region where they are at home, and for an application of
		// that Region.
		Variants []string
		// Apart says that the contracts of faults don't speak of its people, so that no fault is held against them.
		Apart bool
		// Primary says that its people are at home in the primary Region, because only there it can be done.
		Primary bool
		New     func() Probe
	}
)

// Examples are the settings of its cases, each once.
func (k FaultKind) Examples() []string {
	var settings []string
	for _, c := range k.Cases {
		if c.Settings != "" && !slices.Contains(settings, c.Settings) {
			settings = append(settings, c.Settings)
		}
	}
	return settings
}

// Problem is a user's mistake in the block of a kind, at one of its keys.
type Problem struct {
	Key, Sentence string

	// Where a name is unknown these stand in place of the sentence: what there is none of ("Region of the system"), how
	// it was called, and what there is.
	What, Unknown string
	Among         []string
}

// System is a provisioned target.
type System struct {
	*World
	Handles
	// Chaos takes rules on calls from tools written for LocalStack's chaos API, in its JSON. They end with the system.
	// It is nil where there is none.
	Chaos http.Handler
	// Otherwise lets h answer clients of the doors under names outside the system that match takes, at port 443, in place
	// of a refusal. A drill leaves its world closed and never calls it. It is nil where the target has no such way.
	Otherwise func(match func(host string) bool, h http.Handler)
	// Visits lets tell know what became of people who came by the doors, from when it is called on; tell is called from
	// several goroutines. A drill never asks. It is nil where the target can't tell.
	Visits func(tell func(Visit))
	// Notices lets tell know when something of the system notices or decides something by itself, by the name of the
	// marker (history.MarkerDetected), from when it is called on. It is nil where nothing does.
	Notices func(tell func(mark string))
	// Rig is what the system under test stands on and no fault acts on, to be watched while a drill runs.
	Rig []RigPart
	// Notes are what of the system is otherwise than was asked for, for the history.
	Notes []string
}

// RigPart is something that the system under test stands on: an emulator, a container that no fault pulls.
type RigPart struct {
	Name string
	// Ask is an error where it is gone, or isn't what it was; it is asked past all rules of the network, and hangs until
	// ctx ends where it says nothing.
	Ask func(ctx context.Context) error
}

// World is what clients see of a system. All its functions may be called from several goroutines.
type World struct {
	// Dial connects from a place to a host and port by their real names, as a socket would: a refused connection is
	// an error that wraps syscall.ECONNREFUSED, a reset one ECONNRESET, an unknown name a *net.DNSError.
	Dial func(ctx context.Context, from *Place, hostport string) (net.Conn, error)
	// Door is the URL of the place's HTTP proxy, for clients in other processes. It listens from the first call on.
	Door func(from *Place) (*url.URL, error)
	// RoundTrip sends a canary to another place and back through the links as they are now, and tells how long it took.
	// What holds it holds it until ctx ends. It is nil where the target has no links of its own.
	RoundTrip func(ctx context.Context, from, to *Place) (time.Duration, error)

	Roots   *x509.CertPool // what clients trust
	RootPEM []byte         // the same for AWS_CA_BUNDLE and SSL_CERT_FILE
	LeafPin string         // base64 SHA-256 of the SPKI that all good certificates share

	Portal    func(region string) string // where a person starts to sign in in the Region
	ACS       func(region string) string // the Region's ACS URL; nil where it isn't known
	Console   ConsoleAt                  // AWS's, which is in no Region
	Dashboard string                     // the identity provider's page of tiles; bookmarks are on it
	Vanity    string                     // where a person starts at the vanity domain; empty where there is none
	Pages     pages.Driver               // where things stand on the pages of both
	Locate    func(host string) (Location, bool)

	Operator Operator // who administers the instance; the zero value where nobody may

	People []Person // who come one after the other
	Others []Person // who come only where they are named
	Places []*Place

	Keys     map[string]string // the ARNs of the key's replicas, by Region
	KeyUsers []KeyUser         // who asks KMS for it
}

// Operator administers the instance by AWS's APIs, as an infrastructure's code does: with a long-lived access key, past
// Identity Center.
type Operator struct {
	AccessKeyID, Secret string
	IdentityStore       string // the id of the instance's identity store
}

// KeyUser is a principal that asks KMS for the key, by its API and by names that are looked up and dialled as all
// others.
type KeyUser struct {
	Name                string // one of the names below
	AccessKeyID, Secret string
	Context             map[string]string // the encryption context that it asks with; empty: none
}

// The principals that ask KMS.
const (
	KeyOfCenter   = "identity_center"
	KeyOfStore    = "identity_store"
	KeyOfOperator = "operator" // an administrator of the account
)

// ConsoleAt is where people sign in to AWS's console with credentials of a role, and the page that they want.
type ConsoleAt struct{ Federation, Home string }

// ACSOf is the Region's ACS URL; empty where it isn't known.
func (w *World) ACSOf(region string) string {
	if w.ACS == nil || w.Place(region) == nil {
		return ""
	}
	return w.ACS(region)
}

// Place finds a place by its name, nil where there is none.
func (w *World) Place(name string) *Place {
	for _, p := range w.Places {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Hosts are the host names of a service at a place.
func (w *World) Hosts(place, service string) []string {
	if p := w.Place(place); p != nil {
		return slices.Clone(p.Services[service])
	}
	return nil
}

// Place is a vantage, a Region, the home of the identity provider, or of what is in no Region.
type Place struct {
	Name     string
	Region   bool
	Services map[string][]string // host names that belong here, by service: portal, signin, portal_api, kms, idp, …
}

// Location says what a host name is.
type Location struct {
	Place   string // Region, "idp" or "global"
	Service string
}

// Visit is what became of somebody who came to the system by a door, with a browser or a program of their own.
type Visit struct {
	From   string // the place of the door
	Place  string // where they came to: a Region, or the home of the identity provider
	Person string // their user name; empty where the system doesn't know it
	Served string // what they got: "the account list"; empty: nothing
	Why    string // they got nothing
}

// Person is somebody who can sign in.
type Person struct {
	Name     string // user-001, or that of a person of the scenario
	UserName string // an addr-spec: the NameID of their assertions
	Password string
	Secret   string // of their one-time codes, in base32 (RFC 6238); empty: they aren't asked for any
	Account  string // the id of the account that they must see in the portal
	Role     string // a permission set that they have there
}

// Lack is what this machine lacks for a target, or what stands in its way: one sentence, and what to do about it. The
// run can't start; what was begun is undone.
type Lack struct {
	Sentence string
	Err      error // what it was told by; nil where it found out by itself
}

// Error is the sentence.
func (l *Lack) Error() string { return l.Sentence }

// Unwrap is what it was told by.
func (l *Lack) Unwrap() error { return l.Err }

// TargetReadier is a target that may lack something on this machine.
type TargetReadier interface {
	// Ready says what stands in the way of provisioning before anything is begun: a *Lack, as a rule.
	Ready(ctx context.Context) error
}

// Sweeper is a target or a probe whose things may outlive the process that made them.
type Sweeper interface {
	// Residue names what runs have left whose process is gone. That nothing can be left here is no error.
	Residue(ctx context.Context) ([]string, error)
	// Sweep removes the residue and names what it removed.
	Sweep(ctx context.Context) ([]string, error)
}
