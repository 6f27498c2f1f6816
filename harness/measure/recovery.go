package measure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// judged is one probe and one fault while their recovery is measured.
type judged struct {
	*series
	h      *history.History
	all    []*series
	f      *fault
	faults []fault
	w      *windows
	end    history.Instant // of the settling
	rule   rule
	pace   *pace
	r      verdict.Recovery
}

// recovery is how the probe got over the fault.
func (s *series) recovery(h *history.History, all []*series, faults []fault, f *fault, w *windows, end history.Instant) verdict.Recovery {
	j := &judged{series: s, h: h, all: all, f: f, faults: faults, w: w, end: end, rule: s.rules[f.name]}
	j.r = verdict.Recovery{
		Probe: s.probe.Name, Fault: f.name, Home: s.probe.Home, Requested: secondsOf(f.requested), FirstEffective: secondsOf(f.first),
		Effective: secondsOf(f.effective), Healing: secondsOf(f.healing), Healed: secondsOf(f.healed), Doubts: []string{},
		Broken: []verdict.Broken{}, Outages: []verdict.Outage{}, AlsoInForce: []string{}, Evidence: []int64{}, FailbackEvidence: []int64{},
	}
	if f.effective == nil || *f.effective >= f.until(end) {
		return j.r
	}
	j.r.Watched = secondsOf(ptr(f.until(end) - *f.effective))
	j.r.AlsoInForce = f.others(faults, *f.effective, f.until(end))
	j.pace = s.paceOf(f, end)
	if detected := marker(h, history.MarkerDetected, f); detected != nil {
		j.r.Detection = secondsOf(ptr(*detected - *f.effective))
	}
	j.comeBack()
	j.r.Outages, j.r.Loss = s.outages(f), w.loss()
	j.failback()
	return j.r
}

func (j *judged) doubt(format string, args ...any) {
	j.r.Doubts = append(j.r.Doubts, fmt.Sprintf(format, args...))
}

// comeBack measures from effective to healing.
func (j *judged) comeBack() {
	f := j.f
	c := j.newComeback(*f.effective, f.until(j.end), j.rule, "", 0)
	if arrived := c.dueFrom(f.until(j.end)); arrived == 0 {
		j.doubt("nobody of %s arrived and was seen while %s was in force", j.probe.Name, f.name)
		return
	}
	if resolution, none := j.uninterrupted(); none {
		j.r.EndedBy, j.r.RecoveredIn, j.r.Evidence = verdict.None, c.carriedBy(), lines(c.first)
		j.r.TimeToFirstSuccess, j.r.RecoveryTimeActual = interval(0, resolution), interval(0, resolution)
		return
	}
	j.r.TimeToFirstSuccess = j.firstSuccess(c)
	switch {
	case c.untold:
		j.doubt("too little is known of %s: %s", j.probe.Name, j.holes(c))
	case j.w.short && c.sustained != nil && j.allAtHome():
		j.doubt("too few of %s came before %s to tell whether it interrupted anybody", j.probe.Name, f.name)
	case c.sustained != nil && c.sustained.Ended < c.until:
		j.ended(verdict.Failover, c, c.sustained)
	case c.out():
		j.byHeal(c)
	default:
		j.neverClosed(c)
	}
	j.flaps(c)
	j.controls(c)
}

// carriedBy is the Region that carried the first, empty where nobody got in.
func (c *comeback) carriedBy() string {
	if c.first == nil {
		return ""
	}
	return c.first.Region
}

// ended is a recovery with both bounds.
func (j *judged) ended(by verdict.EndedBy, c *comeback, q *try) {
	j.r.EndedBy, j.r.RecoveredIn = by, q.Region
	j.r.RecoveryTimeActual = j.bounds(c, c.nextGood(c.early), q)
	j.r.Phases = j.phases(c, q)
	j.r.Evidence = lines(c.first, q)
}

