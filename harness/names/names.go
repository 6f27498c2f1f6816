// Package names knows how AWS and the lab call things: Regions, host names, URL forms, ARNs and the tenant id of
// IAM Identity Center. It is data and string building; nothing here looks anything up.
package names

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// UserDomain follows a user's name in their user name.
const UserDomain = "@acme.test"

// User is the name of the i-th user of a directory, from 1.
func User(i int) string { return fmt.Sprintf("user-%03d", i) }

// Group is the name of the i-th group of a directory, from 1.
func Group(i int) string { return fmt.Sprintf("group-%02d", i) }

// IdPPlace is the place where the identity provider stands.
const IdPPlace = "idp"

// GlobalPlace is the place of what AWS has once for all Regions, and what no Region's outage takes away therefore:
// Route 53 with its health checkers, and the console's sign-in host.
const GlobalPlace = "global"

// Services that are not of every Region: what names the vanity domain has in one, the console's sign-in, and SCIM,
// which is in the primary Region alone.
const (
	VanityService  = "vanity"
	ConsoleService = "console"
	SCIMService    = "scim"
)

// OktaHost is the host of the lab's identity provider when it speaks as Okta does; EntraHost when as Entra ID.
const (
	OktaHost  = "acme.okta.test"
	EntraHost = "login.microsoftonline.test"
)

// IdPHost is the host of the lab's identity provider in a dialect.
func IdPHost(dialect string) string {
	if dialect == "entra" {
		return EntraHost
	}
	return OktaHost
}

// Instance is one instance of IAM Identity Center: what stays the same in all of its Regions.
type Instance struct {
	Primary     string // Region
	ID          string // ssoins- and 16 hex digits
	DirectoryID string // d- and 10 hex digits, the identity store's id
	Account     string // 12 digits, the management account
	UUID        string // of the tenant id
	Alias       string // of the classic access portal; may be empty
}

// ARN of the instance.
func (i Instance) ARN() string { return i.partition().ARN("sso", "", "", "instance/"+i.ID) }

func (i Instance) partition() *Partition { return PartitionOf(i.Primary) }

// PermissionSetARN and ApplicationARN of the instance's, by their ids.
func (i Instance) PermissionSetARN(id string) string {
	return i.partition().ARN("sso", "", "", "permissionSet/"+i.ID+"/"+id)
}

func (i Instance) ApplicationARN(id string) string {
	return i.partition().ARN("sso", "", i.Account, "application/"+i.ID+"/"+id)
}

// IdentityStoreARN of the instance's directory.
func (i Instance) IdentityStoreARN() string {
	return i.partition().ARN("identitystore", "", i.Account, "identitystore/"+i.DirectoryID)
}

// IdentityARN is that of a user, a group or a membership in the directory.
func (i Instance) IdentityARN(kind, id string) string {
	return i.partition().ARN("identitystore", "", "", kind+"/"+id)
}

