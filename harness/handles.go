package harness

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Handles are what faults and actions pull. One that the target doesn't have is nil. A new handle is a field here; what
// a target without it lacks is said in its tag, as in "target lab can't carry process: its replicas have …". One that
// is shared several may pull at once: what they do lies on each other, and each takes back its own.
type Handles struct {
	Network  Network                              `handle:"network" shared:"yes" lack:"it has no links to lay rules on"`
	Power    map[string]Power                     `handle:"power" lack:"its replicas have no processes of their own"`
	Attach   map[string]Attach                    `handle:"attach" lack:"its replicas are on no network that they could be taken off"`
	Key      map[string]Key                       `handle:"key" lack:"its keys can't be changed"`
	Provider Provider                             `handle:"provider" lack:"its identity provider can't be set up anew"`
	Instance Instance                             `handle:"instance" lack:"its instance can't be administered"`
	Streams  Streams                              `handle:"streams" shared:"yes" lack:"its replication can't be held up"`
	Flaws    Flaws                                `handle:"flaws" shared:"yes" lack:"its identity provider gets nothing wrong"`
	Clocks   Clocks                               `handle:"clocks" shared:"yes" lack:"its clocks can't be put wrong"`
	Sessions map[string]Sessions                  `handle:"sessions" lack:"its Regions lose no sessions"`
	Access   Access                               `handle:"access" shared:"yes" lack:"its people can't be changed"`
	Vanity   Vanity                               `handle:"vanity" shared:"yes" lack:"it has no vanity domain"`
	Backend  *Backend                             // the emulator behind KMS's names; nil where that is a fake of ours
	Hosts    func(place, service string) []string // names that belong to a service there
}

// Capabilities says what a target will have. A fault that needs more is refused before anything starts.
type Capabilities struct {
	Handles  []string // by the names in the tags of Handles
	Services []string // whose names the target serves: portal, signin, portal_api, kms, idp, …
	// Calls has the services whose calls rules can act on, each with its operations as AWS names them. A service whose
	// TLS ends beyond the fabric isn't among them.
	Calls map[string][]string
}

// IsShared tells whether several may pull a handle at once.
func IsShared(handle string) bool {
	for i := range reflect.TypeFor[Handles]().NumField() {
		if tag := reflect.TypeFor[Handles]().Field(i).Tag; tag.Get("handle") == handle {
			return tag.Get("shared") != ""
		}
	}
	return false
}

// AllHandles are the names of all handles that there are.
func AllHandles() []string {
	var names []string
	for i := range reflect.TypeFor[Handles]().NumField() {
		if name, ok := reflect.TypeFor[Handles]().Field(i).Tag.Lookup("handle"); ok {
			names = append(names, name)
		}
	}
	return names
}

// Named lists the handles that are there.
func (h *Handles) Named() []string {
	var names []string
	value := reflect.ValueOf(h).Elem()
	for i := range value.NumField() {
		if name, ok := value.Type().Field(i).Tag.Lookup("handle"); ok && !value.Field(i).IsNil() {
			names = append(names, name)
		}
	}
	return names
}

// Lacks says in a clause what a target lacks of the handles, empty where nothing.
func (c Capabilities) Lacks(handles []string) string {
	for i := range reflect.TypeFor[Handles]().NumField() {
		tag := reflect.TypeFor[Handles]().Field(i).Tag
		if name := tag.Get("handle"); slices.Contains(handles, name) && !slices.Contains(c.Handles, name) {
			return tag.Get("lack")
		}
	}
	return ""
}

// Asker is what a canary can ask past all rules of the network.
type Asker interface {
	// Ask puts one request to the replica's own health page: a canary of the process. It is an error when the replica
	// can't be reached, and hangs until ctx ends when the replica does.
	Ask(ctx context.Context) error
}

// Power is the handle on the process of a Region's replica. What is the case already is no error. The intents are what
// another process needs to start or unpause it again; they are pushed before Kill and Pause.
type Power interface {
	Asker
	Kill(ctx context.Context) error    // at once, with all that it had in memory
	Start(ctx context.Context) error   // and wait until it serves as it did before
	Pause(ctx context.Context) error   // it stands still with all that it holds
	Unpause(ctx context.Context) error // it goes on
	Starting() rollback.Intent
	Unpausing() rollback.Intent
}

// Attach is the handle on the attachment of a Region's replica to its network. What is the case already is no error.
// The intent is what another process needs to connect it again; it is pushed before Disconnect.
type Attach interface {
	Asker
	Disconnect(ctx context.Context) error
	Connect(ctx context.Context) error // and wait until it is reachable
	Connecting() rollback.Intent
}

