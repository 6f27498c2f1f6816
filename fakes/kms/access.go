package kms

import (
	"regexp"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

// ask is what a call wants of a key: an operation, and what policies and grants may look at.
type ask struct {
	operation string              // its name; kms: and it is the action
	context   map[string]string   // the encryption context
	tokens    []string            // grant tokens
	request   map[string][]string // condition keys of the operation, by name in lower case
}

// access finds the key in the call's Region and makes sure that the caller may do the operation to it and that its
// state allows it. As in KMS, who may not is told so before the key's state is looked at.
func (c *call) access(keyID string, a ask) (*replica, error) {
	r, err := c.resolve(keyID, a.operation)
	if err != nil {
		return nil, err
	}
	if err := c.authorize(r, a); err != nil {
		return nil, err
	}
	return r, r.inState(a.operation)
}

// authorize asks the key policy, and the grants where that says nothing.
func (c *call) authorize(r *replica, a ask) error {
	if err := c.knowTokens(a.tokens); err != nil {
		return err
	}
	q := c.question(r, a)
	answer := r.policy.evaluate(q, worst)
	if answer == allowed || answer == unmentioned && r.granted(q, a.operation) {
		return nil
	}
	return accessDenied(c.principal, q.action, r.arn, answer)
}

func (c *call) question(r *replica, a ask) *question {
	return &question{
		caller: c.caller, account: c.account, action: "kms:" + a.operation,
		lower: "kms:" + strings.ToLower(a.operation), resource: r.arn, context: a.context,
		replica: r, sourceIP: c.sourceIP, now: c.now(), request: a.request,
	}
}

// byAlias are the operations that take an alias where others take a key.
var byAlias = []string{
	"Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
	"ReEncryptFrom", "ReEncryptTo",
}

// resolve finds the key by its id or ARN, or by an alias or its ARN where the operation takes one.
func (c *call) resolve(keyID, operation string) (*replica, error) {
	switch {
	case keyID == "":
		return nil, required("keyId")
	case len(keyID) > maxKeyID:
		return nil, length("", len(keyID), "keyId", 1, maxKeyID)
	}
	kind, name, err := c.local(keyID)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == "alias" && !slices.Contains(byAlias, operation):
		if strings.HasPrefix(keyID, "arn:") {
			return nil, clientFault("InvalidArnException", "Key Aliases are not supported for this operation")
		}
		return nil, missing("Invalid keyId '" + keyID + "'")
	case kind == "alias":
		return c.ofAlias("alias/" + name)
	}
	return c.ofID(name)
}

const maxKeyID = 2048

// local takes apart what names a key or an alias in this Region: an ARN, alias/ and a name, or an id.
func (c *call) local(text string) (kind, name string, err error) {
	if !strings.HasPrefix(text, "arn:") {
		if name, isAlias := strings.CutPrefix(text, "alias/"); isAlias {
			return "alias", name, nil
		}
		return "key", text, nil
	}
	parts := strings.SplitN(text, ":", arnParts)
	if len(parts) != arnParts || parts[2] != "kms" {
		return "", "", missing("Invalid arn " + text)
	}
	kind, name, _ = strings.Cut(parts[5], "/")
	switch {
	case kind != "key" && kind != "alias":
		return "", "", missing("Invalid arn " + text)
	case parts[3] != c.region:
		return "", "", missing("Invalid arn " + parts[3])
	case parts[4] != c.account:
		return "", "", notFound(text)
	}
	return kind, name, nil
}

var keyIDs = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

func (c *call) ofID(id string) (*replica, error) {
	if r, ok := c.find(c.region, id); ok {
		return r, nil
	}
	if !keyIDs.MatchString(id) {
		return nil, missing("Invalid keyId '" + id + "'")
	}
	return nil, notFound(names.KeyARN(c.region, c.account, id))
}

// administrator refuses callers that aren't of the account, for what no key policy decides.
func (c *call) administrator(operation string) error {
	if c.owner != c.account {
		return accessDenied(c.principal, "kms:"+operation, "*", unmentioned)
	}
	return nil
}
