package harness

import (
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
)

// Case is a fault as it is drilled alone, and what people must meet of it: its contract. Whoever it doesn't speak of is
// served as if nothing were the matter.
type Case struct {
	Where    Where   // what it is narrowed to; it is aimed at a Region in turn, unless this names a place
	Settings string  // of the kind's own keys, in JSON; empty: its defaults
	Breaks   []Break // the first that speaks of somebody counts
}

// Break is what some people meet while a fault is in force, once it has come into effect for them.
type Break struct {
	At       Home
	Journeys []history.Journey // what they do; nil: whatever they do
	Class    history.Class     // by which their attempts fail; empty: they don't
	Or       history.Class     // or by this, where patience or chance decides which comes first
	Some     bool              // some of their attempts fail; others may be good
	Slower   bool              // their attempts are good, and take longer than before
}

// Home says where people are at home, as seen from the Region at which a fault is aimed.
type Home string

// The homes that there are.
const (
	Here      Home = "here"      // the Region at which it is aimed
	Elsewhere Home = "elsewhere" // any other
	Anywhere  Home = "anywhere"
)

// Journeys that faults treat alike.
var (
	// SigningIn go through the identity provider each time.
	SigningIn = []history.Journey{history.SignIn, history.AppLaunch, history.CLILogin, history.Console}
	// WithSession have a session, which the portal's API takes.
	WithSession = []history.Journey{history.RoleCredentials, history.SessionKeep}
	// OfThePortal need Identity Center.
	OfThePortal = slices.Concat(SigningIn, WithSession)
	// PastThePortal don't.
	PastThePortal = []history.Journey{history.HeldCredentials, history.KMSRoundTrip}
)

// Fail is that people at a home fail by a class, whatever they do or, where journeys are named, those who do that.
func Fail(at Home, class history.Class, journeys ...history.Journey) Break {
	return Break{At: at, Class: class, Journeys: journeys}
}

// Slow is that people at a home get what they want later than before.
func Slow(at Home, journeys ...history.Journey) Break {
	return Break{At: at, Slower: true, Journeys: journeys}
}

// Meets is what people on a journey meet whose home is aimed at, or isn't.
func (c Case) Meets(journey history.Journey, here bool) Break {
	for _, b := range c.Breaks {
		if (b.At == Anywhere || here == (b.At == Here)) && (b.Journeys == nil || slices.Contains(b.Journeys, journey)) {
			return b
		}
	}
	return Break{}
}
