package analysis_test

import (
	"errors"
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

// told is all that is said of the sound scenario with changes, each "what it says -> what it says instead": mistakes,
// and where there is none remarks.
func told(t *testing.T, changes []string) []string {
	t.Helper()
	text := sound
	for _, change := range changes {
		from, to, _ := strings.Cut(change, " -> ")
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

// TestRules: each change breaks one rule, and the sentence stands at the key and says what to do.
func TestRules(t *testing.T) {
	const steer, rarely = "steer: {by: bookmark, to: eu-west-1, after: 2s}", "every: 100ms, limit: 5s -> every: 1s, limit: 5s"
	for _, c := range []struct {
		name    string
		changes []string
		want    []string
	}{
		{"sound", nil, nil},
		{"no ACS", []string{"bookmarks: -> acs: [us-east-1], bookmarks:"}, []string{
			"3:66: remark: the ACS URL of eu-west-1 is not registered at the IdP, so nobody can sign in there"}},
		{"no bookmark", []string{"[eu-west-1]}} -> []}}"}, []string{
			"9:32: remark: people of staff steer to eu-west-1, for which the IdP has no bookmark (system.idp.bookmarks)"}},
		{"home again", []string{"to: eu-west-1, after -> to: us-east-1, after", "[eu-west-1]}} -> [us-east-1]}}"}, []string{
			"9:32: remark: people of staff steer to us-east-1, which is where they come from"}},
		{"gives up first", []string{"after: 2s -> after: 5s"}, []string{
			"9:50: remark: people of staff give up (limit 5s) before they would steer (after 5s)"}},
		{"no time for the bookmark", []string{"after: 2s -> after: 4065ms"}, []string{
			"9:50: remark: when people of staff steer, 935ms of their limit are left, but by the bookmark of eu-west-1 it takes them " +
				"about 936ms (11 round trips to the Region, 5 to the IdP), so nobody gets in"}},
		{"time for the bookmark", []string{"after: 2s -> after: 4064ms"}, nil},
		{"cold start", []string{"warm_up: 5s -> warm_up: 99ms"}, []string{
			"5:10: staff arrive one every 100ms, so in 99ms of warm-up it may be that nobody is seen in, and the drill can't begin; " +
				"raise warm_up to 100ms and more"}},
		{"cold start of others", []string{"warm_up: 5s -> warm_up: 99ms", sound[strings.Index(sound, "  - {kind: rec"):strings.Index(sound, "  - {kind: lat")] + " -> "}, []string{
			"5:10: remark: staff arrive one every 100ms, so in 99ms of warm-up it may be that nobody of them signs in"}},
		{"recovery longer than the fault", []string{"for: 30s -> for: 14s"}, []string{
			"13:57: could not be measured: within (10s) and sustained.for (5s) together exceed the 14s for which dark lasts; lower them or raise for of dark"}},
		{"as long as the fault", []string{"for: 30s -> for: 15s"}, []string{
			"13:57: remark: within (10s) and sustained.for (5s) leave 0s of the 15s of dark: where it takes longer to be proven, an objective that is missed can't be told"}},
		{"a second to prove it", []string{"for: 30s -> for: 16s"}, nil},
		{"three periods", []string{"every: 100ms, limit -> every: 4s, limit", "for: 30s -> for: 21s", "settle: 20s -> settle: 21s", "at: 10s -> at: 20s", ", p99: 9s -> , max: 9s"}, []string{
			"13:57: could not be measured: within (10s) and sustained.for (12s, which is three periods of staff) together exceed the 21s for which dark lasts; lower them or raise for of dark",
			"14:57: could not be measured: within (10s) and sustained.for (12s, which is three periods of staff) together exceed the 21s of settle; lower them or raise settle"}},
		{"failback longer than settle", []string{"settle: 20s -> settle: 14s"}, []string{
			"14:57: could not be measured: within (10s) and sustained.for (5s) together exceed the 14s of settle; lower them or raise settle"}},
		{"failback cut short by the next fault", []string{"for: 30s} -> for: 30s}\n  - {name: next, kind: region_outage, where: {region: eu-west-1}, at: dark.healed + 14s, for: 1s}"}, []string{
			"15:57: could not be measured: within (10s) and sustained.for (5s) together exceed the 14s until next is requested; lower them or let next come later"}},
		{"nobody arrives", []string{"kind: latency, probe: staff, fault: dark, window: after, p99: 9s -> kind: availability, probe: staff, fault: blink, at_least: 1",
			"for: 30s} -> for: 30s}\n  - {name: blink, kind: region_outage, where: {region: eu-west-1}, at: dark.healed + 16s, for: 100ms}"}, []string{
			"16:33: staff arrive one every 100ms, and the window is open for 100ms only, so it may be that nobody arrives in it; let them arrive more often (every)"}},
		{"no p99", []string{rarely}, []string{
			"15:68: p99 needs 100 sign-ins; 20s of one every 1s are 20; ask for max or p50, or let staff arrive more often (every)"}},
		{"hardly a p95", []string{rarely, "p99 -> p95"}, []string{
			"15:68: remark: p95 needs 20 sign-ins; 20s of one every 1s are 20, so one that fails may leave it unknown"}},
		{"coarse", []string{"every: 100ms, limit: 5s -> every: 1s, limit: 2s", "after: 2s -> after: 1s", "within: 10s} -> within: 2s}", "p99 -> p50"}, []string{
			"13:57: remark: staff arrive one every 1s, so the number will be about as wide, which can't tell 2s from 1s; let them arrive more often (every)",
			"13:57: remark: the limit of staff (2s) is more than half of within (2s), so two sign-ins that hang one after the other use it up"}},
		{"ratio of nobody", []string{"within: 10s} -> within: 10s, sustained: {ratio: 0}}"}, []string{
			"13:81: remark: a ratio of 0 holds where nobody gets in, so the first who does counts for all"}},
		{"short baseline", []string{"at: 10s -> at: 400ms"}, []string{
			"11:71: remark: only 4 of staff sign in between the warm-up and dark, so the baseline is filled from the warm-up"}},
		{"no baseline", []string{"at: 10s -> at: 100ms", "warm_up: 5s -> warm_up: 100ms"}, []string{
			"11:71: remark: only 2 of staff sign in before dark, the warm-up included, so that they were not interrupted can't be told; raise at or warm_up"}},
		{"nobody steers", []string{steer + " -> connections: kept"}, []string{
			"13:29: remark: nobody of staff steers, so whom dark keeps out only its end brings back, and this check then never passes"}},
		{"nobody steers who need not", []string{steer + " -> connections: kept", "where: {region: us-east-1} -> where: {region: eu-west-1}"}, nil},
	} {
		if got := told(t, c.changes); !slices.Equal(got, c.want) {
			t.Errorf("%s: it says\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestAllDark: that nobody can be back is a verdict all the same, and no mistake.
func TestAllDark(t *testing.T) {
	for at, want := range map[string]int{"10s": 1, "9s": 1, "11s": 0} {
		text := strings.Replace(sound, "checks:", "  - {name: too, kind: region_outage, where: {region: eu-west-1}, at: "+at+", for: 31s}\nchecks:", 1)
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
