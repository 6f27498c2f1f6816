package kms

import (
	"slices"
	"strings"
)

// condition is one condition key with one operator. Those of a statement must all hold.
type condition struct {
	operatorName, keyName string // as the policy has them

	operator
	knownOperator, knownKey bool
	values                  func(*question) []string // of the condition key
	wanted                  []template
	literals                []string // what is wanted, where no variable is in it
	bad                     []string // of what is wanted, what the operator can't compare

	null     bool // the operator is Null: what is wanted is whether the key is missing
	ifExists bool
	forAll   bool
	forAny   bool
}

// newCondition reads an operator, a condition key and what is wanted of it. Case matters in none of their names.
func newCondition(operatorName, keyName string, wanted []string, variables bool) condition {
	c := condition{operatorName: operatorName, keyName: keyName}
	name := strings.ToLower(operatorName)
	if name, c.forAll = strings.CutPrefix(name, "forallvalues:"); !c.forAll { // there may be one of them
		name, c.forAny = strings.CutPrefix(name, "foranyvalue:")
	}
	if name == "null" {
		c.null, c.knownOperator = true, true
		c.operator = operator{valid: isBool}
	} else {
		name, c.ifExists = strings.CutSuffix(name, "ifexists")
		c.operator, c.knownOperator = operators[name]
	}
	c.values, c.knownKey = conditionKey(keyName)
	for _, text := range wanted {
		t := newTemplate(text, c.wildcards, variables && c.variables)
		if t.literal() && c.valid != nil && !c.valid(text) {
			c.bad = append(c.bad, text)
		}
		c.wanted = append(c.wanted, t)
	}
	if !slices.ContainsFunc(c.wanted, func(t template) bool { return !t.literal() }) {
		for _, t := range c.wanted {
			c.literals = append(c.literals, t.pieces[0].literal)
		}
	}
	return c
}

// holds tells whether the condition is met.
func (c *condition) holds(q *question) truth {
	if !c.knownOperator || !c.knownKey || len(c.bad) > 0 {
		return unclear
	}
	values := c.values(q)
	if c.null {
		missing := len(values) == 0
		return truthOf(slices.ContainsFunc(c.wanted, func(t template) bool {
			return strings.EqualFold(t.pieces[0].literal, "true") == missing
		}))
	}
	wanted, clear := c.texts(q)
	switch {
	case clear != yes:
		return clear
	case len(values) == 0:
		return truthOf(c.ifExists || c.forAll || c.not && !c.forAny)
	}
	return truthOf(c.compare(values, wanted))
}

// texts is what is wanted, with the values of variables put in. Where a variable has no value the text that it is in
// matches nothing; where no text is left the condition doesn't hold.
func (c *condition) texts(q *question) ([]string, truth) {
	if c.literals != nil { // as nearly always
		return c.literals, yes
	}
	var texts []string
	for i := range c.wanted {
		text, has := c.wanted[i].text(q)
		switch has {
		case unclear:
			return nil, unclear
		case yes:
			texts = append(texts, text)
		}
	}
	return texts, truthOf(len(texts) > 0)
}

// compare looks for a value that fits one of the wanted texts. ForAllValues asks it of each value. A Not asks that none
// fits; with ForAnyValue, that there is a value that doesn't.
func (c *condition) compare(values, wanted []string) bool {
	fits := func(value string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool { return c.fits(value, w) })
	}
	misses := func(value string) bool { return !fits(value) }
	switch {
	case c.not && c.forAny:
		return slices.ContainsFunc(values, misses)
	case c.not:
		return !slices.ContainsFunc(values, fits)
	case c.forAll:
		return !slices.ContainsFunc(values, misses)
	}
	return slices.ContainsFunc(values, fits)
}

func (c *condition) doubts() []Remark {
	var all []Remark
	if !c.knownOperator {
		all = append(all, Remark{Kind: UnknownOperator, Name: c.operatorName})
	}
	if !c.knownKey {
		all = append(all, Remark{Kind: UnknownKey, Name: c.keyName})
	}
	for _, text := range c.bad {
		all = append(all, Remark{Kind: UnknownValue, Name: text})
	}
	for i := range c.wanted {
		all = append(all, c.wanted[i].doubts()...)
	}
	return all
}
