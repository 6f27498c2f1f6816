//go:build !windows

package system_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
)

// TestARunThatStandsStill: its keeper takes back what outlives it. A run that goes on undoes nothing a second time, and
// says what happened; one that is killed meanwhile leaves nothing either.
func TestARunThatStandsStill(t *testing.T) {
	for _, kind := range [][2]string{{"kms_key", "disabled"}, {"kms_key", "pending_deletion"},
		{"kms_key", "policy_denies"}, {"api_errors", "ServiceUnavailable"}} {
		for _, killed := range []bool{false, true} {
			if killed && kind[1] != "disabled" {
				continue
			}
			t.Run(strings.Join(kind[:], " "), func(t *testing.T) {
				t.Parallel()
				e, v := newEndpoint(t), &victim{Fault: kind[0], Config: kind[1], Once: true, Lease: time.Second}
				cmd, rest := e.begin(t, v, "in force")
				if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
				until(t, "that the keeper is done", func() bool { _, over := kept(t, v.Folder); return over == 1 })
				e.asItWas(t)
				if _, err := (&drill.Runner{Catalog: catalog.Default()}).Undo(t.Context(), filepath.Join(v.Folder, "..")); err == nil {
					t.Error("a folder that is no run's is recovered")
				}
				if killed {
					_ = cmd.Process.Kill()
				}
				if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				var ended string
				for rest.Scan() {
					ended += rest.Text()
				}
				_ = cmd.Wait()
				if told := strings.Contains(ended, "stood still for") && strings.Contains(ended, "by its keeper"); told == killed {
					t.Errorf("it ended with %q", ended)
				}
				until(t, "that the keeper has ended", func() bool { _, over := kept(t, v.Folder); return over == 2 })
				e.asItWas(t)
				said, _ := kept(t, v.Folder)
				if n := pending(t, v.Folder); n > 0 || len(said) != 4 {
					t.Errorf("%d are pending, and the keeper says %q", n, said)
				}
			})
		}
	}
}

// TestWhatIsSomebodyElsesStays: a key that was disabled stays so, and a policy that somebody else has changed is theirs, with a sentence what to do.
func TestWhatIsSomebodyElsesStays(t *testing.T) {
	t.Run("disabled", func(t *testing.T) {
		e, v := newEndpoint(t), &victim{Fault: "kms_key", Config: "pending_deletion", Once: true, Lease: time.Minute}
		e.admin(t, "DisableKey", `{"KeyId": "`+e.id+`"}`)
		cmd, _ := e.begin(t, v, "in force")
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		until(t, "that the keeper is done", func() bool { _, over := kept(t, v.Folder); return over > 0 })
		if state, err := e.State(region, e.id); err != nil || state != kms.Disabled {
			t.Errorf("it is %s, %v", state, err)
		}
	})
	t.Run("policy", func(t *testing.T) {
		e, v := newEndpoint(t), &victim{Fault: "kms_key", Config: "policy_denies", Once: true, Lease: time.Minute}
		cmd, _ := e.begin(t, v, "in force")
		theirs := strings.Replace(e.policyNow(t), "DenyIdentityCenter", "DenyForGood", 1)
		e.admin(t, "PutKeyPolicy", `{"KeyId": "`+e.id+`", "Policy": `+quoted(theirs)+`}`)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		until(t, "that the keeper is done", func() bool { _, over := kept(t, v.Folder); return over > 0 })
		said, _ := kept(t, v.Folder)
		if last := said[len(said)-1]; !strings.Contains(last, "somebody else") || !strings.Contains(last, "by hand") {
			t.Errorf("the keeper says %q", last)
		}
		_, err := (&drill.Runner{Catalog: catalog.Default()}).Undo(t.Context(), v.Folder)
		if err == nil || !strings.Contains(err.Error(), "by hand: take the statement with the Sid DenyIdentityCenter") {
			t.Errorf("recover says %v", err)
		}
		if now := e.policyNow(t); now != theirs {
			t.Errorf("the policy is\n%s\nand was\n%s", now, theirs)
		}
		e.admin(t, "PutKeyPolicy", `{"KeyId": "`+e.id+`", "Policy": `+quoted(e.policy)+`}`)
		if n, err := (&drill.Runner{Catalog: catalog.Default()}).Undo(t.Context(), v.Folder); n != 0 || err != nil {
			t.Errorf("once that is done by hand, %d are undone, %v", n, err)
		}
	})
}
