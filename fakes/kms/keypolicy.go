package kms

import (
	"cmp"
	"strconv"
)

// policyName is the only one that a key policy can have.
const policyName = "default"

var errNoSuchPolicy = missing("No such policy exists")

type getKeyPolicyInput struct {
	KeyID      string `json:"KeyId"`
	PolicyName string
}

type getKeyPolicyOutput struct{ Policy, PolicyName string }

func (c *call) getKeyPolicy(in getKeyPolicyInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "GetKeyPolicy"})
	if err != nil {
		return nil, err
	}
	if cmp.Or(in.PolicyName, policyName) != policyName {
		return nil, errNoSuchPolicy
	}
	return getKeyPolicyOutput{r.policy.document, policyName}, nil
}

type listKeyPoliciesOutput struct {
	PolicyNames []string
	NextMarker  string `json:",omitempty"`
	Truncated   bool
}

func (c *call) listKeyPolicies(in listInput) (any, error) {
	if _, err := c.access(in.KeyID, ask{operation: "ListKeyPolicies"}); err != nil {
		return nil, err
	}
	all := []string{policyName}
	names, next, err := page(all, func(name string) string { return name }, in.paging, upTo{100, 1000})
	if err != nil {
		return nil, err
	}
	return listKeyPoliciesOutput{names, next, next != ""}, nil
}

type putKeyPolicyInput struct {
	KeyID      string `json:"KeyId"`
	PolicyName string
	Policy     string
	lockout
}

func (c *call) putKeyPolicy(in putKeyPolicyInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "PutKeyPolicy", request: in.request()})
	if err != nil {
		return nil, err
	}
	switch {
	case cmp.Or(in.PolicyName, policyName) != policyName:
		return nil, errNoSuchPolicy
	case in.Policy == "":
		return nil, required("policy")
	}
	p, err := c.newPolicy(in.Policy, r, in.lockout)
	if err != nil {
		return nil, err
	}
	r.policy = p
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

// lockout is how a request says that its caller wants to be able to lose the key.
type lockout struct {
	BypassPolicyLockoutSafetyCheck bool
}

func (l lockout) request() map[string][]string {
	return map[string][]string{
		"kms:bypasspolicylockoutsafetycheck": {strconv.FormatBool(l.BypassPolicyLockoutSafetyCheck)},
	}
}

// newPolicy reads the policy of a request for the key, or takes the default. Unless told otherwise, callers are kept
// from locking themselves out. What is not understood of a policy is no reason: only what surely locks out is.
func (c *call) newPolicy(document string, r *replica, l lockout) (*policy, error) {
	p, err := c.policyOr(document, r.region)
	if err != nil {
		return nil, err
	}
	q := c.question(r, ask{operation: "PutKeyPolicy", request: lockout{}.request()})
	if !l.BypassPolicyLockoutSafetyCheck && p.evaluate(q, best) != allowed {
		return nil, malformedPolicy("The new key policy will not allow you to update the key policy in the future.")
	}
	return p, nil
}
