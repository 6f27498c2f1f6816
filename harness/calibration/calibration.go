// Package calibration finds out what a machine can be believed: whether the intervals that it measures hold the truth
// of outages whose truth is known, what it takes for an outage where there is none, how often people may arrive on it,
// and how many browsers and drills it bears at once.
package calibration

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Bench is where calibrations run: drills in the lab, each in a folder of its own that goes when it has been read.
type Bench struct {
	Catalog catalog.Catalog
	Dir     string // an empty folder
	// Tell is told what is being tried; nil: nobody is.
	Tell func(sentence string)

	mu   sync.Mutex
	runs int
}

func (b *Bench) tell(format string, args ...any) {
	if b.Tell != nil {
		b.Tell(fmt.Sprintf(format, args...))
	}
}

// concluded is a drill that was run.
type concluded struct {
	h *history.History
	v *verdict.Verdict
}

// drill runs a scenario in the lab, or on a target that stands in for it.
func (b *Bench) drill(ctx context.Context, text string, opts engine.Options) (*concluded, error) {
	b.mu.Lock()
	b.runs++
	dir := filepath.Join(b.Dir, strconv.Itoa(b.runs))
	b.mu.Unlock()
	if opts.Target.New == nil {
		opts.Target = b.Catalog.Targets[0]
	}
	_, plan, err := b.Catalog.Read(bytes.NewReader([]byte(text)), "calibration", nil, opts)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the folder around it goes in the end
	r := &drill.Runner{Catalog: b.Catalog}
	if err := r.Record(ctx, plan, dir); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	loaded, err := r.Load(dir)
	if err != nil {
		return nil, err
	}
	return &concluded{loaded.History, loaded.Verdict}, nil
}

// Modes are the outages that are tried, over links without delays and with nobody who steers.
func Modes() []string {
	return []string{"blackhole", "blackhole, hold: false", "refuse", "reset", "http_503"}
}

// period is how often people come in an outage that is measured.
const period = 80 * time.Millisecond

const outage = `
schema: regiondrill.scenario/v1
name: calibration
system: {primary: us-east-1}
vantages:
  here: {rtt: {us-east-1: 0s}}
warm_up: 500ms
settle: 550ms
probes:
  - {name: staff, kind: saml_login, from: here, home: us-east-1, every: 80ms, limit: 200ms}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 400ms, for: %dms, mode: %s}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 10ms, sustained: {for: 240ms, ratio: 0.5}}
`

// Outage is one of a length that is known, and what was measured of it.
type Outage struct {
	Mode    string
	Lasts   time.Duration // as it was asked for
	Truth   Interval      // by the network's own log: from the outage's length to that and the slowest sign-in
	Told    *Interval     // what was measured; nil where that is unknown
	Unknown string        // why
}

// Interval is one in seconds.
type Interval struct{ Lower, Upper float64 }

// Holds tells whether the interval that was measured holds the truth.
func (o *Outage) Holds() bool {
	return o.Told != nil && o.Told.Lower <= o.Truth.Upper && o.Told.Upper >= o.Truth.Lower
}

// Width is that of the interval in periods of people's arrival; 0 where nothing is known.
func (o *Outage) Width() float64 {
	if o.Told == nil {
		return 0
	}
	return (o.Told.Upper - o.Told.Lower) / period.Seconds()
}

// Outage makes the n-th outage of a mode and measures it. Of the same n it has the same length and phase.
func (b *Bench) Outage(ctx context.Context, mode string, n int) (*Outage, error) {
	draws := rand.New(rand.NewPCG(uint64(n), 1))
	lasts, seed := 400+draws.IntN(300), draws.Uint64()
	log := &logged{}
	o := &Outage{Mode: mode, Lasts: time.Duration(lasts) * time.Millisecond}
	done, err := b.drill(ctx, fmt.Sprintf(outage, lasts, mode),
		engine.Options{Target: log.around(b.Catalog.Targets[0]), Seed: &seed})
	if err != nil {
		return nil, err
	}
	if log.laid == nil { // the warm-up was not steady
		o.Unknown = "it did not come to the outage"
		if notes := done.v.Validity.Notes; len(notes) > 0 {
			o.Unknown = notes[0]
		}
		return o, nil
	}
	laid, lifted, _ := log.laid.Truth()
	o.Truth.Lower = lifted.Sub(laid).Seconds()
	o.Truth.Upper = o.Truth.Lower
	for _, a := range done.h.Attempts {
		if a.Ended < 0 {
			o.Truth.Upper = max(o.Truth.Upper, o.Truth.Lower+(a.Ended-a.Due).Seconds())
		}
	}
	r := done.v.Recovery("staff", "dark")
	switch actual := r.RecoveryTimeActual; {
	case done.v.Validity.Grade != verdict.Pass:
		o.Unknown = done.v.Validity.Notes[0]
	case len(r.Doubts) > 0:
		o.Unknown = r.Doubts[0]
	case actual == nil || actual.Upper == nil:
		o.Unknown = "people were not seen to be back"
	default:
		o.Told = &Interval{float64(actual.Lower), float64(*actual.Upper)}
	}
	return o, nil
}

// logged is a target whose network keeps the last rule that was laid on it, for the network's own log.
type logged struct {
	harness.Target
	harness.Network
	laid harness.Laid
}

func (l *logged) around(kind harness.TargetKind) harness.TargetKind {
	l.Target = kind.New()
	kind.New = func() harness.Target { return l }
	return kind
}

