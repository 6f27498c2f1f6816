package identitycenter

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/regiondrill/regiondrill/harness/names"
)

// storeClient is an unmodified SDK's, of the administrator.
func (w *world) storeClient(region string) *identitystore.Client {
	return identitystore.New(identitystore.Options{
		Region: region, HTTPClient: &http.Client{Transport: w.net}, Retryer: aws.NopRetryer{},
		Credentials: awscredentials.NewStaticCredentialsProvider(administrator.ID, administrator.Secret, ""),
	})
}

func (w *world) storeID() *string { return &w.instance.DirectoryID }

func newUser(w *world, name string) *identitystore.CreateUserInput {
	return &identitystore.CreateUserInput{
		IdentityStoreId: w.storeID(), UserName: &name, DisplayName: aws.String("Cleo Example"),
		Name:   &types.Name{GivenName: aws.String("Cleo"), FamilyName: aws.String("Example")},
		Emails: []types.Email{{Value: aws.String(name), Type: aws.String("work"), Primary: true}},
	}
}

// must fails the test at an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestUsersByTheSDK(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c, ctx := w.storeClient(east), t.Context()
		in := newUser(w, "Cleo@acme.test")
		in.Title, in.Website, in.Locale = aws.String("Pilot"), aws.String("https://cleo.test"), aws.String("en-US")
		in.PhoneNumbers = []types.PhoneNumber{{Value: aws.String("555-0100"), Type: aws.String("work")}}
		in.Addresses = []types.Address{{StreetAddress: aws.String("1 Pier"), Country: aws.String("IE")}}
		in.Extensions = map[string]document.Interface{enterpriseExtension: document.NewLazyDocument(map[string]string{"department": "Flight"})}
		made := must[*identitystore.CreateUserOutput](t)(c.CreateUser(ctx, in))
		id := aws.ToString(made.UserId)
		if !isID(id) || aws.ToString(made.UserArn) != "arn:aws:identitystore:::user/"+id || aws.ToString(made.Revision) == "" {
			t.Fatalf("it is made as %s, %s", id, aws.ToString(made.UserArn))
		}
		u := must[*identitystore.DescribeUserOutput](t)(c.DescribeUser(ctx, &identitystore.DescribeUserInput{
			IdentityStoreId: aws.String(w.instance.IdentityStoreARN()), UserId: made.UserArn, Extensions: []string{enterpriseExtension}}))
		if aws.ToString(u.UserName) != "Cleo@acme.test" || aws.ToString(u.Title) != "Pilot" || u.UserStatus != types.UserStatusEnabled ||
			aws.ToString(u.Name.GivenName) != "Cleo" || aws.ToString(u.Emails[0].Value) != "Cleo@acme.test" || !u.Emails[0].Primary ||
			aws.ToString(u.Addresses[0].StreetAddress) != "1 Pier" || !u.CreatedAt.Equal(time.Now()) || u.Extensions[enterpriseExtension] == nil ||
			aws.ToString(u.CreatedBy) != administrator.ARN || aws.ToString(u.Revision) != aws.ToString(made.Revision) ||
			aws.ToString(u.Website) != "https://cleo.test" || aws.ToString(u.PhoneNumbers[0].Value) != "555-0100" {
			t.Errorf("it is described as %+v", u)
		}
		time.Sleep(time.Hour)
		changed := must[*identitystore.UpdateUserOutput](t)(c.UpdateUser(ctx, &identitystore.UpdateUserInput{
			IdentityStoreId: w.storeID(), UserId: &id, Revision: made.Revision, Operations: []types.AttributeOperation{
				{AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument("Cleopatra")},
				{AttributePath: aws.String("name.familyName"), AttributeValue: document.NewLazyDocument("Ptolemy")},
				{AttributePath: aws.String("title")},
				{AttributePath: aws.String("emails"), AttributeValue: document.NewLazyDocument([]map[string]any{{"Value": "c@acme.test"}})},
			}}))
		u = must[*identitystore.DescribeUserOutput](t)(c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: &id}))
		if aws.ToString(u.DisplayName) != "Cleopatra" || aws.ToString(u.Name.FamilyName) != "Ptolemy" || u.Title != nil ||
			aws.ToString(u.Name.GivenName) != "Cleo" || aws.ToString(u.Emails[0].Value) != "c@acme.test" ||
			u.UpdatedAt.Sub(*u.CreatedAt) != time.Hour || aws.ToString(u.Revision) != aws.ToString(changed.Revision) ||
			aws.ToString(changed.Revision) == aws.ToString(made.Revision) || u.Extensions != nil {
			t.Errorf("changed, it is %+v", u)
		}
		for path, value := range map[string]string{"userName": "cleo@ACME.test", "emails.value": "C@acme.test"} {
			found := must[*identitystore.GetUserIdOutput](t)(c.GetUserId(ctx, &identitystore.GetUserIdInput{
				IdentityStoreId: w.storeID(), AlternateIdentifier: &types.AlternateIdentifierMemberUniqueAttribute{
					Value: types.UniqueAttribute{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)}}}))
			if aws.ToString(found.UserId) != id {
				t.Errorf("by %s it is %s", path, aws.ToString(found.UserId))
			}
		}
		w.signedIn(t, "Cleo@acme.test", "cleo@acme.test")
		must[*identitystore.DeleteUserOutput](t)(c.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: w.storeID(), UserId: &id, Revision: changed.Revision}))
		_, err := c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: &id})
		var none *types.ResourceNotFoundException
		if !errors.As(err, &none) || none.ResourceType != types.ResourceTypeUser || aws.ToString(none.ResourceId) != id || none.RequestId == nil {
			t.Errorf("deleted, it is %v", err)
		}
	}, withAdministrator)
}

