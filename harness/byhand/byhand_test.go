package byhand_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/byhand"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/scenarios"
)

// up is a lab of the main scenario, with people who don't wait long for home.
func up(t *testing.T) *byhand.Lab {
	t.Helper()
	text, err := scenarios.FS.ReadFile("primary-region-outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := catalog.Default()
	opts := engine.Options{Target: kinds.Targets[0], Carriers: func([]string) []string { return nil }}
	compile := func(sets []scenario.Set) (*engine.Plan, error) {
		sets = append([]scenario.Set{{Path: "probes.staff.steer.after", Value: "800ms"}}, sets...)
		_, plan, err := kinds.Read(bytes.NewReader(text), "it", sets, opts)
		return plan, err
	}
	plan, err := compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Errorf("taking the lab down: %v", err)
		}
	})
	sys, err := opts.Target.New().Provision(t.Context(), plan.Topology, back)
	if err != nil {
		t.Fatal(err)
	}
	lab := byhand.New(byhand.Options{Name: "it", System: sys, Plan: plan, Can: opts.Target.New().Can(),
		Faults: kinds.Faults, Compile: compile}, back)
	t.Cleanup(func() { lab.Close(context.Background()) })
	return lab
}

// loopback listens where the page may be.
func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestMistakes(t *testing.T) {
	lab := up(t)
	dark := "where.region=us-east-1"
	for _, c := range []struct {
		asked byhand.Breakage
		says  string
	}{
		{byhand.Breakage{Kind: "regoin_outage", Settings: []string{dark}},
			`regoin_outage: unknown kind of fault, "regoin_outage"; did you mean "region_outage"?`},
		{byhand.Breakage{Kind: "region_outage"}, "region_outage: it hits nothing: say which region or place"},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{"where.region=us-esat-1"}},
			`where.region=us-esat-1: no Region of the system is called "us-esat-1"; did you mean "us-east-1"?`},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{"where.region=${USER}"}},
			`where.region=${USER}: no Region of the system is called "${USER}"; known are us-east-1, eu-west-1`},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{dark, "mode=refus"}},
			`mode=refus: "mode" must be blackhole, refuse, reset, http_503 or dns, not "refus"; did you mean "refuse"?`},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{dark, "mod=refuse"}},
			`mod=refuse: unknown key "mod" in a fault; did you mean "mode"?`},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{dark, "for=3s"}}, "for=3s: say it by --for"},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{dark, "at=3s"}},
			"at=3s: a fault that is broken by hand begins at once; leave it out"},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{"here"}},
			"here: write KEY=VALUE, such as where.region=us-east-1"},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{dark}, For: "soon"},
			`--for soon: "for" must be a duration with its unit, such as 1500ms, 30s or 2m, not "soon"`},
		{byhand.Breakage{Kind: "region_outage", Settings: []string{dark}, Name: "It's"},
			`--name It's: "It's" is no name: a letter, then letters, digits and dashes, all lower-case, at most 63`},
		{byhand.Breakage{Kind: "process", Settings: []string{dark}},
			"process: target lab can't carry process: its replicas have no processes of their own"},
		{byhand.Breakage{Kind: "link", Settings: []string{dark, "latency=fast", "jitter=5"}},
			"jitter=5: \"jitter\" is a duration and needs its unit: write 5ms or 5s\n" +
				"latency=fast: \"latency\" must be a duration with its unit, such as 1500ms, 30s or 2m, not \"fast\""},
	} {
		_, err := lab.Break(t.Context(), c.asked)
		mistake, ok := errors.AsType[*byhand.Mistake](err)
		if !ok || mistake.Text != c.says {
			t.Errorf("%+v: %v", c.asked, err)
		}
		if broken := lab.State().Faults; len(broken) > 0 {
			t.Fatalf("%+v: broken is %+v", c.asked, broken)
		}
	}
}

func TestBreakAndHeal(t *testing.T) {
	lab := up(t)
	for name, asked := range map[string]byhand.Breakage{
		"region-outage-us-east-1": {Kind: "region_outage", Settings: []string{"where.region=us-east-1"}},
		"link-eu-west-1":          {Kind: "link", Settings: []string{"where.region=eu-west-1", "where.from=dublin", "latency=30ms"}},
		"kms-key-us-east-1":       {Kind: "kms_key", Settings: []string{"where.region=us-east-1"}},
		"the-provider":            {Kind: "region_outage", Name: "the-provider", Settings: []string{"where={place: idp, from: dublin}"}},
	} {
		broken, err := lab.Break(t.Context(), asked)
		if err != nil || broken.Name != name || broken.State != engine.BreakProven {
			t.Errorf("%s is broken as %+v, %v", name, broken, err)
		}
	}
	again, err := lab.Break(t.Context(), byhand.Breakage{Kind: "region_outage", Settings: []string{"where.region=us-east-1"}})
	if err != nil || again.Name != "region-outage-us-east-1-2" {
		t.Errorf("the same again is broken as %+v, %v", again, err)
	}
	_, err = lab.Break(t.Context(), byhand.Breakage{Kind: "kms_key", Settings: []string{"where.region=us-east-1"}})
	if mistake, ok := errors.AsType[*byhand.Mistake](err); !ok || !strings.Contains(mistake.Text, "heal kms-key-us-east-1 first") {
		t.Errorf("what could not be undone right: %v", err)
	}
	state := lab.State()
	if r := state.Regions[0]; !r.Primary || !r.Dark || len(r.Faults) != 3 || state.Regions[1].Dark || len(state.Faults) != 5 {
		t.Errorf("the state is %+v", state)
	}
	if _, err := lab.Heal(t.Context(), "the-provder"); err == nil || !strings.Contains(err.Error(), `did you mean "the-provider"`) {
		t.Errorf("a slip heals: %v", err)
	}
	if healed, err := lab.Heal(t.Context(), "the-provider"); err != nil || len(healed) != 1 || healed[0].At.IsZero() {
		t.Errorf("one is healed as %+v, %v", healed, err)
	}
	healed, err := lab.Heal(t.Context(), "")
	if err != nil || len(healed) != 4 || len(lab.State().Faults) > 0 {
		t.Errorf("all is healed as %+v, %v", healed, err)
	}
	if healed, err := lab.Heal(t.Context(), "the-provider"); err != nil || len(healed) > 0 {
		t.Errorf("nothing is healed as %+v, %v", healed, err)
	}
}
