package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

const (
	chaosBody  = 1 << 20 // bytes of a request
	chaosRules = 1000
	chaosWait  = 5 * time.Minute // the longest latency
)

// chaos takes rules on calls in the JSON of LocalStack's chaos API (LocalStack's documentation, "Chaos API"), so that
// tools and people who know it need learn nothing. What it is told comes after the rules that were laid, and ends with
// the fabric.
type chaos struct {
	fabric *Fabric
	mux    *http.ServeMux

	mu      sync.Mutex
	faults  []chaosFault
	laid    []*laid // one a fault
	effects chaosEffects
	slow    *laid // nil without a latency
}

// chaosFault is one rule as LocalStack writes it; all its keys are optional, and {} is every call of every service.
type chaosFault struct {
	Service     *string     `json:"service,omitempty"`
	Region      *string     `json:"region,omitempty"`
	Operation   *string     `json:"operation,omitempty"`
	Description *string     `json:"description,omitempty"`
	Probability *float64    `json:"probability,omitempty"`
	Error       *chaosError `json:"error,omitempty"`
}

type chaosError struct {
	StatusCode *int    `json:"statusCode,omitempty"`
	Code       *string `json:"code,omitempty"`
}

// chaosEffects is what every call of every service suffers.
type chaosEffects struct {
	Latency int64 `json:"latency"` // milliseconds
}

// Chaos serves LocalStack's chaos API for this fabric: /_localstack/chaos/faults (GET; POST replaces, PATCH adds,
// DELETE removes exact matches) and /_localstack/chaos/effects (GET, POST), and says at /_localstack/licenseinfo (GET)
// that it does, which is where tools look first. Any page can make a browser send a request to this machine, so
// requests of an origin that isn't a page of this network are refused.
func (f *Fabric) Chaos() http.Handler {
	c := &chaos{fabric: f, mux: http.NewServeMux(), faults: []chaosFault{}}
	for method, change := range map[string]func(old, said []chaosFault) []chaosFault{
		http.MethodPost:  func(_, said []chaosFault) []chaosFault { return said },
		http.MethodPatch: func(old, said []chaosFault) []chaosFault { return slices.Concat(old, said) },
		http.MethodDelete: func(old, said []chaosFault) []chaosFault {
			return slices.DeleteFunc(slices.Clone(old), func(o chaosFault) bool {
				return slices.ContainsFunc(said, func(s chaosFault) bool { return reflect.DeepEqual(o, s) })
			})
		},
	} {
		c.mux.HandleFunc(method+" /_localstack/chaos/faults", func(w http.ResponseWriter, r *http.Request) {
			c.change(w, r, change)
		})
	}
	c.mux.HandleFunc("GET /_localstack/chaos/faults", func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		tell(w, http.StatusOK, c.faults)
	})
	c.mux.HandleFunc("GET /_localstack/chaos/effects", func(w http.ResponseWriter, _ *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		tell(w, http.StatusOK, c.effects)
	})
	c.mux.HandleFunc("POST /_localstack/chaos/effects", c.affect)
	c.mux.HandleFunc("GET /_localstack/licenseinfo", func(w http.ResponseWriter, _ *http.Request) {
		tell(w, http.StatusOK, map[string][]string{"available_plugins": {"localstack.platform.plugin/chaos"}})
	})
	return c
}

// ServeHTTP refuses strangers.
func (c *chaos) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	if origin != "" && !c.fabric.ours(origin) || origin == "" && site != "" && site != "none" && site != "same-origin" {
		tell(w, http.StatusForbidden, map[string]string{"message": "this origin is no page of the system under test"})
		return
	}
	c.mux.ServeHTTP(w, r)
}

