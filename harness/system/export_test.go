package system

import (
	"net/url"

	"github.com/regiondrill/regiondrill/harness"
)

// KeyAt is the handle on a key that an endpoint has.
func (d *Design) KeyAt(at *url.URL, region, arn string) harness.Key {
	t := d.Topology
	t.KMS = harness.KMSSettings{Backend: KMSEndpoint, URL: at.String()}
	site := &Site{Design: &Design{Topology: t, Instance: d.Instance}}
	return site.newKey(region, arn, newRelay(at).handler())
}
