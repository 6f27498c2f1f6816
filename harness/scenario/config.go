package scenario

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"gopkg.in/yaml.v3"
)

// Config writes a kind's struct as JSON, by the same keys as the file and with every field resolved: the form that the
// history keeps it in. FromConfig reads it back.
func Config(v any) (json.RawMessage, error) {
	b, err := json.Marshal(plain(reflect.Indirect(reflect.ValueOf(v))))
	if err != nil {
		return nil, fmt.Errorf("writing the settings of %T: %w", v, err)
	}
	return b, nil
}

// FromConfig reads what Config has written into v, a pointer to a struct that holds its kind's defaults.
func FromConfig(config json.RawMessage, v any) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(config, &doc); err != nil { // JSON is YAML
		return fmt.Errorf("reading the settings of %T: %w", v, err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return Into(Block{src: newSource("history"), node: doc.Content[0]}, v)
}

// plain turns settings into what encoding/json writes as the file would: durations as text, structs by their keys.
func plain(v reflect.Value) any {
	switch {
	case v.Type() == durationType:
		return durationText(time.Duration(v.Int()))
	case v.Type().Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Struct:
		keys := map[string]any{}
		for _, f := range shapeOf(v.Type()).fields {
			if inner := v.FieldByIndex(f.index); inner.Kind() != reflect.Pointer || !inner.IsNil() {
				keys[f.key] = plain(inner)
			}
		}
		return keys
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	}
	return v.Interface()
}
