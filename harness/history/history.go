// Package history holds what happened in a run: one event a line, written while it happens and judged later, as often
// as one likes. It is the middle one of the three records (scenario, history, verdict), and it is all that analysis
// needs: its first line is the plan with every resolved field, its last says how the run ended.
package history

import (
	"encoding/json"
	"strings"
	"time"
)

// Schema names the format of history.jsonl.
const Schema = "regiondrill.history/v1"

// Sink takes events as they happen: the file, the live metrics, the screen. Record may be called from several
// goroutines at once; an error means that the history can't be trusted and the run must stop.
type Sink interface{ Record(Event) error }

// Event is one line. Exactly one of the pointers is set, the one that Type names, or Data.
type Event struct {
	Seq  int64   `json:"seq"` // rising; given by the writer
	At   Instant `json:"at"`  // when it was recorded; an attempt's own instants are within it
	Type Type    `json:"type"`

	Plan    *Plan    `json:"plan,omitempty"`
	Phase   *Phase   `json:"phase,omitempty"`
	Attempt *Attempt `json:"attempt,omitempty"`
	Fault   *Change  `json:"fault,omitempty"`
	Action  *Change  `json:"action,omitempty"`
	Marker  *Marker  `json:"marker,omitempty"`
	Note    *Note    `json:"note,omitempty"`
	Stall   *Stall   `json:"stall,omitempty"`
	Control *Control `json:"control,omitempty"`
	End     *End     `json:"end,omitempty"`

	Data json.RawMessage `json:"data,omitempty"` // of a kind of record, whose name Type then is
}

// Type says which kind of event a line holds.
type Type string

// The types of events.
const (
	TypePlan    Type = "plan"
	TypePhase   Type = "phase"
	TypeAttempt Type = "attempt"
	TypeFault   Type = "fault"
	TypeAction  Type = "action"
	TypeMarker  Type = "marker"
	TypeNote    Type = "note"
	TypeStall   Type = "stall"
	TypeControl Type = "control"
	TypeEnd     Type = "end"
)

// Plan is the first line: what was asked, resolved.
type Plan struct {
	Schema         string    `json:"schema"`
	Version        string    `json:"version"` // of the recorder
	Scenario       string    `json:"scenario"`
	File           string    `json:"file,omitempty"` // the scenario's, as it was named; empty for one that came with the program
	About          string    `json:"about,omitempty"`
	Target         string    `json:"target"`
	Environment    string    `json:"environment,omitempty"`
	Seed           uint64    `json:"seed"`
	PhaseSeed      uint64    `json:"phase_seed,omitempty"` // of the probes' offsets; 0: they are drawn from Seed
	Moved          Instant   `json:"moved,omitempty"`      // by which faults and actions come later than the scenario says
	Zero           time.Time `json:"zero"`                 // wall time of zero, the end of the warm-up
	Sets           []string  `json:"sets,omitempty"`
	Vars           []string  `json:"vars,omitempty"`            // NAME=VALUE of each variable of the scenario
	WithoutBrowser string    `json:"without_browser,omitempty"` // why browser probes don't run
	Virtual        bool      `json:"virtual,omitempty"`         // it was simulated: its time is virtual, and its date means nothing
	Primary        string    `json:"primary"`
	Regions        []string  `json:"regions"`           // primary first
	Outside        []string  `json:"outside,omitempty"` // of them, those that stand by and stay outside the instance
	WarmUp         Instant   `json:"warm_up"`
	Settle         Instant   `json:"settle"`
	Probes         []Probe   `json:"probes"`
	Faults         []Fault   `json:"faults"`
	Actions        []Action  `json:"actions,omitempty"`
	Checks         []Check   `json:"checks"`

	AbortIf []AbortIf `json:"abort_if,omitempty"`

	Invariants *Invariants `json:"invariants,omitempty"` // that a check asks about

	KMS *KMS `json:"kms,omitempty"` // who plays it, where that is no fake of ours

	Sustained []Sustained `json:"sustained,omitempty"` // of each pair whose recovery a check judges

	Origin
}

