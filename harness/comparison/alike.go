package comparison

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Difference is something that two sets don't have alike, by the values that occur in each; an empty one where a run
// says nothing of it.
type Difference struct {
	Key string   `json:"key"`
	A   []string `json:"a"`
	B   []string `json:"b"`
}

// String names it.
func (d Difference) String() string {
	said := func(values []string) string {
		for i, v := range values {
			if v == "" {
				values[i] = "nothing"
			}
		}
		return strings.Join(values, " and ")
	}
	return fmt.Sprintf("%s: %s in A, %s in B", d.Key, said(slices.Clone(d.A)), said(slices.Clone(d.B)))
}

// unlike is what makes two sets incomparable: they are of other drills, or count something else as recovered. A side
// that isn't alike in itself is told too.
func unlike(a, b *Set) []Difference { return differences(a, b, defining, true) }

// differing is what may be the point of comparing them: what else their runs say of themselves.
func differing(a, b *Set) []Difference { return differences(a, b, describing, false) }

// differences are between what some runs say and others don't.
func differences(a, b *Set, of func(*Run, bool) map[string]string, within bool) []Difference {
	plans := allPlanned(a) && allPlanned(b)
	all, keys := [2][]map[string]string{}, map[string]bool{}
	for i, s := range []*Set{a, b} {
		for j := range s.Runs {
			said := of(&s.Runs[j], plans)
			for key := range said {
				keys[key] = true
			}
			all[i] = append(all[i], said)
		}
	}
	var found []Difference
	for key := range keys {
		d := Difference{key, values(all[0], key), values(all[1], key)}
		if !slices.Equal(d.A, d.B) || within && len(d.A) > 1 {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b Difference) int { return natural(a.Key, b.Key) })
	return found
}

func allPlanned(s *Set) bool {
	return !slices.ContainsFunc(s.Runs, func(r Run) bool { return r.Plan == nil })
}

func values(all []map[string]string, key string) []string {
	var found []string
	for _, said := range all {
		found = append(found, said[key])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// defining is by what a run is of one kind with another. Where all have their plans, checks go by all that they ask,
// else by what their findings say of it.
func defining(r *Run, plans bool) map[string]string {
	v := r.Verdict
	said := map[string]string{"scenario": v.Scenario, "target": v.Target, definition: edition(v)}
	if !plans {
		if v.Validity.NotRun() {
			return said
		}
		for _, f := range v.Findings {
			asked := f.Check + " of " + strings.Join([]string{f.Probe, f.Fault, f.Window}, " ")
			if f.Objective != nil && f.Measure != verdict.LatencyQuantiles { // which is of one of several
				asked += fmt.Sprintf(", objective %v", f.Objective)
			}
			said["check "+f.Name] = asked
		}
		return said
	}
	for _, c := range r.Plan.Checks {
		for key, value := range flat(c.Config) {
			if !zero[value] { // which earlier versions may not have said
				said["check "+c.Name+", "+key] = value
			}
		}
		said["check "+c.Name] = c.Kind
	}
	for _, p := range r.Plan.Probes {
		said["probe "+p.Name] = p.Kind
		said["probe "+p.Name+", limit"] = p.Limit.Duration().String()
	}
	return said
}

// definition is the key of that by which a verdict was concluded.
const definition = "definition of recovery"

func edition(v *verdict.Verdict) string {
	if v.Definition == 0 {
		return "an edition that the verdict doesn't say"
	}
	return fmt.Sprintf("edition %d", v.Definition)
}

// zero are the values of what a check doesn't ask for.
var zero = map[string]bool{"": true, "0": true, "0s": true, "false": true, "[]": true, "<nil>": true}

// flat are the keys of a block of JSON, by their paths.
func flat(config json.RawMessage) map[string]string {
	found := map[string]string{}
	var tree any
	if json.Unmarshal(config, &tree) == nil {
		flatten(tree, "", found)
	}
	return found
}

func flatten(tree any, at string, found map[string]string) {
	block, ok := tree.(map[string]any)
	if !ok {
		found[at] = fmt.Sprint(tree)
		return
	}
	for key, value := range block {
		if at != "" {
			key = at + "." + key
		}
		flatten(value, key, found)
	}
}

// describing is what else a run says of itself: by which version it was recorded, where, and what its scenario says.
// What differs from one run to the next anyway is left out, and so are words, and what defining has.
func describing(r *Run, _ bool) map[string]string {
	said := map[string]string{"version": r.Verdict.Version}
	if k := r.Verdict.KMS; k != nil {
		said["kms"] = strings.TrimSpace(strings.Join([]string{k.Product, k.Version, k.Edition}, " "))
	}
	if r.Plan != nil {
		said["environment"], said["without browser"] = r.Plan.Environment, r.Plan.WithoutBrowser
		for _, v := range r.Plan.Vars {
			name, value, _ := strings.Cut(v, "=")
			said["${"+name+"}"] = value
		}
	}
	for key, value := range r.Keys {
		switch top, _, _ := strings.Cut(key, "."); top {
		case "schema", "extends", "name", "about", "tags", "seed", "repeat", "checks":
		default:
			said[key] = value
		}
	}
	return said
}