func (c *chaos) change(w http.ResponseWriter, r *http.Request, change func(old, said []chaosFault) []chaosFault) {
	said := []chaosFault{}
	if err := chaosFaultsSchema().read(http.MaxBytesReader(w, r.Body, chaosBody), &said); err != nil {
		refuseChaos(w, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	faults := change(c.faults, said)
	if len(faults) > chaosRules {
		refuseChaos(w, fmt.Errorf("%d rules are more than %d", len(faults), chaosRules))
		return
	}
	c.adopt(faults)
	tell(w, http.StatusOK, faults)
}

// adopt puts the faults in force in the place of those before; a fault that was there goes on drawing where it was.
// With c.mu held.
func (c *chaos) adopt(faults []chaosFault) {
	f, old := c.fabric, c.laid
	f.mu.Lock()
	defer f.mu.Unlock()
	adopted := make([]*laid, len(faults))
	for i := range faults {
		k := slices.IndexFunc(c.faults, func(o chaosFault) bool { return reflect.DeepEqual(o, faults[i]) })
		if k >= 0 && old[k] != nil {
			adopted[i], old[k] = old[k], nil
		} else {
			adopted[i] = f.newTold(faults[i])
		}
	}
	c.faults, c.laid = faults, adopted
	c.publish()
}

// newTold makes a rule of a fault, which is not in force yet. With f.mu held.
func (f *Fabric) newTold(fault chaosFault) *laid {
	rule, odds := fault.rule()
	l := f.newLaid(rule)
	l.odds, l.message = odds, chaosMessage
	return l
}

// publish makes it known to the lanes. With c.mu and fabric.mu held.
func (c *chaos) publish() {
	f := c.fabric
	was := f.told
	if f.told = slices.Clone(c.laid); c.slow != nil {
		f.told = append(f.told, c.slow)
	}
	for _, l := range was {
		if !slices.Contains(f.told, l) {
			l.stop()
		}
	}
	for k, lane := range f.lanes {
		lane.setRules(f.rulesOn(k))
	}
}

func (c *chaos) affect(w http.ResponseWriter, r *http.Request) {
	var said chaosEffects
	if err := chaosEffectsSchema().read(http.MaxBytesReader(w, r.Body, chaosBody), &said); err != nil {
		refuseChaos(w, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fabric.mu.Lock()
	defer c.fabric.mu.Unlock()
	c.effects, c.slow = said, nil
	if said.Latency > 0 {
		answer := harness.Answer{Latency: time.Duration(said.Latency) * time.Millisecond}
		c.slow = c.fabric.newLaid(harness.Rule{Name: "effects of the chaos API", Calls: &harness.Calls{},
			Effect: harness.Effect{Answer: answer}})
	}
	c.publish()
	tell(w, http.StatusOK, said)
}

// chaosMessage is what LocalStack says with a fault's error.
const chaosMessage = "Operation failed due to a simulated fault"

// rule is what the fault means, and the share of calls on which it acts, 0 to 1. LocalStack's names of services stand
// for ours.
func (f chaosFault) rule() (harness.Rule, float64) {
	text, err := json.Marshal(f)
	if err != nil {
		text = nil // strings and numbers within bounds always marshal
	}
	odds, calls := 1.0, &harness.Calls{}
	answer := harness.Answer{Fail: true, Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"}
	said(&calls.Service, f.Service)
	said(&calls.Region, f.Region)
	said(&calls.Operation, f.Operation)
	said(&odds, f.Probability)
	if f.Error != nil {
		said(&answer.Status, f.Error.StatusCode)
		said(&answer.Code, f.Error.Code)
	}
	for _, s := range services() {
		if s.localstack == calls.Service {
			calls.Service = s.name
			break
		}
	}
	name := "of the chaos API " + string(text)
	return harness.Rule{Name: name, Calls: calls, Effect: harness.Effect{Answer: answer}}, odds
}

// said takes a value that was given.
func said[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

func refuseChaos(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		status = http.StatusRequestEntityTooLarge
	}
	tell(w, status, map[string]string{"message": err.Error()})
}

func tell(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // nobody to tell when the client is gone
}
