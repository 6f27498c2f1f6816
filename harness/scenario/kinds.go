package scenario

import (
	"errors"
	"reflect"
)

// Kinds are the kinds of entry that there are: the catalog's tables, as far as a file shows of them.
type Kinds struct{ Probes, Faults, Actions, Checks []Kind }

// Kind is one of them.
type Kind struct {
	Name   string // the value of the key kind
	Doc    string // a sentence
	Config any    // the kind's struct, or a pointer to it, holding its defaults; never written to

	Examples []string // settings of its own keys, in JSON
}

// Check finds what is wrong in the kinds' own blocks: a kind that there is none of, and all that Into finds. Join its
// error with that of Read, and a file's mistakes are told at once.
func (k Kinds) Check(s *Scenario) error {
	var errs Errors
	for _, p := range s.Probes {
		errs = append(errs, kindErrors("probe", k.Probes, p.Kind, p.Block)...)
	}
	for _, f := range s.Faults {
		if f.Again {
			continue
		}
		errs = append(errs, kindErrors("fault", k.Faults, f.Kind, f.Block)...)
	}
	for _, a := range s.Actions {
		errs = append(errs, kindErrors("action", k.Actions, a.Kind, a.Block)...)
	}
	for _, c := range s.Checks {
		if c.Again {
			continue
		}
		errs = append(errs, kindErrors("check", k.Checks, c.Kind, c.Block)...)
	}
	return errs.err()
}

func kindErrors(what string, kinds []Kind, kind string, b Block) Errors {
	if kind == "" { // missing, which Read has said
		return nil
	}
	var names []string
	for _, k := range kinds {
		if k.Name == kind {
			var errs Errors
			errors.As(Into(b, k.copy()), &errs)
			return errs
		}
		names = append(names, k.Name)
	}
	return Errors{b.Errorf("kind", "unknown kind of %s, %s%s", what, quote(kind), hint(kind, names))}
}

// copy is a pointer to a struct of the kind's own with its defaults, to be read into.
func (k Kind) copy() any {
	v := reflect.Indirect(reflect.ValueOf(k.Config))
	made := reflect.New(v.Type())
	made.Elem().Set(v)
	return made.Interface()
}
