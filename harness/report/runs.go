package report

import (
	"fmt"
	"strings"

	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// RunGrade is a past run's grade in a word, and that it was simulated.
func RunGrade(r *runs.Run) string {
	word := gradeWord(r.Grade)
	if r.Virtual {
		word += ", simulated"
	}
	return word
}

// RunWords are what a past run came to: the recovery of each pair that a check judges, or how often many drills met
// each objective.
func RunWords(r *runs.Run) string {
	var said []string
	switch {
	case r.Repetition != nil:
		for _, o := range r.Repetition.Objectives {
			said = append(said, fmt.Sprintf("%s met %d of %d", clean(o.Name), o.Met, o.Of))
		}
		if len(said) == 0 {
			said = append(said, plural(r.Repetition.Drills, "drill"))
		}
	case r.LeftOut != "":
		return clean(r.LeftOut)
	default:
		for i := range r.Recoveries {
			said = append(said, pairWords(&r.Recoveries[i]))
		}
	}
	return strings.Join(said, "; ")
}

func pairWords(r *runs.Recovery) string {
	return clean(r.Probe) + " from " + clean(r.Fault) + " " + tookWords(r)
}

// tookWords are how long it took.
func tookWords(r *runs.Recovery) string {
	switch {
	case !r.Told:
		return "not to be told"
	case r.Never:
		return "never in " + floor(r.Lower)
	}
	return boundsAgainst(&verdict.Interval{Lower: r.Lower, Upper: r.Upper}, r.Within)
}
