package system

import (
	"net/http"
	"net/url"

	"github.com/regiondrill/regiondrill/harness"
)

// KeyOf is the handle on a key that goes with the run, whoever plays KMS.
func (d *Design) KeyOf(region, arn string, served http.Handler) harness.Key {
	return (&Site{Design: d}).newKey(region, arn, served)
}

// KeyAt is the handle on a key that an endpoint has.
func (d *Design) KeyAt(at *url.URL, region, arn string) harness.Key {
	t := d.Topology
	t.KMS = harness.KMSSettings{Backend: KMSEndpoint, URL: at.String()}
	site := &Site{Design: &Design{Topology: t, Instance: d.Instance}}
	return site.newKey(region, arn, newRelay(at).handler())
}
