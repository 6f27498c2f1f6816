package targets

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
)

// handled is a drill of what acts on names, keys and the identity provider, one after another, over containers.
const handled = `schema: regiondrill.scenario/v1
name: handled
system: {primary: us-east-1, additional: [eu-west-1], idp: {acs: [us-east-1, eu-west-1]}}
vantages: {office: {rtt: {us-east-1: 2ms, eu-west-1: 8ms}}}
warm_up: 1500ms
settle: 1500ms
probes:
  - {name: staff, kind: saml_login, from: office, home: eu-west-1, every: 200ms, limit: 3s}
  - {name: tools, kind: role_credentials, from: office, home: eu-west-1, every: 200ms, limit: 3s}
faults:
  - {name: certificate, kind: tls, mode: expired, where: {region: eu-west-1}, at: 0s, for: 1s}
  - {name: names, kind: dns, mode: nxdomain, where: {region: eu-west-1}, at: certificate.healed + 500ms, for: 1s}
  - {name: key, kind: kms_key, mode: disabled, where: {region: eu-west-1}, at: names.healed + 500ms, for: 1s}
  - {name: policy, kind: kms_key, mode: policy_denies, where: {region: eu-west-1}, at: key.healed + 500ms, for: 1s}
actions:
  - {name: swap, kind: acs_swap, to: us-east-1, at: policy.healed + 500ms, for: 1s}
`

// TestHandlesOverContainers: what is pulled there is seen by who signs in, is proven, and is as before afterwards.
func TestHandlesOverContainers(t *testing.T) {
	t.Parallel() // it waits, most of the time
	needsDocker(t)
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "handled.yaml"), filepath.Join(dir, "run")
	if err := os.WriteFile(file, []byte(handled), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := regiondrill(t, "run", file, "--target", "containers", "--out", folder); code != 0 {
		t.Errorf("it exits with %d and says\n%s", code, said)
	}
	h, err := history.Read(bytes.NewReader(read(t, filepath.Join(folder, history.HistoryFile))))
	if err != nil || h.End == nil || !h.End.Undone {
		t.Fatalf("ended as %+v, %v", h.End, err)
	}
	var story []string
	at := map[string]history.Instant{}
	for _, e := range h.Events {
		change := e.Fault
		if change == nil {
			change = e.Action
		}
		if change != nil {
			story = append(story, change.Name+" "+string(change.Change))
			at[change.Name+" "+string(change.Change)] = e.At
		}
	}
	var want []string
	for _, fault := range []string{"certificate", "names", "key", "policy"} {
		for _, change := range []string{" requested", " effective", " healing", " healed"} {
			want = append(want, fault+change)
		}
	}
	want = append(want, "swap requested", "swap done", "swap undone")
	if !slices.Equal(story, want) {
		t.Fatalf("what happened:\n%s", strings.Join(story, "\n"))
	}
	for span, class := range map[[2]string]history.Class{
		{"certificate effective", "certificate healing"}: history.ClassTLS,
		{"names effective", "names healing"}:             history.ClassDNS,
		{"key effective", "key healing"}:                 history.ClassACSRejected,
		{"policy effective", "policy healing"}:           history.ClassACSRejected,
		{"swap done", "swap undone"}:                     history.ClassIdPACSRefused,
	} {
		for _, a := range h.Attempts {
			if a.Probe == "staff" && a.Due > at[span[0]] && a.Ended < at[span[1]] && a.Class != class {
				t.Errorf("after %s staff met %q: %s", span[0], a.Class, a.Detail)
			}
		}
	}
	for _, probe := range []string{"staff", "tools"} {
		for _, a := range h.Attempts {
			if a.Probe == probe && a.Due > at["swap undone"] && a.Outcome != history.Good {
				t.Errorf("when all was over, %s is %s: %s", probe, a.Outcome, a.Detail)
			}
		}
	}
}
