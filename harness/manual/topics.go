package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// writer makes topics, and keeps the first error of an example that can't be written.
type writer struct {
	catalog  catalog.Catalog
	language []scenario.Field
	inner    []*Topic // keys within blocks
	err      error
}

// file makes the topics of the whole file, its blocks, and its keys that are none. Keys within blocks are kept apart.
func (w *writer) file(entries map[string][]scenario.Kind) (file *Topic, blocks, keys []*Topic) {
	file = &Topic{Name: "scenario", Of: OfFile, YAML: []string{strings.TrimSpace(exampleText)},
		Doc: "one drill: what stands, who signs in, what is taken away, and what must hold", Common: []scenario.Field{}}
	for i := range w.language {
		f := &w.language[i]
		t := &Topic{Name: f.Key, Of: OfKey, Doc: f.Doc, Key: f, Keys: []scenario.Field{}, Common: []scenario.Field{},
			YAML: w.pieces(*f)}
		for _, k := range entries[f.Key] {
			t.Kinds = append(t.Kinds, k.Name)
		}
		top := !strings.Contains(f.Key, ".")
		if top {
			file.Keys = append(file.Keys, *f)
		}
		switch {
		case f.IsBlock():
			t.Of, t.Keys = OfBlock, within(w.language, f.Key)
			blocks = append(blocks, t)
		case top:
			keys = append(keys, t)
		default:
			w.inner = append(w.inner, t)
		}
	}
	return file, blocks, keys
}

// within are the fields behind a block's key, as they are called within it.
func within(fields []scenario.Field, block string) []scenario.Field {
	inner := []scenario.Field{}
	for _, f := range fields {
		if key, ok := strings.CutPrefix(f.Key, block+"."); ok {
			f.Key = key
			inner = append(inner, f)
		}
	}
	return inner
}

// one is what an entry of a list is, and the keys that all of them have.
var one = map[string]struct {
	of     string
	common any
}{
	"faults": {"fault", scenario.Fault{}}, "actions": {"action", scenario.Action{}},
	"probes": {"probe", scenario.Probe{}}, "checks": {"check", scenario.Check{}},
}

func (w *writer) kind(list string, k scenario.Kind) *Topic {
	entry := one[list]
	t := &Topic{Name: k.Name, Of: entry.of, Doc: k.Doc, Keys: scenario.Describe(k),
		Common: scenario.Describe(scenario.Kind{Config: entry.common}), Examples: k.Examples}
	t.YAML = w.entries(list, t)
	switch config := k.Config.(type) {
	case harness.Fault:
		t.Targets, t.Contract = w.catalog.Carriers(config.Needs()), w.contract(k.Name)
	case harness.Action:
		t.Targets = w.catalog.Carriers(config.Needs())
	}
	if t.Keys == nil {
		t.Keys = []scenario.Field{}
	}
	return t
}

// ownKeys are the topics of a kind's own keys: region_outage.mode.
func (w *writer) ownKeys(k scenario.Kind) []*Topic {
	var topics []*Topic
	fields := scenario.Describe(k)
	for i := range fields {
		f := &fields[i]
		t := &Topic{Name: k.Name + "." + f.Key, Of: OfKey, Doc: f.Doc, Key: f, Keys: within(fields, f.Key),
			Common: []scenario.Field{}, YAML: w.own(k, *f)}
		if f.IsBlock() {
			t.Of = OfBlock
		}
		topics = append(topics, t)
	}
	return topics
}

func (w *writer) targets() []*Topic {
	var topics []*Topic
	for _, t := range w.catalog.Targets {
		topics = append(topics, &Topic{Name: t.Name, Of: "target", Doc: t.Doc, Keys: []scenario.Field{},
			Common: []scenario.Field{}})
	}
	return topics
}

// contract says whom a kind of fault breaks.
func (w *writer) contract(kind string) []string {
	i := slices.IndexFunc(w.catalog.Faults, func(k harness.FaultKind) bool { return k.Name == kind })
	return Contract(w.catalog.Faults[i], MatrixPeople(w.catalog))
}

func (w *writer) fail(what string, err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("explaining %s: %w", what, err)
	}
}

// Region is one that a scenario may name.
type Region struct {
	Code      string `json:"code"`
	Name      string `json:"name"`
	Partition string `json:"partition"`
	OptIn     bool   `json:"opt_in"`
}

func regionTopics() (all *Topic, each []*Topic) {
	all = &Topic{Name: "regions", Of: OfRegions, Keys: []scenario.Field{}, Common: []scenario.Field{},
		Doc: "the Regions that IAM Identity Center can be replicated to, always within one partition; one with opt-in is " +
			"disabled until an account enables it, which each account that is reached from there must"}
	for _, code := range names.Regions() {
		r, _ := names.RegionOf(code)
		told := Region{code, r.Area + " (" + r.Place + ")", names.PartitionOf(code).ID, r.OptIn}
		all.Regions = append(all.Regions, told)
		each = append(each, &Topic{Name: code, Of: OfRegion, Doc: told.Name, Keys: []scenario.Field{},
			Common: []scenario.Field{}, Regions: []Region{told}})
	}
	return all, each
}
