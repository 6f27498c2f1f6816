package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// maxSlip is how late attempts may begin, as a share of their period, at the 99th percentile, before it is worth a
// remark. It voids nothing: what is late widens the interval that it bounds.
const maxSlip = 0.25

// validity says whether the measurement can be believed, and why not. What ends belief is noted before mere remarks.
func (d *drill) validity(m *verdict.Measures) verdict.Validity {
	h := d.h
	v := verdict.Validity{Grade: verdict.Pass, ScheduleSlipP99: map[string]verdict.Seconds{}, FaultsProven: true,
		Notes: []string{}, Reasons: []verdict.Reason{}}
	doubt := func(r verdict.Reason, format string, args ...any) {
		v.Grade, r.Ends = verdict.Unknown, true
		v.Notes, v.Reasons = append(v.Notes, fmt.Sprintf(format, args...)), append(v.Reasons, r)
	}
	var remarks []remark
	notSteady := h.End != nil && h.End.Reason == history.NotSteady
	if notSteady { // then it is why all else was not seen
		d.warmUps(doubt)
	}
	switch {
	case h.Truncated:
		doubt(verdict.Reason{Code: verdict.Torn}, "the history is torn: its last line is incomplete")
	case h.End == nil:
		doubt(verdict.Reason{Code: verdict.Unfinished}, "the run did not finish: the history has no end")
	case h.End.Reason != history.Completed:
		outside := h.End.Reason == history.TimedOut || h.End.Reason == history.Interrupted
		doubt(verdict.Reason{Code: verdict.Stopped, CutShort: outside}, "the run was stopped: %s", stopped(h.End))
	}
	contradicted(h, doubt)
	for _, f := range d.faults {
		if why := f.doubt(); why != "" {
			v.FaultsProven = false
			doubt(verdict.Reason{Code: verdict.FaultUnproven, Fault: f.name}, "%s: %s", f.name, why)
		}
	}
	for _, s := range d.series {
		s.account(&v)
		remarks = append(remarks, s.remarks...)
	}
	if !notSteady {
		d.warmUps(doubt)
	}
	if h.End != nil && h.End.Reason == history.Completed { // else one of them may only not have come to it
		for _, r := range disagreements(h, m) {
			doubt(r.Reason, "%s", r.note)
		}
	}
	remarks = append(remarks, aboutTheRun(h)...)
	for _, r := range remarks {
		v.Notes, v.Reasons = append(v.Notes, r.note), append(v.Reasons, r.Reason)
	}
	return v
}

// aboutTheRun remarks what others did about the run: that it was run before, and what its keeper did.
func aboutTheRun(h *history.History) []remark {
	var said []remark
	if a := h.Plan.Again; a != nil {
		said = append(said, remark{verdict.Reason{Code: verdict.RunAgain}, fmt.Sprintf("it was run again alone, and this is "+
			"what counts: beside other drills it was graded %s, and %s; that run is in %s", a.Grade, a.Why, a.Folder)})
	}
	for _, k := range h.Kept {
		said = append(said, remark{verdict.Reason{Code: verdict.Kept}, "the run's keeper: " + k.Said})
	}
	return said
}

// contradicted doubts a history that contradicts itself, or that tells of something that the drill stood on and lost.
func contradicted(h *history.History, doubt func(r verdict.Reason, format string, args ...any)) {
	for _, c := range h.Contradictions {
		doubt(verdict.Reason{Code: verdict.Contradiction}, "the history contradicts itself: %s", c)
	}
	for i := range h.Events {
		if rig, lost := history.RigLost.Of(&h.Events[i]); lost {
			doubt(verdict.Reason{Code: verdict.RigLost}, "%s was lost, last seen as it should be at %s s: %s; nothing "+
				"since then tells of the system under test", rig.Part, rig.Seen, rig.Detail)
		}
	}
}

// warmUps doubts what was measured of people who could not sign in before anything was harmed.
func (d *drill) warmUps(doubt func(r verdict.Reason, format string, args ...any)) {
	for _, s := range d.series {
		if why := s.unsteady(&d.h.Plan); s.probe.Gated && why != "" {
			doubt(verdict.Reason{Code: verdict.Unsteady, Probe: s.probe.Name}, "%s: %s", s.probe.Name, why)
		}
	}
}

// account gives what a probe's schedule was worth: how late it was, and what of it is in no window.
func (s *series) account(v *verdict.Validity) {
	if s.outside > 0 {
		if v.Outside == nil {
			v.Outside = map[string]int{}
		}
		v.Outside[s.probe.Name] = s.outside
	}
	if n := s.dropped(); n > 0 {
		s.remark(verdict.LateSchedule, "", "of %d who arrived %d of %s found no room to begin: this machine could not keep "+
			"up, so that nobody knows what would have come of them (%s)", len(s.tries), n, s.probe.Name,
			verdict.Pace(s.probe.Every.Duration(), len(s.tries), n))
	}
	slip, ok := s.slip()
	if !ok {
		return
	}
	v.ScheduleSlipP99[s.probe.Name] = seconds(slip)
	if float64(slip) > maxSlip*float64(s.probe.Every) {
		s.remark(verdict.LateSchedule, "", "attempts of %s began up to %.0f ms late (99th percentile): this machine was "+
			"busy; give it one that does nothing else, or fewer people", s.probe.Name, slip.Seconds()*1000)
	}
}

// remark is a note of the validity, and what it is about.
type remark struct {
	verdict.Reason
	note string
}

// remark notes something of a probe, about a fault where it has to do with one, that ends no belief.
func (s *series) remark(code verdict.Code, fault, format string, args ...any) {
	s.remarks = append(s.remarks, remark{verdict.Reason{Code: code, Probe: s.probe.Name, Fault: fault},
		fmt.Sprintf(format, args...)})
}

