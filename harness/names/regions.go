package names

import (
	"slices"
	"strings"
)

// Region is an AWS Region.
type Region struct {
	Code string
	// Area and Place are the name by which people know it: US East (N. Virginia) ("AWS Regions and Availability Zones",
	// names in the console).
	Area, Place string
	// OptIn says that it is disabled until an account enables it, which each account that is reached from there must.
	OptIn bool

	partition string
}

// Regions of the partitions that IAM Identity Center is in. Since 2026-09-30 it can be replicated to those that have to
// be enabled first, to AWS GovCloud (US) and to China too, always within one partition (IAM Identity Center User Guide,
// "Document history" and "IAM Identity Center Region availability"). A new Region is a line here.
var regions = []Region{
	{"us-east-1", "US East", "N. Virginia", false, "aws"},
	{"us-east-2", "US East", "Ohio", false, "aws"},
	{"us-west-1", "US West", "N. California", false, "aws"},
	{"us-west-2", "US West", "Oregon", false, "aws"},
	{"ca-central-1", "Canada", "Central", false, "aws"},
	{"sa-east-1", "South America", "São Paulo", false, "aws"},
	{"eu-west-1", "Europe", "Ireland", false, "aws"},
	{"eu-west-2", "Europe", "London", false, "aws"},
	{"eu-west-3", "Europe", "Paris", false, "aws"},
	{"eu-central-1", "Europe", "Frankfurt", false, "aws"},
	{"eu-north-1", "Europe", "Stockholm", false, "aws"},
	{"ap-south-1", "Asia Pacific", "Mumbai", false, "aws"},
	{"ap-southeast-1", "Asia Pacific", "Singapore", false, "aws"},
	{"ap-southeast-2", "Asia Pacific", "Sydney", false, "aws"},
	{"ap-northeast-1", "Asia Pacific", "Tokyo", false, "aws"},
	{"ap-northeast-2", "Asia Pacific", "Seoul", false, "aws"},
	{"ap-northeast-3", "Asia Pacific", "Osaka", false, "aws"},

	{"af-south-1", "Africa", "Cape Town", true, "aws"},
	{"ap-east-1", "Asia Pacific", "Hong Kong", true, "aws"},
	{"ap-east-2", "Asia Pacific", "Taipei", true, "aws"},
	{"ap-south-2", "Asia Pacific", "Hyderabad", true, "aws"},
	{"ap-southeast-3", "Asia Pacific", "Jakarta", true, "aws"},
	{"ap-southeast-4", "Asia Pacific", "Melbourne", true, "aws"},
	{"ap-southeast-5", "Asia Pacific", "Malaysia", true, "aws"},
	{"ap-southeast-6", "Asia Pacific", "New Zealand", true, "aws"},
	{"ap-southeast-7", "Asia Pacific", "Thailand", true, "aws"},
	{"ca-west-1", "Canada West", "Calgary", true, "aws"},
	{"eu-central-2", "Europe", "Zurich", true, "aws"},
	{"eu-south-1", "Europe", "Milan", true, "aws"},
	{"eu-south-2", "Europe", "Spain", true, "aws"},
	{"il-central-1", "Israel", "Tel Aviv", true, "aws"},
	{"me-central-1", "Middle East", "UAE", true, "aws"},
	{"me-south-1", "Middle East", "Bahrain", true, "aws"},
	{"mx-central-1", "Mexico", "Central", true, "aws"},

	{"us-gov-west-1", "AWS GovCloud", "US-West", false, "aws-us-gov"},
	{"us-gov-east-1", "AWS GovCloud", "US-East", false, "aws-us-gov"},
	{"cn-north-1", "China", "Beijing", false, "aws-cn"},
	{"cn-northwest-1", "China", "Ningxia", false, "aws-cn"},
}

// elsewhere are Regions of AWS that IAM Identity Center can't be replicated to or from, and why not.
var elsewhere = map[string]string{
	"eusc-de-east-1": "it is the only Region of the AWS European Sovereign Cloud",
	"us-iso-east-1":  isolated, "us-iso-west-1": isolated, "us-isob-east-1": isolated, "us-isob-west-1": isolated,
	"us-isof-east-1": isolated, "us-isof-south-1": isolated, "eu-isoe-west-1": isolated,
}

