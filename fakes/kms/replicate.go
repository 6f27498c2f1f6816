package kms

import (
	"github.com/regiondrill/regiondrill/harness/names"
)

type replicateKeyInput struct {
	KeyID         string `json:"KeyId"`
	ReplicaRegion string
	Description   string
	Policy        string
	Tags          []tag
	lockout
}

type replicateKeyOutput struct {
	ReplicaKeyMetadata keyMetadata
	ReplicaPolicy      string
	ReplicaTags        []tag
}

func (c *call) replicateKey(in replicateKeyInput) (any, error) {
	request := in.request()
	request["kms:replicaregion"] = one(in.ReplicaRegion)
	tell(request, in.Tags)
	primary, err := c.access(in.KeyID, ask{operation: "ReplicateKey", request: request})
	if err != nil {
		return nil, err
	}
	if err := inRegion(in.ReplicaRegion, "replicaRegion"); err != nil {
		return nil, err
	}
	if err := length("", len(in.Description), "description", 0, maxDescription); err != nil {
		return nil, err
	}
	tags, err := tagged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	r, err := c.newReplica(primary, in.ReplicaRegion)
	if err != nil {
		return nil, err
	}
	r.description, r.tags = in.Description, tags
	if r.policy, err = c.newPolicy(in.Policy, r, in.lockout); err != nil {
		return nil, err
	}
	primary.key.replicas[r.region] = r
	return replicateKeyOutput{c.metadata(r), r.policy.document, r.tagList()}, nil
}

func inRegion(region, member string) error {
	if region == "" {
		return required(member)
	}
	if !names.IsRegion(region) {
		return invalidMember(region, member,
			"be a Region of this partition in which AWS KMS supports multi-Region keys")
	}
	return nil
}

type updatePrimaryRegionInput struct {
	KeyID         string `json:"KeyId"`
	PrimaryRegion string
}

// updatePrimaryRegion makes a replica the primary. Both keys are Updating for Config.UpdatingFor. The caller must be
// allowed to do it to both.
func (c *call) updatePrimaryRegion(in updatePrimaryRegionInput) (any, error) {
	a := ask{operation: "UpdatePrimaryRegion", request: map[string][]string{"kms:primaryregion": one(in.PrimaryRegion)}}
	was, err := c.access(in.KeyID, a)
	if err != nil {
		return nil, err
	}
	if err := inRegion(in.PrimaryRegion, "primaryRegion"); err != nil {
		return nil, err
	}
	if err := was.mayReplicate(); err != nil {
		return nil, err
	}
	becomes, there := was.key.replicas[in.PrimaryRegion]
	switch {
	case !there:
		return nil, notFound(names.KeyARN(in.PrimaryRegion, c.account, was.key.id))
	case becomes == was:
		return nil, unsupported(was.arn + " is already the primary key.")
	}
	if err := c.authorize(becomes, a); err != nil {
		return nil, err
	}
	if err := becomes.inState(a.operation); err != nil {
		return nil, err
	}
	was.key.primary = becomes.region
	if c.updatingFor > 0 {
		until := c.now().Add(c.updatingFor)
		was.state, was.until, becomes.state, becomes.until = Updating, until, Updating, until
	}
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

// mayReplicate tells whether the key is a primary, which alone has to do with other Regions.
func (r *replica) mayReplicate() error {
	switch {
	case !r.key.multiRegion:
		return unsupported(r.arn + " is not a multi-Region key which is not valid for this operation.")
	case !r.primary():
		return unsupported(r.arn + " is a multi-Region replica key which is not valid for this operation.")
	}
	return nil
}
