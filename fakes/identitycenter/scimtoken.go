package identitycenter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// Tokens of SCIM (IAM Identity Center User Guide, "Provision users and groups from an external identity provider").
const (
	scimTokenLife = 365 * 24 * time.Hour
	maxSCIMTokens = 2
)

// SCIMToken is what an identity provider proves with that it is the one.
type SCIMToken struct {
	ID      string    `json:"id"`
	Token   string    `json:"token,omitempty"` // told once, when it is made
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// bearer refuses who has no token, or one that has expired.
func (c *storeCall) bearer(token string) error {
	refused := &scimFault{status: http.StatusUnauthorized}
	return c.view(func(tx *records.Tx) error {
		id, err := tx.Find(kindSCIMToken, indexToken, token)
		if err != nil {
			return err
		}
		var t SCIMToken
		found, err := tx.Get(kindSCIMToken, id, &t)
		if err == nil && (!found || !c.now().Before(t.Expires)) {
			err = refused
		}
		return err
	})
}

// putSCIMToken keeps a token as it can't be read again.
func putSCIMToken(tx *records.Tx, token string, now time.Time) (SCIMToken, error) {
	t := SCIMToken{ID: newID(), Created: now, Expires: now.Add(scimTokenLife)}
	return t, tx.Put(kindSCIMToken, t.ID, t, records.Index{Name: indexToken, Value: token, Unique: true})
}

// CreateSCIMToken makes a token beside the one that there may be, as an administrator does to rotate it. There are two
// at most, expired ones too. Only the primary does it.
func (r *Replica) CreateSCIMToken(ctx context.Context) (SCIMToken, error) {
	c, err := r.scimTokens(ctx)
	if err != nil {
		return SCIMToken{}, err
	}
	made, secret := SCIMToken{}, newSecret()
	err = c.change(func(tx *records.Tx) (err error) {
		n := 0
		err = each(tx, kindSCIMToken, func(string, *SCIMToken) error { n++; return nil })
		switch {
		case err != nil:
			return err
		case n >= maxSCIMTokens:
			return fmt.Errorf("there are %d SCIM tokens, which is the most that there may be", n)
		}
		made, err = putSCIMToken(tx, secret, r.now())
		return err
	})
	made.Token = secret
	return made, err
}

// DeleteSCIMToken takes a token away.
func (r *Replica) DeleteSCIMToken(ctx context.Context, id string) error {
	c, err := r.scimTokens(ctx)
	if err != nil {
		return err
	}
	return c.change(func(tx *records.Tx) error {
		if !tx.Has(kindSCIMToken, id) {
			return fmt.Errorf("there is no SCIM token %q", id)
		}
		return tx.Delete(kindSCIMToken, id)
	})
}

// SCIMTokens lists those that there are, without their secrets.
func (r *Replica) SCIMTokens(ctx context.Context) (all []SCIMToken, err error) {
	c, err := r.scimTokens(ctx)
	if err != nil {
		return nil, err
	}
	err = c.view(func(tx *records.Tx) error {
		return each(tx, kindSCIMToken, func(_ string, t *SCIMToken) error {
			all = append(all, *t)
			return nil
		})
	})
	return all, err
}

func (r *Replica) scimTokens(ctx context.Context) (*storeCall, error) {
	if !r.primary() {
		return nil, errors.New("SCIM is in the primary Region alone")
	}
	return r.storeCall(ctx, "")
}
