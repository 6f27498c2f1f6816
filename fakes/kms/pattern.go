package kms

import (
	"strings"
	"unicode/utf8"
)

// patterns are the values of an Action, NotAction, Resource or NotResource.
type patterns struct {
	not  bool
	list []template // of actions in lower case: case doesn't matter there
}

func newPatterns(texts []string, not, fold, variables bool) patterns {
	p := patterns{not: not}
	for _, text := range texts {
		if fold {
			text = strings.ToLower(text)
		}
		p.list = append(p.list, newTemplate(text, true, variables))
	}
	return p
}

// include tells whether one of the patterns fits the text; or none of them, where the element is a Not.
func (p *patterns) include(q *question, text string) truth {
	found := no
	for i := range p.list {
		pattern, has := p.list[i].text(q)
		switch {
		case has == unclear:
			found = max(found, unclear)
		case has == yes && wild(pattern, text):
			return yes.but(p.not)
		}
	}
	return found.but(p.not)
}

func (p *patterns) doubts() []Remark {
	var all []Remark
	for i := range p.list {
		all = append(all, p.list[i].doubts()...)
	}
	return all
}

// The wildcards of a pattern are kept as bytes that no text of JSON has, so that a * out of ${*} or out of a variable's
// value stands for itself.
const (
	anyText      = 0xFF // *
	anyCharacter = 0xFE // ?
)

var wildcards = strings.NewReplacer("*", string([]byte{anyText}), "?", string([]byte{anyCharacter}))

// wild matches a pattern with wildcards. It never looks back beyond the last anyText, so it takes at most the product
// of both lengths.
func wild(pattern, text string) bool {
	p, star, mark := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case p < len(pattern) && pattern[p] == anyText:
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == anyCharacter:
			_, size := utf8.DecodeRuneInString(text[i:])
			p, i = p+1, i+size
		case p < len(pattern) && pattern[p] == text[i]:
			p, i = p+1, i+1
		case star >= 0:
			_, size := utf8.DecodeRuneInString(text[mark:]) // a character is given up whole
			mark += size
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == anyText {
		p++
	}
	return p == len(pattern)
}

// wildARN matches the six parts of an ARN each for itself, as Arn operators do.
func wildARN(pattern, text string) bool {
	wanted, parts := strings.SplitN(pattern, ":", arnParts), strings.SplitN(text, ":", arnParts)
	if len(wanted) != arnParts || len(parts) != arnParts {
		return false
	}
	for i := range wanted {
		if !wild(wanted[i], parts[i]) {
			return false
		}
	}
	return true
}

const arnParts = 6
