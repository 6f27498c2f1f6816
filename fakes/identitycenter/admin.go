package identitycenter

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
)

// adminPrefix is what the operations of sso-admin are called by in X-Amz-Target.
const adminPrefix = "SWBExternalService"

// adminOperation is one of sso-admin's.
type adminOperation struct {
	do func(*Replica) awsjson.Operation
	// additional says that additional Regions answer it too (IAM Identity Center User Guide, "API support in additional
	// Regions"): what reads the instance and what manages applications. All else is the primary's.
	additional bool
}

const everywhere, primaryAlone = true, false

// adminOperations is all of sso-admin that is served, and where (IAM Identity Center API Reference, "Actions").
func adminOperations() map[string]adminOperation {
	all := map[string]adminOperation{
		"ListInstances":    {typed((*Replica).listInstances), everywhere},
		"DescribeInstance": {typed((*Replica).describeInstance), everywhere},
		"UpdateInstance":   {typed((*Replica).updateInstance), primaryAlone},

		"ListRegions":    {typed((*Replica).listRegions), everywhere},
		"DescribeRegion": {typed((*Replica).describeRegion), everywhere},
		"AddRegion":      {typed((*Replica).addRegion), primaryAlone},
		"RemoveRegion":   {typed((*Replica).removeRegion), primaryAlone},
	}
	maps.Copy(all, permissionOperations())
	maps.Copy(all, applicationOperations())
	return all
}

func permissionOperations() map[string]adminOperation {
	return map[string]adminOperation{
		"CreatePermissionSet":                     {typed((*Replica).createPermissionSet), primaryAlone},
		"DescribePermissionSet":                   {typed((*Replica).describePermissionSet), primaryAlone},
		"UpdatePermissionSet":                     {typed((*Replica).updatePermissionSet), primaryAlone},
		"DeletePermissionSet":                     {typed((*Replica).deletePermissionSet), primaryAlone},
		"ListPermissionSets":                      {typed((*Replica).listPermissionSets), primaryAlone},
		"AttachManagedPolicyToPermissionSet":      {typed((*Replica).attachManagedPolicy), primaryAlone},
		"DetachManagedPolicyFromPermissionSet":    {typed((*Replica).detachManagedPolicy), primaryAlone},
		"ListManagedPoliciesInPermissionSet":      {typed((*Replica).listManagedPolicies), primaryAlone},
		"PutInlinePolicyToPermissionSet":          {typed((*Replica).putInlinePolicy), primaryAlone},
		"GetInlinePolicyForPermissionSet":         {typed((*Replica).getInlinePolicy), primaryAlone},
		"DeleteInlinePolicyFromPermissionSet":     {typed((*Replica).deleteInlinePolicy), primaryAlone},
		"ProvisionPermissionSet":                  {typed((*Replica).provisionPermissionSet), primaryAlone},
		"DescribePermissionSetProvisioningStatus": {typed((*Replica).describeProvisioning), primaryAlone},
		"ListPermissionSetProvisioningStatus":     {typed((*Replica).listProvisioning), primaryAlone},
		"ListPermissionSetsProvisionedToAccount":  {typed((*Replica).listSetsOfAccount), primaryAlone},
		"ListAccountsForProvisionedPermissionSet": {typed((*Replica).listAccountsOfSet), primaryAlone},

		"CreateAccountAssignment":                 {typed((*Replica).createAssignment), primaryAlone},
		"DeleteAccountAssignment":                 {typed((*Replica).deleteAssignment), primaryAlone},
		"DescribeAccountAssignmentCreationStatus": {typed((*Replica).describeAssignmentCreation), primaryAlone},
		"DescribeAccountAssignmentDeletionStatus": {typed((*Replica).describeAssignmentDeletion), primaryAlone},
		"ListAccountAssignmentCreationStatus":     {typed((*Replica).listAssignmentCreations), primaryAlone},
		"ListAccountAssignmentDeletionStatus":     {typed((*Replica).listAssignmentDeletions), primaryAlone},
		"ListAccountAssignments":                  {typed((*Replica).listAssignments), primaryAlone},
		"ListAccountAssignmentsForPrincipal":      {typed((*Replica).listAssignmentsOf), primaryAlone},
	}
}

func applicationOperations() map[string]adminOperation {
	return map[string]adminOperation{
		"CreateApplication":                      {typed((*Replica).createApplication), everywhere},
		"DescribeApplication":                    {typed((*Replica).describeApplication), everywhere},
		"UpdateApplication":                      {typed((*Replica).updateApplication), everywhere},
		"DeleteApplication":                      {typed((*Replica).deleteApplication), everywhere},
		"ListApplications":                       {typed((*Replica).listApplications), everywhere},
		"CreateApplicationAssignment":            {typed((*Replica).createApplicationAssignment), everywhere},
		"DescribeApplicationAssignment":          {typed((*Replica).describeApplicationAssignment), everywhere},
		"DeleteApplicationAssignment":            {typed((*Replica).deleteApplicationAssignment), everywhere},
		"ListApplicationAssignments":             {typed((*Replica).listApplicationAssignments), everywhere},
		"ListApplicationAssignmentsForPrincipal": {typed((*Replica).listApplicationsOf), everywhere},
		"GetApplicationAssignmentConfiguration":  {typed((*Replica).getAssignmentConfiguration), everywhere},
		"PutApplicationAssignmentConfiguration":  {typed((*Replica).putAssignmentConfiguration), everywhere},
	}
}

