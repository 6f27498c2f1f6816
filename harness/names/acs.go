package names

import "strings"

// The forms of an ACS URL, as scenarios say them behind a Region and a slash.
const (
	ACSIPv4      = "ipv4"       // <region>.signin.aws: what a Region alone means
	ACSDualStack = "dual_stack" // <region>.sso.signin.aws
	ACSLegacy    = "legacy"     // <region>.signin.aws.amazon.com, of the primary alone
)

// ACSForms lists them.
func ACSForms() []string { return []string{ACSIPv4, ACSDualStack, ACSLegacy} }

// SplitACS is the Region and the form of an ACS URL as a scenario names it: us-east-1, or us-east-1/dual_stack.
func SplitACS(entry string) (region, form string) {
	region, form, said := strings.Cut(entry, "/")
	if !said {
		form = ACSIPv4
	}
	return region, form
}

// ACSOf is the ACS URL that a scenario names. Of a form that there isn't it is the one that all Regions have.
func (i Instance) ACSOf(entry string) string {
	switch region, form := SplitACS(entry); form {
	case ACSDualStack:
		return i.DualStackACS(region)
	case ACSLegacy:
		return i.acs(LegacySigninHost(region))
	default:
		return i.ACS(region)
	}
}
