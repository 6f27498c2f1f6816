package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxDiagnosed is the size up to which a file that is no YAML is read again and again, to find where it ceases to be.
const maxDiagnosed = 64 << 10

// notYAML finds out where a text ceases to be YAML, and says what is wrong there in a scenario's words. What the parser
// said, which names a line before or behind it as a rule, is kept where no better is known.
func notYAML(data []byte, said string, line int) *Error {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"), "\n")
	if len(data) <= maxDiagnosed {
		line = ceases(lines)
	}
	d := &diagnosis{lines: lines, at: min(max(line, 1), len(lines)) - 1, said: said}
	col, sentence := d.find()
	return &Error{Position: Position{Line: d.at + 1, Col: col}, Sentence: sentence}
}

// ceases is the number of the first line with which the text is no YAML any more, however it goes on. Within brackets
// or quotes that span lines it is none either, but becomes one again.
func ceases(lines []string) int {
	const ahead = 200 // lines that brackets may span
	whole := func(n int) bool {
		var root yaml.Node
		text := strings.Join(lines[:n], "\n") + "\n"
		err := decode(yaml.NewDecoder(strings.NewReader(text)), &root)
		return err == nil || errors.Is(err, io.EOF)
	}
	good, bad := 0, len(lines)
	for {
		for bad-good > 1 {
			if middle := (good + bad) / 2; whole(middle) {
				good = middle
			} else {
				bad = middle
			}
		}
		again := 0
		for n := min(len(lines), bad+ahead); n > bad && again == 0; n-- {
			if whole(n) {
				again = n
			}
		}
		if again == 0 {
			return bad
		}
		good, bad = again, len(lines)
	}
}

// diagnosis looks at the line at which a text ceases to be YAML.
type diagnosis struct {
	lines []string
	at    int // from 0
	said  string
}

var (
	dashWord     = regexp.MustCompile(`^\s*(-)[^\s-]`)
	keyAndValue  = regexp.MustCompile(`^(\s*(?:- +)*[\w.-]+): +(\S.*)$`)
	keyAlone     = regexp.MustCompile(`^\s*(?:- +)*[\w.-]+: *(?:#.*)?$`)
	noColonSpace = regexp.MustCompile(`^\s*(?:- +)*([\w.-]+)(?::| +)(\S.*)$`)
	conflict     = regexp.MustCompile(`^(?:<{7}|>{7})(?: |$)`)
	// bareInBrackets is a variable within [ or {, where a bare brace begins a block.
	bareInBrackets = regexp.MustCompile(`[\[{, ]\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}`)
	badEscape      = regexp.MustCompile(`\\[^0abt\tnvfre "/\\N_LPxuU]`)
)

// find tells the column and the sentence, and may go to another line than that where it showed.
func (d *diagnosis) find() (col int, sentence string) {
	text := d.lines[d.at]
	if tab := strings.IndexByte(text, '\t'); tab >= 0 && strings.TrimLeft(text[:tab], " ") == "" {
		return tab + 1, "a tab can't indent, use spaces"
	}
	for _, at := range []int{d.at, d.before()} { // the line behind such a one is where it shows
		if conflict.MatchString(d.lines[at]) {
			d.at = at
			return 1, "a conflict of Git stands here: keep one of the two sides and take its marks out"
		}
		if m := dashWord.FindStringSubmatchIndex(d.lines[at]); m != nil {
			d.at = at
			return m[2] + 1, fmt.Sprintf("an entry of a list begins with a dash and a space: write %q",
				"- "+strings.TrimSpace(d.lines[at][m[3]:]))
		}
	}
	switch {
	case strings.Contains(d.said, "unknown escape"):
		if m := badEscape.FindStringIndex(text); m != nil {
			return column(text, m[0]), fmt.Sprintf("in double quotes a backslash begins an escape, and %s is none: "+
				"write two backslashes, or single quotes around it", text[m[0]:m[1]])
		}
	case strings.Contains(d.said, "cannot start any token"):
		if m := keyAndValue.FindStringSubmatchIndex(text); m != nil {
			first, _ := utf8.DecodeRuneInString(text[m[4]:])
			return column(text, m[4]), fmt.Sprintf("a value can't begin with %c: put it in quotes", first)
		}
	}
	opener, at := unclosed(text)
	if m := bareInBrackets.FindStringIndex(text); m != nil && strings.Contains(d.said, "',' or") {
		return column(text, m[0]+1), fmt.Sprintf(`in brackets a variable needs quotes: write "%s"`, text[m[0]+1:m[1]])
	}
	switch {
	case opener == '"', opener == '\'':
		return column(text, at), "this quote is never closed"
	case at >= 0 && strings.Contains(d.said, "',' or"):
		return column(text, at), fmt.Sprintf("this %c is never closed, or something in it isn't separated: entries need a "+
			"comma between them, keys a colon and a space", opener)
	}
	return d.layout(text)
}

