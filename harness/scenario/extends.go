package scenario

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxBases is how many files may extend each other.
const maxBases = 8

// extend joins a file with the one that it extends, and that with its own base, and so on.
func (r *reader) extend(root *yaml.Node, name string, with With, above ...string) *yaml.Node {
	named := child(root, "extends")
	if named == nil || root.Kind != yaml.MappingNode {
		return root
	}
	base, from := r.base(named, name, with, above)
	if base == nil {
		r.baseless = true
		return root
	}
	r.inspect(root, 1) // of a key that stands twice, joining would leave one
	above = append(above, name)
	base = r.extend(base, from, with, above...)
	if own := child(root, "name"); own == nil {
		r.fail(root, "a scenario that extends another needs a name of its own")
	}
	r.extended = true
	drop(root, "extends")
	return join(base, root, nil)
}

// base reads what is extended; nil where it can't be, which is told then.
func (r *reader) base(named *yaml.Node, name string, with With, above []string) (base *yaml.Node, from string) {
	switch {
	case named.Kind != yaml.ScalarNode || isNull(named): // which the reader says, as of every text
		return nil, ""
	case strings.TrimSpace(named.Value) == "" || strings.Contains(named.Value, "://"):
		r.fail(named, `"extends" must be the name of a file`)
		return nil, ""
	case variable.MatchString(named.Value):
		r.fail(named, `a variable can't stand in "extends", which is followed before there are any`)
		named.Value = "" // so that nobody asks for the variable's value
		return nil, ""
	case with.Open == nil:
		r.fail(named, "nothing can be extended here")
		return nil, ""
	case len(above) >= maxBases:
		r.fail(named, "more than %d files extend each other", maxBases)
		return nil, ""
	}
	data, from, err := with.Open(name, named.Value)
	if err != nil {
		r.fail(named, "%v", err)
		return nil, ""
	}
	if chain := append(slices.Clip(above), name); slices.Contains(chain, from) {
		r.fail(named, "%s would extend itself: %s", from, strings.Join(append(chain, from), " extends "))
		return nil, ""
	}
	base, bad := parse(data)
	if bad != nil {
		bad.File = from
		r.errs = append(r.errs, bad)
		return nil, ""
	}
	r.belongs(base, from, 0)
	if base.Kind != yaml.MappingNode {
		r.fail(base, "a scenario must be a block of keys, not %s", found(base))
		return nil, ""
	}
	return base, from
}

// belongs notes which file a tree came from.
func (r *reader) belongs(n *yaml.Node, file string, depth int) {
	if r.src.files[n] = file; depth > maxDepth {
		return
	}
	for _, c := range n.Content {
		r.belongs(c, file, depth+1)
	}
}

// staysHome tells whether a block says that people don't steer, so that it is no use where else they would have gone.
func staysHome(over *yaml.Node, p path) bool {
	by := child(over, "by")
	return len(p) > 0 && p[len(p)-1] == "steer" && by != nil && by.Value == "none"
}

// join is base with what over says: blocks key by key, the lists of probes, faults, actions and checks entry by entry
// where an entry has a name of the base's, which changes that one, and is added where it has none. All else replaces,
// and so does a steer by none.
func join(base, over *yaml.Node, p path) *yaml.Node {
	switch {
	case staysHome(over, p):
		return over
	case base.Kind == yaml.MappingNode && over.Kind == yaml.MappingNode:
		for key, value := range pairs(over) {
			if i := indexOf(base, key.Value); i >= 0 {
				base.Content[i+1] = join(base.Content[i+1], value, p.to(key.Value))
			} else {
				base.Content = append(base.Content, key, value)
			}
		}
		return base
	case len(p) == 1 && singular[p[0]] != "" && base.Kind == yaml.SequenceNode && over.Kind == yaml.SequenceNode &&
		len(over.Content) > 0:
		for _, entry := range over.Content {
			i := slices.IndexFunc(base.Content, func(b *yaml.Node) bool { return sameEntry(b, entry) })
			if i >= 0 {
				base.Content[i] = join(ofAnotherKind(p[0], base.Content[i], entry), entry, p.to("*"))
			} else {
				base.Content = append(base.Content, entry)
			}
		}
		return base
	}
	return over
}

// entries are what every entry of a list has, whatever its kind.
var entries = map[string]reflect.Type{
	"probes": reflect.TypeFor[Probe](), "faults": reflect.TypeFor[Fault](), "actions": reflect.TypeFor[Action](),
	"checks": reflect.TypeFor[Check](),
}

// ofAnotherKind is an entry of the base without what only its kind has, where the entry over it is of another.
func ofAnotherKind(list string, base, over *yaml.Node) *yaml.Node {
	was, is := child(base, "kind"), child(over, "kind")
	if entries[list] == nil || was == nil || is == nil || was.Value == is.Value {
		return base
	}
	common := slices.DeleteFunc(shapeOf(entries[list]).keys(), func(key string) bool { return key == "ramp" })
	var kept []*yaml.Node
	for key, value := range pairs(base) {
		if slices.Contains(common, key.Value) {
			kept = append(kept, key, value)
		}
	}
	base.Content = kept
	return base
}

// sameEntry tells whether two entries of a list are one: they bear one name, or, as checks may, neither bears any and
// they ask the same of the same people and fault.
func sameEntry(a, b *yaml.Node) bool {
	said := func(n *yaml.Node, key string) string {
		if v := child(n, key); v != nil {
			return v.Value
		}
		return ""
	}
	if name := said(a, "name"); name != "" || said(b, "name") != "" {
		return name == said(b, "name")
	}
	for _, key := range []string{"kind", "probe", "fault", "window"} {
		if said(a, key) != said(b, key) {
			return false
		}
	}
	return said(a, "kind") != ""
}

// indexOf is where a key stands in a mapping's content; -1 where it doesn't.
func indexOf(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

func drop(n *yaml.Node, key string) {
	if i := indexOf(n, key); i >= 0 {
		n.Content = slices.Delete(n.Content, i, i+2)
	}
}

// whole writes a tree that was joined as one file, so that it can be run again without the others.
func whole(root *yaml.Node, name string) ([]byte, error) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "# %s with all that it extends, as one file.\n", strings.Join(strings.Fields(name), " "))
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("joining %s with what it extends: %w", name, err)
	}
	return text.Bytes(), nil
}
