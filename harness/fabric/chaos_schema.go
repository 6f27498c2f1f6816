package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// jsonSchema is as much of JSON Schema as LocalStack's chaos API uses, and its errors have the words of the validator
// that LocalStack has (python-jsonschema), for tools that show them.
type jsonSchema struct {
	kind     string // of the value: array, object, string, integer, number
	pattern  *regexp.Regexp
	minimum  float64
	maximum  float64 // of numbers
	keys     map[string]*jsonSchema
	required []string
	items    *jsonSchema // of an array without equal elements
}

// chaosFaultsSchema is that of an array of faults. What names may look like is known from LocalStack's own tests.
func chaosFaultsSchema() *jsonSchema {
	text := func(pattern string) *jsonSchema {
		return &jsonSchema{kind: "string", pattern: regexp.MustCompile(pattern)}
	}
	return &jsonSchema{kind: "array", items: &jsonSchema{kind: "object", keys: map[string]*jsonSchema{
		"service":     text(`^[a-z0-9_-]+$`),
		"region":      text(`^[a-z0-9-]+$`),
		"operation":   text(`^[a-zA-Z]+$`),
		"probability": {kind: "number", maximum: 1},
		"description": text(``),
		"error": {kind: "object", keys: map[string]*jsonSchema{
			"statusCode": {kind: "integer", minimum: 400, maximum: 599},
			"code":       text(`^[a-zA-Z0-9._:-]+$`),
		}},
	}}}
}

func chaosEffectsSchema() *jsonSchema {
	return &jsonSchema{kind: "object", required: []string{"latency"}, keys: map[string]*jsonSchema{
		"latency": {kind: "integer", maximum: float64(chaosWait.Milliseconds())},
	}}
}

// read reads one JSON value that the schema allows into v.
func (s *jsonSchema) read(in io.Reader, v any) error {
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("Error decoding JSON: %w", err) //nolint:staticcheck // LocalStack has it with a capital
	}
	if wrong := s.wrong(value); wrong != "" {
		return errors.New("Error validating JSON schema: " + wrong)
	}
	normal, err := json.Marshal(value) // 5000.0 is an integer too
	if err != nil {
		return err
	}
	return json.Unmarshal(normal, v)
}

// wrong says what the schema doesn't allow; empty where nothing.
func (s *jsonSchema) wrong(value any) string {
	number, _ := value.(float64)
	text, _ := value.(string)
	switch {
	case !s.is(value):
		return fmt.Sprintf("%s is not of type '%s'", python(value), s.kind)
	case s.pattern != nil && !s.pattern.MatchString(text):
		return fmt.Sprintf("%s does not match '%s'", python(value), s.pattern)
	case s.maximum > 0 && number < s.minimum:
		return fmt.Sprintf("%s is less than the minimum of %v", python(value), s.minimum)
	case s.maximum > 0 && number > s.maximum:
		return fmt.Sprintf("%s is greater than the maximum of %v", python(value), s.maximum)
	case s.keys != nil:
		return s.wrongKey(value.(map[string]any))
	case s.items != nil:
		return s.wrongItem(value.([]any))
	}
	return ""
}

func (s *jsonSchema) is(value any) bool {
	switch v := value.(type) {
	case string:
		return s.kind == "string"
	case float64:
		return s.kind == "number" || s.kind == "integer" && v == float64(int64(v))
	case []any:
		return s.kind == "array"
	case map[string]any:
		return s.kind == "object"
	}
	return false
}

func (s *jsonSchema) wrongKey(object map[string]any) string {
	for _, key := range s.required {
		if _, found := object[key]; !found {
			return fmt.Sprintf("'%s' is a required property", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		known := s.keys[key]
		if known == nil {
			return fmt.Sprintf("Additional properties are not allowed (%s was unexpected)", python(key))
		}
		if wrong := known.wrong(object[key]); wrong != "" {
			return wrong
		}
	}
	return ""
}

func (s *jsonSchema) wrongItem(array []any) string {
	for i, item := range array {
		if wrong := s.items.wrong(item); wrong != "" {
			return wrong
		}
		if slices.ContainsFunc(array[:i], func(other any) bool { return reflect.DeepEqual(item, other) }) {
			return python(array) + " has non-unique elements"
		}
	}
	return ""
}

// python writes a value as Python does.
func python(value any) string {
	var parts []string
	switch v := value.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case string:
		return "'" + v + "'"
	case []any:
		for _, item := range v {
			parts = append(parts, python(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, python(key)+": "+python(v[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(value)
}
