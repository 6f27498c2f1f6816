package scenario

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Keys are all values that a file says, by their paths as --set has them, with the sets applied that ran with it; the
// entries of lists go by their names. It asks nothing about what they mean, so that files of other versions can be told
// apart too. Variables stand as they are, and what may be a secret in a URL is left out.
func Keys(data []byte, sets []string) (map[string]string, error) {
	root, bad := parse(data)
	if bad != nil {
		return nil, bad
	}
	r := &reader{src: newSource(""), unread: map[string]bool{}, vars: map[string]string{}}
	for _, said := range sets {
		set, err := ParseSet(said)
		if err != nil {
			return nil, err
		}
		r.apply(root, set)
	}
	found := map[string]string{}
	keys(root, "", found, 0)
	return found, r.errs.err()
}

func keys(n *yaml.Node, at string, found map[string]string, depth int) {
	below := func(step string, n *yaml.Node) {
		if at != "" {
			step = at + "." + step
		}
		keys(n, step, found, depth+1)
	}
	switch {
	case depth > maxDepth:
	case n.Kind == yaml.MappingNode:
		for key, value := range pairs(n) {
			below(key.Value, value)
		}
	case n.Kind == yaml.SequenceNode && listsValues(n):
		var all []string
		for _, c := range n.Content {
			all = append(all, harmless(c.Value))
		}
		found[at] = "[" + strings.Join(all, ", ") + "]"
	case n.Kind == yaml.SequenceNode:
		for i, c := range n.Content {
			step := strconv.Itoa(i)
			if name := child(c, "name"); name != nil {
				step = name.Value
			}
			below(step, c)
		}
	case n.Kind == yaml.ScalarNode:
		found[at] = harmless(n.Value)
	}
}

func listsValues(n *yaml.Node) bool {
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode {
			return false
		}
	}
	return true
}

// harmless is a value without what may be a secret in a URL.
func harmless(value string) string {
	return urlQuery.ReplaceAllString(urlUser.ReplaceAllString(value, "://…@"), "$1?…")
}
