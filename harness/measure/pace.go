package measure

import (
	"slices"
	"sort"

	"github.com/regiondrill/regiondrill/harness/history"
)

// stride is a part of a good attempt that can be compared with the same part of others: a step, the time between two,
// or the person's patience with their home Region.
type stride struct {
	name, before string // the step, and for the time between two the one before
	host, region string // of the step
	way          way    // the attempt's
	nth          int    // in the attempt: a second look at the portal has a connection that the first had to make
}

// way is how an attempt went: the Region that carried it, and the names of its steps in their order, as a hash. What
// went another way had other things to do in steps of the same name.
type way struct {
	carried string
	steps   uint64
}

func wayOf(t *history.Attempt) way {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	sum := uint64(offset)
	for i := range t.Steps {
		name := t.Steps[i].Name
		for k := range len(name) {
			sum = (sum ^ uint64(name[k])) * prime
		}
		sum = (sum ^ 0xff) * prime
	}
	return way{t.Region, sum}
}

// The strides that are no step.
const (
	lateness = "lateness" // from due to began
	patience = "patience" // from due until the person gave up on home
	rest     = "rest"     // from the last step to the end
	all      = "all"      // the whole attempt, from due to ended
)

// strides calls visit for each part of a good attempt, in order: when it began and how long it took. Together they are
// the whole of it, but for what the person spent on their home Region, which counts from due.
func strides(t *history.Attempt, visit func(k stride, at, took history.Instant)) {
	at, before, nth, way := t.Began, "", 0, wayOf(t)
	part := func(k stride, at, took history.Instant) {
		k.way, k.nth = way, nth
		nth++
		visit(k, at, took)
	}
	part(stride{name: lateness}, t.Due, t.Began-t.Due)
	steps := t.Steps
	if n := gaveUp(steps); n > 0 {
		at, before = max(at, steps[n-1].At+steps[n-1].Took), patience
		part(stride{name: patience, host: steps[0].Host, region: steps[0].Region}, t.Due, at-t.Due)
		steps = steps[n:]
	}
	for i := range steps {
		s := &steps[i]
		part(stride{name: s.Name, before: before, host: s.Host, region: s.Region}, at, max(0, s.At-at))
		part(stride{name: s.Name, host: s.Host, region: s.Region}, s.At, s.Took)
		at, before = max(at, s.At+s.Took), s.Name
	}
	part(stride{name: rest, before: before}, at, t.Ended-at)
}

// gaveUp is the number of steps, from the first on, that the person spent on their home Region before they gave it up.
func gaveUp(steps []history.Step) int {
	n := 0
	for n < len(steps) && (steps[n].Name == history.StepHome || steps[n].Name == history.StepWait) {
		n++
	}
	return n
}

const (
	many = 20 // comparable parts from which on the fastest is taken as it is
	few  = 5  // comparable parts below which nothing can be compared
)

// sample is what is known of one stride among the good attempts of a probe.
type sample struct {
	n                 int
	fastest, slowest  history.Instant
	some              []history.Instant // all, while they are fewer than many
	before            int               // those of attempts that ended before the fault was requested
	quickest, laziest history.Instant   // of those
}

func (s *sample) add(took history.Instant, before bool) {
	if s.n == 0 {
		s.fastest, s.slowest = took, took
	}
	s.n, s.fastest, s.slowest = s.n+1, min(s.fastest, took), max(s.slowest, took)
	if s.n < many {
		s.some = append(s.some, took)
	}
	if !before {
		return
	}
	if s.before == 0 {
		s.quickest, s.laziest = took, took
	}
	s.before, s.quickest, s.laziest = s.before+1, min(s.quickest, took), max(s.laziest, took)
}

// least is how fast the stride can be. Of few, the fastest was hardly the fastest there is: it is taken to be as much
// faster than their median as the slowest was slower.
func (s *sample) least() history.Instant {
	if s.n >= many {
		return s.fastest
	}
	slices.Sort(s.some)
	return max(0, min(s.fastest, 2*percentile(s.some, 0.5)-s.slowest))
}