// bounds is from what could have been, since the last edge was in force, to what was seen since the first one was.
func (j *judged) bounds(c *comeback, first int, q *try) *verdict.Interval {
	lower := c.lower(first, q.Ended, j.pace, j.stalls)
	if t := j.r.TimeToFirstSuccess; t != nil { // nobody is back for good before the first is in
		lower = max(lower, instantOf(t.Lower))
	}
	return interval(lower, max(lower, q.Ended-j.onset()))
}

// onset is the instant of the first edge; if this process stood still then, of when it began to.
func (j *judged) onset() history.Instant { return j.stalls.begin(*j.f.first) }

func (j *judged) firstSuccess(c *comeback) *verdict.Interval {
	if c.first == nil {
		return &verdict.Interval{Lower: seconds(max(0, j.end-c.from))}
	}
	return interval(c.lower(c.nextGood(0), c.first.Ended, j.pace, j.stalls), c.first.Ended-j.onset())
}

// byHeal measures people who were out when the healing came: back by the same rule, watched for as long as anybody did.
func (j *judged) byHeal(during *comeback) {
	watch, cut := j.watch()
	c := j.newComeback(*j.f.effective, watch, j.rule, "", cut)
	switch {
	case c.untold:
		j.doubt("too little is known of %s: %s", j.probe.Name, j.holes(c))
	case c.sustained != nil:
		j.ended(verdict.Heal, c, c.sustained)
	case c.candidate != nil: // back, but not watched for long enough
		j.r.RecoveryTimeActual = &verdict.Interval{Lower: seconds(c.lower(c.nextGood(c.early), c.candidate.Ended, j.pace, j.stalls))}
		j.r.Evidence = lines(c.first, c.candidate)
	default:
		j.r.RecoveryTimeActual = &verdict.Interval{Lower: seconds(max(0, watch-c.from))}
		j.r.Evidence = lines(during.first)
	}
}

// neverClosed measures people who were in when the healing came, so shortly after the fault that no window could close
// before: from the first who could have been back to what was seen after the healing.
func (j *judged) neverClosed(during *comeback) {
	from := during.nextGood(during.early)
	if from < 0 {
		return
	}
	first := &during.tries[from]
	j.r.RecoveryTimeActual = &verdict.Interval{Lower: seconds(during.lower(from, first.Ended, j.pace, j.stalls))}
	j.r.Evidence = lines(during.first, first)
	watch, cut := j.watch()
	c := j.newComeback(*j.f.effective, watch, j.rule, "", cut)
	if c.untold {
		return
	}
	for i := c.start; i < len(c.windows); i++ {
		if t := &c.tries[i]; c.good(*t) && t.Ended >= during.until {
			q := t
			for k := i; k < len(c.tries) && c.tries[k].Due < t.Due+c.window; k++ {
				if other := &c.tries[k]; c.good(*other) && other.Ended >= during.until && other.Ended < q.Ended {
					q = other
				}
			}
			j.r.RecoveryTimeActual.Upper = secondsOf(ptr(q.Ended - j.onset()))
			j.r.Evidence = lines(during.first, q)
			return
		}
	}
}

// watch is until when people were watched: at the longest until they came no more. cut is the same where another fault
// ended it, else 0.
func (j *judged) watch() (until, cut history.Instant) {
	until, byFault := j.f.watchEnd(j.faults, j.end)
	if n := len(j.tries); n > 0 {
		until = min(until, j.tries[n-1].Due+j.probe.Every)
	}
	return until, cutAt(until, byFault)
}

func cutAt(at history.Instant, cut bool) history.Instant {
	if cut {
		return at
	}
	return 0
}

