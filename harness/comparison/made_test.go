package comparison

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

func seconds(s float64) *verdict.Seconds { v := verdict.Seconds(s); return &v }

// made is a run whose people came every 100 ms and were back after up to upper seconds, having given up on their Region
// after some of them.
func made(n int, upper, after float64) Run {
	took := &verdict.Interval{Lower: verdict.Seconds(upper - 0.1), Upper: seconds(upper)}
	v := &verdict.Verdict{Schema: verdict.Schema, Scenario: "dark", Target: "lab", Seed: uint64(n), Version: "1.0.0",
		Started: time.Date(2026, 11, 27, 20, n, 0, 0, time.UTC), Seconds: 60, Grade: verdict.Pass}
	v.Findings = []verdict.Finding{
		{Check: "recovery", Name: "recovery of staff from dark", Grade: verdict.Pass, Objective: 10., Actual: took,
			Subject: verdict.Subject{Probe: "staff", Fault: "dark", Window: verdict.Fault, Measure: verdict.RecoveryTime}},
		{Check: "availability", Name: "availability of ireland during dark", Grade: verdict.Pass, Objective: 0.99, Actual: 1.,
			Subject: verdict.Subject{Probe: "ireland", Fault: "dark", Window: verdict.Fault, Measure: verdict.ShareOfGood}},
		{Check: "latency", Name: "latency of ireland during dark", Grade: verdict.Pass, Objective: 0.5, Actual: 0.12,
			Subject: verdict.Subject{Probe: "ireland", Fault: "dark", Window: verdict.Fault, Measure: verdict.LatencyQuantiles}},
		{Check: "invariants", Name: "what must never happen", Grade: verdict.Pass},
	}
	v.Validity.Grade = verdict.Pass
	v.Recoveries = []verdict.Recovery{{Probe: "staff", Fault: "dark", EndedBy: verdict.Failover, Watched: seconds(30),
		RecoveryTimeActual: took, Failback: &verdict.Interval{Lower: 0.1, Upper: seconds(0.3)},
		Phases: &verdict.Phases{Decide: verdict.Seconds(after), Authenticate: verdict.Seconds(upper - after)}}}
	v.Windows = []verdict.Window{{Probe: "ireland", Fault: "dark", Window: verdict.Fault, Attempts: 300, Good: 300,
		Observed: true, Latency: &verdict.Latency{P50: 0.1, P95: 0.12, P99: 0.13, Max: 0.13}}}
	plan := &history.Plan{Schema: history.Schema, Scenario: "dark", Target: "lab",
		Probes: []history.Probe{{Name: "staff", Kind: "saml_login", Every: history.At(100 * time.Millisecond),
			Limit: history.At(5 * time.Second)}},
		Checks: []history.Check{
			{Name: "recovery of staff from dark", Kind: "recovery", Config: json.RawMessage(`{"sustained":{"for":"5s"}}`)},
			{Name: "latency of ireland during dark", Kind: "latency", Config: json.RawMessage(`{"p50":"0s","p95":"500ms"}`)},
		}}
	return Run{Folder: fmt.Sprint("runs/", n), Verdict: v, Plan: plan,
		Keys: map[string]string{"probes.staff.steer.after": fmt.Sprint(after, "s"), "seed": fmt.Sprint(n)}}
}

// drawn are runs of people who give up after so many seconds: they are back 950 ms later, whenever in their period the
// fault came, on links with jitter.
func drawn(draw *rand.Rand, n int, after float64) *Set {
	s := &Set{Path: fmt.Sprint("after-", after)}
	for i := range n {
		s.Runs = append(s.Runs, made(i+1, after+0.95+0.1*draw.Float64()+0.02*draw.NormFloat64(), after))
	}
	return s
}

func setOf(uppers ...float64) *Set {
	s := &Set{Path: "made"}
	for i, upper := range uppers {
		s.Runs = append(s.Runs, made(i+1, upper, 2))
	}
	return s
}

// never is a run in which nobody got in before the fault had ended.
func never(n int) Run {
	r := made(n, 31, 2)
	r.Verdict.Recoveries[0].EndedBy = verdict.Heal
	r.Verdict.Grade, r.Verdict.Findings[0].Grade = verdict.Fail, verdict.Fail
	return r
}

var rule = Rule{Confidence: 0.95, Effect: DefaultEffect}

func compare(t testing.TB, a, b *Set) *Result {
	t.Helper()
	r, err := Of(a, b, rule)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Result) measure(t testing.TB, name string) Measure {
	t.Helper()
	for _, m := range r.Measures {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("there is no %s", name)
	return Measure{}
}

const back = "recovery of staff from dark"

// write lays a run's folder.
func write(t testing.TB, dir string, r Run) {
	t.Helper()
	r.Plan.Seed = r.Verdict.Seed
	text, err := json.Marshal(r.Verdict)
	line, err2 := json.Marshal(history.Event{Seq: 1, Type: history.TypePlan, Plan: r.Plan})
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for name, text := range map[string]string{"verdict.json": string(text),
		"history.jsonl": string(line) + "\n{}\n", "scenario.yaml": "name: dark\nprobes: [{name: staff, every: 100ms}]\n"} {
		put(t, filepath.Join(dir, name), text)
	}
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
