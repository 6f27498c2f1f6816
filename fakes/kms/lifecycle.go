package kms

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

type keyInput struct {
	KeyID string `json:"KeyId"`
}

type keyOutput struct {
	KeyMetadata keyMetadata
}

type createKeyInput struct {
	Description                    string
	KeySpec                        string
	KeyUsage                       string
	MultiRegion                    bool
	Origin                         string
	Policy                         string
	BypassPolicyLockoutSafetyCheck bool
}

func (c *call) createKey(in createKeyInput) (any, error) {
	if err := c.administrator("kms:CreateKey"); err != nil {
		return nil, err
	}
	if cmp.Or(in.KeySpec, symmetric) != symmetric || cmp.Or(in.KeyUsage, "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT" ||
		cmp.Or(in.Origin, "AWS_KMS") != "AWS_KMS" {
		return nil, unsupported("Keys here are symmetric, for encryption, and of KMS's own making.")
	}
	p, err := c.newPolicy(in.Policy, "*", in.BypassPolicyLockoutSafetyCheck) // a key that is not there has no ARN
	if err != nil {
		return nil, err
	}
	k := c.create(c.region, in.MultiRegion, p, in.Description)
	return keyOutput{c.metadata(k.replicas[c.region])}, nil
}

type replicateKeyInput struct {
	KeyID                          string `json:"KeyId"`
	ReplicaRegion                  string
	Description                    string
	Policy                         string
	BypassPolicyLockoutSafetyCheck bool
}

type replicateKeyOutput struct {
	ReplicaKeyMetadata keyMetadata
	ReplicaPolicy      string
}

func (c *call) replicateKey(in replicateKeyInput) (any, error) {
	primary, err := c.use(in.KeyID, "kms:ReplicateKey", nil)
	if err != nil {
		return nil, err
	}
	if !names.IsRegion(in.ReplicaRegion) {
		return nil, invalid(fmt.Sprintf("ReplicaRegion %q is not a Region", in.ReplicaRegion))
	}
	if !primary.primary() {
		return nil, unsupported(primary.arn + " is a replica key; replicate its primary key.")
	}
	arn := names.KeyARN(in.ReplicaRegion, c.account, primary.key.id)
	p, err := c.newPolicy(in.Policy, arn, in.BypassPolicyLockoutSafetyCheck)
	if err != nil {
		return nil, err
	}
	r, err := c.replicate(primary.key, in.ReplicaRegion, p, in.Description)
	if err != nil {
		return nil, err
	}
	return replicateKeyOutput{c.metadata(r), p.document}, nil
}

func (c *call) describeKey(in keyInput) (any, error) {
	r, err := c.access(in.KeyID, "kms:DescribeKey", nil)
	if err != nil {
		return nil, err
	}
	return keyOutput{c.metadata(r)}, nil
}

func (c *call) enableKey(in keyInput) (any, error) {
	return c.turn(in.KeyID, "kms:EnableKey", Enabled)
}

func (c *call) disableKey(in keyInput) (any, error) {
	return c.turn(in.KeyID, "kms:DisableKey", Disabled)
}

func (c *call) turn(keyID, action string, state State) (any, error) {
	r, err := c.access(keyID, action, nil)
	if err != nil {
		return nil, err
	}
	if err := r.settled(); err != nil {
		return nil, err
	}
	r.state = state
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

type scheduleKeyDeletionInput struct {
	KeyID               string `json:"KeyId"`
	PendingWindowInDays *int
}

type scheduleKeyDeletionOutput struct {
	KeyID               string  `json:"KeyId"`
	DeletionDate        float64 `json:",omitempty"`
	KeyState            State
	PendingWindowInDays int
}

func (c *call) scheduleKeyDeletion(in scheduleKeyDeletionInput) (any, error) {
	days := maxWindow
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < minWindow || days > maxWindow {
		return nil, invalid(fmt.Sprintf("PendingWindowInDays must be %d to %d", minWindow, maxWindow))
	}
	r, err := c.access(in.KeyID, "kms:ScheduleKeyDeletion", nil)
	if err != nil {
		return nil, err
	}
	if err := r.settled(); err != nil {
		return nil, err
	}
	r.schedule(c.now(), days)
	m := c.metadata(r)
	return scheduleKeyDeletionOutput{r.arn, m.DeletionDate, r.state, days}, nil
}

type keyIDOutput struct {
	KeyID string `json:"KeyId"`
}

func (c *call) cancelKeyDeletion(in keyInput) (any, error) {
	r, err := c.access(in.KeyID, "kms:CancelKeyDeletion", nil)
	if err != nil {
		return nil, err
	}
	if r.state != PendingDeletion && r.state != PendingReplicaDeletion {
		return nil, invalidState(r.arn + " is not pending deletion.")
	}
	r.state, r.until, r.window = Disabled, time.Time{}, 0
	return keyIDOutput{r.arn}, nil
}

type listKeysInput struct {
	Limit  *int
	Marker string
}

type listKeysOutput struct {
	Keys       []keyListEntry
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

type keyListEntry struct {
	KeyArn string
	KeyID  string `json:"KeyId"`
}

// listKeys lists the Region's keys in the order of their ids; a marker is the last id of the page before.
func (c *call) listKeys(in listKeysInput) (any, error) {
	if err := c.administrator("kms:ListKeys"); err != nil {
		return nil, err
	}
	limit := 100
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 1000 {
		return nil, invalid("Limit must be 1 to 1000")
	}
	out := listKeysOutput{Keys: []keyListEntry{}}
	for _, id := range slices.Sorted(maps.Keys(c.keys)) {
		r, here := c.find(c.region, id)
		switch {
		case !here || id <= in.Marker:
		case len(out.Keys) == limit:
			out.Truncated, out.NextMarker = true, out.Keys[limit-1].KeyID
			return out, nil
		default:
			out.Keys = append(out.Keys, keyListEntry{r.arn, id})
		}
	}
	return out, nil
}
