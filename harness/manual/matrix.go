package manual

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// People are those of a kind of probe, in the matrix of faults.
type People struct {
	Name    string // kind, and what sets them apart from others of it
	Kind    string
	Keys    string // of the kind, as they follow others in a block on one line
	Journey history.Journey
	Sample  bool // they sign in as the kind has it: those for whom each fault is tried wherever tests run
}

// MatrixPeople are the people of every probe that needs no program beside this one, but of those that no
// contract speaks of.
func MatrixPeople(c catalog.Catalog) []People {
	var all []People
	for _, k := range c.Probes {
		if k.Apart {
			continue
		}
		for i, settings := range append([]string{"{}"}, k.Variants...) {
			p := k.New()
			if err := scenario.FromConfig([]byte(settings), p); err != nil || len(p.Needs()) > 0 {
				continue // a test reads them all
			}
			one := People{Name: k.Name, Kind: k.Name, Journey: cmp.Or(p.Journey(), history.SignIn)}
			if i > 0 {
				one.Name += variant(settings)
				one.Keys = ", " + strings.Trim(settings, "{}")
			}
			one.Sample = one.Journey == history.SignIn && i == 0
			all = append(all, one)
		}
	}
	return all
}

// variant is what sets people apart from others of their kind: "-kept" of {"connections": "kept"}; nothing where that
// is only what they come for.
func variant(settings string) string {
	_, value, _ := strings.Cut(Flow(settings), ": ")
	if value == "HOME" {
		return ""
	}
	return "-" + value
}

// Aims are the Regions at which a case is aimed in turn; none where it names another place.
func Aims(one harness.Case, regions ...string) []string {
	if one.Where.Place != "" || one.Where.Region != "" {
		return []string{one.Where.Region}
	}
	return regions
}

// WhereKeys are what a where says, by its keys.
func WhereKeys(w harness.Where) map[string]string {
	keys := map[string]string{"region": w.Region, "place": w.Place, "service": w.Service, "operation": w.Operation,
		"name": w.Name, "from": w.From}
	for key, said := range keys {
		if said == "" {
			delete(keys, key)
		}
	}
	return keys
}

// CaseName is a case in the words of a scenario: "mode: blackhole", "status: 503 (service: kms)".
func CaseName(one harness.Case) string {
	said := Flow(cmp.Or(one.Settings, "{}"))
	narrowed, err := json.Marshal(WhereKeys(one.Where))
	if err == nil && string(narrowed) != "{}" {
		said = strings.TrimSpace(said + " (" + Flow(string(narrowed)) + ")")
	}
	return said
}

// Cell is what some people meet, in a word or two.
func Cell(b harness.Break) string {
	switch {
	case b.Class != "" && b.Some:
		return "some " + classOf(b)
	case b.Class != "":
		return classOf(b)
	case b.Slower:
		return "slower"
	}
	return "–"
}

// classOf is the class by which they fail, or both that it may be.
func classOf(b harness.Break) string {
	if b.Or == "" {
		return string(b.Class)
	}
	return string(b.Class) + " or " + string(b.Or)
}

