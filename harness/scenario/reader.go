package scenario

import (
	"encoding"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// reader turns nodes into Go values, strictly, and goes on after a mistake to find the others.
type reader struct {
	src    *source
	errs   Errors
	unread map[string]bool // see Scenario

	vars     map[string]string // the variables that stood in the file, by their values
	extended bool              // the file was joined with another
	baseless bool              // it could not be, so that what it lacks may be there

	valueless []*yaml.Node // of which a variable could not be replaced
}

// lost notes that a list of the file was not read whole, or which Regions the system has.
func (r *reader) lost(p path) {
	if len(p) == 0 || r.unread == nil || p[0] == "system" && len(p) > 1 && p[1] != "primary" && p[1] != "additional" {
		return
	}
	r.unread[p[0]] = true
}

// holdsNames tells whether others refer to what the keys of the block at the path say: those of the file and of system.
func holdsNames(p path) bool { return len(p) == 0 || len(p) == 1 && p[0] == "system" }

// Into reads a kind's own keys from its entry into v, a pointer to a struct that holds the kind's defaults. The keys
// that every probe, fault or check has are left out; any other that the struct doesn't have is an error. Of a ramp they
// are those of this time. The error is an Errors with all that is wrong.
func Into(b Block, v any) error {
	r := &reader{src: b.src}
	if b.node != nil {
		r.mapping(b.node, reflect.ValueOf(v).Elem(), b.path, b.common)
	}
	if b.rise != nil {
		r.ramp(b, reflect.ValueOf(v).Elem())
	}
	return r.errs.err()
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, r.src.errorf(n, format, args...))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// value reads one node; f says what its value may be. What inspect has refused is passed over.
func (r *reader) value(n *yaml.Node, v reflect.Value, f field, p path) {
	switch {
	case n.Kind == yaml.AliasNode, n.Style&yaml.TaggedStyle != 0:
		return
	case slices.Contains(r.valueless, n):
		r.lost(p)
		return
	case isNull(n):
		r.fail(n, "%s has no value", p.subject())
		r.lost(p)
		return
	case readsText(v.Type()):
		r.text(n, v, p)
		return
	case v.Type() == durationType:
		r.duration(n, v, f, p)
		return
	}
	switch v.Kind() {
	case reflect.String:
		r.str(n, v, f, p)
	case reflect.Bool:
		r.boolean(n, v, p)
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Float64:
		r.number(n, v, f, p)
	case reflect.Slice:
		r.list(n, v, f, p)
	case reflect.Map:
		r.table(n, v, f, p)
	case reflect.Pointer:
		r.pointer(n, v, f, p)
	case reflect.Struct:
		r.mapping(n, v, p, nil)
	default:
		r.fail(n, "%s can't be set from a file", p.subject())
	}
}

// fresh is a zero value, or the type's defaults.
func fresh(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	if d, ok := v.Interface().(defaulter); ok {
		d.SetDefaults()
	}
	return v.Elem()
}

// pointer reads over a copy, so that defaults which several share stay as they are.
func (r *reader) pointer(n *yaml.Node, v reflect.Value, f field, p path) {
	target := fresh(v.Type().Elem())
	if !v.IsNil() {
		target.Set(v.Elem())
	}
	r.value(n, target, f, p)
	v.Set(target.Addr())
}

// mapping reads a block into a struct. Keys among skip have been read by the entry around it.
func (r *reader) mapping(n *yaml.Node, v reflect.Value, p path, skip []string) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a block of keys, not %s", p.subject(), found(n))
		r.lost(p)
		return
	}
	s := shapeOf(v.Type())
	b := Block{src: r.src, node: n, path: p, common: append(slices.Clone(skip), s.keys()...)}
	if s.block != nil {
		v.FieldByIndex(s.block).Set(reflect.ValueOf(b))
	}
	said := map[string]bool{}
	var strange []*yaml.Node
	for key, value := range pairs(n) {
		if glued(key, value) { // whose name stands before the colon
			name, _, _ := strings.Cut(key.Value, ":")
			said[name] = true
			r.lost(p.to(name))
			continue
		}
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || said[key.Value] || slices.Contains(skip, key.Value) {
			continue
		}
		said[key.Value] = true
		at := p.to(key.Value)
		i := slices.IndexFunc(s.fields, func(f field) bool { return f.key == key.Value })
		switch {
		case comesLater(at, ""):
			r.fail(key, "%q comes later", key.Value)
		case i < 0:
			strange = append(strange, key)
		case comesLater(at, value.Value):
			r.fail(value, "%q comes later", value.Value)
		default:
			r.value(value, v.FieldByIndex(s.fields[i].index), s.fields[i], at)
		}
	}
	r.strangers(b, s, strange, said)
}

