package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

type journal struct{ bytes.Buffer }

func (*journal) Sync() error { return nil }

// emulator is somebody else's KMS with a chaos API, which holds a rule of its owner already.
func emulator(t *testing.T) *httptest.Server {
	t.Helper()
	f := fabric.New(fabric.Options{})
	s := httptest.NewServer(f.Chaos())
	t.Cleanup(func() { s.Close(); _ = f.Close() })
	r, err := http.Post(s.URL+backendPath, "application/json", strings.NewReader(`[{"service":"s3"}]`)) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	return s
}

func rulesOf(t *testing.T, s *httptest.Server) string {
	t.Helper()
	r, err := http.Get(s.URL + backendPath) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	said, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(said))
}

// behind is the handle on an emulator, and Decrypt of the KMS that it plays.
func behind(s *httptest.Server) (*harness.Handles, harness.Aim) {
	return &harness.Handles{Backend: &harness.Backend{URL: s.URL}}, harness.Aim{Name: "it",
		Calls: &harness.Calls{Region: "eu-west-1", Service: "kms", Operation: "Decrypt"},
		Edges: []harness.Edge{{From: "eu-west-1", To: "eu-west-1"}}}
}

const (
	others = `[{"service":"s3"}]`
	both   = `[{"service":"s3"},{"service":"kms","region":"eu-west-1","operation":"Decrypt","probability":1,"error":{"statusCode":500,"code":"ServiceUnavailable"}}]`
)

func TestViaBackend(t *testing.T) {
	s, written := emulator(t), &journal{}
	back := &rollback.Stack{Journal: written}
	f := &APIErrors{Odds: 1, Status: 500, Via: viaBackend}
	h, a := behind(s)
	if err := f.Ready(t.Context(), h, a); err != nil {
		t.Fatal(err)
	}
	injected, err := f.Inject(t.Context(), h, a, back)
	if err != nil {
		t.Fatal(err)
	}
	if got := rulesOf(t, s); got != both {
		t.Errorf("in force are %s", got)
	}
	if proofs, err := injected.Prove(t.Context(), true); err != nil || len(proofs) != 1 || proofs[0].At.IsZero() {
		t.Errorf("proven: %v, %v", proofs, err)
	}
	if _, err := injected.Prove(t.Context(), false); err == nil {
		t.Error("it is proven healed while the backend holds it")
	}
	_, err = (&APIErrors{Odds: 1, Status: 500, Via: viaBackend}).Inject(t.Context(), h, a, back)
	if err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the same rule a second time: %v", err)
	}
	for range 2 {
		if err := injected.Undo(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if proofs, err := injected.Prove(t.Context(), false); err != nil || len(proofs) != 1 {
		t.Errorf("proven healed: %v, %v", proofs, err)
	}
	if got := rulesOf(t, s); got != others {
		t.Errorf("left are %s", got)
	}
	if pending, err := rollback.Pending(written); err != nil || len(pending) != 0 {
		t.Errorf("pending are %v, %v", pending, err)
	}
}

// TestVerifyViaBackend: somebody else deletes the rule at the chaos API, or the backend can't be asked.
func TestVerifyViaBackend(t *testing.T) {
	s, back := emulator(t), &rollback.Stack{}
	f := &APIErrors{Odds: 1, Status: 500, Via: viaBackend}
	h, a := behind(s)
	injected, err := f.Inject(t.Context(), h, a, back)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := injected.Verify(t.Context())
	if err != nil || len(seen) != 1 || seen[0].Gone != "" || seen[0].Edge != a.Edges[0] {
		t.Errorf("in force: %+v, %v", seen, err)
	}
	mine := "[" + strings.TrimPrefix(both, `[{"service":"s3"},`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.URL+backendPath, strings.NewReader(mine))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	seen, err = injected.Verify(t.Context())
	if err != nil || len(seen) != 1 || seen[0].Gone != "the backend no longer holds the rule" {
		t.Errorf("deleted by somebody else: %+v, %v", seen, err)
	}
	if err := injected.Undo(t.Context()); err != nil {
		t.Errorf("undoing what is gone: %v", err)
	}
	s.Close()
	if seen, err := injected.Verify(t.Context()); err == nil || len(seen) > 0 {
		t.Errorf("a backend that is gone: %+v, %v", seen, err)
	}
}

// Whoever is killed leaves an intent from which another process takes the rule back, more than once if need be.
func TestViaBackendIsUndoneByAnother(t *testing.T) {
	s, written := emulator(t), &journal{}
	f := &APIErrors{Odds: 1, Status: 500, Via: viaBackend}
	h, a := behind(s)
	if _, err := f.Inject(t.Context(), h, a, &rollback.Stack{Journal: written}); err != nil {
		t.Fatal(err)
	}
	pending, err := rollback.Pending(written)
	if err != nil || len(pending) != 1 {
		t.Fatalf("pending are %v, %v", pending, err)
	}
	for range 2 {
		if err := Undoers()[pending[0].Kind](t.Context(), pending[0].Args); err != nil {
			t.Error(err)
		}
	}
	if got := rulesOf(t, s); got != others {
		t.Errorf("left are %s", got)
	}
	if err := Undoers()[kindBackendFault](t.Context(), json.RawMessage(`{}`)); err == nil {
		t.Error("an intent that says nothing is undone")
	}
}

// A backend without the API is refused in a sentence, before anything is harmed.
func TestViaBackendThatCant(t *testing.T) {
	without := httptest.NewServer(http.NotFoundHandler())
	defer without.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	f := &APIErrors{Odds: 1, Via: viaBackend}
	for what, server := range map[string]*httptest.Server{"404": without, "gone": gone} {
		h, a := behind(server)
		if _, ok := errors.AsType[*harness.Lack](f.Ready(t.Context(), h, a)); !ok {
			t.Errorf("%s: it is ready", what)
		}
		if _, err := f.Inject(t.Context(), h, a, &rollback.Stack{}); err == nil {
			t.Errorf("%s: it was injected", what)
		}
	}
	scope := (&harnesstest.System{}).Scope("api_errors")
	kms := harness.Where{Region: harnesstest.Elsewhere, Service: "kms"}
	if _, problems := f.Aim(kms, scope); len(problems) != 1 {
		t.Error("the embedded KMS is taken for one with a chaos API")
	}
	scope.KMS.Backend = "localstack"
	if _, problems := f.Aim(kms, scope); len(problems) > 0 {
		t.Errorf("of an emulator it says %+v", problems)
	}
	if _, problems := f.Aim(harness.Where{Region: harnesstest.Elsewhere}, scope); len(problems) != 1 {
		t.Error("an emulator of KMS is to fail other services")
	}
}
