//go:build unix

package browser

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/regiondrill/regiondrill/harness/history"
)

// A browser that stands still is not the system's fault, though everybody waits.
func TestBrowserThatStandsStill(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := open(t, s)
	asked := make(chan struct{}, 1)
	s.on(portalHost(virginia), "/", signal(s, asked))
	pid := chromedp.FromContext(l.process.ctx).Browser.Process().Pid
	go func() {
		<-asked
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}()
	for _, want := range []string{"the browser stood still", "the browser opened no window"} {
		dir := l.process.dir
		a := try(t, l, attempt(), 3*time.Second)
		if a.Outcome != history.Unknown || a.Class != history.ClassBrowser || a.Detail != want {
			t.Errorf("%s, %s: %q, want %q", a.Outcome, a.Class, a.Detail, want)
		}
		nothingLeft(t, dir)
		s.lift()
		if a := try(t, l, attempt(), 10*time.Second); a.Outcome != history.Good {
			t.Errorf("the next attempt: %s, %s: %s", a.Outcome, a.Class, a.Detail)
		}
		// and once more while it is at rest
		if err := syscall.Kill(chromedp.FromContext(l.process.ctx).Browser.Process().Pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
}

// A browser that stands still for a while is told of, and one that is well isn't asked in vain.
func TestPausesAreSeen(t *testing.T) {
	t.Parallel()
	l := open(t, newSite(t))
	pid := chromedp.FromContext(l.process.ctx).Browser.Process().Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var since, until time.Time
	go func() {
		<-time.After(10 * askedEvery)
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}()
	l.Pauses(ctx, func(s, u time.Time) {
		since, until = s, u
		cancel()
	})
	if since.Before(stopped) || until.Sub(since) < stoodStill {
		t.Errorf("told of %v, %v after it was stopped", until.Sub(since), since.Sub(stopped))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	gone, over := context.WithTimeout(t.Context(), 3*askedEvery)
	defer over()
	l.Pauses(gone, func(s, u time.Time) { t.Errorf("a browser that is gone is said to stand still for %v", u.Sub(s)) })
}
