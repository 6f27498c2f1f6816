package system_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// endpoint is somebody's KMS, which outlives whoever drills over it: a key for the drill, another that its owner has
// disabled, and a rule of its owner in its chaos API.
type endpoint struct {
	*kms.Service
	url, arn, id, other string
	policy, rules       string

	shut string // a key of which its owner tells nothing
}

const (
	chaosPath  = "/_localstack/chaos/faults"
	ownersRule = `[{"service":"s3"}]`
)

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	design := system.NewDesign(topology())
	e := &endpoint{Service: kms.New(design.KMS(), kms.Deps{})}
	f := fabric.New(fabric.Options{})
	mux := http.NewServeMux()
	mux.Handle(chaosPath, f.Chaos())
	mux.HandleFunc("/", e.serve)
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.Close(); _ = f.Close() })
	e.url = s.URL
	account := design.Instance.Account
	e.policy = kms.BaselinePolicy(region, account)
	var err error
	if e.id, err = e.CreateKey(region, e.policy); err == nil {
		e.other, err = e.CreateKey(region, e.policy)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.arn = names.KeyARN(region, account, e.id)
	e.admin(t, "DisableKey", `{"KeyId": "`+e.other+`"}`)
	r, err := http.Post(e.url+chaosPath, "application/json", strings.NewReader(ownersRule)) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	e.rules = e.chaos(t)
	return e
}

// serve asks KMS of the Region that the scope of the credential names, as emulators do.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if e.shut != "" && bytes.Contains(body, []byte(e.shut)) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type": "AccessDeniedException", "message": "not yours"}`)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	for _, region := range topology().Regions() {
		if strings.Contains(r.Header.Get("Authorization"), "/"+region+"/kms/") {
			e.Handler(region).ServeHTTP(w, r)
			return
		}
	}
	http.NotFound(w, r)
}

// admin calls an operation as the account's administrator, and gives what KMS answers.
func (e *endpoint) admin(t *testing.T, operation, body string) string {
	t.Helper()
	return e.adminIn(t, region, operation, body)
}

func (e *endpoint) adminIn(t *testing.T, region, operation, body string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://"+names.KMSHost(region)+"/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "TrentService."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+system.AdminKey+"/20260101/"+region+
		"/kms/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	e.Handler(region).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s is answered with %d: %s", operation, w.Code, w.Body)
	}
	return w.Body.String()
}

func quoted(text string) string {
	said, _ := json.Marshal(text) // a string always has a JSON form
	return string(said)
}

func (e *endpoint) policyNow(t *testing.T) string {
	t.Helper()
	var said struct{ Policy string }
	if err := json.Unmarshal([]byte(e.admin(t, "GetKeyPolicy", `{"KeyId": "`+e.id+`"}`)), &said); err != nil {
		t.Fatal(err)
	}
	return said.Policy
}

func (e *endpoint) chaos(t *testing.T) string {
	t.Helper()
	r, err := http.Get(e.url + chaosPath) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	said, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// asItWas tells whether everything is, and the owner's own untouched.
func (e *endpoint) asItWas(t *testing.T) bool {
	t.Helper()
	was := true
	differs := func(format string, args ...any) { was = false; t.Errorf(format, args...) }
	if state, err := e.State(region, e.id); err != nil || state != kms.Enabled {
		differs("the key is %s, %v", state, err)
	}
	if state, err := e.State(region, e.other); err != nil || state != kms.Disabled {
		differs("the owner's disabled key is %s, %v", state, err)
	}
	if now := e.policyNow(t); now != e.policy {
		differs("the policy was\n%s\nand is\n%s", e.policy, now)
	}
	if now := e.chaos(t); now != e.rules {
		differs("the rules were %s and are %s", e.rules, now)
	}
	for _, region := range topology().Regions() {
		for _, id := range e.keysIn(t, region) {
			if state, err := e.State(region, id); err != nil ||
				state != kms.PendingDeletion && state != kms.PendingReplicaDeletion {
				differs("a key that the drill has made in %s is %s, %v", region, state, err)
			}
		}
	}
	return was
}

// keysIn are the keys in a Region that are not the owner's.
func (e *endpoint) keysIn(t *testing.T, region string) (ids []string) {
	t.Helper()
	var said struct{ Keys []struct{ KeyID string } }
	if err := json.Unmarshal([]byte(e.adminIn(t, region, "ListKeys", `{"Limit": 1000}`)), &said); err != nil {
		t.Fatal(err)
	}
	for _, k := range said.Keys {
		if k.KeyID != e.id && k.KeyID != e.other {
			ids = append(ids, k.KeyID)
		}
	}
	return ids
}

// ownSystem is what a drill has made for itself at the endpoint, before and beside any fault: its keys.
const ownSystem = "own keys"

// kinds are the faults that are killed, and the making of a system, each with its modes or error codes.
var kinds = [...]struct {
	name  string
	modes []string
}{{"kms_key", []string{"disabled", "pending_deletion", "policy_denies"}},
	{"api_errors", []string{"ServiceUnavailable", "KMSInternalException"}}, {ownSystem, []string{"made"}}}

// begin starts a victim over the endpoint, and waits until it says something.
func (e *endpoint) begin(t *testing.T, v *victim, says string) (cmd *exec.Cmd, rest *bufio.Scanner) {
	t.Helper()
	v.Folder, v.URL, v.ARN = filepath.Join(t.TempDir(), "run"), e.url, e.arn
	said, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), victimVariable+"="+string(said))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	rest = bufio.NewScanner(out)
	var heard bytes.Buffer
	for rest.Scan() {
		if heard.WriteString(rest.Text() + "\n"); rest.Text() == says {
			return cmd, rest
		}
	}
	t.Fatalf("it never said %q, but %q", says, heard.String())
	return nil, nil
}

