// Package harness holds the words that the rest of the house speaks: Target and the System it provisions, Place,
// Replica and their handles, Fault and what it hits, Probe and its attempts. Read it first. It contains next to no
// behaviour, so that a target knows nothing of probes, a probe nothing of faults, and the engine nothing of their kinds.
package harness

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
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

// Capabilities says which handles a target will have. A fault that needs another is refused before anything starts.
type Capabilities struct {
	Network  bool     // rules on the links between places and on host names
	Process  bool     // a replica's process can be killed and paused
	Attach   bool     // a replica can be taken off its network
	Services []string // whose names the target serves: portal, signin, portal_api, kms, idp, …
	// API has the services whose calls rules can act on, each with its operations as AWS names them. A service whose
	// TLS ends beyond the fabric isn't among them.
	API map[string][]string
}

// TargetKind, FaultKind and ProbeKind are the rows of the tables of kinds. New makes a value that holds its defaults.
type (
	TargetKind struct {
		Name, Doc string
		New       func() Target
	}
	FaultKind struct {
		Name, Doc string
		Calls     bool // it acts on calls of AWS's APIs rather than on links
		Replica   bool // it acts on a Region's replica rather than on links
		New       func() Fault
	}
	ProbeKind struct {
		Name, Doc string
		Browser   bool // needs one
		New       func() Probe
	}
)

// Problem is a user's mistake in the block of a kind, at one of its keys.
type Problem struct{ Key, Sentence string }

// Checker is what a probe or a fault is that can be wrong about the system it is meant for.
type Checker interface{ Problems(t Topology) []Problem }

// Leased is a fault that can end by itself, when nobody healed it in time.
type Leased interface {
	Expired() (at time.Time, expired bool)
}

// Readier is a fault that can tell only when the system stands whether it can act on it. Its error is a *Lack, as a
// rule; nothing is harmed then.
type Readier interface {
	Ready(ctx context.Context, hit Hit) error
}

// Isolator is a fault that can take a whole Region away.
type Isolator interface {
	// Isolates tells whether nobody at all can be carried by the Region while the fault is in force on it; whole says
	// that its where names the Region and nothing that narrows it.
	Isolates(whole bool) bool
}

// Summarizer is a fault that tells in a few words what it does: "blackhole".
type Summarizer interface{ Summary() string }

// Topology is what is provisioned: the system of a scenario, resolved.
type Topology struct {
	Seed        uint64
	Primary     string   // Region
	Additional  []string // Regions
	Directory   Directory
	IdP         IdPSettings
	Replication struct{ Lag, Jitter time.Duration }
	KMS         KMSSettings
	Vantages    []Vantage
}

// Regions lists them all, the primary first.
func (t Topology) Regions() []string { return append([]string{t.Primary}, t.Additional...) }

// Directory says how many of each are made.
type Directory struct{ Users, Groups, Accounts, PermissionSets int }

// IdPSettings is how the identity provider is set up.
type IdPSettings struct {
	Dialect   string
	ACS       []string // Regions whose ACS URL is registered; the first is the default
	Bookmarks []string // Regions whose portal has a bookmark app
}

// KMSSettings is who plays AWS KMS.
type KMSSettings struct {
	Backend string // embedded, localstack, endpoint; empty: embedded
	URL     string // of the endpoint
	Image   string // of LocalStack; empty: the target's choice
}

// Vantage is where users sit, and how far from there it is to the other places.
type Vantage struct {
	Name string
	RTT  map[string]time.Duration // round trip to a Region or to "idp"; 0 where absent
}

// System is a provisioned target. All functions may be called from several goroutines.
type System struct {
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
	Dashboard string                     // the identity provider's page of tiles; bookmarks are on it
	Locate    func(host string) (Location, bool)

	People   []Person
	Places   []*Place
	Replicas []*Replica
	Network  Network // nil where the target can't carry rules
	API      API     // nil where it can't carry rules on calls

	// Chaos takes rules on calls from tools written for LocalStack's chaos API, in its JSON. They end with the system.
	// It is nil where there is none.
	Chaos http.Handler
	// Notes are what of the system is otherwise than was asked for, for the history.
	Notes []string
	// KMS is the URL of the emulator that stands behind KMS's names, empty where that is a fake of ours.
	KMS string
}

