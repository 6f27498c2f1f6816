package identitycenter

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/harness/names"
)

// FuzzResponse: nothing makes the validator panic, and what it accepts names the signed user, and is accepted by
// goxmldsig and by the round-trip validator too.
func FuzzResponse(f *testing.F) {
	x, d := testExpectation()
	entra := d
	entra.entra = true
	for _, good := range []draft{d, entra} {
		f.Add([]byte(good.issue(f)))
	}
	for _, c := range attacks {
		if doc := d.issue(f); c.change == nil && len(doc) < 20<<10 {
			f.Add([]byte(c.tamper(nil, doc)))
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		a, r := x.validateXML(doc)
		if r != nil {
			if r.cause == "" {
				t.Error("a refusal without a cause")
			}
			return
		}
		if a.nameID != d.nameID {
			t.Errorf("accepted as %q", a.nameID)
		}
		if err := secondOpinion(doc, x.trusted[0]); err != nil {
			t.Errorf("goxmldsig: %v", err)
		}
	})
}

// FuzzReplication: whatever is pushed, the replica neither panics nor forgets its directory.
func FuzzReplication(f *testing.F) {
	w := newWorld(f)
	defer w.close()
	w.start()
	first := w.replicas[east].Position()
	handler := w.replicas[west].Handlers()[names.ReplicationHost(west)]
	pushed := func(e ...string) []byte {
		return []byte(`{"origin":"us-east-1","stream":"sessions","epoch":"e","entries":[` + strings.Join(e, ",") + `]}`)
	}
	f.Add(pushed(`{"n":1,"kind":"session","id":"s","value":{"id":"s","user":"u","userId":"u-1","browser":"AA=="}}`, `null`))
	f.Add(pushed(`{"n":1,"kind":"session end","id":"s","value":{"session":"s"}}`, `{"n":2,"kind":"revocation","id":"r","value":{"user":"u"}}`))
	f.Add([]byte(`{"origin":"us-east-1","stream":"sessions","epoch":"e","entries":[],"snapshot":{"id":"x","upTo":9,"last":true}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := w.has(first)
		for _, stream := range Streams() {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+stream, bytes.NewReader(body))
			req.URL.Host = names.ReplicationHost(west)
			w.replicas[east].vouch(req, body)
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, req)
			if rec.Code == http.StatusInternalServerError {
				t.Errorf("status %d: %s", rec.Code, rec.Body)
			}
		}
		if before && !w.has(first) {
			t.Error("what it had is gone")
		}
	})
}

// FuzzState: only what the portal has sealed is a state.
func FuzzState(f *testing.F) {
	r := newWorld(f).replicas[east]
	f.Add(r.sealState(portalState{host: "a.test", flow: "b"}))
	f.Add(r.sealState(portalState{host: "a.test", flow: "b", next: pathDevice}))
	f.Add("AAAA")
	other := newWorld(f).replicas[east]
	f.Add(other.sealState(portalState{host: "a.test", flow: "b"}))
	f.Fuzz(func(t *testing.T, sealed string) {
		if s, ok := r.openState(sealed); ok && (s.host != "a.test" || s.flow != "b" || s.next != "" && s.next != pathDevice) {
			t.Errorf("opened %+v", s)
		}
	})
}

// FuzzOIDC: whatever is posted to the OIDC API, it answers with JSON: what was asked for, or an error of its own.
func FuzzOIDC(f *testing.F) {
	w := newWorld(f, func(c *Config) { c.Behaviour.Quotas = false })
	f.Add("/client/register", `{"clientName":"x","clientType":"public","scopes":["sso:account:access"],`+
		`"grantTypes":["authorization_code"],"redirectUris":["http://127.0.0.1/cb"],"issuerUrl":"`+
		w.instance.PortalURL(east)+`"}`)
	f.Add("/device_authorization",
		`{"clientId":"x","clientSecret":"y","startUrl":"https://d-0123456789.awsapps.com/start#/"}`)
	f.Add("/token", `{"clientId":"x","clientSecret":"y","grantType":"refresh_token","refreshToken":"z"}`)
	f.Add("/token", `{"clientId":1e999}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		if !slices.Contains([]string{"/client/register", "/device_authorization", "/token"}, path) {
			return
		}
		a := w.postJSON(t, "https://"+names.OIDCHost(east)+path, body)
		if a.StatusCode == http.StatusOK {
			if path != "/client/register" || !strings.Contains(a.body, `"clientSecret":`) {
				t.Errorf("%s gave %s", path, a.body)
			}
			return
		}
		if kind := between(a.body, `"__type":"`, `"`); oidcCodes[kind].status != a.StatusCode {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	})
}

// FuzzAdmin: whatever is asked of sso-admin, nothing is the service's own fault.
func FuzzAdmin(f *testing.F) {
	w := newWorld(f)
	defer w.close()
	w.start()
	var names []string
	for name := range adminOperations() {
		names = append(names, name)
	}
	slices.Sort(names)
	arn := w.instance.ARN()
	f.Add(uint8(0), []byte(`{"InstanceArn":"`+arn+`","MaxResults":1,"NextToken":"cGVybWlzc2lvbgBw"}`))
	f.Add(uint8(5), []byte(`{"InstanceArn":"`+arn+`","RegionName":"eu-north-1","Name":"x","SessionDuration":"PT99999999999H"}`))
	f.Add(uint8(9), []byte(`{"InstanceArn":"`+arn+`","Filter":{"Status":"SUCCEEDED"},"PortalOptions":{"SignInOptions":null}}`))
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		name := names[int(which)%len(names)]
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		if _, err := adminOperations()[name].do(w.replicas[east])(req, body); err != nil {
			var fault *awsjson.Fault
			if !errors.As(err, &fault) || fault.Status >= http.StatusInternalServerError && fault.Message != "KMS does not answer." {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
