package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/harness/names"
)

// unsignedDuration is Go's syntax of durations as a regular expression of JSON Schema, the odd forms left out.
const unsignedDuration = `([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+`

// durationText is a duration as people write it: 2m, where Go says 2m0s.
func durationText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// settled is what a pointer points to, or would.
func settled(v reflect.Value) reflect.Value {
	switch {
	case v.Kind() != reflect.Pointer:
		return v
	case v.IsNil():
		return settled(fresh(v.Type().Elem()))
	}
	return settled(v.Elem())
}

func isBlock(t reflect.Type) bool { return t.Kind() == reflect.Struct && !readsText(t) }

// defaultOf is the default as JSON Schema has it; nil for none, which a zero value is.
func defaultOf(v reflect.Value) any {
	switch {
	case v.IsZero(), v.Kind() == reflect.Pointer, v.Kind() == reflect.Map, isBlock(v.Type()):
		return nil
	case v.Type() == durationType:
		return durationText(time.Duration(v.Int()))
	case readsText(v.Type()):
		return fmt.Sprint(v.Interface())
	case v.Kind() == reflect.String:
		return v.String()
	}
	return v.Interface()
}

// object is a JSON Schema, or a part of one; encoding/json sorts its keys, so the bytes are always the same.
type object map[string]any

// Schema is the JSON Schema (draft 2020-12) of the language with these kinds, for editors; it says what the reader
// checks, but for what needs a second look at the file. The error is a mistake in a kind's struct: a key that every
// entry has already, a tag that doesn't parse, or a type that can't be read.
func Schema(kinds Kinds) ([]byte, error) {
	w := &schemaWriter{defs: object{}}
	root := w.block(reflect.ValueOf(defaults()).Elem(), nil)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "regiondrill scenario"
	properties := root["properties"].(object)
	for _, entry := range []struct {
		list, one string
		config    any
		kinds     []Kind
	}{
		{"probes", "probe", Probe{}, kinds.Probes},
		{"faults", "fault", Fault{}, kinds.Faults},
		{"actions", "action", Action{}, kinds.Actions},
		{"checks", "check", Check{}, kinds.Checks},
	} {
		properties[entry.list].(object)["items"] = w.entry(entry.list, entry.one, reflect.ValueOf(entry.config), entry.kinds)
	}
	w.defs["region"] = orVariable(object{"type": "string", "enum": names.Regions()})
	w.defs["variable"] = object{"type": "string", "pattern": `\$\{` + variableName + `(:-[^}]*)?\}`}
	root["$defs"] = w.defs
	extending(root)
	if len(w.wrong) > 0 {
		return nil, fmt.Errorf("describing the kinds: %s", strings.Join(w.wrong, "; "))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return out.Bytes(), nil
}

// extending asks less of a file that extends another: there is a base to say the rest.
func extending(root object) {
	properties := root["properties"].(object)
	alone, less := object{}, object{}
	for _, key := range []string{"system", "probes", "faults", "actions", "checks"} {
		alone[key] = properties[key]
		kind := properties[key].(object)["type"]
		less[key] = object{"type": kind}
		properties[key] = object{"description": properties[key].(object)["description"]}
	}
	root["if"] = object{"required": []string{"extends"}}
	root["then"] = object{"properties": less, "required": []string{"schema", "name"}}
	root["else"] = object{"properties": alone, "required": root["required"]}
	delete(root, "required")
}

type schemaWriter struct {
	defs  object
	wrong []string
}

// entry is the schema of a probe, fault, action or check: by its kind, a closed block of the common keys and the kind's
// own. An editor whose user hasn't chosen a kind yet completes the common keys.
func (w *schemaWriter) entry(list, what string, common reflect.Value, kinds []Kind) object {
	base := w.block(common, path{list, "*"})
	names, docs, cases := []string{}, []string{}, []object{}
	for _, k := range kinds {
		ref := what + "-" + k.Name
		w.defs[ref] = w.kind(base, ref, k)
		names, docs = append(names, k.Name), append(docs, k.Name+": "+k.Doc)
		cases = append(cases, object{
			"if":   object{"properties": object{"kind": object{"const": k.Name}}, "required": []string{"kind"}},
			"then": object{"$ref": "#/$defs/" + ref},
		})
	}
	properties := base["properties"].(object)
	kind := properties["kind"].(object)
	kind["enum"], kind["markdownDescription"] = names, strings.Join(docs, "\n\n")
	made := object{"type": "object", "properties": properties, "required": base["required"]}
	if len(cases) > 0 { // JSON Schema forbids an empty list
		made["allOf"] = cases
	}
	w.defs[what] = made
	return object{"$ref": "#/$defs/" + what}
}

func (w *schemaWriter) kind(base object, ref string, k Kind) object {
	made := w.block(reflect.Indirect(reflect.ValueOf(k.Config)), path{ref})
	made["description"] = k.Doc
	properties := made["properties"].(object)
	for key, value := range base["properties"].(object) {
		if properties[key] != nil {
			w.wrong = append(w.wrong, fmt.Sprintf("%s has a key %q of its own, which is every entry's", ref, key))
		}
		properties[key] = value
	}
	if ramp, ramped := properties["ramp"].(object); ramped {
		ramp = maps.Clone(ramp)
		rising := object{}
		for _, key := range shapeOf(reflect.Indirect(reflect.ValueOf(k.Config)).Type()).rampable() {
			rising[key] = object{"$ref": "#/$defs/" + ref + "/properties/" + key}
		}
		ramp["properties"], ramp["additionalProperties"] = rising, false
		properties["ramp"] = ramp
	}
	properties["kind"] = object{"const": k.Name, "description": k.Doc}
	required, _ := made["required"].([]string)
	made["required"] = append(slices.Clone(base["required"].([]string)), required...)
	return made
}

// block is a closed object with the keys of a struct, their defaults taken from v.
func (w *schemaWriter) block(v reflect.Value, p path) object {
	properties := object{}
	var required []string
	for _, f := range shapeOf(v.Type()).fields {
		at := p.to(f.key)
		if comesLater(at, "") {
			continue
		}
		part := w.value(settled(v.FieldByIndex(f.index)), f, at)
		if f.doc != "" {
			part["description"] = f.doc
		}
		if d := defaultOf(v.FieldByIndex(f.index)); d != nil {
			part["default"] = d
		}
		if f.examples != nil {
			part["examples"] = w.examples(f, at)
		}
		if f.required {
			required = append(required, f.key)
		}
		properties[f.key] = part
	}
	made := object{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		made["required"] = required
	}
	return made
}

// examples are values, where the file has text that stands for them.
func (w *schemaWriter) examples(f field, p path) []any {
	var values []any
	for _, text := range f.examples {
		var value any = text
		if f.typ.Kind() != reflect.String && !readsText(f.typ) && f.typ != durationType {
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				w.wrong = append(w.wrong, fmt.Sprintf("%s has an example %q, which is no YAML", strings.Join(p, "."), text))
			}
		}
		values = append(values, value)
	}
	return values
}

