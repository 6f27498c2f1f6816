package targets

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// told is a fake in this process, and its control API.
func told(t *testing.T, fake string) (*server, *control.Client) {
	t.Helper()
	s := &server{}
	t.Cleanup(s.close)
	api := httptest.NewServer(control.Handler("secret", s.verbs()[fake]))
	t.Cleanup(api.Close)
	return s, &control.Client{Base: func() string { return api.URL }, Token: "secret", HTTP: api.Client()}
}

func status(s *server, host string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://"+host+"/", nil)
	s.ServeHTTP(w, r)
	return w.Code
}

// A fake is well once it can serve, and serves its own hosts only.
func TestServedIdP(t *testing.T) {
	s, api := told(t, "idp")
	if got := status(s, healthHost); got != http.StatusServiceUnavailable {
		t.Errorf("unconfigured, its health is %d", got)
	}
	signer, err := system.NewSigner()()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := newIdPSettings(system.NewDesign(topology()).IdP(signer))
	if err != nil {
		t.Fatal(err)
	}
	var said trust
	if err := api.Call(t.Context(), "configure", settings, &said); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.SSOURL, names.OktaHost) || said.EntityID == "" {
		t.Errorf("it says %+v", said)
	}
	for host, want := range map[string]int{healthHost: http.StatusNoContent, names.OktaHost: http.StatusOK, "elsewhere.test": http.StatusMisdirectedRequest} {
		if got := status(s, host); got != want {
			t.Errorf("%s: %d", host, got)
		}
	}
	other, err := system.NewSigner()()
	if err != nil {
		t.Fatal(err)
	}
	settings.Certificate = other.Cert.Raw
	if err := api.Call(t.Context(), "configure", settings, nil); err == nil || !strings.Contains(err.Error(), "not that of the certificate") {
		t.Errorf("a key that isn't the certificate's: %v", err)
	}
}

// What is told too early is refused, and what is wrong says so without a secret.
func TestServedReplicaRefuses(t *testing.T) {
	_, api := told(t, "replica")
	design := system.NewDesign(topology())
	for verb, argument := range map[string]any{"start": control.None{}, "put": design.Directory, "wait": 1, "restore": edition{}} {
		if _, refused := errors.AsType[*control.Refusal](api.Call(t.Context(), verb, argument, nil)); !refused {
			t.Errorf("%s is done by a replica that isn't there", verb)
		}
	}
	err := api.Call(t.Context(), "configure", replicaSettings{Door: "http://regiondrill:hunter2@%zz", Certificate: []byte("none")}, nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("it says %v", err)
	}
}

// Without a token, or as a fake that there isn't, nothing is served.
func TestServeRefuses(t *testing.T) {
	for _, tc := range []struct{ fake, token, says string }{{"idp", "", "no control token"}, {"volcano", "x", "idp, kms, replica"}} {
		if err := Serve(t.Context(), tc.fake, tc.token); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}

// The settings of a replica carry all of its configuration across.
func TestReplicaSettingsAreWhole(t *testing.T) {
	signer, err := system.NewSigner()()
	if err != nil {
		t.Fatal(err)
	}
	back := &rollback.Stack{}
	defer func() { _ = back.Unwind(context.Background()) }()
	site, err := system.NewSite(system.NewDesign(topology()), back)
	if err != nil {
		t.Fatal(err)
	}
	config := site.Replica(1, system.Trust("entity", "https://sso.test/", signer.Cert), "arn:aws:kms:eu-west-1:1:key/k")
	config.Lag, config.Jitter = time.Second, time.Millisecond
	door, err := site.Fabric.Door("eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	sent := newReplicaSettings(config, door, site.System.RootPEM)
	raw, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var came map[string]any
	if err := json.Unmarshal(raw, &came); err != nil {
		t.Fatal(err)
	}
	for key, value := range came {
		if value == nil || value == "" || value == 0.0 {
			t.Errorf("%s is empty", key)
		}
	}
}
