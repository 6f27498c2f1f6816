package identitycenter

import (
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// TestVerbsOfTokens: a token of SCIM is made and forgotten by control, as whoever rotates it needs it.
func TestVerbsOfTokens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := NewServer(w.deps[east])
		var made SCIMToken
		if err := s.Call(t.Context(), "scim-token", control.None{}, &made); err == nil {
			t.Error("who is not configured makes tokens")
		}
		s.replica = w.replicas[east]
		if err := s.Call(t.Context(), "scim-token", control.None{}, &made); err != nil {
			t.Fatal(err)
		}
		p := &provisioner{t, w, made.Token}
		p.do("GET", "Users", "").want(t, 200)
		if err := s.Call(t.Context(), "forget-scim-token", made.ID, nil); err != nil {
			t.Fatal(err)
		}
		p.do("GET", "Users", "").want(t, 401)
		if err := s.Call(t.Context(), "forget-scim-token", made.ID, nil); err == nil {
			t.Error("it is forgotten twice")
		}
	})
}

// TestANameThatTheDoorDoesNotKnow is told from a host that is away, as where names are looked up without a door.
func TestANameThatTheDoorDoesNotKnow(t *testing.T) {
	for status, unknown := range map[string]bool{`error=dns_error; rcode="NXDOMAIN"`: true, "error=connection_refused": false} {
		door := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Proxy-Status", status)
			w.WriteHeader(http.StatusBadGateway)
		}))
		defer door.Close()
		way := Way{Door: door.URL,
			Roots: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: door.Certificate().Raw})}
		client, err := way.client()
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Get("https://kms.eu-west-3.amazonaws.com/")
		if err == nil {
			resp.Body.Close()
			t.Fatalf("%s: it answers", status)
		}
		dns, is := errors.AsType[*net.DNSError](err)
		if is != unknown || is && (!dns.IsNotFound || dns.Name != "kms.eu-west-3.amazonaws.com") {
			t.Errorf("%s is %v", status, err)
		}
	}
}