// Key is the handle on a Region's replica of the KMS key under which Identity Center keeps its data. It speaks KMS's
// own API as the account's administrator, past all rules of the network. The key is the run's own and is deleted with
// it.
type Key interface {
	// Use asks for what Identity Center asks for at each sign-in, as the service itself: nil where KMS grants it. What
	// KMS refuses is an error that wraps smithy's APIError.
	Use(ctx context.Context) error
	Disable(ctx context.Context) error
	Enable(ctx context.Context) error
	ScheduleDeletion(ctx context.Context) error // with the shortest window there is
	CancelDeletion(ctx context.Context) error   // and enable it, as KMS leaves it disabled
	Policy(ctx context.Context) (string, error)
	FirstPolicy() string // with which it was made
	SetPolicy(ctx context.Context, document string) error
	// State is its key state, as KMS names it: KeyEnabled, or another.
	State(ctx context.Context) (string, error)
	// TakeBack takes a change back and sees that the key is as it was. What is as it was already, and what somebody else
	// has changed since, it leaves alone; the latter is an error that says what to do by hand.
	TakeBack(ctx context.Context, c KeyChange) error
	// TakingBack is what another process needs for that; zero where the key dies with this one.
	TakingBack(c KeyChange) rollback.Intent
}

// KeyEnabled is the key state of a key that can be used (KMS Developer Guide, "Key states of AWS KMS keys").
const KeyEnabled = "Enabled"

// DenySid names the statement by which a fault denies a key in its policy.
const DenySid = "DenyIdentityCenter"

// KeyChange is a change of a key, with how the key was before: all that is needed to take back this change and no
// other.
type KeyChange struct {
	Disabled  bool   `json:"disabled,omitempty"`  // it was disabled
	Scheduled bool   `json:"scheduled,omitempty"` // its deletion was scheduled
	Was       string `json:"was,omitempty"`       // its key state before
	Put       string `json:"put,omitempty"`       // the policy that it was given
	Before    string `json:"before,omitempty"`    // in place of this one
}

// Provider is the handle on the identity provider, as its administrator has it.
type Provider interface {
	// ACS are the Regions whose assertion consumer service is registered, the default first.
	ACS(ctx context.Context) ([]string, error)
	// SetACS registers these in place of the present ones, for sign-ins from now on.
	SetACS(ctx context.Context, regions []string) error
}

// Instance is the handle on the instance of Identity Center, as its administrator has it.
type Instance interface {
	// AddRegion asks to replicate the instance to another Region, over the network and its rules, and waits until that is
	// ACTIVE. What the service doesn't do, and what never reaches it, is a *Refusal.
	AddRegion(ctx context.Context, a Asked, region string) error
	// RemoveRegion asks to take a Region out of the instance, likewise, and waits until it is gone.
	RemoveRegion(ctx context.Context, a Asked, region string) error
	// TakeOut takes a Region out of the instance, past all rules of the network, and waits until it is gone. That it isn't
	// there is no error.
	TakeOut(ctx context.Context, region string) error
	// PutIn makes a Region one of the instance's, past all rules of the network, and waits until it serves people. That it
	// is one already is no error.
	PutIn(ctx context.Context, region string) error
}

// Asked is where an administrator sits who asks for something, and the Region whose API they ask; empty: the primary.
type Asked struct{ From, At string }

// Streams is the handle on what Regions replicate to each other, past all rules of the network.
type Streams interface {
	// Hold holds up what one Region sends another. Holds add up; one of the same name on the same edge is replaced. That
	// the Region sends nothing there is an error.
	Hold(ctx context.Context, h Hold) error
	// Release takes a hold back by its name and edge. That there is none is no error.
	Release(ctx context.Context, h Hold) error
	// Held asks the sending Region whether a hold is what it acts on, by its name and edge: on all streams that it is
	// about, or on none. That it acts on it on some alone, as in the moment of a change, is an error.
	Held(ctx context.Context, h Hold) (bool, error)
}

// Hold is what is held up between two Regions.
type Hold struct {
	Name   string // of the fault
	Edge   Edge
	Stream string        // as scenarios name it; empty: all
	Pause  bool          // nothing is sent
	Lag    time.Duration // each entry leaves this much later than it would
}

// Flaws is the handle on what the identity provider gets wrong, on top of how its administrator has set it up.
type Flaws interface {
	// GetWrong lets it have a flaw from now on, beside those that it has. One of the same name is replaced.
	GetWrong(ctx context.Context, f Flaw) error
	// Mend takes a flaw back by its name. That there is none is no error.
	Mend(ctx context.Context, name string) error
	// Judged lets the provider write a response for a Region's ACS, and that judge it, past all rules of the network and
	// without signing anybody in. It is why it is refused, as the token on the page of the error; empty: it isn't. With
	// lookUp the person must be in the Region's directory, too. The names are those of the flaws about it.
	Judged(ctx context.Context, region string, lookUp bool) (cause string, flaws []string, err error)
	// Registered asks the provider whether it knows an ACS, as a scenario names it, and for the flaws about it.
	Registered(ctx context.Context, acs string) (known bool, flaws []string, err error)
	// Stopped asks the provider for the names of the flaws by which it pushes nothing by SCIM; none: it does.
	Stopped(ctx context.Context) ([]string, error)
}