// Origin is what a board tells one run from others by. Histories of earlier versions have none of it. Where one command
// runs a scenario several times, its Run goes on with the number of each, such as 20261123T155611Z-03 of 20, or with
// -again where a drill was run once more by itself.
type Origin struct {
	Run         string  `json:"run,omitempty"`          // when it was asked for, as folders are named: 20261123T155611Z
	Folder      string  `json:"folder,omitempty"`       // its folder's name, below that of several drills where it lies in one
	ReportURL   string  `json:"report_url,omitempty"`   // where its report can be read; no user info, query or fragment
	ExpectEvery Instant `json:"expect_every,omitempty"` // how often it is said to be run; 0: it isn't
	Again       *Again  `json:"again,omitempty"`        // it was run before, beside others; nil: it wasn't
}

// Stamp is how the instant of a run is written, in folders' names and by boards.
func Stamp(t time.Time) string { return t.UTC().Format(folderPattern) }

// RunStamp tells a run from others of its scenario and environment: its Run, and where an earlier version recorded
// none, the instant of its zero. It is empty where there is neither.
func (p *Plan) RunStamp() string {
	if p.Run == "" && !p.Zero.IsZero() {
		return Stamp(p.Zero)
	}
	return p.Run
}

// AbortIf is a condition under which the run is stopped: of the attempts of a probe that ended within Over, less than
// the share Below was good.
type AbortIf struct {
	Probe string  `json:"probe"`
	Below float64 `json:"availability_below"`
	Over  Instant `json:"over"`
}

// KMS is the emulator that plays it, as it was found before the drill.
type KMS struct {
	URL     string   `json:"url"`
	Product string   `json:"product,omitempty"`
	Version string   `json:"version,omitempty"`
	Edition string   `json:"edition,omitempty"`
	Honours []string `json:"honours"` // what was tried on a throw-away key and worked
	Ignores []string `json:"ignores"` // and what did not
}

// Sustained says when a probe counts as recovered from a fault: in every window of For the share of good attempts is
// at least Ratio.
type Sustained struct {
	Probe string  `json:"probe"`
	Fault string  `json:"fault"`
	For   Instant `json:"for"`
	Ratio float64 `json:"ratio"`
	Gap   Instant `json:"gap,omitempty"` // how long nobody may get in while somebody waits; 0: the longer of 1 s and three periods
}

// steady is how many periods it takes at least to say how attempts go on.
const steady = 3

// Window is the length of the windows that counts for a probe that arrives once in every: For, and at least three
// periods.
func (s Sustained) Window(every Instant) Instant { return max(s.For, steady*every) }

// MaxGap is how long nobody may get in while somebody waits, for a probe that arrives once in every: Gap, and where
// that is 0 the longer of a second and three periods.
func (s Sustained) MaxGap(every Instant) Instant {
	if s.Gap > 0 {
		return s.Gap
	}
	return max(At(time.Second), steady*every)
}

// DefaultSustained is what counts where no check says otherwise.
const (
	DefaultSustainedFor   = 5 * time.Second
	DefaultSustainedRatio = 0.99
)

// SustainedFor finds what counts as recovered for a probe and a fault.
func (p *Plan) SustainedFor(probe, fault string) Sustained {
	for _, s := range p.Sustained {
		if s.Probe == probe && s.Fault == fault {
			return s
		}
	}
	return Sustained{Probe: probe, Fault: fault, For: At(DefaultSustainedFor), Ratio: DefaultSustainedRatio}
}

// Ratio is the greatest ratio that a check asks for of a probe whose recovery it judges, else the default.
func (p *Plan) Ratio(probe string) float64 {
	ratio, asked := 0.0, false
	for _, s := range p.Sustained {
		if s.Probe == probe {
			ratio, asked = max(ratio, s.Ratio), true
		}
	}
	if !asked {
		return DefaultSustainedRatio
	}
	return ratio
}

