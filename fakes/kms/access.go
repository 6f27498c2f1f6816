package kms

import (
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

// access finds the key in the call's Region and makes sure that the caller may do the action to it. As in KMS, who may
// not is told so before the key's state is looked at.
func (c *call) access(keyID, action string, context map[string]string) (*replica, error) {
	id, err := c.keyID(keyID)
	if err != nil {
		return nil, err
	}
	r, ok := c.find(c.region, id)
	if !ok {
		return nil, notFound(names.KeyARN(c.region, c.account, id))
	}
	return r, c.authorize(r, action, context)
}

func (c *call) authorize(r *replica, action string, context map[string]string) error {
	q := question{c.principal, c.account, action, r.arn, context}
	if !r.policy.allows(q) {
		return accessDenied(c.principal, action, r.arn)
	}
	return nil
}

// keyID reads what names a key: its id, or its ARN in this Region. Aliases are not modelled.
func (c *call) keyID(text string) (string, error) {
	if text == "" || len(text) > 2048 {
		return "", invalid("KeyId must have 1 to 2048 characters")
	}
	if strings.HasPrefix(text, "alias/") {
		return "", clientFault("NotFoundException", "Alias "+text+" is not found.")
	}
	if !strings.HasPrefix(text, "arn:") {
		return text, nil
	}
	id, ok := strings.CutPrefix(text, names.KeyARN(c.region, c.account, ""))
	if !ok {
		return "", clientFault("NotFoundException", "Invalid arn "+c.region)
	}
	return id, nil
}

// administrator refuses callers that aren't of the account, for what no key policy decides.
func (c *call) administrator(action string) error {
	if !inAccount(c.principal, c.account) {
		return accessDenied(c.principal, action, "*")
	}
	return nil
}
