package manual

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/scenarios"
)

// able is a target that carries every fault and action: an example is of the language, not of a target.
type able struct{ harness.Target }

func (a able) Can() harness.Capabilities {
	can := a.Target.Can()
	can.Handles = harness.AllHandles()
	return can
}

func made(t *testing.T) *Manual {
	t.Helper()
	m, err := New(catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// valid reads and compiles the example with changes.
func valid(sets []scenario.Set) error {
	c := catalog.Default()
	target := c.Targets[0]
	target.New = func() harness.Target { return able{c.Targets[0].New()} }
	text := exampleText
	sets = slices.DeleteFunc(sets, func(s scenario.Set) bool { // what a file extends is for the file to say
		if s.Path == "extends" {
			text = "extends: " + s.Value + "\n" + text
		}
		return s.Path == "extends"
	})
	with := scenario.With{Sets: sets, Open: func(_, named string) ([]byte, string, error) {
		data, err := scenarios.FS.ReadFile(named + ".yaml")
		return data, named, err
	}}
	_, _, err := c.ReadWith(strings.NewReader(text), "example.yaml", with, engine.Options{Target: target})
	return err
}

func TestTheExampleIsValid(t *testing.T) {
	if err := valid(nil); err != nil {
		t.Error(err)
	}
}

// TestEveryExampleIsValid puts each piece that is shown where it belongs in the example.
func TestEveryExampleIsValid(t *testing.T) {
	checked, m := 0, made(t)
	for _, topic := range m.Topics() {
		if len(topic.YAML) == 0 && !slices.Contains([]string{"target", OfRegion, OfRegions, OfClass, OfTable}, topic.Of) {
			t.Errorf("%s has no example", topic.Name)
		}
		for _, piece := range topic.YAML {
			if topic.Of == OfFile {
				continue
			}
			checked++
			t.Run(topic.Name, func(t *testing.T) {
				var err error
				for _, base := range contexts(m, topic) {
					if err = valid(append(base, placed(t, m, topic, piece))); err == nil {
						return
					}
				}
				t.Errorf("%s\n%v", piece, err)
			})
		}
	}
	if checked < 100 {
		t.Errorf("only %d examples were found", checked)
	}
}

// contexts are what the example is changed to before a piece is put in, the first that suits it: a kind's own keys stand
// in an entry of that kind, and what only calls have is shown by a fault of calls,
// and what waits for a fault by a second one.
func contexts(m *Manual, topic *Topic) [][]scenario.Set {
	if list, kind := entryOf(m, topic); kind != nil {
		var all [][]scenario.Set
		for _, piece := range kind.YAML {
			all = append(all, []scenario.Set{whole(list, piece)})
		}
		return all
	}
	calls := scenario.Set{Path: "faults.0", Value: "{name: virginia-dark, kind: api_errors, where: {region: us-east-1}, at: 10s, for: 30s}"}
	two := scenario.Set{Path: "faults", Value: "[{name: second, kind: link, latency: 1s, where: {region: eu-west-1}, at: 1s, for: 3s}," +
		" {name: virginia-dark, kind: region_outage, where: {region: us-east-1}, at: 10s, for: 30s}]"}
	named := scenario.Set{Path: "system.directory.people", Value: "{leaver: {groups: [group-02]}}"}
	still := scenario.Set{Path: "actions", Value: "[]"} // nobody sets an external provider up anew
	often := scenario.Set{Path: "repeat", Value: "{times: 10}"}
	return [][]scenario.Set{nil, {calls}, {two}, {named}, {still}, {often}}
}

// entryOf is the kind whose own key a topic is, and the list that its entries stand in; nil where it is no kind's.
func entryOf(m *Manual, topic *Topic) (list string, kind *Topic) {
	name, _, own := strings.Cut(topic.Name, ".")
	if !own || topic.Key == nil || inLanguage(topic) {
		return "", nil
	}
	for list, entry := range one {
		for _, t := range m.Topics() {
			if t.Name == name && t.Of == entry.of {
				return list, t
			}
		}
	}
	return "", nil
}

func inLanguage(topic *Topic) bool {
	return slices.ContainsFunc(scenario.Language(), func(f scenario.Field) bool { return f.Key == topic.Name })
}

// placed is a piece where it belongs.
func placed(t *testing.T, m *Manual, topic *Topic, piece string) scenario.Set {
	t.Helper()
	for list, entry := range one {
		if entry.of == topic.Of {
			return whole(list, piece)
		}
	}
	key, value := split(t, piece)
	steps := strings.Split(topic.Name, ".")
	if at := slices.Index(steps, key); at >= 0 {
		steps = steps[:at+1]
	} else {
		t.Fatalf("the example is of %s", key)
	}
	if list, kind := entryOf(m, topic); kind != nil {
		steps[0] = list
	}
	if len(steps) > 1 && one[steps[0]].of != "" {
		steps = slices.Insert(steps, 1, "0")
	}
	if len(steps) > 1 && steps[0] == "vantages" {
		steps = slices.Insert(steps, 1, "new-york")
	}
	if strings.HasPrefix(topic.Name, "system.directory.people.") && len(steps) > 3 {
		steps = slices.Insert(steps, 3, "leaver")
	}
	if strings.HasPrefix(topic.Name, "system.applications.") && len(steps) > 2 {
		steps = slices.Insert(steps, 2, "0")
	}
	return scenario.Set{Path: strings.Join(steps, "."), Value: value}
}

// whole puts an entry in place of the example's. A fault goes by the name that the checks know.
func whole(list, piece string) scenario.Set {
	_, value, _ := strings.Cut(piece, "\n")
	if list == "faults" {
		_, rest, _ := strings.Cut(value, "\n")
		value = "  - name: virginia-dark\n" + rest
	}
	return scenario.Set{Path: list, Value: value}
}

func split(t *testing.T, piece string) (key, value string) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(piece), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, piece)
	}
	text, err := yaml.Marshal(doc.Content[0].Content[1])
	if err != nil {
		t.Fatal(err)
	}
	return doc.Content[0].Content[0].Value, string(text)
}