// pace knows how fast each stride of a probe's good attempts can be.
type pace struct {
	samples map[stride]*sample
	recent  []slot // by position in an attempt: most attempts are made of the same strides as the one before
	healing history.Instant
}

// slot is the stride that was last seen at its position in an attempt, and its sample.
type slot struct {
	stride
	*sample
}

// paceOf compares the strides of all good attempts of the history.
func (s *series) paceOf(f *fault, end history.Instant) *pace {
	p := &pace{samples: map[stride]*sample{}, healing: f.until(end)}
	for i := range s.evidence {
		t := &s.evidence[i]
		if t.Outcome != history.Good {
			continue
		}
		before, n := f.requested != nil && t.Ended <= *f.requested, 0
		strides(t.Attempt, func(k stride, _, took history.Instant) {
			p.sample(n, k).add(took, before)
			n++
		})
		p.sample(n, whole(t)).add(t.Ended-t.Due, before)
	}
	return p
}

func whole(t *try) stride { return stride{name: all, way: way{carried: t.Region}} }

// sample finds what is known of the stride that is the nth of its attempt.
func (p *pace) sample(n int, k stride) *sample {
	if n == len(p.recent) {
		p.recent = append(p.recent, slot{})
	}
	if at := &p.recent[n]; at.sample == nil || at.stride != k {
		if p.samples[k] == nil {
			p.samples[k] = &sample{}
		}
		*at = slot{k, p.samples[k]}
	}
	return p.recent[n].sample
}

// excess is by how much an attempt was slower than it could have been without the fault's doing. What began before the
// healing may have waited for the fault, so that it counts for no more than twice what such strides differed by before
// the fault. Where too few strides compare, the whole attempt is compared; where too few do so either, nothing is known
// but that nobody could have been in before they came.
func (p *pace) excess(t *try) history.Instant {
	var sum history.Instant
	known, n := true, 0
	strides(t.Attempt, func(k stride, at, took history.Instant) {
		s := p.sample(n, k)
		if n++; s.n < few {
			known = false
			return
		}
		slower := max(0, took-s.least())
		if at < p.healing && s.before >= few && k.name != patience && k.name != lateness {
			slower = min(slower, 2*(s.laziest-s.quickest))
		}
		sum += slower
	})
	took := t.Ended - t.Due
	if known {
		return min(sum, took)
	}
	if s := p.sample(n, whole(t)); s.n >= few {
		return min(took, took-s.least())
	}
	return took
}

// lower bounds from below when anybody could have been in: what the good attempts due from tries[first] on until then
// could have done had they come sooner, been as quick as any, and had neither this process nor their browser stood
// still.
func (c *comeback) lower(first int, until history.Instant, p *pace, s stalls) history.Instant {
	least := max(0, until-c.from)
	for i := first; i < len(c.tries) && c.tries[i].Due <= until; i++ {
		t := &c.tries[i]
		if !c.good(*t) {
			continue
		}
		previous := c.from
		if i > 0 {
			previous = c.tries[i-1].Due
		}
		gap := t.Due - previous
		least = min(least, t.Ended-c.from-gap-p.excess(t)-s.within(previous, t.Ended))
	}
	return max(0, least)
}

// stalls are the spans in which this process, or a browser, stood still, in order, none overlapping another.
type stalls []stretch

func apart(all []history.Stall) stalls {
	var spans stalls
	for _, s := range all {
		spans = append(spans, stretch{s.Since, s.Until})
	}
	return spans
}

// within is how long of a span they cover.
func (s stalls) within(since, until history.Instant) history.Instant {
	var sum history.Instant
	first := sort.Search(len(s), func(i int) bool { return s[i].until > since })
	for _, one := range s[first:] {
		if one.since >= until {
			break
		}
		sum += min(until, one.until) - max(since, one.since)
	}
	return sum
}

// begin is when the stall began that an instant lies in, or the instant: what was stamped then may have come as early.
func (s stalls) begin(at history.Instant) history.Instant {
	first := sort.Search(len(s), func(i int) bool { return s[i].until >= at })
	if first < len(s) && s[first].since <= at {
		return s[first].since
	}
	return at
}