// strangers speaks of keys that nobody knows and of those that are missing: together, because the one is often a slip
// for the other, and one mistake is one sentence.
func (r *reader) strangers(b Block, s *shape, strange []*yaml.Node, said map[string]bool) {
	known := slices.DeleteFunc(slices.Clone(b.common), func(key string) bool { return comesLater(b.path.to(key), "") })
	var missing []string
	for _, f := range s.fields {
		if f.required && !said[f.key] {
			missing = append(missing, f.key)
		}
	}
	for _, key := range strange {
		near := nearest(key.Value, known)
		slip := slices.Contains(missing, near)
		if slip {
			missing = slices.DeleteFunc(missing, func(m string) bool { return m == near })
		}
		if slip || near == "name" || holdsNames(b.path) && near != "" {
			r.lost(b.path.to(near))
		}
		if !s.open || slip {
			r.fail(key, "unknown key %s in %s%s", quote(key.Value), b.path, hint(key.Value, known))
		}
	}
	if r.baseless {
		missing = nil
	}
	for _, key := range missing {
		if holdsNames(b.path) || key == "name" {
			r.lost(b.path.to(key))
		}
		r.fail(b.node, "%s needs %q", b.path, key)
	}
}

// list reads a sequence, or a mapping whose keys name the elements.
func (r *reader) list(n *yaml.Node, v reflect.Value, f field, p path) {
	element := v.Type().Elem()
	if keyed(element) {
		r.named(n, v, p)
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s must be a list, not %s%s", p.subject(), found(n), inBrackets(n))
		r.lost(p)
		return
	}
	if len(n.Content) > maxList {
		r.fail(n.Content[maxList], "%s has more than %d elements", p.subject(), maxList)
		return
	}
	made := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	first := map[string]bool{}
	each := f
	each.required = true // an element may be left out, but not be empty
	for i, c := range n.Content {
		e := fresh(element)
		r.value(c, e, each, p.to(strconv.Itoa(i)))
		made = reflect.Append(made, e)
		if f.unique && c.Kind == yaml.ScalarNode && first[c.Value] {
			r.fail(c, "%s has %s twice", p.subject(), quote(c.Value))
		}
		first[c.Value] = true
	}
	if f.required && len(n.Content) == 0 {
		r.fail(n, "%s must not be empty", p.subject())
		r.lost(p)
	}
	v.Set(made)
}

func inBrackets(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || strings.ContainsAny(n.Value, "[]{}") {
		return ""
	}
	return ": write [" + strings.Trim(quote(n.Value), `"`) + "]"
}

func (r *reader) named(n *yaml.Node, v reflect.Value, p path) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a block of names, not %s", p.subject(), found(n))
		r.lost(p)
		return
	}
	if len(n.Content) > 2*maxList {
		r.fail(n.Content[2*maxList], "%s has more than %d names", p.subject(), maxList)
		return
	}
	made := reflect.MakeSlice(v.Type(), 0, len(n.Content)/2)
	key := shapeOf(v.Type().Elem()).key
	for name, block := range pairs(n) {
		e := fresh(v.Type().Elem())
		e.FieldByIndex(key).SetString(name.Value)
		if !isName(name.Value) {
			r.lost(p)
			if !variable.MatchString(name.Value) { // which was told already
				r.fail(name, notName, quote(name.Value))
			}
		}
		r.value(block, e, field{}, p.to(name.Value))
		made = reflect.Append(made, e)
	}
	if len(n.Content) == 0 {
		r.fail(n, "%s must not be empty", p.subject())
		r.lost(p)
	}
	v.Set(made)
}

// table reads a mapping into a map, over a copy of what the map holds.
func (r *reader) table(n *yaml.Node, v reflect.Value, f field, p path) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a block of keys, not %s", p.subject(), found(n))
		return
	}
	made := reflect.MakeMap(v.Type())
	for iter := v.MapRange(); iter.Next(); {
		made.SetMapIndex(iter.Key(), iter.Value())
	}
	for key, value := range pairs(n) {
		if glued(key, value) {
			continue
		}
		e := fresh(v.Type().Elem())
		r.value(value, e, f, p.to(key.Value))
		made.SetMapIndex(reflect.ValueOf(key.Value), e)
	}
	v.Set(made)
}

// found names what stands in the file where something else should.
func found(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a block of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	return quote(n.Value)
}

// scalar is the node's text when it is a single value.
func (r *reader) scalar(n *yaml.Node, p path, want string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "%s must be %s, not %s", p.subject(), want, found(n))
		return "", false
	}
	return n.Value, true
}

func (r *reader) text(n *yaml.Node, v reflect.Value, p path) {
	text, ok := r.scalar(n, p, "a single value")
	if !ok {
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		r.fail(n, "%s %v", p.subject(), err)
	}
}

// nameForm keeps names fit for file names, metric labels and NAME.effective.
var nameForm = regexp.MustCompile(namePattern)

