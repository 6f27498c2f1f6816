package identitycenter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/harness/names"
)

// admin is the real client of sso-admin in a Region, as the administrator.
func (w *world) admin(region string) *ssoadmin.Client {
	return ssoadmin.New(ssoadmin.Options{
		Region: region, HTTPClient: &http.Client{Transport: w.net}, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return asAdministrator, nil
		}),
	})
}

// fails wants an error of the code.
func fails(t testing.TB, what string, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// ok wants none.
func ok[T any](t testing.TB, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestInstanceAsClientsSeeIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, region := range []string{east, west} {
			c := w.admin(region)
			list, err := c.ListInstances(t.Context(), &ssoadmin.ListInstancesInput{RegionScope: types.RegionScopeAllRegions})
			i := ok(t, list, err).Instances
			if len(i) != 1 || *i[0].PrimaryRegion != east || len(i[0].Regions) != 2 || i[0].Regions[0].IsPrimaryRegion != true ||
				*i[0].IdentityStoreId != w.instance.DirectoryID || *i[0].InstanceArn != w.instance.ARN() {
				t.Errorf("%s lists %+v", region, i)
			}
			out, err := c.DescribeInstance(t.Context(), &ssoadmin.DescribeInstanceInput{InstanceArn: i[0].InstanceArn})
			d := ok(t, out, err)
			if k := d.EncryptionConfigurationDetails; k.KeyType != types.KmsKeyTypeCustomerManagedKey || k.EncryptionStatus != "ENABLED" ||
				!strings.HasPrefix(*k.KmsKeyArn, "arn:aws:kms:us-east-1:") || !*d.PermissionSetsEnabled || d.CreatedDate.IsZero() {
				t.Errorf("%s: %+v", region, d)
			}
			other := "arn:aws:sso:::instance/ssoins-ffffffffffffffff"
			_, err = c.DescribeInstance(t.Context(), &ssoadmin.DescribeInstanceInput{InstanceArn: &other})
			fails(t, "another instance", err, "ResourceNotFoundException")
		}
		c, arn := w.admin(east), aws.String(w.instance.ARN())
		out, err := c.UpdateInstance(t.Context(), &ssoadmin.UpdateInstanceInput{InstanceArn: arn, Name: aws.String("Acme")})
		ok(t, out, err)
		_, err = c.UpdateInstance(t.Context(), &ssoadmin.UpdateInstanceInput{InstanceArn: arn, PermissionSetsEnabled: aws.Bool(true),
			EncryptionConfiguration: &types.EncryptionConfiguration{KeyType: types.KmsKeyTypeAwsOwnedKmsKey}})
		fails(t, "two at once", err, "ValidationException")
		_, err = c.UpdateInstance(t.Context(), &ssoadmin.UpdateInstanceInput{InstanceArn: arn, PermissionSetsEnabled: aws.Bool(false)})
		fails(t, "no permission sets any more", err, "ValidationException")
		time.Sleep(2 * time.Second)
		list, err := w.admin(west).ListInstances(t.Context(), nil)
		if i := ok(t, list, err).Instances[0]; aws.ToString(i.Name) != "Acme" {
			t.Errorf("the other Region calls it %v", i.Name)
		}
	})
}

// TestWhatAnAdditionalRegionDoes is the table of section "API support in additional Regions" of the user guide.
func TestWhatAnAdditionalRegionDoes(t *testing.T) {
	reads := []string{"ListInstances", "DescribeInstance", "ListRegions", "DescribeRegion"}
	inWorld(t, func(t *testing.T, w *world) {
		for op, row := range adminOperations() {
			want := slices.Contains(reads, op) || strings.Contains(op, "Application") ||
				strings.HasSuffix(op, "AssignmentConfiguration")
			if row.additional != want {
				t.Errorf("%s in an additional Region: %t", op, row.additional)
			}
			body := fmt.Sprintf(`{"InstanceArn":%q}`, w.instance.ARN())
			refusedThere := false
			for _, region := range []string{east, west} {
				a := w.post11(region, names.SSOAdminHost(region), "sso", adminPrefix+"."+op, body)
				only := strings.Contains(a.body, "only in the primary Region")
				if region == east && only {
					t.Errorf("the primary refuses %s", op)
				}
				refusedThere = only
				if a.StatusCode >= 500 {
					t.Errorf("%s in %s: %d %s", op, region, a.StatusCode, a.body)
				}
			}
			if refusedThere == want {
				t.Errorf("%s in an additional Region: refused is %t", op, refusedThere)
			}
		}
		_, err := w.admin(west).ListPermissionSets(t.Context(), &ssoadmin.ListPermissionSetsInput{InstanceArn: aws.String(w.instance.ARN())})
		fails(t, "reading permission sets", err, "AccessDeniedException")
	})
}

