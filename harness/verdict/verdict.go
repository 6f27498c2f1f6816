// Package verdict holds what was concluded from a history: grades, findings and the measures behind them. It is the
// last one of the three records, and verdict.json is its form on disk.
package verdict

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Schema names the format of verdict.json.
const Schema = "regiondrill.verdict/v1"

// Definition is by which edition of its definition recovery is measured (measurement.md 3.2). Verdicts of another one,
// or that don't say, may call something else a recovery: analyze concludes them anew.
const Definition = 2

// Grade is the answer to a question that a check or a whole drill asks.
type Grade string

// The grades. Unknown is an answer of its own: the measurement is not valid, or the run was stopped. Skipped counts
// nowhere.
const (
	Pass    Grade = "pass"
	Fail    Grade = "fail"
	Unknown Grade = "unknown"
	Skipped Grade = "skipped"
)

// Seconds is a span of time as verdict.json has it: a number of seconds, rounded to the microsecond, with at least one
// digit after the point.
type Seconds float64

// Finite is a number of seconds; nil where it is infinite or none.
func Finite(seconds float64) *Seconds {
	if math.IsInf(seconds, 0) || math.IsNaN(seconds) {
		return nil
	}
	s := Seconds(seconds)
	return &s
}

// MarshalJSON writes the number.
func (s Seconds) MarshalJSON() ([]byte, error) {
	v := math.Round(float64(s)*1e6) / 1e6
	b := strconv.AppendFloat(nil, v, 'f', -1, 64)
	if v == math.Trunc(v) {
		b = append(b, ".0"...)
	}
	return b, nil
}

// Duration is the span as Go knows it.
func (s Seconds) Duration() time.Duration {
	return time.Duration(math.Round(float64(s)*1e6)) * time.Microsecond
}

// Interval bounds a value that was sampled. Upper is nil where it never came.
type Interval struct {
	Lower Seconds  `json:"lower"`
	Upper *Seconds `json:"upper"`
}

