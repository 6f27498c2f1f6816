package scenario

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A scenario is written by hand; what is beyond these is a mistake or an attack.
const (
	maxBytes = 1 << 20 // of a file, and of a --set flag
	maxDepth = 64      // of blocks within blocks
	maxList  = 1000    // elements of a list
)

// path is the way from the root of the file to a value: keys, and indexes of lists.
type path []string

func (p path) to(key string) path { return append(slices.Clip(p), key) }

// singular says what an entry of these is called.
var singular = map[string]string{
	"vantages": "a vantage", "probes": "a probe", "faults": "a fault", "actions": "an action", "checks": "a check",
}

// String is how a sentence calls what stands at the path: "a probe", "every" within one, "system.idp.acs.1".
func (p path) String() string {
	if len(p) == 0 {
		return "a scenario"
	}
	if one := singular[p[0]]; one != "" && len(p) > 1 {
		if len(p) == 2 {
			return one
		}
		p = p[2:]
	}
	return strings.Join(p, ".")
}

// subject begins a sentence about what stands at the path.
func (p path) subject() string {
	if s := p.String(); strings.Contains(s, " ") {
		return s
	}
	return quote(p.String())
}

// source knows where every node of one scenario came from: the file, or a flag.
type source struct {
	file  string
	files map[*yaml.Node]string // of the nodes that came from another one
	flags map[*yaml.Node]string // of the nodes that --set put in
}

func (s *source) position(n *yaml.Node) Position {
	return Position{File: cmp.Or(s.files[n], s.file), Line: max(n.Line, 1), Col: max(n.Column, 1), Flag: s.flags[n]}
}

func (s *source) errorf(n *yaml.Node, format string, args ...any) *Error {
	return &Error{Position: s.position(n), Sentence: fmt.Sprintf(format, args...)}
}

// Block is a mapping of the file, kept for what is decided later: a kind's own keys, and sentences about the meaning
// of a value at its line and column. The zero Block belongs to a value that was not read from a file.
type Block struct {
	src    *source
	node   *yaml.Node
	path   path
	common []string // keys that are the entry's own, and no kind's
	rise   *rise    // of a fault that is ramped; nil: what the file says is so
}

// Pos is where the value of the key stands; the key may lead on by dots and list indexes (where.region, acs.1). When
// the file doesn't say it, Pos is that of the nearest block or list around it.
func (b Block) Pos(key string) Position {
	if b.node == nil {
		return Position{Line: 1, Col: 1}
	}
	n, _ := b.find(key)
	return b.src.position(n)
}

// Has tells whether the file says the key itself, rather than leaving it to its default. Dots lead on, as in Pos.
func (b Block) Has(key string) bool {
	if b.node == nil {
		return false
	}
	_, found := b.find(key)
	return found
}

// Errorf is a mistake in the value of the key (see Pos).
func (b Block) Errorf(key, format string, args ...any) *Error {
	return &Error{Position: b.Pos(key), Sentence: fmt.Sprintf(format, args...)}
}

// NoSuch is the mistake of a value that names something there isn't, with a suggestion from what there is:
// NoSuch("from", "vantage", "dubln", vantages) says: no vantage is called "dubln"; did you mean "dublin"?
func (b Block) NoSuch(key, what, name string, among []string) *Error {
	return b.Errorf(key, "no %s is called %s%s", what, quote(name), hint(name, among))
}

func (b Block) find(key string) (at *yaml.Node, found bool) {
	at = b.node
	for _, step := range strings.Split(key, ".") {
		next := child(at, step)
		if next == nil {
			return at, false
		}
		at = next
	}
	return at, true
}

