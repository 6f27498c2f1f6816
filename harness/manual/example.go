package manual

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// exampleText is a whole small scenario, of which the examples of blocks and keys are pieces, and into which those of
// kinds fit.
//
//go:embed example.yaml
var exampleText string

func example() *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(exampleText), &doc); err != nil {
		panic(fmt.Sprintf("manual: example.yaml: %v", err))
	}
	return doc.Content[0]
}

// pieces show a key that is no kind's own: by the whole example, by the block's examples, by its own, by its default.
func (w *writer) pieces(f scenario.Field) []string {
	block, key := "", f.Key
	if i := strings.LastIndexByte(f.Key, '.'); i >= 0 {
		block, key = f.Key[:i], f.Key[i+1:]
	}
	var all []string
	if found := find(example(), w.path(f.Key)); found != nil {
		all = append(all, w.write(key, found))
	}
	for _, text := range f.Examples {
		if said := w.write(key, w.parse(f, text)); !slices.Contains(all, said) {
			all = append(all, said)
		}
	}
	if all != nil {
		return all
	}
	for _, outer := range w.language {
		for _, text := range outer.Examples {
			if n := w.parse(outer, text); outer.Key == block && all == nil && find(n, []string{key}) != nil {
				all = []string{w.write(block[strings.LastIndexByte(block, '.')+1:], n)}
			}
		}
	}
	if all == nil && f.Default != "" {
		all = []string{key + ": " + f.Default}
	}
	return all
}

// parse reads an example in a tag: text stays text, whatever it looks like.
func (w *writer) parse(f scenario.Field, text string) *yaml.Node {
	if f.Type == "text" || f.Type == "instant" || f.Type == "duration" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) == 0 {
		w.fail(f.Key, fmt.Errorf("its example %q: %w", text, err))
		return &yaml.Node{Kind: yaml.ScalarNode}
	}
	return doc.Content[0]
}

// find is the node at a path, in the first entry that has it of each list; nil where there is none.
func find(n *yaml.Node, path []string) *yaml.Node {
	switch {
	case len(path) == 0:
		return n
	case n.Kind == yaml.SequenceNode:
		for _, entry := range n.Content {
			if found := find(entry, path); found != nil {
				return found
			}
		}
		return nil
	case n.Kind != yaml.MappingNode:
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] || path[0] == anyName {
			return find(n.Content[i+1], path[1:])
		}
	}
	return nil
}

// path is where a key stands in the example: vantages.rtt stands behind the names of vantages.
func (w *writer) path(key string) []string {
	steps := strings.Split(key, ".")
	for _, f := range w.language {
		if f.Key == steps[0] && f.Type == "block of names" && len(steps) > 1 {
			return slices.Insert(steps, 1, anyName)
		}
	}
	return steps
}

const anyName = "*"

// entries show a kind: the example's entry of its list, with the kind's own settings in place of what is there.
func (w *writer) entries(list string, t *Topic) []string {
	settings := t.Examples
	if settings == nil {
		settings = []string{"{}"}
	}
	base := find(example(), []string{list}).Content[0]
	var all []string
	for _, text := range settings {
		entry := &yaml.Node{Kind: yaml.MappingNode}
		for i := 0; i < len(base.Content); i += 2 {
			key, value := base.Content[i], base.Content[i+1]
			switch {
			case key.Value == "name" && list != "probes": // probes are whose checks they are: any may be staff
				value = &yaml.Node{Kind: yaml.ScalarNode, Value: strings.ReplaceAll(t.Name, "_", "-")}
			case key.Value == "kind":
				value = &yaml.Node{Kind: yaml.ScalarNode, Value: t.Name}
			case key.Value == "where" && w.where(t) != nil:
				value = w.where(t)
			case w.browser(t) && (key.Value == "every" || key.Value == "limit"):
				value = &yaml.Node{Kind: yaml.ScalarNode, Value: map[string]string{"every": "3s", "limit": "9s"}[key.Value]}
			case !slices.ContainsFunc(t.Common, func(f scenario.Field) bool { return f.Key == key.Value }):
				continue
			}
			entry.Content = append(entry.Content, key, value)
		}
		entry.Content = append(entry.Content, w.plain(t.Name, text).Content...)
		all = append(all, w.write(list, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{entry}}))
	}
	return all
}

// where is the only one that a kind of fault can be aimed at; nil where it can be aimed at any Region.
func (w *writer) where(t *Topic) *yaml.Node {
	i := slices.IndexFunc(w.catalog.Faults, func(k harness.FaultKind) bool { return t.Of == "fault" && k.Name == t.Name })
	if i < 0 || len(w.catalog.Faults[i].Cases) == 0 {
		return nil
	}
	at := w.catalog.Faults[i].Cases[0].Where
	if at.Place == "" && at.Region == "" {
		return nil
	}
	text, err := json.Marshal(WhereKeys(at))
	if err != nil {
		w.fail(t.Name, err)
	}
	return w.plain(t.Name, string(text))
}

// browser tells whether people of a probe come with a browser: one that does every 100ms would be no example.
func (w *writer) browser(t *Topic) bool {
	return t.Of == "probe" && slices.ContainsFunc(w.catalog.Probes, func(k harness.ProbeKind) bool {
		return k.Name == t.Name && slices.Contains(k.New().Needs(), harness.NeedsBrowser)
	})
}

// own shows a kind's own key by the first of its settings that has it, or by its default.
func (w *writer) own(kind scenario.Kind, f scenario.Field) []string {
	path := strings.Split(f.Key, ".")
	for _, text := range kind.Examples {
		if n := w.plain(kind.Name, text); find(n, path) != nil {
			return []string{w.write(path[0], find(n, path[:1]))}
		}
	}
	if f.Default != "" {
		return []string{path[len(path)-1] + ": " + f.Default}
	}
	return nil
}

// plain reads settings in JSON as a scenario would say them: blocks within them on one line, words without quotes.
func (w *writer) plain(kind, settings string) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(settings), &doc); err != nil || len(doc.Content) == 0 {
		w.fail(kind, fmt.Errorf("its example %s: %w", settings, err))
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	unquote(doc.Content[0])
	return doc.Content[0]
}

func unquote(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		n.Style = 0
	}
	for _, c := range n.Content {
		unquote(c)
	}
}

// write is a key with its value as a scenario says it.
func (w *writer) write(key string, value *yaml.Node) string {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	name := &yaml.Node{Kind: yaml.ScalarNode, Value: key}
	w.fail(key, encoder.Encode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{name, value}}))
	return strings.TrimSpace(text.String())
}

// Flow writes settings in JSON on one line, as a scenario would: mode: kill.
func Flow(settings string) string {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(settings), &n); err != nil || !json.Valid([]byte(settings)) || len(n.Content) == 0 {
		return settings
	}
	unquote(n.Content[0])
	text, err := yaml.Marshal(n.Content[0])
	if err != nil {
		return settings
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(text)), "{"), "}")
}