// signedIn signs a user in by the exact name, and shows that another case of it is nobody's.
func (w *world) signedIn(t *testing.T, name, other string) {
	t.Helper()
	w.browser().signIn(w, east, name)
	b := w.browser()
	q := b.ask(w, east)
	if a := b.post(q.ACS, w.draftFor(q, other).encoded(t)); a.cause() == "" {
		t.Errorf("%s signed in too", other)
	}
}

func TestGroupsByTheSDK(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c, ctx := w.storeClient(east), t.Context()
		user := must[*identitystore.CreateUserOutput](t)(c.CreateUser(ctx, newUser(w, "cleo@acme.test"))).UserId
		made := must[*identitystore.CreateGroupOutput](t)(c.CreateGroup(ctx, &identitystore.CreateGroupInput{
			IdentityStoreId: w.storeID(), DisplayName: aws.String("Pilots"), Description: aws.String("who fly")}))
		group := made.GroupId
		must[*identitystore.UpdateGroupOutput](t)(c.UpdateGroup(ctx, &identitystore.UpdateGroupInput{IdentityStoreId: w.storeID(), GroupId: group,
			Revision: made.Revision, Operations: []types.AttributeOperation{
				{AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument("Captains")}, {AttributePath: aws.String("description")}}}))
		g := must[*identitystore.DescribeGroupOutput](t)(c.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: w.storeID(), GroupId: group}))
		if aws.ToString(g.DisplayName) != "Captains" || g.Description != nil || aws.ToString(g.Revision) == aws.ToString(made.Revision) {
			t.Errorf("the group is %+v", g)
		}
		found := must[*identitystore.GetGroupIdOutput](t)(c.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: w.storeID(),
			AlternateIdentifier: &types.AlternateIdentifierMemberUniqueAttribute{Value: types.UniqueAttribute{
				AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument("Captains")}}}))
		if aws.ToString(found.GroupId) != *group {
			t.Errorf("it is found as %s", aws.ToString(found.GroupId))
		}
		member := &types.MemberIdMemberUserId{Value: *user}
		m := must[*identitystore.CreateGroupMembershipOutput](t)(c.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{
			IdentityStoreId: w.storeID(), GroupId: group, MemberId: member}))
		_, err := c.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{IdentityStoreId: w.storeID(), GroupId: group, MemberId: member})
		var again *types.ConflictException
		if !errors.As(err, &again) || again.Reason != types.ConflictExceptionReasonUniquenessConstraintViolation {
			t.Errorf("a second membership: %v", err)
		}
		d := must[*identitystore.DescribeGroupMembershipOutput](t)(c.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{
			IdentityStoreId: w.storeID(), MembershipId: m.MembershipId}))
		if aws.ToString(d.GroupId) != *group || d.MemberId.(*types.MemberIdMemberUserId).Value != *user {
			t.Errorf("the membership is %+v", d)
		}
		id := must[*identitystore.GetGroupMembershipIdOutput](t)(c.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{
			IdentityStoreId: w.storeID(), GroupId: group, MemberId: member}))
		if aws.ToString(id.MembershipId) != aws.ToString(m.MembershipId) {
			t.Errorf("it is found as %s", aws.ToString(id.MembershipId))
		}
		in := must[*identitystore.IsMemberInGroupsOutput](t)(c.IsMemberInGroups(ctx, &identitystore.IsMemberInGroupsInput{
			IdentityStoreId: w.storeID(), MemberId: member, GroupIds: []string{"g-1", *group}}))
		if len(in.Results) != 2 || in.Results[0].MembershipExists || !in.Results[1].MembershipExists {
			t.Errorf("is it in the groups: %+v", in.Results)
		}
		of := must[*identitystore.ListGroupMembershipsForMemberOutput](t)(c.ListGroupMembershipsForMember(ctx,
			&identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: w.storeID(), MemberId: member}))
		if len(of.GroupMemberships) != 1 || aws.ToString(of.GroupMemberships[0].MembershipId) != aws.ToString(m.MembershipId) {
			t.Errorf("its memberships: %+v", of.GroupMemberships)
		}
		must[*identitystore.DeleteGroupMembershipOutput](t)(c.DeleteGroupMembership(ctx, &identitystore.DeleteGroupMembershipInput{
			IdentityStoreId: w.storeID(), MembershipId: m.MembershipId}))
		must[*identitystore.DeleteUserOutput](t)(c.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: w.storeID(), UserId: aws.String("u-1")}))
		left := must[*identitystore.ListGroupMembershipsOutput](t)(c.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{
			IdentityStoreId: w.storeID(), GroupId: aws.String("g-1")}))
		if len(left.GroupMemberships) != 1 || left.GroupMemberships[0].MemberId.(*types.MemberIdMemberUserId).Value != "u-2" {
			t.Errorf("who is left where a user was deleted: %+v", left.GroupMemberships)
		}
		must[*identitystore.DeleteGroupOutput](t)(c.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: w.storeID(), GroupId: aws.String("g-1")}))
		of = must[*identitystore.ListGroupMembershipsForMemberOutput](t)(c.ListGroupMembershipsForMember(ctx, &identitystore.ListGroupMembershipsForMemberInput{
			IdentityStoreId: w.storeID(), MemberId: &types.MemberIdMemberUserId{Value: "u-2"}}))
		if len(of.GroupMemberships) != 0 {
			t.Errorf("memberships of a group that is gone: %+v", of.GroupMemberships)
		}
	}, withAdministrator)
}

