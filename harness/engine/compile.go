// Package engine is what of the measuring half alone starts goroutines and waits. It compiles a scenario into a plan,
// beats for the probes, strikes with the faults, and writes down what happens; it judges nothing, and it knows no kind.
package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// Catalog is what the engine chooses from.
type Catalog struct {
	Probes []harness.ProbeKind
	Faults []harness.FaultKind
}

// Options are what the command line adds to a scenario.
type Options struct {
	Target         harness.TargetKind
	Version        string
	Environment    string
	Seed           *uint64 // of people, keys, ids and jitter, instead of the scenario's
	PhaseSeed      uint64  // of the phase of each probe's beat; 0: it is drawn from the seed, so that runs are alike
	WithoutBrowser string  // why browser probes are left out; empty: they run
}

// Plan is a compiled scenario: all that was asked, resolved, and nothing started.
type Plan struct {
	Record   history.Plan // the first line of the history; whoever compiles the checks adds them
	Topology harness.Topology
	target   harness.Target
	beats    []*beat
	strikes  []*strike
	reaches  []string

	// Steering is what the people of each probe do who aren't in at home, of those probes that tell.
	Steering map[string]harness.Steer
	// Remarks are what is worth a second look; whoever compiles the checks adds them.
	Remarks []scenario.Remark

	// Standing is told of the system when it stands; nil: nobody is.
	Standing func(*harness.System)
	// Heartbeat watches from the warm-up to the end how late the machine is, and tells every stall in instants after
	// zero; when stop has returned it tells no more. nil: nobody watches, as in virtual time, where nothing is late.
	Heartbeat func(zero time.Time, tell func(history.Stall)) (stop func())
}

// compiler gathers the mistakes of a scenario, each at its line and column.
type compiler struct {
	s    *scenario.Scenario
	opts Options
	plan *Plan
	errs scenario.Errors
}

// Compile resolves a scenario against the kinds there are. Its error is a scenario.Errors with every mistake.
func Compile(s *scenario.Scenario, kinds Catalog, opts Options) (*Plan, error) {
	c := &compiler{s: s, opts: opts, plan: &Plan{target: opts.Target.New(), Steering: map[string]harness.Steer{}}}
	c.regions()
	c.topology()
	c.record()
	for _, p := range s.Probes {
		c.probe(p, kinds.Probes)
	}
	for _, f := range s.Faults {
		c.fault(f, kinds.Faults)
	}
	if len(c.errs) > 0 {
		return c.plan, c.errs
	}
	return c.plan, nil
}

func (c *compiler) fail(e *scenario.Error) { c.errs = append(c.errs, e) }

// regions checks the Regions that the system names.
func (c *compiler) regions() {
	sys, known := c.s.System, names.Regions()
	check := func(key, region string, among []string) {
		if region != "" && !slices.Contains(among, region) {
			c.fail(c.s.Block.NoSuch(key, "Region", region, among))
		}
	}
	check("system.primary", sys.Primary, known)
	for i, r := range sys.Additional {
		check(fmt.Sprintf("system.additional.%d", i), r, known)
	}
	for i, r := range sys.IdP.ACS {
		check(fmt.Sprintf("system.idp.acs.%d", i), r, sys.Regions())
	}
	for i, r := range sys.IdP.Bookmarks {
		check(fmt.Sprintf("system.idp.bookmarks.%d", i), r, sys.Regions())
	}
}

func (c *compiler) topology() {
	sys := c.s.System
	t := &c.plan.Topology
	t.Seed = c.s.Seed
	if c.opts.Seed != nil {
		t.Seed = *c.opts.Seed
	}
	t.Primary, t.Additional = sys.Primary, sys.Additional
	t.Directory = harness.Directory(sys.Directory)
	t.IdP = harness.IdPSettings{Dialect: sys.IdP.Dialect, ACS: sys.IdP.ACS, Bookmarks: sys.IdP.Bookmarks}
	t.KMS = harness.KMSSettings(sys.KMS)
	c.kms()
	t.Replication.Lag, t.Replication.Jitter = sys.Replication.Lag, sys.Replication.Jitter
	for _, v := range c.s.Vantages {
		for place := range v.RTT {
			if place != names.IdPPlace && !slices.Contains(sys.Regions(), place) {
				c.fail(v.Block.NoSuch("rtt."+place, "Region of the system", place, append(sys.Regions(), names.IdPPlace)))
			}
		}
		if v.Name == names.IdPPlace || names.IsRegion(v.Name) {
			c.fail(v.Block.Errorf("", "a vantage can't be called %q, because a place of the system is", v.Name))
		}
		t.Vantages = append(t.Vantages, harness.Vantage{Name: v.Name, RTT: v.RTT})
	}
}

