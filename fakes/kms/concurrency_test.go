package kms

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestStateChangesUnderLoad is for the race detector; besides, an answer is a plaintext or the one refusal.
func TestStateChangesUnderLoad(t *testing.T) {
	s := New(Config{Account: account, Principals: map[string]string{"SSO": sso}}, Deps{})
	keyID, err := s.CreateKey(ireland, BaselinePolicy(virginia, account))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(decryptInput{
		CiphertextBlob: s.keys[keyID].seal([]byte("secret"), instance), EncryptionContext: instance,
	})
	if err != nil {
		t.Fatal(err)
	}
	h := s.Handler(ireland)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 100 {
				w := post(h, http.MethodPost, "TrentService.Decrypt", signedBySSO, body)
				if w.Code != http.StatusOK && !strings.Contains(w.Body.String(), "DisabledException") {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
	for range 50 {
		for _, state := range []State{Disabled, Enabled} {
			if err := s.SetState(ireland, keyID, state); err != nil {
				t.Error(err)
			}
		}
		if err := s.SetPolicy(ireland, keyID, BaselinePolicy(virginia, account)); err != nil {
			t.Error(err)
		}
	}
	readers.Wait()
}
