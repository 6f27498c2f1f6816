package measure

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// judged is one probe and one fault while their recovery is measured.
type judged struct {
	*drill
	*series
	f    *fault
	w    *windows
	rule rule
	pace *pace
	r    verdict.Recovery
}

// recovery is how a probe got over a fault.
func (d *drill) recovery(s *series, f *fault, w *windows) verdict.Recovery {
	j := &judged{drill: d, series: s, f: f, w: w, rule: s.rules[f.name]}
	j.r = verdict.Recovery{
		Probe: s.probe.Name, Fault: f.name, Home: s.probe.Home,
		Requested: secondsOf(f.requested), FirstEffective: secondsOf(f.first), Effective: secondsOf(f.effective),
		Healing: secondsOf(f.healing), Healed: secondsOf(f.healed),
		Doubts: []string{}, Broken: []verdict.Broken{}, Outages: []verdict.Outage{}, AlsoInForce: []string{},
		Evidence: []int64{}, FailbackEvidence: []int64{},
	}
	until := f.until(d.end)
	if f.effective == nil || *f.effective >= until {
		return j.r
	}
	j.r.Watched = secondsOf(ptr(until - *f.effective))
	j.r.AlsoInForce = f.others(d.faults, *f.effective, until)
	j.pace = s.paceOf(f, d.end)
	if detected := d.marker(history.MarkerDetected, f); detected != nil {
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
	c := j.newComeback(*f.effective, watch{until: f.until(j.end)}, j.rule, "")
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
	byTurns, lucky := c.luckyAt(j.probe.Home)
	switch {
	case c.untold:
		j.doubt("too little is known of %s: %s", j.probe.Name, j.holes(c))
	case j.w.short && c.sustained != nil && j.allAtHome():
		j.doubt("too few of %s came before %s to tell whether it interrupted anybody", j.probe.Name, f.name)
	case lucky:
		j.doubt("%d of %d attempts of %s failed while %s was in force, scattered among others that %s let in, and so few "+
			"can't tell a fault that let up from luck", byTurns.bad, byTurns.n, j.probe.Name, f.name, j.probe.Home)
	case c.sustained != nil && c.sustained.Ended < c.until:
		j.ended(j.broughtBack(c), c, c.sustained)
	case c.out():
		j.byHeal(c)
	default:
		j.neverClosed(c)
	}
	j.flaps(c)
	j.doubtByControls(c)
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

// lower is the comeback's lower bound at this probe's pace.
func (j *judged) lower(c *comeback, first int, until history.Instant) history.Instant {
	return c.lower(first, until, j.pace, j.waits)
}

// bounds is from what could have been, since the last edge was in force, to what was seen since the first one was.
func (j *judged) bounds(c *comeback, first int, q *try) *verdict.Interval {
	lower := j.lower(c, first, q.Ended)
	if t := j.r.TimeToFirstSuccess; t != nil { // nobody is back for good before the first is in
		lower = max(lower, instantOf(t.Lower))
	}
	return interval(lower, max(lower, q.Ended-j.onset()))
}

// onset is the instant of the first edge; if this process stood still then, of when it began to.
func (j *judged) onset() history.Instant { return j.stalls.begin(*j.f.first) }

func (j *judged) firstSuccess(c *comeback) *verdict.Interval {
	if c.first == nil {
		return atLeast(c.seenFor(j.watch().until))
	}
	return interval(j.lower(c, c.nextGood(0), c.first.Ended), c.first.Ended-j.onset())
}

// byHeal measures people who were out when the healing came: back by the same rule, watched for as long as anybody did.
func (j *judged) byHeal(during *comeback) {
	c := j.newComeback(*j.f.effective, j.watch(), j.rule, "")
	switch {
	case c.untold:
		j.doubt("too little is known of %s: %s", j.probe.Name, j.holes(c))
	case c.sustained != nil:
		j.ended(verdict.Heal, c, c.sustained)
	case c.candidate != nil: // back, but not watched for long enough
		j.r.RecoveryTimeActual = atLeast(j.lower(c, c.nextGood(c.early), c.candidate.Ended))
		j.r.Evidence = lines(c.first, c.candidate)
	default:
		j.r.RecoveryTimeActual = atLeast(c.seenFor(c.until))
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
	j.r.RecoveryTimeActual = atLeast(j.lower(during, from, first.Ended))
	j.r.Evidence = lines(during.first, first)
	c := j.newComeback(*j.f.effective, j.watch(), j.rule, "")
	if c.untold {
		return
	}
	late := func(t try) bool { return c.good(t) && t.Ended >= during.until }
	opens := c.tries[min(c.start, len(c.windows)):len(c.windows)]
	if i := slices.IndexFunc(opens, late); i >= 0 {
		inside := c.tries[c.start+i : c.dueFrom(opens[i].Due+c.window)]
		q := &inside[earliest(inside, late)]
		j.r.RecoveryTimeActual.Upper = secondsOf(ptr(q.Ended - j.onset()))
		j.r.Evidence = lines(during.first, q)
	}
}

// watch is how long people were watched after the fault: at the longest until they came no more.
func (j *judged) watch() watch {
	w := j.f.watch(j.faults, j.end)
	if n := len(j.tries); n > 0 {
		w.until = min(w.until, j.tries[n-1].Due+j.probe.Every)
	}
	return w
}

// failback measures the way home since the fault was healed.
func (j *judged) failback() {
	if j.f.healed == nil || *j.f.healed < j.f.until(j.end) {
		return
	}
	c := j.newComeback(*j.f.healed, j.watch(), j.rule, j.probe.Home)
	if c.dueFrom(c.until) == 0 || c.untold {
		return // nobody looked
	}
	j.r.FailbackWatched = secondsOf(ptr(max(0, c.until-c.from-j.rule.window)))
	until := c.until
	switch q := c.sustained; {
	case q != nil:
		until = q.Ended
		lower := j.lower(c, c.nextGood(c.early), q.Ended)
		j.r.Failback, j.r.FailbackEvidence = interval(lower, max(lower, q.Ended-*j.f.cleared)), lines(c.first, q)
	case c.candidate != nil:
		lower := j.lower(c, c.nextGood(c.early), c.candidate.Ended)
		j.r.Failback, j.r.FailbackEvidence = atLeast(lower), lines(c.first, c.candidate)
	default:
		j.r.Failback = atLeast(max(0, c.until-c.from))
	}
	for _, t := range c.tries {
		if t.Outcome == history.Bad && t.Due <= until {
			j.r.FailbackDisruption++
		}
	}
}

// What of a sign-in is ordinary, beside the usual median, and who may carry people unnoticed.
const (
	slack     = history.Instant(50_000) // microseconds beyond half as long again
	rareShare = 10                      // a Region that carried less than one in so many before is unusual
)

// uninterrupted tells whether nobody noticed the fault, and how long an interruption would have had to last to be seen:
// everybody was good, by the usual way and in ordinary time, but for one in the middle who may have been slow by
// chance.
func (j *judged) uninterrupted() (resolution history.Instant, ok bool) {
	usual := j.w.usual
	if j.w.short || j.f.healing == nil || !j.w.during.observed {
		return 0, false
	}
	ordinary := percentile(usual, 0.5)*3/2 + slack
	resolution, slow := j.probe.Every+percentile(usual, 0.99), 0
	tries := j.w.during.evidence
	for i, t := range tries {
		took := t.Ended - t.Due
		switch {
		case t.Outcome != history.Good || rareShare*j.w.carried[t.Region] < len(usual):
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
	return !slices.ContainsFunc(j.w.during.evidence,
		func(t try) bool { return t.Outcome != history.Good || t.Region != j.probe.Home })
}

// holes says what is missing of a comeback's attempts.
func (j *judged) holes(c *comeback) string {
	all, dropped, unknown := 0, 0, 0
	for _, t := range c.arrivals {
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
		missing = append(missing, fmt.Sprintf("%d found no room to begin (%s)", dropped,
			verdict.Pace(j.probe.Every.Duration(), all, dropped)))
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
	var bad []history.Instant // when those who failed arrived: spans may overlap, and there may be as many as people
	for _, t := range c.tries {
		if !c.good(t) {
			bad = append(bad, t.Due)
		}
	}
	for k := range j.r.Broken {
		c.cause(&j.r.Broken[k], bad)
	}
	j.r.Flaps = len(j.r.Broken)
}

// cause says what broke the windows of a span: those who failed, else the stretches in which people were kept out.
func (c *comeback) cause(b *verdict.Broken, bad []history.Instant) {
	since, until := instantOf(b.Since), instantOf(b.Until)
	i, _ := slices.BinarySearch(bad, since)
	j, _ := slices.BinarySearch(bad, until)
	b.First, b.Last = b.Since, b.Until
	if b.Bad = j - i; b.Bad > 0 {
		b.By, b.First, b.Last = verdict.Failed, seconds(bad[i]), seconds(bad[j-1])
		return
	}
	first := sort.Search(len(c.shut), func(k int) bool { return c.shut[k].until > since })
	beyond := sort.Search(len(c.shut), func(k int) bool { return c.shut[k].since >= until })
	if first < beyond {
		b.First, b.Last = seconds(c.shut[first].since), seconds(c.shut[beyond-1].until)
	}
}

// phases cuts the recovery at what the people of f and q did. Each instant is clamped from the end, to at most its
// successor and at least the onset; from the start, a late decision would break the sum.
func (j *judged) phases(c *comeback, q *try) *verdict.Phases {
	f := c.first
	gaveUp, request := story(f)
	detect := f.Due
	if detected := j.marker(history.MarkerDetected, j.f); detected != nil {
		detect = min(detect, *detected)
	}
	if decided := j.marker(history.MarkerDecided, j.f); decided != nil {
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
func story(t *try) (decided, request history.Instant) {
	decided = t.Due
	n := gaveUp(t.Steps)
	if n > 0 {
		decided = max(decided, t.Steps[n-1].At+t.Steps[n-1].Took)
	}
	for _, step := range t.Steps[n:] {
		if step.Region == t.Region && step.At >= decided {
			return decided, step.At
		}
	}
	return decided, decided
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
			during = during || f.met(s.evidence[j])
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
	o := verdict.Outage{Since: seconds(first), Lower: seconds(last - first), Bad: j - i}
	before := first
	if i > 0 {
		before = s.evidence[i-1].Due
		o.LastGood = secondsOf(&before)
	}
	if j == len(s.evidence) {
		return o
	}
	o.Upper = secondsOf(ptr(s.evidence[j].Due - before))
	return o
}
