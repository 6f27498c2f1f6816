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
	mux.Handle("/", e.Handler(region))
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

// admin calls an operation as the account's administrator, and gives what KMS answers.
func (e *endpoint) admin(t *testing.T, operation, body string) string {
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
	return was
}

// kinds are the faults that are killed, each with its mode or error code.
var kinds = [...][2]string{{"kms_key", "disabled"}, {"kms_key", "pending_deletion"}, {"kms_key", "policy_denies"},
	{"api_errors", "ServiceUnavailable"}, {"api_errors", "KMSInternalException"}}

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
// it was. A few kills, or as many as REGIONDRILL_KILLS says.
func TestKilledAtAnyInstant(t *testing.T) {
	kills := 2 * len(kinds)
	if said, err := strconv.Atoi(os.Getenv("REGIONDRILL_KILLS")); err == nil {
		kills = said
	}
	var restored, harmed atomic.Int64
	t.Run("kills", func(t *testing.T) {
		for i := range kills {
			kind := kinds[i%len(kinds)]
			t.Run(fmt.Sprintf("%d %s %s", i, kind[0], kind[1]), func(t *testing.T) {
				t.Parallel()
				e, v := newEndpoint(t), &victim{Fault: kind[0], Config: kind[1]}
				if i/len(kinds)%2 == 0 {
					v.Lease = time.Minute
				}
				cmd, _ := e.begin(t, v, "begins")
				time.Sleep(rand.N(300 * time.Millisecond)) // the instant
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				_ = cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); code == 0 || code == brokeDown {
					t.Fatalf("it had ended by itself before it was killed: %d", code)
				}
				left := pending(t, v.Folder)
				if left > 0 {
					harmed.Add(1)
				}
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
				if e.asItWas(t) {
					restored.Add(1)
				}
			})
		}
	})
	t.Logf("%d of %d restored; %d were killed with something to undo", restored.Load(), kills, harmed.Load())
	if int(restored.Load()) != kills || harmed.Load() == 0 {
		t.Errorf("%d of %d restored, %d of them harmed", restored.Load(), kills, harmed.Load())
	}
}
