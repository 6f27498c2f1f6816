package scim

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// The operations of a PATCH, whose names clients write in any case.
const (
	Add     = "add"
	Replace = "replace"
	Remove  = "remove"
)

// Operation changes one attribute.
type Operation struct {
	Op    string
	Path  *Path
	Value any // as JSON has it, with the attributes within by their own names; nil where there is none
}

// maxOperations of a PATCH, after those that change several attributes were taken apart.
const maxOperations = 1_000

// What is wrong with a PATCH, for logs: AWS tells clients less.
var (
	ErrPatch = errors.New("Invalid JSON from RequestBody") //nolint:staticcheck // AWS's words
	ErrNone  = errors.New("Missing path in PATCH request") //nolint:staticcheck // AWS's words
	ErrOp    = errors.New("the operation is none of add, replace and remove")
	ErrValue = errors.New("the value is missing or not of the attribute's kind")
	ErrKept  = errors.New("the attribute can't be removed, nor be changed more than once")
)

// ParsePatch reads the body of one that changes a resource of the schema. An operation without a path is taken apart
// into one for each member of its value, as Okta and Entra ID mean it.
func (s Schema) ParsePatch(body []byte) ([]Operation, error) {
	var in struct {
		Schemas    []string
		Operations []struct {
			Op    string
			Path  *string
			Value any
		}
	}
	isPatch := func(urn string) bool { return strings.EqualFold(urn, PatchOp) }
	if json.Unmarshal(body, &in) != nil || len(in.Operations) == 0 ||
		in.Schemas != nil && !slices.ContainsFunc(in.Schemas, isPatch) {
		return nil, ErrPatch
	}
	var all []Operation
	for _, o := range in.Operations {
		op := strings.ToLower(o.Op)
		if op != Add && op != Replace && op != Remove {
			return nil, ErrOp
		}
		values := map[string]any{}
		switch members, ok := o.Value.(map[string]any); {
		case o.Path != nil:
			values[*o.Path] = o.Value
		case op == Remove:
			return nil, ErrNone
		case !ok || len(members) == 0:
			return nil, ErrValue
		default:
			values = members
		}
		for _, path := range sorted(values) {
			one, err := s.operation(op, path, values[path])
			if err != nil {
				return nil, err
			}
			all = append(all, *one)
		}
		if len(all) > maxOperations {
			return nil, ErrPatch
		}
	}
	return all, s.once(all)
}

func sorted(values map[string]any) (names []string) {
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s Schema) operation(op, path string, value any) (*Operation, error) {
	p, err := s.ParsePath(path)
	if err != nil {
		return nil, err
	}
	o := &Operation{op, p, nil}
	a := find(s, p.Attribute)
	if op == Remove && a.Kept {
		return nil, ErrKept
	}
	target := a
	switch {
	case p.Within != "":
		target = find(a.Within, p.Within)
	case p.Filter != nil:
		target = &Attribute{Kind: Complex, Within: a.Within} // one value, and not the list
	}
	var ok bool
	if o.Value, ok = target.clean(value); !ok || (op != Remove && o.Value == nil) {
		return nil, ErrValue
	}
	return o, nil
}

// once sees to it that what is kept is changed once.
func (s Schema) once(all []Operation) error {
	seen := map[string]bool{}
	for _, o := range all {
		if find(s, o.Path.Attribute).Kept && seen[o.Path.Attribute] {
			return ErrKept
		}
		seen[o.Path.Attribute] = true
	}
	return nil
}

// Apply does the operations, in their order, to a resource that Clean has made.
func (s Schema) Apply(resource map[string]any, all []Operation) {
	for _, o := range all {
		switch a := find(s, o.Path.Attribute); a.Kind {
		case List:
			o.applyToList(resource, a)
		case Complex:
			o.applyToComplex(resource)
		default:
			o.set(resource, o.Path.Attribute)
		}
	}
}

// set a value, or takes it away.
func (o *Operation) set(in map[string]any, name string) {
	if o.Op == Remove {
		delete(in, name)
		return
	}
	in[name] = o.Value
}

func (o *Operation) applyToComplex(resource map[string]any) {
	name := o.Path.Attribute
	if have, ok := resource[name].(map[string]any); ok || o.Path.Within != "" {
		if !ok {
			have = map[string]any{}
		}
		switch values, _ := o.Value.(map[string]any); {
		case o.Path.Within != "":
			o.set(have, o.Path.Within)
			resource[name] = have
			return
		case o.Op == Add:
			for k, v := range values {
				have[k] = v
			}
			return
		}
	}
	o.set(resource, name)
}

// applyToList changes those values of a list that the filter chooses. Where there are none it makes one, as Entra ID
// expects it.
func (o *Operation) applyToList(resource map[string]any, a *Attribute) {
	p := o.Path
	list, _ := resource[a.Name].([]any)
	switch {
	case p.Filter == nil && p.Within == "" && o.Op == Add:
		added, _ := o.Value.([]any)
		list = append(slices.Clip(list), added...)
	case p.Filter == nil && p.Within == "":
		list, _ = o.Value.([]any)
		if o.Op == Remove {
			list = nil
		}
	default:
		list = o.applyToValues(list, a)
	}
	if resource[a.Name] = list; len(list) == 0 {
		delete(resource, a.Name)
	}
}

func (o *Operation) applyToValues(list []any, a *Attribute) (next []any) {
	p, chosen := o.Path, false
	for _, item := range list {
		value, _ := item.(map[string]any)
		if p.Filter != nil && !p.Filter.holds(value) {
			next = append(next, item)
			continue
		}
		chosen = true
		if p.Within != "" {
			o.set(value, p.Within)
			next = append(next, value)
			continue
		}
		if members, _ := o.Value.(map[string]any); o.Op != Remove {
			if o.Op == Replace {
				value = map[string]any{}
			}
			for k, v := range members {
				value[k] = v
			}
			next = append(next, value)
		}
	}
	if chosen || o.Op == Remove {
		return next
	}
	value := map[string]any{}
	if p.Filter != nil {
		if of, ok := find(a.Within, p.Filter.Attribute).clean(p.Filter.Value); ok {
			value[p.Filter.Attribute] = of
		}
	}
	if members, ok := o.Value.(map[string]any); ok && p.Within == "" {
		for k, v := range members {
			value[k] = v
		}
	} else {
		o.set(value, p.Within)
	}
	return append(next, value)
}

// holds tells whether a value is what the filter asks for.
func (t *Term) holds(value map[string]any) bool {
	switch have := value[t.Attribute].(type) {
	case string:
		return strings.EqualFold(have, t.Value)
	case bool:
		return have == strings.EqualFold(t.Value, "true")
	}
	return false
}