// Place finds a place by its name, nil where there is none.
func (s *System) Place(name string) *Place {
	for _, p := range s.Places {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Place is a vantage, a Region, or the home of the identity provider.
type Place struct {
	Name     string
	Region   bool
	Services map[string][]string // host names that belong here, by service: portal, signin, portal_api, kms, idp, …
}

// Replica is one Region's Identity Center, and what can be done to its process: a handle is nil where the target can't.
type Replica struct {
	Region string
	// Ask puts one request to the replica's own health page, past all rules of the network: a canary of the process.
	// It is an error when the replica can't be reached, and hangs until ctx ends when the replica does.
	Ask    func(ctx context.Context) error
	Power  Power
	Attach Attach
}

// Power is the handle on a replica's process. What is the case already is no error. The intents are what another
// process needs to start or unpause it again; they are pushed before Kill and Pause.
type Power interface {
	Kill(ctx context.Context) error    // at once, with all that it had in memory
	Start(ctx context.Context) error   // and wait until it serves as it did before
	Pause(ctx context.Context) error   // it stands still with all that it holds
	Unpause(ctx context.Context) error // it goes on
	Starting() rollback.Intent
	Unpausing() rollback.Intent
}

// Attach is the handle on a replica's attachment to its network. What is the case already is no error. The intent is
// what another process needs to connect it again; it is pushed before Disconnect.
type Attach interface {
	Disconnect(ctx context.Context) error
	Connect(ctx context.Context) error // and wait until it is reachable
	Connecting() rollback.Intent
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

// Sweeper is a target whose things may outlive the process that made them.
type Sweeper interface {
	// Ready says what stands in the way of provisioning before anything is begun: a *Lack, as a rule.
	Ready(ctx context.Context) error
	// Residue names what runs have left whose process is gone. That nothing can be left here is no error.
	Residue(ctx context.Context) ([]string, error)
	// Sweep removes the residue and names what it removed.
	Sweep(ctx context.Context) ([]string, error)
}

// Location says what a host name is.
type Location struct {
	Place   string // Region, or "idp"
	Service string
}

// Person is somebody who can sign in.
type Person struct {
	Name     string // user-001
	UserName string // an addr-spec: the NameID of their assertions
	Password string
	Account  string // the id of the account that they must see in the portal
}

// Fault is a small struct whose fields are its configuration, with one method for each question that the engine asks.
type Fault interface {
	// Needs says why the target can't carry the fault, before anything is provisioned.
	Needs(can Capabilities) error
	// Inject lays the fault on what it hits. The Undo is returned also beside an error, where something was done.
	Inject(ctx context.Context, hit Hit, back *rollback.Stack) (rollback.Undo, error)
	// Prove waits until the fault is in force on every edge, or until it no longer is, and tells since when. Its
	// instants are those of the change itself: the time that proving took is not in them.
	Prove(ctx context.Context, hit Hit, inForce bool) ([]Proof, error)
	// Verify asks anew, once, whether the fault that was proven is in force still, on each edge that it was proven on.
	// An edge that is left out could not be told about, and the error says why: the canaries' own failure. Nothing
	// beside no error says that nothing of the fault stays in force. It may run while the fault is undone, and is then
	// heeded no more.
	Verify(ctx context.Context, hit Hit) ([]Sighting, error)
}

// Hit is what a fault of the scenario selects, resolved against the system.
type Hit struct {
	Fault    string     // its name
	Place    string     // the place that is hit
	Edges    []Edge     // directed links
	Hosts    []string   // narrows Edges to connections to these names; empty: the whole links
	Replicas []*Replica // of the Region, where it hits one
	Lease    time.Duration
	Network  Network
	Calls    Calls // narrows a fault of calls; its Edges are the ways on which proof is sought
	API      API
	KMS      string // as System.KMS
}

// Edge is the directed link from one place to another. What is held on it are the bytes that travel that way.
type Edge struct{ From, To string }

// String is the way an edge is written in the history.
func (e Edge) String() string { return e.From + "→" + e.To }

// Proof is the instant since which a fault is in force on an edge, or no longer is.
type Proof struct {
	Edge Edge
	At   time.Time
}

// Sighting is what a canary saw of a fault on an edge while it should be in force.
type Sighting struct {
	Edge Edge
	At   time.Time // when the canary set out
	Gone string    // in a plain clause, by what it saw that the fault is no longer in force; empty: it is
}

// Network is the handle on the links between places.
type Network interface {
	// Lay puts a rule in force, on connections that already stand too, and returns at once. Several rules on one
	// edge add up, and each is lifted alone.
	Lay(ctx context.Context, r Rule) (Laid, error)
}

// Rule is what the fabric does with the traffic on some edges.
type Rule struct {
	Name      string // of the fault
	Edges     []Edge
	Hosts     []string // narrows the rule to connections to these names; empty: all
	Mode      Mode
	Lose      bool          // with Blackhole: connections and dials that met the hole stay dead after it is lifted
	Latency   time.Duration // with Shape: added one way, on each edge
	Jitter    time.Duration // with Shape: up to this much more, drawn once an instant
	Bandwidth int64         // with Shape: bytes a second; 0 means no limit
	Lease     time.Duration // the fabric lifts the rule by itself after this long; 0: never
}

// Mode is the way in which a rule acts.
type Mode string

// The modes.
const (
	Blackhole Mode = "blackhole" // bytes and dials are held
	Refuse    Mode = "refuse"    // dials are refused after a round trip, standing connections reset
	Reset     Mode = "reset"     // dials succeed and are reset with their first bytes, standing connections at once
	HTTP503   Mode = "http_503"  // inbound HTTP requests are answered 503 at the edge
	Shape     Mode = "shape"     // latency, jitter, bandwidth
)

// API is the handle on calls of AWS's APIs.
type API interface {
	// LayAPI puts a rule in force, for calls on connections that already stand too, and returns at once. Where several
	// rules hit a call, their latencies add up and the first that answers it wins; each is lifted alone.
	LayAPI(ctx context.Context, r APIRule) (Laid, error)
}

// Calls selects calls of AWS's APIs; what is empty selects all.
type Calls struct {
	Region    string
	Service   string // as a scenario names it: kms, portal_api
	Operation string // as AWS names it: Decrypt
	From      string // the place where the caller stands
}

// APIRule is what the fabric does with some calls.
type APIRule struct {
	Name    string // of the fault
	Calls   Calls
	Edges   []Edge        // on which canaries ask, each from a caller's place to a Region; at least one
	Odds    float64       // the share of calls that it acts on, drawn anew for each; 0 to 1
	Latency time.Duration // a call waits this long at the edge before it is answered or passed on
	Answer  Answer
	Status  int           // with Fail: of HTTP; 0: what the service gives with Code
	Code    string        // with Fail: AWS's error code; empty: what the service gives with Status
	Lease   time.Duration // the fabric lifts the rule by itself after this long; 0: never
}

// Answer is what becomes of a call that a rule acts on.
type Answer string

// The answers, each in the service's own shape, such that its clients see AWS's error.
const (
	PassOn   Answer = ""         // the service answers
	Fail     Answer = "fail"     // with an error of the service
	Throttle Answer = "throttle" // with the service's error for too many calls
)

// Laid is a rule in force.
type Laid interface {
	// Prove waits until canaries on every edge saw the rule in force, or saw it lifted.
	Prove(ctx context.Context, inForce bool) ([]Proof, error)
	// Verify sends a new canary along every edge and tells at once what the rule does to it. What another rule hides is
	// in force as long as the rule is laid.
	Verify(ctx context.Context) ([]Sighting, error)
	// Lift takes this rule alone back; more than once is no error.
	Lift()
	// Truth is the fabric's own log: when the rule was laid and lifted (zero while it is in force) and whether by
	// its lease. Only calibration looks at it.
	Truth() (laid, lifted time.Time, expired bool)
}

// Probe is a person who signs in again and again. The engine owns the clock: Try is called when an attempt is due,
// obeys its context, and waits for nothing but the system.
type Probe interface {
	// Open prepares what all attempts share (a browser).
	Open(ctx context.Context, sys *System) error
	// Try makes one attempt and says in a what came of it. Its error is the harness's own failure: the attempt is unknown.
	Try(ctx context.Context, a *Attempt) error
	Close() error
}

// Steer is how one person gets to another Region within one attempt.
type Steer struct {
	By    string        `yaml:"by" enum:"none,bookmark" doc:"how the person gets to another Region"`
	To    string        `yaml:"to" doc:"the Region whose portal they open"`
	After time.Duration `yaml:"after" doc:"how long from due they wait for the home Region before they give up on it"`
}

// Steerer is a probe whose people may go to another Region.
type Steerer interface{ Steering() Steer }

// Attempt is one sign-in, as the engine hands it to a probe and as the probe fills it in. Instants are wall-clock
// times with a monotonic reading; the engine turns them into the history's.
type Attempt struct {
	Probe  string
	Seq    int64
	Due    time.Time
	Person Person
	From   *Place
	Home   string // Region
	Saver  Saver

	Ended     time.Time       // when the outcome was known; zero: when Try returned
	Outcome   history.Outcome // empty: the engine says unknown
	Class     history.Class
	Region    string // whose portal showed the expected account
	Detail    string
	Steps     []Step
	Artifacts []string
}

// Saver keeps an artifact of an attempt: a picture. The engine decides what is kept (the first bad of each class, the
// last good of each Region, twenty a probe), so a probe asks first, because taking a picture costs time.
type Saver interface {
	Wants(a *Attempt) bool
	Save(a *Attempt, extension string, data []byte) error
}

// Step is one part of an attempt, as history.Step.
type Step struct {
	Name, Host, Region string
	Began, Ended       time.Time
}

// Succeed says that the portal of the Region showed the expected account.
func (a *Attempt) Succeed(region string) {
	a.Outcome, a.Region, a.Class, a.Detail = history.Good, region, "", ""
}

// Fail says that the system misbehaved.
func (a *Attempt) Fail(class history.Class, detail string) {
	a.Outcome, a.Region, a.Class, a.Detail = history.Bad, "", class, detail
}

// GiveUp says that the harness itself failed, so that the attempt is evidence of nothing.
func (a *Attempt) GiveUp(class history.Class, detail string) {
	a.Outcome, a.Region, a.Class, a.Detail = history.Unknown, "", class, detail
}

// Problems of where a person steers to. That a Region has no bookmark or no ACS is legal at AWS, and foolish.
func (s Steer) Problems(t Topology) []Problem {
	switch {
	case s.By != "bookmark" && (s.To != "" || s.After != 0):
		return []Problem{{"steer", "to and after say nothing without by: bookmark"}}
	case s.By == "bookmark" && !slices.Contains(t.Regions(), s.To):
		return []Problem{{"steer.to", fmt.Sprintf("no Region of the system is called %q; there are %s", s.To,
			strings.Join(t.Regions(), ", "))}}
	}
	return nil
}
