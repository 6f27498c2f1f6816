package byhand

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// Breakage is what somebody asks for: a fault as a scenario has it.
type Breakage struct {
	Kind     string   `json:"kind"`
	Name     string   `json:"name,omitempty"`     // empty: one is made of the kind and of what it hits
	For      string   `json:"for,omitempty"`      // a duration; empty: until it is healed by hand
	Settings []string `json:"settings,omitempty"` // KEY=VALUE: the kind's own keys and those of where, in YAML
}

// Mistake is a user's: a sentence a line, and nothing was changed.
type Mistake struct{ Text string }

func (m *Mistake) Error() string { return m.Text }

// elsewhere are the keys of every fault that are said in another way, by hand.
var elsewhere = map[string]string{
	"kind": "the kind stands before the keys",
	"name": "say it by --name",
	"for":  "say it by --for",
	"at":   "a fault that is broken by hand begins at once; leave it out",
}

// phrasing is how the user said what became a set, by the set as a scenario's mistakes name it.
type phrasing struct {
	kind string
	said map[string]string
}

// sets are what turns the lab's scenario into one with this fault and nothing else on its timeline. Nothing in them is
// a variable: the environment is that of whoever started the lab, and whoever asks must not read it.
func (b Breakage) sets() ([]scenario.Set, phrasing, error) {
	p := phrasing{b.Kind, map[string]string{}}
	sets := []scenario.Set{{Path: "actions", Value: "[]"}, {Path: "checks", Value: "[]"},
		{Path: "faults", Value: "[{at: 0s, for: 24h}]"}}
	add := func(key, value, said string) {
		set := scenario.Set{Path: "faults.0." + key, Value: scenario.Literal(value)}
		sets = append(sets, set)
		p.said[set.String()] = said
	}
	add("kind", quoted(b.Kind), b.Kind)
	add("name", quoted(b.Name), "--name "+b.Name)
	if b.For != "" {
		add("for", b.For, "--for "+b.For)
	}
	for _, s := range b.Settings {
		key, value, found := strings.Cut(s, "=")
		switch key = strings.TrimSpace(key); {
		case !found || slices.Contains(strings.Split(key, "."), ""):
			return nil, p, &Mistake{s + ": write KEY=VALUE, such as where.region=us-east-1"}
		case elsewhere[key] != "":
			return nil, p, &Mistake{s + ": " + elsewhere[key]}
		}
		add(key, value, s)
	}
	return sets, p, nil
}

// quoted is a text that YAML takes for nothing else.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// mistake tells a scenario's mistakes by what the user said.
func (p phrasing) mistake(err error) error {
	mistakes, ok := errors.AsType[scenario.Errors](err)
	if !ok {
		return err
	}
	lines := make([]string, len(mistakes))
	for i, m := range mistakes {
		said, known := p.said[m.Flag]
		if !known {
			said = p.kind
		}
		lines[i] = said + ": " + m.Sentence
	}
	return &Mistake{strings.Join(lines, "\n")}
}

// refused is a mistake where nothing was changed.
func refused(err error) error {
	no, isNo := errors.AsType[*engine.Refused](err)
	lack, lacks := errors.AsType[*harness.Lack](err)
	switch {
	case isNo:
		return &Mistake{no.Sentence}
	case lacks:
		return &Mistake{lack.Sentence}
	}
	return err
}

// nameForm is that of a scenario's names.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,55}$`)

// naturalName is made of the kind and of what it hits.
func (b Breakage) naturalName() string {
	name := strings.ReplaceAll(b.Kind, "_", "-")
	for _, s := range b.Settings {
		if key, value, _ := strings.Cut(s, "="); key == "where.region" || key == "where.place" {
			name += "-" + value
		}
	}
	if !nameForm.MatchString(name) {
		return "by-hand"
	}
	return name
}

func hint(word string, among []string) string {
	if s := scenario.Suggest(word, among); s != "" {
		return "; " + s
	}
	return "; there is " + strings.Join(among, ", ")
}
