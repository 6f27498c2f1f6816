package identitycenter

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
)

// Application is what people start from the portal. It is managed in the Region that it is connected to alone, and
// needs that Region when somebody signs in to it (IAM Identity Center User Guide, "Applications in multiple Regions").
type Application struct {
	ID                 string    `json:"id"`
	Name               string    `json:"name"`
	Description        string    `json:"description,omitempty"`
	Provider           string    `json:"provider"` // ARN of its application provider
	Region             string    `json:"region"`   // that it is connected to
	Status             string    `json:"status"`
	Visibility         string    `json:"visibility"`
	Origin             string    `json:"origin"`        // of the sign-in: IDENTITY_CENTER or APPLICATION
	URL                string    `json:"url,omitempty"` // where it begins, of APPLICATION
	AssignmentOptional bool      `json:"assignmentOptional,omitempty"`
	Created            time.Time `json:"created"`
}

const (
	enabled  = "ENABLED"
	disabled = "DISABLED"

	originCenter      = "IDENTITY_CENTER"
	originApplication = "APPLICATION"
)

// ApplicationAssignment lets a user or a group use an application, by their IDs.
type ApplicationAssignment struct {
	Application string `json:"application"`
	Principal   string `json:"principal"`
}

func (a *ApplicationAssignment) id() string { return a.Application + "/" + a.Principal }

type signInOptions struct {
	Origin         string
	ApplicationUrl string `json:",omitempty"`
}

type portalOptions struct {
	Visibility    string
	SignInOptions *signInOptions `json:",omitempty"`
}

type applicationOut struct {
	ApplicationArn         string
	ApplicationProviderArn string
	ApplicationAccount     string
	InstanceArn            string
	IdentityStoreArn       string
	Name                   string
	Description            string `json:",omitempty"`
	Status                 string
	PortalOptions          portalOptions
	CreatedDate            seconds
	CreatedFrom            string
}

func (r *Replica) applicationOut(a *Application) applicationOut {
	i := r.cfg.Instance
	return applicationOut{
		i.ApplicationARN(a.ID), a.Provider, i.Account, i.ARN(), i.IdentityStoreARN(), a.Name, a.Description, a.Status,
		portalOptions{a.Visibility, &signInOptions{a.Origin, a.URL}}, seconds(a.Created), a.Region,
	}
}

// setOptions takes over what a call says of the portal.
func (a *Application) setOptions(o *portalOptions) {
	if o == nil {
		return
	}
	if o.Visibility != "" {
		a.Visibility = o.Visibility
	}
	if s := o.SignInOptions; s != nil {
		a.Origin, a.URL = s.Origin, s.ApplicationUrl
	}
}

// applicationURL has the characters that there may be in one (IAM Identity Center API Reference, SignInOptions): no
// quotes and no angle brackets.
var applicationURL = regexp.MustCompile(`^https?://[\w+&@#/%?=~|!:,.;-]+$`)

func (a *Application) check() error {
	to, err := url.Parse(a.URL)
	web := err == nil && to.Host != "" && len(a.URL) <= 512 && applicationURL.MatchString(a.URL)
	switch {
	case a.Name == "" || len(a.Name) > 100:
		return invalid("Name must have 1 to 100 characters.")
	case !isOne(a.Status, enabled, disabled):
		return invalid("Status must be ENABLED or DISABLED.")
	case !isOne(a.Visibility, enabled, disabled):
		return invalid("Visibility must be ENABLED or DISABLED.")
	case !isOne(a.Origin, originCenter, originApplication):
		return invalid("Origin must be IDENTITY_CENTER or APPLICATION.")
	case len(a.Description) > 128:
		return invalid("Description must have at most 128 characters.")
	case !web && (a.Origin == originApplication || a.URL != ""):
		return invalid("ApplicationUrl must be a URL of the web where the sign-in begins at the application.")
	}
	return nil
}

type createApplicationIn struct {
	InstanceArn, ApplicationProviderArn, Name, Description, Status string
	PortalOptions                                                  *portalOptions
}

type createApplicationOut struct{ ApplicationArn, InstanceArn, IdentityStoreArn string }

