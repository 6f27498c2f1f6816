package lab_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/names"
)

// asked is what a name of the lab answers to who asks from a place.
func asked(t *testing.T, l *lab.Lab, from, method, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := l.Client(from).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// TestIdentitiesThroughTheFabric: a provider's SCIM reaches the primary, an unmodified SDK reads in each Region what has
// arrived there, each Region tells of it once, and rules of the network are taken for the services' own words.
func TestIdentitiesThroughTheFabric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := up(t, topology())
		admin := l.Administrator()
		store := func(region string) *identitystore.Client {
			return identitystore.New(identitystore.Options{Region: region, HTTPClient: l.Client("new-york"), Retryer: aws.NopRetryer{},
				Credentials: awscredentials.NewStaticCredentialsProvider(admin.ID, admin.Secret, "")})
		}
		events := func(region, query string) string {
			status, said := asked(t, l, "new-york", http.MethodGet, "https://"+names.EventsHost(region)+"/"+query, "", "")
			if status != http.StatusOK {
				t.Fatalf("the events of %s: %d %s", region, status, said)
			}
			return said
		}
		synctest.Wait() // what provisioning has written is told
		before := strings.Count(events("eu-west-1", ""), "\n")
		status, said := asked(t, l, names.IdPPlace, http.MethodPost, l.Instance.SCIMURL()+"/Users", l.SCIMToken(), `{"userName":"new@acme.test","displayName":"New",
			"name":{"givenName":"New","familyName":"Person"},"active":true}`)
		if status != http.StatusCreated {
			t.Fatalf("SCIM answers %d: %s", status, said)
		}
		synctest.Wait()
		_, err := store("eu-west-1").ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: &l.Instance.DirectoryID})
		if err != nil {
			t.Fatal(err)
		}
		arrived := events("eu-west-1", "?wait=30&after="+strconv.Itoa(before))
		if strings.Count(arrived, "\n") != 1 || !strings.Contains(arrived, `"detail-type":"User Created"`) {
			t.Errorf("in Ireland it is told: %s", arrived)
		}
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			all, err := store(region).ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: &l.Instance.DirectoryID})
			if err != nil || len(all.Users) != 41 {
				t.Errorf("in %s: %v", region, err)
			}
		}
		rule := harness.Rule{Name: "it", Calls: &harness.Calls{Region: "us-east-1"}, Edges: []harness.Edge{{From: "us-east-1", To: "us-east-1"}}}
		rule.Effect.Answer = harness.Answer{Throttle: true, Odds: 1}
		if _, err := l.System.Network.Lay(t.Context(), rule); err != nil {
			t.Fatal(err)
		}
		_, err = store("us-east-1").ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: &l.Instance.DirectoryID})
		status, said = asked(t, l, names.IdPPlace, http.MethodGet, l.Instance.SCIMURL()+"/Users", l.SCIMToken(), "")
		if !is[*types.ThrottlingException](err) || status != http.StatusTooManyRequests || !strings.Contains(said, `"exceptionRequestId"`) {
			t.Errorf("throttled: %v, and %d %s", err, status, said)
		}
	})
}

// The AWS CLI as it comes administers the primary; the other Region refuses what additional Regions do.
func TestCLIAdministers(t *testing.T) {
	program := awsCLI(t)
	t.Parallel()
	l := up(t, topology())
	admin := l.Administrator()
	run := inShell(t, l, program, admin.ID, admin.Secret)
	aws := func(region, command string) string {
		said, err := run(append([]string{"--region", region}, strings.Fields(command)...)...)
		return fmt.Sprint(said, err)
	}
	create := "identitystore create-user --identity-store-id " + l.Instance.DirectoryID + " --user-name new@acme.test " +
		"--display-name New --name GivenName=New,FamilyName=Person --emails Value=new@acme.test,Primary=true"
	for _, c := range []struct{ command, primary, additional string }{
		{create, `"UserId": "`, "(AccessDeniedException)"},
		{"sso-admin list-instances", l.Instance.ARN(), l.Instance.ARN()},
		{"sso-admin list-permission-sets --instance-arn " + l.Instance.ARN(), "permissionSet/", "(AccessDeniedException)"},
		{"sso-admin list-applications --instance-arn " + l.Instance.ARN(), `"Applications": []`, `"Applications": []`},
	} {
		for region, want := range map[string]string{"us-east-1": c.primary, "eu-west-1": c.additional} {
			if said := aws(region, c.command); !strings.Contains(said, want) {
				t.Errorf("%s in %s says %s", c.command, region, said)
			}
		}
	}
}
