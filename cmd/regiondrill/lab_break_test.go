package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/byhand"
	"github.com/regiondrill/regiondrill/harness/engine"
)

const brokenPrimary = "region-outage-us-east-1"

// Who plays with a lab breaks it, sees what is broken, and heals it.
func TestLabBrokenAndHealed(t *testing.T) {
	t.Parallel()
	lab := labUp(t, t.TempDir(), "--people", "600")
	if said := lab.ask(0, "heal"); said != "Nothing is broken in the lab toy.\n" {
		t.Errorf("nothing to heal: %s", said)
	}
	line := regexp.MustCompile(`^` + brokenPrimary + ` is in force since [\d:.]+: refused connections of us-east-1; ` +
		`nobody can be carried by us-east-1; heal it: regiondrill lab heal ` + brokenPrimary + `\n$`)
	if said := lab.ask(0, "break", "region_outage", "where.region=us-east-1", "mode=refuse"); !line.MatchString(said) {
		t.Errorf("broken: %s", said)
	}
	if said := lab.ask(exitUsage, "break", "region_outage", "where.region=us-esat-1"); !strings.Contains(said, `did you mean "us-east-1"?`) {
		t.Errorf("a slip: %s", said)
	}
	var f engine.InForce
	said := lab.ask(0, "break", "kms_key", "where.region=eu-west-1", "--for", "1h", "--name", "gone", "--json")
	if err := json.Unmarshal([]byte(said), &f); err != nil || f.Name != "gone" || f.State != engine.BreakProven || f.Until.IsZero() {
		t.Errorf("broken for a time: %v, %s", err, said)
	}
	for _, part := range []string{brokenPrimary, "gone", "until it is healed", "home us-east-1"} {
		if said := lab.ask(0, "status"); !strings.Contains(said, part) {
			t.Errorf("the status lacks %q: %s", part, said)
		}
	}
	var state byhand.State
	if err := json.Unmarshal([]byte(lab.ask(0, "status", "--json")), &state); err != nil || len(state.Faults) != 2 ||
		!state.Regions[0].Dark || state.Regions[1].Dark {
		t.Errorf("the status is %+v, %v", state, err)
	}
	if said := lab.ask(exitUsage, "heal", "gome"); !strings.Contains(said, `did you mean "gone"?`) {
		t.Errorf("a slip: %s", said)
	}
	var healed []engine.Healed
	if err := json.Unmarshal([]byte(lab.ask(0, "heal", "gone", "--json")), &healed); err != nil || len(healed) != 1 ||
		!healed[0].Undone || healed[0].At.IsZero() {
		t.Errorf("healed: %+v, %v", healed, err)
	}
	if got := lab.end(); got != 0 || !strings.Contains(lab.heard.String(), brokenPrimary+" is healed since") {
		t.Errorf("the lab ended with %d and said %s", got, lab.heard)
	}
}

func TestHealedIsToldByTheExitCode(t *testing.T) {
	for code, h := range map[int]engine.Healed{
		exitPass: {Undone: true, At: time.Now()}, exitUnknown: {Undone: true}, exitNotUndone: {},
	} {
		if got := codeOfHealed(h); got != code {
			t.Errorf("%s is %d, not %d", healedLine(h), got, code)
		}
	}
}

// What can't be broken or undone is told by the exit code.
func TestLabBrokenInVain(t *testing.T) {
	t.Parallel()
	lab := labUp(t, t.TempDir(), "--people", "0")
	lab.ask(exitBroken, "break", "clumsy", "where.region=us-east-1")
	if said := lab.ask(0, "heal"); !strings.HasPrefix(said, "Nothing") {
		t.Errorf("what was never broken is healed: %s", said)
	}
	if said := lab.ask(exitBroken, "break", "stuck", "where.region=us-east-1", "file=/nowhere/at/all"); !strings.Contains(said, "won't go") {
		t.Errorf("what is done by half: %s", said)
	}
	lab.ask(exitNotUndone, "heal")
	lab.ask(0, "break", "stuck", "where.region=us-east-1", "file="+filepath.Join(t.TempDir(), "file"))
	if said := lab.ask(0, "status"); strings.Count(said, "could not be undone") != 1 || strings.Count(said, "is in force") != 1 {
		t.Errorf("the status is %s", said)
	}
	if said := lab.ask(exitNotUndone, "heal"); !strings.Contains(said, "could not be undone") {
		t.Errorf("what can't be undone: %s", said)
	}
	if got := lab.end(); got != exitNotUndone {
		t.Errorf("the lab ended with %d", got)
	}
}

// Of a client that goes away in the middle the fault stays, known and to be healed.
func TestLabBreakGoesAway(t *testing.T) {
	t.Parallel()
	lab := labUp(t, t.TempDir(), "--people", "0")
	found, err := lab.findLab("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() {
		sent <- ask(ctx, found.socket, byhand.PathBreak,
			byhand.Breakage{Kind: "region_outage", Settings: []string{"where.region=us-east-1"}}, &engine.InForce{}, playLimit)
	}()
	var state byhand.State
	for len(state.Faults) == 0 {
		if err := ask(t.Context(), found.socket, byhand.PathState, nil, &state, askLimit); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	<-sent
	if said := lab.ask(0, "heal", brokenPrimary); !strings.Contains(said, brokenPrimary+" ") {
		t.Errorf("healed: %s", said)
	}
	if said := lab.ask(0, "heal"); !strings.HasPrefix(said, "Nothing") {
		t.Errorf("healed again: %s", said)
	}
}

// Of several labs the newest is meant, and which that is is said.
func TestSeveralLabs(t *testing.T) {
	t.Parallel()
	runtime := t.TempDir()
	older := labUp(t, runtime, "--people", "0", "--lab", "older")
	newer := labUp(t, runtime, "--people", "0", "--lab", "newer")
	for _, args := range [][]string{{"env"}, {"status"}, {"heal"},
		{"open", "--region", "eu-west-9"}} { // it opens no window
		code := 0
		if args[0] == "open" {
			code = exitUsage
		}
		if said := older.ask(code, args...); !strings.Contains(said, "2 labs stand; this is newer, the newest. Another: --lab older") {
			t.Errorf("lab %v says %s", args, said)
		}
		if said := older.ask(code, append(args, "--lab", "older")...); strings.Contains(said, "labs stand") {
			t.Errorf("lab %v of older says %s", args, said)
		}
	}
	if said := older.ask(0, "break", "region_outage", "where.region=us-east-1", "--lab", "older"); !strings.HasSuffix(said, " --lab older\n") {
		t.Errorf("how to heal it: %s", said)
	}
	if said := newer.ask(exitUsage, "heal", "--lab", "oder"); !strings.Contains(said, `did you mean "older"?`) {
		t.Errorf("a slip: %s", said)
	}
}

// The page that lab up tells of is the lab's.
func TestLabTellsOfItsPage(t *testing.T) {
	t.Parallel()
	lab := labUp(t, t.TempDir(), "--people", "0")
	address := regexp.MustCompile(`page of the lab +(http://127\.0\.0\.1:\d+/)`).FindStringSubmatch(lab.shown)
	if address == nil {
		t.Fatalf("lab up says %s", lab.shown)
	}
	answer, err := http.Get(address[1])
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || !bytes.Contains(text, []byte("<h1>Lab toy</h1>")) {
		t.Errorf("the page is %s, %v", text, err)
	}
}
