package identitycenter

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
)

type permissionSetOut struct {
	PermissionSetArn string
	Name             string
	Description      string `json:",omitempty"`
	RelayState       string `json:",omitempty"`
	SessionDuration  string
	CreatedDate      seconds
}

func (r *Replica) permissionSetOut(p *PermissionSet) permissionSetOut {
	return permissionSetOut{r.cfg.Instance.PermissionSetARN(p.ID), p.Name, p.Description, p.RelayState,
		isoDuration(p.sessionDuration()), seconds(p.Created)}
}

// sessionDuration is how long credentials of the permission set's roles are good for: an hour unless it says otherwise.
func (p *PermissionSet) sessionDuration() time.Duration {
	if p.SessionDuration == 0 {
		return credentialsLife
	}
	return p.SessionDuration
}

// isoDuration writes hours and minutes as ISO 8601 has them: PT1H.
func isoDuration(d time.Duration) string {
	out := "PT"
	if h := d / time.Hour; h > 0 {
		out += strconv.Itoa(int(h)) + "H"
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		out += strconv.Itoa(int(m)) + "M"
	}
	return out
}

var isoForm = regexp.MustCompile(`^PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?$`)

// readDuration reads a session duration of a permission set: 1 to 12 hours.
func readDuration(text string) (time.Duration, error) {
	parts := isoForm.FindStringSubmatch(text)
	var d time.Duration
	if parts != nil {
		for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
			n, err := strconv.Atoi(parts[i+1])
			if err == nil {
				d += time.Duration(n) * unit
			}
		}
	}
	if d < time.Hour || d > 12*time.Hour {
		return 0, invalid("SessionDuration must be an ISO 8601 duration of 1 to 12 hours, such as PT8H.")
	}
	return d, nil
}

var setName = regexp.MustCompile(`^[\w+=,.@-]{1,32}$`)

// What may be said of a permission set (IAM Identity Center API Reference, CreatePermissionSet).
var (
	setDescription = regexp.MustCompile(`^[\t\n\r\x20-\x7e\x{a1}-\x{ff}]{0,700}$`)
	setRelayState  = regexp.MustCompile(`^[\w&$@#\\/%?=~'"|!:,.;*+\[\] (){}-]{0,240}$`)
)

func (p *PermissionSet) check() error {
	switch {
	case !setDescription.MatchString(p.Description):
		return invalid("Description must be at most 700 printable characters of Latin-1.")
	case !setRelayState.MatchString(p.RelayState):
		return invalid("RelayState must have at most 240 characters, those of a URL.")
	}
	return nil
}

// permissionSet finds one by its ARN.
func (r *Replica) permissionSet(tx *records.Tx, arn string) (*PermissionSet, error) {
	id, ours := strings.CutPrefix(arn, r.cfg.Instance.PermissionSetARN(""))
	p := new(PermissionSet)
	found, err := tx.Get(kindPermissionSet, id, p)
	switch {
	case err != nil:
		return nil, err
	case arn == "":
		return nil, invalid("PermissionSetArn is required.")
	case !ours || !found:
		return nil, notFound("There is no permission set with the ARN %s.", arn)
	}
	return p, nil
}

type createPermissionSetIn struct {
	InstanceArn     string
	Name            string
	Description     string
	RelayState      string
	SessionDuration string
}

type createPermissionSetOut struct{ PermissionSet permissionSetOut }

func (r *Replica) createPermissionSet(ctx context.Context, in *createPermissionSetIn) (*createPermissionSetOut, error) {
	if !setName.MatchString(in.Name) {
		return nil, invalid("Name must be 1 to 32 letters, digits or characters of +=,.@-_.")
	}
	id := make([]byte, 8)
	rand.Read(id)
	p := &PermissionSet{ID: "ps-" + hex.EncodeToString(id), Name: in.Name, Description: in.Description,
		RelayState: in.RelayState, Created: r.now()}
	if in.SessionDuration != "" {
		var err error
		if p.SessionDuration, err = readDuration(in.SessionDuration); err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	err := r.change(ctx, in.InstanceArn, func(tx *records.Tx) error {
		err := each(tx, kindPermissionSet, func(_ string, other *PermissionSet) error {
			if other.Name == p.Name {
				return conflict("A permission set of the name %s exists already.", p.Name)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Put(kindPermissionSet, p.ID, p)
	})
	return &createPermissionSetOut{r.permissionSetOut(p)}, err
}

type permissionSetIn struct{ InstanceArn, PermissionSetArn string }

func (r *Replica) describePermissionSet(ctx context.Context, in *permissionSetIn) (*createPermissionSetOut, error) {
	out := new(createPermissionSetOut)
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		p, err := r.permissionSet(tx, in.PermissionSetArn)
		if err == nil {
			out.PermissionSet = r.permissionSetOut(p)
		}
		return err
	})
}

type updatePermissionSetIn struct {
	InstanceArn, PermissionSetArn            string
	Description, RelayState, SessionDuration *string
}

func (r *Replica) updatePermissionSet(ctx context.Context, in *updatePermissionSetIn) (struct{}, error) {
	return struct{}{}, r.changeSet(ctx, in.InstanceArn, in.PermissionSetArn, func(p *PermissionSet) (err error) {
		if in.Description != nil {
			p.Description = *in.Description
		}
		if in.RelayState != nil {
			p.RelayState = *in.RelayState
		}
		if in.SessionDuration != nil {
			p.SessionDuration, err = readDuration(*in.SessionDuration)
		}
		return cmp.Or(err, p.check())
	})
}

// changeSet changes a permission set.
func (r *Replica) changeSet(ctx context.Context, instance, arn string, do func(*PermissionSet) error) error {
	return r.change(ctx, instance, func(tx *records.Tx) error {
		p, err := r.permissionSet(tx, arn)
		if err != nil {
			return err
		}
		if err := do(p); err != nil {
			return err
		}
		return tx.Put(kindPermissionSet, p.ID, p)
	})
}

// deletePermissionSet removes one that is assigned to nobody.
func (r *Replica) deletePermissionSet(ctx context.Context, in *permissionSetIn) (struct{}, error) {
	return struct{}{}, r.change(ctx, in.InstanceArn, func(tx *records.Tx) error {
		p, err := r.permissionSet(tx, in.PermissionSetArn)
		if err != nil {
			return err
		}
		err = eachOf(tx, kindAssignment, indexSet, p.ID, func(*Assignment) error {
			return conflict("The permission set %s is assigned and can't be deleted.", p.Name)
		})
		if err != nil {
			return err
		}
		return tx.Delete(kindPermissionSet, p.ID)
	})
}

type listIn struct {
	paging
	InstanceArn string
}

type permissionSetList struct {
	PermissionSets []string
	NextToken      string `json:",omitempty"`
}

func (r *Replica) listPermissionSets(ctx context.Context, in *listIn) (*permissionSetList, error) {
	out := &permissionSetList{PermissionSets: []string{}}
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) (err error) {
		out.NextToken, err = listed(tx, &in.paging, kindPermissionSet, nil, func(id string, _ *PermissionSet) {
			out.PermissionSets = append(out.PermissionSets, r.cfg.Instance.PermissionSetARN(id))
		})
		return err
	})
}

