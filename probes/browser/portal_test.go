package browser_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/chromedp/chromedp"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/system"
)

// A person sees their accounts, takes access keys of a role, and starts an application, which is served by the Region
// that it is connected to.
func TestThePortalInTheBrowser(t *testing.T) {
	l := lab.StartTest(t, harness.Topology{Seed: 4, Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 2, Groups: 1, Accounts: 2, PermissionSets: 2},
		IdP:       harness.IdPSettings{ACS: []string{"us-east-1", "eu-west-1"}},
		Vantages:  []harness.Vantage{{Name: "new-york"}}})
	sys := l.System
	connect(t, sys, l.Design, "Wiki")
	screen, _ := atScreen(t, sys)
	opens(t, screen, sys.Portal("us-east-1"), sys.People[0])
	var keys, launched, region string
	err := chromedp.Do(screen, chromedp.WaitVisible(`#accounts > li`), chromedp.Click(`#accounts > li button`),
		chromedp.Click(`[data-role-name]`), chromedp.WaitVisible(`#accounts pre`))
	screened(t, err)
	if keys, err = chromedp.Run(screen, chromedp.Text(`#accounts pre`)); err != nil || !strings.Contains(keys, `export AWS_ACCESS_KEY_ID="ASIA`) {
		t.Errorf("the keys are %q, %v", keys, err)
	}
	screened(t, chromedp.Do(screen, chromedp.Click(`#applications b`),
		chromedp.WaitVisible(`#launched`)))
	launched, err = chromedp.Run(screen, chromedp.Text(`#launched`))
	if err == nil {
		region, err = chromedp.Run(screen, chromedp.Text(`.tags code`))
	}
	if launched != "Wiki" || region != "eu-west-1" || err != nil {
		t.Errorf("%q was launched in %q, %v", launched, region, err)
	}
}

// connect makes an application that everybody may use, in Ireland.
func connect(t *testing.T, sys *harness.System, d *system.Design, name string) {
	t.Helper()
	client := administrator(sys, d, "eu-west-1")
	made, err := client.CreateApplication(t.Context(), &ssoadmin.CreateApplicationInput{InstanceArn: aws.String(d.Instance.ARN()),
		Name: &name, ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom")})
	if err != nil {
		t.Fatal(err)
	}
	in := &ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: made.ApplicationArn,
		PrincipalId: aws.String(d.Directory.Groups[0].ID), PrincipalType: types.PrincipalTypeGroup}
	if _, err = client.CreateApplicationAssignment(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	for there := administrator(sys, d, "us-east-1"); ; { // until it has been replicated
		_, err := there.DescribeApplicationAssignment(t.Context(), &ssoadmin.DescribeApplicationAssignmentInput{
			ApplicationArn: in.ApplicationArn, PrincipalId: in.PrincipalId, PrincipalType: in.PrincipalType})
		var missing *types.ResourceNotFoundException
		if err == nil {
			return
		}
		if !errors.As(err, &missing) {
			t.Fatal(err)
		}
	}
}

func administrator(sys *harness.System, d *system.Design, region string) *ssoadmin.Client {
	admin := d.Administrator()
	return ssoadmin.New(ssoadmin.Options{Region: region, RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: sys.Roots},
			DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
				return sys.Dial(ctx, sys.Place("new-york"), addr)
			}}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: admin.ID, SecretAccessKey: admin.Secret}, nil
		})})
}