// stopped is the reason of a run that was not completed, in words.
func stopped(e *history.End) string {
	words := map[string]string{
		history.Interrupted: "somebody interrupted it", history.TimedOut: "its time was up",
		history.Aborted: "people were harmed too much", history.Rehearsed: "it was a rehearsal",
		history.NotSteady: "the warm-up did not become steady, so no fault was injected", history.Broken: "the harness broke",
		history.TakenBack: "it stood still, and not even its undo could be measured",
	}
	reason := words[e.Reason]
	if reason == "" {
		reason = e.Reason
	}
	if e.Detail != "" && e.Reason != history.NotSteady { // the notes of the warm-up say it
		reason += " (" + e.Detail + ")"
	}
	return reason
}

// doubt says what of a fault was never proven.
func (f *fault) doubt() string {
	switch {
	case f.requested == nil:
		return "it was never injected"
	case f.effective == nil:
		return "it was never proven in force" + because(f.unproven)
	case f.healing != nil && *f.effective >= *f.healing:
		return fmt.Sprintf("it was proven in force on its last edge only at %s s, when it was being undone already",
			*f.effective)
	case f.lost != nil:
		return fmt.Sprintf("it was not in force throughout: it was last seen at %s s%s; find out who ended it, and run "+
			"the drill again", *f.lost, because(f.lostWhy))
	case f.expired != nil:
		return fmt.Sprintf("it was not in force throughout: it lifted itself at %s s, because its lease ran out; "+
			"run the drill again", *f.expired)
	case f.healed == nil:
		return "it was never proven healed" + because(f.unproven)
	case f.unproven != "":
		return "it was not proven on all of its edges" + because(f.unproven)
	}
	return ""
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// slip is how late attempts began, at the 99th percentile. What was dropped never began.
func (s *series) slip() (history.Instant, bool) {
	var slips []history.Instant
	for _, t := range s.tries {
		if t.Outcome != history.Dropped {
			slips = append(slips, max(0, t.Began-t.Due))
		}
	}
	if len(slips) == 0 {
		return 0, false
	}
	slices.Sort(slips)
	return percentile(slips, 0.99), true
}

// dropped is how many found no room to begin.
func (s *series) dropped() (n int) {
	for _, t := range s.tries {
		if t.Outcome == history.Dropped {
			n++
		}
	}
	return n
}

// unsteady says why the warm-up was not steady: of the attempts that ended in it none was good, or its last half did
// not keep the ratio that the probe's checks ask for.
func (s *series) unsteady(p *history.Plan) string {
	warmUp := history.WarmUp{Lasts: p.WarmUp}
	for _, t := range s.evidence {
		warmUp.Add(t.Attempt)
	}
	return warmUp.Unsteady(p.Ratio(s.probe.Name))
}

// disagreements compares protocol probes with browser probes whose people do the same:
// their recoveries may differ by each one's period and journey, no more.
func disagreements(h *history.History, m *verdict.Measures) []remark {
	var found []remark
	for _, b := range h.Plan.Probes {
		for _, p := range h.Plan.Probes {
			if !b.Browser || b.Skipped || p.Browser || !alike(p, b) {
				continue
			}
			for _, f := range h.Plan.Faults {
				if why := disagree(m, p, b, f.Name); why != "" {
					r := verdict.Reason{Code: verdict.ProbesDisagree, Probe: b.Name, Fault: f.Name}
					found = append(found, remark{r, why})
				}
			}
		}
	}
	return found
}

// alike tells whether the people of two probes do the same, from the same place, home and way of steering.
func alike(a, b history.Probe) bool {
	return a.Journey == b.Journey && a.Home == b.Home && a.From == b.From && steer(a) == steer(b)
}

// steer is how a probe's people get to another Region, as the plan has it.
func steer(p history.Probe) string {
	var config struct {
		Steer json.RawMessage `json:"steer"`
	}
	if err := json.Unmarshal(p.Config, &config); err != nil {
		return "" // no settings: nobody steers
	}
	return string(config.Steer)
}

func disagree(m *verdict.Measures, protocol, browser history.Probe, fault string) string {
	rp, rb := m.Recovery(protocol.Name, fault), m.Recovery(browser.Name, fault)
	if rp == nil || rb == nil || rp.RecoveryTimeActual == nil || rb.RecoveryTimeActual == nil ||
		len(rp.Doubts)+len(rb.Doubts) > 0 {
		return "" // a history may say of either that it was skipped
	}
	p, b := widened(m, rp, protocol), widened(m, rb, browser)
	if p.lower <= b.upper && b.lower <= p.upper {
		return ""
	}
	return fmt.Sprintf("%s and %s, whose people do the same, disagree about %s: %s and %s; one of them measured "+
		"something else, so look at what failed for each", protocol.Name, browser.Name, fault, p, b)
}

// bounds is an interval of seconds.
type bounds struct{ lower, upper float64 }

func (b bounds) String() string {
	if math.IsInf(b.upper, 1) {
		return fmt.Sprintf("more than %.3f s", b.lower)
	}
	return fmt.Sprintf("%.3f to %.3f s", b.lower, b.upper)
}

// widened is a recovery with its probe's period and its usual sign-in, by the baseline's p99, to either side.
func widened(m *verdict.Measures, r *verdict.Recovery, p history.Probe) bounds {
	by := p.Every.Seconds()
	if w := m.Window(p.Name, r.Fault, verdict.Baseline); w != nil && w.Latency != nil {
		by += float64(w.Latency.P99)
	}
	b := bounds{max(0, float64(r.RecoveryTimeActual.Lower)-by), math.Inf(1)}
	if upper := r.RecoveryTimeActual.Upper; upper != nil {
		b.upper = float64(*upper) + by
	}
	return b
}