type managedPolicyIn struct{ InstanceArn, PermissionSetArn, ManagedPolicyArn string }

// maxPolicies is how many AWS managed policies a permission set may have.
const maxPolicies = 20

func (r *Replica) attachManagedPolicy(ctx context.Context, in *managedPolicyIn) (struct{}, error) {
	return struct{}{}, r.changeSet(ctx, in.InstanceArn, in.PermissionSetArn, func(p *PermissionSet) error {
		switch _, name, ok := strings.Cut(in.ManagedPolicyArn, ":policy/"); {
		case !ok || name == "" || !strings.Contains(in.ManagedPolicyArn, ":iam::aws:"):
			return invalid("ManagedPolicyArn is not that of an AWS managed policy.")
		case slices.Contains(p.ManagedPolicies, in.ManagedPolicyArn):
			return conflict("The policy %s is attached already.", in.ManagedPolicyArn)
		case len(p.ManagedPolicies) == maxPolicies:
			return invalid("A permission set has at most %d managed policies.", maxPolicies)
		}
		p.ManagedPolicies = append(p.ManagedPolicies, in.ManagedPolicyArn)
		return nil
	})
}

func (r *Replica) detachManagedPolicy(ctx context.Context, in *managedPolicyIn) (struct{}, error) {
	return struct{}{}, r.changeSet(ctx, in.InstanceArn, in.PermissionSetArn, func(p *PermissionSet) error {
		i := slices.Index(p.ManagedPolicies, in.ManagedPolicyArn)
		if i < 0 {
			return notFound("The policy %s is not attached.", in.ManagedPolicyArn)
		}
		p.ManagedPolicies = slices.Delete(p.ManagedPolicies, i, i+1)
		return nil
	})
}

type managedPolicy struct{ Name, Arn string }

type managedPolicyList struct{ AttachedManagedPolicies []managedPolicy }

func (r *Replica) listManagedPolicies(ctx context.Context, in *permissionSetIn) (*managedPolicyList, error) {
	out := &managedPolicyList{AttachedManagedPolicies: []managedPolicy{}}
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		p, err := r.permissionSet(tx, in.PermissionSetArn)
		if err != nil {
			return err
		}
		for _, arn := range p.ManagedPolicies {
			name := arn[strings.LastIndex(arn, "/")+1:]
			out.AttachedManagedPolicies = append(out.AttachedManagedPolicies, managedPolicy{name, arn})
		}
		return nil
	})
}

type inlinePolicyIn struct{ InstanceArn, PermissionSetArn, InlinePolicy string }

func (r *Replica) putInlinePolicy(ctx context.Context, in *inlinePolicyIn) (struct{}, error) {
	if in.InlinePolicy == "" || len(in.InlinePolicy) > 32_768 {
		return struct{}{}, invalid("InlinePolicy must have 1 to 32768 characters.")
	}
	return struct{}{}, r.changeSet(ctx, in.InstanceArn, in.PermissionSetArn, func(p *PermissionSet) error {
		p.InlinePolicy = in.InlinePolicy
		return nil
	})
}

func (r *Replica) deleteInlinePolicy(ctx context.Context, in *permissionSetIn) (struct{}, error) {
	return struct{}{}, r.changeSet(ctx, in.InstanceArn, in.PermissionSetArn, func(p *PermissionSet) error {
		p.InlinePolicy = ""
		return nil
	})
}

type inlinePolicyOut struct{ InlinePolicy string }

func (r *Replica) getInlinePolicy(ctx context.Context, in *permissionSetIn) (*inlinePolicyOut, error) {
	out := new(inlinePolicyOut)
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		p, err := r.permissionSet(tx, in.PermissionSetArn)
		if err == nil {
			out.InlinePolicy = p.InlinePolicy
		}
		return err
	})
}
