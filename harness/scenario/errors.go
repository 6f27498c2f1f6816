package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hbollon/go-edlib"
)

// Position is where something stands in what the user wrote.
type Position struct {
	File string
	Line int // from 1
	Col  int // from 1, in characters
	// Flag is the whole "--set PATH=VALUE" when a flag put it there; Line and Col then count within VALUE.
	Flag string
}

// String is FILE:LINE:COL, or the flag.
func (p Position) String() string {
	if p.Flag != "" {
		return p.Flag
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Compare orders places as the file does; those of flags come last.
func (p Position) Compare(o Position) int {
	return cmp.Or(
		cmp.Compare(p.Flag, o.Flag), cmp.Compare(p.File, o.File),
		cmp.Compare(p.Line, o.Line), cmp.Compare(p.Col, o.Col))
}

// Remark is a sentence on what is no mistake, and worth a second look.
type Remark struct {
	Position
	Sentence string
}

// String is PLACE: remark: SENTENCE.
func (r Remark) String() string { return r.Position.String() + ": remark: " + r.Sentence }

// Error is one mistake of the scenario's author, as a sentence that says what was expected.
type Error struct {
	Position
	Sentence string
	Also     []Position // further places of the same file where the same is wrong
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Sentence + e.also() }

// also lists the lines of the further places.
func (e *Error) also() string {
	var lines []string
	for _, p := range e.Also {
		if line := strconv.Itoa(p.Line); p.Flag == "" && p.Line != e.Line && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if more := len(lines) - maxKnown; more > 0 {
		lines = append(lines[:maxKnown], fmt.Sprintf("%d more", more))
	}
	switch n := len(lines); n {
	case 0:
		return ""
	case 1:
		return " (also in line " + lines[0] + ")"
	default:
		return " (also in lines " + strings.Join(lines[:n-1], ", ") + " and " + lines[n-1] + ")"
	}
}

// Errors are all the mistakes found, in the order of the file, those of flags last. Error gives one a line.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// maxErrors is how many mistakes are told at once: a file that is something else altogether has one a line.
const maxErrors = 100

// err sorts the errors, makes one of those that say the same, cuts a flood short and returns nil when there are none.
func (es Errors) err() error {
	if len(es) == 0 {
		return nil
	}
	es = slices.Clone(es)
	slices.SortStableFunc(es, func(a, b *Error) int { return a.Compare(b.Position) })
	es = es.merged()
	if more := len(es) - maxErrors; more > 0 {
		last := &Error{Position: es[maxErrors].Position, Sentence: fmt.Sprintf("and %d more", more)}
		es = append(es[:maxErrors:maxErrors], last)
	}
	return es
}

// merged makes one of errors of one file that say the same: a name that is mistyped once is missed wherever it is used.
func (es Errors) merged() Errors {
	type said struct{ file, flag, sentence string }
	first := map[said]*Error{}
	var all Errors
	for _, e := range es {
		key := said{e.File, e.Flag, e.Sentence}
		one := first[key]
		if one == nil {
			one = &Error{Position: e.Position, Sentence: e.Sentence}
			first[key], all = one, append(all, one)
		}
		for _, p := range append([]Position{e.Position}, e.Also...) {
			if p != one.Position && !slices.Contains(one.Also, p) {
				one.Also = append(one.Also, p)
			}
		}
	}
	return all
}

// Join makes one error of what several steps found in the same scenario, sorted as if one step had found it all and
// without repetitions; nil when there is none. Errors of another kind are kept behind those of the scenario.
func Join(errs ...error) error {
	var ours Errors
	var others []error
	for _, err := range errs {
		var many Errors
		var one *Error
		switch {
		case errors.As(err, &many):
			ours = append(ours, many...)
		case errors.As(err, &one):
			ours = append(ours, one)
		default:
			others = append(others, err)
		}
	}
	if other := errors.Join(others...); other != nil {
		return errors.Join(ours.err(), other)
	}
	return ours.err()
}

// Suggest is `did you mean "eu-west-1"?` when word looks like a slip of one of among, else "".
func Suggest(word string, among []string) string {
	if near := nearest(word, among); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// hint ends a sentence about a word that isn't known: with a suggestion, or with all that is known.
func hint(word string, among []string) string {
	among = slices.DeleteFunc(slices.Clone(among), func(s string) bool { return s == "" })
	if s := Suggest(word, among); s != "" {
		return "; " + s
	}
	switch len(among) {
	case 0:
		return ""
	case 1:
		return "; there is only " + among[0]
	}
	if among = numbered(among); len(among) > maxKnown {
		among = append(among[:maxKnown], "…")
	}
	return "; known are " + strings.Join(among, ", ")
}

// few words in a row are said one by one.
const few = 5

// numbered says words that go on by number, a few at least, as the first and the last: "user-001 to user-040".
func numbered(words []string) (said []string) {
	for len(words) > 0 {
		n := 1
		for n < len(words) && follows(words[n-1], words[n]) {
			n++
		}
		if n < few {
			n = 1
			said = append(said, words[0])
		} else {
			said = append(said, words[0]+" to "+words[n-1])
		}
		words = words[n:]
	}
	return said
}

// follows tells whether two words end in numbers of which the second is the next after the first.
func follows(a, b string) bool {
	const digits = "0123456789"
	stem := strings.TrimRight(a, digits)
	i, err := strconv.Atoi(strings.TrimPrefix(a, stem))
	rest, alike := strings.CutPrefix(b, stem)
	k, failed := strconv.Atoi(rest)
	return err == nil && failed == nil && alike && k == i+1
}

// maxKnown is how many words a sentence lists.
const maxKnown = 20

// either is "a, b or c".
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// nearest is the first of those words that are fewest slips away, "" when all are too far: more than a third of the
// word's letters, and more than one. A slip is a letter left out, put in, mistaken or swapped with its neighbour.
func nearest(word string, among []string) string {
	best, least := "", max(1, len(word)/3)+1
	if len(word) == 0 || len(word) > maxWord {
		return ""
	}
	for _, other := range among {
		if len(other) > maxWord {
			continue
		}
		d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(word), strings.ToLower(other))
		if d < least && d < len(other) {
			best, least = other, d
		}
	}
	return best
}

// maxWord bounds the work of comparing two words, in bytes.
const maxWord = 64

// quote shows a piece of the file on one line, cut short, with nothing in it that a terminal would obey.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
