package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// WriteComparison writes comparison.json.
func WriteComparison(w io.Writer, r *comparison.Result) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// ComparisonText writes how two sets of runs differ, as Text does of one run. Its error is that of w.
func ComparisonText(w io.Writer, r *comparison.Result, opts TextOptions) error {
	if opts.Width == 0 {
		opts.Width = unseen
	}
	t := &textWriter{TextOptions: opts}
	t.spoken(r.Answer.Grade(), answerWord(r.Answer), comparisonLine(r))
	t.b.WriteByte('\n')
	t.paragraph("A  ", sideWords(&r.A))
	t.paragraph("B  ", sideWords(&r.B))
	for _, m := range r.Decided() {
		t.compared(&m, r.Rule)
	}
	t.informing(r)
	t.list("What differs", differenceWords(r.Differs))
	t.list("Compared all the same, though not alike", differenceWords(r.Unlike))
	t.list("Left out", leftOutWords(r))
	t.list("Remarks", r.Notes)
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *textWriter) list(title string, all []string) {
	for i, said := range all {
		if i == 0 {
			t.b.WriteString("\n" + t.paint("1", title) + "\n")
		}
		t.paragraph("  · ", clean(said))
	}
}

// compared writes a measure that decides.
func (t *textWriter) compared(m *comparison.Measure, rule comparison.Rule) {
	t.b.WriteByte('\n')
	for _, line := range wrap(clean(m.Name), t.Width) {
		t.b.WriteString(t.paint("1", line) + "\n")
	}
	t.paragraph("  A        ", valuesWords(&m.A, m))
	t.paragraph("  B        ", valuesWords(&m.B, m))
	if said := boundedShift(m, rule); said != "" {
		t.paragraph("  shift    ", said+". "+effectWords(m))
	}
	t.paragraph("  answer   ", t.paint(marks[m.Answer.Grade()].colour, string(m.Answer))+behindAnswer(m, rule))
}

// informing writes the measures that decide nothing: what has shifted or may have, and how many others there are.
func (t *textWriter) informing(r *comparison.Result) {
	same, few, least, heading := 0, 0, 0, "\n"+t.paint("1", "Beside it")+"\n"
	head := func() { t.b.WriteString(heading); heading = "" }
	for _, m := range r.Informing() {
		switch {
		case m.Answer == comparison.Same || m.Answer == comparison.NotWorse:
			same++
		case m.Answer == comparison.CantTell && m.TooFew:
			few, least = few+1, max(least, m.Least)
		default:
			head()
			t.informed(&m)
		}
	}
	if same > 0 {
		head()
		t.paragraph("  ✓ ", plural(same, "measure")+" that no check asks for: the same, or not worse")
	}
	if few > 0 {
		head()
		t.paragraph("  ? ", plural(few, "measure")+" that no check asks for: too few runs to tell; the least that "+
			fmt.Sprintf("can, with so many measures, are %d a side", least))
	}
}

func (t *textWriter) informed(m *comparison.Measure) {
	mark := marks[m.Answer.Grade()]
	for i, line := range wrap(informedWords(m), t.Width-4) {
		sign := " "
		if i == 0 {
			sign = t.paint(mark.colour, mark.sign)
		}
		t.b.WriteString("  " + sign + " " + line + "\n")
	}
}

// informedWords are a measure in one sentence.
func informedWords(m *comparison.Measure) string {
	said := string(m.Answer) + ": " + clean(m.Name) + ", " + middleWords(&m.A, m) + " in A, " +
		middleWords(&m.B, m) + " in B"
	if shift := shiftWords(m); shift != "" {
		said += "; " + shift
	}
	return said
}

func answerWord(a comparison.Answer) string { return strings.ToUpper(string(a)) }

// comparisonLine is the outcome in one sentence.
func comparisonLine(r *comparison.Result) string {
	said := fmt.Sprintf("%s, %s against %d", clean(r.Scenario), plural(r.A.Counted, "run"), r.B.Counted)
	switch decided := r.Decided(); {
	case r.A.Counted == 0 || r.B.Counted == 0:
		return said + "; of one of them nothing was measured."
	case len(decided) == 0:
		return said + "; the scenario measures nothing that could be compared."
	case r.Answer == comparison.CantTell:
		for _, m := range decided {
			if m.Answer == comparison.CantTell && (m.MustTell || len(decided) == 1) {
				return said + "; whether " + clean(m.Name) + " has shifted can't be told" + needWords(&m) + "."
			}
		}
		return said + "; what checks ask for can't be told."
	case r.Answer == comparison.Same:
		m := decided[0]
		return said + "; " + clean(m.Name) + " is the same (" + middleWords(&m.A, &m) + " in A, " +
			middleWords(&m.B, &m) + " in B), and nothing else that a check asks for is known to be worse."
	default:
		m := decided[0]
		said += "; " + clean(m.Name) + " is " + string(m.Answer)
		if shift := shiftWords(&m); shift != "" {
			said += ": " + shift
		}
		return said + "."
	}
}