const (
	namePattern = `^[a-z][a-z0-9-]{0,62}$`
	notName     = "%s is no name: a letter, then letters, digits and dashes, all lower-case, at most 63"
)

func isName(s string) bool { return nameForm.MatchString(s) }

func (r *reader) str(n *yaml.Node, v reflect.Value, f field, p path) {
	text, ok := r.scalar(n, p, "text")
	words := f.words(p)
	switch {
	case !ok:
		return
	case words != nil && !slices.Contains(words, text):
		r.fail(n, "%s must be %s, not %s%s", p.subject(), either(words), quote(text), also(text, words))
	case n.Style == 0 && (f.form != "" || words != nil) && strings.ContainsAny(text, typographic):
		r.fail(n, "%s bears typographic quotes, which are part of the text: write \" or ' or none", quote(text))
		r.lost(p)
	case n.Tag != "!!str" && n.Tag != "!!timestamp":
		r.fail(n, "%s must be text: put %s in quotes", p.subject(), n.Value)
	case f.form == "name" && !isName(text):
		r.fail(n, notName, quote(text))
		r.lost(p)
	case f.required && strings.TrimSpace(text) == "":
		r.fail(n, "%s must not be empty", p.subject())
	default:
		v.SetString(text)
	}
}

// typographic are the quotes that text programs put in and YAML takes for text.
const typographic = "\u201c\u201d\u2018\u2019\u00ab\u00bb"

// also ends a sentence that has said already what there is.
func also(word string, among []string) string {
	if s := Suggest(word, among); s != "" && len(among) > 1 {
		return "; " + s
	}
	return ""
}

func (r *reader) boolean(n *yaml.Node, v reflect.Value, p path) {
	text, ok := r.scalar(n, p, "true or false")
	switch {
	case !ok:
	case n.Tag != "!!bool":
		r.fail(n, "%s must be true or false, not %s", p.subject(), quote(text))
	default:
		v.SetBool(strings.EqualFold(text, "true"))
	}
}

const durationForm = "a duration with its unit, such as 1500ms, 30s or 2m"

func (r *reader) duration(n *yaml.Node, v reflect.Value, f field, p path) {
	text, ok := r.scalar(n, p, durationForm)
	if !ok {
		return
	}
	d, err := time.ParseDuration(text)
	if numeral.MatchString(text) {
		r.fail(n, "%s is a duration and needs its unit: write %sms or %ss", p.subject(), text, text)
		return
	}
	if err != nil {
		r.fail(n, "%s must be %s, not %s", p.subject(), durationForm, quote(text))
		return
	}
	least, _ := time.ParseDuration(f.min)
	most, bounded := time.ParseDuration(f.max)
	switch {
	case d < least && least == 0:
		r.fail(n, "%s must not be negative", p.subject())
	case d < least:
		r.fail(n, "%s must be at least %s, not %s", p.subject(), f.min, text)
	case bounded == nil && d > most:
		r.fail(n, "%s must be at most %s, not %s", p.subject(), f.max, text)
	default:
		v.SetInt(int64(d))
	}
}

// decimal is how integers are written: YAML's octal and hexadecimal forms would surprise.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func (r *reader) number(n *yaml.Node, v reflect.Value, f field, p path) {
	whole := v.Kind() != reflect.Float64
	want := "a number"
	if whole {
		want = "a whole number"
	}
	text, ok := r.scalar(n, p, want)
	if !ok {
		return
	}
	x, err := strconv.ParseFloat(text, 64)
	if v.CanUint() && f.min == "" {
		f.min = "0"
	}
	least, unbounded := strconv.ParseFloat(f.min, 64)
	most, limitless := strconv.ParseFloat(f.max, 64)
	share, percent := strings.CutSuffix(text, "%")
	switch part, e := strconv.ParseFloat(share, 64); {
	case percent && !whole && e == nil:
		r.fail(n, "%s is a ratio: write %s", p.subject(), strconv.FormatFloat(part/100, 'g', 6, 64))
	case n.Tag != "!!int" && n.Tag != "!!float", err != nil, x-x != 0, whole && !decimal.MatchString(text):
		r.fail(n, "%s must be %s, not %s", p.subject(), want, quote(text))
	case unbounded == nil && x < least:
		r.fail(n, "%s must be at least %s, not %s", p.subject(), f.min, text)
	case limitless == nil && x > most:
		r.fail(n, "%s must be at most %s, not %s", p.subject(), f.max, text)
	case !setNumber(v, text, x):
		r.fail(n, "%s is too large, it must fit %d bits", p.subject(), v.Type().Bits())
	}
}

// setNumber is false when the number is beyond what the type holds.
func setNumber(v reflect.Value, text string, x float64) bool {
	switch {
	case v.CanInt():
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(i)
		return err == nil
	case v.CanUint():
		u, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(u)
		return err == nil
	}
	v.SetFloat(x)
	return true
}