// createApplication connects a new one to this Region.
func (r *Replica) createApplication(ctx context.Context, in *createApplicationIn) (*createApplicationOut, error) {
	id := make([]byte, 8)
	rand.Read(id)
	a := &Application{ID: "apl-" + hex.EncodeToString(id), Name: in.Name, Description: in.Description, Status: enabled,
		Provider: in.ApplicationProviderArn, Region: r.cfg.Region, Visibility: enabled, Origin: originCenter,
		Created: r.now()}
	if in.Status != "" {
		a.Status = in.Status
	}
	if !strings.Contains(in.ApplicationProviderArn, ":applicationProvider/") {
		return nil, invalid("ApplicationProviderArn is not that of an application provider.")
	}
	a.setOptions(in.PortalOptions)
	if err := a.check(); err != nil {
		return nil, err
	}
	i := r.cfg.Instance
	return &createApplicationOut{i.ApplicationARN(a.ID), i.ARN(), i.IdentityStoreARN()},
		r.change(ctx, in.InstanceArn, func(tx *records.Tx) error { return tx.Put(kindApplication, a.ID, a) })
}

// application finds one by its ARN. One of a Region that the instance no longer has is not reached.
func (r *Replica) application(tx *records.Tx, arn string) (*Application, error) {
	id, ours := strings.CutPrefix(arn, r.cfg.Instance.ApplicationARN(""))
	a := new(Application)
	found, err := tx.Get(kindApplication, id, a)
	switch {
	case err != nil:
		return nil, err
	case arn == "":
		return nil, invalid("ApplicationArn is required.")
	case !ours || !found || !tx.Has(kindRegion, a.Region):
		return nil, notFound("There is no application with the ARN %s.", arn)
	}
	return a, nil
}

// ownApplication is one that this Region manages.
func (r *Replica) ownApplication(tx *records.Tx, arn string) (*Application, error) {
	a, err := r.application(tx, arn)
	if err == nil && a.Region != r.cfg.Region {
		err = awsjson.NewFault(http.StatusForbidden, "AccessDeniedException",
			"The application is managed in the Region that it is connected to, %s.", a.Region)
	}
	return a, err
}

type applicationIn struct{ ApplicationArn string }

func (r *Replica) describeApplication(ctx context.Context, in *applicationIn) (*applicationOut, error) {
	out := new(applicationOut)
	return out, r.read(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.application(tx, in.ApplicationArn)
		if err == nil {
			*out = r.applicationOut(a)
		}
		return err
	})
}

type updateApplicationIn struct {
	ApplicationArn            string
	Name, Description, Status *string
	PortalOptions             *portalOptions
}

func (r *Replica) updateApplication(ctx context.Context, in *updateApplicationIn) (struct{}, error) {
	return struct{}{}, r.change(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.ownApplication(tx, in.ApplicationArn)
		if err != nil {
			return err
		}
		setIf(&a.Name, in.Name)
		setIf(&a.Description, in.Description)
		setIf(&a.Status, in.Status)
		a.setOptions(in.PortalOptions)
		if err := a.check(); err != nil {
			return err
		}
		return tx.Put(kindApplication, a.ID, a)
	})
}

// setIf sets what a call says anything of.
func setIf[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (r *Replica) deleteApplication(ctx context.Context, in *applicationIn) (struct{}, error) {
	return struct{}{}, r.change(ctx, r.cfg.Instance.ARN(), func(tx *records.Tx) error {
		a, err := r.ownApplication(tx, in.ApplicationArn)
		if err != nil {
			return err
		}
		var gone []string
		err = eachOf(tx, kindApplicationAssignment, indexApplication, a.ID, func(of *ApplicationAssignment) error {
			gone = append(gone, of.id())
			return nil
		})
		for _, id := range gone {
			if err == nil {
				err = tx.Delete(kindApplicationAssignment, id)
			}
		}
		if err != nil {
			return err
		}
		return tx.Delete(kindApplication, a.ID)
	})
}

type listApplicationsIn struct {
	paging
	InstanceArn string
	Filter      struct{ ApplicationAccount, ApplicationProvider string }
}

type applicationList struct {
	Applications []applicationOut
	NextToken    string `json:",omitempty"`
}

func (r *Replica) listApplications(ctx context.Context, in *listApplicationsIn) (*applicationList, error) {
	out := &applicationList{Applications: []applicationOut{}}
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) (err error) {
		match := func(a *Application) bool {
			f := in.Filter
			return tx.Has(kindRegion, a.Region) && (f.ApplicationProvider == "" || f.ApplicationProvider == a.Provider) &&
				(f.ApplicationAccount == "" || f.ApplicationAccount == r.cfg.Instance.Account)
		}
		out.NextToken, err = listed(tx, &in.paging, kindApplication, match, func(_ string, a *Application) {
			out.Applications = append(out.Applications, r.applicationOut(a))
		})
		return err
	})
}