// Contract says of a kind of fault whom each of its cases breaks, a sentence for each.
func Contract(k harness.FaultKind, people []People) []string {
	var lines []string
	for _, one := range k.Cases {
		line := contract(one, people)
		if said := CaseName(one); said != "" {
			line = said + ": " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// contract is a case in words: "at home there: timeout; at home elsewhere: nobody is harmed".
func contract(one harness.Case, people []People) string {
	here, elsewhere := met(one, people, true), met(one, people, false)
	switch {
	case here == elsewhere && here == inWords(harness.Break{}):
		return "nobody is harmed"
	case here == elsewhere:
		return "everybody " + here
	case one.Where.Place != "":
		return elsewhere
	}
	return "who is at home there " + here + "; who is elsewhere " + elsewhere
}

// met is what people of one home meet, those who meet the same together, by the names that the matrix has for them.
func met(one harness.Case, people []People, here bool) string {
	groups, told := map[string][]string{}, map[history.Journey]bool{}
	var order []string
	for _, p := range people {
		if told[p.Journey] { // a contract speaks of journeys; the first who make one stand for all
			continue
		}
		told[p.Journey] = true
		is := inWords(one.Meets(p.Journey, here))
		if !slices.Contains(order, is) {
			order = append(order, is)
		}
		groups[is] = append(groups[is], p.Name)
	}
	if len(order) == 1 {
		return order[0]
	}
	var parts []string
	for _, is := range order {
		parts = append(parts, is+" ("+strings.Join(groups[is], ", ")+")")
	}
	return strings.Join(parts, ", ")
}

func inWords(b harness.Break) string {
	switch {
	case b.Class != "" && b.Some:
		return "fails now and then by " + classOf(b)
	case b.Class != "":
		return "fails by " + classOf(b)
	case b.Slower:
		return "waits longer"
	}
	return "is not harmed"
}

// contractsText is the prose of docs/faults.md.
//
//go:embed faults.md.tmpl
var contractsText string

// Contracts are what every fault does to whom when it alone is in force, as a page.
func (m *Manual) Contracts() ([]byte, error) {
	page, err := template.New("contracts").Funcs(template.FuncMap{"matrix": m.matrix, "classes": classes}).
		Parse(contractsText)
	if err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	var text bytes.Buffer
	if err := page.Execute(&text, nil); err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return text.Bytes(), nil
}

// matrix is a table of every case of every fault, and what everybody meets of it: at home there, and elsewhere.
func (m *Manual) matrix() string {
	people := MatrixPeople(m.catalog)
	var b strings.Builder
	b.WriteString("| fault | its case |")
	for _, p := range people {
		b.WriteString(" " + cell(p.Name) + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(people)))
	for _, k := range m.catalog.Faults {
		for _, one := range k.Cases {
			fmt.Fprintf(&b, "\n| %s | %s |", cell(k.Name), cell(CaseName(one)))
			for _, p := range people {
				here, elsewhere := Cell(one.Meets(p.Journey, true)), Cell(one.Meets(p.Journey, false))
				said := here + " / " + elsewhere
				if here == elsewhere {
					said = here
				}
				b.WriteString(" " + cell(said) + " |")
			}
		}
	}
	return b.String()
}

// summed are the people of whom the summary tells, by what they come for.
var summed = []struct {
	title   string
	journey history.Journey
}{{"signing in", history.SignIn}, {"session", history.SessionKeep}, {"credentials", history.HeldCredentials},
	{"console", history.Console}}

// summary is what each kind of fault does to whom, whatever its settings, in a word or two: the contracts for who has a
// minute.
func (m *Manual) summary() *Topic {
	t := &Topic{Name: "contracts", Of: OfTable, Keys: []scenario.Field{}, Common: []scenario.Field{},
		Doc: "what each kind of fault does at worst to people of the Region that it hits who don't go elsewhere: who signs " +
			"in, who has a session already, who holds credentials of a role, who wants to the console. People of other " +
			"Regions go on, unless it says for all. explain KIND tells it of each setting, and explain --contracts, which is " +
			"a page in Markdown, of each probe"}
	head := []string{""}
	for _, people := range summed {
		head = append(head, people.title)
	}
	t.Table = append(t.Table, head)
	for _, k := range m.catalog.Faults {
		row := []string{k.Name}
		for _, people := range summed {
			row = append(row, outcome(k.Cases, people.journey))
		}
		t.Table = append(t.Table, row)
	}
	return t
}

// outcome is the worst that people who come for one thing may meet of a kind of fault.
func outcome(cases []harness.Case, journey history.Journey) string {
	here, elsewhere := severity[0], severity[0]
	for _, one := range cases {
		here, elsewhere = worse(here, one.Meets(journey, true)), worse(elsewhere, one.Meets(journey, false))
	}
	if here == elsewhere && here != severity[0] {
		return here + " for all"
	}
	return here
}

// severity are the words for what people meet, the worst last.
var severity = []string{"goes on", "slower", "some fail", "fails"}

// worse is the worse of a word and what people meet.
func worse(word string, b harness.Break) string {
	met := 0
	switch {
	case b.Class != "" && b.Some:
		met = 2
	case b.Class != "":
		met = 3
	case b.Slower:
		met = 1
	}
	return severity[max(met, slices.Index(severity, word))]
}

// classes are the words by which an attempt fails.
func classes() string {
	var all []string
	for _, c := range history.Classes() {
		all = append(all, "`"+string(c)+"`")
	}
	return strings.Join(all[:9], ", ") + ",\n" + strings.Join(all[9:], ", ")
}
