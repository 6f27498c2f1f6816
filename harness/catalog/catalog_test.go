package catalog

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/scenarios"
)

func TestShippedScenariosCompile(t *testing.T) {
	entries, err := scenarios.FS.ReadDir(".")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d scenarios, %v", len(entries), err)
	}
	c := Default()
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			data, err := scenarios.FS.ReadFile(entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Read(bytes.NewReader(data), entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			able := slices.IndexFunc(c.Targets, func(k harness.TargetKind) bool { return c.Carries(s, k) == nil })
			if able < 0 {
				t.Fatal("no target can carry it")
			}
			s, plan, err := c.Read(bytes.NewReader(data), entry.Name(), nil, engine.Options{Target: c.Targets[able]})
			if err != nil {
				t.Fatal(err)
			}
			if len(plan.Record.Checks) != len(s.Checks) || len(plan.Record.Probes) != len(s.Probes) {
				t.Errorf("of %d probes and %d checks the plan has %d and %d",
					len(s.Probes), len(s.Checks), len(plan.Record.Probes), len(plan.Record.Checks))
			}
		})
	}
}

func TestSchemaIsCurrent(t *testing.T) {
	schema, err := Default().Schema()
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../scenarios/schema.json"
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(schema, committed) {
		t.Error("scenarios/schema.json isn't what the kinds say now; write it anew: make schema")
	}
}

// The schema takes every shipped scenario, as an editor holds it against them.
func TestSchemaAcceptsShippedScenarios(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../scenarios/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := scenarios.FS.ReadDir(".")
	if err != nil || len(entries) < 5 {
		t.Fatalf("%d scenarios, %v", len(entries), err)
	}
	for _, entry := range entries {
		data, err := scenarios.FS.ReadFile(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		var read any
		if err := yaml.Unmarshal(data, &read); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(read); err != nil {
			t.Errorf("%s: %v", entry.Name(), err)
		}
	}
}

// The mistakes of all stages are told at once, in the order of the file.
func TestEveryStageTells(t *testing.T) {
	data, err := scenarios.FS.ReadFile("primary-region-outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for from, to := range map[string]string{
		"warm_up: 5s":       "warm-up: 5s",      // the reader
		"mode: blackhole ":  "mode: blackhold ", // a kind
		"home: eu-west-1":   "home: eu-west-9",  // the engine
		"within: 20s":       "within: 40s",      // a check
		"kind: saml_login":  "kind: saml_logon", // the table of kinds
		"name: staff-in-ch": "name: Staff-in-ch",
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("the flagship has no %q any more", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	c := Default()
	_, _, err = c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0]})
	for _, wanted := range []string{"warm-up", "blackhold", "eu-west-9", "could not be measured", "saml_logon", "Staff-in-ch"} {
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("nothing is said of %s in:\n%v", wanted, err)
		}
	}
}

// What the history keeps of a check's settings is read back as it was: analysis judges by it.
func TestConfigComesBack(t *testing.T) {
	for _, k := range Default().Checks {
		check := k.New()
		configure(t, settings[k.Name], check)
		config, err := scenario.Config(check)
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		back := k.New()
		if err := scenario.FromConfig(config, back); err != nil || !reflect.DeepEqual(check, back) {
			t.Errorf("%s was %+v and came back as %+v, %v", k.Name, check, back, err)
		}
	}
}

func TestTargetByName(t *testing.T) {
	c := Catalog{Targets: []harness.TargetKind{{Name: "lab"}, {Name: "moon"}}}
	if k, ok := c.Target("moon"); !ok || k.Name != "moon" {
		t.Errorf("moon is %v, %t", k, ok)
	}
	if _, ok := c.Target("mars"); ok {
		t.Error("there is a target mars")
	}
}