// Share bounds a ratio that is not known exactly.
type Share struct {
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Verdict is the whole of verdict.json.
type Verdict struct {
	Schema   string `json:"schema"`
	Scenario string `json:"scenario"`
	Target   string `json:"target"`
	Seed     uint64 `json:"seed"`
	Version  string `json:"version"` // of the recorder
	// Definition is that by which it was concluded; 0 where it is of many drills, or older than this field.
	Definition int       `json:"definition,omitempty"`
	Started    time.Time `json:"started"`            // wall time of zero
	Virtual    bool      `json:"virtual,omitempty"`  // it was simulated, and its date means nothing
	Seconds    Seconds   `json:"seconds"`            // from zero to the end of the settling
	Repeated   int       `json:"repeated,omitempty"` // it is of so many drills, which conclude this together
	Grade      Grade     `json:"grade"`
	Findings   []Finding `json:"findings"`
	Measures

	KMS *KMS `json:"kms,omitempty"` // the emulator that played it, where that was no fake of ours
}

// KMS is the emulator that played it, as it was found before the drill.
type KMS struct {
	URL     string   `json:"url"`
	Product string   `json:"product,omitempty"` // with Version and Edition as it says of itself
	Version string   `json:"version,omitempty"`
	Edition string   `json:"edition,omitempty"`
	Honours []string `json:"honours"` // what was tried on a throw-away key and worked
	Ignores []string `json:"ignores"` // and what did not
}

// Finding is what one check concluded.
type Finding struct {
	Check     string  `json:"check"` // its kind
	Name      string  `json:"name"`
	Subject           // whom it is about
	Grade     Grade   `json:"grade"`
	Summary   string  `json:"summary"`             // one sentence, for people
	Objective any     `json:"objective,omitempty"` // in the unit of the check: Seconds, or a ratio
	Actual    any     `json:"actual,omitempty"`    // an Interval, Seconds, a ratio, or a Share
	Evidence  []int64 `json:"evidence,omitempty"`  // sequence numbers of the history
}

// Subject is whom a finding is about and what of them it holds against its objective.
type Subject struct {
	Probe   string   `json:"probe,omitempty"`
	Fault   string   `json:"fault,omitempty"`
	Window  string   `json:"window,omitempty"`  // baseline, fault or after
	Measure string   `json:"measure,omitempty"` // RecoveryTime and the like
	Within  *Seconds `json:"within,omitempty"`  // the time that it asks for, also where nothing could be judged
}

// What findings measure.
const (
	ActionTime       = "action_time"
	RecoveryTime     = "recovery_time"
	FailbackTime     = "failback_time"
	ShareOfGood      = "availability"
	LatencyQuantiles = "latency"
	RecoveryPoints   = "recovery_point"
	ReplicationLags  = "replication_lag"
	ConvergenceTime  = "convergence"
	RevocationTime   = "revocation"
	SessionsKept     = "session_survival"
)

// Measures is what can be counted and timed in a history, whatever the checks ask. What every exporter shows, and what
// grades a drill, is a field; all else is a list by name.
type Measures struct {
	Recoveries     []Recovery      `json:"recoveries"`
	RecoveryPoints []RecoveryPoint `json:"recovery_points"`
	Windows        []Window        `json:"windows"`
	Invariants     []Invariant     `json:"invariants"`
	Validity       Validity        `json:"validity"`
	Further        []Further       `json:"-"` // each under its own name in verdict.json
}

// Further is a measure by its name: a row of measure's table, and what its file drew from the history.
type Further struct {
	Name    string
	Entries any // a slice of the measure's own type
}

// Entries are those of a further measure, for a check that knows their type; nil where nothing of that name and type
// was measured.
func Entries[T any](m *Measures, name string) []T {
	for _, f := range m.Further {
		if f.Name == name {
			entries, _ := f.Entries.([]T)
			return entries
		}
	}
	return nil
}

// MarshalJSON writes the verdict with each further measure under its own name, behind all else.
func (v Verdict) MarshalJSON() ([]byte, error) {
	type plain Verdict // without this method
	out, err := json.Marshal(plain(v))
	for _, f := range v.Further {
		if err != nil {
			break
		}
		var entries []byte
		entries, err = json.Marshal(f.Entries)
		out = append(out[:len(out)-1], ',')
		out = append(append(strconv.AppendQuote(out, f.Name), ':'), entries...)
		out = append(out, '}')
	}
	return out, err
}

// EndedBy says what brought a user back.
type EndedBy string

// The ways to be back. Home are people whom their own Region alone carried again while the fault lasted; None is a user
// who was never interrupted; a null in JSON (Never) one who never came back.
const (
	Failover EndedBy = "failover"
	Home     EndedBy = "home"
	Heal     EndedBy = "heal"
	None     EndedBy = "none"
	Never    EndedBy = ""
)

// MarshalJSON writes null for never.
func (e EndedBy) MarshalJSON() ([]byte, error) {
	if e == Never {
		return []byte("null"), nil
	}
	return strconv.AppendQuote(nil, string(e)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *EndedBy) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*e = Never
		return nil
	}
	s, err := strconv.Unquote(string(b))
	*e = EndedBy(s)
	return err
}

// Recovery is how one probe got over one fault. Instants are seconds from zero; those that never came are nil.
type Recovery struct {
	Probe              string    `json:"probe"`
	Fault              string    `json:"fault"`
	Home               string    `json:"home"` // the probe's Region
	Requested          *Seconds  `json:"requested"`
	FirstEffective     *Seconds  `json:"first_effective"` // of the first edge
	Effective          *Seconds  `json:"effective"`       // of the last edge: who arrives from here on counts
	Healing            *Seconds  `json:"healing"`
	Healed             *Seconds  `json:"healed"`
	EndedBy            EndedBy   `json:"ended_by"`
	RecoveredIn        string    `json:"recovered_in"` // the Region that carried the one who ended the recovery; empty where nobody did
	Detection          *Seconds  `json:"detection"`
	TimeToFirstSuccess *Interval `json:"time_to_first_success"`
	RecoveryTimeActual *Interval `json:"recovery_time_actual"`
	Watched            *Seconds  `json:"watched"`                // from effective to healing: how long a recovery could be seen
	Doubts             []string  `json:"doubts"`                 // why the recovery can't be told, or not believed; a check of it is then unknown
	MachineSlow        bool      `json:"machine_slow,omitempty"` // a doubt is that this machine was
	Flaps              int       `json:"flaps"`                  // how often they were back and it did not hold; one entry of Broken each
	Broken             []Broken  `json:"broken"`
	Phases             *Phases   `json:"phases"`
	Failback           *Interval `json:"failback"`
	FailbackWatched    *Seconds  `json:"failback_watched"` // from healed on, less the window in which it must be seen to hold
	FailbackDisruption int       `json:"failback_disruption"`
	Outages            []Outage  `json:"outages"`
	Loss               Loss      `json:"loss"`
	AlsoInForce        []string  `json:"also_in_force"` // other faults that were, at some time, while this one was
	Evidence           []int64   `json:"evidence"`      // the lines of f and q
	FailbackEvidence   []int64   `json:"failback_evidence"`
}

