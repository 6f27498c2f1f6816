package identitycenter

import (
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
