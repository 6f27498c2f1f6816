package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Set is one --set PATH=VALUE: a change of the file before it is read, checked as the file is.
type Set struct {
	Path  string // dotted keys, with list indexes from 0 or the names of a list's entries: probes.staff.steer.by
	Value string // YAML
}

// ParseSet splits the argument of --set.
func ParseSet(s string) (Set, error) {
	dotted, value, found := strings.Cut(s, "=")
	set := Set{Path: strings.TrimSpace(dotted), Value: value}
	if !found || slices.Contains(strings.Split(set.Path, "."), "") {
		return Set{}, fmt.Errorf("--set %s: write PATH=VALUE, such as probes.0.every=1s", s)
	}
	return set, nil
}

// String is the flag as the user would write it, without what may be a secret in a URL.
func (s Set) String() string {
	return "--set " + s.Path + "=" + harmless(s.Value)
}

// urlUser and urlQuery are the parts of a URL that may hold a password or a token.
var (
	urlUser  = regexp.MustCompile(`://[^/?\s]*@`)
	urlQuery = regexp.MustCompile(`(://[^?\s]*)\?[^\s'",}\]]+`)
)

// apply changes the tree. What it puts in is known by the flag from then on, so that the reader's errors name it.
func (r *reader) apply(root *yaml.Node, set Set) {
	value, err := parse([]byte(set.Value))
	if err != nil {
		err.File, err.Flag = r.src.file, set.String()
		if err.Sentence == empty {
			err.Sentence = "no value behind the equals sign"
		}
		r.errs = append(r.errs, err)
		return
	}
	steps := strings.Split(set.Path, ".")
	if steps[0] == "extends" {
		r.errs = append(r.errs, &Error{Position: Position{r.src.file, 1, 1, set.String()},
			Sentence: "what a file extends is for the file to say"})
		return
	}
	at := root
	for i, step := range steps {
		if isNull(at) { // made just now, or said to be nothing: a block to go on in
			*at = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			r.src.flags[at] = set.String()
		}
		next, sentence := r.descend(at, step, path(steps[:i]), set)
		if sentence != "" {
			r.errs = append(r.errs, &Error{Position: Position{r.src.file, 1, 1, set.String()}, Sentence: sentence})
			return
		}
		at = next
	}
	*at = *value
	r.mark(at, set.String(), 0)
}

// mark makes the flag the origin of a tree.
func (r *reader) mark(n *yaml.Node, flag string, depth int) {
	r.src.flags[n] = flag
	if depth <= maxDepth {
		for _, c := range n.Content {
			r.mark(c, flag, depth+1)
		}
	}
}

// descend goes one step down the tree, making the key of a block that lacks it (whether there is such a key is for the
// reader to say). The sentence says why it can't.
func (r *reader) descend(n *yaml.Node, step string, p path, set Set) (next *yaml.Node, sentence string) {
	if next := child(n, step); next != nil {
		return next, ""
	}
	whole := quote(strings.Join(p, "."))
	switch n.Kind {
	case yaml.MappingNode:
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: step}
		value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
		r.src.flags[key], r.src.flags[value] = set.String(), set.String()
		n.Content = append(n.Content, key, value)
		return value, ""
	case yaml.SequenceNode:
		if _, err := strconv.Atoi(step); err == nil {
			return nil, fmt.Sprintf("%s has no element %s; it has %d, counted from 0", whole, step, len(n.Content))
		}
		return nil, fmt.Sprintf("nothing in %s is named %s%s", whole, quote(step), hint(step, namesOf(n)))
	}
	return nil, fmt.Sprintf("%s holds a value, so there is no %s in it", whole, quote(step))
}

func namesOf(list *yaml.Node) []string {
	var names []string
	for _, element := range list.Content {
		if name := child(element, "name"); element.Kind == yaml.MappingNode && name != nil {
			names = append(names, name.Value)
		}
	}
	return names
}
