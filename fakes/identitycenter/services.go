package identitycenter

import (
	"maps"
	"net/http"
	"slices"

	"github.com/regiondrill/regiondrill/harness/names"
)

// service is something that a Region serves, under names of its own.
type service struct {
	name    string // as a scenario calls it
	hosts   func(c *Config) []string
	handler func(r *Replica, host string) http.Handler
}

// services are all that there are. A new one is a file and a row here.
func services() []service {
	return []service{
		{"portal", portalHosts, (*Replica).portalHandler},
		{"signin", signinHosts, (*Replica).signinHandler},
		{"portal_api", hosts(names.PortalAPIHost, names.DualStackPortalAPIHost), (*Replica).portalAPIHandler},
		{"oidc", hosts(names.OIDCHost, names.DualStackOIDCHost), (*Replica).oidcHandler},
		{"sts", hosts(names.STSHost), (*Replica).stsHandler},
		{"sso_admin", hosts(names.SSOAdminHost, names.DualStackSSOAdminHost), (*Replica).adminHandler},
		{"identity_store", hosts(names.IdentityStoreHost, names.DualStackIdentityStoreHost),
			(*Replica).identityStoreHandler},
		{"scim", scimHosts, (*Replica).scimHandler},
		{"events", hosts(names.EventsHost), (*Replica).eventsHandler},
		{"replication", hosts(names.ReplicationHost), (*Replica).replicationHandler},
	}
}

// hosts are of the same forms in every Region.
func hosts(forms ...func(region string) string) func(c *Config) []string {
	return func(c *Config) []string {
		var all []string
		for _, host := range forms {
			all = append(all, host(c.Region))
		}
		return all
	}
}

// ServiceNames lists what a Region serves.
func ServiceNames() []string {
	var all []string
	for _, s := range services() {
		all = append(all, s.name)
	}
	return all
}

func portalHosts(c *Config) []string {
	hosts := []string{c.Instance.PortalHost(c.Region), c.Instance.AlternativePortalHost(c.Region)}
	if c.Region == c.Instance.Primary {
		hosts = slices.AppendSeq(hosts, maps.Keys(c.Instance.ClassicPortals()))
	}
	return hosts
}

func signinHosts(c *Config) []string {
	hosts := []string{names.SigninHost(c.Region), names.DualStackSigninHost(c.Region)}
	if c.Region == c.Instance.Primary {
		hosts = append(hosts, names.LegacySigninHost(c.Region))
	}
	return hosts
}

// Hosts are the names that the Region serves, each with its service.
func (r *Replica) Hosts() map[string]string {
	found := map[string]string{}
	for _, s := range services() {
		for _, host := range s.hosts(&r.cfg) {
			found[host] = s.name
		}
	}
	return found
}

// Handlers are what the Region serves, by host name. All want HTTPS in front of them: their cookies are Secure.
func (r *Replica) Handlers() map[string]http.Handler {
	handlers := map[string]http.Handler{}
	for _, s := range services() {
		for _, host := range s.hosts(&r.cfg) {
			handlers[host] = s.handler(r, host)
		}
	}
	return handlers
}