// SCIMURL is where an identity provider provisions, in the primary Region alone (IAM Identity Center SCIM
// Implementation Developer Guide).
func (i Instance) SCIMURL() string {
	return "https://" + SCIMHost(i.Primary) + "/" + i.UUID + "/scim/v2"
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
func (i Instance) PortalHost(region string) string {
	return i.ID + ".portal." + region + "." + i.partition().portal
}

// AlternativePortalHost is the IPv4 form of the same.
func (i Instance) AlternativePortalHost(region string) string {
	return i.ID + "." + region + "." + i.partition().alternativePortal
}

// ClassicPortalHost exists in the primary Region only; its portal is at ClassicPortalPath.
func (i Instance) ClassicPortalHost() string { return i.inDirectory(i.partition().classicHost) }

// AliasPortalHost is the classic host by the alias that the administrator has chosen, in the primary Region only; empty
// where there is none. Its portal is at ClassicPortalPath. Only partitions whose classic host is named after the
// directory have one.
func (i Instance) AliasPortalHost() string {
	form := i.partition().classicHost
	if i.Alias == "" || !strings.Contains(form, "ID") {
		return ""
	}
	return strings.ReplaceAll(form, "ID", i.Alias)
}

// ClassicPortals are the hosts that the primary Region alone has, each with the path of its portal.
func (i Instance) ClassicPortals() map[string]string {
	portals := map[string]string{i.ClassicPortalHost(): i.ClassicPortalPath()}
	if host := i.AliasPortalHost(); host != "" {
		portals[host] = i.ClassicPortalPath()
	}
	return portals
}

// ClassicPortalPath is where the portal is on that host.
func (i Instance) ClassicPortalPath() string { return i.inDirectory(i.partition().classicPath) }

func (i Instance) inDirectory(form string) string {
	return strings.ReplaceAll(form, "ID", i.DirectoryID)
}

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
func SigninHost(region string) string { return region + "." + PartitionOf(region).signin }
func DualStackSigninHost(region string) string {
	return region + "." + PartitionOf(region).dualStackSignin
}
func LegacySigninHost(region string) string  { return region + "." + PartitionOf(region).legacySignin }
func PortalAPIHost(region string) string     { return endpoint("portal.sso", region) }
func SSOAdminHost(region string) string      { return endpoint("sso", region) }
func IdentityStoreHost(region string) string { return endpoint("identitystore", region) }
func SCIMHost(region string) string          { return endpoint("scim", region) }
func OIDCHost(region string) string          { return endpoint("oidc", region) }
func STSHost(region string) string           { return endpoint("sts", region) }
func KMSHost(region string) string           { return endpoint("kms", region) }

// ConsoleSigninHost is the host, one for all Regions of a Region's partition, at which credentials of a role are
// exchanged for a session at AWS's console; ConsoleHost is where that begins.
func ConsoleSigninHost(region string) string { return PartitionOf(region).legacySignin }
func ConsoleHost(region string) string {
	return "console." + strings.TrimPrefix(PartitionOf(region).legacySignin, "signin.")
}

// Hosts of the same that have IPv6 too (IAM Identity Center User Guide, "Set up allow-lists").
func DualStackPortalAPIHost(region string) string { return dualStackEndpoint("portal.sso", region) }
func DualStackOIDCHost(region string) string      { return dualStackEndpoint("oidc", region) }
func DualStackSSOAdminHost(region string) string  { return dualStackEndpoint("sso", region) }
func DualStackIdentityStoreHost(region string) string {
	return dualStackEndpoint("identitystore", region)
}
func DualStackSCIMHost(region string) string { return dualStackEndpoint("scim", region) }

// SigninDomain is the parent that the sign-in hosts of all Regions of the Region's partition have in common.
func SigninDomain(region string) string { return PartitionOf(region).signin }

// endpoint is the host of a service in a Region.
func endpoint(service, region string) string {
	return service + "." + region + "." + PartitionOf(region).Domain
}

func dualStackEndpoint(service, region string) string {
	return service + "." + region + "." + PartitionOf(region).DualStack
}

// EventsHost is where what happened to identities in a Region can be read: the lab's own, in the place of a bus of
// EventBridge.
func EventsHost(region string) string { return "events." + region + ".test" }

// VanityHost is the host of a Region by which a company's own host name is answered there: what stands in place of the
// DNS name of a load balancer, to which that name is an alias.
func VanityHost(region, host string) string { return region + "." + host }

// ReplicationHost is where a replica takes what other Regions replicate to it. AWS has no such public name; it is
// the lab's own, in the test domain.
func ReplicationHost(region string) string { return "replication." + region + ".test" }

// CanaryHost answers the canaries that prove a rule of the fabric, one a place.
func CanaryHost(place string) string { return "canary." + place + ".test" }

// KeyARN is the ARN of a multi-Region key's replica in the Region.
func KeyARN(region, account, keyID string) string {
	return PartitionOf(region).ARN("kms", region, account, "key/"+keyID)
}