// layout is about how keys, values and lines go together.
func (d *diagnosis) layout(text string) (col int, sentence string) {
	col = column(text, len(text)-len(strings.TrimLeft(text, " ")))
	m := keyAndValue.FindStringSubmatchIndex(text)
	switch {
	case m != nil && strings.Contains(text[m[4]:], ": ") && strings.Contains(d.said, "mapping values"):
		key, value := strings.TrimSpace(text[m[2]:m[3]]), strings.TrimSpace(text[m[4]:])
		return column(text, m[4]), fmt.Sprintf("a value with a colon and a space in it needs quotes: write %s: '%s'", key,
			strings.ReplaceAll(value, "'", "''"))
	case m != nil && strings.Contains(d.said, "',' or"):
		return column(text, m[4]), "something in these brackets isn't separated: entries need a comma between them, keys a " +
			"colon and a space"
	case strings.Contains(d.said, "expected ':'") && m == nil && noColonSpace.MatchString(text):
		n := noColonSpace.FindStringSubmatch(text)
		return col, fmt.Sprintf("a key needs a colon and a space behind it: write %q", n[1]+": "+n[2])
	case d.deeper(text):
		return col, fmt.Sprintf("it is indented deeper than line %d, which has a value already: align the two",
			d.before()+1)
	case strings.Contains(d.said, "did not find expected"):
		return col, "its indentation fits no block above it: keys of one block stand in one column, and those of a list's " +
			"entry beneath its first key"
	}
	return col, "not YAML: " + d.said
}

// before is the last line before that says something.
func (d *diagnosis) before() int {
	for i := d.at - 1; i >= 0; i-- {
		if said := strings.TrimSpace(d.lines[i]); said != "" && !strings.HasPrefix(said, "#") {
			return i
		}
	}
	return max(0, d.at-1)
}

// deeper tells whether the line is a key that is indented below one that can't hold it.
func (d *diagnosis) deeper(text string) bool {
	above := d.lines[d.before()]
	indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " -")) }
	return d.at > 0 && indent(text) > indent(above) && !keyAlone.MatchString(above) &&
		(keyAndValue.MatchString(text) || keyAlone.MatchString(text))
}

// unclosed is the first quote or bracket of a line that the line doesn't close, and its offset; -1 where there is none.
func unclosed(text string) (opener byte, at int) {
	var open []int
	quote := -1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote >= 0 && c == '\\' && text[quote] == '"':
			i++
		case quote >= 0 && c == text[quote]:
			quote = -1
		case quote >= 0:
		case (c == '"' || c == '\'') && (i == 0 || strings.IndexByte(" [{,:", text[i-1]) >= 0):
			quote = i
		case c == '#' && (i == 0 || text[i-1] == ' '):
			i = len(text)
		case c == '[' || c == '{':
			open = append(open, i)
		case (c == ']' || c == '}') && len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	if quote >= 0 {
		return text[quote], quote
	}
	if len(open) > 0 {
		return text[open[0]], open[0]
	}
	return 0, -1
}

// column of an offset, in characters from 1.
func column(text string, offset int) int { return utf8.RuneCountInString(text[:offset]) + 1 }

// locate is where a word first stands in the text.
func locate(data []byte, word string) Position {
	before := data[:max(0, bytes.Index(data, []byte(word)))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Position{Line: bytes.Count(before, []byte("\n")) + 1, Col: utf8.RuneCount(before[start:]) + 1}
}
