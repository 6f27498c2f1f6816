package manual

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/regiondrill/regiondrill/harness/scenario"
)

// pageText is the prose of docs/scenario.md, with places for what is made of the language itself.
//
//go:embed page.md.tmpl
var pageText string

// Markdown is the whole language as a page.
func (m *Manual) Markdown() ([]byte, error) {
	page := template.New("page").Option("missingkey=error").Funcs(template.FuncMap{
		"example": func() string { return fenced(strings.TrimSpace(exampleText)) },
		"section": m.section, "keys": m.keys, "kinds": m.kinds, "regions": m.regions, "common": m.common,
	})
	if _, err := page.Parse(pageText); err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	var text bytes.Buffer
	if err := page.Execute(&text, nil); err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return text.Bytes(), nil
}

func fenced(yaml string) string { return "```yaml\n" + yaml + "\n```" }

// section shows a block: its example, and its keys but for those of blocks within it, which have their own.
func (m *Manual) section(name string) (string, error) {
	t, err := m.exactly(name)
	if err != nil {
		return "", err
	}
	own := slices.DeleteFunc(slices.Clone(t.Keys), func(f scenario.Field) bool { return strings.Contains(f.Key, ".") })
	var parts []string
	for _, piece := range t.YAML {
		parts = append(parts, fenced(piece))
	}
	if len(own) > 0 {
		parts = append(parts, fieldTable(own))
	}
	return strings.Join(parts, "\n\n"), nil
}

// common shows the keys of every entry of a list, and nothing else.
func (m *Manual) common(list string) (string, error) {
	t, err := m.exactly(list)
	if err != nil {
		return "", err
	}
	own := slices.DeleteFunc(slices.Clone(t.Keys), func(f scenario.Field) bool { return strings.Contains(f.Key, ".") })
	return fieldTable(own), nil
}

// keys shows some keys of the file itself.
func (m *Manual) keys(names ...string) (string, error) {
	var fields []scenario.Field
	for _, name := range names {
		t, err := m.exactly(name)
		if err != nil {
			return "", err
		}
		fields = append(fields, *t.Key)
	}
	return fieldTable(fields), nil
}

func (m *Manual) exactly(name string) (Topic, error) {
	t, err := m.Topic(name)
	if err == nil && t.Name != name {
		err = fmt.Errorf("there is no %s", name)
	}
	return t, err
}

// kinds shows all kinds of entry of a list, each with its own keys and an example.
func (m *Manual) kinds(list string) (string, error) {
	i := slices.IndexFunc(m.groups, func(g Group) bool { return g.Name == list })
	if i < 0 {
		return "", fmt.Errorf("there is no list of %s", list)
	}
	var parts []string
	for _, t := range m.groups[i].Topics {
		parts = append(parts, kindSection(t))
	}
	return strings.Join(parts, "\n\n"), nil
}

func kindSection(t *Topic) string {
	parts := []string{"### " + t.Name, capital(t.Doc) + "."}
	var said []string
	if len(t.Targets) > 0 {
		said = append(said, "Carried by: "+strings.Join(t.Targets, ", ")+".")
	}
	if said != nil {
		parts = append(parts, strings.Join(said, " "))
	}
	if len(t.Contract) > 0 {
		parts = append(parts, "- "+cell(strings.Join(t.Contract, "\n- ")))
	}
	if len(t.YAML) > 0 {
		parts = append(parts, fenced(t.YAML[0]))
	}
	if len(t.Examples) > 1 {
		var others []string
		for _, s := range t.Examples[1:] {
			others = append(others, "`"+Flow(s)+"`")
		}
		parts = append(parts, "Or, of its own keys: "+strings.Join(others, " · "))
	}
	if len(t.Keys) > 0 {
		parts = append(parts, fieldTable(t.Keys))
	} else {
		parts = append(parts, "It has no keys of its own.")
	}
	return strings.Join(parts, "\n\n")
}

func fieldTable(fields []scenario.Field) string {
	var b strings.Builder
	b.WriteString("| key | type | what it is |\n|---|---|---|\n")
	for _, f := range fields {
		said := cell(capital(f.Doc))
		if remarks := f.Remarks(); len(remarks) > 0 {
			said += ". *" + cell(capital(strings.Join(remarks, "; "))) + ".*"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Key, f.TypeInWords(), said)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (m *Manual) regions() (string, error) {
	t, err := m.exactly("regions")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| Region | name | partition | |\n|---|---|---|---|")
	for _, r := range t.Regions {
		optIn := ""
		if r.OptIn {
			optIn = "opt-in"
		}
		fmt.Fprintf(&b, "\n| `%s` | %s | %s | %s |", r.Code, r.Name, r.Partition, optIn)
	}
	return b.String(), nil
}

// cell makes words harmless in a table of Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "_", `\_`, "*", `\*`, "<", "&lt;").Replace(s)
}

// capital begins words as a sentence, but for one whose first word is of the language.
func capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if s == "" || strings.ContainsAny(first, "_:.") || strings.ToLower(first) != first {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
