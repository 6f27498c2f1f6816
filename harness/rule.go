package harness

import (
	"context"
	"crypto/tls"
	"time"
)

// Network is the handle on links between places, on host names and on calls of AWS's APIs.
type Network interface {
	// Lay puts a rule in force, on connections that already stand too, and returns at once. Several rules on one link,
	// name or call add up, and each is lifted alone. A rule that does nothing, or that nothing could ever meet, is an
	// error.
	Lay(ctx context.Context, r Rule) (Laid, error)
}

// Rule is what the fabric does with some of what passes it.
type Rule struct {
	Name   string   // of the fault
	Edges  []Edge   // the directed links on which it acts, and on which canaries prove it; at least one
	Hosts  []string // narrows it to connections to these names; empty: all
	Calls  *Calls   // narrows it to these calls of AWS's APIs; nil: it acts on connections
	Effect Effect
	Lease  time.Duration // the fabric lifts the rule by itself after this long; 0: never
}

// Calls selects calls of AWS's APIs; what is empty selects all.
type Calls struct {
	Region    string
	Service   string // as a scenario names it: kms, portal_api
	Operation string // as AWS names it: Decrypt
	From      string // the place where the caller stands
}

// Effect is what a rule does, at the stages that a connection goes through; a stage that is not said is left alone. An
// effect that acts at Lookup, Certificate or Answer is proven by a canary that goes the whole way, and by Shows.
type Effect struct {
	Traffic     Traffic
	Lookup      Lookup
	Certificate Certificate
	Answer      Answer
	// Cut resets standing connections that were dialled along the edges when the rule is laid. It is no effect alone.
	Cut bool
	// Shows says by what a canary shows that the effect did not act on it as it should; nil where it did. It is asked of
	// Lookup, Certificate and Answer, once the rule was asked. Without it, that the rule was asked is enough.
	Shows func(Met) error
}

// Traffic is what happens to bytes and dials on a link.
type Traffic struct {
	Hole      bool          // bytes and dials are held
	Lose      bool          // with Hole: connections and dials that met the hole stay dead after it is lifted
	Refuse    bool          // dials are refused after a round trip
	Reset     bool          // dials succeed and are reset with their first bytes
	ResetOdds float64       // with Reset: the share of connections that are reset, drawn once for each; 0 stands for 1
	Latency   time.Duration // added one way, on each edge
	Jitter    time.Duration // up to this much more, drawn once an instant
	Bandwidth int64         // bytes a second of one connection; 0: no limit
}

// Lookup is asked when a client looks a host up, before it dials. Its error is what the client meets: a *net.DNSError,
// or that of ctx where nobody ever answers. It ends with ctx, which ends with the dial.
type Lookup func(ctx context.Context, host string) error

// Certificate chooses what the edge shows to a client that says hello to a host. An error, or ctx that ends, ends the
// handshake. The context also ends when the client leaves and when the rule is lifted: who waits for it stalls. Hosts
// whose TLS ends beyond the network have none.
type Certificate func(ctx context.Context, host string, issue Issue) (*tls.Certificate, error)

// Issue makes a certificate that the clients' roots vouch for, with a key that good certificates don't have, so that no
// client that pins theirs accepts it.
type Issue func(host string, notBefore, notAfter time.Time) (*tls.Certificate, error)

// Answer is what becomes of an HTTP request at the edge: of calls of AWS's APIs where the rule has Calls, else of any.
type Answer struct {
	Odds     float64       // the share of requests that it acts on, drawn anew for each; 0 stands for 1
	Latency  time.Duration // a request waits this long before it is answered or passed on
	Fail     bool          // calls with an error of the service, other requests with a page
	Throttle bool          // of calls: with the service's error for too many of them
	Status   int           // with Fail: of HTTP, 400 to 599; 0: what the service gives with Code, and 503 of a page
	Code     string        // with Fail, of calls: AWS's error code; empty: what the service gives with Status
}

// Met is what a canary met on its way to a host, stage by stage. It gives lookup, dial and handshake a second beyond
// their round trips.
type Met struct {
	Err  error                // the first, context.DeadlineExceeded where nobody answered; nil where it was answered
	Took time.Duration        // to the answer or the error
	TLS  *tls.ConnectionState // nil where there was none
}

// Laid is a rule in force.
type Laid interface {
	// Prove waits until canaries on every edge saw the rule in force, or saw it lifted.
	Prove(ctx context.Context, inForce bool) ([]Proof, error)
	// Verify tells at once, of every edge, what the rule does to whoever sets out along it now. What another rule hides
	// is in force as long as the rule is laid.
	Verify(ctx context.Context) ([]Sighting, error)
	// Lift takes this rule alone back; more than once is no error.
	Lift()
	// Truth is the fabric's own log: when the rule was laid and lifted (zero while it is in force) and whether by
	// its lease. Only calibration looks at it.
	Truth() (laid, lifted time.Time, expired bool)
}
