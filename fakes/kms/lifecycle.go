package kms

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

type keyInput struct {
	KeyID string `json:"KeyId"`
}

type keyOutput struct {
	KeyMetadata keyMetadata
}

type keyIDOutput struct {
	KeyID string `json:"KeyId"`
}

type describeKeyInput struct {
	KeyID       string `json:"KeyId"`
	GrantTokens []string
}

func (c *call) describeKey(in describeKeyInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "DescribeKey", tokens: in.GrantTokens, request: requestAlias(in.KeyID)})
	if err != nil {
		return nil, err
	}
	return keyOutput{c.metadata(r)}, nil
}

func (c *call) enableKey(in keyInput) (any, error) { return c.turn(in.KeyID, "EnableKey", Enabled) }

func (c *call) disableKey(in keyInput) (any, error) { return c.turn(in.KeyID, "DisableKey", Disabled) }

// turn enables or disables a key. While it is Unavailable it stays so.
func (c *call) turn(keyID, operation string, state State) (any, error) {
	r, err := c.access(keyID, ask{operation: operation})
	if err != nil {
		return nil, err
	}
	if r.state != Unavailable {
		r.state = state
	}
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

type updateKeyDescriptionInput struct {
	KeyID       string `json:"KeyId"`
	Description *string
}

func (c *call) updateKeyDescription(in updateKeyDescriptionInput) (any, error) {
	if in.Description == nil {
		return nil, required("description")
	}
	if err := length("", len(*in.Description), "description", 0, maxDescription); err != nil {
		return nil, err
	}
	r, err := c.access(in.KeyID, ask{operation: "UpdateKeyDescription"})
	if err != nil {
		return nil, err
	}
	r.description = *in.Description
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
	if err := within(&days, "pendingWindowInDays", minWindow, maxWindow); err != nil {
		return nil, err
	}
	r, err := c.access(in.KeyID, ask{operation: "ScheduleKeyDeletion", request: map[string][]string{
		"kms:schedulekeydeletionpendingwindowindays": {strconv.Itoa(days)},
	}})
	if err != nil {
		return nil, err
	}
	r.schedule(c.now(), days)
	m := c.metadata(r)
	return scheduleKeyDeletionOutput{r.arn, m.DeletionDate, r.state, days}, nil
}

func (c *call) cancelKeyDeletion(in keyInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "CancelKeyDeletion"})
	if err != nil {
		return nil, err
	}
	r.state, r.until, r.window = Disabled, time.Time{}, 0
	return keyIDOutput{r.arn}, nil
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

// listKeys lists the Region's keys in the order of their ids.
func (c *call) listKeys(in paging) (any, error) {
	if err := c.administrator("ListKeys"); err != nil {
		return nil, err
	}
	var all []keyListEntry
	for _, id := range slices.Sorted(maps.Keys(c.keys)) {
		if r, here := c.find(c.region, id); here {
			all = append(all, keyListEntry{r.arn, id})
		}
	}
	keys, next, err := page(all, func(k keyListEntry) string { return k.KeyID }, in, upTo{100, 1000})
	if err != nil {
		return nil, err
	}
	return listKeysOutput{keys, next, next != ""}, nil
}
