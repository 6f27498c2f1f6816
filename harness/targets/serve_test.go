package targets

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/system"
)

// told is a fake in this process, and its control API.
func told(t *testing.T, fake string) (server, *control.Client) {
	t.Helper()
	s := fakes("")[fake]
	api := httptest.NewServer(control.Handler("secret", s.verbs))
	t.Cleanup(api.Close)
	return s, &control.Client{Base: func() string { return api.URL }, Token: "secret", HTTP: api.Client()}
}

func status(s server, host string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://"+host+"/", nil)
	s.ServeHTTP(w, r)
	return w.Code
}

// A fake is well once it can serve, and serves its own hosts only.
func TestServedIdP(t *testing.T) {
	s, api := told(t, system.FakeIdP)
	for _, host := range []string{healthHost, names.OktaHost} {
		if got := status(s, host); got != http.StatusServiceUnavailable {
			t.Errorf("unconfigured, %s is answered with %d", host, got)
		}
	}
	signer, err := system.NewSigner(pki.Bits)()
	if err != nil {
		t.Fatal(err)
	}
	var said idp.Metadata
	if err := api.Call(t.Context(), "configure", system.NewDesign(topology()).IdP(signer), &said); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.SSOURL, names.OktaHost) || said.EntityID == "" {
		t.Errorf("it says %+v", said)
	}
	for host, want := range map[string]int{
		healthHost: http.StatusNoContent, names.OktaHost: http.StatusOK, "elsewhere.test": http.StatusMisdirectedRequest,
	} {
		if got := status(s, host); got != want {
			t.Errorf("%s: %d", host, got)
		}
	}
	other, err := system.NewSigner(pki.Bits)()
	if err != nil {
		t.Fatal(err)
	}
	mixed := system.NewDesign(topology()).IdP(&pki.Signer{Key: signer.Key, Cert: other.Cert})
	if err := api.Call(t.Context(), "configure", mixed, nil); err == nil || !strings.Contains(err.Error(), "not that of the certificate") {
		t.Errorf("a key that isn't the certificate's: %v", err)
	}
}

// What is told too early is refused, and what is wrong says so without a secret.
func TestServedReplicaRefuses(t *testing.T) {
	_, api := told(t, system.FakeReplica)
	design := system.NewDesign(topology())
	for verb, argument := range map[string]any{
		"start": control.None{}, "put": design.Directory, "wait": identitycenter.Position{}, "hold": []identitycenter.EdgeRule{},
		"backlogs": control.None{}, "judge": identitycenter.Judgement{}, "lose_sessions": control.None{},
	} {
		if _, refused := errors.AsType[*control.Refusal](api.Call(t.Context(), verb, argument, nil)); !refused {
			t.Errorf("%s is done by a replica that isn't there", verb)
		}
	}
	for _, way := range []identitycenter.Way{{Door: "http://regiondrill:hunter2@%zz"}, {Door: "http://regiondrill:hunter2@here.test"}, {}} {
		err := api.Call(t.Context(), "configure", identitycenter.Config{Way: way}, nil)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: it says %v", way, err)
		}
	}
}

// Without a token, or as a fake that there isn't, nothing is served.
func TestServeRefuses(t *testing.T) {
	for _, tc := range []struct{ fake, token, says string }{{"idp", "", "no control token"}, {"volcano", "x", "idp, kms, replica"}} {
		if err := Serve(t.Context(), tc.fake, tc.token, ""); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}

// What a replica is told goes across whole.
func TestConfigGoesAcross(t *testing.T) {
	signer, err := system.NewSigner(pki.Bits)()
	if err != nil {
		t.Fatal(err)
	}
	trust := identitycenter.IdPTrust{EntityID: "entity", SSOURL: "https://sso.test/", Certificates: pki.Certificates{signer.Cert}}
	sent := system.NewDesign(topology()).Replica(1, trust, "arn:aws:kms:eu-west-1:1:key/k")
	sent.Way = identitycenter.Way{Door: "http://here.test", Roots: []byte("roots")}
	raw, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var came identitycenter.Config
	if err := json.Unmarshal(raw, &came); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(sent, came) {
		t.Errorf("sent was\n%+v\nand came\n%+v", sent, came)
	}
	for i := range reflect.TypeOf(came).NumField() {
		if f := reflect.ValueOf(came).Field(i); f.IsZero() && !slices.Contains([]string{"Lag", "Jitter"}, reflect.TypeOf(came).Field(i).Name) {
			t.Errorf("%s is empty, so that nothing is shown of it", reflect.TypeOf(came).Field(i).Name)
		}
	}
}
