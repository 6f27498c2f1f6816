package lab_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/names"
)

// directoryOf reads a Region's identity store.
type directoryOf struct {
	t     *testing.T
	store *identitystore.Client
	id    *string
}

func newDirectoryOf(t *testing.T, l *lab.Lab, region string) directoryOf {
	admin := l.Administrator()
	return directoryOf{t, identitystore.New(identitystore.Options{Region: region, HTTPClient: l.Client("new-york"), Retryer: aws.NopRetryer{},
		Credentials: awscredentials.NewStaticCredentialsProvider(admin.ID, admin.Secret, "")}), &l.Instance.DirectoryID}
}

// user is one by the user name; nil where there is none.
func (d directoryOf) user(name string) *identitystore.DescribeUserOutput {
	d.t.Helper()
	found, err := d.store.GetUserId(d.t.Context(), &identitystore.GetUserIdInput{IdentityStoreId: d.id,
		AlternateIdentifier: &types.AlternateIdentifierMemberUniqueAttribute{Value: types.UniqueAttribute{
			AttributePath: aws.String("userName"), AttributeValue: document.NewLazyDocument(name)}}})
	if is[*types.ResourceNotFoundException](err) {
		return nil
	}
	if err != nil {
		d.t.Fatal(err)
	}
	u, err := d.store.DescribeUser(d.t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: d.id, UserId: found.UserId})
	if err != nil {
		d.t.Fatal(err)
	}
	return u
}

// members of a group are as many.
func (d directoryOf) members(group string) int {
	d.t.Helper()
	found, err := d.store.GetGroupId(d.t.Context(), &identitystore.GetGroupIdInput{IdentityStoreId: d.id,
		AlternateIdentifier: &types.AlternateIdentifierMemberUniqueAttribute{Value: types.UniqueAttribute{
			AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument(group)}}})
	if err != nil {
		d.t.Fatal(err)
	}
	all, err := d.store.ListGroupMemberships(d.t.Context(), &identitystore.ListGroupMembershipsInput{IdentityStoreId: d.id, GroupId: found.GroupId})
	if err != nil {
		d.t.Fatal(err)
	}
	return len(all.GroupMemberships)
}

// TestTheProviderProvisions: what either product pushes, Identity Center takes, and the other Region has it after its
// lag; what AWS refuses of it stays refused.
func TestTheProviderProvisions(t *testing.T) {
	for _, manner := range []struct {
		dialect   string
		compliant bool
	}{{"okta", false}, {"entra", false}, {"entra", true}} {
		t.Run(fmt.Sprint(manner.dialect, manner.compliant), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := up(t, topology())
				p := &idp.Push{Dialect: manner.dialect, Compliant: manner.compliant, Client: l.Client(names.IdPPlace),
					Base: l.Instance.SCIMURL(), Token: l.SCIMToken()}
				provisions(t, l, p)
			})
		})
	}
}

func provisions(t *testing.T, l *lab.Lab, p *idp.Push) {
	t.Helper()
	ctx := t.Context()
	primary, other := newDirectoryOf(t, l, "us-east-1"), newDirectoryOf(t, l, "eu-west-1")
	cleo := idp.PushUser{UserName: "cleo@acme.test", GivenName: "Cleo", FamilyName: "Example", DisplayName: "Cleo Example"}
	dan := idp.PushUser{UserName: "dan@acme.test", GivenName: "Dan", FamilyName: "Example", DisplayName: "Dan Example"}
	known := l.Directory.Users[0]
	if err := errors.Join(p.User(ctx, cleo), p.User(ctx, dan), p.Group(ctx, "pilots"),
		p.Members(ctx, "pilots", []string{cleo.UserName, dan.UserName, known.Name}, nil),
		p.Members(ctx, "pilots", nil, []string{dan.UserName})); err != nil {
		t.Fatal(err)
	}
	if u := primary.user("CLEO@acme.test"); u == nil || aws.ToString(u.Name.GivenName) != "Cleo" || u.UserStatus != types.UserStatusEnabled ||
		aws.ToString(u.Emails[0].Value) != cleo.UserName || primary.members("pilots") != 2 {
		t.Errorf("it is made as %+v", u)
	}
	if other.user(cleo.UserName) != nil {
		t.Error("the other Region has them without a lag")
	}
	time.Sleep(2 * time.Second)
	if u := other.user(cleo.UserName); u == nil || other.members("pilots") != 2 {
		t.Errorf("in the other Region it is %+v", u)
	}
	cleo.DisplayName = "Cleopatra"
	linked := idp.PushUser{UserName: known.Name, GivenName: "Known", FamilyName: "Before", DisplayName: "Known Before"} // came with the lab
	if err := errors.Join(p.User(ctx, cleo), p.User(ctx, linked), p.Enable(ctx, dan.UserName, false)); err != nil {
		t.Fatal(err)
	}
	if u, d := primary.user(cleo.UserName), primary.user(dan.UserName); aws.ToString(u.DisplayName) != "Cleopatra" || d.UserStatus != types.UserStatusDisabled ||
		aws.ToString(primary.user(known.Name).Name.FamilyName) != "Before" {
		t.Errorf("changed, they are %+v and %+v", u, d)
	}
	err := p.PushNow(ctx, "pilots", []string{cleo.UserName})
	var refused *idp.PushError
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || refused.Detail != "Replacing group memberships is not supported." {
		t.Errorf("replacing members: %v", err)
	}
	again := &idp.Push{Dialect: p.Dialect, Client: p.Client, Base: p.Base, Token: "another"}
	if err := again.User(ctx, cleo); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("with another token: %v", err)
	}
	if err := p.Delete(ctx, cleo.UserName); err != nil || primary.user(cleo.UserName) != nil || primary.members("pilots") != 1 {
		t.Errorf("deleted, it is there: %v", err)
	}
}
