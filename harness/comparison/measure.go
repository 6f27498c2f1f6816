package comparison

import (
	"math"

	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Unit is what a measure's numbers are.
type Unit string

// The units. A check that measures nothing is compared by how often it was missed.
const (
	InSeconds Unit = "seconds"
	InShares  Unit = "share" // of which more is better
	InMisses  Unit = "misses"
)

// Measure is one number that each run has, in both sets.
type Measure struct {
	Name string `json:"name"`
	verdict.Subject
	Unit Unit `json:"unit"`
	// Decides tells whether it decides the whole: a check asks for it. Else it informs. MustTell is one without which
	// nothing is known of the whole: a recovery that a check asks for, or where none does whatever decides.
	Decides  bool   `json:"decides"`
	MustTell bool   `json:"must_tell"`
	A        Values `json:"a"`
	B        Values `json:"b"`

	// Shift is by how much B's lie above A's, between Lower and Upper with the confidence; nil where that is infinite, or
	// can't be told.
	Shift    *verdict.Seconds `json:"shift"`
	Lower    *verdict.Seconds `json:"lower"`
	Upper    *verdict.Seconds `json:"upper"`
	P        float64          `json:"p"`
	Adjusted float64          `json:"p_adjusted"` // for being one of many
	Effect   verdict.Seconds  `json:"effect"`     // what must have shifted to be called different
	Answer   Answer           `json:"answer"`

	// Of what can't be told: the smallest shift that so many runs would have found, nil where nobody can say; how many
	// runs a side would tell if they were like these, 0 where nobody can say; and whether there were too few to tell
	// anything apart, and how many runs a side are the least that can, corrected for being one of several.
	Finds  *verdict.Seconds `json:"finds,omitempty"`
	Needs  int              `json:"needs,omitempty"`
	TooFew bool             `json:"too_few,omitempty"`
	Least  int              `json:"least,omitempty"`

	// Worse is the shift turned so that more is worse; its numbers may be infinite.
	Worse inference.Shift `json:"-"`
}

// Values are those of a set, in the unit of the measure; nil where there are too few runs, or too many never recovered.
type Values struct {
	N              int              `json:"n"`
	NeverRecovered int              `json:"never_recovered,omitempty"` // of them: longer than all others
	Missed         int              `json:"missed,omitempty"`          // of them, where that is what is compared
	Median         *verdict.Seconds `json:"median"`
	Lower          *verdict.Seconds `json:"lower"` // of the median, with the confidence
	Upper          *verdict.Seconds `json:"upper"`
	Min            *verdict.Seconds `json:"min"`
	Max            *verdict.Seconds `json:"max"`
	Runs           []Value          `json:"runs"`
}

// Value is that of a run.
type Value struct {
	Run   int             `json:"run"` // its place among its side's
	Value verdict.Seconds `json:"value"`
	Never bool            `json:"never_recovered,omitempty"` // Value is then for how long it was watched
}

// least is what a length of time must shift by that isn't sampled by people who arrive: what a machine's scheduling
// moves too.
const least = 0.010

// leastShare is the same of a share whose parts aren't counted.
const leastShare = 0.01

// measures compares all that the sets have in common. Those that decide are corrected for being many among themselves,
// and so are those that inform, so that many of these hide no shift of those.
func measures(a, b *Set, rule Rule) []Measure {
	all := collect(a, b)
	for _, decides := range []bool{true, false} {
		var family []*series
		var p []float64
		for _, s := range all {
			if s.Decides != decides {
				continue
			}
			s.compare(rule)
			if s.A.N > 0 && s.B.N > 0 {
				family, p = append(family, s), append(p, s.P)
			}
		}
		for i, adjusted := range inference.Holm(p) {
			family[i].Adjusted = adjusted
		}
		for _, s := range all {
			if s.Decides == decides {
				s.answer(rule, max(1, len(family)))
			}
		}
	}
	made := []Measure{}
	for _, decides := range []bool{true, false} {
		for _, s := range all {
			if s.Decides == decides {
				made = append(made, s.Measure)
			}
		}
	}
	return made
}

// compare fills in what is known before it is known of how many measures it is one.
func (s *series) compare(rule Rule) {
	s.P, s.Adjusted = 1, 1
	if s.Unit == InMisses {
		s.A, s.B = s.misses(0), s.misses(1)
		if s.A.N > 0 && s.B.N > 0 {
			s.P = inference.Misses(s.A.Missed, s.A.N, s.B.Missed, s.B.N)
		}
		return
	}
	first, second := s.times(0), s.times(1)
	s.Worse = inference.ShiftOf(first, second, rule.Confidence)
	s.P = s.Worse.P
	s.A, s.B = s.values(0, first, rule.Confidence), s.values(1, second, rule.Confidence)
	s.Shift = verdict.Finite(s.Worse.Seconds)
	s.Lower, s.Upper = verdict.Finite(s.Worse.Lower), verdict.Finite(s.Worse.Upper)
	if s.Unit == InShares {
		s.Shift, s.Lower, s.Upper = negative(s.Shift), negative(s.Upper), negative(s.Lower)
	}
	effect := s.floor
	if s.arrives && rule.AtLeast != nil {
		effect = float64(*rule.AtLeast)
	}
	if m := inference.Median(inference.Survival(first)); len(first) > 0 && !math.IsInf(m, 0) {
		effect = max(effect, rule.Effect*math.Abs(m))
	}
	s.Effect = verdict.Seconds(effect)
}

// answer is given where it is known of how many measures it is one.
func (s *series) answer(rule Rule, family int) {
	alpha := 1 - rule.Confidence
	s.TooFew = inference.Smallest(s.A.N, s.B.N)*float64(family) > alpha
	if s.decide(rule, family); s.Answer != CantTell {
		s.TooFew = false // to tell them apart; that they are the same is known
	}
	if s.TooFew {
		s.Least = inference.Least(alpha / float64(family))
	}
}

// decide finds the answer, and where there is none what would give one.
func (s *series) decide(rule Rule, family int) {
	alpha := 1 - rule.Confidence
	differs := s.Adjusted <= alpha
	s.Answer = CantTell
	if s.Unit == InMisses {
		missed := float64(s.B.Missed)*float64(s.A.N) - float64(s.A.Missed)*float64(s.B.N)
		none, all := s.A.Missed+s.B.Missed == 0, s.A.Missed == s.A.N && s.B.Missed == s.B.N
		switch {
		case differs && missed > 0:
			s.Answer = Worse
		case differs && missed < 0:
			s.Answer = Better
		case (none || all) && min(s.A.N, s.B.N) >= inference.Least(alpha):
			s.Answer = Same
		}
		return
	}
	effect := float64(s.Effect)
	switch w := s.Worse; {
	case differs && w.Seconds >= effect:
		s.Answer = Worse
	case differs && w.Seconds <= -effect:
		s.Answer = Better
	case -effect <= w.Lower && w.Upper <= effect:
		s.Answer = Same
	case w.Upper <= effect:
		s.Answer = NotWorse
	default:
		s.power(rule.Confidence, alpha/float64(family))
	}
}

// power says what so many runs could have told, and how many could.
func (s *series) power(confidence, alpha float64) {
	most := max(s.A.N, s.B.N)
	spread := s.Worse.Spread(s.times(0), s.times(1), confidence)
	if s.A.N == 0 || s.B.N == 0 || math.IsNaN(spread) {
		s.Needs = max(inference.Least(alpha), most+1)
		return
	}
	shift := math.Abs(s.Worse.Seconds)
	if math.IsInf(shift, 0) || math.IsInf(spread, 0) {
		if s.TooFew {
			s.Needs = inference.Least(alpha)
		}
		return
	}
	s.Finds = verdict.Finite(max(inference.Findable(s.A.N, s.B.N, spread, alpha), float64(s.Effect)))
	within := shift // tell it from none
	if shift < float64(s.Effect) {
		within = float64(s.Effect) - shift // tell that it isn't more than what counts
	}
	s.Needs = max(inference.Sides(spread, within, alpha), most+1)
}

// times are a side's numbers, turned so that more is worse.
func (s *series) times(side int) []inference.Time {
	var all []inference.Time
	for _, v := range s.sides[side] {
		t := inference.Time{Seconds: float64(v.Value), Censored: v.Never}
		if s.Unit == InShares {
			t.Seconds = 1 - t.Seconds
		}
		all = append(all, t)
	}
	return all
}

func (s *series) misses(side int) Values {
	v := Values{N: len(s.sides[side]), Runs: append([]Value{}, s.sides[side]...)}
	for _, run := range v.Runs {
		v.Missed += int(run.Value)
	}
	return v
}

func (s *series) values(side int, times []inference.Time, confidence float64) Values {
	t := inference.TypicalOf(times, confidence)
	v := Values{N: t.N, NeverRecovered: t.Censored, Median: verdict.Finite(t.Median), Lower: verdict.Finite(t.Lower),
		Upper: verdict.Finite(t.Upper), Min: verdict.Finite(t.Min), Max: verdict.Finite(t.Max),
		Runs: append([]Value{}, s.sides[side]...)}
	if s.Unit == InShares {
		v.Median, v.Lower, v.Upper, v.Min, v.Max = rest(v.Median), rest(v.Upper), rest(v.Lower), rest(v.Max), rest(v.Min)
	}
	return v
}

func negative(v *verdict.Seconds) *verdict.Seconds {
	if v == nil {
		return nil
	}
	return verdict.Finite(0 - float64(*v)) // 0 and not -0
}

// rest is a share of what another is the rest of.
func rest(v *verdict.Seconds) *verdict.Seconds {
	if v == nil {
		return nil
	}
	return verdict.Finite(1 - float64(*v))
}
