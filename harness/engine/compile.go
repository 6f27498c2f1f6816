// Package engine is what of the measuring half alone starts goroutines and waits. It compiles a scenario into a plan,
// runs the schedules of the probes and the faults, and writes down what happens; it judges nothing, and it knows no
// kind.
package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
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
	Probes  []harness.ProbeKind
	Faults  []harness.FaultKind
	Actions []harness.ActionKind
	Audits  []harness.AuditKind
}

// Options are what the command line adds to a scenario.
type Options struct {
	Target         harness.TargetKind
	Version        string
	Environment    string
	File           string  // the path of the scenario, where it has one
	Seed           *uint64 // of people, keys, ids and jitter, instead of the scenario's
	PhaseSeed      uint64  // of the phase of each probe's schedule; 0: it is drawn from the seed, so that runs are alike
	WithoutBrowser string  // why browser probes are left out; empty: they run
	Repeated       bool    // it is one of many: what happens is moved by a phase, drawn with those of the probes
	Virtual        bool    // it is run in virtual time
	// Carriers names the targets that have some handles, for the advice where Target lacks them.
	Carriers func(needs []string) []string
}

// Plan is a compiled scenario: all that was asked, resolved, and nothing started. Running it does not change it, so
// that it can run again and again, also at once.
type Plan struct {
	Record   history.Plan // the first line of the history, all but its zero; whoever compiles the checks adds them
	Source   []byte       // the scenario as it was given
	Topology harness.Topology
	target   harness.TargetKind
	probes   []plannedProbe
	faults   []plannedFault
	actions  []plannedAction
	audits   []harness.AuditKind
	reaches  []string
	executes []string

	// Steering is what the people of each probe do who aren't in at home, of those probes that tell.
	Steering map[string]harness.Steer
	// Remarks are what is worth a second look; whoever compiles the checks adds them.
	Remarks []scenario.Remark
}

// plannedProbe is a probe that isn't skipped. Its record is that of the plan, by its name.
type plannedProbe struct {
	name string
	made func() harness.Probe // configured, and not opened
}

// plannedFault is a fault on the timeline.
type plannedFault struct {
	fault harness.Fault
	aim   harness.Aim
	at    scenario.At
	lasts time.Duration
}

// plannedAction is an action on the timeline.
type plannedAction struct {
	action harness.Action
	aim    harness.Aim
	at     scenario.At
	lasts  time.Duration // 0: until the run ends
}

// compiler gathers the mistakes of a scenario, each at its line and column.
type compiler struct {
	s    *scenario.Scenario
	opts Options
	can  harness.Capabilities
	plan *Plan
	errs scenario.Errors

	mistyped bool          // a Region of the system is none, or none of its own
	moved    time.Duration // by which faults and actions come later that wait for no fault
}

// Compile resolves a scenario against the kinds there are. Its error is a scenario.Errors with every mistake.
func Compile(s *scenario.Scenario, kinds Catalog, opts Options) (*Plan, error) {
	c := &compiler{s: s, opts: opts, can: opts.Target.New().Can(),
		plan: &Plan{Source: s.Source, target: opts.Target, audits: kinds.Audits,
			Steering: map[string]harness.Steer{}}}
	c.regions()
	c.topology()
	c.record()
	c.move()
	for _, p := range s.Probes {
		c.probe(p, kinds.Probes)
	}
	for _, f := range s.Faults {
		c.fault(f, kinds.Faults)
	}
	for _, a := range s.Actions {
		c.action(a, kinds.Actions)
	}
	c.plan.Record.Outside = c.plan.outside()
	c.overlaps()
	if len(c.errs) > 0 {
		return c.plan, c.errs
	}
	return c.plan, nil
}

func (c *compiler) fail(e *scenario.Error) { c.errs = append(c.errs, e) }