// Broken is a span in which people were back and it did not hold: neighbouring windows that broke.
type Broken struct {
	Since Seconds  `json:"since"` // when the first of them opened
	Until Seconds  `json:"until"` // when the last of them closed
	By    BrokenBy `json:"by"`
	Bad   int      `json:"bad"`   // attempts in the span that were not good
	First Seconds  `json:"first"` // when what broke it began: the first of them arrived, or nobody got in any more
	Last  Seconds  `json:"last"`  // and when the last of them arrived, or somebody got in again
}

// BrokenBy says what broke a window.
type BrokenBy string

// What breaks a window: too few of its people got in, or for too long nobody did while somebody waited.
const (
	Failed  BrokenBy = "failed"
	KeptOut BrokenBy = "kept_out"
)

// Phases are the parts of a recovery. They sum exactly to the upper bound of the recovery time.
type Phases struct {
	Detect       Seconds `json:"detect"`       // from the first edge in force until somebody arrived who would get in, or it was detected
	Decide       Seconds `json:"decide"`       // until they gave up on the home Region
	Steer        Seconds `json:"steer"`        // until their first request to the Region that carried them
	Authenticate Seconds `json:"authenticate"` // until they were in
	Stabilise    Seconds `json:"stabilise"`    // until it stayed so
}

// PhaseNames are those of the parts of a recovery, in order.
var PhaseNames = [5]string{"detect", "decide", "steer", "authenticate", "stabilise"}

// Each are the parts in the order of PhaseNames.
func (p *Phases) Each() [5]Seconds {
	return [5]Seconds{p.Detect, p.Decide, p.Steer, p.Authenticate, p.Stabilise}
}

// Outage is a run of arrivals that failed: it lasted at least from the first to the last of them, at most from the
// good one before to the good one after. Upper is nil where none came after.
type Outage struct {
	LastGood *Seconds `json:"last_good"` // when the good one before arrived; nil where none did
	Since    Seconds  `json:"since"`     // when the first of them arrived
	Lower    Seconds  `json:"lower"`
	Upper    *Seconds `json:"upper"`
	Bad      int      `json:"bad"`
}

// Loss is what people lost while a fault lasted: who failed, and how much longer each waited than in the baseline.
type Loss struct {
	Attempts    int     `json:"attempts"` // good or bad
	Failed      int     `json:"failed"`   // bad
	Unseen      int     `json:"unseen"`   // dropped or unknown: nobody knows what would have come of them
	Compared    bool    `json:"compared"` // enough was known of before the fault to tell the following
	ExtraMedian Seconds `json:"extra_wait_median"`
	ExtraMax    Seconds `json:"extra_wait_max"`
	ExtraTotal  Seconds `json:"extra_wait_total"` // of all who got in
}

// What recovery points are of.
const (
	Grants      = "grants"
	Revocations = "revocations"
)

// RecoveryPoint is how far behind a Region was when a fault came and while it lasted: what it lacked of what the
// primary Region had acknowledged.
type RecoveryPoint struct {
	Probe        string    `json:"probe"` // that wrote and read back; empty where none did
	Fault        string    `json:"fault"`
	Of           string    `json:"of"`            // Grants or Revocations
	Region       string    `json:"region"`        // that was asked
	Actual       *Interval `json:"actual"`        // from the oldest of them that was not seen to the fault; nil where nobody can say
	Writes       int       `json:"writes"`        // that were acknowledged before the fault, and not taken back by then
	Stale        int       `json:"stale"`         // of those, that the Region didn't have while the fault lasted
	Lost         int       `json:"lost"`          // acknowledged before the fault's end, and never seen after it
	Unknown      int       `json:"unknown"`       // writes that were not answered, or of which no look tells
	ZombieLogins int       `json:"zombie_logins"` // of people whose removal was done before they came, while the fault lasted
	Evidence     []int64   `json:"evidence"`
}

