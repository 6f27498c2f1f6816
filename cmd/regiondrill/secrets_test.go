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
	t.note("an operator's keys", l.System.Operator.Secret)
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

// givenOut are the secrets of AWS's APIs by the names that they have in answers, which are of JSON and of XML.
var givenOut = map[string]*regexp.Regexp{
	"an access token":    regexp.MustCompile(`"accessToken":\s*"([^"]+)"`),
	"a refresh token":    regexp.MustCompile(`"refreshToken":\s*"([^"]+)"`),
	"a device code":      regexp.MustCompile(`"deviceCode":\s*"([^"]+)"`),
	"a client's secret":  regexp.MustCompile(`"clientSecret":\s*"([^"]+)"`),
	"a role's key":       regexp.MustCompile(`"secretAccessKey":\s*"([^"]+)"`),
	"a role's session":   regexp.MustCompile(`"sessionToken":\s*"([^"]+)"`),
	"a code of consent":  regexp.MustCompile(`[?&]code=([^&"]+)`),
	"a console's token":  regexp.MustCompile(`"SigninToken":\s*"([^"]+)"`),
	"a SCIM credential":  nil, // it is in what a provider asks
	"an operator's keys": nil, // and these are signed with, and never sent
}

// listen notes the cookies, the assertions, the tokens and the one-time codes that a handler gives out.
func (t *tapped) listen(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "replication.") || strings.HasPrefix(r.Host, "kms.") {
			h.ServeHTTP(w, r)
			return
		}
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			t.note("a SCIM credential", token)
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
		for what, pattern := range givenOut {
			if pattern == nil {
				continue
			}
			for _, match := range pattern.FindAllSubmatch(append(body, result.Header.Get("Location")...), -1) {
				t.note(what, string(match[1]))
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
	args := []string{"testdata/short.yaml", "--set", "faults.0.mode=http_503", "--set", "system.idp.mfa=totp"}
	if _, err := browser.Find(os.Getenv); err != nil {
		t.Logf("without a browser: %v", err)
		args = append(args, "--without-browser")
	}
	leavesNoSecret(t, args, "a password", "an authenticator's secret", "a cookie", "an assertion", "a token", "a code")
}

// TestNoTokenIsWritten does so with people at a command line and at the console, and an operator who deprovisions one.
func TestNoTokenIsWritten(t *testing.T) {
	t.Parallel()
	leavesNoSecret(t, []string{"testdata/tokens.yaml"}, "a password", "an access token", "a refresh token",
		"a device code", "a client's secret", "a role's key", "a role's session", "a code of consent",
		"a console's token", "a SCIM credential", "an operator's keys")
}

// leavesNoSecret runs a drill in which secrets of these kinds must pass, and finds none in what it writes and prints.
func leavesNoSecret(t *testing.T, args []string, passing ...string) {
	t.Helper()
	tap := &tapped{Target: catalog.Default().Targets[0].New(), secrets: map[string]string{}}
	c := catalog.Default()
	c.Targets[0].New = func() harness.Target { return tap }
	dir := filepath.Join(t.TempDir(), "run")
	var out, errs bytes.Buffer
	p := &program{catalog: c, stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: os.Environ(), exit: func(int) {}}
	got := p.main(t.Context(), append([]string{"run", "--out", dir}, args...))
	if got == exitUsage || got == exitBroken || got == exitNotUndone {
		t.Fatalf("exit code %d\n%s%s", got, &out, &errs)
	}
	tap.mu.Lock()
	defer tap.mu.Unlock()
	kinds := map[string]int{}
	for _, what := range tap.secrets {
		kinds[what]++
	}
	for _, what := range passing {
		if kinds[what] == 0 {
			t.Errorf("no %s passed, so nothing is proven of it: %v", what, kinds)
		}
	}
	files, found := tap.search(t, dir)
	for _, what := range found {
		t.Error(what)
	}
	if files < 7 {
		t.Errorf("%d files", files)
	}
	for secret, what := range tap.secrets {
		if strings.Contains(out.String()+errs.String(), secret) {
			t.Errorf("%s was printed", what)
		}
	}
	for secret, what := range tap.secrets { // and one that is planted is found
		if err := os.WriteFile(filepath.Join(dir, "planted-"+secret[:4]), []byte("x"+secret), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, found := tap.search(t, dir); len(found) == 0 {
			t.Errorf("%s that was planted is not found", what)
		}
		break
	}
}

// search looks for secrets in every file of a folder, and in its name.
func (t *tapped) search(tb testing.TB, dir string) (files int, found []string) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for secret, what := range t.secrets {
			if bytes.Contains(append(data, path...), []byte(secret)) {
				found = append(found, what+" is in "+path)
			}
		}
		return err
	})
	if err != nil {
		tb.Error(err)
	}
	return files, found
}
