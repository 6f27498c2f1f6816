package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// bin is a part of the scale, and how many drills lie in it.
type bin struct {
	from, to verdict.Seconds
	drills   int
}

const (
	spreadDrills = 10 // of fewer a chart tells no more than their bounds
	spreadBins   = 12 // at most
	spreadBar    = 40 // the longest, in columns
)

// binsOf are bins of one width over all who recovered: one, two or five of a power of ten, which people read easily.
func binsOf(times *repetition.Times) []bin {
	lowest, highest := math.Inf(1), math.Inf(-1)
	for i := range times.Drills {
		if s := &times.Drills[i]; s.Watched == nil {
			lowest, highest = min(lowest, float64(s.Longest())), max(highest, float64(s.Longest()))
		}
	}
	if !(lowest < highest) {
		return nil
	}
	width := math.Pow(10, math.Floor(math.Log10((highest-lowest)/spreadBins)))
	first := 0.0
	for _, step := range []float64{1, 2, 5, 10, 20} { // the last where ten would do but for where they begin
		first = math.Floor(lowest/(width*step)) * width * step
		if highest < first+spreadBins*width*step {
			width *= step
			break
		}
	}
	var bins []bin
	for i := 0.0; first+i*width <= highest; i++ {
		bins = append(bins, bin{from: verdict.Seconds(first + i*width), to: verdict.Seconds(first + (i+1)*width)})
	}
	for i := range times.Drills {
		if s := &times.Drills[i]; s.Watched == nil {
			at := int((float64(s.Longest()) - first) / width)
			bins[min(at, len(bins)-1)].drills++
		}
	}
	return bins
}

// spread draws how times are distributed.
func (t *textWriter) spread(times *repetition.Times) {
	bins := binsOf(times)
	if times.N < spreadDrills || bins == nil {
		return
	}
	t.b.WriteString("\n")
	most, wide := times.NeverRecovered, len("never")
	labels := make([]string, len(bins))
	for i, b := range bins {
		labels[i] = bounds(&verdict.Interval{Lower: b.from, Upper: &b.to})
		most, wide = max(most, b.drills), max(wide, len(labels[i]))
	}
	row := func(label string, drills int) {
		bar := strings.Repeat("█", (drills*spreadBar+most-1)/most)
		if bar += " "; drills == 0 {
			bar = ""
		}
		fmt.Fprintf(&t.b, "  %*s  %s%d\n", wide, label, bar, drills)
	}
	for i, b := range bins {
		row(labels[i], b.drills)
	}
	if times.NeverRecovered > 0 {
		row("never", times.NeverRecovered)
	}
	t.b.WriteString("\n")
}

// tailWords names the phases that make the longest times long.
func tailWords(tail *repetition.Tail) string {
	all, longer := parts(&tail.Over, history.Words{}), ""
	most := slices.MaxFunc(all, func(a, b part) int { return cmp.Compare(a.Took, b.Took) }).Took
	for _, p := range all {
		if p.Took < max(most/10, verdict.Seconds(time.Millisecond.Seconds())) { // which makes no difference
			continue
		}
		if longer != "" {
			longer += ", "
		}
		longer += p.Name + " " + span(p.Took)
	}
	said := fmt.Sprintf("the slowest %d took %s or more", tail.N, floor(tail.From))
	if longer == "" {
		return said + ", in no phase by more than another"
	}
	return said + "; longer than typical: " + longer
}
