package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

const (
	leastChart = 24 // columns of the chart itself; a narrower terminal gets none
	mostChart  = 96
	mostLabel  = 24
)

// bar is what lasts on the chart, or an instant where it begins and ends at once.
type bar struct {
	name        string
	from, until history.Instant
	mark        string
}

// bars are what happens in a drill, in the order in which it is expected; what waits for something is drawn as if that
// came at once.
func bars(r history.Plan) []bar {
	all := []bar{{"warm-up", -r.WarmUp, 0, "░"}}
	for _, f := range r.Faults {
		at := r.Begins(f)
		all = append(all, bar{f.Name, at, at + f.For, "█"})
	}
	for _, a := range r.Actions {
		at := r.Expected(a.After, a.At)
		until := at + a.For
		all = append(all, bar{a.Name, at, until, "▒"})
	}
	return append(all, bar{"settling", r.Length() - r.Settle, r.Length(), "░"})
}

// chart draws when what is in force, a line for each, over an axis in seconds.
func (t *page) chart(r history.Plan) {
	all := bars(r)
	label := 0
	for _, b := range all {
		label = min(max(label, len(b.name)), mostLabel) // names are ASCII
	}
	wide := min(t.Prose-label-4, mostChart)
	begin, end := -r.WarmUp, r.Length()
	if wide < leastChart || end <= begin {
		return
	}
	column := func(at history.Instant) int {
		return min(int(int64(at-begin)*int64(wide)/int64(end-begin)), wide)
	}
	fmt.Fprintln(t)
	for _, b := range all {
		from, until := column(b.from), column(b.until)
		drawn := strings.Repeat(b.mark, max(until-from, 1))
		if b.from == b.until {
			drawn = "▲"
		}
		from = min(from, wide-1)
		fmt.Fprintf(t, "  %-*.*s  %s%s\n", label, label, b.name, strings.Repeat(" ", from), drawn)
	}
	axis, numbers := axis(begin, end, wide, column)
	fmt.Fprintf(t, "  %*s  %s\n  %*s  %s\n", label, "", axis, label, "", numbers)
}

// axis is a line with ticks at round instants, and their numbers below.
func axis(begin, end history.Instant, wide int, column func(history.Instant) int) (line, numbers string) {
	step := history.At(time.Second)
	for _, seconds := range []int{2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400} {
		if int64(end-begin)/int64(step)*8 <= int64(wide) {
			break
		}
		step = history.At(time.Duration(seconds) * time.Second)
	}
	ticks, text := []rune(strings.Repeat("─", wide)), []rune(strings.Repeat(" ", wide+8))
	for at := history.Instant(0); at <= end; at += step {
		c := min(column(at), wide-1)
		ticks[c] = '┬'
		copy(text[c:], []rune(at.Duration().String()))
	}
	if first := []rune(begin.Duration().String()); len(first) < column(0) { // else it would run into the 0s
		copy(text, first)
	}
	return string(ticks), strings.TrimRight(string(text), " ")
}
