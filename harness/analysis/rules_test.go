package analysis_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// sound asks for nothing that can't be measured, and for nothing worth a second look.
const sound = `schema: regiondrill.scenario/v1
name: it
system: {primary: us-east-1, additional: [eu-west-1], idp: {bookmarks: [eu-west-1]}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}}
warm_up: 5s
settle: 20s
probes:
  - {name: staff, kind: saml_login, from: office, home: us-east-1, every: 100ms, limit: 5s,
     steer: {by: bookmark, to: eu-west-1, after: 2s}}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 10s, for: 30s}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 10s}
  - {kind: failback, probe: staff, fault: dark, within: 10s}
  - {kind: latency, probe: staff, fault: dark, window: after, p99: 9s}
`

// told is all that is said of the sound scenario with changes: mistakes, and where there is none remarks.
func told(t *testing.T, changes []string) []string {
	t.Helper()
	text := sound
	for _, change := range changes {
		from, to, _ := strings.Cut(change+" ", " ->")
		to = strings.TrimSpace(to)
		if !strings.Contains(text, from) {
			t.Fatalf("it doesn't say %q", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	c := catalog.Default()
	_, plan, err := c.Read(strings.NewReader(text), "F", nil, engine.Options{Target: c.Targets[0]})
	var mistakes scenario.Errors
	if err != nil && !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	said := []string{}
	for _, e := range mistakes {
		said = append(said, strings.TrimPrefix(e.Error(), "F:"))
	}
	if plan != nil {
		for _, r := range plan.Remarks {
			said = append(said, strings.TrimPrefix(r.String(), "F:"))
		}
	}
	return said
}

// TestRules: each case of testdata/rules.txt changes the sound scenario ("what it says -> what it says instead") and
// lists all that is then told, each sentence at its key.
func TestRules(t *testing.T) {
	data, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Split(string(data), "== ")[1:] {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		var changes, want []string
		for _, line := range lines[1:] {
			if sentence, ok := strings.CutPrefix(line, "= "); ok {
				want = append(want, sentence)
			} else {
				changes = append(changes, strings.ReplaceAll(line, `\n`, "\n"))
			}
		}
		if got := told(t, changes); !slices.Equal(got, want) {
			t.Errorf("%s: it says\n%s\nwant\n%s", lines[0], strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestAllDark: that nobody can be back is a verdict all the same, and no mistake.
func TestAllDark(t *testing.T) {
	for at, want := range map[string]int{"10s": 1, "9s": 1, "11s": 0} {
		other := "  - {name: too, kind: region_outage, where: {region: eu-west-1}, at: " + at + ", for: 31s}\nchecks:"
		text := strings.Replace(sound, "checks:", other, 1)
		c := catalog.Default()
		s, plan, err := c.Read(strings.NewReader(text), "F", nil, engine.Options{Target: c.Targets[0]})
		if err != nil {
			t.Fatal(err)
		}
		record := plan.Record
		record.Checks, record.Faults = []history.Check{}, slices.Clone(record.Faults)
		for i := range record.Faults {
			record.Faults[i].Unreachable = []string{record.Faults[i].Region}
		}
		remarks, err := analysis.Compile(s, c.Checks, &record, map[string]harness.Steer{"staff": {To: "eu-west-1"}})
		var said []string
		for _, r := range remarks {
			if strings.Contains(r.Sentence, "no Region can carry anybody") {
				said = append(said, r.String())
			}
		}
		if err != nil || len(said) != want {
			t.Errorf("with the other Region dark from %s on: %q, %v", at, said, err)
		}
	}
}