// whole is a ratio of 1 in the millionths in which ratios are compared.
const whole = 1_000_000

// Kept tells whether so many of n keep a ratio between 0 and 1; none of none keep any ratio. It compares whole numbers,
// so that 99 of 100 keep 0.99 exactly.
func Kept(good, n int, ratio float64) bool {
	return int64(good)*whole >= int64(ratio*whole+0.5)*int64(n)
}

// Begins is when a fault is expected to be requested: where it waits for another, as if that were proven at once.
func (p *Plan) Begins(f Fault) Instant { return p.Expected(f.After, f.At) }

// Called is a fault's name for people, with how strong it is where there are several of it that differ in that.
func (p *Plan) Called(fault string) string {
	if f := p.Fault(fault); f != nil && f.Rises && f.Summary != "" {
		return fault + " (" + f.Summary + ")"
	}
	return fault
}

// Length is when the settling is expected to end: after the last fault and action, counted as Begins counts.
func (p *Plan) Length() Instant {
	length := Instant(0)
	for _, f := range p.Faults {
		length = max(length, p.Begins(f)+f.For)
	}
	for _, a := range p.Actions {
		length = max(length, p.Expected(a.After, a.At)+a.For)
	}
	return length + p.Settle
}

// Expected is the instant that far after what it counts from, such as dark.healed, as if that were proven at once.
func (p *Plan) Expected(after string, at Instant) Instant {
	for range p.Faults { // none waits for itself, but a history may say so
		name, event, waits := strings.Cut(after, ".")
		other := p.Fault(name)
		if !waits || other == nil {
			break
		}
		if at += other.At; event == "healed" {
			at += other.For
		}
		after = other.After
	}
	return at
}

// Probe finds a probe of the plan by its name, nil where there is none.
func (p *Plan) Probe(name string) *Probe {
	for i := range p.Probes {
		if p.Probes[i].Name == name {
			return &p.Probes[i]
		}
	}
	return nil
}

// Fault finds a fault of the plan by its name, nil where there is none.
func (p *Plan) Fault(name string) *Fault {
	for i := range p.Faults {
		if p.Faults[i].Name == name {
			return &p.Faults[i]
		}
	}
	return nil
}

// Action finds an action of the plan by its name, nil where there is none.
func (p *Plan) Action(name string) *Action {
	for i := range p.Actions {
		if p.Actions[i].Name == name {
			return &p.Actions[i]
		}
	}
	return nil
}

// Probe is one probe of the plan. Config holds the kind's own fields.
type Probe struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Journey Journey         `json:"journey,omitempty"` // empty: sign_in
	From    string          `json:"from"`
	Home    string          `json:"home"`
	As      string          `json:"as,omitempty"` // the only person who comes; empty: the users, one after the other
	Every   Instant         `json:"every"`
	Limit   Instant         `json:"limit"`
	Offset  Instant         `json:"offset"`            // of the first attempt, so that a fault doesn't fall on one
	Browser bool            `json:"browser,omitempty"` // it needs one
	Needs   []string        `json:"needs,omitempty"`   // the programs without which it can't run
	Gated   bool            `json:"gated,omitempty"`   // must be steady in the warm-up, because a check of recovery names it
	Skipped bool            `json:"skipped,omitempty"` // a browser probe of a run without a browser
	Config  json.RawMessage `json:"config,omitempty"`
}

// Fault is one fault of the plan.
type Fault struct {
	Name    string            `json:"name"`
	Kind    string            `json:"kind"`
	Summary string            `json:"summary,omitempty"` // one line for people: "blackhole of us-east-1"
	Region  string            `json:"region,omitempty"`  // what it hits, where that is one Region
	Where   map[string]string `json:"where,omitempty"`
	After   string            `json:"after,omitempty"` // what At counts from, such as dark.healed; empty: zero
	At      Instant           `json:"at"`
	For     Instant           `json:"for"`
	Config  json.RawMessage   `json:"config,omitempty"`
	Rises   bool              `json:"rises,omitempty"` // it is one of several that differ in how strong they are

	// Unreachable are the Regions that can carry nobody while the fault is in force, whoever they are and from wherever
	// they come, as the fault's kind says of itself. A person carried by one of them, begun and ended in that time,
	// contradicts the history.
	Unreachable []string `json:"unreachable,omitempty"`
}

