package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/drill"
)

// living is a regiondrill in a process of its own.
type living struct {
	*exec.Cmd
	t     *testing.T
	dir   string // of the run
	state string
	out   bytes.Buffer
	lines *bufio.Scanner // of stderr
	said  []string
}

// start runs the toy drill; prepare may change the command first.
func start(t *testing.T, prepare func(*living), flags ...string) *living {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	l := &living{t: t, dir: filepath.Join(tmp, "run"), state: filepath.Join(tmp, "state")}
	l.Cmd = exec.CommandContext(t.Context(), self)
	l.Args = append([]string{"regiondrill", "run", filepath.Join("testdata", "toy.yaml"), "--out", l.dir}, flags...)
	l.Env = append(os.Environ(), "XDG_STATE_HOME="+l.state, "GITHUB_STEP_SUMMARY=")
	l.Stdout = &l.out
	if prepare != nil {
		prepare(l)
	}
	stderr, err := l.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	l.lines = bufio.NewScanner(stderr)
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	return l
}

// until reads on until a line of stderr says something, and returns that line.
func (l *living) until(what string) string {
	l.t.Helper()
	for l.lines.Scan() {
		l.said = append(l.said, l.lines.Text())
		if strings.Contains(l.lines.Text(), what) {
			return l.lines.Text()
		}
	}
	l.t.Fatalf("it never said %q, but:\n%s", what, strings.Join(l.said, "\n"))
	return ""
}

// ends waits for the end, which must have the exit code.
func (l *living) ends(code int) {
	l.t.Helper()
	for l.lines.Scan() {
		l.said = append(l.said, l.lines.Text())
	}
	err := l.Wait()
	exit, failed := errors.AsType[*exec.ExitError](err)
	if err != nil && !failed {
		l.t.Fatal(err)
	}
	if got := l.ProcessState.ExitCode(); got != code {
		l.t.Fatalf("it ended with %d (%v), not %d, and said:\n%s\n%s", got, exit, code, strings.Join(l.said, "\n"), &l.out)
	}
}

// healed wants a run that was stopped in the fault to be healed, concluded as unknown, and off the list.
func (l *living) healed(detail string) {
	l.t.Helper()
	history, err := os.ReadFile(filepath.Join(l.dir, "history.jsonl"))
	if err != nil {
		l.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(history)), "\n")
	last := lines[len(lines)-1]
	if !strings.Contains(last, `"undone":true`) || !strings.Contains(last, detail) {
		l.t.Errorf("the history ends with %s", last)
	}
	if !strings.Contains(string(history), `"change":"healed"`) {
		l.t.Error("the fault was not healed")
	}
	verdict, err := os.ReadFile(filepath.Join(l.dir, "verdict.json"))
	if err != nil || !strings.Contains(string(verdict), `"grade": "unknown"`) {
		l.t.Errorf("the verdict isn't unknown: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(l.state, "regiondrill", "runs", "*")); len(left) > 0 {
		l.t.Errorf("still listed as open: %v", left)
	}
}

func TestSignalsHealAndConclude(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			l := start(t, nil)
			l.until("dark")
			if err := l.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			l.ends(exitUnknown)
			l.healed(s.String())
		})
	}
}

