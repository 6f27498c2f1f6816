package identitycenter

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
)

// operation is something that takes a while: an assignment that is made or deleted, or a permission set that is
// provisioned in an account. It is recorded, so that a restart doesn't forget it.
type operation struct {
	ID         string      `json:"id"`
	Kind       string      `json:"kind"`
	Status     string      `json:"status"`
	Failure    string      `json:"failure,omitempty"`
	Assignment *Assignment `json:"assignment,omitempty"`
	Set        string      `json:"set,omitempty"`     // of a provisioning
	Account    string      `json:"account,omitempty"` // of a provisioning; empty for all
	Created    time.Time   `json:"created"`
}

const (
	operationCreate    = "create"
	operationDelete    = "delete"
	operationProvision = "provision"

	statusInProgress = "IN_PROGRESS"
	statusSucceeded  = "SUCCEEDED"
	statusFailed     = "FAILED"
)

// maxOutstanding is how many assignments may be under way at once (IAM Identity Center User Guide, "Quotas").
const maxOutstanding = 15

// begin records an operation that ends by and by.
func (r *Replica) begin(tx *records.Tx, op *operation) error {
	outstanding := 0
	err := each(tx, kindOperation, func(_ string, other *operation) error {
		if other.Status == statusInProgress && other.Kind != operationProvision {
			outstanding++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if outstanding >= maxOutstanding {
		return awsjson.NewFault(http.StatusTooManyRequests, "ThrottlingException",
			"%d account assignments are under way, which is the most.", outstanding)
	}
	op.ID, op.Status, op.Created = newID(), statusInProgress, r.now()
	return tx.Put(kindOperation, op.ID, op)
}

// attend has operations that are under way end when their time has come.
func (r *Replica) attend(op *operation) {
	r.mu.Lock()
	ctx := r.context
	r.mu.Unlock()
	if ctx == nil || ctx.Err() != nil {
		return // it is taken up when the Region starts
	}
	r.background(func() {
		if !pause(ctx, r.cfg.Behaviour.AssignmentTime) {
			return
		}
		for {
			keys, err := r.vault.keys(ctx)
			if err == nil && r.update(keys, func(tx *records.Tx) error { return finish(tx, op.ID) }) == nil {
				return
			}
			if !pause(ctx, retryLast) {
				return
			}
		}
	})
}

// finish does what an operation was for.
func finish(tx *records.Tx, id string) error {
	op, err := get[operation](tx, kindOperation, id)
	if err != nil || op.Status != statusInProgress {
		return err
	}
	op.Status = statusSucceeded
	switch op.Kind {
	case operationCreate:
		if !tx.Has(kindPermissionSet, op.Assignment.PermissionSet) {
			op.Status, op.Failure = statusFailed, "The permission set was deleted meanwhile."
			break
		}
		err = putAssignment(tx, op.Assignment)
	case operationDelete:
		err = tx.Delete(kindAssignment, op.Assignment.id())
	}
	if err != nil {
		return err
	}
	return tx.Put(kindOperation, op.ID, op)
}

// resume takes up the operations that were under way when the Region stopped.
func (r *Replica) resume(keys records.Keys) error {
	var open []*operation
	err := r.store.View(keys, func(tx *records.Tx) error {
		return each(tx, kindOperation, func(_ string, op *operation) error {
			if op.Status == statusInProgress {
				open = append(open, op)
			}
			return nil
		})
	})
	for _, op := range open {
		r.attend(op)
	}
	return err
}

type assignmentIn struct {
	InstanceArn, PermissionSetArn, PrincipalId, PrincipalType, TargetId, TargetType string
}

type assignmentStatus struct {
	RequestId        string
	Status           string
	FailureReason    string `json:",omitempty"`
	CreatedDate      seconds
	PermissionSetArn string `json:",omitempty"`
	PrincipalId      string `json:",omitempty"`
	PrincipalType    string `json:",omitempty"`
	TargetId         string `json:",omitempty"`
	TargetType       string `json:",omitempty"`
}

func (r *Replica) assignmentStatus(tx *records.Tx, op *operation) *assignmentStatus {
	a := op.Assignment
	return &assignmentStatus{
		op.ID, op.Status, op.Failure, seconds(op.Created), r.cfg.Instance.PermissionSetARN(a.PermissionSet),
		a.Principal, principalType(tx, a.Principal), a.Account, targetAccount,
	}
}

const (
	principalUser  = "USER"
	principalGroup = "GROUP"
	targetAccount  = "AWS_ACCOUNT"
)

func principalType(tx *records.Tx, id string) string {
	if tx.Has(kindGroup, id) {
		return principalGroup
	}
	return principalUser
}

// checkPrincipal refuses who is not in the directory.
func checkPrincipal(tx *records.Tx, kind, id string) error {
	switch {
	case kind == principalUser && !tx.Has(kindUser, id), kind == principalGroup && !tx.Has(kindGroup, id):
		return notFound("There is no %s %s in the identity store.", kind, id)
	case !isOne(kind, principalUser, principalGroup):
		return invalid("PrincipalType must be USER or GROUP.")
	}
	return nil
}

// knownPrincipals are those by whom a principal of the directory is assigned anything.
func knownPrincipals(tx *records.Tx, kind, id string) ([]string, error) {
	if err := checkPrincipal(tx, kind, id); err != nil {
		return nil, err
	}
	return principalsOf(tx, id)
}

// assignment is what a call names, checked.
func (r *Replica) assignment(tx *records.Tx, in *assignmentIn) (*Assignment, error) {
	p, err := r.permissionSet(tx, in.PermissionSetArn)
	switch {
	case err != nil:
		return nil, err
	case in.TargetType != targetAccount:
		return nil, invalid("TargetType must be AWS_ACCOUNT.")
	case !tx.Has(kindAccount, in.TargetId):
		return nil, notFound("There is no account %s in the organization.", in.TargetId)
	}
	if err := checkPrincipal(tx, in.PrincipalType, in.PrincipalId); err != nil {
		return nil, err
	}
	return &Assignment{Principal: in.PrincipalId, PermissionSet: p.ID, Account: in.TargetId}, nil
}

// operate records what is to become of an assignment, and has it done.
func (r *Replica) operate(ctx context.Context, in *assignmentIn, kind string) (*assignmentStatus, error) {
	var status *assignmentStatus
	op := &operation{Kind: kind}
	err := r.change(ctx, in.InstanceArn, func(tx *records.Tx) (err error) {
		if op.Assignment, err = r.assignment(tx, in); err != nil {
			return err
		}
		if kind == operationDelete && !tx.Has(kindAssignment, op.Assignment.id()) {
			return notFound("The permission set is not assigned to %s in %s.", in.PrincipalId, in.TargetId)
		}
		if err = r.begin(tx, op); err == nil {
			status = r.assignmentStatus(tx, op)
		}
		return err
	})
	if err == nil {
		r.attend(op)
	}
	return status, err
}

type creationOut struct{ AccountAssignmentCreationStatus *assignmentStatus }

type deletionOut struct{ AccountAssignmentDeletionStatus *assignmentStatus }

func (r *Replica) createAssignment(ctx context.Context, in *assignmentIn) (*creationOut, error) {
	status, err := r.operate(ctx, in, operationCreate)
	return &creationOut{status}, err
}

func (r *Replica) deleteAssignment(ctx context.Context, in *assignmentIn) (*deletionOut, error) {
	status, err := r.operate(ctx, in, operationDelete)
	return &deletionOut{status}, err
}

type creationStatusIn struct{ InstanceArn, AccountAssignmentCreationRequestId string }

func (r *Replica) describeAssignmentCreation(ctx context.Context, in *creationStatusIn) (*creationOut, error) {
	status, err := r.operation(ctx, in.InstanceArn, in.AccountAssignmentCreationRequestId, operationCreate)
	return &creationOut{status}, err
}

type deletionStatusIn struct{ InstanceArn, AccountAssignmentDeletionRequestId string }

func (r *Replica) describeAssignmentDeletion(ctx context.Context, in *deletionStatusIn) (*deletionOut, error) {
	status, err := r.operation(ctx, in.InstanceArn, in.AccountAssignmentDeletionRequestId, operationDelete)
	return &deletionOut{status}, err
}

// operation finds one of assignments.
func (r *Replica) operation(ctx context.Context, instance, id, kind string) (status *assignmentStatus, err error) {
	err = r.read(ctx, instance, func(tx *records.Tx) error {
		var op operation
		found, err := tx.Get(kindOperation, id, &op)
		if err == nil && (!found || op.Kind != kind) {
			err = notFound("There is no such request %s.", id)
		}
		if err == nil {
			status = r.assignmentStatus(tx, &op)
		}
		return err
	})
	return status, err
}

type statusListIn struct {
	paging
	InstanceArn string
	Filter      struct{ Status string }
}

type statusMetadata struct {
	RequestId   string
	Status      string
	CreatedDate seconds
}

// operations lists those of a kind.
func (r *Replica) operations(
	ctx context.Context, in *statusListIn, kind string,
) (list []statusMetadata, token string, err error) {
	list = []statusMetadata{}
	match := func(op *operation) bool {
		return op.Kind == kind && (in.Filter.Status == "" || in.Filter.Status == op.Status)
	}
	err = r.read(ctx, in.InstanceArn, func(tx *records.Tx) (err error) {
		token, err = listed(tx, &in.paging, kindOperation, match, func(_ string, op *operation) {
			list = append(list, statusMetadata{op.ID, op.Status, seconds(op.Created)})
		})
		return err
	})
	return list, token, err
}

type creationList struct {
	AccountAssignmentsCreationStatus []statusMetadata
	NextToken                        string `json:",omitempty"`
}

func (r *Replica) listAssignmentCreations(ctx context.Context, in *statusListIn) (*creationList, error) {
	list, token, err := r.operations(ctx, in, operationCreate)
	return &creationList{list, token}, err
}

type deletionList struct {
	AccountAssignmentsDeletionStatus []statusMetadata
	NextToken                        string `json:",omitempty"`
}

func (r *Replica) listAssignmentDeletions(ctx context.Context, in *statusListIn) (*deletionList, error) {
	list, token, err := r.operations(ctx, in, operationDelete)
	return &deletionList{list, token}, err
}

type accountAssignment struct{ AccountId, PermissionSetArn, PrincipalId, PrincipalType string }

type assignmentList struct {
	AccountAssignments []accountAssignment
	NextToken          string `json:",omitempty"`
}

type listAssignmentsIn struct {
	paging
	InstanceArn, AccountId, PermissionSetArn string
}

func (r *Replica) listAssignments(ctx context.Context, in *listAssignmentsIn) (*assignmentList, error) {
	out := &assignmentList{AccountAssignments: []accountAssignment{}}
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		p, err := r.permissionSet(tx, in.PermissionSetArn)
		if err != nil {
			return err
		}
		match := func(a *Assignment) bool { return a.Account == in.AccountId && a.PermissionSet == p.ID }
		out.NextToken, err = listed(tx, &in.paging, kindAssignment, match, func(_ string, a *Assignment) {
			out.AccountAssignments = append(out.AccountAssignments, r.accountAssignment(tx, a))
		})
		return err
	})
}

func (r *Replica) accountAssignment(tx *records.Tx, a *Assignment) accountAssignment {
	arn := r.cfg.Instance.PermissionSetARN(a.PermissionSet)
	return accountAssignment{a.Account, arn, a.Principal, principalType(tx, a.Principal)}
}

type assignmentsOfIn struct {
	paging
	InstanceArn, PrincipalId, PrincipalType string
	Filter                                  struct{ AccountId string }
}

// listAssignmentsOf a principal; a user's are those of their groups too.
func (r *Replica) listAssignmentsOf(ctx context.Context, in *assignmentsOfIn) (*assignmentList, error) {
	out := &assignmentList{AccountAssignments: []accountAssignment{}}
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		principals, err := knownPrincipals(tx, in.PrincipalType, in.PrincipalId)
		if err != nil {
			return err
		}
		match := func(a *Assignment) bool {
			return slices.Contains(principals, a.Principal) && isOne(in.Filter.AccountId, "", a.Account)
		}
		out.NextToken, err = listed(tx, &in.paging, kindAssignment, match, func(_ string, a *Assignment) {
			out.AccountAssignments = append(out.AccountAssignments, r.accountAssignment(tx, a))
		})
		return err
	})
}

