package identitycenter

import (
	"context"

	"github.com/regiondrill/regiondrill/fakes/records"
)

type provisionIn struct{ InstanceArn, PermissionSetArn, TargetType, TargetId string }

type provisioningStatus struct {
	RequestId        string
	Status           string
	AccountId        string `json:",omitempty"`
	PermissionSetArn string
	CreatedDate      seconds
}

type provisioningOut struct{ PermissionSetProvisioningStatus provisioningStatus }

func (r *Replica) provisioningStatus(op *operation) provisioningStatus {
	return provisioningStatus{op.ID, op.Status, op.Account, r.cfg.Instance.PermissionSetARN(op.Set), seconds(op.Created)}
}

// provisionPermissionSet updates the roles of a permission set in one account or in all where it is assigned. Roles
// that were provisioned once are used from every Region, and replication has no part in it.
func (r *Replica) provisionPermissionSet(ctx context.Context, in *provisionIn) (*provisioningOut, error) {
	op := &operation{Kind: operationProvision, Account: in.TargetId}
	err := r.change(ctx, in.InstanceArn, func(tx *records.Tx) error {
		p, err := r.permissionSet(tx, in.PermissionSetArn)
		switch {
		case err != nil:
			return err
		case !isOne(in.TargetType, targetAccount, "ALL_PROVISIONED_ACCOUNTS"):
			return invalid("TargetType must be AWS_ACCOUNT or ALL_PROVISIONED_ACCOUNTS.")
		case in.TargetType == targetAccount && !tx.Has(kindAccount, in.TargetId):
			return notFound("There is no account %s in the organization.", in.TargetId)
		}
		op.Set = p.ID
		return r.begin(tx, op)
	})
	if err != nil {
		return nil, err
	}
	r.attend(op)
	return &provisioningOut{r.provisioningStatus(op)}, nil
}

type provisioningStatusIn struct{ InstanceArn, ProvisionPermissionSetRequestId string }

func (r *Replica) describeProvisioning(ctx context.Context, in *provisioningStatusIn) (*provisioningOut, error) {
	out := new(provisioningOut)
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		var op operation
		found, err := tx.Get(kindOperation, in.ProvisionPermissionSetRequestId, &op)
		if err == nil && (!found || op.Kind != operationProvision) {
			err = notFound("There is no such request %s.", in.ProvisionPermissionSetRequestId)
		}
		out.PermissionSetProvisioningStatus = r.provisioningStatus(&op)
		return err
	})
}

type provisioningList struct {
	PermissionSetsProvisioningStatus []statusMetadata
	NextToken                        string `json:",omitempty"`
}

func (r *Replica) listProvisioning(ctx context.Context, in *statusListIn) (*provisioningList, error) {
	list, token, err := r.operations(ctx, in, operationProvision)
	return &provisioningList{list, token}, err
}