// child is the value of a mapping's key, or a sequence's element by index or by the name it bears; nil for none.
func child(n *yaml.Node, step string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for key, value := range pairs(n) {
			if key.Value == step {
				return value
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil {
			if i < 0 || i >= len(n.Content) {
				return nil
			}
			return n.Content[i]
		}
		for _, element := range n.Content {
			if name := child(element, "name"); element.Kind == yaml.MappingNode && name != nil && name.Value == step {
				return element
			}
		}
	}
	return nil
}

// pairs goes over the keys and values of a mapping in the order of the file.
func pairs(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// parse makes the tree of one document. Line and column of its error count within data.
func parse(data []byte) (root *yaml.Node, err *Error) {
	if err := readable(data); err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := decode(decoder, &doc); {
	case errors.Is(err, io.EOF):
		return nil, &Error{Position: Position{Line: 1, Col: 1}, Sentence: empty}
	case err != nil:
		return nil, syntaxError(err, data)
	}
	switch err := decode(decoder, &second); {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, syntaxError(err, data)
	case err == nil:
		at := Position{Line: max(second.Line, 1), Col: max(second.Column, 1)}
		return nil, &Error{Position: at, Sentence: "a second document begins; one file is one scenario"}
	case isNull(doc.Content[0]) && doc.Content[0].Value == "":
		return nil, &Error{Position: Position{Line: 1, Col: 1}, Sentence: empty}
	}
	return doc.Content[0], nil
}

const empty = "nothing is in it"

// decode keeps a panic of the parser, which has had some on hostile bytes, from being ours.
func decode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	return d.Decode(n)
}

// readable refuses what YAML does not allow in a text, which the parser does without a line.
func readable(data []byte) *Error {
	if len(data) > maxBytes {
		return &Error{Position: Position{Line: 1, Col: 1}, Sentence: "more than 1 MiB is no scenario"}
	}
	line, col := 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		at := Position{Line: line, Col: col}
		switch {
		case r == utf8.RuneError && size == 1:
			return &Error{Position: at, Sentence: fmt.Sprintf("byte 0x%02X is not UTF-8 text", data[i])}
		case r < ' ' && !strings.ContainsRune("\t\n\r", r), r >= 0x7F && r < 0xA0 && r != 0x85,
			r == 0xFFFE, r == 0xFFFF, r == 0xFEFF && i > 0:
			return &Error{Position: at, Sentence: fmt.Sprintf("control character %U does not belong in a scenario", r)}
		}
		if col++; r == '\n' {
			line, col = line+1, 1
		}
		i += size
	}
	return nil
}

var (
	yamlLine      = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	unknownAnchor = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
)

// syntaxError places what the parser said, and says it in a scenario's words.
func syntaxError(err error, data []byte) *Error {
	text := err.Error()
	if m := unknownAnchor.FindStringSubmatch(text); m != nil {
		return &Error{Position: locate(data, "*"+m[1]), Sentence: noAliases}
	}
	line := 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	return notYAML(data, text, line)
}

const noAliases = "anchors and aliases (& and *) are not for scenarios: write the value out"

// inspect refuses what YAML allows and this language doesn't, wherever in the tree it is: aliases (which make bombs),
// tags, merges, keys that are no words, the same key twice, and depth.
func (r *reader) inspect(n *yaml.Node, depth int) {
	if depth > maxDepth {
		r.fail(n, "more than %d blocks within each other", maxDepth)
		return
	}
	switch {
	case n.Kind == yaml.AliasNode, n.Anchor != "":
		r.fail(n, noAliases)
	case n.Style&yaml.TaggedStyle != 0:
		r.fail(n, "tags such as %s are not for scenarios", quote(n.Tag))
	}
	if n.Kind == yaml.MappingNode {
		r.inspectKeys(n)
	}
	for _, c := range n.Content {
		r.inspect(c, depth+1)
	}
}

func (r *reader) inspectKeys(n *yaml.Node) {
	first := map[string]*yaml.Node{}
	for key, value := range pairs(n) {
		switch earlier := first[key.Value]; {
		case key.Kind == yaml.ScalarNode && key.Tag == "!!merge":
			r.fail(key, "merges (<<) are not for scenarios: write the keys out")
		case key.Kind != yaml.ScalarNode && key.Kind != yaml.AliasNode:
			r.fail(key, "a key is a word, not a block or a list")
		case glued(key, value):
			name, rest, _ := strings.Cut(key.Value, ":")
			r.fail(key, "a colon needs a space behind it: write %s: %s", name, rest)
		case key.Kind == yaml.ScalarNode && earlier != nil:
			r.fail(key, "duplicate key %s; it stands in line %d already", quote(key.Value), earlier.Line)
		case key.Kind == yaml.ScalarNode:
			first[key.Value] = key
		}
	}
}

// glued tells whether a key swallowed its value, as in {us-east-1:8ms}.
func glued(key, value *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Style == 0 && strings.Contains(key.Value, ":") &&
		isNull(value) && value.Value == ""
}