// Action is one action of the plan: what an operator or an automation does.
type Action struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Summary string          `json:"summary,omitempty"` // one line for people: "the only ACS of the identity provider is eu-west-1's"
	After   string          `json:"after,omitempty"`   // what At counts from, such as dark.effective; empty: zero
	At      Instant         `json:"at"`
	For     Instant         `json:"for,omitempty"` // how long until it is taken back; 0: until the run ends
	Config  json.RawMessage `json:"config,omitempty"`

	// Person is whom it is about, and Revokes what it takes from them once it is done; empty where it takes nothing.
	Person  string     `json:"person,omitempty"`
	Revokes Revocation `json:"revokes,omitempty"`
}

// Revocation is what an action takes from a person.
type Revocation string

// What is taken: from then on nobody may sign in as them, or the sessions that they had by then are over.
const (
	RevokesSignIn   Revocation = "sign_in"
	RevokesSessions Revocation = "sessions"
)

// Journey is what the people of a probe do. An attempt that is good has come to its end.
type Journey string

// The journeys.
const (
	SignIn          Journey = "sign_in"          // to the expected account in a Region's portal
	Administer      Journey = "administer"       // from a change of a directory to its acknowledgement
	RoleCredentials Journey = "role_credentials" // from a session to credentials of a role that AWS takes
	Console         Journey = "console"          // to AWS's console, through the portal
	HeldCredentials Journey = "held_credentials" // to AWS, by credentials of a role taken before
	SessionKeep     Journey = "session_keep"     // to the expected account by a session from before
	KMSRoundTrip    Journey = "kms_roundtrip"    // from what KMS has encrypted to the same decrypted
	AppLaunch       Journey = "app_launch"       // to an application, by its tile in a Region's portal
	Exec            Journey = "exec"             // to the end of a program of the user's
	CLILogin        Journey = "cli_login"        // from nothing to a token, and by it to credentials that AWS takes
)

// Check is one check of the plan.
type Check struct {
	Name   string          `json:"name"`
	Kind   string          `json:"kind"`
	Config json.RawMessage `json:"config,omitempty"`
}

// Phase marks the beginning of a part of a run.
type Phase struct {
	Name string `json:"name"`
}

// The phases of a run in their order.
const (
	PhaseProvisioning = "provisioning"
	PhaseWarmUp       = "warm_up"
	PhaseDrill        = "drill" // begins at zero
	PhaseSettling     = "settling"
	PhaseDraining     = "draining" // begins at the end of the settling: no new attempts
)

// Outcome of an attempt.
type Outcome string

// The outcomes. Unknown is our own failure and evidence of nothing; dropped found no room and was never begun.
const (
	Good    Outcome = "good"
	Bad     Outcome = "bad"
	Unknown Outcome = "unknown"
	Dropped Outcome = "dropped"
)

// Attempt is what one person tried: their probe's journey, from when they arrived.
type Attempt struct {
	Probe     string   `json:"probe"`
	Seq       int64    `json:"seq"` // within the probe, from 0
	Kind      string   `json:"kind"`
	Journey   Journey  `json:"journey,omitempty"` // empty: sign_in
	Home      string   `json:"home"`
	From      string   `json:"from,omitempty"`
	User      string   `json:"user,omitempty"`
	Due       Instant  `json:"due"`
	Began     Instant  `json:"began"`
	Ended     Instant  `json:"ended"`
	Outcome   Outcome  `json:"outcome"`
	Class     Class    `json:"class,omitempty"`
	Region    string   `json:"region,omitempty"`  // whose portal showed the expected account; only when good
	Detail    string   `json:"detail,omitempty"`  // one sentence, no secret in it
	Refused   string   `json:"refused,omitempty"` // the address that somebody refused to send the person to
	Steps     []Step   `json:"steps,omitempty"`
	Artifacts []string `json:"artifacts,omitempty"` // paths within the run's folder
}

