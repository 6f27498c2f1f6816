package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TrendText writes how recoveries went over time, as Text does of one drill. Phases are told of where they changed. Its
// error is that of w.
func TrendText(w io.Writer, all *runs.Trends, opts TextOptions) error {
	if opts.Width == 0 {
		opts.Width = unseen
	}
	t := &textWriter{TextOptions: opts}
	heading := ""
	for i := range all.Measures {
		m := &all.Measures[i]
		if m.Phase != "" && len(m.Changes) == 0 {
			continue
		}
		if h := seriesPlace(&m.Series); h != heading {
			if heading != "" {
				t.b.WriteByte('\n')
			}
			heading = h
			t.paragraph("", t.paint("1", h))
		}
		t.trend(m, all.Least)
	}
	if len(all.Measures) == 0 {
		t.paragraph("", "Nothing to tell: no check judges a recovery in any run that counts.")
	}
	t.leftOut(all)
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *textWriter) leftOut(all *runs.Trends) {
	var said []string
	if all.Simulated > 0 {
		said = append(said, plural(all.Simulated, "simulated run"))
	}
	if all.Uncounted > 0 {
		said = append(said, plural(all.Uncounted, "run")+" that measured nothing valid")
	}
	if len(said) > 0 {
		t.b.WriteByte('\n')
		t.paragraph("", "Left out: "+strings.Join(said, "; ")+".")
	}
}

// seriesPlace says of which drills a measure is.
func seriesPlace(s *runs.Series) string {
	said := clean(s.Scenario) + " on " + clean(s.Target)
	if s.Environment != "" {
		said += ", " + clean(s.Environment)
	}
	return said
}

func seriesName(s *runs.Series) string {
	if s.Phase != "" {
		return clean(s.Name) + ": " + clean(s.Phase)
	}
	return clean(s.Name)
}

func (t *textWriter) trend(m *runs.Trend, least int) {
	mark, sign := verdict.Pass, "·"
	if latest := m.Latest(); latest != nil {
		sign = map[bool]string{true: "✗", false: "✓"}[latest.Worse]
		if latest.Worse {
			mark = verdict.Fail
		}
	}
	t.b.WriteString("  " + t.paint(marks[mark].colour, sign) + " " + seriesName(&m.Series) + "  " +
		sparkline(m.Points) + "\n")
	t.paragraph("      ", trendWords(m, least))
	for i := range m.Changes {
		t.paragraph("      ", shiftText(&m.Changes[i]))
	}
}

// trendWords are where a measure stands now.
func trendWords(m *runs.Trend, least int) string {
	said := medianWords(m.Median) + " (median of " + plural(m.Since, "run")
	switch {
	case len(m.Changes) > 0:
		said += " since the latest change; "
	case m.TooFew:
		said += fmt.Sprintf("; too few to tell a change, which takes %d; ", least)
	default:
		said += ", and no change; "
	}
	said += dayOf(m.Points[0].Begun) + " to " + dayOf(m.Points[len(m.Points)-1].Begun)
	if m.Never > 0 {
		said += fmt.Sprintf("; %d of all %d never recovered", m.Never, len(m.Points))
	}
	return said + ")"
}

func medianWords(s *verdict.Seconds) string {
	if s == nil {
		return "half or more never recovered"
	}
	return span(*s)
}

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// shiftText is a change in a sentence.
func shiftText(s *runs.Shift) string {
	word := map[bool]string{true: "worse", false: "better"}[s.Worse]
	return fmt.Sprintf("%s since %s (%s): %s before, %s after, p = %.3f", word, dayOf(s.Begun), clean(s.Folder),
		medianWords(s.Before), medianWords(s.After), s.P)
}

const (
	levels    = "▁▂▃▄▅▆▇█"
	sparkMost = 40
)

// sparkline draws the latest points as a line of text; × is who never recovered.
func sparkline(points []runs.Point) string {
	points = points[max(0, len(points)-sparkMost):]
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		if !p.Never {
			low, high = min(low, float64(p.Value)), max(high, float64(p.Value))
		}
	}
	steps := []rune(levels)
	var line strings.Builder
	for _, p := range points {
		switch {
		case p.Never:
			line.WriteRune('×')
		case high-low < 1e-9:
			line.WriteRune(steps[len(steps)/2])
		default:
			line.WriteRune(steps[int(math.Round((float64(p.Value)-low)/(high-low)*float64(len(steps)-1)))])
		}
	}
	return line.String()
}