// post11 calls an operation by hand.
func (w *world) post11(region, host, service, target, body string) answer {
	w.t.Helper()
	to := "https://" + host + "/"
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, to, nil)
	sum := sha256.Sum256([]byte(body))
	err := v4.NewSigner().SignHTTP(w.t.Context(), asAdministrator, req, hex.EncodeToString(sum[:]), service, region, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return w.browser().raw(to, body, "X-Amz-Target", target, "Content-Type", "application/x-amz-json-1.1",
		"Authorization", req.Header.Get("Authorization"), "X-Amz-Date", req.Header.Get("X-Amz-Date"))
}

// asAdministrator signs.
var asAdministrator = aws.Credentials{AccessKeyID: administrator.ID, SecretAccessKey: administrator.Secret}

func TestPermissionSets(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c, arn := w.admin(east), aws.String(w.instance.ARN())
		out, err := c.CreatePermissionSet(t.Context(), &ssoadmin.CreatePermissionSetInput{InstanceArn: arn, Name: aws.String("Billing"),
			SessionDuration: aws.String("PT8H30M"), RelayState: aws.String("https://console.aws.test/billing")})
		set := ok(t, out, err).PermissionSet
		if *set.SessionDuration != "PT8H30M" || set.CreatedDate.IsZero() {
			t.Errorf("made %+v", set)
		}
		for what, in := range map[string]ssoadmin.CreatePermissionSetInput{
			"too long":   {InstanceArn: arn, Name: aws.String("Long"), SessionDuration: aws.String("PT13H")},
			"not a name": {InstanceArn: arn, Name: aws.String("with blank")},
		} {
			_, err := c.CreatePermissionSet(t.Context(), &in)
			fails(t, what, err, "ValidationException")
		}
		_, err = c.CreatePermissionSet(t.Context(), &ssoadmin.CreatePermissionSetInput{InstanceArn: arn, Name: set.Name})
		fails(t, "the same name", err, "ConflictException")
		policy := aws.String("arn:aws:iam::aws:policy/job-function/Billing")
		for want := range 2 {
			_, err := c.AttachManagedPolicyToPermissionSet(t.Context(), &ssoadmin.AttachManagedPolicyToPermissionSetInput{
				InstanceArn: arn, PermissionSetArn: set.PermissionSetArn, ManagedPolicyArn: policy})
			if want == 0 {
				ok(t, 0, err)
			} else {
				fails(t, "attached twice", err, "ConflictException")
			}
		}
		policies, err := c.ListManagedPoliciesInPermissionSet(t.Context(), &ssoadmin.ListManagedPoliciesInPermissionSetInput{
			InstanceArn: arn, PermissionSetArn: set.PermissionSetArn})
		if p := ok(t, policies, err).AttachedManagedPolicies; len(p) != 1 || *p[0].Name != "Billing" {
			t.Errorf("attached are %+v", p)
		}

	})
}

