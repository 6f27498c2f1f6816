// Package manual tells of the language of scenarios: every key, block and kind, with an example that is valid. It is
// made of the structs and tables that files are read by, so nothing is told that isn't so; the command line explains by
// it, and docs/scenario.md is written by it.
package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// What a Topic is of, beside fault, action, probe, check and target.
const (
	OfFile    = "file"
	OfBlock   = "block"
	OfKey     = "key"
	OfRegion  = "Region"
	OfRegions = "Regions"
	OfClass   = "class"
	OfTable   = "table"
)

// Topic is one thing that can be explained. Its JSON is that of explain --json.
type Topic struct {
	Name     string           `json:"kind"` // what explain is asked for: region_outage, system.idp.acs
	Of       string           `json:"of"`   // fault, action, probe, check, target, or one of those above
	Doc      string           `json:"doc"`
	Key      *scenario.Field  `json:"key,omitempty"`      // what a key or a block itself is
	Examples []string         `json:"examples,omitempty"` // of a kind: settings of its own keys, in JSON
	YAML     []string         `json:"yaml,omitempty"`     // pieces of a scenario that show it
	Keys     []scenario.Field `json:"keys"`               // its own
	Common   []scenario.Field `json:"common"`             // those of every entry
	Kinds    []string         `json:"kinds,omitempty"`    // what the kind of an entry of the block can be
	Targets  []string         `json:"targets,omitempty"`  // those that carry the fault or the action
	Contract []string         `json:"contract,omitempty"` // whom the fault breaks when it alone is in force, by its cases
	Regions  []Region         `json:"regions,omitempty"`
	By       string           `json:"said_by,omitempty"` // of a class: who says that it is so
	Remedy   string           `json:"remedy,omitempty"`  // and what to do about it
	Table    [][]string       `json:"table,omitempty"`
	Others   []string         `json:"others,omitempty"` // further topics that go by the word that was asked for
}

// Group is a shelf of topics, for who looks for a word.
type Group struct {
	Name   string   `json:"name"`
	Topics []*Topic `json:"-"`
	Words  []string `json:"words"`
}

// Manual is all that can be explained.
type Manual struct {
	catalog catalog.Catalog
	groups  []Group
	// further are topics that no group lists: keys within blocks, a kind's own keys, a Region.
	further []*Topic
}

// New makes the manual of a catalog. Its error is a bug: an example that can't be written.
func New(c catalog.Catalog) (*Manual, error) {
	w := &writer{catalog: c, language: scenario.Language()}
	m := &Manual{catalog: c}
	kinds := c.Kinds()
	entries := map[string][]scenario.Kind{
		"probes": kinds.Probes, "faults": kinds.Faults, "actions": kinds.Actions, "checks": kinds.Checks,
	}
	file, blocks, keys := w.file(entries)
	m.add("the file", append([]*Topic{file}, keys...))
	m.add("blocks", blocks)
	for _, list := range []string{"faults", "actions", "probes", "checks"} {
		var topics []*Topic
		for _, k := range entries[list] {
			topics = append(topics, w.kind(list, k))
			m.further = append(m.further, w.ownKeys(k)...)
		}
		m.add(list, topics)
	}
	m.add("targets", w.targets())
	all, each := regionTopics()
	m.add("Regions", []*Topic{all})
	m.add("why an attempt was not good", classTopics())
	m.add("whom faults harm", []*Topic{m.summary()})
	m.further = slices.Concat(w.inner, m.further, each)
	return m, w.err
}

func (m *Manual) add(name string, topics []*Topic) {
	g := Group{Name: name, Topics: topics}
	for _, t := range topics {
		g.Words = append(g.Words, t.Name)
	}
	m.groups = append(m.groups, g)
}

// Groups are what explain lists, without the keys within blocks, which have dotted words, and single Regions.
func (m *Manual) Groups() []Group { return m.groups }

// Topics are all that there are, those of the groups first.
func (m *Manual) Topics() []*Topic {
	var all []*Topic
	for _, g := range m.groups {
		all = append(all, g.Topics...)
	}
	return append(all, m.further...)
}

// Topic finds what a word stands for: its whole name, or the end of a dotted one (idp, steer.by). Several may go by the
// end; the first is told, and which others there are. The error guesses what was meant.
func (m *Manual) Topic(word string) (Topic, error) {
	var found []*Topic
	var known []string
	for _, t := range m.Topics() {
		known = append(known, t.Name, t.Name[strings.LastIndexByte(t.Name, '.')+1:])
		switch {
		case t.Name == word:
			found = slices.Insert(found, 0, t)
		case strings.HasSuffix(t.Name, "."+word):
			found = append(found, t)
		}
	}
	if found == nil {
		hint := scenario.Suggest(word, known)
		if hint == "" {
			hint = "explain without a word lists what there is"
		}
		return Topic{}, fmt.Errorf("there is no %q to explain; %s", word, hint)
	}
	told := *found[0]
	for _, t := range found[1:] {
		told.Others = append(told.Others, t.Name)
	}
	return told, nil
}