// TestPagesOfUsers: pages have all, each once, in both Regions; a token is good for its list alone.
func TestPagesOfUsers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for range 7 {
			must[*identitystore.CreateUserOutput](t)(w.storeClient(east).CreateUser(t.Context(), newUser(w, newSecret())))
		}
		if err := w.replicas[west].Wait(t.Context(), w.replicas[east].Position()); err != nil {
			t.Fatal(err)
		}
		for _, region := range []string{east, west} {
			c := w.storeClient(region)
			var ids, sizes []string
			pages := identitystore.NewListUsersPaginator(c, &identitystore.ListUsersInput{IdentityStoreId: w.storeID(), MaxResults: aws.Int32(4)})
			var token *string
			for pages.HasMorePages() {
				page := must[*identitystore.ListUsersOutput](t)(pages.NextPage(t.Context()))
				for _, u := range page.Users {
					ids = append(ids, *u.UserId)
				}
				sizes = append(sizes, strings.Repeat("u", len(page.Users)))
				if page.NextToken != nil {
					token = page.NextToken
				}
			}
			slices.Sort(ids)
			if len(ids) != 10 || len(slices.Compact(ids)) != 10 || !slices.Equal(sizes, []string{"uuuu", "uuuu", "uu"}) {
				t.Errorf("in %s the pages have %q: %q", region, sizes, ids)
			}
			for name, in := range map[string]*identitystore.ListGroupsInput{
				"another list's token": {NextToken: token}, "no token": {NextToken: aws.String("x")}, "no page": {MaxResults: aws.Int32(0)},
				"too long a page":               {MaxResults: aws.Int32(101)},
				"a filter of another attribute": {Filters: []types.Filter{{AttributePath: aws.String("Description"), AttributeValue: aws.String("x")}}},
			} {
				in.IdentityStoreId = w.storeID()
				if _, err := c.ListGroups(t.Context(), in); code(err) != "ValidationException" {
					t.Errorf("%s: %v", name, err)
				}
			}
			got := must[*identitystore.ListUsersOutput](t)(c.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: w.storeID(),
				Filters: []types.Filter{{AttributePath: aws.String("UserName"), AttributeValue: aws.String("BOB@acme.test")}}, //nolint:staticcheck // they are still used
			}))
			if len(got.Users) != 1 || aws.ToString(got.Users[0].UserId) != "u-2" || got.NextToken != nil {
				t.Errorf("filtered: %+v", got.Users)
			}
		}
	}, withAdministrator)
}

