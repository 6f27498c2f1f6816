package kms

import (
	"cmp"
	"slices"
	"time"
)

// A key policy is read by parsePolicy into statements. A request is a question. To answer it each statement is asked
// whether it applies, by its principals (principal.go), its actions and resources (pattern.go) and its conditions
// (condition.go with the tables operator.go and conditionkey.go). Review tells what of a policy is not understood.

// policy is a key policy, read once and asked often.
type policy struct {
	document   string      // as it was given
	statements []statement // each Deny before each Allow
}

// statement is one of a policy. What must hold for it to apply stands in the order in which it is looked at.
type statement struct {
	number     int // from 1
	sid        string
	deny       bool
	principals principals
	actions    patterns
	resources  patterns
	conditions []condition
}

// question is what a policy is asked: may the principal do it to the key?
type question struct {
	caller
	account  string            // the key's; 12 digits
	action   string            // kms:Decrypt
	lower    string            // the same in lower case, as policies are kept
	resource string            // key ARN
	context  map[string]string // the encryption context
	replica  *replica          // nil before the key is there
	sourceIP string            // where the call comes from
	now      time.Time
	request  map[string][]string // condition keys of this operation alone, in lower case
}

// truth is what one part of a statement comes to. unclear is what is not understood here: an unknown operator or
// condition key, or a kind of principal that no caller here has.
type truth int

const (
	no truth = iota
	unclear
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// but negates.
func (t truth) but(not bool) truth {
	if not {
		return yes - t
	}
	return t
}

// effect is what a policy says of a request.
type effect int

const (
	unmentioned effect = iota
	allowed
	denied
)

// reading is how to take a statement of which it is unclear whether it applies.
type reading int

const (
	worst reading = iota // an Allow does not apply and a Deny does
	best                 // the other way round
)

// allows answers a question as a request is answered: by the worst reading.
func (p *policy) allows(q *question) bool { return p.evaluate(q, worst) == allowed }

// evaluate answers a question: a Deny that applies outweighs every Allow, and what nobody allows is denied. Identity
// policies of IAM are not modelled: where a key policy leaves the matter to the account, its principals are allowed.
func (p *policy) evaluate(q *question, how reading) effect {
	for i := range p.statements {
		st := &p.statements[i]
		applies := st.applies(q)
		if applies == unclear {
			applies = truthOf(st.deny == (how == worst))
		}
		switch {
		case applies == no:
		case st.deny:
			return denied
		default:
			return allowed
		}
	}
	return unmentioned
}

// applies tells whether the statement speaks of the request: all of its parts must.
func (st *statement) applies(q *question) truth {
	t := st.principals.include(q, st.deny)
	if t != no {
		t = min(t, st.actions.include(q, q.lower))
	}
	if t != no {
		t = min(t, st.resources.include(q, q.resource))
	}
	for i := 0; i < len(st.conditions) && t != no; i++ {
		t = min(t, st.conditions[i].holds(q))
	}
	return t
}

// doubts are what is not understood, in the order of the statements.
func (p *policy) doubts() []Remark {
	var all []Remark
	for _, st := range p.statements {
		doubts := slices.Concat(st.principals.doubts(), st.actions.doubts(), st.resources.doubts())
		for _, c := range st.conditions {
			doubts = append(doubts, c.doubts()...)
		}
		for _, d := range doubts {
			d.Statement, d.Sid, d.Deny = st.number, st.sid, st.deny
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Remark) int { return cmp.Compare(a.Statement, b.Statement) })
	return all
}