// kms checks who plays KMS.
func (c *compiler) kms() {
	k, block := c.s.System.KMS, c.s.Block
	if k.Backend == "endpoint" {
		at, err := url.Parse(k.URL)
		switch {
		case k.URL == "":
			c.fail(block.Errorf("system.kms.backend", "say where the endpoint is: url"))
		case err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.User != nil:
			c.fail(block.Errorf("system.kms.url", "must be an http or https URL without a password"))
		default:
			c.plan.reaches = append(c.plan.reaches, at.Host)
		}
	} else if k.URL != "" {
		c.fail(block.Errorf("system.kms.url", "says nothing without backend: endpoint"))
	}
	if k.Image != "" && k.Backend != "localstack" {
		c.fail(block.Errorf("system.kms.image", "says nothing without backend: localstack"))
	}
}

// Reaches lists the hosts (with a port where one is said) outside the system under test that the plan would have asked:
// those that the scenario names, and that whoever runs it must confirm.
func (p *Plan) Reaches() []string { return slices.Clone(p.reaches) }

func (c *compiler) record() {
	c.plan.Record = history.Plan{
		Schema: history.Schema, Version: c.opts.Version, Scenario: c.s.Name, About: strings.TrimSpace(c.s.About),
		Target: c.opts.Target.Name, Environment: c.opts.Environment, Seed: c.plan.Topology.Seed,
		PhaseSeed: c.opts.PhaseSeed, WithoutBrowser: c.opts.WithoutBrowser,
		Primary: c.s.System.Primary, Regions: c.s.System.Regions(),
		WarmUp: history.At(c.s.WarmUp), Settle: history.At(c.s.Settle),
		Probes: []history.Probe{}, Faults: []history.Fault{}, Checks: []history.Check{},
	}
	for _, set := range c.s.Sets {
		c.plan.Record.Sets = append(c.plan.Record.Sets, set.Path+"="+set.Value)
	}
}

func (c *compiler) probe(p scenario.Probe, kinds []harness.ProbeKind) {
	vantages := make([]string, len(c.s.Vantages))
	for i, v := range c.s.Vantages {
		vantages[i] = v.Name
	}
	if p.From != "" && !slices.Contains(vantages, p.From) {
		c.fail(p.Block.NoSuch("from", "vantage", p.From, vantages))
	}
	if p.Home != "" && !slices.Contains(c.s.System.Regions(), p.Home) {
		c.fail(p.Block.NoSuch("home", "Region of the system", p.Home, c.s.System.Regions()))
	}
	i := slices.IndexFunc(kinds, func(k harness.ProbeKind) bool { return k.Name == p.Kind })
	if i < 0 { // the kinds' own check has said so; that there is such a probe is known to the checks all the same
		c.plan.Record.Probes = append(c.plan.Record.Probes,
			history.Probe{Name: p.Name, Kind: p.Kind, From: p.From, Home: p.Home})
		return
	}
	probe := kinds[i].New()
	c.block(p.Block, probe)
	if steerer, ok := probe.(harness.Steerer); ok {
		c.plan.Steering[p.Name] = steerer.Steering()
	}
	config, err := scenario.Config(probe)
	if err != nil {
		c.fail(p.Block.Errorf("kind", "%v", err))
	}
	rec := history.Probe{Name: p.Name, Kind: p.Kind, From: p.From, Home: p.Home, Every: history.At(p.Every),
		Limit: history.At(p.Limit), Offset: c.offset(p), Browser: kinds[i].Browser,
		Skipped: kinds[i].Browser && c.opts.WithoutBrowser != "", Config: config}
	c.plan.Record.Probes = append(c.plan.Record.Probes, rec)
	if !rec.Skipped && rec.Every > 0 { // where it is not, the reader has said so
		c.plan.beats = append(c.plan.beats, newBeat(rec, c.plan.Record.WarmUp, probe))
	}
}

