package names

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// TestEndpointsAreThoseOfTheSDK: a client that nobody told where to go asks for the hosts that are served.
func TestEndpointsAreThoseOfTheSDK(t *testing.T) {
	for _, region := range Regions() {
		for dual, host := range map[bool]string{
			false: KMSHost(region),
			true:  "kms." + region + "." + PartitionOf(region).DualStack,
		} {
			p := kms.EndpointParameters{Region: &region, UseDualStack: &dual}.WithDefaults()
			got, err := kms.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), p)
			if err != nil || got.URI.Host != host {
				t.Errorf("%s: the SDK asks %v, %v; served is %s", region, got.URI.Host, err, host)
			}
		}
	}
}

// TestHostsOfIdentityStore are those that its SDK asks for, of both kinds, in every Region.
func TestHostsOfIdentityStore(t *testing.T) {
	for _, region := range Regions() {
		for dual, host := range map[bool]string{false: IdentityStoreHost(region), true: DualStackIdentityStoreHost(region)} {
			p := identitystore.EndpointParameters{Region: &region, UseDualStack: &dual}.WithDefaults()
			got, err := identitystore.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), p)
			if err != nil || got.URI.Host != host {
				t.Errorf("%s: the SDK asks %v, %v; served is %s", region, got.URI.Host, err, host)
			}
		}
	}
	i := Instance{Primary: "us-east-1", UUID: "059231ef-7dc0-4c3e-9a53-0123456789ab"}
	if want := "https://scim.us-east-1.amazonaws.com/059231ef-7dc0-4c3e-9a53-0123456789ab/scim/v2"; i.SCIMURL() != want {
		t.Errorf("SCIM is at %s, want %s", i.SCIMURL(), want)
	}
}

// TestRegionsAreTold: each has a place and a partition of which it is, none is twice, and none that can't be replicated
// is among them.
func TestRegionsAreTold(t *testing.T) {
	if n := len(slices.Compact(slices.Sorted(slices.Values(Regions())))); n != len(regions) {
		t.Errorf("%d Regions, %d of them different", len(regions), n)
	}
	prefix := map[string]string{"aws-us-gov": "us-gov-", "aws-cn": "cn-"}
	for _, r := range regions {
		p := PartitionOf(r.Code)
		if p == nil || p.ID != r.partition || !strings.HasPrefix(r.Code, prefix[p.ID]) || r.Area == "" || r.Place == "" || Unfit(r.Code) != "" {
			t.Errorf("%+v is in %+v", r, p)
		}
	}
}

// TestNamesOfAnInstance in each partition. Those of the first are AWS's documented ones.
func TestNamesOfAnInstance(t *testing.T) {
	for primary, want := range map[string][]string{
		"us-east-1": {"arn:aws:sso:::instance/ssoins-1", "ssoins-1.portal.us-east-1.app.aws", "ssoins-1.us-east-1.portal.amazonaws.com",
			"d-1.awsapps.com/start", "us-east-1.signin.aws", "us-east-1.sso.signin.aws", "us-east-1.signin.aws.amazon.com"},
		"us-gov-west-1": {"arn:aws-us-gov:sso:::instance/ssoins-1", "ssoins-1.portal.us-gov-west-1.app.aws",
			"ssoins-1.us-gov-west-1.portal.amazonaws-us-gov.com", "start.us-gov-home.awsapps.com/directory/d-1",
			"us-gov-west-1.signin.amazonaws-us-gov.com", "us-gov-west-1.sso.signin.amazonaws-us-gov.com", "us-gov-west-1.signin.amazonaws-us-gov.com"},
		"cn-north-1": {"arn:aws-cn:sso:::instance/ssoins-1", "ssoins-1.portal.cn-north-1.app.amazonwebservices.com.cn",
			"ssoins-1.cn-north-1.portal.amazonaws.com.cn", "start.home.awsapps.cn/directory/d-1", "cn-north-1.signin.amazonaws.cn",
			"cn-north-1.sso.signin.amazonaws.cn", "cn-north-1.signin.amazonaws.cn"},
	} {
		i := Instance{Primary: primary, ID: "ssoins-1", DirectoryID: "d-1", Account: "111122223333", UUID: "u"}
		got := []string{i.ARN(), i.PortalHost(primary), i.AlternativePortalHost(primary), i.ClassicPortalHost() + i.ClassicPortalPath(),
			SigninHost(primary), DualStackSigninHost(primary), LegacySigninHost(primary)}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%q\nwant\n%q", primary, got, want)
		}
	}
}
