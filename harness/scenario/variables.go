package scenario

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// variable is ${NAME} or ${NAME:-default}; with a second dollar sign in front it is text. What AWS's policies have in
// such braces has a colon in its name, and is none.
var variable = regexp.MustCompile(`\$?\$\{(` + variableName + `)(?::-([^}]*))?\}`)

const variableName = `[A-Za-z_][A-Za-z0-9_]*`

var isVariable = regexp.MustCompile(`^` + variableName + `$`)

// secretive are names whose values have no place in what a run writes down.
var secretive = regexp.MustCompile(`(?i)pass|secret|token|credential|private|cookie|api_?key|access_?key`)

// passwordInURL is a user's password in front of a URL's host.
var passwordInURL = regexp.MustCompile(`://[^/?#\s]*:[^/?#\s]+@`)

// ParseVar splits the argument of --var. Its error is a sentence, and doesn't repeat the value, which may be a secret.
func ParseVar(s string) (name, value string, err error) {
	name, value, found := strings.Cut(s, "=")
	if !found || !isVariable.MatchString(name) {
		return "", "", &Error{Position: Position{Flag: strings.TrimSpace("--var " + name)},
			Sentence: "write NAME=VALUE, the name of letters, digits and _"}
	}
	return name, value, nil
}

// Literal is text in which nothing is a variable any more: it is read as it stands.
func Literal(text string) string {
	return variable.ReplaceAllStringFunc(text, func(match string) string { return "$" + match })
}

// substitute puts the values of variables where they stand. A plain word is read again with them, so that a variable
// can be a number or a duration as well as text; it can't be a block or a list.
func (r *reader) substitute(n *yaml.Node, with With) {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${") {
		r.replace(n, with)
	}
	if n.Kind == yaml.MappingNode {
		for key, value := range pairs(n) {
			if variable.MatchString(key.Value) {
				r.fail(key, "a variable can stand in a value, not in a key")
			}
			r.substitute(value, with)
		}
		return
	}
	for _, c := range n.Content {
		r.substitute(c, with)
	}
}

func (r *reader) replace(n *yaml.Node, with With) {
	before := len(r.errs)
	defer func() {
		if len(r.errs) > before { // what follows from it is not told too
			r.valueless = append(r.valueless, n)
		}
	}()
	n.Value = variable.ReplaceAllStringFunc(n.Value, func(match string) string {
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		m := variable.FindStringSubmatch(match)
		value, said := with.value(m[1])
		r.vars[m[1]] = ""
		switch {
		case secretive.MatchString(m[1]):
			r.fail(n, "%s looks like a secret, and what a scenario says is written into the run's folder and report", m[1])
			return ""
		case !said && !strings.Contains(match, ":-"):
			r.fail(n, "there is no variable %s%s; give it by --var %[1]s=…, in the environment, or with a default: ${%[1]s:-…}",
				m[1], suggestFlag(m[1], with.Vars))
			return ""
		case !said && strings.Contains(m[2], "${"):
			r.fail(n, "the default of ${%s} can't hold another variable", m[1])
			return ""
		case !said:
			value = m[2]
		case passwordInURL.MatchString(value):
			r.fail(n, "the value of %s has a password in a URL, and what a scenario says is written into the run's folder "+
				"and report", m[1])
			return ""
		}
		if bad := readable([]byte(value)); bad != nil {
			r.fail(n, "in the value of %s: %s", m[1], bad.Sentence)
			return ""
		}
		r.vars[m[1]] = value
		return value
	})
	if n.Style == 0 {
		n.Tag = tagOf(n.Value)
	}
}

// value of a variable: a flag's, else the environment's, where it isn't empty.
func (w With) value(name string) (string, bool) {
	if value, said := w.Vars[name]; said {
		return value, true
	}
	if w.Getenv == nil {
		return "", false
	}
	value := w.Getenv(name)
	return value, value != ""
}

func suggestFlag(name string, vars map[string]string) string {
	if s := Suggest(name, slices.Sorted(maps.Keys(vars))); s != "" {
		return "; " + s
	}
	return ""
}

// tagOf is what YAML takes a plain word for.
func tagOf(word string) string {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(word), &doc) != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.ScalarNode {
		return "!!str"
	}
	return cmp.Or(doc.Content[0].Tag, "!!str")
}