// A job that is cancelled during the first of several drills leaves what a CI shows: of the first what was seen, and of
// the others that they were not begun, although all that was seen may be well.
func TestCancelledJob(t *testing.T) {
	t.Parallel()
	l := start(t, func(l *living) { l.Args = append(l.Args, filepath.Join("testdata", "calm.yaml")) })
	l.until("dark")
	if err := l.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	l.ends(exitUnknown)
	for file, says := range map[string][]string{
		"verdict.json": {`"grade": "unknown"`, `"scenario": "calm"`, `"code": "not_begun"`},
		"junit.xml":    {`<testsuite name="toy"`, `<testsuite name="calm"`, "not begun"},
		"summary.md":   {"calm", "not begun"}, "report.html": {"calm", "not begun"},
	} {
		text, err := os.ReadFile(filepath.Join(l.dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range says {
			if !strings.Contains(string(text), said) {
				t.Errorf("%s doesn't say %q", file, said)
			}
		}
	}
}

func TestStopFileHealsAndConcludes(t *testing.T) {
	t.Parallel()
	l := start(t, nil)
	l.until("dark")
	if err := os.WriteFile(filepath.Join(l.dir, "stop"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.ends(exitUnknown)
	l.healed("a file named stop")
}

// The second Ctrl-C leaves at once; what is left is told, and recover takes it up.
func TestSecondSignalLeavesAtOnce(t *testing.T) {
	t.Parallel()
	// A fault whose healing can't be proven keeps the run busy after the first signal.
	l := start(t, nil, "--set", "faults.0.kind=stubborn")
	l.until("dark")
	if err := l.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	l.until("once more leaves at once")
	over := make(chan struct{})
	defer close(over)
	go func() { // one that comes too soon is still the first
		for again := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-again.C:
				_ = l.Process.Signal(syscall.SIGINT)
			case <-over:
				return
			}
		}
	}()
	if line := l.until("again"); !strings.Contains(line, "regiondrill recover "+l.dir) {
		t.Errorf("it doesn't say what to do: %s", line)
	}
	l.ends(exitAtOnce)
	l.recovers()
}

// Two signals within a second are one: a terminal and a wrapper both deliver it. A later one leaves at once.
func TestSignalsWithinASecondAreOne(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		code  int // -1: it goes on
	}{"at once": {0, -1}, "20 ms": {20 * time.Millisecond, -1}, "just below": {999 * time.Millisecond, -1},
		"a second": {time.Second, exitAtOnce}, "a minute": {time.Minute, exitAtOnce}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				code := -1
				ctx, cancel := context.WithCancelCause(t.Context())
				b := &brake{program: &program{stderr: io.Discard, exit: func(c int) { code = c }}, doing: "healing",
					cancel: cancel, signals: make(chan os.Signal, 2), done: make(chan struct{}), restore: func() {}}
				go b.listen()
				b.signals <- os.Interrupt
				synctest.Wait()
				if ctx.Err() == nil {
					t.Error("the first signal stops nothing")
				}
				time.Sleep(c.after) // in virtual time
				b.signals <- syscall.SIGTERM
				synctest.Wait()
				close(b.done)
				synctest.Wait()
				if code != c.code {
					t.Errorf("it ended with %d, not %d", code, c.code)
				}
			})
		})
	}
}

func TestKilledRunIsRecovered(t *testing.T) {
	t.Parallel()
	l := start(t, nil)
	l.until("dark")
	if code, said := l.also("recover", l.dir); code != exitUsage || !strings.Contains(said, "a run that lives") {
		t.Errorf("recovering a run that lives ends with %d: %s", code, said)
	}
	if code, said := l.also("recover"); code != exitPass || !strings.Contains(said, "nothing is left") {
		t.Errorf("a run that lives is taken for residue: %d, %s", code, said)
	}
	if err := l.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	l.ends(-1)
	l.recoveredByAnother()
	l.recovers()
}

// recoveredByAnother is a recover while another one is at it: it says who, and not that the run lives, or that nothing
// is left.
func (l *living) recoveredByAnother() {
	l.t.Helper()
	left, _, err := drill.Runs{Dir: filepath.Join(l.state, "regiondrill", "runs")}.Residue()
	if err != nil || len(left) != 1 {
		l.t.Fatalf("%d runs are left, %v", len(left), err)
	}
	defer left[0].Keep()
	if err := left[0].Inherit(); err != nil {
		l.t.Fatal(err)
	}
	us := fmt.Sprintf("process %d is recovering", os.Getpid())
	if code, said := l.also("recover", l.dir); code != exitUsage || !strings.Contains(said, us) {
		l.t.Errorf("it ends with %d: %s", code, said)
	}
	if code, said := l.also("recover"); code != exitPass || !strings.Contains(said, us) || strings.Contains(said, "nothing") {
		l.t.Errorf("it ends with %d: %s", code, said)
	}
}

