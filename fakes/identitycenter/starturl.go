package identitycenter

import (
	"net/url"
	"slices"
	"strings"
)

// issuerHost is where the instance's own URL is, under its ID, in all Regions.
const issuerHost = "identitycenter.amazonaws.com"

// portalOf is the host of the portal that a start URL or an issuer URL stands for in this Region: one of the Region's
// portals, with or without a slash, an empty fragment and /start behind it, or the URL of the instance. Portals of
// other Regions are not known here, nor is the classic one outside the primary (aws-cli #7129).
func (r *Replica) portalOf(start string) (host string, known bool) {
	u, err := url.Parse(start)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || u.RawQuery != "" ||
		strings.Trim(u.Fragment, "/") != "" {
		return "", false
	}
	host, path := strings.ToLower(u.Host), strings.TrimSuffix(u.Path, "/")
	switch in := r.cfg.Instance; {
	case host == issuerHost && path == "/"+in.ID:
		return in.PortalHost(r.cfg.Region), true
	case !slices.Contains(portalHosts(&r.cfg), host):
		return "", false
	case in.ClassicPortals()[host] != "":
		return host, path == in.ClassicPortals()[host]
	}
	return host, path == "" || path == "/start"
}

// portalBase is the URL of a portal of this Region, to which the paths of its pages are added.
func (r *Replica) portalBase(host string) string { return "https://" + host + r.portalPath(host) }

// portalPath is where the portal's pages are on the host: at the top, or below a folder on the classic host.
func (r *Replica) portalPath(host string) string {
	return r.cfg.Instance.ClassicPortals()[host]
}
