// Package aim resolves what a fault or an action acts on: links of a place, names of a service, calls of an API, a
// Region's replica or key, the identity provider. What would hit nothing is a mistake, told at its key.
package aim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// aimer gathers the mistakes of one where.
type aimer struct {
	w harness.Where
	s harness.Scope
	p []harness.Problem
}

func (a *aimer) fail(key, sentence string, args ...any) {
	a.p = append(a.p, harness.Problem{Key: key, Sentence: fmt.Sprintf(sentence, args...)})
}

func (a *aimer) noSuch(key, what, name string, among []string) {
	a.p = append(a.p, harness.Problem{Key: key, What: what, Unknown: name, Among: among})
}

func (a *aimer) places() []string { return a.s.Places(names.IdPPlace, names.GlobalPlace) }

// Links are all links to and from a place or, with from, those between the two; service narrows them to the connections
// to the place's names of that service. The Region is Unreachable to nobody: whether it is, the fault must say.
func Links(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	place := a.place()
	a.from(place)
	a.service(place)
	if w.Operation != "" {
		a.fail("where.operation", "%s acts on links, which know no operations", s.Kind)
	}
	a.name()
	found := harness.Aim{Place: place, Service: w.Service, Region: w.Region, Summary: a.subject(place)}
	for _, other := range a.places() {
		if other != place && (w.From == "" || w.From == other) {
			found.Edges = append(found.Edges, harness.Edge{From: other, To: place}, harness.Edge{From: place, To: other})
		}
	}
	return found, a.p
}

// Names are the names of a place or, with service, of one of its services, as others come to them: the links toward it.
func Names(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	found, problems := Links(w, s)
	if place := found.Place; len(problems) == 0 && !named(s, place) {
		problems = append(problems, harness.Problem{Key: "where.place",
			Sentence: fmt.Sprintf("it hits nothing: no name is served at %s; say a region, or place: %s", place,
				names.IdPPlace)})
	}
	found.Edges = slices.DeleteFunc(found.Edges, func(e harness.Edge) bool { return e.To != found.Place })
	return found, problems
}

// Calls are calls of AWS's APIs in a Region. They are proven from the caller's place where that is said, else from
// within the Region, where no fault of links is in the way.
func Calls(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	region := cmp.Or(w.Region, w.Place)
	switch {
	case w.Region != "" && w.Place != "":
		a.fail("where.place", "say region or place, not both")
	case region == "":
		a.fail("where", "it hits nothing: say in which region")
	case !slices.Contains(s.Regions(), region):
		key := "where.region"
		if w.Region == "" {
			key = "where.place"
		}
		a.noSuch(key, "Region of the system", region, s.Regions())
	}
	a.from("")
	a.operation(region)
	a.name()
	return harness.Aim{
		Place: region, Region: w.Region, Summary: a.subject(region),
		Calls: &harness.Calls{Region: region, Service: w.Service, Operation: w.Operation, From: w.From},
		Edges: []harness.Edge{{From: cmp.Or(w.From, region), To: region}},
	}, a.p
}

// Replica is a Region's replica of Identity Center. It is proven by asking it from within the Region, where no fault of
// links is in the way.
func Replica(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	return whole(w, s, "the replica of which region", "the whole replica of a region")
}

// Key is a Region's replica of the key under which Identity Center keeps its data. It is proven by using it.
func Key(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	if s.Kind = cmp.Or(s.Kind, "it"); w.Service == "kms" { // it says what is the case
		w.Service = ""
	}
	return whole(w, s, "the key of which region", "the key of a region")
}

// Streams are what other Regions replicate to a Region: all of them or, with from, one. What the primary alone sends
// comes from there.
func Streams(w harness.Where, s harness.Scope, fromPrimary bool) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	switch {
	case w.Region == "":
		a.fail("where", "it hits nothing: say what comes to which region")
	case !slices.Contains(s.Regions(), w.Region):
		a.noSuch("where.region", "Region of the system", w.Region, s.Regions())
	case fromPrimary && w.Region == s.Primary:
		a.fail("where.region", "it hits nothing: the primary sends this stream, and nobody sends it to the primary")
	}
	switch {
	case w.From == "":
	case !slices.Contains(s.Regions(), w.From):
		a.noSuch("where.from", "Region of the system", w.From, s.Regions())
	case w.From == w.Region:
		a.fail("where.from", "it hits nothing: %s sends itself nothing", w.From)
	case fromPrimary && w.From != s.Primary:
		a.fail("where.from", "it hits nothing: this stream comes from the primary alone, %s", s.Primary)
	}
	a.narrower("what comes to a region", "place", "service", "operation")
	a.name()
	found := harness.Aim{Place: w.Region, Region: w.Region, Summary: a.subject(w.Region)}
	senders := s.Enabled()
	if w.From != "" { // also one that stands by, and may be of the instance by then
		senders = []string{w.From}
	}
	for _, from := range senders {
		if from != w.Region && (!fromPrimary || from == s.Primary) {
			found.Edges = append(found.Edges, harness.Edge{From: from, To: w.Region})
		}
	}
	return found, a.p
}

// Clock is that of a Region or of the identity provider. It is proven by reading it, from within its place.
func Clock(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	place := a.place()
	switch {
	case len(a.p) > 0:
	case !named(s, place):
		a.fail("where.place", "it hits nothing: people sit there, and no clock; say a region, or place: %s", names.IdPPlace)
	case place == names.GlobalPlace:
		a.fail("where.place", "it hits nothing: what is there tells nobody the time; say a region, or place: %s",
			names.IdPPlace)
	case place == names.IdPPlace && s.IdP.External != nil:
		a.fail("where.place", "the clock of an external identity provider is its administrators'")
	}
	a.narrower("a clock", "service", "operation", "from")
	a.name()
	return harness.Aim{Place: place, Region: w.Region, Summary: place,
		Edges: []harness.Edge{{From: place, To: place}}}, a.p
}

