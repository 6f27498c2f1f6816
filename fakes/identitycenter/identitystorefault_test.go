package identitycenter

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/regiondrill/regiondrill/harness/names"
)

func answered(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestUniqueIdentities: user names and e-mail addresses are unique whatever their case, group names as they are.
func TestUniqueIdentities(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c, ctx := w.storeClient(east), t.Context()
		first := must[*identitystore.CreateUserOutput](t)(c.CreateUser(ctx, newUser(w, "cleo@acme.test")))
		sameMail := newUser(w, "dan@acme.test")
		sameMail.Emails[0].Value = aws.String("CLEO@acme.test")
		other := newUser(w, "eve@acme.test")
		id := must[*identitystore.CreateUserOutput](t)(c.CreateUser(ctx, other)).UserId
		for name, call := range map[string]func() error{
			"a user name": func() error { _, err := c.CreateUser(ctx, newUser(w, "ANN@acme.test")); return err },
			"an address":  func() error { _, err := c.CreateUser(ctx, sameMail); return err },
			"a new user name": func() error {
				_, err := c.UpdateUser(ctx, &identitystore.UpdateUserInput{IdentityStoreId: w.storeID(), UserId: id, Operations: []types.AttributeOperation{
					{AttributePath: aws.String("userName"), AttributeValue: document.NewLazyDocument("Cleo@acme.test")}}})
				return err
			},
			"a group": func() error {
				_, err := c.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: w.storeID(), DisplayName: aws.String("everyone")})
				return err
			},
		} {
			var conflict *types.ConflictException
			if err := call(); !errors.As(err, &conflict) || conflict.Reason != types.ConflictExceptionReasonUniquenessConstraintViolation ||
				!strings.HasPrefix(conflict.ErrorMessage(), "Duplicate ") {
				t.Errorf("%s: %v", name, err)
			}
		}
		must[*identitystore.CreateGroupOutput](t)(c.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: w.storeID(), DisplayName: aws.String("Everyone")}))
		_, err := c.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: w.storeID(), UserId: id, Revision: first.Revision})
		var conflict *types.ConflictException
		if !errors.As(err, &conflict) || conflict.Reason != types.ConflictExceptionReasonConcurrentModification {
			t.Errorf("at another revision: %v", err)
		}
	}, withAdministrator)
}

// TestInvalidIdentities: what breaks the rules is refused, and what there is none of isn't found.
func TestInvalidIdentities(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c, ctx := w.storeClient(east), t.Context()
		for name, change := range map[string]func(*identitystore.CreateUserInput){
			"no name":         func(in *identitystore.CreateUserInput) { in.Name = nil },
			"no user name":    func(in *identitystore.CreateUserInput) { in.UserName = nil },
			"spaces in it":    func(in *identitystore.CreateUserInput) { in.UserName = aws.String("cleo example") },
			"a long one":      func(in *identitystore.CreateUserInput) { in.UserName = aws.String(strings.Repeat("x", 129)) },
			"a reserved one":  func(in *identitystore.CreateUserInput) { in.UserName = aws.String("Administrator") },
			"no display name": func(in *identitystore.CreateUserInput) { in.DisplayName = aws.String("") },
			"two addresses":   func(in *identitystore.CreateUserInput) { in.Emails = append(in.Emails, in.Emails...) },
			"a control":       func(in *identitystore.CreateUserInput) { in.Title = aws.String("a\x01b") },
			"another extension": func(in *identitystore.CreateUserInput) {
				in.Extensions = map[string]document.Interface{"x": document.NewLazyDocument("y")}
			},
		} {
			in := newUser(w, "cleo@acme.test")
			change(in)
			if _, err := c.CreateUser(ctx, in); code(err) != "ValidationException" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for path, value := range map[string]any{"": "x", "id": "x", "name.x": "x", "title.x": "x", "displayName": 7, "emails": "x", "userName": nil} {
			_, err := c.UpdateUser(ctx, &identitystore.UpdateUserInput{IdentityStoreId: w.storeID(), UserId: aws.String("u-1"),
				Operations: []types.AttributeOperation{{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)}}})
			if code(err) != "ValidationException" && code(err) != "SerializationException" {
				t.Errorf("%q to %v: %v", path, value, err)
			}
		}
		unknown := aws.String("00000000-0000-4000-8000-000000000000")
		for name, got := range map[string]struct {
			err  error
			want types.ResourceType
		}{
			"user":  {failed(c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: unknown})), "USER"},
			"group": {failed(c.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: w.storeID(), GroupId: unknown})), "GROUP"},
			"membership": {failed(c.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{
				IdentityStoreId: w.storeID(), MembershipId: unknown})), "GROUP_MEMBERSHIP"},
			"store": {failed(c.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: aws.String("d-9999999999")})), "IDENTITY_STORE"},
			"by name": {failed(c.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: w.storeID(),
				AlternateIdentifier: &types.AlternateIdentifierMemberExternalId{Value: types.ExternalId{Id: unknown, Issuer: unknown}}})), "USER"},
		} {
			var none *types.ResourceNotFoundException
			if !errors.As(got.err, &none) || none.ResourceType != got.want {
				t.Errorf("%s: %v", name, got.err)
			}
		}
		if _, err := c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: aws.String("no id")}); code(err) != "ValidationException" {
			t.Errorf("what is no id: %v", err)
		}
	}, withAdministrator, func(c *Config) { c.Behaviour.Quotas = false })
}

