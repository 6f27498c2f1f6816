package checks

import (
	"fmt"
	"math"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// share are the keys of a check that asks for a share between two bounds.
type share struct {
	AtLeast float64 `yaml:"at_least" min:"0" max:"1" example:"0.99" doc:"the share that is asked for"`
	AtMost  float64 `yaml:"at_most" min:"0" max:"1" doc:"the share that must not be exceeded, of what is expected to go wrong"`
}

// problems of the bounds.
func (s *share) problems() []Problem {
	switch {
	case s.AtLeast == 0 && s.AtMost == 1:
		return []Problem{{Key: "kind", Sentence: "it asks for nothing: give at_least, at_most or both"}}
	case s.AtLeast > s.AtMost:
		return []Problem{{Key: "at_most",
			Sentence: fmt.Sprintf("nothing is at least %v and at most %v", s.AtLeast, s.AtMost)}}
	}
	return nil
}

// grade judges a share of n of which nobody knows more than that it lies between two numbers.
func (s *share) grade(least, most, n int) verdict.Grade {
	switch {
	case exceeds(least, n, s.AtMost) || !history.Kept(most, n, s.AtLeast):
		return verdict.Fail
	case history.Kept(least, n, s.AtLeast) && !exceeds(most, n, s.AtMost):
		return verdict.Pass
	}
	return verdict.Unknown
}

// exceeds tells whether so many of n are more than a share of them, in whole numbers as history.Kept.
func exceeds(good, n int, share float64) bool { return !history.Kept(n-good, n, 1-share) }

// objective is what is asked for, as findings have it.
func (s *share) objective() any {
	if s.AtMost < 1 {
		return verdict.Share{Lower: s.AtLeast, Upper: s.AtMost}
	}
	return s.AtLeast
}

// asked is the objective in words.
func (s *share) asked() string {
	least, most := verdict.Percent(s.AtLeast, math.Round), "at most "+verdict.Percent(s.AtMost, math.Round)
	switch {
	case s.AtMost == 1:
		return least
	case s.AtLeast == 0:
		return most
	}
	return "at least " + least + " and " + most
}
