package main

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/system"
)

// lacks tells who asks AWS for a service or a Region that the lab lacks what it has, as an error of AWS's. Without it
// all that a program of theirs could say is that a proxy refused it.
type lacks struct {
	hosts  map[fabric.Scope]string // the lab's own endpoints
	serves string
}

// newLacks lists what a lab of the Regions has, the primary first.
func newLacks(sys *harness.System, regions []string) *lacks {
	l := &lacks{hosts: map[fabric.Scope]string{}}
	var services []string
	for _, region := range regions {
		for service := range system.Calls() {
			for _, host := range sys.Place(region).Services[service] {
				scope := fabric.ScopeOfHost(host)
				l.hosts[scope] = host
				services = append(services, clientName(scope.Service))
			}
		}
	}
	slices.Sort(services)
	l.serves = strings.Join(slices.Compact(services), ", ") + " in " + strings.Join(regions, ", ")
	return l
}

// clientNames are services that the AWS CLI and the SDKs call otherwise than their endpoints and signatures do.
var clientNames = map[string]string{
	"portal.sso": "sso", "sso": "sso-admin", "oidc": "sso-oidc", "monitoring": "cloudwatch",
}

func clientName(service string) string { return cmp.Or(clientNames[service], service) }

// ServeHTTP answers with a code that no service of AWS has, so that nobody takes it for one of theirs.
func (l *lacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fabric.SayError(w, r, "UnknownServiceInLab", l.sentence(fabric.ScopeOf(r), r.Host))
}

// sentence says what the lab lacks of a scope that was asked for under a host name.
func (l *lacks) sentence(s fabric.Scope, host string) string {
	what := clientName(s.Service)
	if s.Region != "" {
		what += " in " + s.Region
	}
	if own := l.hosts[s]; own != "" {
		return fmt.Sprintf("regiondrill's lab serves %s as %s, not as %s", what, own, host)
	}
	return fmt.Sprintf("regiondrill's lab has no %s; it serves %s", what, l.serves)
}
