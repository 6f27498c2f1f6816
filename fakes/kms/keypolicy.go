package kms

import "cmp"

// policyName is the only one that a key policy can have.
const policyName = "default"

type getKeyPolicyInput struct {
	KeyID      string `json:"KeyId"`
	PolicyName string
}

type getKeyPolicyOutput struct{ Policy, PolicyName string }

func (c *call) getKeyPolicy(in getKeyPolicyInput) (any, error) {
	r, err := c.access(in.KeyID, "kms:GetKeyPolicy", nil)
	if err != nil {
		return nil, err
	}
	if cmp.Or(in.PolicyName, policyName) != policyName {
		return nil, clientFault("NotFoundException", "No such policy exists")
	}
	return getKeyPolicyOutput{r.policy.document, policyName}, nil
}

type putKeyPolicyInput struct {
	KeyID                          string `json:"KeyId"`
	PolicyName                     string
	Policy                         string
	BypassPolicyLockoutSafetyCheck bool
}

func (c *call) putKeyPolicy(in putKeyPolicyInput) (any, error) {
	r, err := c.access(in.KeyID, "kms:PutKeyPolicy", nil)
	if err != nil {
		return nil, err
	}
	if cmp.Or(in.PolicyName, policyName) != policyName || in.Policy == "" {
		return nil, invalid("A policy is needed, and it is named default")
	}
	if r.state == Creating {
		return nil, r.settled()
	}
	p, err := c.newPolicy(in.Policy, r.arn, in.BypassPolicyLockoutSafetyCheck)
	if err != nil {
		return nil, err
	}
	r.policy = p
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

// newPolicy reads the policy of a request for the key, or takes the default. Unless told otherwise, callers are kept
// from locking themselves out.
func (c *call) newPolicy(document, arn string, bypass bool) (*policy, error) {
	p, err := c.policyOr(document)
	if err != nil {
		return nil, err
	}
	if !bypass && !p.allows(question{c.principal, c.account, "kms:PutKeyPolicy", arn, nil}) {
		return nil, malformedPolicy("The new key policy will not allow you to update the key policy in the future.")
	}
	return p, nil
}
