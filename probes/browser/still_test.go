//go:build unix

package browser

import (
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
