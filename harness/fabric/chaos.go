package fabric

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"
)

const (
	chaosBody  = 1 << 20 // bytes of a request
	chaosRules = 1000
	chaosWait  = 5 * time.Minute // the longest latency
)

// chaos takes rules on calls in the JSON of LocalStack's chaos API (LocalStack's documentation, "Chaos API"), so that tools and people who
// know it need learn nothing. What it is told comes after the rules that were laid, and ends with the fabric.
type chaos struct {
	fabric *Fabric
	mux    *http.ServeMux

	mu      sync.Mutex
	faults  []chaosFault
	laid    []*laidAPI // one a fault
	effects chaosEffects
	slow    *laidAPI // nil without a latency
}

// chaosFault is one rule as LocalStack writes it; all its keys are optional, and {} is every call of every service.
type chaosFault struct {
	Service     *string     `json:"service,omitempty"`
	Region      *string     `json:"region,omitempty"`
	Operation   *string     `json:"operation,omitempty"`
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

// Chaos serves LocalStack's chaos API for this fabric: /_localstack/chaos/faults (GET; POST replaces, PATCH adds, DELETE
// removes exact matches) and /_localstack/chaos/effects (GET, POST). Any page can make a browser send a request to this
// machine, so requests of an origin that isn't a page of this network are refused.
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
		c.mux.HandleFunc(method+" /_localstack/chaos/faults", func(w http.ResponseWriter, r *http.Request) { c.change(w, r, change) })
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
	return c
}

// ServeHTTP refuses strangers.
func (c *chaos) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	if origin != "" && !c.fabric.ours(origin) || origin == "" && site != "" && site != "none" && site != "same-origin" {
		tell(w, http.StatusForbidden, map[string]string{"error": "this origin is no page of the system under test"})
		return
	}
	c.mux.ServeHTTP(w, r)
}

func (c *chaos) change(w http.ResponseWriter, r *http.Request, change func(old, said []chaosFault) []chaosFault) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, chaosBody))
	if err != nil {
		refuseChaos(w, err)
		return
	}
	said, err := parseFaults(body)
	if err != nil {
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
	old := slices.Clone(c.laid)
	was := c.faults
	laid := make([]*laidAPI, len(faults))
	for i := range faults {
		k := slices.IndexFunc(was, func(o chaosFault) bool { return reflect.DeepEqual(o, faults[i]) })
		if k < 0 || old[k] == nil {
			laid[i] = c.fabric.newLaidAPI(faults[i].rule())
			continue
		}
		laid[i], old[k] = old[k], nil
	}
	c.faults, c.laid = faults, laid
	c.publish()
}

// publish makes it known to the edge. With c.mu held.
func (c *chaos) publish() {
	a := &c.fabric.apis
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = slices.Clone(c.laid)
	if c.slow != nil {
		a.told = append(a.told, c.slow)
	}
	a.publish()
}

func (c *chaos) affect(w http.ResponseWriter, r *http.Request) {
	var said chaosEffects
	err := strictly(http.MaxBytesReader(w, r.Body, chaosBody), &said)
	if most := chaosWait.Milliseconds(); err == nil && (said.Latency < 0 || said.Latency > most) {
		err = fmt.Errorf("latency is 0 to %d milliseconds, not %d", most, said.Latency)
	}
	if err != nil {
		refuseChaos(w, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.effects, c.slow = said, nil
	if said.Latency > 0 {
		latency := time.Duration(said.Latency) * time.Millisecond
		c.slow = c.fabric.newLaidAPI(apiRule{Name: "effects of the chaos API", Odds: 1, Latency: latency})
	}
	c.publish()
	tell(w, http.StatusOK, said)
}

// parseFaults reads an array of faults.
func parseFaults(body []byte) ([]chaosFault, error) {
	faults := []chaosFault{}
	if err := strictly(bytes.NewReader(body), &faults); err != nil {
		return nil, err
	}
	if faults == nil {
		return nil, errors.New("null is no array")
	}
	for i, f := range faults {
		if p := f.Probability; p != nil && !(*p >= 0 && *p <= 1) {
			return nil, fmt.Errorf("probability of rule %d is 0 to 1, not %v", i, *p)
		}
		if f.Error != nil && f.Error.StatusCode != nil && (*f.Error.StatusCode < 400 || *f.Error.StatusCode > 599) {
			return nil, fmt.Errorf("statusCode of rule %d is 400 to 599, not %d", i, *f.Error.StatusCode)
		}
	}
	return faults, nil
}

// strictly reads one JSON value, whose keys are all known.
func strictly(in io.Reader, v any) error {
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the first value")
	}
	return nil
}

// rule is what the fault means. LocalStack's names of services stand for ours.
func (f chaosFault) rule() apiRule {
	text, err := json.Marshal(f)
	if err != nil {
		text = nil // strings and numbers within bounds always marshal
	}
	r := apiRule{
		Name: "of the chaos API " + string(text), Answer: fail,
		Odds: 1, Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable",
	}
	said(&r.Calls.Service, f.Service)
	said(&r.Calls.Region, f.Region)
	said(&r.Calls.Operation, f.Operation)
	said(&r.Odds, f.Probability)
	if f.Error != nil {
		said(&r.Status, f.Error.StatusCode)
		said(&r.Code, f.Error.Code)
	}
	for _, s := range services() {
		if s.localstack == r.Calls.Service {
			r.Calls.Service = s.name
			break
		}
	}
	return r
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
	tell(w, status, map[string]string{"error": err.Error()})
}

func tell(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // nobody to tell when the client is gone
}
