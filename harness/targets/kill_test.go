package targets

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness/history"
)

// keeperVariable is how the program is told that a run needs no keeper.
const keeperVariable = "REGIONDRILL_KEEPER"

// frozen is a drill whose primary stands still for longer than a test lasts.
const frozen = `schema: regiondrill.scenario/v1
name: frozen
system:
  primary: us-east-1
  additional: [eu-west-1]
  idp: {acs: [us-east-1, eu-west-1]}
vantages:
  office: {rtt: {us-east-1: 2ms}}
warm_up: 500ms
settle: 1s
probes:
  - {name: staff, kind: saml_login, from: office, home: eu-west-1, every: 250ms, limit: 5s}
faults:
  - {name: standstill, kind: process, mode: pause, where: {region: us-east-1}, at: 0s, for: 10m}
`

// regiondrill runs the program and tells its exit code and what it said.
func regiondrill(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv(binaryVariable), args...)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			t.Fatal(err)
		}
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// A run that is killed in the middle of a fault leaves its containers; the next run says so and does not start over
// them; recover leaves the machine as it was.
func TestKilledRun(t *testing.T) {
	d := needsDocker(t)
	before := inventory(t, d, "")
	file, folder, id := killedRun(t, "proven in force")
	if during := inventory(t, d, id); slices.Equal(before, during) {
		t.Fatal("the killed run has left nothing")
	}
	code, said := regiondrill(t, "run", file, "--target", "containers")
	if code != 64 || !strings.Contains(said, "regiondrill-"+id) || !strings.Contains(said, "regiondrill recover") {
		t.Errorf("the next run exits with %d and says\n%s", code, said)
	}
	if code, said := regiondrill(t, "recover"); code != 0 || !strings.Contains(said, folder) {
		t.Errorf("recover exits with %d and says\n%s", code, said)
	}
	if after := inventory(t, d, id); !slices.Equal(before, after) {
		t.Errorf("before there were\n%v\nand after\n%v", before, after)
	}
	if code, said := regiondrill(t, "recover"); code != 0 || !strings.Contains(said, "nothing is left") {
		t.Errorf("the second recover exits with %d and says\n%s", code, said)
	}
}

// What a run has left is found by its label too, when its folder is gone.
func TestKilledRunWithoutFolder(t *testing.T) {
	d := needsDocker(t)
	before := inventory(t, d, "")
	_, folder, id := killedRun(t, "Warming up")
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if code, said := regiondrill(t, "recover"); code != 0 || !strings.Contains(said, "regiondrill-"+id) {
		t.Errorf("recover exits with %d and says\n%s", code, said)
	}
	if after := inventory(t, d, id); !slices.Equal(before, after) {
		t.Errorf("before there were\n%v\nand after\n%v", before, after)
	}
}

// killedRun is a drill over containers that is killed when it says something: its scenario, its folder and its id.
func killedRun(t *testing.T, says string) (file, folder, id string) {
	t.Helper()
	dir := t.TempDir()
	file, folder = filepath.Join(dir, "frozen.yaml"), filepath.Join(dir, "run")
	if err := os.WriteFile(file, []byte(frozen), 0o600); err != nil {
		t.Fatal(err)
	}
	killed(t, says, "run", file, "--target", "containers", "--out", folder)
	return file, folder, runOf(t, read(t, filepath.Join(folder, history.UndoFile)))
}

// killed runs the program until it says something, and kills it then.
func killed(t *testing.T, says string, args ...string) {
	t.Helper()
	during(t, says, func(p *os.Process) { _ = p.Kill() }, args...)
}

// during runs the program, does something when it says something, and waits for its end.
func during(t *testing.T, says string, do func(*os.Process), args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv(binaryVariable), args...)
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var heard bytes.Buffer
	lines := bufio.NewScanner(io.TeeReader(stderr, &heard))
	for lines.Scan() {
		if strings.Contains(lines.Text(), says) {
			break
		}
	}
	do(cmd.Process)
	_, _ = io.Copy(&heard, stderr)
	_ = cmd.Wait() // what became of it is for the caller to find out
	if !strings.Contains(heard.String(), says) {
		t.Fatalf("it never said %q, but\n%s", says, heard.String())
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A recover that is killed as soon as the engine was told to remove something is run again, and ends clean.
func TestKilledRecover(t *testing.T) {
	d := needsDocker(t)
	before := inventory(t, d, "")
	_, folder, id := killedRun(t, "proven in force")
	started := make(chan struct{})
	cmd := exec.CommandContext(t.Context(), os.Getenv(binaryVariable), "recover")
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix://"+passing(t, func(r *http.Request) {
		if <-started; r.Method == http.MethodDelete {
			_ = cmd.Process.Kill()
		}
	}))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("it was not killed: %v, and said\n%s", err, &said)
	}
	if code, said := regiondrill(t, "recover"); code != 0 || !strings.Contains(said, folder+": undone") {
		t.Errorf("the second recover exits with %d and says\n%s", code, said)
	}
	if after := inventory(t, d, id); !slices.Equal(before, after) {
		t.Errorf("before there were\n%v\nand after\n%v", before, after)
	}
}

// passing is a socket behind which the engine answers; see is called with each request before it is passed on,
// which it is whatever becomes of who asked.
func passing(t *testing.T, see func(*http.Request)) (path string) {
	t.Helper()
	engine, err := client.ParseHostURL(cmp.Or(os.Getenv(client.EnvOverrideHost), client.DefaultDockerHost))
	if err != nil || engine.Scheme != "unix" {
		t.Skipf("the engine is not behind a socket: %v, %v", engine, err)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", engine.Host)
	}
	path = filepath.Join(t.TempDir(), "passing.sock")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {}, // of who was killed
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "docker"
			r.Out = r.Out.WithContext(context.WithoutCancel(r.Out.Context()))
			see(r.In)
		}}
	server := &http.Server{Handler: proxy}
	go server.Serve(listener)
	t.Cleanup(func() { _ = server.Close() })
	return path
}