func (w *schemaWriter) value(v reflect.Value, f field, p path) object {
	t := v.Type()
	switch {
	case readsText(t):
		made := object{"type": "string"}
		if x, ok := v.Interface().(patterned); ok {
			made["pattern"] = x.Pattern()
			return orVariable(made)
		}
		return made
	case t == durationType:
		return orVariable(w.duration(f, p))
	case t == rampType: // of what each kind has
		return object{"type": "object", "minProperties": 1}
	}
	switch t.Kind() {
	case reflect.Bool:
		return orVariable(object{"type": "boolean"})
	case reflect.String:
		return text(f, p)
	case reflect.Int, reflect.Int64, reflect.Int32:
		return orVariable(w.number("integer", f, p))
	case reflect.Uint, reflect.Uint64, reflect.Uint32:
		made := w.number("integer", f, p)
		if made["minimum"] == nil {
			made["minimum"] = 0
		}
		return orVariable(made)
	case reflect.Float64:
		return orVariable(w.number("number", f, p))
	case reflect.Slice:
		return w.list(t.Elem(), f, p)
	case reflect.Map:
		return object{"type": "object", "additionalProperties": w.value(settled(fresh(t.Elem())), f, p)}
	case reflect.Struct:
		return w.block(v, p)
	}
	w.wrong = append(w.wrong, fmt.Sprintf("%s is of type %s, which can't be read from a file", strings.Join(p, "."), t))
	return object{}
}

// orVariable lets a variable stand where something else would.
func orVariable(o object) object { return object{"anyOf": []object{o, {"$ref": "#/$defs/variable"}}} }

func text(f field, p path) object {
	made := object{"type": "string"}
	switch {
	case f.enum != nil:
		made["enum"] = f.words(p)
		return orVariable(made)
	case f.form == "name":
		made["pattern"] = namePattern
	case f.form == "region":
		return object{"$ref": "#/$defs/region"}
	case f.form == "acs":
		made["pattern"] = "^[a-z0-9-]+/(" + strings.Join(names.ACSForms(), "|") + ")$"
		return object{"anyOf": []object{{"$ref": "#/$defs/region"}, made}}
	case f.required:
		made["minLength"] = 1
	}
	return made
}

func (w *schemaWriter) list(element reflect.Type, f field, p path) object {
	if keyed(element) {
		return object{
			"type": "object", "minProperties": 1, "propertyNames": object{"pattern": namePattern},
			"additionalProperties": w.value(fresh(element), field{}, p),
		}
	}
	made := object{"type": "array", "items": w.value(settled(fresh(element)), f, p)}
	if f.required {
		made["minItems"] = 1
	}
	if f.unique {
		made["uniqueItems"] = true
	}
	return made
}

// duration can't tell its bounds to JSON Schema but in words.
func (w *schemaWriter) duration(f field, p path) object {
	pattern := "^" + unsignedDuration + "$"
	for _, bound := range []string{f.min, f.max} {
		if _, err := time.ParseDuration(bound); bound != "" && err != nil {
			w.wrong = append(w.wrong, fmt.Sprintf("%s has a bound %q, which is no duration", strings.Join(p, "."), bound))
		}
	}
	if strings.HasPrefix(f.min, "-") {
		pattern = "^-?" + unsignedDuration + "$"
	}
	return object{"type": "string", "pattern": pattern}
}

func (w *schemaWriter) number(kind string, f field, p path) object {
	made := object{"type": kind}
	for word, bound := range map[string]string{"minimum": f.min, "maximum": f.max} {
		if bound == "" {
			continue
		}
		x, err := strconv.ParseFloat(bound, 64)
		if err != nil {
			w.wrong = append(w.wrong, fmt.Sprintf("%s has a bound %q, which is no number", strings.Join(p, "."), bound))
		}
		made[word] = x
	}
	return made
}
