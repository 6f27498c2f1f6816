package checks

import (
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// judged is a completed run of one probe and one fault.
func judged() *history.History {
	return &history.History{
		Plan: history.Plan{
			Probes: []history.Probe{{Name: "staff", Home: "us-east-1"}},
			Faults: []history.Fault{{Name: "dark"}},
		},
		End: &history.End{Reason: history.Completed, Undone: true},
	}
}

var about = pair{Probe: "staff", Fault: "dark"}

// TestFailback tells a home that was watched for long enough and stayed away from one that was not: where the undo was
// slow, settling ends before the objective has passed, and nobody has missed it yet.
func TestFailback(t *testing.T) {
	upper := verdict.Seconds(2.936)
	back := verdict.Interval{Lower: 2.9, Upper: &upper}
	for name, c := range map[string]struct {
		failback verdict.Interval
		reason   string
		within   time.Duration
		watched  float64
		want     verdict.Grade
	}{
		"in time":                 {back, history.Completed, 10 * time.Second, 15, verdict.Pass},
		"in time to the digit":    {back, history.Completed, 2936 * time.Millisecond, 15, verdict.Pass},
		"within the interval":     {back, history.Completed, 2935999 * time.Microsecond, 15, verdict.Unknown},
		"too late":                {back, history.Completed, 2899 * time.Millisecond, 15, verdict.Fail},
		"in time, hardly watched": {back, history.Completed, 10 * time.Second, 1, verdict.Pass},
		"too late, not watched":   {back, history.Completed, 2899 * time.Millisecond, 2.8, verdict.Unknown},
		"never":                   {verdict.Interval{Lower: 15}, history.Completed, 10 * time.Second, 10, verdict.Fail},
		"not watched for so long": {verdict.Interval{Lower: 9.9}, history.Completed, 10 * time.Second, 4.9, verdict.Unknown},
		"stopped":                 {verdict.Interval{Lower: 15}, history.Interrupted, 10 * time.Second, 10, verdict.Unknown},
	} {
		h := judged()
		h.End.Reason = c.reason
		healed, watched := verdict.Seconds(40), verdict.Seconds(c.watched)
		m := &verdict.Measures{Recoveries: []verdict.Recovery{{
			Probe: "staff", Fault: "dark", Healed: &healed, Failback: &c.failback, FailbackWatched: &watched,
		}}}
		f := (&Failback{pair: about, Within: c.within}).Check(h, m)
		if f.Grade != c.want {
			t.Errorf("%s: %s, %s; want %s", name, f.Grade, f.Summary, c.want)
		}
	}
}

// TestObjectivesAreMetToTheMicrosecond goes through objectives whose seconds no binary fraction has exactly.
func TestObjectivesAreMetToTheMicrosecond(t *testing.T) {
	for us := history.Instant(1); us < 100_000_000; us += 77_773 {
		if actual := verdict.Seconds(us.Seconds()); actual != seconds(us.Duration()) {
			t.Fatalf("%s s is measured as %v and asked for as %v", us, float64(actual), float64(seconds(us.Duration())))
		}
	}
}

// TestBecauseIsTheSameEachTime: the order of a map decides nothing, a class without a name included.
func TestBecauseIsTheSameEachTime(t *testing.T) {
	h := judged()
	m := &verdict.Measures{Windows: []verdict.Window{{Probe: "staff", Fault: "dark", Window: verdict.Fault, Bad: 9,
		Classes: map[string]int{"": 3, "timeout": 3, "reset": 2, "refused": 1}}}}
	for range 100 {
		said := because(h, m, "staff", "dark", verdict.Fault)
		if !strings.HasSuffix(said, "9 attempts failed, 3 of them saying: nothing") {
			t.Fatal(said)
		}
	}
}

// TestWatchedToTheMicrosecond: 11.3 s and 5.4 s are 16.7 s, whatever binary fractions make of it.
func TestWatchedToTheMicrosecond(t *testing.T) {
	h := judged()
	h.Plan.Sustained = []history.Sustained{{Probe: "staff", Fault: "dark", For: history.Seconds(5.4)}}
	watched, upper := verdict.Seconds(16.7), verdict.Seconds(16.9)
	r := verdict.Recovery{Probe: "staff", Fault: "dark", Effective: &watched, EndedBy: verdict.Heal, Watched: &watched,
		RecoveryTimeActual: &verdict.Interval{Lower: 16.8, Upper: &upper}}
	for within, want := range map[time.Duration]verdict.Grade{
		11300 * time.Millisecond:    verdict.Fail,
		11300001 * time.Microsecond: verdict.Unknown,
	} {
		f := (&Recovery{pair: about, Within: within}).Check(h, &verdict.Measures{Recoveries: []verdict.Recovery{r}})
		if f.Grade != want {
			t.Errorf("within %s: %s, %s; want %s", within, f.Grade, f.Summary, want)
		}
	}
}

// TestAskedAsItWas: an objective is written with the digits that it has.
func TestAskedAsItWas(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2977438 * time.Microsecond: "2.977438 s", 1500 * time.Millisecond: "1.5 s", 100 * time.Millisecond: "100 ms",
	} {
		if got := asked(d); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestNoSentenceContradictsItsNumber: what rounding would put on the other side of the objective is told with all
// digits, and under a measurement that isn't valid nothing is called missed.
func TestNoSentenceContradictsItsNumber(t *testing.T) {
	for _, c := range []struct {
		want         string
		lower, upper verdict.Seconds
		within       time.Duration
		validity     verdict.Grade
	}{
		{"staff were back after 3.0005 s to 3.041855 s, through eu-west-1, which misses the objective of 3 s",
			3.0005, 3.041855, 3 * time.Second, verdict.Pass},
		{"staff were back after 2.93603 s to 2.977438 s, through eu-west-1 (objective 2.978 s)",
			2.93603, 2.977438, 2978 * time.Millisecond, verdict.Pass},
		{"staff were back after 2.93 to 2.98 s, through eu-west-1 (objective 2.98 s)",
			2.93603, 2.977438, 2980 * time.Millisecond, verdict.Pass},
		{"staff were back after 3.10 to 3.20 s, through eu-west-1, which would be later than " +
			"the objective of 3 s if it could be believed",
			3.1, 3.2, 3 * time.Second, verdict.Unknown},
	} {
		watched := verdict.Seconds(30)
		m := &verdict.Measures{Validity: verdict.Validity{Grade: c.validity}, Recoveries: []verdict.Recovery{{
			Probe: "staff", Fault: "dark", Effective: &watched, EndedBy: verdict.Failover, RecoveredIn: "eu-west-1",
			Watched: &watched, RecoveryTimeActual: &verdict.Interval{Lower: c.lower, Upper: &c.upper},
		}}}
		if got := (&Recovery{pair: about, Within: c.within}).Check(judged(), m).Summary; got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// TestLatencyOnABusyMachine: what this machine may have added makes nobody miss an objective, and nobody meet it.
func TestLatencyOnABusyMachine(t *testing.T) {
	took := func(p95 verdict.Seconds) *verdict.Latency { return &verdict.Latency{P95: p95} }
	upTo := func(p95 verdict.Seconds) *verdict.LatencyUpper { return &verdict.LatencyUpper{P95: &p95} }
	for name, c := range map[string]struct {
		least *verdict.Latency
		took  verdict.Seconds
		want  verdict.Grade
		says  string
		most  *verdict.LatencyUpper
	}{
		"a machine at rest":    {nil, 0.51, verdict.Fail, "p95 510 ms (objective 500 ms)", nil},
		"in time all the same": {took(0.2), 0.5, verdict.Pass, "p95 500 ms (objective 500 ms)", nil},
		"the machine's doing": {took(0.5), 0.8, verdict.Unknown,
			"of which the system needed at least 500 ms: for the rest this machine stood still", nil},
		"too slow without it":        {took(0.501), 0.8, verdict.Fail, "p95 800 ms (objective 500 ms)", nil},
		"unseen ones change nothing": {nil, 0.3, verdict.Pass, "p95 300 ms (objective 500 ms)", upTo(0.5)},
		"unseen ones may be slow":    {nil, 0.3, verdict.Unknown, "500 ms), and of 2 nobody knows", upTo(0.6)},
		"nobody knows how slow": {nil, 0.3, verdict.Unknown, "and of 2 nobody knows",
			&verdict.LatencyUpper{}},
		"unseen ones may be quick": {took(0.4), 0.6, verdict.Unknown, "was 400 ms at least: of 2 nobody knows", upTo(0.8)},
	} {
		m := &verdict.Measures{Windows: []verdict.Window{{Probe: "staff", Fault: "dark", Window: verdict.Fault,
			Attempts: 40, Good: 40, Observed: true, Latency: took(c.took), LatencyLower: c.least, LatencyUpper: c.most}}}
		if c.most != nil {
			m.Windows[0].Good, m.Windows[0].Dropped = 38, 2
		}
		f := (&Latency{pair: about, Window: verdict.Fault, P95: 500 * time.Millisecond}).Check(judged(), m)
		if f.Grade != c.want || !strings.Contains(f.Summary, c.says) {
			t.Errorf("%s: %s, %s; want %s", name, f.Grade, f.Summary, c.want)
		}
	}
}