// regions checks the Regions that the system names.
func (c *compiler) regions() {
	sys, known := c.s.System, names.Regions()
	c.mistyped = c.s.Unread["system"] || slices.Contains(sys.Additional, sys.Primary)
	check := func(key, region string) {
		if region == "" || slices.Contains(known, region) {
			return
		}
		c.mistyped = true
		if why := names.Unfit(region); why != "" {
			c.fail(c.s.Block.Errorf(key, "IAM Identity Center can't be replicated with %s: %s", region, why))
			return
		}
		c.fail(c.s.Block.NoSuch(key, "Region", region, known))
	}
	check("system.primary", sys.Primary)
	together := func(key, r string) {
		check(key, r)
		home, there := names.PartitionOf(sys.Primary).ID, names.PartitionOf(r).ID
		if names.IsRegion(sys.Primary) && names.IsRegion(r) && home != there {
			c.mistyped = true
			c.fail(c.s.Block.Errorf(key, "%s is in the partition %s, and IAM Identity Center is replicated within one: "+
				"that of the primary is %s", r, there, home))
		}
	}
	for i, r := range sys.Additional {
		together(fmt.Sprintf("system.additional.%d", i), r)
	}
	for i, r := range sys.Standby {
		together(fmt.Sprintf("system.standby.%d", i), r)
	}
	for i, entry := range sys.IdP.ACS {
		c.acs(fmt.Sprintf("system.idp.acs.%d", i), entry, sys.IdP.ACS[:i])
	}
	for i, r := range sys.IdP.Bookmarks {
		c.inSystem(c.s.Block, fmt.Sprintf("system.idp.bookmarks.%d", i), r)
	}
}

// acs checks an ACS URL that the identity provider knows, after earlier ones.
func (c *compiler) acs(key, entry string, earlier []string) {
	region, form := names.SplitACS(entry)
	c.inSystem(c.s.Block, key, region)
	switch {
	case region == "" && entry != "":
		c.fail(c.s.Block.Errorf(key, "%q names no Region", entry))
	case !names.IsRegion(region): // nothing more can be said of what is a URL, say
	case !slices.Contains(names.ACSForms(), form):
		c.fail(c.s.Block.NoSuch(key, "form of an ACS URL", form, names.ACSForms()))
	case form == names.ACSLegacy && region != c.s.System.Primary && !c.mistyped:
		c.fail(c.s.Block.Errorf(key, "the legacy ACS URL is the primary's alone, and %s is an additional Region", region))
	case slices.ContainsFunc(earlier, func(e string) bool {
		r, f := names.SplitACS(e)
		return e != entry && r == region && f == form
	}):
		c.fail(c.s.Block.Errorf(key, "%s is registered already: a Region alone means its ipv4 form", entry))
	}
}

// inSystem refuses a name that is none of the system's Regions, nor one of the other places there may be. Where the
// system's own are mistyped, a Region that it seems not to have is told once, where the mistake is; and none that is
// mistyped is suggested.
func (c *compiler) inSystem(b scenario.Block, key, name string, others ...string) {
	regions := c.s.System.Regions()
	if name == "" || slices.Contains(regions, name) || slices.Contains(others, name) || c.follows(name) {
		return
	}
	known := slices.DeleteFunc(slices.Clone(regions), func(r string) bool { return !names.IsRegion(r) })
	if !names.IsRegion(name) {
		known = append(known, others...)
	}
	c.fail(b.NoSuch(key, "Region of the system", name, known))
}

// follows tells whether that a Region isn't the system's follows from a mistake that was told.
func (c *compiler) follows(region string) bool { return c.mistyped && names.IsRegion(region) }

