package faults

import (
	"errors"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
)

// A key of an emulator that goes on using it isn't harmed, which is said before anything is.
func TestKMSKeyNeedsAnEmulatorThatHeeds(t *testing.T) {
	all := []string{harness.HonoursDisabled, harness.HonoursDeletion, harness.HonoursPolicies}
	for i, c := range []struct{ mode, operation string }{
		{modeDisabled, "DisableKey"}, {modePendingDeletion, "ScheduleKeyDeletion"}, {modePolicyDenies, "PutKeyPolicy"},
	} {
		f, a := &KMSKey{Mode: c.mode}, harness.Aim{Name: "key-lost", Region: "eu-west-1"}
		for _, heeds := range []*harness.Backend{nil, {Honours: all[i : i+1]}} {
			if err := f.Ready(t.Context(), &harness.Handles{Backend: heeds}, a); err != nil {
				t.Errorf("%s at one that heeds it: %v", c.mode, err)
			}
		}
		others := append(append([]string{}, all[:i]...), all[i+1:]...)
		deaf := &harness.Backend{URL: "http://127.0.0.1:5000", Product: "moto", Honours: others, Ignores: all[i : i+1]}
		lack, ok := errors.AsType[*harness.Lack](f.Ready(t.Context(), &harness.Handles{Backend: deaf}, a))
		if !ok {
			t.Fatalf("%s at one that doesn't heed it is taken", c.mode)
		}
		for _, word := range []string{"moto at http://127.0.0.1:5000", "key-lost", c.operation, all[i], "embedded"} {
			if !strings.Contains(lack.Sentence, word) {
				t.Errorf("%s: it says %q, which lacks %q", c.mode, lack.Sentence, word)
			}
		}
	}
}
