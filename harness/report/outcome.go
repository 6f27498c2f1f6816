package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// place is a Region for people: "N. Virginia (us-east-1)". One that isn't known is shown by its code alone.
func place(region string) string {
	if r, known := names.RegionOf(region); known {
		return placeName(r) + " (" + region + ")"
	}
	return clean(region)
}

// placeName is the place alone, where it says enough: there are a Central Canada and a Central Mexico.
func placeName(r names.Region) string {
	if r.Place == "Central" || strings.HasPrefix(r.Place, "US-") {
		return r.Area + " " + r.Place
	}
	return r.Place
}

// gradeWords are the grades as a headline has them.
var gradeWords = map[verdict.Grade]string{
	verdict.Pass: "PASS", verdict.Fail: "FAIL", verdict.Unknown: "UNKNOWN", verdict.Skipped: "SKIPPED",
}

func gradeWord(g verdict.Grade) string {
	if w := gradeWords[g]; w != "" {
		return w
	}
	return "UNKNOWN"
}

// headline is the outcome in one sentence, without the grade.
func (d *drill) headline() string {
	if d.set != nil {
		return setLine(d.set)
	}
	for _, i := range d.Invariants {
		if i.Violations > 0 {
			return fmt.Sprintf("%s must never happen, and it did: %s.", clean(i.Name), plural(i.Violations, "time"))
		}
	}
	switch d.Grade {
	case verdict.Pass:
		if f := d.firstPassed(); f != nil {
			return d.told(*f)
		}
		return d.withoutChecks()
	case verdict.Fail:
		return d.missed()
	case verdict.Skipped:
		return sentence("the drill was not run: " + strings.Join(d.Validity.Notes, "; "))
	}
	return d.doubt()
}

// firstPassed is the finding that a reader wants first: a recovery, else whatever passed.
func (d *drill) firstPassed() *verdict.Finding {
	var first *verdict.Finding
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.Grade != verdict.Pass {
			continue
		}
		if f.Measure == verdict.RecoveryTime {
			return f
		}
		if first == nil {
			first = f
		}
	}
	return first
}

// told is a finding after what it is about.
func (d *drill) told(f verdict.Finding) string {
	if lead := d.happened(f.Fault); lead != "" {
		return sentence(lead + "; " + f.Summary)
	}
	return sentence(f.Summary)
}

// happened says of a fault what it was and how long it lasted: "N. Virginia (us-east-1) was out for 30 s". Empty where
// that was never proven.
func (d *drill) happened(fault string) string {
	f := d.h.Plan.Fault(fault)
	for _, r := range d.Recoveries {
		if f == nil || r.Fault != fault || r.Effective == nil || r.Healing == nil {
			continue
		}
		lasted := span(*r.Healing - *r.Effective)
		if slices.Contains(f.Isolated(), f.Region) {
			return fmt.Sprintf("%s was out for %s", place(f.Region), lasted)
		}
		return fmt.Sprintf("%s (%s) lasted %s", clean(fault), clean(f.Summary), lasted)
	}
	return ""
}

// missed tells the first objective that was missed, and how many more were.
func (d *drill) missed() string {
	said, more := "", 0
	for _, f := range d.Findings {
		switch {
		case f.Grade != verdict.Fail:
		case said == "":
			said = d.told(f)
		default:
			more++
		}
	}
	switch more {
	case 0:
		return said
	case 1:
		return said + " One more objective was missed."
	}
	return fmt.Sprintf("%s %d more objectives were missed.", said, more)
}

// doubt tells why nobody can say.
func (d *drill) doubt() string {
	switch {
	case len(d.Validity.Reasons) > 0 && d.Validity.Reasons[0].Code == verdict.NotBegun:
		return sentence(d.notes()[0])
	case d.Validity.Grade != verdict.Pass && len(d.Validity.Notes) > 0:
		return sentence("nobody can say, because the measurement is not valid: " + d.notes()[0])
	case d.Validity.Grade != verdict.Pass:
		return "nobody can say, because the measurement is not valid."
	}
	for _, f := range d.Findings {
		if f.Grade == verdict.Unknown {
			return sentence(f.Summary)
		}
	}
	return "nobody can say."
}

