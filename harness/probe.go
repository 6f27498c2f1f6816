package harness

import (
	"context"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// Probe is a person who does one thing again and again. The engine owns the clock: Try is called when an attempt is
// due, obeys its context, and waits for nothing but the system.
type Probe interface {
	// Journey is what the person does: an attempt that is Good has come to its end.
	Journey() history.Journey
	// Needs names the programs without which it can't run: NeedsBrowser.
	Needs() []string
	// Open prepares what all attempts share (a browser).
	Open(ctx context.Context, w *World) error
	// Try makes one attempt and says in a what came of it. Its error is the harness's own failure: the attempt is unknown.
	Try(ctx context.Context, a *Attempt) error
	Close() error
}

// NeedsBrowser is what a probe says that needs a headless browser.
const NeedsBrowser = "browser"

// Checker is what a probe is that can be wrong about the system it is meant for.
type Checker interface{ Problems(t Topology) []Problem }

// Executor is a probe that runs a program of the user's on this machine, which whoever starts a drill must confirm.
type Executor interface{ Executes() []string }

// Pausing is a probe whose people use a program of its own, which may stand still as this process may.
type Pausing interface {
	// Pauses tells of every span in which the program didn't answer, until ctx ends.
	Pauses(ctx context.Context, tell func(since, until time.Time))
}

// Steer is how one person gets to another Region within one attempt.
type Steer struct {
	By    string
	To    string
	After time.Duration
}

// BookmarkSteer is Steer as the block of a probe whose people go to another Region by a bookmark, and no other way.
type BookmarkSteer struct {
	By    string        `yaml:"by" enum:"none,bookmark" doc:"how the person gets to another Region: by its bookmark at the identity provider"`
	To    string        `yaml:"to" form:"region" doc:"the Region that they go to"`
	After time.Duration `yaml:"after" doc:"how long from due they wait for the home Region before they give up on it"`
}

// CLIProfileSteer is the same of people who go there by a profile of the command line.
type CLIProfileSteer struct {
	By    string        `yaml:"by" enum:"none,cli_profile" doc:"how the person gets to another Region: by their CLI's profile of it"`
	To    string        `yaml:"to" form:"region" doc:"the Region that they go to"`
	After time.Duration `yaml:"after" doc:"how long from due they wait for the home Region before they give up on it"`
}

// Way that its people go.
func (BookmarkSteer) Way() string { return ByBookmark }

// Way that its people go.
func (CLIProfileSteer) Way() string { return ByCLIProfile }

// WayElsewhere is a Steer of people who go to another Region in one way and no other.
type WayElsewhere interface {
	BookmarkSteer | CLIProfileSteer
	Way() string
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
	// Tell writes a record of the probe's own kind down. It is handed the history's instant of a time. nil: nobody
	// listens.
	Tell func(func(at func(time.Time) history.Instant) history.Event)

	Ended     time.Time       // when the outcome was known; zero: when Try returned
	Outcome   history.Outcome // empty: the engine says unknown
	Class     history.Class
	Region    string // whose portal showed the expected account
	Detail    string
	Refused   string // the address that somebody refused to send the person to; empty where it is none or not known
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
	a.Outcome, a.Region, a.Class, a.Detail, a.Refused = history.Good, region, "", "", ""
}

// Fail says that the system misbehaved.
func (a *Attempt) Fail(class history.Class, detail string) {
	a.Outcome, a.Region, a.Class, a.Detail = history.Bad, "", class, detail
}

// GiveUp says that the harness itself failed, so that the attempt is evidence of nothing.
func (a *Attempt) GiveUp(class history.Class, detail string) {
	a.Outcome, a.Region, a.Class, a.Detail = history.Unknown, "", class, detail
}

// The ways to another Region.
const (
	ByNone       = "none"
	ByBookmark   = "bookmark"
	ByCLIProfile = "cli_profile"
)

// Problems of where a person steers to, who can go there one way only. That a Region has no bookmark or no ACS is legal
// at AWS, and foolish.
func (s Steer) Problems(t Topology, way string) []Problem {
	switch {
	case s.By == way && s.To == "":
		return []Problem{{Key: "steer", Sentence: "say to which Region they go: to"}}
	case s.By != way && (s.To != "" || s.After != 0):
		return []Problem{{Key: "steer", Sentence: "to and after say nothing without by: " + way +
			"; leave them out"}}
	case s.By == way && !slices.Contains(t.Regions(), s.To):
		return []Problem{{Key: "steer.to", What: "Region of the system", Unknown: s.To, Among: t.Regions()}}
	}
	return nil
}

// The addresses at which a person may start.
const (
	StartPortal = "portal" // of their home Region
	StartVanity = "vanity"
)

// StartProblems are those of where a person starts whose home is a Region. The vanity domain leads everybody to the
// primary Region, as long as that is well.
func StartProblems(start string, t Topology) []Problem {
	if start == StartVanity && t.Vanity.Host == "" {
		return []Problem{{Key: "start", Sentence: "the system has no vanity domain; say its host in system.vanity"}}
	}
	return nil
}

// Start is the address at which a person starts whose home is a Region.
func (w *World) Start(start, home string) string {
	if start == StartVanity {
		return w.Vanity
	}
	return w.Portal(home)
}