// ReplicationLag is how long writes took from one Region to another, from when they were acknowledged until every later
// look saw them: of those that were acknowledged in a window of a fault, or of all where there is none.
type ReplicationLag struct {
	Probe   string    `json:"probe"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Fault   string    `json:"fault,omitempty"`
	Window  string    `json:"window,omitempty"`
	Writes  int       `json:"writes"`
	Pending int       `json:"pending"` // of those, that were not seen until the end
	Unknown int       `json:"unknown"` // beside them, of which no look tells, or that were made shortly before the end
	P50     *Interval `json:"p50"`
	P99     *Interval `json:"p99"`
	Max     *Interval `json:"max"`

	Samples []LagSample `json:"-"`
}

// LagSample is one write.
type LagSample struct {
	Of   string
	Took Interval
}

// Revocation is how long somebody still got in, as one probe saw it, of whom an action has taken that.
type Revocation struct {
	Action   string    `json:"action"`
	Person   string    `json:"person"`
	Probe    string    `json:"probe"`
	Of       string    `json:"of"`       // what was taken: sign_in or sessions
	Done     Seconds   `json:"done"`     // when the action was
	LetIn    int       `json:"let_in"`   // attempts begun since that used what was taken, and succeeded
	Refused  int       `json:"refused"`  // and those that somebody refused
	Unknown  int       `json:"unknown"`  // and those of which nothing follows: nobody was reached
	Held     int       `json:"held"`     // of a sign-in that was taken: attempts that a session from before let in
	Enforced *Interval `json:"enforced"` // from done until nobody was let in any more; nil where nobody tried
	HeldFor  *Interval `json:"held_for"` // the same of sessions from before; nil where nobody had one
	Evidence []int64   `json:"evidence"`
}

// SessionSurvival is how many of the people who had a session when a fault came could go on with it.
type SessionSurvival struct {
	Probe    string  `json:"probe"`
	Fault    string  `json:"fault"`
	People   int     `json:"people"`  // who had a session when the first edge was in force
	Kept     int     `json:"kept"`    // of those, who were served by it afterwards, and never told otherwise
	Lost     int     `json:"lost"`    // who had to sign in anew
	Unknown  int     `json:"unknown"` // who reached nobody, or did not come again
	Share    *Share  `json:"share"`   // of Kept; nil where there was nobody
	Evidence []int64 `json:"evidence"`
}

// Convergence is how long after a fault every Region had all that had been acknowledged by then.
type Convergence struct {
	Probe    string    `json:"probe"`
	Fault    string    `json:"fault"`
	Took     *Interval `json:"took"`              // from healed on; nil where nothing was written
	Watched  Seconds   `json:"watched"`           // from healed on
	Writes   int       `json:"writes"`            // that each Region must have
	Missing  int       `json:"missing"`           // of those, that the Region which lacks most didn't have in the end
	Slowest  string    `json:"slowest,omitempty"` // the Region that lacked something for longest
	Unseen   []string  `json:"unseen,omitempty"`  // Regions of which no look tells
	Evidence []int64   `json:"evidence"`
}

// The windows.
const (
	Baseline = "baseline"
	Fault    = "fault"
	After    = "after"
)

// Window is what one probe saw before, during or after one fault.
type Window struct {
	Probe        string         `json:"probe"`
	Window       string         `json:"window"`
	Fault        string         `json:"fault"`
	Attempts     int            `json:"attempts"`
	Good         int            `json:"good"`
	Bad          int            `json:"bad"`
	Unknown      int            `json:"unknown"`
	Dropped      int            `json:"dropped"`
	Carried      map[string]int `json:"carried"`
	Classes      map[string]int `json:"classes"`
	Observed     bool           `json:"observed"`     // 95 in a hundred are good or bad, and no hole among them is wider than three periods
	Availability *float64       `json:"availability"` // good / (all but unknown); nil where there is none
	Latency      *Latency       `json:"latency"`      // of the good attempts; nil where there is none
	// LatencyLower is what the system needed at least: the same without the time in which this process or the probe's
	// browser stood still, and where the attempts of which nobody knows how they went were quicker than all others. nil:
	// as much as Latency says.
	LatencyLower *Latency `json:"latency_lower,omitempty"`
	// LatencyUpper is what people waited at most: where the attempts of which nobody knows how they went were slower than
	// all others. nil: as much as Latency says.
	LatencyUpper *LatencyUpper `json:"latency_upper,omitempty"`
}

// LatencyUpper bounds a Latency from above; a quantile that is nil, as the longest always is, may be any.
type LatencyUpper struct {
	P50 *Seconds `json:"p50"`
	P95 *Seconds `json:"p95"`
	P99 *Seconds `json:"p99"`
	Max *Seconds `json:"max"`
}

// Latency is ended − due of good attempts, by nearest rank.
type Latency struct {
	P50 Seconds `json:"p50"`
	P95 Seconds `json:"p95"`
	P99 Seconds `json:"p99"`
	Max Seconds `json:"max"`
}

// Invariant is something that must never happen, whatever fails.
type Invariant struct {
	Name       string `json:"name"`
	Grade      Grade  `json:"grade"`
	Violations int    `json:"violations"`

	Looks    int     `json:"looks"`              // how often it was looked at, or the Regions where it was
	Detail   string  `json:"detail,omitempty"`   // what was seen first of what violates it, or why nobody can say
	Evidence []int64 `json:"evidence,omitempty"` // the lines that say so
}

// Validity says whether the measurement can be believed.
type Validity struct {
	Grade           Grade              `json:"grade"`
	ScheduleSlipP99 map[string]Seconds `json:"schedule_slip_p99"`
	FaultsProven    bool               `json:"faults_proven"`
	Notes           []string           `json:"notes"`             // sentences, for people: what ends belief before mere remarks
	Reasons         []Reason           `json:"reasons"`           // the same for programs, one for each note, in the same order
	Outside         map[string]int     `json:"outside,omitempty"` // by probe: attempts that are in no window of any fault
}

// NotRun tells whether the drill was not run at all, although others of the same command were.
func (v Validity) NotRun() bool {
	return len(v.Reasons) > 0 && (v.Reasons[0].Code == NotCarried || v.Reasons[0].Code == NotBegun)
}

// Reason is what a note of the validity is about.
type Reason struct {
	Code  Code   `json:"code"`
	Ends  bool   `json:"ends_belief"` // the measurement is not valid because of it; else it is a remark
	Probe string `json:"probe,omitempty"`
	Fault string `json:"fault,omitempty"`
	// CutShort is a drill that was stopped from outside, so that it tells nothing of the system: somebody interrupted it,
	// or the command's time was up.
	CutShort bool `json:"cut_short,omitempty"`
}

// Code names the kind of a note.
type Code string

// The codes of notes. The first eight end belief.
const (
	Torn           Code = "torn"             // the history's last line is incomplete
	Unfinished     Code = "unfinished"       // the history has no end
	Stopped        Code = "stopped"          // the run was not completed
	Contradiction  Code = "contradiction"    // of the history with itself
	RigLost        Code = "rig_lost"         // something that the drill stands on and doesn't test
	FaultUnproven  Code = "fault_unproven"   // in force, throughout, or healed
	Unsteady       Code = "warm_up_unsteady" // the probe was failing before any fault
	ProbesDisagree Code = "probes_disagree"
	LateSchedule   Code = "late_schedule"  // attempts began late
	BusyMachine    Code = "busy_machine"   // somebody waited for a CPU while the recovery was decided
	OutsideWindows Code = "outside"        // attempts in no window of any fault
	Kept           Code = "kept"           // what the run's keeper says that it did
	NotCarried     Code = "not_carried"    // the target can't carry the drill, which was skipped
	NotBegun       Code = "not_begun"      // of several drills this one was not begun
	Discarded      Code = "discarded"      // of a drill that was repeated, one that counts nowhere
	NothingCounts  Code = "nothing_counts" // and all of them were discarded
	RunAgain       Code = "run_again"      // alone, because beside others the machine was too busy
)

// Recovery finds the recovery of a probe from a fault.
func (m *Measures) Recovery(probe, fault string) *Recovery {
	for i := range m.Recoveries {
		if r := &m.Recoveries[i]; r.Probe == probe && r.Fault == fault {
			return r
		}
	}
	return nil
}

// Window finds a probe's window of a fault.
func (m *Measures) Window(probe, fault, window string) *Window {
	for i := range m.Windows {
		if w := &m.Windows[i]; w.Probe == probe && w.Fault == fault && w.Window == window {
			return w
		}
	}
	return nil
}
