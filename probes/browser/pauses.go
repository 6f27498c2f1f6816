package browser

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

const (
	askedEvery = 100 * time.Millisecond // how often the browser is asked whether it is there
	// stoodStill is the time to an answer from which on the browser has stood still. One that has a CPU answers within a
	// few milliseconds, whatever its pages do.
	stoodStill = 25 * time.Millisecond
)

// Pauses asks the browser again and again for its version, which its main thread answers, and tells of every answer
// that took too long: for so long it did nothing for the people either. A browser that is gone or being started isn't
// asked; whoever needs it then says so.
func (l *Login) Pauses(ctx context.Context, tell func(since, until time.Time)) {
	tick := time.NewTicker(askedEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		l.mu.Lock()
		p := l.process
		l.mu.Unlock()
		if p == nil || p.ctx.Err() != nil {
			continue
		}
		since := time.Now()
		p.answer(ctx)
		if until := time.Now(); until.Sub(since) >= stoodStill {
			tell(since, until)
		}
	}
}

// answer waits until the browser has told its version, is gone, or ctx ends.
func (p *process) answer(ctx context.Context) {
	asking, cancel := context.WithCancel(p.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	_, _ = chromedp.CallBrowser(asking, browser.GetVersion, cdp.Empty{}) // that it is gone is for others to say
}
