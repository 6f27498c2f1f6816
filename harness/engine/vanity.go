package engine

import (
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// maxHost is how long a host name may be (RFC 1035, section 2.3.4), with the Region that stands before it in the names
// of redirectors.
const maxHost = 253 - len("ap-northeast-1.")

// vanity checks the host name at which people start. Without one there is none, whatever else is said of it.
func (c *compiler) vanity() {
	set := c.s.System.Vanity
	if set.Host == "" {
		return
	}
	host := strings.ToLower(strings.TrimSuffix(set.Host, "."))
	switch {
	case !isHost(host):
		c.fail(c.s.Block.Errorf("system.vanity.host", "%q is no host name: letters, digits and dashes between dots",
			set.Host))
	case names.IsAWS(host):
		c.fail(c.s.Block.Errorf("system.vanity.host", "%s is AWS's; the vanity domain is a name of your own", host))
	case host == names.IdPHost(c.s.System.IdP.Dialect):
		c.fail(c.s.Block.Errorf("system.vanity.host", "%s is the identity provider's", host))
	}
	c.plan.Topology.Vanity = harness.VanitySettings(set)
	c.plan.Topology.Vanity.Host = host
}

// isHost tells whether a name of several labels is one that DNS and certificates take (RFC 1123, section 2.1).
func isHost(name string) bool {
	labels := strings.Split(name, ".")
	if len(labels) < 2 || len(name) > maxHost {
		return false
	}
	for _, label := range labels {
		strange := strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
		})
		if label == "" || len(label) > 63 || strange || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return true
}
