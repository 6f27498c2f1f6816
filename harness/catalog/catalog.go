// Package catalog joins the tables of kinds, so that all who choose from them choose from the same: the command line,
// the editors' schema, the engine and the analysis. Nothing registers itself; what there is can be read in one place,
// and a test passes a catalog of its own.
package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/actions"
	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/faults"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/targets"
	"github.com/regiondrill/regiondrill/probes"
)

// Catalog is all the kinds that there are.
type Catalog struct {
	Targets []harness.TargetKind // the first is the default
	Faults  []harness.FaultKind
	Actions []harness.ActionKind
	Probes  []harness.ProbeKind
	Audits  []harness.AuditKind
	Checks  []checks.Kind

	Exporters []report.Exporter
	Undoers   rollback.Undoers // what recover calls, by the kind of an intent
}

// Default is what this program was built with.
func Default() Catalog {
	return Catalog{
		Targets: targets.Table(),
		Faults:  faults.Table(),
		Actions: actions.Table(),
		Probes:  probes.Table(),
		Audits:  probes.Audits(),
		Checks:  checks.Table(),

		Exporters: report.Table(),
		Undoers:   undoers(targets.Undoers(), faults.Undoers()),
	}
}

// undoers joins tables of undoers.
func undoers(tables ...rollback.Undoers) rollback.Undoers {
	all := rollback.Undoers{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// engine is what of it the engine runs.
func (c Catalog) engine() engine.Catalog {
	return engine.Catalog{Probes: c.Probes, Faults: c.Faults, Actions: c.Actions, Audits: c.Audits}
}

// Target finds a kind of target by its name.
func (c Catalog) Target(name string) (harness.TargetKind, bool) {
	i := slices.IndexFunc(c.Targets, func(k harness.TargetKind) bool { return k.Name == name })
	if i < 0 {
		return harness.TargetKind{}, false
	}
	return c.Targets[i], true
}

// Sweepers are the targets and probes whose things may outlive the process that made them, by what they are called.
func (c Catalog) Sweepers() map[string]harness.Sweeper {
	all := map[string]harness.Sweeper{}
	for _, k := range c.Targets {
		if s, ok := k.New().(harness.Sweeper); ok {
			all["target "+k.Name] = s
		}
	}
	for _, k := range c.Probes {
		if s, ok := k.New().(harness.Sweeper); ok {
			all["probe "+k.Name] = s
		}
	}
	return all
}

// Kinds is what a scenario's file can name.
func (c Catalog) Kinds() scenario.Kinds {
	var k scenario.Kinds
	for _, p := range c.Probes {
		k.Probes = append(k.Probes, scenario.Kind{Name: p.Name, Doc: p.Doc, Config: p.New(), Examples: p.Examples})
	}
	for _, f := range c.Faults {
		k.Faults = append(k.Faults, scenario.Kind{Name: f.Name, Doc: f.Doc, Config: f.New(), Examples: f.Examples()})
	}
	for _, a := range c.Actions {
		k.Actions = append(k.Actions, scenario.Kind{Name: a.Name, Doc: a.Doc, Config: a.New(), Examples: a.Examples})
	}
	for _, ch := range c.Checks {
		k.Checks = append(k.Checks, scenario.Kind{Name: ch.Name, Doc: ch.Doc, Config: ch.New(), Examples: ch.Examples})
	}
	return k
}

// Schema is the JSON Schema of scenarios, for editors.
func (c Catalog) Schema() ([]byte, error) { return scenario.Schema(c.Kinds()) }

// Read reads a scenario with its --set flags and compiles it. Its error joins every mistake that reading, the kinds,
// the engine and the checks find. The scenario is nil where the file is no YAML, the plan where it can't be compiled.
func (c Catalog) Read(
	r io.Reader, name string, sets []scenario.Set, opts engine.Options,
) (*scenario.Scenario, *engine.Plan, error) {
	return c.ReadWith(r, name, scenario.With{Sets: sets}, opts)
}

// ReadWith is Read with variables, and with files that others extend. What varies is tried at each of its ends, alone
// and with each other one, so that few draws are a mistake that only the drill finds which draws them.
func (c Catalog) ReadWith(
	r io.Reader, name string, with scenario.With, opts engine.Options,
) (*scenario.Scenario, *engine.Plan, error) {
	data, err := io.ReadAll(io.LimitReader(r, tooLong))
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	read := func(with scenario.With) (*scenario.Scenario, *engine.Plan, error) {
		s, err := scenario.ReadWith(bytes.NewReader(data), name, with)
		if s == nil {
			return nil, nil, err
		}
		plan, compiling := c.Compile(s, opts)
		return s, plan, scenario.Join(err, compiling)
	}
	s, plan, err := read(with)
	if err != nil || with.Drawn {
		return s, plan, err
	}
	v := &varied{compile: func(sets ...scenario.Set) error {
		at := with
		at.Sets = append(slices.Clone(with.Sets), sets...)
		_, _, err := read(at)
		return err
	}}
	err = v.try(s.Vary)
	if plan != nil && v.left > 0 {
		plan.Remarks = append(plan.Remarks, v.remark(s))
	}
	return s, plan, err
}

// tooLong is more than a scenario may have, which its reader tells.
const tooLong = 2 << 20

// Compile resolves a scenario that was read. Its error joins every mistake that the kinds, the engine and the checks
// find in it.
func (c Catalog) Compile(s *scenario.Scenario, opts engine.Options) (*engine.Plan, error) {
	if opts.Carriers == nil {
		opts.Carriers = c.Carriers
	}
	kinds := c.Kinds().Check(s)
	plan, err := engine.Compile(s, c.engine(), opts)
	if plan == nil {
		return nil, scenario.Join(kinds, err)
	}
	remarks, judging := analysis.Compile(s, c.Checks, &plan.Record, plan.Steering)
	doubts, policies := keyPolicies(s)
	if err := scenario.Join(kinds, err, judging, policies); err != nil {
		return nil, err
	}
	plan.Remarks = append(remarks, doubts...)
	return plan, nil
}

// keyPolicies reads the key policies of a scenario as KMS will, and tells what of them is not understood here and is
// taken for the worst.
func keyPolicies(s *scenario.Scenario) (remarks []scenario.Remark, err error) {
	var mistakes scenario.Errors
	review := func(key, document string) {
		found, err := kms.Review(document)
		if err != nil {
			mistakes = append(mistakes, s.Block.Errorf(key, "KMS would refuse this key policy: %v", err))
		}
		for _, r := range found {
			remarks = append(remarks, scenario.Remark{Position: s.Block.Pos(key), Sentence: r.String()})
		}
	}
	if policy := s.System.KMS.Policy; policy != "" {
		review("system.kms.policy", policy)
	}
	for _, region := range slices.Sorted(maps.Keys(s.System.KMS.Policies)) {
		review("system.kms.policies."+region, s.System.KMS.Policies[region])
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return remarks, nil
}

// Carriers lists the targets that have the handles.
func (c Catalog) Carriers(needs []string) []string {
	carriers := []string{}
	for _, t := range c.Targets {
		if t.New().Can().Lacks(needs) == "" {
			carriers = append(carriers, t.Name)
		}
	}
	return carriers
}

// Carries says why the target can't carry the scenario; nil where it can. With several drills that is no mistake of
// the file: the drill is skipped.
func (c Catalog) Carries(s *scenario.Scenario, target harness.TargetKind) error {
	can := target.New().Can()
	var errs []error
	lacks := func(kind string, needs []string) {
		if lack := can.Lacks(needs); lack != "" {
			errs = append(errs, fmt.Errorf("target %s can't carry %s: %s", target.Name, kind, lack))
		}
	}
	for _, f := range s.Faults {
		for _, k := range c.Faults {
			if k.Name == f.Kind {
				lacks(f.Kind, k.New().Needs())
			}
		}
	}
	for _, a := range s.Actions {
		for _, k := range c.Actions {
			if k.Name == a.Kind {
				lacks(a.Kind, k.New().Needs())
			}
		}
	}
	return errors.Join(errs...)
}