func TestWords(t *testing.T) {
	m := made(t)
	for word, want := range map[string]string{
		"system": "system", "system.idp": "system.idp", "idp": "system.idp", "kms": "system.kms", "where": "faults.where",
		"system.replication": "system.replication", "replication": "replication", "directory": "system.directory", "steer": "saml_login.steer",
		"sustained": "recovery.sustained", "idp.acs": "system.idp.acs", "probes.every": "probes.every", "scenario": "scenario",
		"every": "probes.every", "latency": "latency", "warm_up": "warm_up", "eu-west-1": "eu-west-1", "regions": "regions",
		"lab": "lab", "name": "name", "rtt": "vantages.rtt",
	} {
		if topic, err := m.Topic(word); err != nil || topic.Name != want {
			t.Errorf("%s leads to %q, %v", word, topic.Name, err)
		}
	}
	for word, hint := range map[string]string{
		"regoin_outage": `did you mean "region_outage"?`, "systm": `did you mean "system"?`, "system.ipd": `did you mean "system.idp"?`,
		"zzzzzzzzzz": "explain without a word", "where.name": "explain without a word",
	} {
		if _, err := m.Topic(word); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if steer, _ := m.Topic("steer"); !slices.Equal(steer.Others, []string{"role_credentials.steer", "app_launch.steer",
		"cli_login.steer", "session_keep.steer", "load.steer", "console.steer", "browser_login.steer"}) {
		t.Errorf("beside it there are %v", steer.Others)
	}
	if latency, _ := m.Topic("latency"); latency.Of != "check" || !slices.Contains(latency.Others, "link.latency") {
		t.Errorf("it is a %s, beside %v", latency.Of, latency.Others)
	}
}

// Whom a fault breaks is what its contract says.
func TestWhomAFaultBreaks(t *testing.T) {
	m := made(t)
	for kind, want := range map[string]string{
		"region_outage": "mode: refuse: who is at home there fails by refused; who is elsewhere is not harmed",
		"clock_skew":    "by: 1m: nobody is harmed",
		"process": "mode: kill: who is at home there fails by timeout or http_5xx (saml_login, role_credentials, " +
			"role_credentials-held, app_launch, cli_login, session_keep, console), is not harmed (kms_roundtrip); who is elsewhere is not harmed",
		"link": "latency: 40ms: who is at home there waits longer; who is elsewhere is not harmed",
		"kms_key": "mode: disabled: who is at home there fails by acs_rejected (saml_login, app_launch, cli_login, " +
			"console), fails by portal_error (role_credentials, session_keep), is not harmed (role_credentials-held), fails by http_4xx " +
			"(kms_roundtrip); who is elsewhere is not harmed",
	} {
		topic, err := m.Topic(kind)
		if err != nil || !slices.Contains(topic.Contract, want) {
			t.Errorf("%s: %q, %v", kind, topic.Contract, err)
		}
	}
	if p, _ := m.Topic("process"); fmt.Sprint(p.Targets) != "[containers]" {
		t.Errorf("a process can be killed in %v", p.Targets)
	}
}

// Every class that a report may name is explained, and those that there aren't are not.
func TestClasses(t *testing.T) {
	m := made(t)
	for _, c := range history.Classes() {
		topic, err := m.Topic("class." + string(c))
		if err != nil || topic.Doc == "" || topic.By == "" || topic.Remedy == "" {
			t.Errorf("%s: %+v, %v", c, topic, err)
		}
		if short, err := m.Topic(string(c)); err != nil || short.Name != topic.Name && !slices.Contains(short.Others, topic.Name) {
			t.Errorf("%s leads to %s and %v, %v", c, short.Name, short.Others, err)
		}
	}
	if len(classTexts) != len(history.Classes()) {
		t.Errorf("%d of %d classes are explained", len(classTexts), len(history.Classes()))
	}
}

// The summary tells of every fault what its contract says, and of everybody whom it harms.
func TestSummaryOfTheContracts(t *testing.T) {
	topic, err := made(t).Topic("contracts")
	if err != nil || len(topic.Table) != 1+len(catalog.Default().Faults) {
		t.Fatalf("it has %d rows, %v", len(topic.Table), err)
	}
	for _, want := range [][]string{
		{"region_outage", "fails", "fails", "fails", "fails"},
		{"kms_key", "fails", "fails", "goes on", "fails"},
		{"idp_outage", "fails for all", "goes on", "goes on", "fails for all"},
		{"shared_host", "goes on", "goes on", "goes on", "fails for all"},
		{"link", "some fail", "some fail", "some fail", "some fail"},
		{"replication", "goes on", "goes on", "goes on", "goes on"},
	} {
		if !slices.ContainsFunc(topic.Table, func(row []string) bool { return slices.Equal(row, want) }) {
			t.Errorf("it lacks %v", want)
		}
	}
}

// What is looked for is on a shelf, once.
func TestGroups(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range made(t).Groups() {
		for _, word := range g.Words {
			if seen[word] {
				t.Errorf("%s is listed twice", word)
			}
			seen[word] = true
		}
	}
	for _, f := range scenario.Language() {
		if (f.IsBlock() || !strings.Contains(f.Key, ".")) != seen[f.Key] {
			t.Errorf("%s: listed %v", f.Key, seen[f.Key])
		}
	}
	regions, err := made(t).Topic("regions")
	if err != nil || len(regions.Regions) != len(names.Regions()) {
		t.Errorf("%d Regions, %v", len(regions.Regions), err)
	}
}

// The page is of this very language: make docs writes it anew.
func TestThePageIsCurrent(t *testing.T) {
	m := made(t)
	text, err := m.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "scenario.md"))
	if err != nil || !bytes.Equal(page, text) {
		t.Errorf("docs/scenario.md is not current: make docs (%v)", err)
	}
	contracts, failed := m.Contracts()
	page, err = os.ReadFile(filepath.Join("..", "..", "docs", "faults.md"))
	if failed != nil || err != nil || !bytes.Equal(page, contracts) {
		t.Errorf("docs/faults.md is not current: make docs (%v, %v)", failed, err)
	}
	for _, f := range scenario.Language() {
		key := f.Key[strings.LastIndexByte(f.Key, '.')+1:]
		if !strings.Contains(string(text), "| `"+key+"` |") && !f.IsBlock() {
			t.Errorf("it doesn't tell of %s", f.Key)
		}
		if f.IsBlock() && !strings.Contains(string(text), "\n## "+f.Key+"\n") && !strings.Contains(string(text), "\n### "+f.Key+"\n") &&
			!strings.Contains(string(text), "\n### "+strings.TrimPrefix(f.Key, "faults.")+"\n") {
			t.Errorf("%s has no section", f.Key)
		}
	}
	for _, topic := range m.Topics() {
		for _, entry := range one {
			if topic.Of == entry.of && !strings.Contains(string(text), "\n### "+topic.Name+"\n") {
				t.Errorf("%s has no section", topic.Name)
			}
		}
	}
}