const isolated = "it is of an isolated partition, which has no IAM Identity Center"

// Partition is a part of AWS that shares no account, name or key with the others.
type Partition struct {
	ID        string // in ARNs
	Domain    string // of the Regions' service endpoints
	DualStack string // the same for those that have IPv6 too

	signin, dualStackSignin, legacySignin string // domains behind a Region's code
	portal, alternativePortal             string
	classicHost, classicPath              string // of the primary's first portal; ID stands for the directory's
}

// partitions by their ids. The endpoints' domains are those of AWS's own SDKs. The sign-in domain of GovCloud and the
// classic portals were seen in the field; the other names of GovCloud and China are made as those of the first
// partition are, which AWS documents alone.
var partitions = map[string]*Partition{
	"aws": {
		ID: "aws", Domain: "amazonaws.com", DualStack: "api.aws",
		signin: "signin.aws", dualStackSignin: "sso.signin.aws", legacySignin: "signin.aws.amazon.com",
		portal: "app.aws", alternativePortal: "portal.amazonaws.com", classicHost: "ID.awsapps.com", classicPath: "/start",
	},
	"aws-us-gov": {
		ID: "aws-us-gov", Domain: "amazonaws.com", DualStack: "api.aws",
		signin: "signin.amazonaws-us-gov.com", dualStackSignin: "sso.signin.amazonaws-us-gov.com",
		legacySignin: "signin.amazonaws-us-gov.com",
		portal:       "app.aws", alternativePortal: "portal.amazonaws-us-gov.com",
		classicHost: "start.us-gov-home.awsapps.com", classicPath: "/directory/ID",
	},
	"aws-cn": {
		ID: "aws-cn", Domain: "amazonaws.com.cn", DualStack: "api.amazonwebservices.com.cn",
		signin: "signin.amazonaws.cn", dualStackSignin: "sso.signin.amazonaws.cn", legacySignin: "signin.amazonaws.cn",
		portal: "app.amazonwebservices.com.cn", alternativePortal: "portal.amazonaws.com.cn",
		classicHost: "start.home.awsapps.cn", classicPath: "/directory/ID",
	},
}

// Regions lists the codes of those that a scenario may name.
func Regions() []string {
	codes := make([]string, len(regions))
	for i, r := range regions {
		codes[i] = r.Code
	}
	return codes
}

// RegionOf finds a Region by its code.
func RegionOf(code string) (Region, bool) {
	i := slices.IndexFunc(regions, func(r Region) bool { return r.Code == code })
	if i < 0 {
		return Region{}, false
	}
	return regions[i], true
}

// IsRegion tells whether a scenario may name the Region.
func IsRegion(code string) bool {
	_, known := RegionOf(code)
	return known
}

// Unfit says why IAM Identity Center can't be replicated to or from a Region that exists; empty of all others.
func Unfit(code string) string { return elsewhere[code] }

// PartitionOf is a Region's partition. One that isn't known is taken for one of the first.
func PartitionOf(code string) *Partition {
	r, known := RegionOf(code)
	if !known {
		return partitions["aws"]
	}
	return partitions[r.partition]
}

// Domains are those under which endpoints and access portals have their names, of every partition.
func Domains() []string {
	var all []string
	for _, p := range partitions {
		for _, d := range []string{p.Domain, p.DualStack, p.portal} {
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	slices.Sort(all)
	return all
}

// ARN of something that is the partition's own.
func (p *Partition) ARN(service, region, account, resource string) string {
	return "arn:" + p.ID + ":" + service + ":" + region + ":" + account + ":" + resource
}

// IsAWS tells whether a host name is below one of the domains that AWS has names of IAM Identity Center in.
func IsAWS(host string) bool {
	for _, p := range partitions {
		for _, domain := range []string{p.Domain, p.DualStack, p.signin, p.legacySignin, p.portal, p.alternativePortal,
			"awsapps.com", "awsapps.cn"} {
			if host == domain || strings.HasSuffix(host, "."+domain) {
				return true
			}
		}
	}
	return false
}
