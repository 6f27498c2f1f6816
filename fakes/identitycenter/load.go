package identitycenter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// Put makes the directory what the primary holds: what differs is changed, record by record, and goes by and by to the
// other Regions. It tells where the primary's logs are then, for Wait. Only the primary takes it, and only while KMS
// answers. With the first directory comes what the configuration says of the instance, its Regions and its identity
// provider.
func (r *Replica) Put(ctx context.Context, d Directory) (Position, error) {
	if !r.primary() {
		return Position{}, fmt.Errorf("changing the directory in %s: only %s can", r.cfg.Region, r.cfg.Instance.Primary)
	}
	if err := d.check(); err != nil {
		return Position{}, fmt.Errorf("changing the directory: %w", err)
	}
	keys, err := r.vault.activate(ctx)
	if err != nil {
		return Position{}, fmt.Errorf("changing the directory: %w", err)
	}
	founding := false
	err = r.update(keys, func(tx *records.Tx) error {
		if founding = !tx.Has(kindInstance, the); founding {
			r.foundedUpTo(func(string) uint64 { return math.MaxUint64 }) // as long as it is being written
			if err := r.found(tx); err != nil {
				return err
			}
		}
		return replace(tx, &d)
	})
	if err != nil {
		return Position{}, fmt.Errorf("changing the directory: %w", err)
	}
	if founding {
		r.foundedUpTo(r.store.Head)
	}
	return r.Position(), nil
}

// found writes what there is of the instance from its beginning.
func (r *Replica) found(tx *records.Tx) error {
	now := r.now()
	err := tx.Put(kindInstance, the, instanceState{
		Name: r.cfg.Name, Created: now, KeyARN: r.cfg.KeyID, PermissionSets: true, EncryptionStatus: "ENABLED",
	})
	err = errors.Join(err, tx.Put(kindProvider, the, r.cfg.IdP))
	if r.cfg.SCIMToken != "" {
		_, failed := putSCIMToken(tx, r.cfg.SCIMToken, now)
		err = errors.Join(err, failed)
	}
	for _, region := range r.cfg.Regions {
		err = errors.Join(err, tx.Put(kindRegion, region, Region{Name: region, Status: RegionActive, Added: now}))
	}
	return err
}

// replace makes the records those of the directory, and touches none that are so already. What is no longer in it goes
// first, since another may have its name.
func replace(tx *records.Tx, d *Directory) error {
	err := deleteOthers(tx, d.records())
	put := func(kind, id string, v any, write func() error) {
		have := reflect.New(reflect.TypeOf(v))
		found, failed := tx.Get(kind, id, have.Interface())
		if failed == nil && (!found || !reflect.DeepEqual(have.Elem().Interface(), v)) {
			failed = write()
		}
		err = errors.Join(err, failed)
	}
	for _, u := range d.Users {
		put(kindUser, u.ID, u, func() error { return putUser(tx, &u) })
	}
	for _, g := range d.Groups {
		members := g.Members
		g.Members = nil
		put(kindGroup, g.ID, g, func() error { return putGroup(tx, &g) })
		for _, user := range members {
			m := Membership{ID: membershipID(g.ID, user), Group: g.ID, User: user}
			if !tx.Has(kindMembership, m.ID) {
				err = errors.Join(err, putMembership(tx, &m))
			}
		}
	}
	for _, p := range d.PermissionSets {
		put(kindPermissionSet, p.ID, p, func() error { return tx.Put(kindPermissionSet, p.ID, p) })
	}
	for _, a := range d.Accounts {
		put(kindAccount, a.ID, a, func() error { return tx.Put(kindAccount, a.ID, a) })
	}
	for _, a := range d.Assignments {
		put(kindAssignment, a.id(), a, func() error { return putAssignment(tx, &a) })
	}
	return err
}

// records are those that a directory is made of, each as its kind, a blank and its id.
func (d *Directory) records() map[string]bool {
	all := map[string]bool{}
	for _, u := range d.Users {
		all[kindUser+" "+u.ID] = true
	}
	for _, g := range d.Groups {
		all[kindGroup+" "+g.ID] = true
		for _, user := range g.Members {
			all[kindMembership+" "+membershipID(g.ID, user)] = true
		}
	}
	for _, p := range d.PermissionSets {
		all[kindPermissionSet+" "+p.ID] = true
	}
	for _, a := range d.Accounts {
		all[kindAccount+" "+a.ID] = true
	}
	for _, a := range d.Assignments {
		all[kindAssignment+" "+a.id()] = true
	}
	return all
}

func deleteOthers(tx *records.Tx, wanted map[string]bool) error {
	for _, kind := range []string{kindAssignment, kindMembership, kindUser, kindGroup, kindPermissionSet, kindAccount} {
		var gone []string
		err := each(tx, kind, func(id string, _ *struct{}) error {
			if !wanted[kind+" "+id] {
				gone = append(gone, id)
			}
			return nil
		})
		for _, id := range gone {
			err = errors.Join(err, tx.Delete(kind, id))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// membershipID follows from what a membership joins, so that there is one of a user in a group.
func membershipID(group, user string) string {
	sum := sha256.Sum256([]byte(group + " " + user))
	return uuidOf(sum[:16])
}

func uuidOf(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// foundedUpTo says which entries of the logs are of the instance's beginning: they wait for no lag.
func (r *Replica) foundedUpTo(head func(stream string) uint64) {
	heads := records.Heads{}
	for _, stream := range Streams() {
		heads[stream] = head(stream)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.founded = heads
}