// kept is what a run's keeper wrote, and how often it was done.
func kept(t *testing.T, folder string) (said []string, over int) {
	t.Helper()
	lines, err := history.ReadKept(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range lines {
		if said = append(said, k.Said); k.Over {
			over++
		}
	}
	return said, over
}

// until looks again and again until something is so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("a minute later %s is not so", what)
		}
	}
}

func pending(t *testing.T, folder string) int {
	t.Helper()
	journal, err := os.ReadFile(filepath.Join(folder, history.UndoFile))
	if err != nil {
		t.Fatal(err)
	}
	intents, err := rollback.Pending(bytes.NewReader(journal))
	if err != nil {
		t.Fatal(err)
	}
	return len(intents)
}

// TestKilledAtAnyInstant: whenever a run is killed, its keeper, or a recover where it has none, leaves the endpoint as
// it was. A few kills, or three fifths of what REGIONDRILL_KILLS says; the others are over a container.
func TestKilledAtAnyInstant(t *testing.T) {
	kills := 4 * len(kinds)
	if said, err := strconv.Atoi(os.Getenv("REGIONDRILL_KILLS")); err == nil {
		kills = said * 3 / 5
	}
	var restored, tried [len(kinds)]atomic.Int64
	var harmed atomic.Int64
	t.Run("kills", func(t *testing.T) {
		for i := range kills {
			kind, turn := kinds[i%len(kinds)], i/len(kinds)
			v := &victim{Fault: kind.name, Config: kind.modes[turn%len(kind.modes)]}
			if turn/2%2 == 0 {
				v.Lease = time.Minute
			}
			t.Run(fmt.Sprintf("%d %s %s", i, v.Fault, v.Config), func(t *testing.T) {
				t.Parallel()
				tried[i%len(kinds)].Add(1)
				was, left := v.killed(t)
				if left > 0 {
					harmed.Add(1)
				}
				if was {
					restored[i%len(kinds)].Add(1)
				}
			})
		}
	})
	sum, by := 0, ""
	for i, kind := range kinds {
		sum += int(restored[i].Load())
		by += fmt.Sprintf(", %s %d of %d", kind.name, restored[i].Load(), tried[i].Load())
	}
	t.Logf("%d of %d restored%s; %d were killed with something to undo", sum, kills, by, harmed.Load())
	if sum != kills || harmed.Load() == 0 {
		t.Errorf("%d of %d restored, %d of them harmed", sum, kills, harmed.Load())
	}
}

// killed kills it at a random instant, and tells whether all is as it was when whoever takes it back is done, and how
// much they had to take back.
func (v *victim) killed(t *testing.T) (was bool, left int) {
	t.Helper()
	e, within := newEndpoint(t), 300*time.Millisecond
	if v.Fault == ownSystem {
		within = time.Second // a turn takes longer
	}
	cmd, _ := e.begin(t, v, "begins")
	time.Sleep(rand.N(within)) // the instant
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code == 0 || code == brokeDown {
		t.Fatalf("it had ended by itself before it was killed: %d", code)
	}
	left = pending(t, v.Folder)
	switch {
	case v.Lease == 0:
		if _, err := (&drill.Runner{Catalog: catalog.Default()}).Undo(t.Context(), v.Folder); err != nil {
			t.Error(err)
		}
	case left > 0:
		until(t, "that the keeper is done", func() bool { _, over := kept(t, v.Folder); return over > 0 })
	}
	if left := pending(t, v.Folder); left > 0 {
		t.Errorf("%d changes are left", left)
	}
	return e.asItWas(t) && !t.Failed(), left
}
