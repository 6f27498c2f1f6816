package identitycenter

import (
	"context"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// instanceState is what is recorded of the instance beside its names, which never change.
type instanceState struct {
	Name             string    `json:"name,omitempty"`
	Created          time.Time `json:"created"`
	KeyARN           string    `json:"keyArn"` // of the primary Region; empty where AWS owns the key
	EncryptionStatus string    `json:"encryptionStatus"`
	PermissionSets   bool      `json:"permissionSets"` // whether there are any (PermissionSetsEnabled)
}

// configuration is what a Region needs at every turn and keeps in memory as it was last written: to send people to
// their identity provider nobody asks KMS.
type configuration struct {
	Instance instanceState
	Provider IdPTrust
	Regions  []Region // the primary first, then in the order of their adding
}

// region finds one of the instance's Regions; nil where it is none.
func (c *configuration) region(name string) *Region {
	i := slices.IndexFunc(c.Regions, func(r Region) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Regions[i]
}

// configuration is the Region's; its error says that the Region has none, or why KMS lets nobody read it.
func (r *Replica) configuration(ctx context.Context) (*configuration, error) {
	if c := r.known.Load(); c != nil {
		return c, nil
	}
	keys, err := r.vault.keys(ctx)
	if err == errEmpty { //nolint:errorlint // it is never wrapped
		if keys, err = r.vault.activate(ctx); err == nil { // so that a key that can't be used is told, and not the wait
			err = errEmpty
		}
	}
	if err != nil {
		return nil, err
	}
	if err := r.wake(keys); err != nil {
		return nil, err
	}
	if c := r.known.Load(); c != nil {
		return c, nil
	}
	return nil, errEmpty
}

// recall reads the configuration from the records. One at a time does, so that nobody puts an older one in the place of
// a newer.
func (r *Replica) recall(keys records.Keys) error {
	r.reading.Lock()
	defer r.reading.Unlock()
	c := new(configuration)
	found := false
	err := r.store.View(keys, func(tx *records.Tx) (err error) {
		if found, err = tx.Get(kindInstance, the, &c.Instance); err != nil || !found {
			return err
		}
		if found, err = tx.Get(kindProvider, the, &c.Provider); err != nil || !found {
			return err
		}
		return each(tx, kindRegion, func(_ string, region *Region) error {
			c.Regions = append(c.Regions, *region)
			return nil
		})
	})
	if err != nil {
		return err
	}
	primary := r.cfg.Instance.Primary
	slices.SortStableFunc(c.Regions, func(a, b Region) int {
		switch {
		case a.Name == primary:
			return -1
		case b.Name == primary:
			return 1
		}
		return a.Added.Compare(b.Added)
	})
	if here := c.region(r.cfg.Region); !found || here == nil || here.Status == RegionAdding {
		c = nil // nobody is served here yet
	}
	r.known.Store(c)
	return nil
}
