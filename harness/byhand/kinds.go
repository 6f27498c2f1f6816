package byhand

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// Kind is a kind of fault that the lab carries, for a form.
type Kind struct {
	Name string  `json:"name"`
	Doc  string  `json:"doc"`
	Hits []Hit   `json:"hits"`
	Keys []Field `json:"keys"` // those that narrow what is hit, then the kind's own
}

// Hit is something that a kind can hit, and the setting that says so.
type Hit struct {
	Label   string `json:"label"`
	Setting string `json:"setting"` // where.region=us-east-1
}

// Field is a key of a fault.
type Field struct {
	Key     string   `json:"key"`
	Type    string   `json:"type"` // as scenario.Field
	Doc     string   `json:"doc,omitempty"`
	Default string   `json:"default,omitempty"`
	Value   string   `json:"value,omitempty"` // to begin with, where there is no default
	Words   []string `json:"words,omitempty"` // allowed; nil for any
}

// describeKinds is what can be asked for: whatever would hit nothing in this lab is left out.
func (l *Lab) describeKinds() []Kind {
	kinds := []Kind{}
	for _, k := range l.o.Faults {
		if l.o.Can.Lacks(k.New().Needs()) != "" {
			continue
		}
		t := tried{k.New(), harness.Scope{Topology: l.o.Plan.Topology, Can: l.o.Can, Kind: k.Name}}
		example := map[string]json.RawMessage{}
		if settings := k.Examples(); len(settings) > 0 {
			_ = json.Unmarshal([]byte(settings[0]), &example) // a test reads them all
			_ = scenario.FromConfig(json.RawMessage(settings[0]), t.fault)
		}
		kind := Kind{Name: k.Name, Doc: k.Doc, Hits: t.hits()}
		if len(kind.Hits) == 0 {
			continue
		}
		kind.Keys = t.narrower()
		for _, f := range scenario.Describe(scenario.Kind{Name: k.Name, Config: k.New()}) {
			field := Field{Key: f.Key, Type: f.Type, Doc: f.Doc, Default: f.Default, Words: f.Enum}
			if value := strings.Trim(string(example[f.Key]), `"`); f.Default == "" {
				field.Value = value
			}
			kind.Keys = append(kind.Keys, field)
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

// tried is a fault whose aim is tried out.
type tried struct {
	fault harness.Fault
	scope harness.Scope
}

// takes tells whether the fault can be aimed there: none of its problems is at one of the keys.
func (t tried) takes(w harness.Where) bool {
	_, problems := t.fault.Aim(w, t.scope)
	return !slices.ContainsFunc(problems, func(p harness.Problem) bool { return strings.HasPrefix(p.Key, "where") })
}

// hits are the Regions, then the other places.
func (t tried) hits() []Hit {
	var found []Hit
	for _, region := range t.scope.Regions() {
		if t.takes(harness.Where{Region: region}) {
			found = append(found, Hit{region, "where.region=" + region})
		}
	}
	for _, place := range t.scope.Places(names.IdPPlace, names.GlobalPlace) {
		if !slices.Contains(t.scope.Regions(), place) && t.takes(harness.Where{Place: place}) {
			found = append(found, Hit{place, "where.place=" + place})
		}
	}
	return found
}

// narrower are the keys of where by which a hit on the primary can be narrowed.
func (t tried) narrower() []Field {
	keys := []Field{}
	add := func(key string, words []string, where func(w *harness.Where, word string)) {
		words = slices.DeleteFunc(slices.Clone(words), func(word string) bool {
			w := harness.Where{Region: t.scope.Primary}
			where(&w, word)
			return !t.takes(w)
		})
		if len(words) > 0 {
			keys = append(keys, Field{Key: "where." + key, Type: "text", Doc: docOf("where." + key), Words: words})
		}
	}
	add("service", t.scope.Can.Services, func(w *harness.Where, word string) { w.Service = word })
	var operations []string
	for service, all := range t.scope.Can.Calls {
		for _, operation := range all {
			operations = append(operations, service+" "+operation)
		}
	}
	slices.Sort(operations)
	add("operation", operations, func(w *harness.Where, word string) {
		w.Service, w.Operation, _ = strings.Cut(word, " ")
	})
	add("from", t.scope.Places(names.IdPPlace, names.GlobalPlace), func(w *harness.Where, word string) { w.From = word })
	for i, k := range keys { // which service it is of is said by the other key
		if k.Key == "where.operation" {
			for j, word := range k.Words {
				_, keys[i].Words[j], _ = strings.Cut(word, " ")
			}
			slices.Sort(keys[i].Words)
			keys[i].Words = slices.Compact(keys[i].Words)
		}
	}
	return keys
}

// docOf is what there is to say of a key that every fault has.
func docOf(key string) string {
	for _, f := range scenario.Describe(scenario.Kind{Config: scenario.Fault{}}) {
		if f.Key == key {
			return f.Doc
		}
	}
	return ""
}
