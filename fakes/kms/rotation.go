package kms

import (
	"fmt"
	"strconv"
	"time"
)

// Limits of key rotation, in days and times.
const (
	minRotation   = 90
	usualRotation = 365
	maxRotation   = 2560
	maxOnDemand   = 25
)

// rotation is the automatic rotation of a key, which all of its replicas share.
type rotation struct {
	enabled bool
	days    int
	next    time.Time
}

// rotateUntil does the automatic rotations that are due.
func (k *key) rotateUntil(now time.Time) {
	for k.rotation.enabled && !now.Before(k.rotation.next) {
		k.materials = append(k.materials, newMaterial(k.rotation.next, false))
		k.rotation.next = k.rotation.next.Add(time.Duration(k.rotation.days) * day)
	}
}

type enableKeyRotationInput struct {
	KeyID                string `json:"KeyId"`
	RotationPeriodInDays *int
}

func (c *call) enableKeyRotation(in enableKeyRotationInput) (any, error) {
	if err := within(in.RotationPeriodInDays, "rotationPeriodInDays", minRotation, maxRotation); err != nil {
		return nil, err
	}
	days := usualRotation
	request := map[string][]string{}
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
		request["kms:rotationperiodindays"] = one(strconv.Itoa(days))
	}
	r, err := c.rotating(in.KeyID, ask{operation: "EnableKeyRotation", request: request})
	if err != nil {
		return nil, err
	}
	r.key.rotation = rotation{true, days, c.now().Add(time.Duration(days) * day)}
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

func (c *call) disableKeyRotation(in keyInput) (any, error) {
	r, err := c.rotating(in.KeyID, ask{operation: "DisableKeyRotation"})
	if err != nil {
		return nil, err
	}
	r.key.rotation = rotation{}
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

// rotateKeyOnDemand rotates at once; at AWS it takes a while.
func (c *call) rotateKeyOnDemand(in keyInput) (any, error) {
	r, err := c.rotating(in.KeyID, ask{operation: "RotateKeyOnDemand"})
	if err != nil {
		return nil, err
	}
	times := 0
	for _, m := range r.key.materials {
		if m.onDemand {
			times++
		}
	}
	if times >= maxOnDemand {
		return nil, clientFault("LimitExceededException",
			"The on-demand rotations limit has been reached for the given keyId. "+
				"No more on-demand rotations can be performed for this key: %s", r.arn)
	}
	r.key.materials = append(r.key.materials, newMaterial(c.now(), true))
	return keyIDOutput{r.arn}, nil
}

// rotating is access to a key whose rotation may be changed: that of replicas goes with their primary's.
func (c *call) rotating(keyID string, a ask) (*replica, error) {
	r, err := c.access(keyID, a)
	if err != nil {
		return nil, err
	}
	if !r.primary() {
		return nil, r.mayReplicate()
	}
	return r, nil
}

type rotationStatusOutput struct {
	KeyID                string `json:"KeyId"`
	KeyRotationEnabled   bool
	NextRotationDate     float64 `json:",omitempty"`
	RotationPeriodInDays int     `json:",omitempty"`
}

func (c *call) getKeyRotationStatus(in keyInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "GetKeyRotationStatus"})
	if err != nil {
		return nil, err
	}
	out := rotationStatusOutput{KeyID: r.arn}
	if now := r.key.rotation; now.enabled {
		out.KeyRotationEnabled, out.RotationPeriodInDays, out.NextRotationDate = true, now.days, epoch(now.next)
	}
	return out, nil
}

type listKeyRotationsInput struct {
	KeyID              string `json:"KeyId"`
	IncludeKeyMaterial string
	paging
}

type listKeyRotationsOutput struct {
	NextMarker string `json:",omitempty"`
	Rotations  []rotationsListEntry
	Truncated  bool
}

type rotationsListEntry struct {
	KeyID            string `json:"KeyId"`
	KeyMaterialID    string `json:"KeyMaterialId"`
	KeyMaterialState string
	RotationDate     float64 `json:",omitempty"`
	RotationType     string  `json:",omitempty"`
	order            string
}

func (c *call) listKeyRotations(in listKeyRotationsInput) (any, error) {
	const everything = "ALL_KEY_MATERIAL"
	if err := oneOf(in.IncludeKeyMaterial, "includeKeyMaterial", []string{everything, "ROTATIONS_ONLY"}); err != nil {
		return nil, err
	}
	r, err := c.access(in.KeyID, ask{operation: "ListKeyRotations"})
	if err != nil {
		return nil, err
	}
	var all []rotationsListEntry
	for i := range r.key.materials {
		if e := r.key.rotationEntry(i, r.arn); e.RotationType != "" || in.IncludeKeyMaterial == everything {
			all = append(all, e)
		}
	}
	entries, next, err := page(all, func(e rotationsListEntry) string { return e.order }, in.paging, upTo{100, 1000})
	if err != nil {
		return nil, err
	}
	return listKeyRotationsOutput{next, entries, next != ""}, nil
}

func (k *key) rotationEntry(i int, arn string) rotationsListEntry {
	m := k.materials[i]
	e := rotationsListEntry{KeyID: arn, KeyMaterialID: m.id, KeyMaterialState: "NON_CURRENT",
		order: fmt.Sprintf("%06d", i)}
	if i == len(k.materials)-1 {
		e.KeyMaterialState = "CURRENT"
	}
	switch {
	case m.rotated.IsZero():
	case m.onDemand:
		e.RotationType, e.RotationDate = "ON_DEMAND", epoch(m.rotated)
	default:
		e.RotationType, e.RotationDate = "AUTOMATIC", epoch(m.rotated)
	}
	return e
}
