package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// The rules of a review. A new one is a function and a line here.
var (
	systemRules = []func(*review){unregistered, nothingAsked, noRoundTrip}
	probeRules  = []func(*review, scenario.Probe, history.Probe){coldStart, noBookmark, homeAgain, lateSteer}
	checkRules  = []func(*review, *objective){
		tooShort, tightGap, nobodyArrives, fewForQuantile, neverDone, // mistakes
		noTimeToProve, coarse, slowToGiveUp, nobodyAsked, shortBaseline, nobodySteers, allDark,
	}
)

// A sign-in by the bookmark takes this many round trips to the Region and to the identity provider: worked out by hand,
// and held against the lab by its TestFlagshipByHand.
const (
	tripsToRegion = 11
	tripsToIdP    = 5
)

// proving is how much longer than the objective and a window a fault should last, so that there is time to prove it.
const proving = history.Instant(time.Second / time.Microsecond)

// unregistered: the drill shows what then happens, and that may be what it is for.
func unregistered(r *review) {
	for _, region := range r.plan.Regions {
		asked := cmp.Or(r.s.System.Behaviour.PortalACS, names.ACSIPv4)
		if r.s.System.Instance.LegacyACS && region == r.plan.Primary {
			asked = names.ACSLegacy
		}
		var forms []string // in which the Region is registered
		for _, entry := range r.s.System.IdP.ACS {
			if of, form, _ := strings.Cut(entry, "/"); of == region {
				forms = append(forms, cmp.Or(form, names.ACSIPv4))
			}
		}
		switch {
		case slices.Contains(forms, asked):
		case len(forms) > 0:
			r.remark(r.s.Block, "system.idp.acs", "the ACS URL of %s is registered as %s alone, and its portal asks for the "+
				"form %s, so nobody can sign in there", region, strings.Join(forms, ", "), asked)
		default:
			r.remark(r.s.Block, "system.idp.acs",
				"the ACS URL of %s is not registered at the IdP, so nobody can sign in there", region)
		}
	}
}

// nothingAsked: such a drill passes whatever happens, as one whose checks were lost does.
func nothingAsked(r *review) {
	if len(r.s.Checks) == 0 {
		r.remark(r.s.Block, "name", "no check asks anything of this drill, so that it passes whatever happens; add checks")
	}
}

// noRoundTrip: a Region that was forgotten is as near as one's own machine, and recovers too soon.
func noRoundTrip(r *review) {
	for _, v := range r.s.Vantages {
		var missing []string
		for _, place := range append(slices.Clone(r.plan.Regions), names.IdPPlace) {
			if _, said := v.RTT[place]; !said && r.visited(v.Name, place) {
				missing = append(missing, place)
			}
		}
		if len(v.RTT) > 0 && len(missing) > 0 {
			r.remark(v.Block, "rtt", "%s says no rtt to %s, so that it is taken as 0s", v.Name,
				strings.Join(missing, ", "))
		}
	}
}

// visited tells whether people of a vantage go to a place: all go to the identity provider.
func (r *review) visited(vantage, place string) bool {
	return slices.ContainsFunc(r.s.Probes, func(p scenario.Probe) bool {
		return p.From == vantage && (place == names.IdPPlace || place == p.Home || place == r.steering[p.Name].To)
	})
}

// coldStart: a probe that a check of recovery names must be seen to work before anything is taken away.
func coldStart(r *review, p scenario.Probe, rec history.Probe) {
	if r.plan.WarmUp >= rec.Every {
		return
	}
	if rec.Gated {
		r.mistake(r.s.Block, "warm_up", "%s arrive one every %v, so in %v of warm-up it may be that nobody is seen in, "+
			"and the drill can't begin; raise warm_up to %v and more", p.Name, p.Every, r.s.WarmUp, p.Every)
		return
	}
	r.remark(r.s.Block, "warm_up", "%s arrive one every %v, so in %v of warm-up it may be that nobody of them signs in",
		p.Name, p.Every, r.s.WarmUp)
}

// noBookmark: at AWS nothing makes one by itself.
func noBookmark(r *review, p scenario.Probe, _ history.Probe) {
	steer := r.steering[p.Name]
	if to := steer.To; steer.By == harness.ByBookmark && to != "" && !slices.Contains(r.s.System.IdP.Bookmarks, to) {
		r.remark(p.Block, "steer.to",
			"people of %s steer to %s, for which the IdP has no bookmark (system.idp.bookmarks)", p.Name, to)
	}
}

func homeAgain(r *review, p scenario.Probe, _ history.Probe) {
	if to := r.steering[p.Name].To; to != "" && to == p.Home {
		r.remark(p.Block, "steer.to", "people of %s steer to %s, which is where they come from", p.Name, to)
	}
}

