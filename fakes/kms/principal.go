package kms

import (
	"regexp"
	"slices"
	"strings"
)

// principals are those of a Principal or NotPrincipal.
type principals struct {
	not      bool
	everyone bool
	services []string
	iam      []string // ARNs, and accounts of 12 digits
	unknown  []string // kinds that no caller here has: Federated, CanonicalUser
}

// iamPrincipal is what AWS KMS takes for one: an account, or an ARN of the account, a user, a role or a session.
var iamPrincipal = regexp.MustCompile(
	`^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[^*?]+)|` +
		`arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)/[^*?]+)$`)

var servicePrincipal = regexp.MustCompile(`^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|aws\.internal)$`)

// newPrincipals reads the principals by kind. Those that AWS KMS would refuse are an error.
func newPrincipals(kinds map[string][]string, not bool) (principals, error) {
	p := principals{not: not}
	for kind, names := range kinds {
		switch kind {
		case "AWS":
			for _, name := range names {
				switch {
				case name == "*":
					p.everyone = true
				case iamPrincipal.MatchString(name):
					p.iam = append(p.iam, name)
				default:
					return p, invalidPrincipal()
				}
			}
		case "Service":
			for _, name := range names {
				if !servicePrincipal.MatchString(name) {
					return p, invalidPrincipal()
				}
			}
			p.services = names
		case "Federated", "CanonicalUser":
			p.unknown = append(p.unknown, kind)
		default:
			return p, malformedPolicy("Syntax errors in policy.")
		}
	}
	slices.Sort(p.unknown)
	return p, nil
}

func invalidPrincipal() error {
	return malformedPolicy("Policy contains a statement with one or more invalid principals.")
}

// include tells whether the statement is about the caller.
func (p *principals) include(q *question, deny bool) truth {
	if p.not {
		return p.exempt(q, deny).but(true)
	}
	if p.everyone || p.named(q) || p.account(q) {
		return yes
	}
	return p.otherwise()
}

// exempt tells whether a NotPrincipal spares the caller. A Deny spares only those of whom it names the account as
// well; an Allow leaves out whoever it names by either (IAM User Guide, "NotPrincipal").
func (p *principals) exempt(q *question, deny bool) truth {
	named, account := p.named(q), p.account(q) || q.service
	if p.everyone || named && account || !deny && (named || p.account(q)) {
		return yes
	}
	return p.otherwise()
}

func (p *principals) otherwise() truth {
	if len(p.unknown) > 0 {
		return unclear
	}
	return no
}

// named tells whether the caller is named: a service, or an IAM principal, or the role of a session.
func (p *principals) named(q *question) bool {
	if q.service {
		return slices.Contains(p.services, q.principal)
	}
	return slices.Contains(p.iam, q.principal) || slices.Contains(p.iam, q.role)
}

// account tells whether the caller's account is named, which stands for all its principals.
func (p *principals) account(q *question) bool {
	return q.owner != "" && slices.ContainsFunc(p.iam, func(name string) bool {
		account, root := strings.CutSuffix(name, ":root")
		return name == q.owner || root && strings.HasSuffix(account, ":"+q.owner)
	})
}

func (p *principals) doubts() []Remark {
	var all []Remark
	for _, kind := range p.unknown {
		all = append(all, Remark{Kind: UnknownPrincipal, Name: kind})
	}
	return all
}

// caller is who asks, taken apart once.
type caller struct {
	principal string // service principal, or ARN of an IAM principal
	service   bool
	owner     string // account of an IAM principal
	role      string // ARN of the role of which it is a session; empty where it is none
}

func newCaller(principal string) caller {
	return caller{principal, isService(principal), accountOf(principal), roleOf(principal)}
}

func isService(principal string) bool {
	return !strings.HasPrefix(principal, "arn:") && servicePrincipal.MatchString(principal)
}

// accountOf is the account of an IAM principal's ARN; empty for a service.
func accountOf(principal string) string {
	parts := strings.SplitN(principal, ":", arnParts)
	if len(parts) != arnParts || parts[0] != "arn" {
		return ""
	}
	return parts[4]
}

// roleOf is the ARN of the role of which the principal is a session; empty where it is none.
func roleOf(principal string) string {
	before, session, found := strings.Cut(principal, ":assumed-role/")
	if !found {
		return ""
	}
	role, _, _ := strings.Cut(session, "/")
	return strings.Replace(before, ":sts:", ":iam:", 1) + ":role/" + role
}