// TestRegionsOfIdentityStore is the table of what works where (IAM Identity Center User Guide, "API support in
// additional Regions"): everything in the primary, and in others what only reads.
func TestRegionsOfIdentityStore(t *testing.T) {
	reads := "DescribeUser ListUsers GetUserId DescribeGroup ListGroups GetGroupId DescribeGroupMembership GetGroupMembershipId " +
		"ListGroupMemberships ListGroupMembershipsForMember IsMemberInGroups DescribeIdentityStore ListIdentityStores"
	for _, refusal := range []string{"AccessDeniedException", "ValidationException"} {
		inWorld(t, func(t *testing.T, w *world) {
			synctest.Wait()
			body := `{"IdentityStoreId":"` + w.instance.DirectoryID + `","UserId":"u-1","GroupId":"g-1","MemberId":{"UserId":"u-1"}}`
			for _, o := range identityStoreOperations() {
				for _, region := range []string{east, west} {
					call := signedCall{by: credentials{AccessKeyID: administrator.ID, SecretAccessKey: administrator.Secret},
						service: identityStoreService, region: region}
					host := names.DualStackIdentityStoreHost(region)
					resp := must[*http.Response](t)(w.net.RoundTrip(call.request(t, host, identityStoreTarget+"."+o.name, body)))
					refused := resp.Header.Get("X-Amzn-Errortype") == refusal &&
						strings.Contains(answered(t, resp), "only in the primary Region")
					if want := region == west && !slices.Contains(strings.Fields(reads), o.name); refused != want {
						t.Errorf("%s in %s: refused %t, want %t", o.name, region, refused, want)
					}
				}
			}
		}, withAdministrator, func(c *Config) { c.Behaviour.PrimaryOnlyError, c.Behaviour.Quotas = refusal, false })
	}
}
