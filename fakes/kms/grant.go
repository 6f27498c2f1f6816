package kms

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// grant lets a principal use a key in a Region, beside the key policy (KMS Developer Guide, "Grants in AWS KMS"). It
// holds at once; at AWS only its token does.
type grant struct {
	id          string // 64 hex digits
	name        string
	created     time.Time
	grantee     string // ARN of an IAM principal, or a service principal
	retiring    string // the same; empty where there is none
	operations  []string
	constraints grantConstraints
}

type grantConstraints struct {
	EncryptionContextEquals map[string]string `json:",omitempty"`
	EncryptionContextSubset map[string]string `json:",omitempty"`
	SourceArn               string            `json:",omitempty"`
}

// granted tells whether a grant of the key lets the caller do the operation.
func (r *replica) granted(q *question, operation string) bool {
	return slices.ContainsFunc(r.grants, func(g *grant) bool { return g.permits(q, operation) })
}

func (g *grant) permits(q *question, operation string) bool {
	return q.is(g.grantee) && slices.Contains(g.operations, operation) && g.constraints.hold(q, operation)
}

// hold tells whether the request is within the constraints. Those of the encryption context bear on cryptography alone:
// what a grant may pass on is for passOn.
func (c grantConstraints) hold(q *question, operation string) bool {
	if c.SourceArn != "" && operation != "RetireGrant" && !slices.Contains(q.sourceARN(), c.SourceArn) {
		return false
	}
	switch operation {
	case "DescribeKey", "RetireGrant", "CreateGrant":
		return true
	}
	if c.EncryptionContextEquals != nil && !maps.Equal(c.EncryptionContextEquals, q.context) {
		return false
	}
	return includes(q.context, c.EncryptionContextSubset)
}

func includes(all, some map[string]string) bool {
	for name, value := range some {
		if got, has := all[name]; !has || got != value {
			return false
		}
	}
	return true
}

// passOn tells whether who may create grants by this one may create the other: of the same operations at most, and
// under constraints that are no looser.
func (g *grant) passOn(to *grant) bool {
	for _, operation := range to.operations {
		if !slices.Contains(g.operations, operation) {
			return false
		}
	}
	mine, theirs := g.constraints, to.constraints
	if mine.EncryptionContextEquals != nil && !maps.Equal(mine.EncryptionContextEquals,
		theirs.EncryptionContextEquals) {
		return false
	}
	return includes(theirs.EncryptionContextSubset, mine.EncryptionContextSubset) ||
		includes(theirs.EncryptionContextEquals, mine.EncryptionContextSubset)
}

// is tells whether the caller is who is named: itself, the role of its session, or its account.
func (c *caller) is(named string) bool {
	return named != "" && (c.principal == named || c.role == named) ||
		c.owner != "" && strings.HasSuffix(named, ":iam::"+c.owner+":root")
}

// same tells whether a request with a name asks for a grant that is there already.
func (g *grant) same(other *grant) bool {
	return g.name != "" && g.name == other.name && g.grantee == other.grantee && g.retiring == other.retiring &&
		slices.Equal(g.operations, other.operations) && g.constraints.equal(other.constraints)
}

func (c grantConstraints) equal(o grantConstraints) bool {
	return c.SourceArn == o.SourceArn && maps.Equal(c.EncryptionContextEquals, o.EncryptionContextEquals) &&
		maps.Equal(c.EncryptionContextSubset, o.EncryptionContextSubset)
}