type provisionedIn struct {
	paging
	InstanceArn, AccountId, PermissionSetArn, ProvisioningStatus string
}

func (r *Replica) listSetsOfAccount(ctx context.Context, in *provisionedIn) (*permissionSetList, error) {
	out := &permissionSetList{PermissionSets: []string{}}
	found, token, err := r.provisioned(ctx, in, func(a *Assignment) (string, bool) {
		return r.cfg.Instance.PermissionSetARN(a.PermissionSet), a.Account == in.AccountId
	})
	out.PermissionSets, out.NextToken = append(out.PermissionSets, found...), token
	return out, err
}

type provisionedAccounts struct {
	AccountIds []string
	NextToken  string `json:",omitempty"`
}

func (r *Replica) listAccountsOfSet(ctx context.Context, in *provisionedIn) (*provisionedAccounts, error) {
	out := &provisionedAccounts{AccountIds: []string{}}
	found, token, err := r.provisioned(ctx, in, func(a *Assignment) (string, bool) {
		return a.Account, r.cfg.Instance.PermissionSetARN(a.PermissionSet) == in.PermissionSetArn
	})
	out.AccountIds, out.NextToken = append(out.AccountIds, found...), token
	return out, err
}

// provisioned gathers a page of what assignments yield, each once.
func (r *Replica) provisioned(
	ctx context.Context, in *provisionedIn, of func(*Assignment) (string, bool),
) (page []string, token string, err error) {
	err = r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		var all []string
		err := tx.Each(kindAssignment, "", func(_ string, raw json.RawMessage) (bool, error) {
			var a Assignment
			err := json.Unmarshal(raw, &a)
			if id, ours := of(&a); err == nil && ours && !slices.Contains(all, id) {
				all = append(all, id)
			}
			return true, err
		})
		if err != nil {
			return err
		}
		slices.Sort(all)
		token, err = in.collect(maxPage, func(after string, take func(string) bool) error {
			for _, id := range all {
				if id > after {
					if !take(id) {
						return nil
					}
					page = append(page, id)
				}
			}
			return nil
		})
		return err
	})
	return page, token, err
}
