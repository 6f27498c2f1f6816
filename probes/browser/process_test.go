package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// nothingLeft proves that a browser has left neither process nor folder.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), dir) {
			t.Errorf("%s is still there: %q", filepath.Dir(file), line)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		name string
		do   func(l *Login, cancel context.CancelCauseFunc)
	}{
		{"at rest", func(*Login, context.CancelCauseFunc) {}},
		{"after the browser was killed", func(l *Login, _ context.CancelCauseFunc) { kill(t, l) }},
		{"after its context was cancelled", func(_ *Login, cancel context.CancelCauseFunc) { cancel(nil) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := open(t, s)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = New()
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			if err := l.Open(ctx, s.system()); err != nil {
				t.Fatal(err)
			}
			dir := l.process.dir
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("its folder: %v, %v", info, err)
			}
			test.do(l, cancel)
			for range 2 {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
			nothingLeft(t, dir)
			if a := try(t, l, attempt(), time.Second); a.Outcome != history.Unknown || a.Class != history.ClassBrowser {
				t.Errorf("an attempt after Close: %s, %s: %s", a.Outcome, a.Class, a.Detail)
			}
		})
	}
}

// signal tells that a request came, and never answers it.
func signal(s *site, asked chan<- struct{}) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		asked <- struct{}{}
		return s.hang(w, r)
	}
}

// kill ends the browser as the kernel does when memory is short, and waits until it is gone.
func kill(t *testing.T, l *Login) {
	t.Helper()
	p := l.process
	if err := chromedp.FromContext(p.ctx).Browser.Process().Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ctx.Done()
}

func TestBrowserKilledInMidAttempt(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	asked := make(chan struct{}, 2)
	s.on(portalHost(virginia), "/", signal(s, asked))
	var flying sync.WaitGroup
	for range 2 {
		flying.Go(func() {
			a := attempt()
			ctx, cancel := context.WithDeadline(context.Background(), a.Due.Add(20*time.Second))
			defer cancel()
			if err := l.Try(ctx, a); err != nil || a.Outcome != history.Unknown || a.Class != history.ClassBrowser {
				t.Errorf("%v; %s, %s: %s", err, a.Outcome, a.Class, a.Detail)
			}
			if a.Detail != "the browser ended in the middle of the attempt" || len(a.Steps) == 0 {
				t.Errorf("%q with steps %s", a.Detail, names(a))
			}
		})
	}
	<-asked
	<-asked
	dir := l.process.dir
	kill(t, l)
	flying.Wait()
	s.lift()
	if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Good {
		t.Errorf("the next attempt: %s, %s: %s", a.Outcome, a.Class, a.Detail)
	}
	nothingLeft(t, dir)
}

func TestSweep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	folder := func() (string, func()) {
		dir, release, err := makeFolder()
		if err != nil {
			t.Fatal(err)
		}
		return dir, release
	}
	inUse, release := folder()
	defer release()
	left, gone := folder()
	gone()
	bare, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	l := New()
	found, err := l.Residue(t.Context())
	removed, failed := l.Sweep(t.Context())
	if err != nil || failed != nil || !slices.Equal(found, removed) || len(found) != 2 {
		t.Errorf("found %q, %v, and removed %q, %v", found, err, removed, failed)
	}
	for dir, stays := range map[string]bool{inUse: true, left: false, bare: true, old: false} {
		if _, err := os.Stat(dir); (err == nil) != stays {
			t.Errorf("%s stays: %v, want %v", filepath.Base(dir), err == nil, stays)
		}
	}
}

func TestBrowserThatCannotStart(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	kill(t, l)
	good := l.path
	l.path = filepath.Join(t.TempDir(), "no-browser")
	if err := os.WriteFile(l.path, []byte("#!/bin/sh\necho no >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Unknown || a.Class != history.ClassBrowser || a.Detail != "no browser could be started" {
			t.Errorf("%s, %s: %s", a.Outcome, a.Class, a.Detail)
		}
	}
	l.path = good
	if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Good {
		t.Errorf("%s, %s: %s", a.Outcome, a.Class, a.Detail)
	}
}

func TestBrowserThatNeverAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mute")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec cat <&3 >/dev/null\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := start(ctx, path, "pin"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("starting it: %v", err)
	}
}

func TestStoppedRun(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	for _, steer := range []string{"none", "bookmark"} {
		l.Steer = bookmark(5 * time.Second)
		l.Steer.By = steer
		asked := make(chan struct{}, 1)
		s.on(portalHost(virginia), "/", signal(s, asked))
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		stopping, stop := context.WithCancelCause(ctx)
		go func() { <-asked; stop(errors.New("stopped")) }()
		a := attempt()
		if err := l.Try(stopping, a); err != nil || a.Outcome != history.Unknown || a.Class != history.ClassStopped {
			t.Errorf("%s: %v; %s, %s: %s", steer, err, a.Outcome, a.Class, a.Detail)
		}
		cancel()
		s.lift()
	}
}

func TestSignInsLeakNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := open(t, s)
	targets := func() int {
		found, err := chromedp.CallBrowser(l.process.ctx, target.GetTargets, target.GetTargetsParams{})
		if err != nil {
			t.Fatal(err)
		}
		return len(found.TargetInfos)
	}
	contexts := func() int {
		found, err := chromedp.CallBrowser(l.process.ctx, target.GetBrowserContexts, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		return len(found.BrowserContextIDs)
	}
	try(t, l, attempt(), 10*time.Second)
	before, windows := targets(), contexts()
	for i := range 20 {
		l.Steer = bookmark(steerAfter(i))
		if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Good {
			t.Fatalf("%d: %s, %s: %s", i, a.Outcome, a.Class, a.Detail)
		}
	}
	if targets() != before || contexts() != windows {
		t.Errorf("%d targets and %d contexts, %d and %d before", targets(), contexts(), before, windows)
	}
}

// steerAfter makes every tenth person go to the bookmark at once.
func steerAfter(i int) time.Duration {
	if i%10 == 9 {
		return 0
	}
	return 10 * time.Second
}

func TestParallelAttemptsShareNothing(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	var flying sync.WaitGroup
	for range 4 {
		flying.Go(func() {
			if a := try(t, l, attempt(), 20*time.Second); a.Outcome != history.Good || names(a) != "portal signin idp_form idp_login acs portal accounts" {
				t.Errorf("%s, %s: %s; %s", a.Outcome, a.Class, a.Detail, names(a))
			}
		})
	}
	flying.Wait()
	if n := s.counted("POST " + idpHost + "/login"); n != 4 {
		t.Errorf("four people gave their password %d times", n)
	}
}

// standStill is the variable that makes the test binary do nothing until it is killed; leftAlone is its exit code if it
// is not.
const (
	standStill = "REGIONDRILL_TEST_STANDS_STILL"
	leftAlone  = 3
)

// TestMain lets the test binary stand for a drill, or a browser, that is killed.
func TestMain(m *testing.M) {
	if os.Getenv(standStill) != "" {
		<-time.After(time.Minute)
		os.Exit(leftAlone)
	}
	if os.Getenv("REGIONDRILL_TEST_TO_BE_KILLED") == "" {
		os.Exit(m.Run())
	}
	path, err := Find(os.Getenv)
	if err == nil {
		var p *process
		if p, err = start(context.Background(), path, "pin"); err == nil {
			fmt.Println(p.dir)
			select {}
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

func TestKilledDrillLeavesNothingForLong(t *testing.T) {
	if _, err := Find(getenv); err != nil {
		t.Skip(err)
	}
	drill := exec.Command(os.Args[0])
	drill.Env = append(os.Environ(), "REGIONDRILL_TEST_TO_BE_KILLED=yes", "TMPDIR="+t.TempDir())
	out, err := drill.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := drill.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	dir := strings.TrimSpace(line)
	if err != nil || len(usersOf(dir)) == 0 {
		t.Errorf("no browser in %q: %v", line, err)
	}
	if err := drill.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = drill.Wait() // killed
	t.Setenv("TMPDIR", filepath.Dir(dir))
	if _, err := sweep(); err != nil {
		t.Error(err)
	}
	nothingLeft(t, dir)
}

func TestCloseInMidAttempt(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	asked := make(chan struct{}, 1)
	s.on(portalHost(virginia), "/", signal(s, asked))
	dir := l.process.dir
	closed := make(chan error)
	go func() { <-asked; closed <- l.Close() }()
	a := try(t, l, attempt(), 10*time.Second)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if a.Outcome != history.Unknown || a.Class != history.ClassBrowser {
		t.Errorf("%s, %s: %s", a.Outcome, a.Class, a.Detail)
	}
	nothingLeft(t, dir)
}

func TestDoorWithPassword(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	door := *s.door
	door.User = url.UserPassword("drill", "canary")
	l.world.Door = func(*harness.Place) (*url.URL, error) { return &door, nil }
	err := l.Try(t.Context(), attempt())
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("trying it: %v", err)
	}
}

// TestBrowserThatLacks: a drill whose browser can't be started is not begun, and what to do is said in one line.
func TestBrowserThatLacks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no-browser")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho no >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("REGIONDRILL_BROWSER", path)
	l := New()
	defer l.Close()
	lack, ok := errors.AsType[*harness.Lack](l.Open(t.Context(), newSite(t).system()))
	if !ok || !strings.Contains(lack.Sentence, "--without-browser") || strings.Contains(lack.Sentence, "\n") {
		t.Errorf("it says %v", lack)
	}
}
