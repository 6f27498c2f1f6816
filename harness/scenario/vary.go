package scenario

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scalar is a single value as the file writes it. What it means is for the setting to say that it is put into.
type Scalar string

// UnmarshalText takes any text.
func (l *Scalar) UnmarshalText(text []byte) error {
	*l = Scalar(text)
	return nil
}

// tells whether it gives a secret away.
func (l Scalar) tells() bool { return passwordInURL.MatchString(string(l)) }

// Drawn is one draw of all that varies, the same for the same seed. Each path has draws of its own, so that another
// one more or less changes nothing of them.
func (s *Scenario) Drawn(seed uint64) []Set {
	var sets []Set
	for _, d := range s.Vary {
		h := fnv.New64a()
		h.Write([]byte(d.Path))
		sets = append(sets, Set{Path: d.Path, Value: d.at(rand.New(rand.NewPCG(seed, h.Sum64())))})
	}
	return sets
}

// Ends are the values that a draw can't go beyond, or all there are, each once.
func (d Draw) Ends() []Scalar {
	if len(d.OneOf) == 0 {
		return []Scalar{d.From, d.To}
	}
	var ends []Scalar
	for _, value := range d.OneOf { // one that is said twice is drawn twice as often
		if !slices.Contains(ends, value) {
			ends = append(ends, value)
		}
	}
	return ends
}

// at draws one value. Durations are rounded as people would say them: to milliseconds where there is more than one
// between the ends.
func (d Draw) at(draws *rand.Rand) string {
	if len(d.OneOf) > 0 {
		return string(d.OneOf[draws.IntN(len(d.OneOf))])
	}
	from, to, _ := d.span()
	return from.within(to, draws.Float64())
}

// Between is the value that lies so far, from 0 to 1, on the way from one to the other. It is false where it can't be
// said what lies between them.
func Between(a, b Scalar, share float64) (Scalar, bool) {
	from, to := measured(a), measured(b)
	if from.unit == other || from.unit != to.unit {
		return "", false
	}
	return Scalar(from.within(to, share)), true
}

// unit is what a value is measured in.
type unit int

const (
	other unit = iota
	integer
	fraction
	duration
)

// measure is a value as a number of its unit, which is nanoseconds for a duration.
type measure struct {
	unit  unit
	value float64
}

func measured(l Scalar) measure {
	if d, err := time.ParseDuration(string(l)); err == nil && l != "0" {
		return measure{duration, float64(d)}
	}
	if n, err := strconv.ParseInt(string(l), 10, 64); err == nil {
		return measure{integer, float64(n)}
	}
	if f, err := strconv.ParseFloat(string(l), 64); err == nil {
		return measure{fraction, f}
	}
	return measure{}
}

// span are the two ends, false where they are none.
func (d Draw) span() (from, to measure, ok bool) {
	from, to = measured(d.From), measured(d.To)
	if from.unit+to.unit == integer+fraction {
		from.unit, to.unit = fraction, fraction
	}
	return from, to, from.unit != other && from.unit == to.unit && from.value < to.value
}

func (m measure) within(to measure, share float64) string {
	value := m.value + share*(to.value-m.value)
	switch m.unit {
	case duration:
		length := time.Duration(value)
		if time.Duration(to.value-m.value).Abs() > time.Millisecond {
			length = length.Round(time.Millisecond)
		}
		return length.String()
	case integer:
		return strconv.FormatInt(int64(m.value)+int64(min(share*(to.value-m.value+1), to.value-m.value)), 10)
	}
	return strconv.FormatFloat(value, 'g', 6, 64)
}

// undrawn are the keys that are the same for all drills, each with why.
var undrawn = map[string]string{
	"about": ofAll, "checks": "drills that are asked for different things have no conclusion together", "name": ofAll,
	"repeat": ofAll, "schema": ofAll, "seed": "each drill has a seed of its own", "tags": ofAll, "vary": ofAll,
}

const ofAll = "it is said of all drills together"

// varied checks what is said of the draws themselves.
func (r *reader) varied(vary []Draw) {
	first := map[string]Block{}
	for _, d := range vary {
		b := d.Block
		two, several := b.Has("from") || b.Has("to"), b.Has("one_of")
		_, _, ok := d.span()
		switch earlier, again := first[d.Path]; {
		case b.node == nil || d.Path == "": // which was told already
		case slices.Contains(strings.Split(d.Path, "."), ""):
			r.add(b.Errorf("path", "%s is no path: write it as --set has it, such as probes.staff.every", quote(d.Path)))
		case again:
			r.add(b.Errorf("path", "%s is drawn already, in line %d", d.Path, earlier.Pos("path").Line))
		case undrawn[strings.Split(d.Path, ".")[0]] != "":
			r.add(b.Errorf("path", "%s can't be drawn: %s", d.Path, undrawn[strings.Split(d.Path, ".")[0]]))
		case two == several:
			r.add(b.Errorf("", "a draw of %s needs either from and to, or one_of", d.Path))
		case slices.ContainsFunc(d.Ends(), Scalar.tells):
			r.add(b.Errorf("", "a value of %s has a password in a URL, and what is drawn is written into the run's folder and "+
				"report", d.Path))
		case several && len(d.OneOf) < 2:
			r.add(b.Errorf("one_of", "a draw of %s needs two values or more", d.Path))
		case two && !(b.Has("from") && b.Has("to")):
			r.add(b.Errorf("", "a draw of %s needs both from and to", d.Path))
		case two && !ok:
			r.add(b.Errorf("to", "from and to of %s must be two durations or two numbers, the second one more", d.Path))
		}
		first[d.Path] = b
	}
}