// sideWords say of which runs a side is.
func sideWords(s *comparison.Side) string {
	count := map[verdict.Grade]int{}
	for _, run := range s.Runs {
		count[gradeOf(run.Grade)]++
	}
	said := fmt.Sprintf("%s: %s, %d passed", clean(s.Path), plural(len(s.Runs), "run"), count[verdict.Pass])
	for _, g := range []verdict.Grade{verdict.Fail, verdict.Unknown, verdict.Skipped} {
		if n := count[g]; n > 0 {
			said += fmt.Sprintf(", %d %s", n, map[verdict.Grade]string{verdict.Fail: "failed", verdict.Unknown: "unknown",
				verdict.Skipped: "skipped"}[g])
		}
	}
	if n := len(s.Skipped); n > 0 {
		said += fmt.Sprintf("; %s could not be read", plural(n, "folder"))
	}
	return said
}

// amountOf writes a value of a measure.
func amountOf(v verdict.Seconds, unit comparison.Unit, round func(float64) float64) string {
	if unit == comparison.InShares {
		return verdict.Percent(float64(v), round)
	}
	return rounded(v, round)
}

// middleWords are a side's median alone.
func middleWords(v *comparison.Values, m *comparison.Measure) string {
	switch {
	case v.N == 0:
		return "not measured"
	case m.Unit == comparison.InMisses:
		return fmt.Sprintf("missed in %d of %d", v.Missed, v.N)
	case v.NeverRecovered == v.N:
		return fmt.Sprintf("%s in %d of %d", lapseOf(m.Subject.Measure).Never, v.N, v.N)
	case v.Median == nil:
		return fmt.Sprintf("no median, because %d of %d %s", v.NeverRecovered, v.N, lapseOf(m.Subject.Measure).Never)
	}
	return amountOf(*v.Median, m.Unit, math.Round)
}

// valuesWords are a side's median with all that is known of how far its runs spread.
func valuesWords(v *comparison.Values, m *comparison.Measure) string {
	said := middleWords(v, m)
	switch {
	case v.Median == nil || v.Min == nil:
		return said
	case v.N == 1:
		return said + " (1 run)"
	}
	said += fmt.Sprintf(" (median of %s; all ", plural(v.N, "run"))
	low := math.Floor
	if m.Unit == comparison.InSeconds { // they are upper bounds, and rounded as each run's own is
		low = math.Ceil
	}
	if v.Max == nil {
		said += "from " + amountOf(*v.Min, m.Unit, low) + " on"
	} else {
		said += verdict.Between(amountOf(*v.Min, m.Unit, low), amountOf(*v.Max, m.Unit, math.Ceil))
	}
	if v.NeverRecovered > 0 {
		said += fmt.Sprintf(", %d %s", v.NeverRecovered, lapseOf(m.Subject.Measure).Never)
	}
	return said + ")"
}

// shiftWords say by how much a measure has shifted; empty where that is no number.
func shiftWords(m *comparison.Measure) string {
	w, recovers := m.Worse.Seconds, m.Subject.Measure == verdict.RecoveryTime
	switch {
	case m.Unit == comparison.InMisses || m.A.N == 0 || m.B.N == 0:
		return ""
	case math.IsInf(w, 1):
		return map[bool]string{true: "people don't recover any more", false: "it doesn't come any more"}[recovers]
	case math.IsInf(w, -1):
		return map[bool]string{true: "people recover now", false: "it comes now"}[recovers]
	case m.Shift == nil:
		return ""
	}
	by := amount(math.Abs(w), m.Unit, math.Round)
	if strings.HasPrefix(by, "0 ") {
		return "none"
	}
	said := by + " " + direction(w, m.Unit)
	if m.Unit == comparison.InSeconds && m.A.Median != nil && *m.A.Median > 0 {
		said += fmt.Sprintf(" (%.0f %%)", 100*math.Abs(w)/float64(*m.A.Median))
	}
	return said
}

// amount writes by how much, without its sign.
func amount(v float64, unit comparison.Unit, round func(float64) float64) string {
	if unit == comparison.InShares {
		return strconv.FormatFloat(round(math.Round(v*1e9)/1e5)/100, 'f', -1, 64) + " points"
	}
	return rounded(verdict.Seconds(v), round)
}

// direction says which way: what is worse is longer, or a smaller share.
func direction(worse float64, unit comparison.Unit) string {
	switch {
	case unit == comparison.InShares && worse > 0:
		return "lower"
	case unit == comparison.InShares:
		return "higher"
	case worse > 0:
		return "longer"
	}
	return "shorter"
}

