package kms

import (
	"maps"
	"slices"
)

// grantOf is a grant and its key.
type grantOf struct {
	*replica
	*grant
}

// knowTokens refuses grant tokens that nobody was given.
func (c *call) knowTokens(tokens []string) error {
	if len(tokens) > maxGrantTokens {
		return length("", len(tokens), "grantTokens", 0, maxGrantTokens)
	}
	for _, token := range tokens {
		if _, known := c.tokens[token]; !known {
			return clientFault("InvalidGrantTokenException", "Invalid grant token.")
		}
	}
	return nil
}

type revokeGrantInput struct {
	KeyID   string `json:"KeyId"`
	GrantID string `json:"GrantId"`
	DryRun  bool
}

func (c *call) revokeGrant(in revokeGrantInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "RevokeGrant"})
	if err != nil {
		return nil, err
	}
	g, err := r.grant(in.GrantID)
	if err != nil {
		return nil, err
	}
	return c.endGrant(grantOf{r, g}, in.DryRun)
}

func (r *replica) grant(id string) (*grant, error) {
	if id == "" {
		return nil, required("grantId")
	}
	i := slices.IndexFunc(r.grants, func(g *grant) bool { return g.id == id })
	if i < 0 {
		return nil, missing("Grant ID " + id + " not found")
	}
	return r.grants[i], nil
}

func (c *call) endGrant(of grantOf, dry bool) (any, error) {
	if dry {
		return nil, dryRun()
	}
	of.grants = slices.DeleteFunc(of.grants, func(g *grant) bool { return g == of.grant })
	maps.DeleteFunc(c.tokens, func(_ string, other grantOf) bool { return other.grant == of.grant })
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

type retireGrantInput struct {
	GrantToken string
	KeyID      string `json:"KeyId"`
	GrantID    string `json:"GrantId"`
	DryRun     bool
}

// retireGrant ends a grant by who may retire it: the principal that it names, its grantee where that is among its
// operations, and the account.
func (c *call) retireGrant(in retireGrantInput) (any, error) {
	of, err := c.grantToRetire(in)
	if err != nil {
		return nil, err
	}
	q := c.question(of.replica, ask{operation: "RetireGrant"})
	if !c.is(of.retiring) && !of.permits(q, "RetireGrant") && c.owner != c.account {
		return nil, accessDenied(c.principal, q.action, of.arn, unmentioned)
	}
	return c.endGrant(of, in.DryRun)
}

func (c *call) grantToRetire(in retireGrantInput) (grantOf, error) {
	if (in.GrantToken == "") == (in.KeyID == "" && in.GrantID == "") {
		return grantOf{}, invalid("You must specify either a grant token, or both a grant ID and a key ID.")
	}
	if in.GrantToken != "" {
		of, known := c.tokens[in.GrantToken]
		if !known || of.region != c.region {
			return grantOf{}, clientFault("InvalidGrantTokenException", "Invalid grant token.")
		}
		_, err := of.replica.grant(of.id)
		return of, err
	}
	r, err := c.resolve(in.KeyID, "RetireGrant")
	if err != nil {
		return grantOf{}, err
	}
	g, err := r.grant(in.GrantID)
	return grantOf{r, g}, err
}