// A killed run is on the board as begun, and recover says of it that it is over: under its own environment, whoever
// recovers it.
func TestRecoverTellsBoards(t *testing.T) {
	t.Parallel()
	g := &gateway{first: make(chan struct{})}
	server := httptest.NewServer(g)
	defer server.Close()
	l := start(t, nil, "--push-gateway", server.URL, "--environment", "staging")
	<-g.first
	l.until("dark")
	if err := l.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	l.ends(-1)
	if len(g.pushed) != 1 || !strings.Contains(g.pushed[0], "/group/started") {
		t.Fatalf("pushed %v", g.pushed)
	}
	if code, said := l.also("recover", "--push-gateway", strings.Replace(server.URL, "//", "//ann:hush@", 1)); code != exitPass || strings.Contains(said, "hush") {
		t.Errorf("recover ends with %d and says %s", code, said)
	}
	if n := len(g.pushed); n != 3 || g.pushed[1] != "GET /metrics" || strings.Contains(g.pushed[2], "/group/") || !strings.Contains(g.pushed[2], "/environment/staging") {
		t.Fatalf("pushed %v", g.pushed)
	}
	run := regexp.MustCompile(`\d{8}T\d{6}Z`)
	if begun, over := run.FindString(g.bodies[0]), run.FindString(g.bodies[2]); begun == "" || begun != over {
		t.Errorf("%q began and %q is over", begun, over)
	}
	if code, said := l.also("recover", "--push-gateway", "gateway:9091"); code != exitUsage || !strings.Contains(said, "--push-gateway: must be") {
		t.Errorf("recover ends with %d and says %s", code, said)
	}
}

// recovers wants a killed run to be undone and concluded as unknown.
func (l *living) recovers() {
	l.t.Helper()
	if code, said := l.also("recover"); code != exitPass || !strings.Contains(said, l.dir+": nothing was left to undo") {
		l.t.Errorf("recover ends with %d and says %s", code, said)
	}
	verdict, err := os.ReadFile(filepath.Join(l.dir, "verdict.json"))
	if err != nil || !strings.Contains(string(verdict), `"grade": "unknown"`) {
		l.t.Errorf("the verdict isn't unknown: %v", err)
	}
	if code, said := l.also("recover"); code != exitPass || !strings.Contains(said, "nothing is left") {
		l.t.Errorf("recovering once more ends with %d and says %s", code, said)
	}
}

// also runs another command beside it, with the same list of open runs.
func (l *living) also(args ...string) (code int, said string) {
	l.t.Helper()
	var out bytes.Buffer
	p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: l.Env, exit: func(int) {}}
	return p.main(l.t.Context(), args), out.String()
}

// A reader that went away (regiondrill run … | head) doesn't keep a run from healing.
func TestBrokenPipeHeals(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	l := start(t, func(l *living) { l.Stdout = write })
	read.Close()
	write.Close()
	l.ends(exitPass) // as its verdict says
	history, err := os.ReadFile(filepath.Join(l.dir, "history.jsonl"))
	if err != nil || !strings.Contains(string(history), `"reason":"completed","undone":true`) {
		t.Errorf("the run was not finished: %v", err)
	}
}

func TestMetricsAreServedWhileItRuns(t *testing.T) {
	t.Parallel()
	l := start(t, nil, "--listen", ":0")
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/metrics`).FindString(l.until("metrics are at"))
	l.until("dark")
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), "regiondrill_fault_active") {
		t.Errorf("there is no fault in %s, %v", body, err)
	}
	if err := l.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	l.ends(exitUnknown)
}
