package report

import (
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TestAdvice: what failed says what to do, where most of a late recovery went says what to shorten, a busy machine says
// so, and who passed is told nothing.
func TestAdvice(t *testing.T) {
	seconds := func(s float64) *verdict.Seconds { v := verdict.Seconds(s); return &v }
	for name, c := range map[string]struct {
		change func(d *drill)
		says   string // "": nothing
	}{
		"passed": {func(d *drill) { d.Grade = verdict.Pass }, ""},
		"an ACS that isn't registered": {func(d *drill) {
			d.h.Attempts = []history.Attempt{{Probe: "staff", Outcome: history.Bad, Due: history.Seconds(12), Class: history.ClassIdPACSRefused,
				Detail: "the identity provider refused the ACS URL of eu-west-1", Refused: "https://eu-west-1.signin.aws/platform/saml/acs/75"}}
		}, "register https://eu-west-1.signin.aws/platform/saml/acs/75 at the identity provider"},
		"a key": {func(d *drill) {
			d.h.Attempts = []history.Attempt{{Probe: "staff", Outcome: history.Bad, Due: history.Seconds(12), Class: history.ClassACSRejected,
				Detail: "the sign-in service of eu-west-1 rejected the sign-in (kms)"}}
		}, "look at the key's replica"},
		"before the fault": {func(d *drill) {
			d.h.Attempts = []history.Attempt{{Probe: "staff", Outcome: history.Bad, Due: history.Seconds(5), Class: history.ClassThrottled}}
		}, "5.00 s of 6.00 s went to decide: let people give up"},
		"nobody steered": {func(d *drill) { d.Recoveries[0].EndedBy = verdict.Heal }, "give staff a way to another Region"},
		"nobody steered, by their availability": {func(d *drill) {
			d.Recoveries[0].EndedBy, d.Findings[0].Measure = verdict.Heal, verdict.ShareOfGood
			d.Validity.Reasons = []verdict.Reason{{Code: verdict.BusyMachine}}
		}, "give staff a way to another Region: a bookmark at the identity provider or a profile of the command line (steer of the " +
			"probe), and tell people of it|give the drill a machine that does nothing else"},
		"the other Region failed": {func(d *drill) {
			d.Recoveries[0].EndedBy = verdict.Heal
			d.h.Plan.Probes[0].Config = []byte(`{"steer":{"by":"bookmark"}}`)
		}, "see why the other Region did not take staff"},
		"a busy machine": {func(d *drill) {
			d.Grade, d.Findings = verdict.Unknown, nil
			d.Validity.Reasons = []verdict.Reason{{Code: verdict.BusyMachine}, {Code: verdict.LateSchedule}}
		}, "regiondrill doctor tells what this machine bears"},
		"killed": {func(d *drill) {
			d.Findings, d.dir = nil, "runs/x y"
			d.Validity.Reasons = []verdict.Reason{{Code: verdict.Unfinished}}
		}, "regiondrill recover 'runs/x y'"},
	} {
		d := open(nil)
		d.Grade = verdict.Fail
		d.h.Plan.Probes = []history.Probe{{Name: "staff"}}
		d.Findings = []verdict.Finding{{Grade: verdict.Fail, Subject: verdict.Subject{Probe: "staff", Fault: "dark", Measure: verdict.RecoveryTime}}}
		d.Recoveries = []verdict.Recovery{{Probe: "staff", Fault: "dark", EndedBy: verdict.Failover, Effective: seconds(10), Healing: seconds(20),
			RecoveryTimeActual: &verdict.Interval{Lower: 5, Upper: seconds(6)}, Phases: &verdict.Phases{Decide: 5, Authenticate: 1}}}
		c.change(d)
		if got := d.advice(); c.says == "" && got != nil || c.says != "" && !strings.Contains(strings.Join(got, "|"), c.says) ||
			len(got) > 1+strings.Count(c.says, "|") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestAnAddressCanBeCopied: in the text it stands whole on its line, in the summary as code without what Markdown needs.
func TestAnAddressCanBeCopied(t *testing.T) {
	const acs = "https://eu-west-1.signin.aws/platform/saml/acs/75732d656173742d312d65906cbd-e3fa-4466-8c7f-2b525dbcc910"
	r := sample(t, "never-recovered")
	for i := range r.History.Attempts {
		if a := &r.History.Attempts[i]; a.Outcome == history.Bad {
			a.Class, a.Refused = history.ClassIdPACSRefused, acs
		}
	}
	if said := text(t, r, false); !strings.Contains(said, "\n    "+acs+"\n") || !strings.Contains(said, "register the address below") {
		t.Errorf("the text is\n%s", said)
	}
	if said := string(export(t, "summary.md", r)); !strings.Contains(said, "`"+acs+"`") {
		t.Errorf("the summary is\n%s", said)
	}
}
