package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/scenarios"
	"gopkg.in/yaml.v3"
)

func schema(t *testing.T) (map[string]any, []byte) {
	t.Helper()
	data, err := Schema(toys())
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s, data
}

func TestSchemaIsDeterministic(t *testing.T) {
	_, first := schema(t)
	for range 5 {
		if _, again := schema(t); !bytes.Equal(first, again) {
			t.Fatal("the bytes differ from one time to the next")
		}
	}
}

func TestSchemaAcceptsTheFlagship(t *testing.T) {
	root, _ := schema(t)
	data, err := scenarios.FS.ReadFile("primary-region-outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if wrong := validate(root, root, parsed(t, data)); wrong != "" {
		t.Error(wrong)
	}
}

// beyondSchema are the bad files that a JSON Schema can't refuse: what needs a second look at the file, and what is
// YAML's and not JSON's.
var beyondSchema = []string{
	"anchors-aliases-and-merges", "empty-text", "instants", "second-document-broken", "tags-of-yaml", "two-documents",
}

func TestSchemaRefusesBadFiles(t *testing.T) {
	root, _ := schema(t)
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		data, _ := os.ReadFile(file)
		_, sets := header(t, string(data))
		var v any
		if yaml.Unmarshal(data, &v) != nil || len(sets) > 0 || slices.Contains(beyondSchema, name) {
			continue
		}
		if wrong := validate(root, root, parsed(t, data)); wrong == "" {
			t.Errorf("%s: accepted", name)
		}
	}
}

// parsed is the file as JSON would have it.
func parsed(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// validate is as much of JSON Schema as Schema uses; it says what is wrong first, or "".
func validate(root, s map[string]any, v any) string {
	if ref, ok := s["$ref"].(string); ok {
		defs := root["$defs"].(map[string]any)
		return validate(root, defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), v)
	}
	if c, ok := s["const"]; ok && c != v {
		return fmt.Sprintf("%v is not %v", v, c)
	}
	if words, ok := s["enum"].([]any); ok && !slices.Contains(words, v) {
		return fmt.Sprintf("%v is none of %v", v, words)
	}
	switch s["type"] {
	case "object":
		return validateObject(root, s, v)
	case "array":
		return validateArray(root, s, v)
	case "string":
		text, ok := v.(string)
		pattern, _ := s["pattern"].(string)
		if !ok || !regexp.MustCompile(pattern).MatchString(text) || s["minLength"] != nil && text == "" {
			return fmt.Sprintf("%v is not text like %s", v, pattern)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return fmt.Sprintf("%v is not true or false", v)
		}
	case "integer", "number":
		return validateNumber(s, v)
	}
	return ""
}

func validateNumber(s map[string]any, v any) string {
	n := reflect.ValueOf(v)
	whole := n.IsValid() && (n.CanInt() || n.CanUint())
	if !whole && (s["type"] == "integer" || !n.IsValid() || !n.CanFloat()) {
		return fmt.Sprintf("%v is no %s", v, s["type"])
	}
	x := n.Convert(reflect.TypeFor[float64]()).Float()
	least, bounded := s["minimum"].(float64)
	most, limited := s["maximum"].(float64)
	if bounded && x < least || limited && x > most || x != x {
		return fmt.Sprintf("%v is out of bounds", v)
	}
	return ""
}

func validateArray(root, s map[string]any, v any) string {
	list, ok := v.([]any)
	if least, _ := s["minItems"].(float64); !ok || len(list) < int(least) {
		return fmt.Sprintf("%v is no list, or too short", v)
	}
	for i, e := range list {
		if wrong := validate(root, s["items"].(map[string]any), e); wrong != "" {
			return wrong
		}
		if s["uniqueItems"] == true && slices.Contains(list[:i], e) {
			return fmt.Sprintf("%v is there twice", e)
		}
	}
	return ""
}

func validateObject(root, s map[string]any, v any) string {
	block, ok := v.(map[string]any)
	if least, _ := s["minProperties"].(float64); !ok || len(block) < int(least) {
		return fmt.Sprintf("%v is no block, or too short", v)
	}
	required, _ := s["required"].([]any)
	for _, key := range required {
		if _, ok := block[key.(string)]; !ok {
			return fmt.Sprintf("%v lacks %s", v, key)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	names, _ := s["propertyNames"].(map[string]any)
	for key, value := range block {
		part, known := properties[key].(map[string]any)
		if !known {
			if part, known = s["additionalProperties"].(map[string]any); !known && s["additionalProperties"] == false {
				return "unknown key " + key
			}
		}
		if wrong := validate(root, names, key) + validate(root, part, value); wrong != "" {
			return key + ": " + wrong
		}
	}
	cases, _ := s["allOf"].([]any)
	for _, c := range cases {
		c := c.(map[string]any)
		if kind := c["if"].(map[string]any); validate(root, object{"type": "object"}, v) == "" && isKind(kind, block) {
			return validate(root, c["then"].(map[string]any), v)
		}
	}
	return ""
}

func isKind(condition map[string]any, block map[string]any) bool {
	return condition["properties"].(map[string]any)["kind"].(map[string]any)["const"] == block["kind"]
}

func TestSchemaRefusesBadKinds(t *testing.T) {
	type everyone struct {
		From string `yaml:"from"`
	}
	type unreadable struct {
		Channel chan int      `yaml:"channel"`
		Bound   int           `yaml:"bound" min:"one"`
		Time    time.Duration `yaml:"time" max:"1"`
	}
	_, err := Schema(Kinds{Probes: []Kind{{"a", "", everyone{}}}, Faults: []Kind{{"b", "", unreadable{}}}})
	for _, want := range []string{
		`probe-a has a key "from" of its own, which is every entry's`, "fault-b.channel is of type chan int",
		`fault-b.bound has a bound "one"`, `fault-b.time has a bound "1"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	var lines []string
	for _, f := range slices.Concat(Describe(toys().Probes[0]), Describe(toys().Faults[0]), Describe(toys().Checks[0])) {
		lines = append(lines, strings.Join([]string{f.Key, f.Type, f.Default, strings.Join(f.Enum, ","), fmt.Sprint(f.Required)}, "|"))
	}
	want := []string{
		"steer|block|||false", "steer.by|text|none|none,bookmark|false", "steer.to|text|||false", "steer.after|duration|2s||false",
		"mode|text|blackhole|blackhole,refuse,reset,http_503|false", "hold|true or false|true||false",
		"probe|text|||true", "fault|text|||true", "within|duration|||true",
		"sustained|block|||false", "sustained.for|duration|5s||false", "sustained.ratio|number|0.99||false",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1500 * time.Millisecond: "1.5s", 2 * time.Minute: "2m", 24 * time.Hour: "24h", 90 * time.Second: "1m30s",
		time.Hour + time.Second: "1h0m1s", time.Hour + 30*time.Minute: "1h30m",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
	}
}