func (c *compiler) topology() {
	sys := c.s.System
	t := &c.plan.Topology
	t.Virtual = c.opts.Virtual
	t.Seed = c.s.Seed
	if c.opts.Seed != nil {
		t.Seed = *c.opts.Seed
	}
	t.Primary, t.Additional, t.Standby, t.Account = sys.Primary, sys.Additional, sys.Standby, sys.Account
	if sys.Account != "" && !isAccount(sys.Account) {
		c.fail(c.s.Block.Errorf("system.account", "an AWS account has 12 digits; put it in quotes"))
	}
	if strings.HasPrefix(sys.Instance.Alias, "d-") { // (AWS Directory Service API Reference, CreateAlias)
		c.fail(c.s.Block.Errorf("system.instance.alias", "an alias must not begin with d-, as the IDs of directories do"))
	}
	c.directory()
	c.idp()
	c.applications()
	c.vanity()
	t.KMS = harness.KMSSettings(sys.KMS)
	t.Instance, t.Behaviour = harness.InstanceSettings(sys.Instance), harness.BehaviourSettings(sys.Behaviour)
	c.kms()
	t.Replication.Lag, t.Replication.Jitter = sys.Replication.Lag, sys.Replication.Jitter
	others := []string{names.IdPPlace, names.GlobalPlace}
	for _, v := range c.s.Vantages {
		for place := range v.RTT {
			if !slices.Contains(others, place) && !slices.Contains(sys.Regions(), place) {
				c.inSystem(v.Block, "rtt."+place, place, others...)
			}
		}
		if slices.Contains(others, v.Name) || names.IsRegion(v.Name) {
			c.fail(v.Block.Errorf("", "a vantage can't be called %q, because a place of the system is", v.Name))
		}
		t.Vantages = append(t.Vantages, harness.Vantage{Name: v.Name, RTT: v.RTT})
	}
}

// applications checks what everybody's portal shows beside accounts.
func (c *compiler) applications() {
	for i, a := range c.s.System.Applications {
		key := fmt.Sprintf("system.applications.%d", i)
		c.inSystem(c.s.Block, key+".region", a.Region)
		switch before := c.s.System.Applications[:i]; {
		case slices.ContainsFunc(before, func(b scenario.Application) bool { return a.Name != "" && a.Name == b.Name }):
			c.fail(c.s.Block.Errorf(key+".name", "there is an application %s already", a.Name))
		case len(a.Name) > maxApplication:
			c.fail(c.s.Block.Errorf(key+".name", "an application's name has at most %d characters", maxApplication))
		case slices.Contains(c.s.System.Standby, a.Region):
			c.fail(c.s.Block.Errorf(key+".region", "%s stands by: an application is connected to a Region of the instance",
				a.Region))
		}
		c.plan.Topology.Applications = append(c.plan.Topology.Applications, harness.Application(a))
	}
}

// maxApplication is how long an application's name may be (IAM Identity Center API Reference, CreateApplication).
const maxApplication = 100

