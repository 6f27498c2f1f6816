// Package names knows how AWS and the lab call things: Regions, host names, URL forms, ARNs and the tenant id of
// IAM Identity Center. It is data and string building; nothing here looks anything up.
package names

import (
	"encoding/hex"
	"slices"
	"strings"
)

// regions are those that IAM Identity Center can be replicated to: the seventeen enabled by default
// (IAM Identity Center User Guide, "IAM Identity Center Region availability").
var regions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
	"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1",
	"ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
}

// Regions lists the Regions that a scenario may name.
func Regions() []string { return slices.Clone(regions) }

// IsRegion tells whether a scenario may name the Region.
func IsRegion(name string) bool { return slices.Contains(regions, name) }

// IdPPlace is the place where the identity provider stands.
const IdPPlace = "idp"

// OktaHost is the host of the lab's identity provider when it speaks as Okta does; EntraHost when as Entra ID.
const (
	OktaHost  = "acme.okta.test"
	EntraHost = "login.microsoftonline.test"
)

// Instance is one instance of IAM Identity Center: what stays the same in all of its Regions.
type Instance struct {
	Primary     string // Region
	ID          string // ssoins- and 16 hex digits
	DirectoryID string // d- and 10 hex digits, the identity store's id
	Account     string // 12 digits, the management account
	UUID        string // of the tenant id
}

// ARN of the instance.
func (i Instance) ARN() string { return "arn:aws:sso:::instance/" + i.ID }

// IdentityStoreARN of the instance's directory.
func (i Instance) IdentityStoreARN() string {
	return "arn:aws:identitystore::" + i.Account + ":identitystore/" + i.DirectoryID
}

// TenantID is the last element of every ACS URL: the primary Region and a dash in hex, then a UUID. Seen in the
// field; AWS documents only that it is opaque.
func (i Instance) TenantID() string { return hex.EncodeToString([]byte(i.Primary+"-")) + i.UUID }

// Issuer is the entity ID of the instance and the audience of its assertions. There is one for all Regions, and it
// names the primary.
func (i Instance) Issuer() string {
	return "https://" + LegacySigninHost(i.Primary) + "/platform/saml/" + i.DirectoryID
}

// PortalHost is the dual-stack host of the access portal, which every Region has
// (IAM Identity Center User Guide, "Workforce access through additional Regions").
func (i Instance) PortalHost(region string) string { return i.ID + ".portal." + region + ".app.aws" }

// AlternativePortalHost is the IPv4 form of the same.
func (i Instance) AlternativePortalHost(region string) string {
	return i.ID + "." + region + ".portal.amazonaws.com"
}

// ClassicPortalHost exists in the primary Region only; its portal is at /start.
func (i Instance) ClassicPortalHost() string { return i.DirectoryID + ".awsapps.com" }

// PortalURL is where a person starts to sign in in the Region.
func (i Instance) PortalURL(region string) string { return "https://" + i.PortalHost(region) + "/" }

// ACS is the assertion consumer service URL of the Region in its IPv4 form, the one that works in all Regions.
func (i Instance) ACS(region string) string { return i.acs(SigninHost(region)) }

// DualStackACS is the Region's ACS URL at the dual-stack sign-in host.
func (i Instance) DualStackACS(region string) string { return i.acs(DualStackSigninHost(region)) }

// LegacyACS is the primary's older ACS URL, which instances enabled before February 2026 must keep.
func (i Instance) LegacyACS() string { return i.acs(LegacySigninHost(i.Primary)) }

func (i Instance) acs(host string) string {
	return "https://" + host + "/platform/saml/acs/" + i.TenantID()
}

// Hosts of a Region's services.
func SigninHost(region string) string          { return region + ".signin.aws" }
func DualStackSigninHost(region string) string { return region + ".sso.signin.aws" }
func LegacySigninHost(region string) string    { return region + ".signin.aws.amazon.com" }
func PortalAPIHost(region string) string       { return "portal.sso." + region + ".amazonaws.com" }
func STSHost(region string) string             { return "sts." + region + ".amazonaws.com" }
func KMSHost(region string) string             { return "kms." + region + ".amazonaws.com" }

// ReplicationHost is where a replica takes what other Regions replicate to it. AWS has no such public name; it is
// the lab's own, in the test domain.
func ReplicationHost(region string) string { return "replication." + region + ".test" }

// CanaryHost answers the canaries that prove a rule of the fabric, one a place.
func CanaryHost(place string) string { return "canary." + place + ".test" }

// KeyARN is the ARN of a multi-Region key's replica in the Region.
func KeyARN(region, account, keyID string) string {
	return strings.Join([]string{"arn:aws:kms", region, account, "key/" + keyID}, ":")
}