// lateSteer: who gives up on home too late has no time left to get in elsewhere.
func lateSteer(r *review, p scenario.Probe, _ history.Probe) {
	steer := r.steering[p.Name]
	if steer.To == "" {
		return
	}
	left := p.Limit - steer.After
	if left <= 0 {
		r.remark(p.Block, "steer.after",
			"people of %s give up (limit %v) before they would steer (after %v)", p.Name, p.Limit, steer.After)
		return
	}
	i := slices.IndexFunc(r.s.Vantages, func(v scenario.Vantage) bool { return v.Name == p.From })
	if i < 0 {
		return
	}
	rtt := r.s.Vantages[i].RTT
	if steer.By != harness.ByBookmark {
		return
	}
	if takes := tripsToRegion*rtt[steer.To] + tripsToIdP*rtt[names.IdPPlace]; left < takes {
		r.remark(p.Block, "steer.after", "when people of %s steer, %v of their limit are left, but by the bookmark of %s "+
			"it takes them about %v (%d round trips to the Region, %d to the IdP), so nobody gets in",
			p.Name, left, steer.To, takes, tripsToRegion, tripsToIdP)
	}
}

// tooShort: to miss an objective takes that all of it was watched, and to meet it that people were seen to stay.
func tooShort(r *review, o *objective) {
	if o.within == 0 || o.fault.For == 0 || o.within+o.lasting <= o.watched {
		return
	}
	open, remedy := fmt.Sprintf("for which %s lasts", o.fault.Name), "raise for of "+o.fault.Name
	switch {
	case o.window != verdict.Fault && o.next != "":
		open, remedy = fmt.Sprintf("until %s is requested", o.next), fmt.Sprintf("let %s come later", o.next)
	case o.window != verdict.Fault:
		open, remedy = "of settle", "raise settle"
	}
	r.mistake(o.Block, "within",
		"could not be measured: within (%v) and sustained.for (%s) together exceed the %v %s; lower them or %s",
		o.within.Duration(), counting(r.plan, o), o.watched.Duration(), open, remedy)
}

// tightGap: where people come less often than the gap is long, every period would break it, whoever gets in.
func tightGap(r *review, o *objective) {
	gap := r.plan.SustainedFor(o.probe.Name, o.fault.Name).Gap
	if o.check.Subject().Sustained == nil || gap == 0 || gap >= 3*o.probe.Every {
		return
	}
	r.mistake(o.Block, "sustained.gap", "could not be measured: %v is less than three periods of %s (%v), "+
		"so that people who get in one after the other would break it; raise it to that, or leave it out",
		gap.Duration(), o.probe.Name, (3 * o.probe.Every).Duration())
}

// counting is sustained.for as it was asked for, and as it counts.
func counting(plan *history.Plan, o *objective) string {
	asked := plan.SustainedFor(o.probe.Name, o.fault.Name).For
	if asked >= o.lasting {
		return fmt.Sprint(o.lasting.Duration())
	}
	return fmt.Sprintf("%v, which is three periods of %s", o.lasting.Duration(), o.probe.Name)
}

// nobodyArrives: where a window is no longer than a period, whether anybody arrives in it is a matter of luck. What
// asks when people are back is told so by tooShort.
func nobodyArrives(r *review, o *objective) {
	every := o.probe.Every
	if every == 0 || o.fault.For == 0 || o.within > 0 || o.window == verdict.Baseline || o.watched > every {
		return
	}
	r.mistake(o.Block, "probe", "%s arrive one every %v, and the window is open for %v only, "+
		"so it may be that nobody arrives in it; let them arrive more often (every)",
		o.probe.Name, every.Duration(), o.watched.Duration())
}

// fewForQuantile: of few sign-ins, a high quantile is their slowest or nothing.
func fewForQuantile(r *review, o *objective) {
	if o.probe.Every == 0 || o.fault.For == 0 {
		return
	}
	expected := int(o.watched / o.probe.Every)
	most := expected + 1
	if o.window == verdict.Fault { // who is on the way when it begins belongs to it too
		most += int(o.probe.Limit / o.probe.Every)
	}
	for _, q := range o.check.Subject().Quantiles {
		sum := fmt.Sprintf("%s needs %d sign-ins; %v of one every %v are %d",
			q.Key, q.Needs, o.watched.Duration(), o.probe.Every.Duration(), expected)
		switch {
		case most < q.Needs:
			r.mistake(o.Block, q.Key, "%s; ask for max or p50, or let %s arrive more often (every)", sum, o.probe.Name)
		case expected <= q.Needs:
			r.remark(o.Block, q.Key, "%s, so one that fails may leave it unknown", sum)
		}
	}
}

