package kms

import (
	"maps"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

type listGrantsInput struct {
	KeyID                   string `json:"KeyId"`
	GrantID                 string `json:"GrantId"`
	GranteePrincipal        string
	GranteeServicePrincipal string
	paging
}

type listGrantsOutput struct {
	Grants     []grantListEntry
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

type grantListEntry struct {
	Constraints       *grantConstraints `json:",omitempty"`
	CreationDate      float64
	GrantID           string `json:"GrantId"`
	GranteePrincipal  string
	IssuingAccount    string
	KeyID             string `json:"KeyId"`
	Name              string `json:",omitempty"`
	Operations        []string
	RetiringPrincipal string `json:",omitempty"`
}

func (c *call) listGrants(in listGrantsInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "ListGrants"})
	if err != nil {
		return nil, err
	}
	if in.GrantID != "" {
		if _, err := r.grant(in.GrantID); err != nil {
			return nil, err
		}
	}
	return c.grantPage([]*replica{r}, in.paging, func(g *grant) bool {
		return (in.GrantID == "" || g.id == in.GrantID) &&
			(in.GranteePrincipal == "" || g.grantee == in.GranteePrincipal) &&
			(in.GranteeServicePrincipal == "" || g.grantee == in.GranteeServicePrincipal)
	})
}

type listRetirableGrantsInput struct {
	RetiringPrincipal        string
	RetiringServicePrincipal string
	paging
}

// listRetirableGrants lists the Region's grants that a principal may retire. By a service principal only services ask.
func (c *call) listRetirableGrants(in listRetirableGrantsInput) (any, error) {
	who := in.RetiringPrincipal + in.RetiringServicePrincipal
	switch {
	case (in.RetiringPrincipal == "") == (in.RetiringServicePrincipal == ""):
		return nil, required("retiringPrincipal")
	case in.RetiringPrincipal != "" && (!strings.HasPrefix(who, "arn:") || !iamPrincipal.MatchString(who)):
		return nil, clientFault("InvalidArnException", "ARN does not refer to a valid principal: %s", who)
	case in.RetiringServicePrincipal != "" && !c.service,
		in.RetiringPrincipal != "" && c.owner != c.account:
		return nil, accessDenied(c.principal, "kms:ListRetirableGrants", who, unmentioned)
	}
	var all []*replica
	for _, id := range slices.Sorted(maps.Keys(c.keys)) {
		if r, here := c.find(c.region, id); here {
			all = append(all, r)
		}
	}
	return c.grantPage(all, in.paging, func(g *grant) bool { return g.retiring == who })
}

func (c *call) grantPage(of []*replica, p paging, wanted func(*grant) bool) (any, error) {
	var all []grantListEntry
	for _, r := range of {
		for _, g := range r.grants {
			if wanted(g) {
				all = append(all, c.grantEntry(r, g))
			}
		}
	}
	slices.SortFunc(all, func(a, b grantListEntry) int { return strings.Compare(a.GrantID, b.GrantID) })
	grants, next, err := page(all, func(g grantListEntry) string { return g.GrantID }, p, upTo{50, 100})
	if err != nil {
		return nil, err
	}
	return listGrantsOutput{grants, next, next != ""}, nil
}

func (c *call) grantEntry(r *replica, g *grant) grantListEntry {
	e := grantListEntry{
		CreationDate: epoch(g.created), GrantID: g.id, GranteePrincipal: g.grantee,
		IssuingAccount: names.PartitionOf(c.region).ARN("iam", "", c.account, "root"), KeyID: r.arn, Name: g.name,
		Operations: g.operations, RetiringPrincipal: g.retiring,
	}
	if !g.constraints.equal(grantConstraints{}) {
		e.Constraints = &g.constraints
	}
	return e
}