// TestAssignmentsTakeTheirTime, and are done even if the Region restarts meanwhile.
func TestAssignmentsTakeTheirTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c, arn := w.admin(east), aws.String(w.instance.ARN())
		out, err := c.CreatePermissionSet(t.Context(), &ssoadmin.CreatePermissionSetInput{InstanceArn: arn, Name: aws.String("Billing")})
		set := ok(t, out, err).PermissionSet

		in := &ssoadmin.CreateAccountAssignmentInput{InstanceArn: arn, PermissionSetArn: set.PermissionSetArn, PrincipalId: aws.String("u-2"),
			PrincipalType: types.PrincipalTypeUser, TargetId: aws.String("444455556666"), TargetType: types.TargetTypeAwsAccount}
		made, err := c.CreateAccountAssignment(t.Context(), in)
		status := ok(t, made, err).AccountAssignmentCreationStatus
		if status.Status != types.StatusValuesInProgress || w.mayBe("Billing", west) {
			t.Errorf("it is %s at once", status.Status)
		}
		time.Sleep(3 * time.Second)
		told, err := c.DescribeAccountAssignmentCreationStatus(t.Context(), &ssoadmin.DescribeAccountAssignmentCreationStatusInput{
			InstanceArn: arn, AccountAssignmentCreationRequestId: status.RequestId})
		if s := ok(t, told, err).AccountAssignmentCreationStatus; s.Status != types.StatusValuesSucceeded || *s.PrincipalId != "u-2" {
			t.Errorf("it is %+v", s)
		}
		time.Sleep(2 * time.Second)
		if !w.mayBe("Billing", west) {
			t.Error("the other Region doesn't know of the assignment")
		}
		of, err := c.ListAccountAssignmentsForPrincipal(t.Context(), &ssoadmin.ListAccountAssignmentsForPrincipalInput{
			InstanceArn: arn, PrincipalId: aws.String("u-2"), PrincipalType: types.PrincipalTypeUser, MaxResults: aws.Int32(2)})
		page := ok(t, of, err)
		if len(page.AccountAssignments) != 2 || page.NextToken == nil {
			t.Errorf("the first page: %+v", page)
		}
		of, err = c.ListAccountAssignmentsForPrincipal(t.Context(), &ssoadmin.ListAccountAssignmentsForPrincipalInput{
			InstanceArn: arn, PrincipalId: aws.String("u-2"), PrincipalType: types.PrincipalTypeUser, NextToken: page.NextToken})
		if rest := ok(t, of, err); len(rest.AccountAssignments) != 1 || rest.NextToken != nil {
			t.Errorf("the second: %+v", rest)
		}
		_, err = c.DeletePermissionSet(t.Context(), &ssoadmin.DeletePermissionSetInput{InstanceArn: arn, PermissionSetArn: set.PermissionSetArn})
		fails(t, "deleting one that is assigned", err, "ConflictException")
		gone, err := c.DeleteAccountAssignment(t.Context(), &ssoadmin.DeleteAccountAssignmentInput{InstanceArn: arn,
			PermissionSetArn: set.PermissionSetArn, PrincipalId: in.PrincipalId, PrincipalType: in.PrincipalType, TargetId: in.TargetId,
			TargetType: in.TargetType})
		ok(t, gone, err)
		w.restart(east) // before it is done
		time.Sleep(6 * time.Second)
		if w.mayBe("Billing", west) || w.mayBe("Billing", east) {
			t.Error("the assignment outlived its deletion")
		}
		in.PrincipalId = aws.String("nobody")
		_, err = c.CreateAccountAssignment(t.Context(), in)
		fails(t, "an assignment to nobody", err, "ResourceNotFoundException")
	})
}

// mayBe tells whether Bob has the role in a Region.
func (w *world) mayBe(role, region string) bool {
	w.t.Helper()
	p, err := w.replicas[region].person(w.t.Context(), "bob@acme.test")
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.ContainsFunc(p.Accounts, func(a personsAccount) bool {
		return slices.ContainsFunc(a.Roles, func(r personsRole) bool { return r.Name == role })
	})
}