// Step is one part of an attempt.
type Step struct {
	Name   string  `json:"name"`
	Host   string  `json:"host,omitempty"`
	Region string  `json:"region,omitempty"` // whose service the host is; empty for the identity provider
	At     Instant `json:"at"`               // when it began
	Took   Instant `json:"took"`
}

// The steps of a sign-in. Home is all that was tried at home by somebody who then gave up; wait is what they waited
// after an error, until they gave up.
const (
	StepHome         = "home"
	StepPortal       = "portal"
	StepSignin       = "signin"
	StepIdPForm      = "idp_form"
	StepIdPLogin     = "idp_login"
	StepIdPSSO       = "idp_sso"
	StepIdPDashboard = "idp_dashboard"
	StepACS          = "acs"
	StepAccounts     = "accounts"
	StepWait         = "wait"

	StepRoleCredentials = "role_credentials"
	StepCallerIdentity  = "caller_identity"
	StepIdentityStore   = "identity_store" // a call of its API

	StepEncrypt   = "encrypt"
	StepDecrypt   = "decrypt"
	StepLaunch    = "launch"
	StepRegister  = "oidc_register"
	StepAuthorize = "oidc_authorize"
	StepConsent   = "consent"
	StepToken     = "oidc_token"
	StepVanity    = "vanity"
	StepConsole   = "console"
)

// Class says why an attempt was not good. The set is closed: it becomes a metric label.
type Class string

// The classes. Stopped, browser and harness are our own failures.
const (
	ClassTimeout         Class = "timeout"
	ClassRefused         Class = "refused"
	ClassReset           Class = "reset"
	ClassDNS             Class = "dns"
	ClassTLS             Class = "tls"
	ClassHTTP5xx         Class = "http_5xx"
	ClassHTTP4xx         Class = "http_4xx"
	ClassThrottled       Class = "throttled"
	ClassIdPUnavailable  Class = "idp_unavailable"
	ClassIdPACSRefused   Class = "idp_acs_refused"
	ClassIdPLoginRefused Class = "idp_login_refused"
	ClassACSRejected     Class = "acs_rejected"
	ClassPortalError     Class = "portal_error"
	ClassSessionLost     Class = "session_lost" // who had a session must sign in anew
	ClassWrongContent    Class = "wrong_content"
	ClassProgram         Class = "program" // a program of the user's says so
	ClassStopped         Class = "stopped"
	ClassBrowser         Class = "browser"
	ClassHarness         Class = "harness"
)

// Classes lists them all, in the order of the contract.
func Classes() []Class {
	return []Class{ClassTimeout, ClassRefused, ClassReset, ClassDNS, ClassTLS, ClassHTTP5xx, ClassHTTP4xx, ClassThrottled,
		ClassIdPUnavailable, ClassIdPACSRefused, ClassIdPLoginRefused, ClassACSRejected, ClassPortalError, ClassSessionLost,
		ClassWrongContent, ClassProgram, ClassStopped, ClassBrowser, ClassHarness}
}

// Change is one change of a fault or an action, by its own name.
type Change struct {
	Name   string     `json:"name"`
	Change ChangeKind `json:"change"`
	Edges  []Edge     `json:"edges,omitempty"`  // with effective, healed and lost: where
	Detail string     `json:"detail,omitempty"` // with unproven and lost: why
}

// ChangeKind is what changed.
type ChangeKind string

