package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// labRun is a lab up in this process.
type labRun struct {
	*program
	t      *testing.T
	cancel context.CancelFunc
	shown  string        // until it stood
	ended  chan int      // its exit code
	heard  *bytes.Buffer // stderr; read it after end
}

// labUp runs lab up until it stands. Its sockets are in the folder runtime.
func labUp(t *testing.T, runtime string, args ...string) *labRun {
	t.Helper()
	kinds := toys()
	kinds.Targets = catalog.Default().Targets
	shown, out := io.Pipe()
	l := &labRun{t: t, ended: make(chan int, 1), heard: &bytes.Buffer{}}
	l.program = &program{
		catalog: kinds, stdin: strings.NewReader(""), stdout: out, stderr: l.heard,
		env: []string{"XDG_RUNTIME_DIR=" + runtime}, exit: func(int) {},
	}
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(t.Context())
	t.Cleanup(l.cancel)
	go func() {
		l.ended <- l.main(ctx, append([]string{"lab", "up", filepath.Join("testdata", "toy.yaml")}, args...))
		out.Close()
	}()
	lines := bufio.NewScanner(shown)
	for lines.Scan() && !strings.Contains(lines.Text(), "lab env") {
		l.shown += lines.Text() + "\n"
	}
	go io.Copy(io.Discard, shown)
	return l
}

// end is Ctrl-C.
func (l *labRun) end() int {
	l.cancel()
	return <-l.ended
}

// ask runs another command of lab and tells what it prints.
func (l *labRun) ask(wanted int, args ...string) string {
	l.t.Helper()
	var said bytes.Buffer
	p := *l.program
	p.stdout, p.stderr = &said, &said
	if got := p.main(l.t.Context(), append([]string{"lab"}, args...)); got != wanted {
		l.t.Errorf("lab %v ends with %d and says %s", args, got, &said)
	}
	return said.String()
}

// stuckTarget never stands, and can't be taken down.
type stuckTarget struct{ toyTarget }

func (stuckTarget) Provision(_ context.Context, _ harness.Topology, back *rollback.Stack) (*harness.System, error) {
	_, err := back.Push(rollback.Intent{}, func(context.Context) error { return errors.New("it won't go") })
	return nil, errors.Join(errors.New("it won't stand"), err)
}

// What of a lab can't be undone is told, and is the exit code, whatever else broke.
func TestLabThatCannotBeTakenDown(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &said, stderr: &said,
		env: []string{"XDG_RUNTIME_DIR=" + t.TempDir()}, exit: func(int) {}}
	p.catalog.Targets = []harness.TargetKind{{Name: "lab", New: func() harness.Target { return stuckTarget{toyTarget{can: true}} }}}
	code := p.main(t.Context(), []string{"lab", "up", filepath.Join("testdata", "toy.yaml")})
	if code != exitNotUndone || !strings.Contains(said.String(), "it won't stand") || !strings.Contains(said.String(), "it won't go") {
		t.Errorf("it ends with %d and says %s", code, &said)
	}
}

// A lab stands until it is told to go; meanwhile other commands find it, and programs reach it by the real names.
func TestLabStands(t *testing.T) {
	t.Parallel()
	runtime := t.TempDir()
	lab := labUp(t, runtime, "--people", "0")
	ask := lab.ask
	env := ask(0, "env")
	signIn(t, env)
	asAdministrator(t, env)
	whatItLacks(t, told(env))
	inAndOut(t, env, ask(0, "env", "--region", "eu-west-1"), ask(0, "env", "--unset"))
	if said := ask(exitUsage, "env", "--region", "eu-west-2"); !strings.Contains(said, `the lab has no Region "eu-west-2"`) {
		t.Errorf("a Region that the lab lacks isn't told: %s", said)
	}
	ask(exitUsage, "up", filepath.Join("testdata", "toy.yaml"))
	ask(exitUsage, "up", filepath.Join("testdata", "toy.yaml"), "--people", "-1")
	ask(exitUsage, "env", "--lab", "other")
	if said := ask(exitUsage, "env", "--from", "offce"); !strings.Contains(said, `did you mean "office"`) {
		t.Errorf("a slip isn't guessed at: %s", said)
	}
	ask(exitUsage, "open", "--region", "eu-west-9")
	if got := lab.end(); got != 0 {
		t.Errorf("the lab ended with %d", got)
	}
	if left, _ := filepath.Glob(filepath.Join(runtime, "regiondrill", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, command := range []string{"env", "open", "status", "heal"} {
		if said := ask(exitUsage, command); !strings.Contains(said, "regiondrill lab up SCENARIO") {
			t.Errorf("where no lab stands, %s says %s", command, said)
		}
	}
	ask(0, "env", "--unset") // a shell may want to go back when the lab is gone already
}

// told are the variables that lab env exports.
func told(env string) map[string]string {
	said := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`).FindAllStringSubmatch(env, -1) {
		said[match[1]] = match[2]
	}
	return said
}

// through is a client that does what lab env says.
func through(t *testing.T, said map[string]string) *http.Client {
	t.Helper()
	door, err := url.Parse(said["HTTPS_PROXY"])
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(said["AWS_CA_BUNDLE"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{Proxy: http.ProxyURL(door), TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// signIn reaches the identity provider by what lab env says.
func signIn(t *testing.T, env string) {
	t.Helper()
	response, err := through(t, told(env)).Get("https://acme.okta.test/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		t.Errorf("the identity provider says %s", response.Status)
	}
}
