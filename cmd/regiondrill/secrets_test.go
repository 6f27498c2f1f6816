package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// tapped is the lab with an ear at every handler: what passes and must never be written down.
type tapped struct {
	harness.Target
	mu      sync.Mutex
	secrets map[string]string // what it is, by the secret
}

func (t *tapped) Provision(ctx context.Context, top harness.Topology, back *rollback.Stack) (*harness.System, error) {
	l, err := lab.Start(ctx, top, back, lab.Wrapped(t.listen))
	if err != nil {
		return nil, err
	}
	for _, p := range l.System.People {
		t.note("a password", p.Password)
		t.note("an authenticator's secret", p.Secret)
	}
	return l.System, nil
}

func (t *tapped) note(what, secret string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(secret) >= 12 {
		t.secrets[secret] = what
	}
}

var (
	bearerToken  = regexp.MustCompile(`name="x-amz-sso_bearer_token" content="([^"]+)"`)
	samlResponse = regexp.MustCompile(`name="SAMLResponse"\s+value="([^"]+)"`)
	workflowCode = regexp.MustCompile(`workflow_code=([^&"]+)`)
)

// listen notes the cookies, the assertions, the tokens and the one-time codes that a handler gives out.
func (t *tapped) listen(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "replication.") || strings.HasPrefix(r.Host, "kms.") {
			h.ServeHTTP(w, r)
			return
		}
		seen := httptest.NewRecorder()
		h.ServeHTTP(seen, r)
		result := seen.Result()
		for _, c := range result.Cookies() {
			t.note("a cookie", c.Value)
		}
		body := seen.Body.Bytes()
		for what, pattern := range map[string]*regexp.Regexp{"a token": bearerToken, "an assertion": samlResponse, "a code": workflowCode} {
			for _, match := range pattern.FindAllSubmatch(append(body, result.Header.Get("Location")...), -1) {
				t.note(what, strings.ReplaceAll(string(match[1]), "&#43;", "+"))
			}
		}
		for key, values := range result.Header {
			w.Header()[key] = values
		}
		w.WriteHeader(seen.Code)
		_, _ = io.Copy(w, seen.Body)
	})
}

// TestNoSecretIsWritten drills with people who fail in several ways, and looks for what passed over the wire in every
// file of the run.
func TestNoSecretIsWritten(t *testing.T) {
	t.Parallel()
	tap := &tapped{Target: catalog.Default().Targets[0].New(), secrets: map[string]string{}}
	c := catalog.Default()
	c.Targets[0].New = func() harness.Target { return tap }
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"run", "testdata/short.yaml", "--out", dir, "--set", "faults.0.mode=http_503",
		"--set", "system.idp.mfa=totp"}
	if _, err := browser.Find(os.Getenv); err != nil {
		t.Logf("without a browser: %v", err)
		args = append(args, "--without-browser")
	}
	var out, errs bytes.Buffer
	p := &program{catalog: c, stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: os.Environ(), exit: func(int) {}}
	if got := p.main(t.Context(), args); got == exitUsage || got == exitBroken || got == exitNotUndone {
		t.Fatalf("exit code %d\n%s%s", got, &out, &errs)
	}
	kinds := map[string]int{}
	for _, what := range tap.secrets {
		kinds[what]++
	}
	for _, what := range []string{"a password", "an authenticator's secret", "a cookie", "an assertion", "a token", "a code"} {
		if kinds[what] == 0 {
			t.Errorf("no %s passed, so nothing is proven of it: %v", what, kinds)
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for secret, what := range tap.secrets {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s is in %s", what, path)
			}
		}
		return err
	})
	if err != nil || files < 7 {
		t.Errorf("%d files, %v", files, err)
	}
	for secret, what := range tap.secrets {
		if strings.Contains(out.String()+errs.String(), secret) {
			t.Errorf("%s was printed", what)
		}
	}
}