func failed[T any](_ T, err error) error { return err }

// TestKeyOfIdentityStore: what is wrong with the Region's key is told in Identity Store's own reasons, in that Region
// alone.
func TestKeyOfIdentityStore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for kms, want := range map[string]struct{ code, reason string }{
			"AccessDeniedException": {"AccessDeniedException", "KMS_ACCESS_DENIED"}, "NotFoundException": {"ResourceNotFoundException", "KMS_KEY_NOT_FOUND"},
			"DisabledException": {"ValidationException", "KMS_DISABLED"}, "KMSInvalidStateException": {"ValidationException", "KMS_INVALID_STATE"},
			"InvalidKeyUsageException": {"ValidationException", "KMS_INVALID_KEY_USAGE"}, "InvalidArnException": {"ValidationException", "KMS_INVALID_ARN"},
			"ThrottlingException": {"ThrottlingException", "KMS_THROTTLING"}, "silent": {"InternalServerException", ""},
		} {
			w.kms[west].set(kms)
			_, err := w.storeClient(west).DescribeUser(t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: aws.String("u-1")})
			if code(err) != want.code || reasonOf(err) != want.reason {
				t.Errorf("%s: %v with reason %q, want %s with %s", kms, err, reasonOf(err), want.code, want.reason)
			}
			must[*identitystore.DescribeUserOutput](t)(w.storeClient(east).DescribeUser(t.Context(),
				&identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: aws.String("u-1")}))
		}
	}, withAdministrator)
}

func reasonOf(err error) string {
	var denied *types.AccessDeniedException
	var none *types.ResourceNotFoundException
	var invalid *types.ValidationException
	var throttled *types.ThrottlingException
	switch {
	case errors.As(err, &denied):
		return string(denied.Reason)
	case errors.As(err, &none):
		return string(none.Reason)
	case errors.As(err, &invalid):
		return string(invalid.Reason)
	case errors.As(err, &throttled):
		return string(throttled.Reason)
	}
	return ""
}

// TestQuotasOfIdentityStore: 20 calls a second of each operation in each Region; who exceeds them is told when to come
// again.
func TestQuotasOfIdentityStore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		describe := func(region string) error {
			_, err := w.storeClient(region).DescribeUser(t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: aws.String("u-1")})
			return err
		}
		for i := range 20 {
			if err := describe(east); err != nil {
				t.Fatalf("call %d: %v", i+1, err)
			}
		}
		var throttled *types.ThrottlingException
		if err := describe(east); !errors.As(err, &throttled) || throttled.RetryAfterSeconds != 1 {
			t.Errorf("the 21st: %v", err)
		}
		_, err := w.storeClient(east).DescribeGroup(t.Context(), &identitystore.DescribeGroupInput{IdentityStoreId: w.storeID(), GroupId: aws.String("g-1")})
		if err := errors.Join(err, describe(west)); err != nil {
			t.Errorf("another operation, or Region: %v", err)
		}
		time.Sleep(time.Second)
		if err := describe(east); err != nil {
			t.Errorf("a second later: %v", err)
		}
	}, withAdministrator)
}

// TestMalformedCallsOfIdentityStore are answered, and do no harm.
func TestMalformedCallsOfIdentityStore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		long := strings.Repeat(" ", 2<<20)
		for _, c := range []struct{ target, body, want string }{
			{"ListUsers", `{`, "SerializationException"},
			{"ListUsers", `[]`, "SerializationException"},
			{"ListUsers", `{"IdentityStoreId":7}`, "SerializationException"},
			{"CreateUser", `{"IdentityStoreId":"d-0123456789","UserName":{}}`, "SerializationException"},
			{"ListUsers", long, "RequestEntityTooLargeException"},
			{"ListUsers", `{}`, "ResourceNotFoundException"},
			{"GetUserId", `{"IdentityStoreId":"d-0123456789"}`, "ValidationException"},
			{"IsMemberInGroups", `{"IdentityStoreId":"d-0123456789","MemberId":{}}`, "ValidationException"},
			{"DropUsers", `{}`, "UnknownOperationException"},
		} {
			call := signedCall{by: credentials{AccessKeyID: administrator.ID, SecretAccessKey: administrator.Secret},
				service: identityStoreService, region: east}
			resp := must[*http.Response](t)(w.net.RoundTrip(call.request(t, names.IdentityStoreHost(east), identityStoreTarget+"."+c.target, c.body)))
			if got := resp.Header.Get("X-Amzn-Errortype"); got != c.want {
				t.Errorf("%s %.40s: %s, want %s", c.target, c.body, got, c.want)
			}
		}
	}, withAdministrator)
}