func TestApplicationsBelongToTheirRegion(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		arn := aws.String(w.instance.ARN())
		in := &ssoadmin.CreateApplicationInput{InstanceArn: arn, Name: aws.String("Wiki"),
			ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom")}
		out, err := w.admin(west).CreateApplication(t.Context(), in)
		app := ok(t, out, err).ApplicationArn
		ok(t, 0, second(w.admin(west).CreateApplicationAssignment(t.Context(), &ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app,
			PrincipalId: aws.String("g-1"), PrincipalType: types.PrincipalTypeGroup})))
		_, err = w.admin(east).DescribeApplication(t.Context(), &ssoadmin.DescribeApplicationInput{ApplicationArn: app})
		fails(t, "before it was replicated", err, "ResourceNotFoundException")
		time.Sleep(2 * time.Second)
		told, err := w.admin(east).DescribeApplication(t.Context(), &ssoadmin.DescribeApplicationInput{ApplicationArn: app})
		if a := ok(t, told, err); *a.CreatedFrom != west || a.Status != types.ApplicationStatusEnabled {
			t.Errorf("the primary knows %+v", a)
		}
		_, err = w.admin(east).UpdateApplication(t.Context(), &ssoadmin.UpdateApplicationInput{ApplicationArn: app, Name: aws.String("W")})
		fails(t, "managing it from elsewhere", err, "AccessDeniedException")
		of, err := w.admin(east).ListApplicationAssignmentsForPrincipal(t.Context(), &ssoadmin.ListApplicationAssignmentsForPrincipalInput{
			InstanceArn: arn, PrincipalId: aws.String("u-1"), PrincipalType: types.PrincipalTypeUser})
		if list := ok(t, of, err).ApplicationAssignments; len(list) != 1 || *list[0].ApplicationArn != *app {
			t.Errorf("Ann may use %+v", list)
		}
		ok(t, 0, second(w.admin(west).DeleteApplication(t.Context(), &ssoadmin.DeleteApplicationInput{ApplicationArn: app})))
		time.Sleep(2 * time.Second)
		all, err := w.admin(east).ListApplications(t.Context(), &ssoadmin.ListApplicationsInput{InstanceArn: arn})
		if list := ok(t, all, err).Applications; len(list) != 0 {
			t.Errorf("left is %+v", list)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// TestAdministrationIsSigned by somebody of the account, and answers what can't be read.
func TestAdministrationIsSigned(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		host := names.SSOAdminHost(east)
		a := w.browser().raw("https://"+host+"/", "{}", "X-Amz-Target", adminPrefix+".ListInstances")
		a.want(t, http.StatusBadRequest)
		if !strings.Contains(a.body, "MissingAuthenticationTokenException") {
			t.Errorf("without a signature it says %s", a.body)
		}
		for body, code := range map[string]string{
			`{`: "SerializationException", `[]`: "SerializationException", `{"MaxResults":"many"}`: "SerializationException",
			`{"MaxResults":1000}`: "ValidationException", `{"NextToken":"%%%"}`: "ValidationException",
			`{"InstanceArn":"arn:aws:sso:::instance/ssoins-1"}`: "ResourceNotFoundException", ``: "ValidationException",
		} {
			if strings.HasPrefix(body, `{"MaxResults":1`) || strings.HasPrefix(body, `{"N`) {
				body = body[:1] + fmt.Sprintf(`"InstanceArn":%q,`, w.instance.ARN()) + body[1:]
			}
			if a := w.post11(east, host, "sso", adminPrefix+".ListRegions", body); !strings.Contains(a.body, code) || a.StatusCode/100 != 4 {
				t.Errorf("%s: status %d, %s", body, a.StatusCode, a.body)
			}
		}
		for target, code := range map[string]string{
			adminPrefix + ".Explode": "UnknownOperationException", "AWSIdentityStore.ListUsers": "UnknownOperationException", "": "UnknownOperationException",
		} {
			if a := w.post11(east, host, "sso", target, "{}"); !strings.Contains(a.body, code) {
				t.Errorf("%s: %s", target, a.body)
			}
		}
		large := `{"InstanceArn":"` + strings.Repeat("x", 2<<20) + `"}`
		w.post11(east, host, "sso", adminPrefix+".ListRegions", large).want(t, http.StatusRequestEntityTooLarge)
		w.kms[east].set("DisabledException")
		_, err := w.admin(east).ListPermissionSets(t.Context(), &ssoadmin.ListPermissionSetsInput{InstanceArn: aws.String(w.instance.ARN())})
		var bad *types.ValidationException
		if !errors.As(err, &bad) || bad.Reason != types.ValidationExceptionReasonKmsDisabledException {
			t.Errorf("with the key disabled: %v", err)
		}
	})
}
