package scenario

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Edited is a file with some settings changed and some parts left out, as YAML; what it says else stays as it is,
// comments included. A part is named as a setting is: probes.staff, system.replication. Its error is that of a path
// that leads nowhere.
func Edited(data []byte, sets []Set, without ...string) ([]byte, error) {
	root, bad := parse(data)
	if bad != nil {
		return nil, bad
	}
	r := &reader{src: newSource("")}
	for _, set := range sets {
		r.apply(root, set)
	}
	if err := r.errs.err(); err != nil {
		return nil, err
	}
	for _, part := range without {
		if !cut(root, strings.Split(part, ".")) {
			return nil, fmt.Errorf("there is no %s to leave out", part)
		}
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("writing a changed scenario: %w", err)
	}
	return text.Bytes(), nil
}

// cut takes a part out of a tree.
func cut(n *yaml.Node, steps []string) bool {
	part := child(n, steps[0])
	switch {
	case part == nil:
		return false
	case len(steps) > 1:
		return cut(part, steps[1:])
	}
	for i, c := range n.Content {
		if c != part {
			continue
		}
		from := i
		if n.Kind == yaml.MappingNode {
			from--
		}
		n.Content = append(n.Content[:from:from], n.Content[i+1:]...)
		return true
	}
	return false
}

// Parts are the parts of a file that are named by so many steps, of a list the last ones first: leaving one out renames
// none that comes later.
func Parts(data []byte, depth int) []string {
	root, bad := parse(data)
	if bad != nil {
		return nil
	}
	level := []path{nil}
	for range depth {
		var next []path
		for _, p := range level {
			next = append(next, within(root, p)...)
		}
		level = next
	}
	var parts []string
	for _, p := range level {
		parts = append(parts, strings.Join(p, "."))
	}
	return parts
}

// within are the paths of what stands in the part at a path.
func within(root *yaml.Node, p path) []path {
	n := root
	for _, step := range p {
		n = child(n, step)
	}
	var all []path
	switch n.Kind {
	case yaml.MappingNode:
		for key := range pairs(n) {
			if !strings.Contains(key.Value, ".") {
				all = append(all, p.to(key.Value))
			}
		}
	case yaml.SequenceNode:
		for i := len(n.Content) - 1; i >= 0; i-- {
			all = append(all, p.to(strconv.Itoa(i)))
		}
	}
	return all
}

// Said is the value that a file says at a path, false where it says none or more than a single value.
func Said(data []byte, at string) (Scalar, bool) {
	n := find(data, at)
	if n == nil {
		return "", false
	}
	return Scalar(n.Value), n.Kind == yaml.ScalarNode && !isNull(n)
}

// Says tells whether a file says anything at a path.
func Says(data []byte, at string) bool { return find(data, at) != nil }

// find is what a file says at a path, nil where that is nothing.
func find(data []byte, at string) *yaml.Node {
	n, bad := parse(data)
	if bad != nil {
		return nil
	}
	for _, step := range strings.Split(at, ".") {
		if n = child(n, step); n == nil {
			return nil
		}
	}
	return n
}
