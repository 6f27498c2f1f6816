package kms

import (
	"maps"
	"slices"
	"time"
)

// keyMetadata is the type KeyMetadata of the KMS API, as far as symmetric keys have it.
type keyMetadata struct {
	AWSAccountID                string `json:"AWSAccountId"`
	Arn                         string
	CreationDate                float64
	CurrentKeyMaterialID        string `json:"CurrentKeyMaterialId"`
	CustomerMasterKeySpec       string
	DeletionDate                float64 `json:",omitempty"`
	Description                 string
	Enabled                     bool
	EncryptionAlgorithms        []string
	KeyID                       string `json:"KeyId"`
	KeyManager                  string
	KeySpec                     string
	KeyState                    State
	KeyUsage                    string
	MultiRegion                 bool
	MultiRegionConfiguration    *multiRegionConfiguration `json:",omitempty"`
	Origin                      string
	PendingDeletionWindowInDays int `json:",omitempty"`
}

type multiRegionConfiguration struct {
	MultiRegionKeyType string
	PrimaryKey         multiRegionKey
	ReplicaKeys        []multiRegionKey
}

type multiRegionKey struct{ Arn, Region string }

func (c *call) metadata(r *replica) keyMetadata {
	m := keyMetadata{
		AWSAccountID: c.account, Arn: r.arn, CreationDate: epoch(r.created), CustomerMasterKeySpec: symmetric,
		Description: r.description, Enabled: r.state == Enabled, EncryptionAlgorithms: []string{symmetric},
		KeyID: r.key.id, KeyManager: "CUSTOMER", KeySpec: symmetric, KeyState: r.state, KeyUsage: encryptDecrypt,
		MultiRegion: r.key.multiRegion, Origin: "AWS_KMS", CurrentKeyMaterialID: r.key.current().id,
	}
	switch r.state {
	case PendingDeletion:
		m.DeletionDate = epoch(r.until)
	case PendingReplicaDeletion: // the date is not known yet
		m.PendingDeletionWindowInDays = r.window
	}
	if r.key.multiRegion {
		m.MultiRegionConfiguration = r.key.configuration(r)
	}
	return m
}

func (k *key) configuration(of *replica) *multiRegionConfiguration {
	m := &multiRegionConfiguration{MultiRegionKeyType: of.keyType(), ReplicaKeys: []multiRegionKey{}}
	for _, region := range slices.Sorted(maps.Keys(k.replicas)) {
		r := k.replicas[region]
		if r.primary() {
			m.PrimaryKey = multiRegionKey{r.arn, region}
		} else {
			m.ReplicaKeys = append(m.ReplicaKeys, multiRegionKey{r.arn, region})
		}
	}
	return m
}

// epoch is a timestamp of the protocol: seconds since 1970, with milliseconds.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