// The changes of a fault in their order. Expired is the fabric's own lifting of a rule whose lease ran out; lost says
// that a canary no longer saw it in force while it should have been, its edges since when (the instant at which each
// was last seen in force); unproven says that it was laid or lifted and no canary could prove it.
const (
	Requested ChangeKind = "requested"
	Effective ChangeKind = "effective"
	Healing   ChangeKind = "healing"
	Healed    ChangeKind = "healed"
	Expired   ChangeKind = "expired"
	Lost      ChangeKind = "lost"
	Unproven  ChangeKind = "unproven"
)

// The changes of an action after it was requested.
const (
	Done   ChangeKind = "done"
	Undone ChangeKind = "undone" // before the run ended, because it was to last so long
	Failed ChangeKind = "failed" // nothing of it was done, or nobody can say what
)

// Edge is one directed link on which a fault was proven in force, or lifted, or was lost.
type Edge struct {
	Edge string  `json:"edge"` // "new-york→us-east-1"
	At   Instant `json:"at"`   // since when it is so; of a fault that was lost, when it was last seen in force
}

// Ends are the places that an edge goes from and to.
func Ends(edge string) (from, to string) {
	from, to, _ = strings.Cut(edge, "→")
	return from, to
}

// Marker is something that somebody or something noticed: a detector, a health check, a key press.
type Marker struct {
	Name    string `json:"name"` // detected, decided, …
	Subject string `json:"subject,omitempty"`
}

// The markers that measuring knows.
const (
	MarkerDetected = "detected"
	MarkerDecided  = "decided"
)

// Note is a remark of the harness about itself.
type Note struct {
	Text string `json:"text"`
}

// Stall is a span in which this process, a browser of it, or the whole machine could not do what it should have.
type Stall struct {
	Since Instant `json:"since"`
	Until Instant `json:"until"`
	Took  Instant `json:"took"`            // how much of the span was lost; at most its length
	By    string  `json:"by"`              // who saw it
	Probe string  `json:"probe,omitempty"` // whose browser it was; empty: it was no browser's
}

// Who sees a stall.
const (
	StallHeartbeat = "heartbeat" // this process's own clock came late: all of the span
	StallPressure  = "pressure"  // the kernel tells how long some task on the machine waited for a CPU in the span
	StallGC        = "gc"        // the Go runtime tells how long it stopped all goroutines for a garbage collection in it
	StallBrowser   = "browser"   // a browser didn't answer: all of the span
)

// Control is one look at all links from the vantages to the Regions and to the identity provider: how long canaries,
// sent at once over each of them, took there and back.
type Control struct {
	Sent  Instant `json:"sent"`
	Trips []Trip  `json:"trips"` // of those that came back in time
}

// Trip is one canary's way there and back.
type Trip struct {
	Edge string  `json:"edge"` // of the way there, as in a fault's proof: "new-york→us-east-1"
	Took Instant `json:"took"`
}

// End is the last line. Without it the run did not finish, and its verdict is unknown.
type End struct {
	Reason string `json:"reason"` // completed, or why it was stopped
	Undone bool   `json:"undone"` // every undo succeeded
	Detail string `json:"detail,omitempty"`
}

// The reasons for which a run ends. All but the first leave the grade unknown.
const (
	Completed   = "completed"
	Interrupted = "interrupted"
	TimedOut    = "timeout"
	Rehearsed   = "rehearsed"  // it was a rehearsal
	Aborted     = "aborted"    // a condition of abort_if was met
	NotSteady   = "not_steady" // the warm-up did not become steady; no fault was injected
	Broken      = "broken"     // the harness broke
	TakenBack   = "taken_back" // the run stood still, and its keeper took back what outlives it
	Lacking     = "lacking"    // this machine lacks something, so that nothing was begun
)

// History is a whole record, in order.
type History struct {
	Plan      Plan
	Events    []Event // all but attempts
	Attempts  []Attempt
	SeqOf     []int64 // of each attempt's line
	End       *End
	EndAt     Instant
	Truncated bool         // the last line was torn
	Kept      []KeeperLine // what its keeper did, which is no part of the record

	Contradictions []Contradiction // what reading found that can't be true

	misnumbered []int64 // the first few lines whose number isn't their place in the file
}
