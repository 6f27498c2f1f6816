package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// advice is what to do about a drill that did not pass, each thing once, and nothing where there is nothing to say:
// what a person would have to find out who has read all of the report.
func (d *drill) advice() []string {
	var all []string
	add := func(said string) {
		if said = clean(said); said != "" && !slices.Contains(all, said) {
			all = append(all, said)
		}
	}
	if d.Grade == verdict.Pass || d.Grade == verdict.Skipped {
		return nil
	}
	var last []string // a busy machine seldom is why an objective was missed
	for _, r := range d.Validity.Reasons {
		if r.Code == verdict.Unsteady {
			add(d.classAdvice(r.Probe, math.MinInt64, 0))
		}
		if said := d.codeAdvice(r.Code); r.Code == verdict.LateSchedule || r.Code == verdict.BusyMachine {
			last = append(last, said)
		} else {
			add(said)
		}
	}
	for _, f := range d.Findings {
		if f.Grade == verdict.Fail {
			add(d.findingAdvice(f))
		}
	}
	for _, said := range last {
		add(said)
	}
	return all
}

// codeAdvice is about a note of the validity.
func (d *drill) codeAdvice(code verdict.Code) string {
	switch code {
	case verdict.LateSchedule, verdict.BusyMachine:
		return "give the drill a machine that does nothing else, a longer every, or fewer browsers; " +
			"regiondrill doctor tells what this machine bears"
	case verdict.Unfinished:
		return "undo and conclude what was killed: regiondrill recover " + quote(d.dir)
	case verdict.RigLost:
		return "see to it that what plays KMS stands, and run the drill again"
	case verdict.ProbesDisagree:
		return "compare what failed for each of the probes that disagree, attempt by attempt; they did not meet the same"
	}
	return ""
}

// findingAdvice is about an objective that was missed.
func (d *drill) findingAdvice(f verdict.Finding) string {
	r := d.Recovery(f.Probe, f.Fault)
	if r == nil || r.Effective == nil || r.Healing == nil {
		return ""
	}
	from, to := history.Seconds(float64(*r.Effective)), history.Seconds(float64(*r.Healing))
	if said := d.classAdvice(f.Probe, from, to); said != "" {
		return said
	}
	way := fmt.Sprintf("give %s a way to another Region: a bookmark at the identity provider or a profile of the "+
		"command line (steer of the probe), and tell people of it", f.Probe)
	switch {
	case f.Measure == verdict.ShareOfGood && f.Window != verdict.Baseline && r.EndedBy == verdict.Heal && d.stays(f.Probe):
		return way
	case f.Measure != verdict.RecoveryTime:
		return ""
	case r.EndedBy != verdict.Failover && d.stays(f.Probe):
		return way
	case r.EndedBy == verdict.Heal:
		return fmt.Sprintf("see why the other Region did not take %s while the fault lasted: what their attempts failed "+
			"with is in the report", f.Probe)
	}
	return d.phaseAdvice(f.Probe, r)
}

// stays tells whether a probe's people have no way to another Region.
func (d *drill) stays(probe string) bool {
	p := d.h.Plan.Probe(probe)
	var config struct{ Steer struct{ By string } }
	if p == nil || json.Unmarshal(p.Config, &config) != nil {
		return p != nil // it has no settings
	}
	return config.Steer.By == "" || config.Steer.By == "none"
}

// phaseAdvice is about a recovery that came too late: what took more than half of it.
func (d *drill) phaseAdvice(probe string, r *verdict.Recovery) string {
	if r.Phases == nil || r.RecoveryTimeActual == nil || r.RecoveryTimeActual.Upper == nil {
		return ""
	}
	total := *r.RecoveryTimeActual.Upper
	said := map[string]string{
		"detect":       "find out earlier that people can't get in, or let them find it out themselves",
		"decide":       "let people give up on their home Region earlier (steer.after), or tell them to",
		"steer":        "make the way to the other Region shorter: a bookmark at hand, names that resolve fast",
		"authenticate": "look at what signing in takes in the Region that carried them, step by step, in the report",
		"stabilise":    "look at who failed after the first were in: the Region that carried them did not carry all",
	}
	for _, p := range parts(r.Phases, d.h.Plan.Words(probe)) {
		if 2*p.Took > total {
			return fmt.Sprintf("%s of %s went to %s: %s", span(p.Took), span(total), p.Name, said[p.Name])
		}
	}
	return ""
}

// classAdvice is about why most of a probe's attempts failed that were due in a span of time, where there is a known
// remedy for that.
func (d *drill) classAdvice(probe string, from, to history.Instant) string {
	count := map[history.Class]int{}
	var most *history.Attempt
	for i := range d.h.Attempts {
		a := &d.h.Attempts[i]
		if a.Probe != probe || a.Outcome != history.Bad || a.Due < from || a.Due > to {
			continue
		}
		if count[a.Class]++; most == nil || count[a.Class] >= count[most.Class] {
			most = a
		}
	}
	if most == nil {
		return ""
	}
	switch most.Class {
	case history.ClassIdPACSRefused:
		where := cmp.Or(most.Refused, strings.TrimPrefix(most.Detail, "the identity provider refused "))
		return "register " + where + " at the identity provider as a further ACS URL (in a scenario: system.idp.acs)"
	case history.ClassThrottled:
		return "ask less often (a longer every), or raise the service's quota"
	case history.ClassIdPUnavailable:
		return "see why the identity provider was cut off too: it stands in one place for all Regions, and nobody signs in " +
			"without it"
	case history.ClassIdPLoginRefused:
		return "give the people of " + probe + " accounts and passwords that the identity provider takes"
	}
	if strings.Contains(most.Detail, "kms") || strings.Contains(most.Detail, "KMS") {
		return "look at the key's replica in that Region: its state, and that its policy lets Identity Center and Identity " +
			"Store use it (a replica takes no policy over from the primary)"
	}
	return ""
}
