package identitycenter

import (
	"context"

	"github.com/regiondrill/regiondrill/fakes/records"
)

type applicationAssignmentIn struct{ ApplicationArn, PrincipalId, PrincipalType string }

func putApplicationAssignment(tx *records.Tx, a *ApplicationAssignment) error {
	return tx.Put(kindApplicationAssignment, a.id(), a, records.Index{Name: indexApplication, Value: a.Application})
}

// createApplicationAssignment lets a principal use an application; one that may already may go on.
func (r *Replica) createApplicationAssignment(ctx context.Context, in *applicationAssignmentIn) (struct{}, error) {
	return struct{}{}, r.change(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.ownApplication(tx, in.ApplicationArn)
		if err != nil {
			return err
		}
		if err := checkPrincipal(tx, in.PrincipalType, in.PrincipalId); err != nil {
			return err
		}
		return putApplicationAssignment(tx, &ApplicationAssignment{a.ID, in.PrincipalId})
	})
}

func (r *Replica) deleteApplicationAssignment(ctx context.Context, in *applicationAssignmentIn) (struct{}, error) {
	return struct{}{}, r.change(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.ownApplication(tx, in.ApplicationArn)
		if err != nil {
			return err
		}
		of := ApplicationAssignment{a.ID, in.PrincipalId}
		if !tx.Has(kindApplicationAssignment, of.id()) {
			return notFound("The application is not assigned to %s.", in.PrincipalId)
		}
		return tx.Delete(kindApplicationAssignment, of.id())
	})
}

type applicationAssignmentOut struct{ ApplicationArn, PrincipalId, PrincipalType string }

func (r *Replica) applicationAssignmentOut(tx *records.Tx, a *ApplicationAssignment) applicationAssignmentOut {
	arn := r.cfg.Instance.ApplicationARN(a.Application)
	return applicationAssignmentOut{arn, a.Principal, principalType(tx, a.Principal)}
}

func (r *Replica) describeApplicationAssignment(
	ctx context.Context, in *applicationAssignmentIn,
) (*applicationAssignmentOut, error) {
	out := new(applicationAssignmentOut)
	return out, r.read(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.application(tx, in.ApplicationArn)
		if err != nil {
			return err
		}
		of := ApplicationAssignment{a.ID, in.PrincipalId}
		if !tx.Has(kindApplicationAssignment, of.id()) {
			return notFound("The application is not assigned to %s.", in.PrincipalId)
		}
		*out = r.applicationAssignmentOut(tx, &of)
		return nil
	})
}

type applicationAssignmentsIn struct {
	paging
	ApplicationArn string
}

type applicationAssignmentList struct {
	ApplicationAssignments []applicationAssignmentOut
	NextToken              string `json:",omitempty"`
}

func (r *Replica) listApplicationAssignments(
	ctx context.Context, in *applicationAssignmentsIn,
) (*applicationAssignmentList, error) {
	out := &applicationAssignmentList{ApplicationAssignments: []applicationAssignmentOut{}}
	return out, r.read(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.application(tx, in.ApplicationArn)
		if err != nil {
			return err
		}
		return r.listTo(tx, out, &in.paging, func(of *ApplicationAssignment) bool { return of.Application == a.ID })
	})
}

type applicationsOfIn struct {
	paging
	InstanceArn, PrincipalId, PrincipalType string
	Filter                                  struct{ ApplicationArn string }
}

func (r *Replica) listApplicationsOf(ctx context.Context, in *applicationsOfIn) (*applicationAssignmentList, error) {
	out := &applicationAssignmentList{ApplicationAssignments: []applicationAssignmentOut{}}
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) error {
		principals, err := knownPrincipals(tx, in.PrincipalType, in.PrincipalId)
		if err != nil {
			return err
		}
		return r.listTo(tx, out, &in.paging, func(of *ApplicationAssignment) bool {
			return isOne(of.Principal, principals...) &&
				isOne(in.Filter.ApplicationArn, "", r.cfg.Instance.ApplicationARN(of.Application))
		})
	})
}

// listTo adds a page of the assignments that match.
func (r *Replica) listTo(
	tx *records.Tx, out *applicationAssignmentList, p *paging, match func(*ApplicationAssignment) bool,
) (err error) {
	out.NextToken, err = listed(tx, p, kindApplicationAssignment, match, func(_ string, of *ApplicationAssignment) {
		out.ApplicationAssignments = append(out.ApplicationAssignments, r.applicationAssignmentOut(tx, of))
	})
	return err
}

type assignmentConfiguration struct {
	ApplicationArn     string `json:",omitempty"`
	AssignmentRequired bool
}

func (r *Replica) getAssignmentConfiguration(ctx context.Context, in *applicationIn) (*assignmentConfiguration, error) {
	out := new(assignmentConfiguration)
	return out, r.read(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.application(tx, in.ApplicationArn)
		if err == nil {
			out.AssignmentRequired = !a.AssignmentOptional
		}
		return err
	})
}

func (r *Replica) putAssignmentConfiguration(ctx context.Context, in *assignmentConfiguration) (struct{}, error) {
	return struct{}{}, r.change(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.ownApplication(tx, in.ApplicationArn)
		if err != nil {
			return err
		}
		a.AssignmentOptional = !in.AssignmentRequired
		return tx.Put(kindApplication, a.ID, a)
	})
}
