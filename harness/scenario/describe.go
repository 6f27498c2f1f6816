package scenario

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Field is one key of a file, as explain and the docs tell of it.
type Field struct {
	Key string `json:"key"` // dotted within nested blocks: steer.by
	// Type is text, true or false, whole number, number, duration, instant, block, or list of and map of these.
	Type     string   `json:"type"`
	Form     string   `json:"form,omitempty"`    // what text must be: name, region; "" for any
	Default  string   `json:"default,omitempty"` // "" for none
	Doc      string   `json:"doc,omitempty"`     // a sentence or less
	Enum     []string `json:"enum,omitempty"`    // nil for any
	Min      string   `json:"min,omitempty"`     // "" for unbounded
	Max      string   `json:"max,omitempty"`
	Required bool     `json:"required,omitempty"`
	Unique   bool     `json:"unique,omitempty"`   // no element of the list twice
	Examples []string `json:"examples,omitempty"` // in YAML
}

// IsBlock tells whether keys stand behind the key, once or in each entry of a list.
func (f Field) IsBlock() bool {
	return f.Type == "block" || f.Type == "list of blocks" || f.Type == "block of names"
}

// Describe lists the keys of a kind in the order of its struct, those of nested blocks behind the block's own. The keys
// that every entry has are described by giving a Probe, Fault, Action or Check as Config. What comes later is left out.
func Describe(k Kind) []Field {
	at := path{k.Name}
	switch k.Config.(type) {
	case Probe:
		at = path{"probes", "*"}
	case Fault:
		at = path{"faults", "*"}
	case Action:
		at = path{"actions", "*"}
	case Check:
		at = path{"checks", "*"}
	}
	return describe(reflect.Indirect(reflect.ValueOf(k.Config)), at, "")
}

// Language lists every key of a scenario that is no kind's own, in the order of a file. Those of a list's entries stand
// behind the list's own: probes, probes.name.
func Language() []Field { return describe(reflect.ValueOf(defaults()).Elem(), nil, "") }

func describe(v reflect.Value, base path, prefix string) []Field {
	var fields []Field
	for _, f := range shapeOf(v.Type()).fields {
		value, at := v.FieldByIndex(f.index), base.to(f.key)
		if comesLater(at, "") {
			continue
		}
		fields = append(fields, Field{
			Key: prefix + f.key, Type: typeName(f.typ), Form: f.form, Default: defaultText(value), Doc: f.doc,
			Enum: f.words(at), Min: f.min, Max: f.max, Required: f.required, Unique: f.unique, Examples: f.examples,
		})
		block := settled(value)
		if block.Kind() == reflect.Slice {
			block, at = settled(fresh(block.Type().Elem())), at.to("*")
		}
		if isBlock(block.Type()) {
			fields = append(fields, describe(block, at, prefix+f.key+".")...)
		}
	}
	return fields
}

func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[At]():
		return "instant"
	case t == durationType:
		return "duration"
	case readsText(t):
		return "text"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		if keyed(t.Elem()) {
			return "block of names"
		}
		if isBlock(t.Elem()) {
			return "list of blocks"
		}
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "map of " + typeName(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Float64:
		return "number"
	case reflect.Struct:
		return "block"
	}
	return "whole number"
}

func defaultText(v reflect.Value) string {
	switch d := defaultOf(v).(type) {
	case nil:
		return ""
	case string:
		return d
	default:
		text, err := json.Marshal(d)
		if err != nil {
			return ""
		}
		return string(text)
	}
}

// TypeInWords is the type of a key for people, who are told that text names a Region.
func (f Field) TypeInWords() string {
	word := map[string]string{"region": "Region", "acs": "Region", "name": "name"}[f.Form]
	switch {
	case word == "":
		return f.Type
	case f.Type == "text":
		return word
	}
	return strings.Replace(f.Type, "text", word+"s", 1)
}

// Remarks are what there is to say of a key beside its type and its sentence.
func (f Field) Remarks() []string {
	var said []string
	if f.Enum != nil {
		said = append(said, "one of "+strings.Join(f.Enum, ", "))
	}
	if f.Min != "" {
		said = append(said, "at least "+f.Min)
	}
	if f.Max != "" {
		said = append(said, "at most "+f.Max)
	}
	if f.Unique {
		said = append(said, "none twice")
	}
	switch {
	case f.Required:
		said = append(said, "required")
	case f.Default != "":
		said = append(said, "default "+f.Default)
	}
	return said
}