// Sessions are those of the people at a Region's access portal.
func Sessions(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	return whole(w, s, "the sessions of which region", "all sessions of a region")
}

// narrower refuses keys that narrow further than a fault can.
func (a *aimer) narrower(what string, keys ...string) {
	said := map[string]string{"region": a.w.Region, "place": a.w.Place, "service": a.w.Service,
		"operation": a.w.Operation, "from": a.w.From}
	for _, key := range keys {
		if said[key] != "" {
			a.fail("where."+key, "%s acts on %s; leave %s out", a.s.Kind, what, key)
		}
	}
}

// whole is what a Region has one of.
func whole(w harness.Where, s harness.Scope, which, what string) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	switch {
	case w.Region == "":
		a.fail("where", "it hits nothing: say %s", which)
	case !slices.Contains(s.Regions(), w.Region):
		a.noSuch("where.region", "Region of the system", w.Region, s.Regions())
	}
	a.narrower(what, "from", "operation", "place", "service")
	a.name()
	return harness.Aim{Place: w.Region, Region: w.Region, Summary: w.Region,
		Edges: []harness.Edge{{From: w.Region, To: w.Region}}}, a.p
}

// Isolates tells whether the where names a Region and nothing that narrows it.
func Isolates(w harness.Where) bool {
	return w.Region != "" && w.Service == "" && w.Operation == "" && w.From == "" && w.Name == ""
}

// place is what the where names, a Region or another place.
func (a *aimer) place() string {
	switch w := a.w; {
	case w.Region != "" && w.Place != "":
		a.fail("where.place", "say region or place, not both")
	case w.Region != "" && !slices.Contains(a.s.Regions(), w.Region):
		a.noSuch("where.region", "Region of the system", w.Region, a.s.Regions())
	case w.Place != "" && !slices.Contains(a.places(), w.Place):
		a.noSuch("where.place", "place", w.Place, a.places())
	case w.Region == "" && w.Place == "":
		a.fail("where", "it hits nothing: say which region or place")
	}
	return cmp.Or(a.w.Region, a.w.Place)
}

// from is the place to which a where is narrowed.
func (a *aimer) from(place string) {
	switch from := a.w.From; {
	case from == "":
	case !slices.Contains(a.places(), from):
		a.noSuch("where.from", "place", from, a.places())
	case from == place:
		a.fail("where.from", "it hits nothing: what stays within %s crosses no link", place)
	}
}

// named tells whether names are served at a place: everywhere but where people are.
func named(s harness.Scope, place string) bool {
	return place == names.IdPPlace || place == names.GlobalPlace || slices.Contains(s.Regions(), place)
}

// alone are the services that stand in one place and in no Region.
var alone = map[string]string{names.IdPPlace: names.IdPPlace, names.ConsoleService: names.GlobalPlace}

// home tells whether a service is served at a place: SCIM in the primary Region alone.
func home(s harness.Scope, service, place string) bool {
	if at := alone[service]; at != "" {
		return place == at
	}
	return slices.Contains(s.Regions(), place) && (service != names.SCIMService || place == s.Primary)
}

// service narrows to names that the target serves at the place: its own at the identity provider's and at that of what
// is in no Region, all others at the Regions, and none where people are.
func (a *aimer) service(place string) {
	s := a.w.Service
	switch {
	case s == "" || place == "":
	case !slices.Contains(a.s.Can.Services, s):
		a.fail("where.service", "it hits nothing: target %s serves no %s", a.s.Target, s)
	case !home(a.s, s, place):
		a.fail("where.service", "it hits nothing: there is no %s at %s", s, place)
	case s == names.VanityService && a.s.Vanity.Host == "":
		a.fail("where.service", "it hits nothing: the system has no vanity domain; say its host in system.vanity")
	case s == names.VanityService && !slices.Contains(a.s.Enabled(), place):
		a.fail("where.service", "it hits nothing: the vanity domain leads to no Region that stands by")
	}
}

// operation narrows to a service whose calls pass by, and to one of its operations.
func (a *aimer) operation(region string) {
	w, known := a.w, a.s.Can.Calls
	services := slices.Sorted(maps.Keys(known))
	operations, seen := known[w.Service]
	switch {
	case len(known) == 0: // that the target lacks the handle is said already
	case w.Service != "" && !seen:
		a.fail("where.service", "it hits nothing: calls of %s don't pass by in target %s; it sees those of %s",
			w.Service, a.s.Target, strings.Join(services, ", "))
	case w.Service != "" && slices.Contains(a.s.Regions(), region) && !home(a.s, w.Service, region):
		a.fail("where.service", "it hits nothing: there is no %s at %s", w.Service, region)
	case w.Operation != "" && w.Service == "":
		a.fail("where.operation", "say of which service: %s", strings.Join(services, ", "))
	case w.Operation != "" && !slices.Contains(operations, w.Operation):
		a.noSuch("where.operation", "operation of "+w.Service, w.Operation, operations)
	}
}

// name refuses what comes later.
func (a *aimer) name() {
	if a.w.Name != "" {
		a.fail("where.name", "is not supported yet")
	}
}

// subject is what is hit, for people.
func (a *aimer) subject(place string) string {
	what := place
	if a.w.Service != "" {
		what = a.w.Service + " in " + what
	}
	if a.w.Operation != "" {
		what = a.w.Operation + " of " + what
	}
	if a.w.From != "" {
		what += " as seen from " + a.w.From
	}
	return what
}
