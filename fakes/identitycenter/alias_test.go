package identitycenter

import (
	"net/http"
	"testing"

	"github.com/regiondrill/regiondrill/harness/names"
)

// TestTheAliasIsThePrimarys: the classic portals, by the directory's id and by the alias, are the primary's alone, so
// whoever has only these is locked out with it.
func TestTheAliasIsThePrimarys(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		in := w.replicas[east].cfg.Instance
		for host, path := range map[string]string{"acme.awsapps.com": "/start", "d-0123456789.awsapps.com": "/start"} {
			if _, served := w.replicas[west].Handlers()[host]; served {
				t.Errorf("%s is served by the additional Region", host)
			}
			b := w.browser()
			login := b.get("https://"+host+path).want(t, http.StatusFound)
			q := readAuthnRequest(t, b.get(login.String()).want(t, http.StatusFound))
			back := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)).want(t, http.StatusSeeOther)
			if back.Host != host || back.Path != path {
				t.Errorf("from %s it leads back to %s", host, back)
			}
			page := b.get(back.String())
			page.want(t, http.StatusOK)
			list := b.get("https://"+names.PortalAPIHost(east)+"/assignment/accounts", headerToken, page.token(), "Origin", "https://"+host)
			list.want(t, http.StatusOK)
			if known, ok := w.replicas[east].portalOf("https://" + host + path + "/"); !ok || known != host {
				t.Errorf("as a start URL it is %q, %t", known, ok)
			}
			if _, ok := w.replicas[west].portalOf("https://" + host + path); ok {
				t.Error("the additional Region takes it for a start URL of its own")
			}
		}
		if in.Primary = "us-gov-west-1"; in.AliasPortalHost() != "" {
			t.Errorf("in GovCloud there is %s", in.AliasPortalHost())
		}
	}, func(c *Config) { c.Instance.Alias = "acme" })
}