// typed makes a row's operation of a method with typed input and output. What KMS refuses it says as sso-admin does.
func typed[A, R any](do func(*Replica, context.Context, *A) (R, error)) func(*Replica) awsjson.Operation {
	return func(r *Replica) awsjson.Operation {
		return awsjson.To(func(req *http.Request, in *A) (R, error) {
			out, err := do(r, req.Context(), in)
			var kms *errKMS
			switch {
			case errors.As(err, &kms):
				err = keyFault(kms.err)
			case errors.Is(err, errEmpty):
				err = notFound("IAM Identity Center is not enabled in this Region.")
			}
			return out, err
		})
	}
}

// adminHandler serves sso-admin in this Region.
func (r *Replica) adminHandler(string) http.Handler {
	operations := adminOperations()
	return awsjson.Handler(adminPrefix, func(name string) awsjson.Operation {
		op, known := operations[name]
		switch {
		case !known:
			return nil
		case !op.additional && !r.primary():
			return r.signed("sso", name, func(*http.Request, []byte) (any, error) { return nil, r.primaryOnly() })
		}
		return r.signed("sso", name, op.do(r))
	})
}

// primaryOnly is the answer of an additional Region to what only the primary can do.
func (r *Replica) primaryOnly() error {
	code, status := r.cfg.Behaviour.PrimaryOnlyError, http.StatusForbidden
	if code != "AccessDeniedException" {
		status = http.StatusBadRequest
	}
	return awsjson.NewFault(status, code, "This operation is supported only in the primary Region of the instance, %s.",
		r.cfg.Instance.Primary)
}

// ofInstance is what most operations name. It is checked before anything is looked for.
func (r *Replica) ofInstance(arn string) error {
	if arn == "" {
		return invalid("InstanceArn is required.")
	}
	if arn != r.cfg.Instance.ARN() {
		return notFound("There is no instance with the ARN %s.", arn)
	}
	return nil
}

// opened has the data keys opened for an operation on the instance, if it is this one and the Region is in service.
func (r *Replica) opened(ctx context.Context, instance string) (records.Keys, error) {
	if err := r.ofInstance(instance); err != nil {
		return nil, err
	}
	if _, err := r.configuration(ctx); err != nil {
		return nil, err
	}
	return r.vault.keys(ctx)
}

// read looks into the records for an operation on the instance.
func (r *Replica) read(ctx context.Context, instance string, do func(*records.Tx) error) error {
	keys, err := r.opened(ctx, instance)
	if err != nil {
		return err
	}
	return r.store.View(keys, do)
}

// change changes them.
func (r *Replica) change(ctx context.Context, instance string, do func(*records.Tx) error) error {
	keys, err := r.opened(ctx, instance)
	if err != nil {
		return err
	}
	return r.update(keys, do)
}

// paging is what lists are asked with.
type paging struct {
	MaxResults *int
	NextToken  string
}

// collect gathers a page of what each yields in the order of ids, which it is told to begin after. The token is that of
// the next page, empty after the last.
func (p *paging) collect(
	most int, each func(after string, take func(id string) bool) error,
) (token string, err error) {
	size := most
	if p.MaxResults != nil {
		if size = *p.MaxResults; size < 1 || size > most {
			return "", invalid("MaxResults must be 1 to %d.", most)
		}
	}
	after := ""
	if p.NextToken != "" {
		raw, err := base64.RawURLEncoding.DecodeString(p.NextToken)
		if err != nil || len(raw) == 0 {
			return "", invalid("NextToken is not one that was given out.")
		}
		after = string(raw)
	}
	last, n := "", 0
	err = each(after, func(id string) bool {
		if n == size {
			token = base64.RawURLEncoding.EncodeToString([]byte(last))
			return false
		}
		last, n = id, n+1
		return true
	})
	return token, err
}

// listed gathers a page of a kind's records that match.
func listed[T any](
	tx *records.Tx, p *paging, kind string, match func(*T) bool, add func(id string, v *T),
) (string, error) {
	return p.collect(maxPage, func(after string, take func(string) bool) error {
		return tx.Each(kind, after, func(id string, raw json.RawMessage) (bool, error) {
			v := new(T)
			if err := json.Unmarshal(raw, v); err != nil {
				return false, err
			}
			if match != nil && !match(v) {
				return true, nil
			}
			more := take(id)
			if more {
				add(id, v)
			}
			return more, nil
		})
	})
}

// seconds is how AWS's JSON protocol writes an instant: seconds since 1970.
type seconds time.Time

func (s seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(s).UnixMilli()) / 1000)
}

// isOne tells whether a word is one of those that the API knows.
func isOne(word string, of ...string) bool { return slices.Contains(of, word) }
