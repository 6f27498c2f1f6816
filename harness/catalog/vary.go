package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/scenario"
)

// mostPairs bounds how many pairs of values are compiled together: some seconds at most. Twelve ranges have 264.
const mostPairs = 400

// varied tries what a scenario draws before any drill does.
type varied struct {
	// compile compiles the scenario with some of its settings set.
	compile func(sets ...scenario.Set) error
	left    int // pairs of values that were not tried, because there are too many
}

// pair are two values that are tried together, each of a draw of its own.
type pair struct {
	i, j int // of the draws
	a, b scenario.Scalar
}

// try compiles each end of what varies alone, and then each with each end of every other, as long as they are few
// enough. What lies between the ends, and three at once, are for the drill that draws them. Its error is a
// scenario.Errors.
func (v *varied) try(draws []scenario.Draw) error {
	var errs []error
	var sound []scenario.Draw
	for _, d := range draws {
		err := v.alone(d)
		if err == nil {
			sound = append(sound, d)
		}
		errs = append(errs, err)
	}
	wrong := map[[2]int]bool{} // one sentence for two draws is enough
	pairs := pairsOf(sound)
	for n, p := range pairs {
		if n == mostPairs {
			v.left = len(pairs) - mostPairs
			break
		}
		if at := [2]int{p.i, p.j}; !wrong[at] {
			first, second := sound[p.i], sound[p.j]
			if err := v.compile(set(first, p.a), set(second, p.b)); err != nil {
				wrong[at] = true
				errs = append(errs, second.Block.Errorf("", "%s can't be %s while %s is %s (line %d): %s", second.Path, p.b,
					first.Path, p.a, first.Block.Pos("").Line, sentences(err)))
			}
		}
	}
	return scenario.Join(errs...)
}

// alone tries each end of a draw, and tells those that are wrong of the same together.
func (v *varied) alone(d scenario.Draw) error {
	var whys []string
	wrong := map[string][]string{}
	for _, end := range d.Ends() {
		err := v.compile(set(d, end))
		if err == nil {
			continue
		}
		why := sentences(err)
		if wrong[why] == nil {
			whys = append(whys, why)
		}
		wrong[why] = append(wrong[why], string(end))
	}
	var errs []error
	for _, why := range whys {
		errs = append(errs, d.Block.Errorf("", "%s can't be %s: %s", d.Path, strings.Join(wrong[why], " or "), why))
	}
	return scenario.Join(errs...)
}

func set(d scenario.Draw, value scenario.Scalar) scenario.Set {
	return scenario.Set{Path: d.Path, Value: string(value)}
}

// pairsOf are all ends with all of others, those first that come first among the ends of every draw: where not all can
// be tried, each draw is tried with each other one at least once.
func pairsOf(draws []scenario.Draw) []pair {
	type turn struct {
		pair
		nth int
	}
	var all []turn
	for j, second := range draws {
		for i, first := range draws[:j] {
			nth := 0
			ends := second.Ends()
			for y := range ends {
				for x, a := range first.Ends() {
					// by diagonals: what can't stand together is mostly a small one with a large one
					all = append(all, turn{pair{i, j, a, ends[(len(ends)-1-y+x)%len(ends)]}, nth})
					nth++
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b turn) int { return a.nth - b.nth })
	pairs := make([]pair, len(all))
	for i, t := range all {
		pairs[i] = t.pair
	}
	return pairs
}

// remark tells what was left out.
func (v *varied) remark(s *scenario.Scenario) scenario.Remark {
	return scenario.Remark{Position: s.Block.Pos("vary"), Sentence: fmt.Sprintf("of the pairs of values that may be "+
		"drawn together %d were tried and %d were not: if some of these can't stand together, the drill tells that draws "+
		"them", mostPairs, v.left)}
}

// sentences are what mistakes say, without where they are.
func sentences(err error) string {
	mistakes, ok := errors.AsType[scenario.Errors](err)
	if !ok {
		return err.Error()
	}
	var all []string
	for _, m := range mistakes {
		all = append(all, m.Sentence)
	}
	return strings.Join(all, "; ")
}