func isAccount(text string) bool {
	return len(text) == 12 && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// kms checks who plays KMS.
func (c *compiler) kms() {
	k, block := c.s.System.KMS, c.s.Block
	if k.Backend == "endpoint" {
		at, err := url.Parse(k.URL)
		switch {
		case k.URL == "":
			c.fail(block.Errorf("system.kms.backend", "say where the endpoint is: url"))
		case err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.User != nil ||
			at.RawQuery != "":
			c.fail(block.Errorf("system.kms.url", "must be an http or https URL without a password and a query"))
		default:
			c.plan.reaches = append(c.plan.reaches, at.Host)
		}
	} else if k.URL != "" {
		c.fail(block.Errorf("system.kms.url", "says nothing without backend: endpoint"))
	}
	for region := range k.Policies {
		if !slices.Contains(c.s.System.Regions(), region) {
			c.inSystem(block, "system.kms.policies."+region, region)
		}
	}
	if k.CreatingFor > 0 && k.Backend != "embedded" {
		c.fail(block.Errorf("system.kms.creating_for", "says nothing without backend: embedded"))
	}
	if k.Image != "" && k.Backend != "localstack" {
		c.fail(block.Errorf("system.kms.image", "says nothing without backend: localstack"))
	}
}

// Reaches lists the hosts (with a port where one is said) outside the system under test that the plan would have asked:
// those that the scenario names, and that whoever runs it must confirm.
func (p *Plan) Reaches() []string { return slices.Clone(p.reaches) }

// Executes lists the commands that the plan would run on this machine because the scenario says so, and that whoever
// runs it must confirm.
func (p *Plan) Executes() []string { return slices.Clone(p.executes) }

func (c *compiler) record() {
	c.plan.Record = history.Plan{
		Schema: history.Schema, Version: c.opts.Version, Scenario: c.s.Name, About: strings.TrimSpace(c.s.About),
		Target: c.opts.Target.Name, Environment: c.opts.Environment, File: c.opts.File, Seed: c.plan.Topology.Seed,
		PhaseSeed: c.opts.PhaseSeed, WithoutBrowser: c.opts.WithoutBrowser, Virtual: c.opts.Virtual,
		Primary: c.s.System.Primary, Regions: c.s.System.Regions(),
		WarmUp: history.At(c.s.WarmUp), Settle: history.At(c.s.Settle),
		Probes: []history.Probe{}, Faults: []history.Fault{}, Checks: []history.Check{},
	}
	for _, a := range c.s.AbortIf {
		c.plan.Record.AbortIf = append(c.plan.Record.AbortIf,
			history.AbortIf{Probe: a.Probe, Below: a.Below, Over: history.At(a.Over)})
	}
	for _, set := range c.s.Sets {
		c.plan.Record.Sets = append(c.plan.Record.Sets, set.Path+"="+set.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(c.s.Vars)) {
		c.plan.Record.Vars = append(c.plan.Record.Vars, name+"="+c.s.Vars[name])
	}
}

func (c *compiler) probe(p scenario.Probe, kinds []harness.ProbeKind) {
	vantages := make([]string, len(c.s.Vantages))
	for i, v := range c.s.Vantages {
		vantages[i] = v.Name
	}
	if p.From != "" && !c.s.Unread["vantages"] && !slices.Contains(vantages, p.From) {
		c.fail(p.Block.NoSuch("from", "vantage", p.From, vantages))
	}
	c.inSystem(p.Block, "home", p.Home)
	c.as(p)
	i := slices.IndexFunc(kinds, func(k harness.ProbeKind) bool { return k.Name == p.Kind })
	if i < 0 { // the kinds' own check has said so; that there is such a probe is known to the checks all the same
		c.plan.Record.Probes = append(c.plan.Record.Probes,
			history.Probe{Name: p.Name, Kind: p.Kind, From: p.From, Home: p.Home})
		return
	}
	made := func() harness.Probe {
		probe := kinds[i].New()
		_ = scenario.Into(p.Block, probe) // the kinds' own check has said what is wrong
		return probe
	}
	c.atPrimary(p, kinds[i])
	probe := made()
	unread := scenario.Into(p.Block, kinds[i].New()) != nil // what follows from that is not told too
	if checker, ok := probe.(harness.Checker); ok && !unread {
		c.problems(p.Block, checker.Problems(c.plan.Topology))
	}
	if steerer, ok := probe.(harness.Steerer); ok {
		c.plan.Steering[p.Name] = steerer.Steering()
	}
	if executor, ok := probe.(harness.Executor); ok {
		c.plan.executes = append(c.plan.executes, strings.Join(executor.Executes(), " "))
	}
	rec := history.Probe{Name: p.Name, Kind: p.Kind, From: p.From, Home: p.Home, As: p.As, Every: history.At(p.Every),
		Limit: history.At(p.Limit), Offset: c.offset(p), Needs: probe.Needs(), Config: c.config(p.Block, probe)}
	if journey := probe.Journey(); journey != history.SignIn {
		rec.Journey = journey
	}
	rec.Browser = slices.Contains(rec.Needs, harness.NeedsBrowser)
	rec.Skipped = rec.Browser && c.opts.WithoutBrowser != ""
	c.plan.Record.Probes = append(c.plan.Record.Probes, rec)
	if !rec.Skipped && rec.Every > 0 { // where it is not, the reader has said so
		c.plan.probes = append(c.plan.probes, plannedProbe{p.Name, made})
	}
}

// atPrimary checks that who can do their work in the primary Region alone is at home there.
func (c *compiler) atPrimary(p scenario.Probe, kind harness.ProbeKind) {
	if primary := c.s.System.Primary; kind.Primary && p.Home != "" && primary != "" && p.Home != primary {
		c.fail(p.Block.Errorf("home", "must be the primary Region, %s: only there it can be done", primary))
	}
}

// offset is the phase of a probe's schedule, drawn by the probe's own name, so that no other probe changes it. It has
// a seed of its own: nightly runs that are alike in all else must not all have the fault at the same phase of it.
func (c *compiler) offset(p scenario.Probe) history.Instant {
	if p.Every <= 0 {
		return 0
	}
	return history.At(time.Duration(seeded(c.phaseSeed(), "beat of "+p.Name).Int64N(int64(p.Every))))
}

func (c *compiler) phaseSeed() uint64 { return cmp.Or(c.opts.PhaseSeed, c.plan.Topology.Seed) }

// seeded is a generator of its own for every name.
func seeded(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// config is a kind's own configuration, for the record.
func (c *compiler) config(b scenario.Block, v any) json.RawMessage {
	config, err := scenario.Config(v)
	if err != nil {
		c.fail(b.Errorf("kind", "%v", err))
	}
	return config
}

// problems are told at their keys.
func (c *compiler) problems(b scenario.Block, found []harness.Problem) {
	for _, p := range found {
		if p.What != "" && c.follows(p.Unknown) {
			continue
		}
		if p.What != "" {
			c.fail(b.NoSuch(p.Key, p.What, p.Unknown, p.Among))
			continue
		}
		c.fail(b.Errorf(p.Key, "%s", p.Sentence))
	}
}

// scope is what there is to aim at, for a fault or an action.
func (c *compiler) scope(kind string) harness.Scope {
	return harness.Scope{Topology: c.plan.Topology, Can: c.can, Kind: kind, Target: c.opts.Target.Name}
}

// carried tells where the target lacks a handle.
func (c *compiler) carried(b scenario.Block, kind string, needs []string) {
	if c.plan.Topology.IdP.External != nil && slices.ContainsFunc(needs, func(handle string) bool {
		return handle == "provider" || handle == "flaws"
	}) {
		c.fail(b.Errorf("kind", "%s sets the identity provider up anew, and an external one is its administrators'", kind))
		return
	}
	lack := c.can.Lacks(needs)
	if lack == "" {
		return
	}
	advice := ""
	if c.opts.Carriers != nil {
		if others := c.opts.Carriers(needs); len(others) > 0 {
			advice = "; run it with --target " + strings.Join(others, " or ")
		}
	}
	c.fail(b.Errorf("kind", "target %s can't carry %s: %s%s", c.opts.Target.Name, kind, lack, advice))
}

func after(at scenario.At) string {
	if at.Name == "" {
		return ""
	}
	return at.Name + "." + at.Event
}

func (c *compiler) fault(f scenario.Fault, kinds []harness.FaultKind) {
	rec := history.Fault{
		Name: f.Name, Kind: f.Kind, After: after(f.At), At: history.At(c.begins(f.At).Offset), For: history.At(f.For),
		Rises: f.Ramp.Said(),
	}
	defer func() { c.plan.Record.Faults = append(c.plan.Record.Faults, rec) }()
	i := slices.IndexFunc(kinds, func(k harness.FaultKind) bool { return k.Name == f.Kind })
	if i < 0 { // the kinds' own check has said so; that there is such a fault is known to the checks all the same
		return
	}
	fault := kinds[i].New()
	unread := scenario.Into(f.Block, fault) != nil // the same
	c.carried(f.Block, f.Kind, fault.Needs())
	aim, problems := fault.Aim(harness.Where(f.Where), c.scope(f.Kind))
	c.problems(f.Block, slices.DeleteFunc(problems, func(p harness.Problem) bool {
		return unread && !strings.HasPrefix(p.Key, "where")
	}))
	if f.For > 0 && aim.Unseen >= f.For {
		c.fail(f.Block.Errorf("for", "%v is too short: %s makes what canaries send as much as %v late, so that none can "+
			"prove it before it ends; raise for above that, or lower what it adds", f.For, f.Name, aim.Unseen))
	}
	aim.Name, aim.Lease = f.Name, f.For+leaseSlack
	rec.Summary, rec.Region, rec.Unreachable = aim.Summary, f.Where.Region, aim.Unreachable
	rec.Where, rec.Config = whereOf(f.Where), c.config(f.Block, fault)
	c.plan.faults = append(c.plan.faults, plannedFault{fault, aim, c.begins(f.At), f.For})
}

func whereOf(w scenario.Where) map[string]string {
	said := map[string]string{}
	for key, value := range map[string]string{"region": w.Region, "place": w.Place, "service": w.Service,
		"operation": w.Operation, "from": w.From} {
		if value != "" {
			said[key] = value
		}
	}
	return said
}

func (c *compiler) action(a scenario.Action, kinds []harness.ActionKind) {
	rec := history.Action{
		Name: a.Name, Kind: a.Kind, After: after(a.At), At: history.At(c.begins(a.At).Offset), For: history.At(a.For),
	}
	defer func() { c.plan.Record.Actions = append(c.plan.Record.Actions, rec) }()
	i := slices.IndexFunc(kinds, func(k harness.ActionKind) bool { return k.Name == a.Kind })
	if i < 0 {
		return
	}
	action := kinds[i].New()
	if scenario.Into(a.Block, action) != nil {
		return
	}
	c.carried(a.Block, a.Kind, action.Needs())
	aim, problems := action.Aim(c.scope(a.Kind))
	c.problems(a.Block, problems)
	if aim.On != "" && c.plan.Record.Fault(aim.On) == nil && !c.s.Unread["faults"] {
		var faults []string
		for _, f := range c.plan.Record.Faults {
			faults = append(faults, f.Name)
		}
		c.fail(a.Block.NoSuch("fault", "fault", aim.On, faults))
	}
	aim.Name = a.Name
	rec.Summary, rec.Config = aim.Summary, c.config(a.Block, action)
	if aim.Revokes != "" {
		rec.Person, rec.Revokes = aim.Person, aim.Revokes
	}
	c.plan.actions = append(c.plan.actions, plannedAction{action, aim, c.begins(a.At), a.For})
}

// Needs are the handles that a fault or an action of the plan needs as it is set up there, nil where there is none of
// that name.
func (p *Plan) Needs(name string) []string {
	for _, f := range p.faults {
		if f.aim.Name == name {
			return f.fault.Needs()
		}
	}
	for _, a := range p.actions {
		if a.aim.Name == name {
			return a.action.Needs()
		}
	}
	return nil
}

// Edges are the directed links that a fault of the plan acts on, nil where there is no such fault.
func (p *Plan) Edges(fault string) []harness.Edge {
	for _, f := range p.faults {
		if f.aim.Name == fault {
			return slices.Clone(f.aim.Edges)
		}
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
	for _, a := range p.Record.Actions {
		end = max(end, (p.Record.Expected(a.After, a.At) + a.For).Duration())
	}
	return (p.Record.WarmUp + p.Record.Settle).Duration() + end
}

// AsJSON is the resolved plan, for people and scripts.
func (p *Plan) AsJSON() ([]byte, error) { return json.MarshalIndent(p.Record, "", "  ") }