// offset is the phase of a probe's first beat, drawn by the probe's own name, so that no other probe changes it. It has
// a seed of its own: nights that are alike in all else must not all meet the fault at the same instant of the beat.
func (c *compiler) offset(p scenario.Probe) history.Instant {
	if p.Every <= 0 {
		return 0
	}
	seed := cmp.Or(c.opts.PhaseSeed, c.plan.Topology.Seed)
	return history.At(time.Duration(seeded(seed, "beat of "+p.Name).Int64N(int64(p.Every))))
}

// seeded is a generator of its own for every name.
func seeded(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// block reads a kind's own keys and asks it what makes no sense.
func (c *compiler) block(b scenario.Block, v any) {
	if err := scenario.Into(b, v); err != nil {
		return // the kinds' own check has said so
	}
	if checker, ok := v.(harness.Checker); ok {
		for _, p := range checker.Problems(c.plan.Topology) {
			c.fail(b.Errorf(p.Key, "%s", p.Sentence))
		}
	}
}

func (c *compiler) fault(f scenario.Fault, kinds []harness.FaultKind) {
	i := slices.IndexFunc(kinds, func(k harness.FaultKind) bool { return k.Name == f.Kind })
	if i < 0 {
		c.plan.Record.Faults = append(c.plan.Record.Faults,
			history.Fault{Name: f.Name, Kind: f.Kind, At: history.At(f.At.Offset), For: history.At(f.For)})
		return
	}
	fault := kinds[i].New()
	c.block(f.Block, fault)
	if err := fault.Needs(c.plan.target.Can()); err != nil {
		c.fail(f.Block.Errorf("kind", "target %s can't carry %s: %v", c.opts.Target.Name, f.Kind, err))
	}
	config, err := scenario.Config(fault)
	if err != nil {
		c.fail(f.Block.Errorf("kind", "%v", err))
	}
	st := &strike{name: f.Name, fault: fault, at: f.At, lasts: f.For, where: f.Where}
	st.calls, st.replica = kinds[i].Calls, kinds[i].Replica
	switch {
	case st.calls:
		st.edges = c.calls(f)
	case st.replica:
		st.edges = c.replica(f)
	default:
		st.edges = c.edges(f)
	}
	summary := f.Kind
	if s, ok := fault.(harness.Summarizer); ok {
		summary = s.Summary()
	}
	c.plan.strikes = append(c.plan.strikes, st)
	after := ""
	if f.At.Name != "" {
		after = f.At.Name + "." + f.At.Event
	}
	c.plan.Record.Faults = append(c.plan.Record.Faults,
		history.Fault{Name: f.Name, Kind: f.Kind, Summary: summary + " of " + st.subject(),
			Region: st.region(), Where: whereOf(f.Where), After: after, At: history.At(f.At.Offset), For: history.At(f.For),
			Config: config, Unreachable: unreachable(fault, f.Where)})
}

// unreachable are the Regions that carry nobody while the fault is in force, as it says of itself.
func unreachable(fault harness.Fault, w scenario.Where) []string {
	whole := w.Service == "" && w.Operation == "" && w.From == "" && w.Name == ""
	if f, ok := fault.(harness.Isolator); ok && w.Region != "" && f.Isolates(whole) {
		return []string{w.Region}
	}
	return nil
}

// Duration is how long the drill takes from the start of the warm-up; longer where faults that others wait for are
// slow to be proven.
func (p *Plan) Duration() time.Duration {
	end := time.Duration(0)
	for _, f := range p.Record.Faults {
		end = max(end, (p.Record.Begins(f) + f.For).Duration())
	}
	return (p.Record.WarmUp + p.Record.Settle).Duration() + end
}

// AsJSON is the resolved plan, for people and scripts.
func (p *Plan) AsJSON() ([]byte, error) { return json.MarshalIndent(p.Record, "", "  ") }