// noTimeToProve: a fault counts from when it is proven in force, and ends when it was to end.
func noTimeToProve(r *review, o *objective) {
	spare := o.watched - o.within - o.lasting
	if o.within == 0 || o.window != verdict.Fault || spare < 0 || spare >= proving {
		return
	}
	r.remark(o.Block, "within", "within (%v) and sustained.for (%s) leave %v of the %v of %s: "+
		"where it takes longer to be proven, an objective that is missed can't be told",
		o.within.Duration(), counting(r.plan, o), spare.Duration(), o.fault.For.Duration(), o.fault.Name)
}

// coarse: between two people who arrive nobody looks.
func coarse(r *review, o *objective) {
	if every := o.probe.Every; o.within > 0 && 2*every >= o.within {
		r.remark(o.Block, "within", "%s arrive one every %v, so the number will be about as wide, which can't tell %v "+
			"from %v; let them arrive more often (every)",
			o.probe.Name, every.Duration(), o.within.Duration(), max(0, o.within-every).Duration())
	}
}

// slowToGiveUp: an attempt counts from when its person arrived, so a few that hang can use an objective up.
func slowToGiveUp(r *review, o *objective) {
	if limit := o.probe.Limit; o.within > 0 && 2*limit > o.within {
		r.remark(o.Block, "within", "the limit of %s (%v) is more than half of within (%v), "+
			"so two sign-ins that hang one after the other use it up", o.probe.Name, limit.Duration(), o.within.Duration())
	}
}

func nobodyAsked(r *review, o *objective) {
	if s := o.check.Subject().Sustained; s != nil && s.Ratio == 0 {
		r.remark(o.Block, "sustained.ratio",
			"a ratio of 0 holds where nobody gets in, so the first who does counts for all")
	}
}

// shortBaseline: whether people were interrupted is seen by how they fared before.
func shortBaseline(r *review, o *objective) {
	every := o.probe.Every
	if every == 0 || o.fault.For == 0 || o.check.Subject().Sustained == nil && o.window != verdict.Baseline {
		return
	}
	before := r.plan.Begins(o.fault)
	made, filled := before/every, (before+r.plan.WarmUp)/every
	switch {
	case filled < measure.LeastBaseline:
		r.remark(r.block(o.fault.Name), "at", "only %d of %s sign in before %s, the warm-up included, "+
			"so that they were not interrupted can't be told; raise at or warm_up", filled, o.probe.Name, o.fault.Name)
	case made < measure.FullBaseline:
		r.remark(r.block(o.fault.Name), "at", "only %d of %s sign in between the warm-up and %s, "+
			"so the baseline is filled from the warm-up", made, o.probe.Name, o.fault.Name)
	}
}

// nobodySteers: what brings people back is then the fault's own end, or an operator who answers it.
func nobodySteers(r *review, o *objective) {
	home := cmp.Or(o.fault.Region, o.fault.Where["place"])
	if o.check.Subject().Sustained == nil || home == "" || home != o.probe.Home || r.steering[o.probe.Name].To != "" {
		return
	}
	for _, a := range r.plan.Actions {
		if strings.HasPrefix(a.After, o.fault.Name+".") {
			return
		}
	}
	r.remark(o.Block, "probe", "nobody of %s steers, so whom %s keeps out only its end brings back, "+
		"and this check then never passes", o.probe.Name, o.fault.Name)
}

// allDark: nobody could fail over anywhere.
func allDark(r *review, o *objective) {
	if o.check.Subject().Sustained == nil || o.fault.For == 0 {
		return
	}
	for _, region := range r.plan.Regions {
		if !r.dark(region, r.plan.Begins(o.fault), o.fault.For) {
			return
		}
	}
	r.remark(o.Block, "fault", "while %s lasts no Region can carry anybody, so nobody can be back, "+
		"and this check never passes", o.fault.Name)
}

// dark tells whether one fault after another keeps everybody out of a Region for all of a time.
func (r *review) dark(region string, from, lasts history.Instant) bool {
	end := from + lasts
	for range r.plan.Faults { // each round goes on from where the last one had come to
		for _, f := range r.plan.Faults {
			if at := r.plan.Begins(f); slices.Contains(f.Unreachable, region) && at <= from {
				from = max(from, at+f.For)
			}
		}
	}
	return from >= end
}

// neverDone: what another check expects to fail takes nothing from anybody.
func neverDone(r *review, o *objective) {
	revoked, is := o.check.(*checks.Revocation)
	if !is {
		return
	}
	if slices.ContainsFunc(r.made, func(m compiled) bool {
		outcome, is := m.check.(*checks.Outcome)
		return is && outcome.Action == revoked.Action && outcome.Expect == string(history.Failed)
	}) {
		r.mistake(o.Block, "action", "could not be measured: another check expects %s to fail, and what isn't done takes "+
			"nothing from anybody; name an action that is done", revoked.Action)
	}
}