// boundedShift is that with its bounds.
func boundedShift(m *comparison.Measure, rule comparison.Rule) string {
	said, bounds := shiftWords(m), shiftBounds(m)
	if said == "" || bounds == "" {
		return said
	}
	if m.Worse.Lower == 0 && m.Worse.Upper == 0 {
		return "none at all, with " + percent(rule.Confidence) + " confidence"
	}
	return said + "; " + bounds + " with " + percent(rule.Confidence) + " confidence"
}

// shiftBounds are the bounds of a shift, rounded outwards; empty where there are none.
func shiftBounds(m *comparison.Measure) string {
	lower, upper := m.Worse.Lower, m.Worse.Upper
	by := func(v float64, round func(float64) float64) string { return amount(math.Abs(v), m.Unit, round) }
	less, more := direction(-1, m.Unit), direction(1, m.Unit)
	switch {
	case math.IsInf(lower, 0) && math.IsInf(upper, 0):
		return ""
	case math.IsInf(upper, 1) && lower >= 0:
		return "at least " + by(lower, math.Floor) + " " + more
	case math.IsInf(upper, 1):
		return "at most " + by(lower, math.Ceil) + " " + less
	case math.IsInf(lower, -1) && upper <= 0:
		return "at least " + by(upper, math.Floor) + " " + less
	case math.IsInf(lower, -1):
		return "at most " + by(upper, math.Ceil) + " " + more
	case lower < 0 && upper > 0:
		return by(lower, math.Ceil) + " " + less + " to " + by(upper, math.Ceil) + " " + more
	case lower < 0: // and both the one way
		return verdict.Between(by(upper, math.Floor), by(lower, math.Ceil)) + " " + less
	}
	return verdict.Between(by(lower, math.Floor), by(upper, math.Ceil)) + " " + more
}

// effectWords say what would count.
func effectWords(m *comparison.Measure) string {
	return amount(float64(m.Effect), m.Unit, math.Round) + " or more count"
}

// behindAnswer says why the answer is what it is.
func behindAnswer(m *comparison.Measure, rule comparison.Rule) string {
	switch m.Answer {
	case comparison.CantTell:
		if m.Decides && !m.MustTell {
			return " (recovery decides without it)" + needWords(m)
		}
		return needWords(m)
	case comparison.Worse, comparison.Better:
		return fmt.Sprintf(" (p %s, corrected for being one of several)", probability(m.Adjusted))
	case comparison.NotWorse:
		return ": for the worse by less than what counts, with " + percent(rule.Confidence) + " confidence"
	}
	return ""
}

func probability(p float64) string {
	if p < 0.0001 {
		return "below 0.0001"
	}
	return fmt.Sprintf("%.2g", p)
}

// needWords say what so many runs can tell, and how many would tell this.
func needWords(m *comparison.Measure) string {
	var said []string
	switch {
	case m.A.N == 0 || m.B.N == 0:
		said = append(said, "one of the sets has no run that measured it")
	case m.TooFew:
		few := "so few runs can't tell anything apart, however different"
		if m.Needs == 0 {
			few += fmt.Sprintf("; the least that can are %d a side", m.Least)
		}
		said = append(said, few)
	case m.Finds != nil:
		said = append(said, "so many runs find a shift of "+amount(float64(*m.Finds), m.Unit, math.Ceil)+" or more")
	}
	switch {
	case m.Needs > 1000:
		said = append(said, "more than 1,000 runs a side would tell this one")
	case m.Needs > 0:
		said = append(said, fmt.Sprintf("about %d a side would tell this one", m.Needs))
	}
	if len(said) == 0 {
		return ""
	}
	return ": " + strings.Join(said, "; ")
}

// differenceWords are differences as sentences, and no more of them than anybody reads.
func differenceWords(all []comparison.Difference) []string {
	const most = 20
	var said []string
	for i, d := range all {
		if i == most {
			said = append(said, fmt.Sprintf("and %d more, which comparison.json has", len(all)-most))
			break
		}
		said = append(said, short(clean(d.String()), maxWords))
	}
	return said
}

// leftOutWords are the runs that count nowhere.
func leftOutWords(r *comparison.Result) []string {
	var said []string
	for _, side := range []struct {
		name string
		runs []comparison.Compared
	}{{"A", r.A.Runs}, {"B", r.B.Runs}} {
		for _, run := range side.runs {
			if run.LeftOut != "" {
				said = append(said, fmt.Sprintf("%s in %s: %s", run.Folder, side.name, sentence(run.LeftOut)))
			}
		}
	}
	return said
}