// notes are those of the validity, as they may be shown: what ends belief stands before mere remarks.
func (d *drill) notes() []string {
	var notes []string
	for _, n := range d.Validity.Notes {
		notes = append(notes, clean(n))
	}
	return notes
}

// withoutChecks is the headline of a drill that asked for nothing.
func (d *drill) withoutChecks() string {
	r := d.headlineRecovery()
	if r == nil {
		return "nothing was asked of this drill."
	}
	said := clean(r.Probe) + ": recovery time actual " + bounds(r.RecoveryTimeActual) + "; no objective was given"
	if lead := d.happened(r.Fault); lead != "" {
		said = lead + "; " + said
	}
	return sentence(said)
}

// lossWords says what the people of a probe lost while a fault lasted.
func (d *drill) lossWords(r *verdict.Recovery) string {
	l, people := r.Loss, d.h.Plan.Words(r.Probe)
	unseen := ""
	if l.Unseen > 0 {
		unseen = fmt.Sprintf("; what would have come of %s more nobody knows", group(l.Unseen))
	}
	if l.Attempts == 0 {
		return "nobody was seen while it lasted" + unseen
	}
	failed := fmt.Sprintf("none of %s failed", plural(l.Attempts, people.One))
	switch {
	case l.Attempts == 1 && l.Failed == 0:
		failed = "the only " + people.One + " did not fail"
	case l.Attempts == 1:
		failed = "the only " + people.One + " failed"
	case l.Failed > 0:
		failed = fmt.Sprintf("%s of %s failed", group(l.Failed), plural(l.Attempts, people.One))
	}
	failed += unseen
	switch {
	case l.Failed >= l.Attempts:
		return failed
	case !l.Compared:
		return failed + "; too few came before to tell how much longer the others waited"
	case l.ExtraMax == 0:
		return failed + "; nobody waited longer than usual"
	}
	if l.Attempts-l.Failed == 1 {
		return fmt.Sprintf("%s; whoever %s waited %s longer than usual", failed, people.Did, span(l.ExtraMax))
	}
	worst := span(l.ExtraMax) + " at worst"
	if span(l.ExtraMedian) == span(l.ExtraMax) {
		worst = "and nobody longer"
	}
	return fmt.Sprintf("%s; those who %s waited %s longer than usual (median), %s", failed, people.Did,
		span(l.ExtraMedian), worst)
}

// slowed tells whether nothing else befell people than that their own Region was slower while the fault lasted, as it
// is where a machine is busy: of them it would mislead to say that they were back.
func slowed(r *verdict.Recovery) bool {
	return r.EndedBy == verdict.Home && r.Loss.Attempts > 0 && r.Loss.Failed == 0 && r.Loss.Unseen == 0
}

// endedWords says what brought people back.
func (d *drill) endedWords(r *verdict.Recovery) string {
	i, again := r.RecoveryTimeActual, d.h.Plan.Words(r.Probe).Again
	switch {
	case r.Effective == nil:
		return "not measured: the fault was never proven in force"
	case len(r.Doubts) > 0 && i == nil:
		return "nobody can say: " + clean(strings.Join(r.Doubts, "; "))
	case i == nil:
		return "nobody can say"
	case slowed(r):
		return "nobody had failed: their own Region " + place(r.RecoveredIn) + " was slower with some for that long"
	case r.EndedBy == verdict.Home:
		return "while the fault lasted, in their own Region " + place(r.RecoveredIn)
	case r.EndedBy == verdict.Failover && r.RecoveredIn == r.Home:
		return "while the fault lasted, some in their own Region " + place(r.Home) + " and others by failing over"
	case r.EndedBy == verdict.Failover:
		return "by failing over to " + place(r.RecoveredIn)
	case r.EndedBy == verdict.Heal && len(r.Broken) > 0 && i.Upper != nil && *i.Upper < *r.Healing-*r.FirstEffective:
		return again + ", but the fault ended before that could be seen to last"
	case r.EndedBy == verdict.Heal && len(r.Broken) > 0 && r.Watched != nil && i.Lower < *r.Watched:
		return "for good at the latest when the fault ended"
	case r.EndedBy == verdict.Heal && len(r.Broken) > 0:
		return "for good only when the fault ended: nobody stayed in before"
	case r.EndedBy == verdict.Heal:
		return "only when the fault ended: nobody failed over"
	case r.EndedBy == verdict.None:
		return "not interrupted"
	case i.Upper != nil:
		return again + ", but the fault ended before that could be seen to last"
	case r.TimeToFirstSuccess != nil && r.TimeToFirstSuccess.Upper != nil && i.Lower <= *r.TimeToFirstSuccess.Upper:
		return again + ", but it was not seen to last"
	}
	return "never came back while anybody watched"
}

