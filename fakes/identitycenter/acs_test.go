package identitycenter

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/names"
)

// Which ACS a response has come to is known by where it was served, not by what its sender says of the host.
func TestACSKnowsItsURL(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		in := w.instance
		for _, c := range []struct {
			served, said, acs string
			want              cause
		}{
			{names.SigninHost(east), names.SigninHost(east), in.ACS(east), ""},
			{names.SigninHost(east), "evil.test", in.ACS(east), ""},
			{names.SigninHost(east), names.SigninHost(west), in.ACS(west), causeDestination},
			{names.SigninHost(east), names.DualStackSigninHost(east), in.DualStackACS(east), causeDestination},
			{names.DualStackSigninHost(west), names.SigninHost(west), in.DualStackACS(west), ""},
			{names.LegacySigninHost(east), names.SigninHost(east), in.LegacyACS(), ""},
			{names.LegacySigninHost(east), names.SigninHost(east), in.ACS(east), causeDestination},
		} {
			response := w.draftFor(asked{ACS: c.acs, Issuer: in.Issuer()}, "ann@acme.test").encoded(t)
			form := strings.NewReader(url.Values{"SAMLResponse": {response}}.Encode())
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, pathACS+in.TenantID(), form)
			req.Host = c.said
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			rec := httptest.NewRecorder()
			w.net.hosts[c.served].ServeHTTP(rec, req)
			if got := cause(between(rec.Body.String(), `data-error="`, `"`)); got != c.want {
				t.Errorf("served at %s, said to be %s, for %s: cause %q, want %q", c.served, c.said, c.acs, got, c.want)
			}
		}
	})
}