// failback measures the way home since the fault was healed.
func (j *judged) failback() {
	if j.f.healed == nil || *j.f.healed < j.f.until(j.end) {
		return
	}
	watch, cut := j.watch()
	c := j.newComeback(*j.f.healed, watch, j.rule, j.probe.Home, cut)
	if c.dueFrom(watch) == 0 || c.untold {
		return // nobody looked
	}
	j.r.FailbackWatched = secondsOf(ptr(max(0, watch-*j.f.healed-j.rule.window)))
	until := watch
	switch q := c.sustained; {
	case q != nil:
		until = q.Ended
		lower := c.lower(c.nextGood(c.early), q.Ended, j.pace, j.stalls)
		j.r.Failback, j.r.FailbackEvidence = interval(lower, max(lower, q.Ended-*j.f.cleared)), lines(c.first, q)
	case c.candidate != nil:
		lower := c.lower(c.nextGood(c.early), c.candidate.Ended, j.pace, j.stalls)
		j.r.Failback, j.r.FailbackEvidence = &verdict.Interval{Lower: seconds(lower)}, lines(c.first, c.candidate)
	default:
		j.r.Failback = &verdict.Interval{Lower: seconds(max(0, watch-c.from))}
	}
	for _, t := range c.tries {
		if t.Outcome == history.Bad && t.Due <= until {
			j.r.FailbackDisruption++
		}
	}
}

// uninterrupted tells whether nobody noticed the fault, and how long an interruption would have had to last to be seen.
func (j *judged) uninterrupted() (resolution history.Instant, ok bool) {
	usual := j.w.usual
	if j.w.short || j.f.healing == nil || !j.w.during.observed {
		return 0, false
	}
	ordinary := rank(usual, 0.5)*3/2 + history.Seconds(0.05)
	resolution, slow := j.probe.Every+rank(usual, 0.99), 0
	tries := j.w.during.evidence
	for i, t := range tries {
		took := t.Ended - t.Due
		switch {
		case t.Outcome != history.Good || 10*j.w.carried[t.Region] < len(usual):
			return 0, false
		case took <= ordinary:
		case slow > 0 || i == 0 || i+1 == len(tries):
			return 0, false
		default:
			slow, resolution = slow+1, max(resolution, took)
		}
	}
	return resolution, true
}

// allAtHome tells whether everybody who came while the fault was in force was carried by their own Region.
func (j *judged) allAtHome() bool {
	return !slices.ContainsFunc(j.w.during.evidence, func(t try) bool { return t.Outcome != history.Good || t.Region != j.probe.Home })
}

// holes says what is missing of a comeback's beats.
func (j *judged) holes(c *comeback) string {
	all, dropped, unknown := 0, 0, 0
	for _, t := range c.beats {
		if t.Due >= c.until {
			break
		}
		all++
		switch {
		case t.Outcome == history.Dropped:
			dropped++
		case !t.evidence():
			unknown++
		}
	}
	var missing []string
	if dropped > 0 {
		missing = append(missing, fmt.Sprintf("%d found no room to begin", dropped))
	}
	if unknown > 0 {
		missing = append(missing, fmt.Sprintf("of %d nobody knows what came", unknown))
	}
	if missing == nil {
		return fmt.Sprintf("the %d who arrived left holes", all)
	}
	return fmt.Sprintf("of %d who arrived, %s", all, strings.Join(missing, ", and "))
}

// flaps lists the windows that broke after the first was in, neighbours as one.
func (j *judged) flaps(c *comeback) {
	if c.first == nil {
		return
	}
	open := false
	for i, w := range c.windows {
		t := c.tries[i]
		if w != broken && w != stray || t.Due < c.first.Due {
			open = false
			continue
		}
		if !open {
			j.r.Broken = append(j.r.Broken, verdict.Broken{Since: seconds(t.Due), By: verdict.KeptOut})
		}
		b := &j.r.Broken[len(j.r.Broken)-1]
		b.Until, open = seconds(t.Due+c.window), true
	}
	failed := make([]int, len(c.tries)+1) // of the first so many: spans may overlap, and there may be as many as people
	for i, t := range c.tries {
		if failed[i+1] = failed[i]; !c.good(t) {
			failed[i+1]++
		}
	}
	for k := range j.r.Broken {
		b := &j.r.Broken[k]
		if b.Bad = failed[c.dueFrom(instantOf(b.Until))] - failed[c.dueFrom(instantOf(b.Since))]; b.Bad > 0 {
			b.By = verdict.Failed
		}
	}
	j.r.Flaps = len(j.r.Broken)
}