// before says what those met who came before anybody could get in, where that was most of a recovery: nobody can be
// detected to be back who does not come, so a long detect is explained by who was turned away, and where. Empty: it was
// short, or nobody failed.
func (d *drill) before(r *verdict.Recovery) string {
	if r.Phases == nil || r.RecoveryTimeActual.Upper == nil || 2*r.Phases.Detect < *r.RecoveryTimeActual.Upper {
		return ""
	}
	n, said := 0, ""
	for i := range d.h.Attempts {
		a := &d.h.Attempts[i]
		since := verdict.Seconds(a.Due.Seconds())
		if a.Probe != r.Probe || a.Outcome != history.Bad || since < *r.FirstEffective ||
			since > *r.FirstEffective+r.Phases.Detect {
			continue
		}
		if n++; said == "" {
			said = cmp.Or(a.Detail, string(a.Class))
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("until then %s of %s, at home in %s, failed: %s",
		plural(n, d.h.Plan.Words(r.Probe).One), clean(r.Probe), place(r.Home), clean(said))
}

// drawn tells whether the drill measured a recovery that can be believed, so that how many more it takes is of
// interest.
func (d *drill) drawn() bool {
	return d.Validity.Grade == verdict.Pass && slices.ContainsFunc(d.Recoveries, func(r verdict.Recovery) bool {
		return r.RecoveryTimeActual != nil
	})
}

// oneDraw says what no single drill can say, and how many it would take.
func oneDraw() string {
	return fmt.Sprintf("One drill is one draw: it tells what happened once, not what is typical. Repeat it (--repeat): "+
		"with no miss in %d runs the objectives are met in at least 90 of 100 (95 %% confidence), "+
		"with none in %d in at least 95 of 100.", inference.Needed(0.90, 0.95), inference.Needed(0.95, 0.95))
}

// part is one phase of a recovery.
type part struct {
	Name  string
	Means string
	Took  verdict.Seconds
}

func parts(p *verdict.Phases, people history.Words) []part {
	if p == nil {
		return nil
	}
	means := [...]string{"until somebody came who could " + people.Do + ", or it was noticed",
		"until they gave up on their home Region", "until they first reached the Region that carried them",
		"until they " + people.Did, "until it stayed so for everybody"}
	var all []part
	for i, took := range p.Each() {
		all = append(all, part{verdict.PhaseNames[i], means[i], took})
	}
	return all
}

// skippedProbes says why browser probes didn't run, empty where they did or none was asked for.
func skippedProbes(plan *history.Plan) string {
	if plan.WithoutBrowser == "" {
		return ""
	}
	var names []string
	for _, p := range plan.Probes {
		if p.Skipped {
			names = append(names, clean(p.Name))
		}
	}
	if len(names) == 0 { // none was asked for
		return ""
	}
	return "No browser took part (" + clean(plan.WithoutBrowser) + "): " + strings.Join(names, ", ") + " did not run."
}

// watchedHome is how long after a fault it was looked who is carried at home. Untold is that they were back as far as
// could be seen, and that it was too short to see them stay.
func (d *drill) watchedHome(r *verdict.Recovery) (watched verdict.Seconds, untold bool) {
	if r.Failback == nil || r.FailbackWatched == nil {
		return 0, false
	}
	p := d.h.Plan.Probe(r.Probe)
	if p == nil {
		return 0, false
	}
	window := d.h.Plan.SustainedFor(r.Probe, r.Fault).Window(p.Every)
	watched = *r.FailbackWatched + verdict.Seconds(window.Seconds())
	return watched, r.Failback.Upper == nil && len(r.FailbackEvidence) > 0
}
