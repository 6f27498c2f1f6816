package runs

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

var firstNight = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// concluded is a drill in which staff were back after so many seconds, or never where that is 0.
func concluded(scenario string, begun time.Time, seconds float64) *verdict.Verdict {
	watched, within := verdict.Seconds(30), verdict.Seconds(5)
	r := verdict.Recovery{Probe: "staff", Fault: "dark", Watched: &watched}
	f := verdict.Finding{Check: "recovery", Name: "recovery of staff from dark", Grade: verdict.Fail, Objective: within,
		Subject: verdict.Subject{Probe: "staff", Fault: "dark", Window: "fault", Measure: verdict.RecoveryTime, Within: &within}}
	if seconds > 0 {
		up := verdict.Seconds(seconds)
		r.EndedBy, r.RecoveryTimeActual = verdict.Failover, &verdict.Interval{Lower: up - 0.1, Upper: &up}
		r.Phases = &verdict.Phases{Detect: 0.1, Decide: up - 0.1}
		if f.Actual = r.RecoveryTimeActual; up <= within {
			f.Grade = verdict.Pass
		}
	}
	v := &verdict.Verdict{Schema: verdict.Schema, Scenario: scenario, Target: "lab", Seed: uint64(begun.Unix()), Started: begun,
		Grade: f.Grade, Findings: []verdict.Finding{f}}
	v.Recoveries, v.Validity.Grade = []verdict.Recovery{r}, verdict.Pass
	return v
}

// write makes the folder of a run.
func write(t testing.TB, dir string, v *verdict.Verdict, environment string) {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, verdictFile), string(text))
	put(t, filepath.Join(dir, history.HistoryFile), fmt.Sprintf(`{"seq":1,"at":-2,"type":"plan","plan":{"scenario":%q,"environment":%q}}`+"\n",
		v.Scenario, environment))
	put(t, filepath.Join(dir, reportFile), "<!doctype html>")
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// nights writes so many runs of a scenario, one a day, and gives back their folders.
func nights(t testing.TB, dir, scenario string, seconds ...float64) []string {
	t.Helper()
	var folders []string
	for i, s := range seconds {
		at := firstNight.AddDate(0, 0, i)
		folders = append(folders, history.Stamp(at)+"-"+scenario)
		write(t, filepath.Join(dir, folders[i]), concluded(scenario, at, s), "nightly")
	}
	return folders
}

// drawn are recoveries that spread around a middle.
func drawn(draw *rand.Rand, n int, middle float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = middle * (0.95 + 0.1*draw.Float64())
	}
	return all
}
