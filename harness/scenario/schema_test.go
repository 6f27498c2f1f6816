package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/scenarios"
)

func schema(t *testing.T, kinds Kinds) []byte {
	t.Helper()
	data, err := Schema(kinds)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// compiled is the schema as an editor holds it against files.
func compiled(t *testing.T, kinds Kinds) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema(t, kinds)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	made, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestSchemaIsDeterministic(t *testing.T) {
	first := schema(t, toys())
	for range 5 {
		if !bytes.Equal(first, schema(t, toys())) {
			t.Fatal("the bytes differ from one time to the next")
		}
	}
}

func TestSchemaAcceptsTheFlagship(t *testing.T) {
	data, err := scenarios.FS.ReadFile("primary-region-outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v, err := parsed(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t, toys()).Validate(v); err != nil {
		t.Error(err)
	}
}

// Where there are no kinds, the schema is one all the same, and no entry is right.
func TestSchemaWithoutKinds(t *testing.T) {
	v, err := parsed([]byte("actions: [{name: swap, kind: acs_swap, at: 1s}]"))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t, Kinds{}).Validate(v); err == nil || !strings.Contains(err.Error(), "/actions/0/kind") {
		t.Errorf("an action of a kind that there is none of: %v", err)
	}
}

// beyondSchema are the bad files that a JSON Schema can't refuse: what needs a second look at the file, and what is
// YAML's and not JSON's.
var beyondSchema = []string{
	"anchors-aliases-and-merges", "second-document-broken", "seed-too-large", "tags-of-yaml", "two-documents",
}

func TestSchemaRefusesBadFiles(t *testing.T) {
	s := compiled(t, toys())
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		data, _ := os.ReadFile(file)
		_, sets := header(t, string(data))
		v, err := parsed(data)
		if err != nil || len(sets) > 0 {
			continue
		}
		switch refused := s.Validate(v) != nil; {
		case !refused && !slices.Contains(beyondSchema, name):
			t.Errorf("%s: accepted", name)
		case refused && slices.Contains(beyondSchema, name):
			t.Errorf("%s: refused, so take it off the list", name)
		}
	}
}

// parsed is the file as JSON would have it, as far as it could.
func parsed(data []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
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
	_, err := Schema(Kinds{Probes: []Kind{{Name: "a", Config: everyone{}}}, Faults: []Kind{{Name: "b", Config: unreadable{}}}})
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
