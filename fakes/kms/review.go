package kms

import "fmt"

// The kinds of things that a policy may say and that this package doesn't understand.
const (
	UnknownKey       = "condition key"
	UnknownOperator  = "condition operator"
	UnknownPrincipal = "kind of principal"
	UnknownVariable  = "policy variable"
	UnknownValue     = "value"
)

// Remark is something in a key policy that is not understood here, so that its statement is taken for the worst:
// an Allow doesn't allow by it, and a Deny denies.
type Remark struct {
	Statement int    // from 1
	Sid       string // of the statement; empty where it has none
	Deny      bool   // whether the statement is a Deny
	Kind      string // UnknownKey and its like
	Name      string // as the policy has it
}

// String is a sentence for people.
func (r Remark) String() string {
	statement := fmt.Sprintf("statement %d", r.Statement)
	if r.Sid != "" {
		statement += " (" + r.Sid + ")"
	}
	consequence := "so it is taken not to allow anything"
	if r.Deny {
		consequence = "so it is taken to deny whatever else it fits"
	}
	return fmt.Sprintf("%s: the %s %q is not known here, %s", statement, r.Kind, r.Name, consequence)
}

// Review reads a key policy and tells what in it is not understood, in the order of its statements. Its error is the
// MalformedPolicyDocumentException that AWS KMS would answer with.
func Review(document string) ([]Remark, error) {
	p, err := parsePolicy(document)
	if err != nil {
		return nil, err
	}
	return p.doubts(), nil
}