// Provision provisions the target itself and stands between its network and the faults.
func (l *logged) Provision(ctx context.Context, t harness.Topology, back *rollback.Stack) (*harness.System, error) {
	sys, err := l.Target.Provision(ctx, t, back)
	if err == nil {
		l.Network, sys.Network = sys.Network, l
	}
	return sys, err
}

// Lay lays the rule on the target's network.
func (l *logged) Lay(ctx context.Context, r harness.Rule) (harness.Laid, error) {
	var err error
	l.laid, err = l.Network.Lay(ctx, r)
	return l.laid, err
}

// quiet is a drill without faults: people by protocol, and by a browser where there is one.
const quiet = `
schema: regiondrill.scenario/v1
name: quiet
system: {primary: us-east-1}
vantages:
  here: {rtt: {us-east-1: 8ms, idp: 20ms}}
warm_up: 1s
settle: %v
probes:
`

const (
	byProtocol = "  - {name: staff, kind: saml_login, from: here, home: us-east-1, every: %v, limit: 2s}\n"
	byBrowser  = "  - {name: chrome, kind: browser_login, from: here, home: us-east-1, every: %v, limit: 9s}\n"
)

// Quiet is what a drill without faults was like.
type Quiet struct {
	Attempts int
	Failed   int           // whom the machine alone made fail, or lost
	SlipP99  time.Duration // how late attempts began
	Median   time.Duration // of a sign-in; 0 where nobody got in
}

// False is the share of people who failed though nothing was wrong: the noise floor.
func (q Quiet) False() float64 { return float64(q.Failed) / float64(max(q.Attempts, 1)) }

// keeps tells whether the machine keeps up with people who come so often.
func (q Quiet) keeps(every time.Duration) bool { return q.Failed == 0 && 4*q.SlipP99 <= every }

// Protocol runs a drill without faults in which somebody signs in every so often.
func (b *Bench) Protocol(ctx context.Context, every, lasts time.Duration) (Quiet, error) {
	return b.quiet(ctx, "staff", fmt.Sprintf(quiet+byProtocol, lasts, every))
}

func (b *Bench) quiet(ctx context.Context, probe, text string) (Quiet, error) {
	done, err := b.drill(ctx, text, engine.Options{})
	if err != nil {
		return Quiet{}, err
	}
	q := Quiet{SlipP99: done.v.Validity.ScheduleSlipP99[probe].Duration()}
	var took []history.Instant
	for _, a := range done.h.Attempts {
		if a.Probe != probe {
			continue
		}
		if q.Attempts++; a.Outcome == history.Good {
			took = append(took, a.Ended-a.Due)
		} else {
			q.Failed++
		}
	}
	if slices.Sort(took); len(took) > 0 {
		q.Median = took[len(took)/2].Duration()
	}
	return q, nil
}

// periods are those that are tried, the longest first.
func periods() []time.Duration {
	return []time.Duration{200 * time.Millisecond, 100 * time.Millisecond, 50 * time.Millisecond, 20 * time.Millisecond,
		10 * time.Millisecond, 5 * time.Millisecond}
}

// Fastest is the shortest period of people's arrival that this machine keeps up with; 0 where it keeps up with none.
func (b *Bench) Fastest(ctx context.Context) (time.Duration, error) {
	var fastest time.Duration
	for _, every := range periods() {
		b.tell("people who come every %v", every)
		q, err := b.Protocol(ctx, every, 3*time.Second)
		if err != nil || !q.keeps(every) {
			return fastest, err
		}
		fastest = every
	}
	return fastest, nil
}

// slower is by how much more a sign-in may take because of what runs beside it.
const slower = 1.5

// Browsers is how many browsers can sign in at once before a sign-in takes half as long again, up to most; 0 where not
// even one is served.
func (b *Bench) Browsers(ctx context.Context, most int) (int, error) {
	var alone time.Duration
	for n := 1; n <= most; n++ {
		every := 3 * time.Second
		if n > 1 {
			every = max(alone/time.Duration(n), 50*time.Millisecond).Round(time.Millisecond)
		}
		b.tell("%d at once in browsers", n)
		q, err := b.quiet(ctx, "chrome", fmt.Sprintf(quiet+byBrowser, 9*time.Second, every))
		switch {
		case err != nil:
			return 0, err
		case q.Failed > 0 || q.Attempts == 0 || n > 1 && q.Median > time.Duration(slower*float64(alone)):
			return n - 1, nil
		case n == 1:
			alone = q.Median
		}
	}
	return most, nil
}

// Drills is how many drills of fifteen sign-ins a second can run at once, up to most: each keeps up, and its sign-ins
// take no longer than half as long again.
func (b *Bench) Drills(ctx context.Context, most int) (int, error) {
	const every = 67 * time.Millisecond
	var alone time.Duration
	best := 0
	for n := 1; n <= most; n *= 2 {
		b.tell("%d drills at once", n)
		found, err := b.together(ctx, n, every)
		if err != nil {
			return 0, err
		}
		for _, q := range found {
			if alone == 0 {
				alone = q.Median
			}
			if !q.keeps(every) || q.Median > time.Duration(slower*float64(alone)) {
				return best, nil
			}
		}
		best = n
	}
	return best, nil
}

// together runs so many drills without faults side by side.
func (b *Bench) together(ctx context.Context, n int, every time.Duration) ([]Quiet, error) {
	found, errs := make([]Quiet, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { found[i], errs[i] = b.Protocol(ctx, every, 4*time.Second) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