// Flaw is something that the provider gets wrong.
type Flaw struct {
	Name    string   // of the fault
	Regions []string // about what is sent to their ACS; empty: about everything

	Assertion string // what is wrong with its responses: expired, wrong_audience, …; empty: nothing
	Key       string // with what they are signed: rotated, old_key, expired; empty: as ever

	Unregistered bool     // it doesn't know any ACS of the Regions
	Registered   []string // but these, as a scenario names them

	Stopped bool // it pushes nothing by SCIM
}

// Clocks is the handle on the clocks of the places that have any: Regions and the identity provider's.
type Clocks interface {
	// Shift puts a place's clock wrong by so much, beside other shifts that it has. One of the same name is replaced.
	Shift(ctx context.Context, place, name string, by time.Duration) error
	// Unshift takes a shift back. That there is none is no error.
	Unshift(ctx context.Context, place, name string) error
	// Read asks a place for its time, past all rules of the network, and for the shifts that are in it.
	Read(ctx context.Context, place string) (now time.Time, shifts map[string]time.Duration, err error)
}

// Sessions is the handle on the sessions that people have at a Region's access portal.
type Sessions interface {
	// Lose lets the Region forget all of them, and sees that it has forgotten one that was just begun. It tells how many
	// there were.
	Lose(ctx context.Context) (int, error)
}

// Access is the handle on who may sign in, as administrators of either side have it. A person goes by the name that a
// scenario has for them. What goes over the network (Provision, Enter) meets its rules; its error is then a *Refusal,
// as is that of a Region that can't do it (Revoke).
type Access interface {
	// Disable deactivates somebody at the identity provider, or takes that back, and tells how it was before.
	Disable(ctx context.Context, person string, disabled bool) (before bool, err error)
	// AwaitPush waits until the provider's push by SCIM runs. Its error is a *Refusal where it didn't before ctx ended.
	AwaitPush(ctx context.Context) error
	// Provision lets the provider push by SCIM that somebody is active, or isn't, whether its push runs or not.
	Provision(ctx context.Context, person string, active bool) error
	// Revoke ends somebody's sessions of the access portal, as an administrator of the Region's does on its pages.
	Revoke(ctx context.Context, region, person string) error
	// Enter signs an administrator in to the account from a place with an access key of their own, past Identity Center:
	// STS in a Region says who they are.
	Enter(ctx context.Context, from, region string) error
}

// Vanity is the handle on the vanity domain, as whoever looks after it has it.
type Vanity interface {
	// GetWrong lets it be wrong from now on in a way (stale, green_while_red, two_hops), beside others. One of the same
	// name is replaced.
	GetWrong(ctx context.Context, name, mode string) error
	// Mend takes that back by its name. That there is none is no error.
	Mend(ctx context.Context, name string) error
	// Try tells how it would act now, past all rules of the network and without leading anybody anywhere.
	Try(ctx context.Context) (VanityTrial, error)
}

// VanityTrial is how a vanity domain would act.
type VanityTrial struct {
	Follows       bool     // DNS would lead elsewhere if what is thought of the primary turned
	SeesFailure   bool     // it would heed a health check that fails
	RedirectsOnce bool     // it redirects to the portal itself
	Flaws         []string // the names of what it gets wrong
}

// Backend is the emulator that plays KMS, as it was found before the drill.
type Backend struct {
	URL                       string   // without user information
	Product, Version, Edition string   // as it says of itself; empty where it doesn't
	Own                       bool     // the run has started it, and it goes with the run
	Honours                   []string // what was tried on a throw-away key and worked: HonoursReplicas and the like
	Ignores                   []string // and what did not
}

// What an emulator may honour of KMS.
const (
	HonoursReplicas = "multi-Region keys"        // what one replica seals, another opens
	HonoursDisabled = "disabled keys"            // who asks for one is refused
	HonoursDeletion = "keys pending deletion"    // the same
	HonoursPolicies = "what a key policy denies" // the same
)

// String is the emulator for people: "LocalStack 4.14.0 (community) at http://127.0.0.1:4566".
func (b *Backend) String() string {
	what := cmp.Or(strings.TrimSpace(b.Product+" "+b.Version), "KMS")
	if b.Edition != "" {
		what += " (" + b.Edition + ")"
	}
	return what + " at " + b.URL
}
