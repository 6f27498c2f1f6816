// Package fabric is the one network of a drill: it joins places by links whose behaviour can be changed while
// connections stand, so that the same scenario takes a Region away from its users in a lab, over containers, or in
// front of the real thing.
//
// There is one mechanism. A connection is an in-memory pipe whose two halves are queues of (bytes, due); each half
// looks at the shape of its link through an atomic pointer at every write and read, so a rule acts on standing
// connections and new ones alike, and costs nothing where there is none. In process, clients Dial; other processes use
// the door of their place, an HTTP proxy that is a tunnel between a socket and a pipe, and nothing more. Because
// nothing but the door needs a socket, everything else runs in virtual time (testing/synctest), to the nanosecond.
//
// What a rule does it does at stages: to the traffic of links (hole.go, refuse.go, reset.go, slow.go), to lookups
// (lookup.go), to certificates (certificate.go) and to requests at the edge (answer.go). A lane, which is a directed
// link as the connections to one host see it, knows what acts on it: its shape, and the rules of the later stages. Two
// witnesses prove rules: canary_link.go sends bytes along a link, canary_request.go goes the whole way of a client.
//
// The world is closed: a name that was not put into the table is refused, and counted. Clients of the doors may be told
// so in a way that they understand (otherwise.go).
package fabric

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
)

// Options of a fabric.
type Options struct {
	CA   *pki.CA      // signs the certificates of the TLS edge
	Seed uint64       // of jitter and odds
	Log  *slog.Logger // nil: silent
}

// Fabric is a network. All its methods may be called from several goroutines.
type Fabric struct {
	ca   *pki.CA
	seed uint64
	log  *slog.Logger
	room room
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup // every goroutine of the fabric
	port atomic.Uint32  // of the last dial
	edge *edge

	otherwise atomic.Pointer[otherwise] // nil: nobody
	onMissed  atomic.Pointer[func(from, host string, err error)]

	mu      sync.Mutex
	closed  bool
	places  map[string]*door
	routes  map[string]*route
	aliases map[string]*alias
	base    map[harness.Edge]time.Duration
	lanes   map[laneKey]*lane
	rules   []*laid // in force, in the order in which they were laid
	told    []*laid // by the chaos API: they come after those
	count   uint64  // of the rules that there ever were
	refused map[string]int
}

// ErrClosed is what a closed fabric says.
var ErrClosed = errors.New("the fabric is closed")

// New makes an empty fabric. Close it.
func New(o Options) *Fabric {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	f := &Fabric{
		ca: o.CA, seed: o.Seed, log: o.Log,
		places:  map[string]*door{},
		routes:  map[string]*route{},
		aliases: map[string]*alias{},
		base:    map[harness.Edge]time.Duration{},
		lanes:   map[laneKey]*lane{},
		refused: map[string]int{},
	}
	f.ctx, f.stop = context.WithCancel(context.Background())
	f.edge = newEdge(f)
	return f
}

// AddPlace makes a place known and puts up its canary host, which answers every request with 204. Adding a place twice
// is no error.
func (f *Fabric) AddPlace(name string) error {
	f.mu.Lock()
	_, known := f.places[name]
	if !known {
		f.places[name] = &door{fabric: f, place: name}
	}
	f.mu.Unlock()
	if known {
		return nil
	}
	return f.Handle(canaryHost(name), name, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
}

// SetRTT is the base of the links between two places: half of rtt each way. Rules add to it. Links are unshaped unless
// set, and a place's link to itself too.
func (f *Fabric) SetRTT(a, b string, rtt time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.base[harness.Edge{From: a, To: b}] = rtt / 2
	f.base[harness.Edge{From: b, To: a}] = rtt - rtt/2
	now := time.Now()
	for _, l := range f.lanes {
		if e := l.edge(); e == (harness.Edge{From: a, To: b}) || e == (harness.Edge{From: b, To: a}) {
			l.set(f.leasedShapeOf(l.key, now, f.rules), false)
		}
	}
}

// route is where the connections to a host end.
type route struct {
	host, place string
	accept      func(ctx context.Context, p *pipe) error // takes the callee's end; on its error the dial fails

	edge    bool // its TLS ends at the edge, with these
	cert    *tls.Certificate
	handler http.Handler
	api     *api // of AWS; nil: it is none
}

func (f *Fabric) addRoute(r *route) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.places[r.place]; !known {
		return fmt.Errorf("putting up %s: no place is called %q", r.host, r.place)
	}
	if f.routes[r.host] != nil || f.aliases[r.host] != nil {
		return fmt.Errorf("putting up %s: the name is taken", r.host)
	}
	f.routes[r.host] = r
	return nil
}

// knows tells whether a name is in the table.
func (f *Fabric) knows(host string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.routes[host] != nil || f.aliases[host] != nil
}

// lanesOf are the two directions of the connections from a place to a host.
func (f *Fabric) lanesOf(from, to, host string) (there, back *lane) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lane(laneKey{from, to, host}), f.lane(laneKey{to, from, host})
}

// lane finds or makes a lane. With f.mu held.
func (f *Fabric) lane(k laneKey) *lane {
	l, ok := f.lanes[k]
	if !ok {
		l = &lane{key: k, seed: mix(f.seed ^ digest(k)), room: &f.room, pipes: map[*pipe]struct{}{}}
		s := f.leasedShapeOf(k, time.Now(), f.rules)
		l.shape.Store(&s)
		l.setRules(f.rulesOn(k))
		f.lanes[k] = l
	}
	return l
}

// digest is the FNV-1a hash of a lane's key: the same in every run, so that equal seeds draw equal jitter.
func digest(k laneKey) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{k.from, k.to, k.host} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return h
}

// Refused counts by name what somebody asked for that isn't in the table. Only the first names are kept apart; the
// others are counted together under "…".
func (f *Fabric) Refused() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	refused := make(map[string]int, len(f.refused))
	for name, n := range f.refused {
		refused[name] = n
	}
	return refused
}

const refusedNames = 256

// refuse counts a name outside the table.
func (f *Fabric) refuse(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.refused[name]; !known && (len(f.refused) >= refusedNames || len(name) > 253) {
		name = "…"
	}
	f.refused[name]++
}

// enter counts a caller in, so that Close waits for what he does; he must leave by f.work.Done.
func (f *Fabric) enter() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	f.work.Add(1)
	return nil
}

// counted counts the connections that a server of ours serves.
func (f *Fabric) counted(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		f.work.Add(1)
	case http.StateClosed, http.StateHijacked:
		f.work.Done()
	}
}

// closeLimit is how long Close waits for handlers that do not obey their context.
const closeLimit = 5 * time.Second

// Close ends every connection and waits until nothing of the fabric is left, but no longer than five seconds for
// handlers that do not obey their context.
func (f *Fabric) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.closed = true
	var doors []*door
	for _, d := range f.places {
		doors = append(doors, d)
	}
	for _, l := range f.rules {
		if l.lease != nil {
			l.lease.Stop()
		}
	}
	f.mu.Unlock()
	f.stop()
	var errs []error
	for _, d := range doors {
		errs = append(errs, d.close())
	}
	f.endAll()
	errs = append(errs, f.edge.close())
	done := make(chan struct{})
	go func() { f.work.Wait(); close(done) }()
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		errs = append(errs, errors.New("closing the fabric: a handler doesn't obey its context"))
	}
	return errors.Join(errs...)
}
