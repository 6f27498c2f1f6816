package kms

import "strings"

// template is a text of a policy with its policy variables (IAM User Guide, "Policy variables and tags"). Where
// wildcards count it holds them as wild takes them.
type template struct {
	pieces []piece
}

// piece is a text as it is, or a variable.
type piece struct {
	literal  string
	variable string // its name as written; empty for a text
	values   func(*question) []string
	known    bool
	fallback string // of ${name, 'fallback'}
	has      bool   // whether there is a fallback
}

// newTemplate reads a text. Without variables, as in policies of the version 2008-10-17, ${ is a text like another.
func newTemplate(text string, wildcardsCount, variables bool) template {
	var t template
	literal := func(s string) {
		if wildcardsCount {
			s = wildcards.Replace(s)
		}
		t.add(s)
	}
	for variables {
		before, rest, opens := strings.Cut(text, "${")
		inside, after, closes := strings.Cut(rest, "}")
		if !opens || !closes {
			break
		}
		if before != "" {
			literal(before)
		}
		switch inside {
		case "*", "?", "$":
			t.add(inside)
		default:
			t.pieces = append(t.pieces, newVariable(inside))
		}
		text = after
	}
	if text != "" || len(t.pieces) == 0 {
		literal(text)
	}
	return t
}

// literal tells whether there is no variable in it.
func (t *template) literal() bool { return len(t.pieces) == 1 && t.pieces[0].variable == "" }

func (t *template) add(literal string) {
	if n := len(t.pieces); n > 0 && t.pieces[n-1].variable == "" {
		t.pieces[n-1].literal += literal
		return
	}
	t.pieces = append(t.pieces, piece{literal: literal})
}

// newVariable reads what stands in ${ and }. Only condition keys with one value can be variables.
func newVariable(inside string) piece {
	name, fallback, _ := strings.Cut(inside, ",")
	name, fallback = strings.TrimSpace(name), strings.TrimSpace(fallback)
	p := piece{variable: name}
	if len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		p.fallback, p.has = fallback[1:len(fallback)-1], true
	}
	p.values, p.known = conditionKey(name)
	p.known = p.known && !severalValues(name)
	return p
}

// text puts in the values of the request: no where one has none, unclear where a variable is not known.
func (t *template) text(q *question) (string, truth) {
	if t.literal() {
		return t.pieces[0].literal, yes
	}
	if len(t.pieces) == 1 && t.pieces[0].known {
		value, has := t.pieces[0].value(q)
		return value, truthOf(has)
	}
	var b strings.Builder
	for i := range t.pieces {
		p := &t.pieces[i]
		switch {
		case p.variable == "":
			b.WriteString(p.literal)
		case !p.known:
			return "", unclear
		default:
			value, has := p.value(q)
			if !has {
				return "", no
			}
			b.WriteString(value)
		}
	}
	return b.String(), yes
}

func (p *piece) value(q *question) (string, bool) {
	if values := p.values(q); len(values) > 0 {
		return values[0], true
	}
	return p.fallback, p.has
}

func (t *template) doubts() []Remark {
	var all []Remark
	for _, p := range t.pieces {
		if p.variable != "" && !p.known {
			all = append(all, Remark{Kind: UnknownVariable, Name: p.variable})
		}
	}
	return all
}