// phases cuts the recovery at what the people of f and q did. Each instant is clamped from the end, to at most its
// successor and at least the onset; from the start, a late decision would break the sum.
func (j *judged) phases(c *comeback, q *try) *verdict.Phases {
	f := c.first
	gaveUp, request := story(f)
	detect := f.Due
	if detected := marker(j.h, history.MarkerDetected, j.f); detected != nil {
		detect = min(detect, *detected)
	}
	if decided := marker(j.h, history.MarkerDecided, j.f); decided != nil {
		gaveUp = *decided
	}
	onset := q.Ended - instantOf(*j.r.RecoveryTimeActual.Upper)
	cuts := []history.Instant{onset, detect, gaveUp, request, f.Ended, q.Ended}
	for i := len(cuts) - 2; i > 0; i-- {
		cuts[i] = max(onset, min(cuts[i], cuts[i+1]))
	}
	span := func(i int) verdict.Seconds { return seconds(cuts[i+1] - cuts[i]) }
	return &verdict.Phases{Detect: span(0), Decide: span(1), Steer: span(2), Authenticate: span(3), Stabilise: span(4)}
}

// story tells when the person gave up on their home Region (they arrived decided where they never did), and when they
// first asked the Region that carried them.
func story(t *try) (gaveUp, request history.Instant) {
	gaveUp = t.Due
	for _, step := range t.Steps {
		if step.Name == history.StepHome || step.Name == history.StepWait {
			gaveUp = max(gaveUp, step.At+step.Took)
		}
	}
	request = gaveUp
	for _, step := range t.Steps {
		if step.Region == t.Region && step.At >= gaveUp && step.Name != history.StepHome {
			return gaveUp, step.At
		}
	}
	return gaveUp, request
}

// lines are those of the attempts that decide.
func lines(of ...*try) []int64 {
	found := []int64{}
	for _, t := range of {
		if t != nil && !slices.Contains(found, t.line) {
			found = append(found, t.line)
		}
	}
	return found
}

// outages lists the runs of bad arrivals that the fault overlaps. It is not the recovery time: whoever arrives in the
// last limit of an outage waits, and gets in.
func (s *series) outages(f *fault) []verdict.Outage {
	outages := []verdict.Outage{}
	for i := 0; i < len(s.evidence); i++ {
		if s.evidence[i].Outcome != history.Bad {
			continue
		}
		j, during := i, false
		for ; j < len(s.evidence) && s.evidence[j].Outcome == history.Bad; j++ {
			t := s.evidence[j]
			during = during || (t.Ended > *f.first && (f.healing == nil || t.Due < *f.healing))
		}
		if during {
			outages = append(outages, s.outage(i, j))
		}
		i = j
	}
	return outages
}

// outage bounds the run evidence[i:j] by the good arrivals around it.
func (s *series) outage(i, j int) verdict.Outage {
	first, last := s.evidence[i].Due, s.evidence[j-1].Due
	o := verdict.Outage{Lower: seconds(last - first), Bad: j - i}
	if j == len(s.evidence) {
		return o
	}
	before := first
	if i > 0 {
		before = s.evidence[i-1].Due
	}
	o.Upper = secondsOf(ptr(s.evidence[j].Due - before))
	return o
}

// marker is the earliest one of that name since the fault was effective, about it or about nothing in particular.
func marker(h *history.History, name string, f *fault) *history.Instant {
	for _, e := range h.Events {
		if e.Type == history.TypeMarker && e.Marker.Name == name && e.At >= *f.effective &&
			(e.Marker.Subject == "" || e.Marker.Subject == f.name) {
			return ptr(e.At)
		}
	}
	return nil
}

func ptr[T any](v T) *T { return &v }
