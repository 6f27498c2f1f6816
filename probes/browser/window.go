package browser

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/regiondrill/regiondrill/harness"
)

const (
	// pictureLimit is how long a picture may take: a page that hangs gives none.
	pictureLimit = 2 * time.Second
	// closeLimit is how long the browser may take to close a window. One that takes longer is ended.
	closeLimit = 2 * time.Second
)

// window is one person's: a browser context, whose cookies, sockets and proxy are its own, and the tabs in it.
type window struct {
	process *process
	id      cdp.BrowserContextID
	tabs    []*tab
}

// tab is one of its tabs.
type tab struct {
	ctx   context.Context // chromedp's
	close context.CancelFunc
	trace *trace

	mu   sync.Mutex
	over bool           // nothing more is done in it
	acts sync.WaitGroup // what is being done
}

// window opens one that goes out by the door. Proxying loopback names too (<-loopback>) is what keeps the browser from
// going past the door for any name.
func (p *process) window(ctx context.Context, door *url.URL) (*window, error) {
	door, err := p.annex.door(door)
	if err != nil {
		return nil, err
	}
	call, done := context.WithCancel(p.ctx)
	defer done()
	defer context.AfterFunc(ctx, done)()
	made, err := chromedp.CallBrowser(call, target.CreateBrowserContext, target.CreateBrowserContextParams{
		ProxyServer: door.Scheme + "://" + door.Host, ProxyBypassList: "<-loopback>"})
	if err != nil {
		return nil, fmt.Errorf("opening a window: %w", err)
	}
	return &window{process: p, id: made.BrowserContextID}, nil
}

// open opens a tab that watches its pages for an account and for the bookmark of a Region.
func (w *window) open(ctx context.Context, world *harness.World, script string) (*tab, error) {
	t := &tab{trace: newTrace(world)}
	t.ctx, t.close = chromedp.NewContext(w.process.ctx, chromedp.WithExistingBrowserContext(w.id),
		chromedp.WithDetachOnCancel(), chromedp.WithListener(t.trace.event))
	w.tabs = append(w.tabs, t)
	t.trace.dialog = func(accept bool) {
		t.act(func(ctx context.Context) {
			_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: accept})
		})
	}
	// A tab lives as long as the context that opened it, so that one must not end with the attempt.
	watchdog := context.AfterFunc(ctx, func() { t.close() })
	err := chromedp.Do(t.ctx)
	if err == nil {
		err = t.prepare(script)
	}
	if !watchdog() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("opening a tab: %w", err)
	}
	return t, nil
}

// prepare lays the watcher, and switches off what chromedp switches on and we have no use for, the mirror of the page's
// tree above all. The calls are sent at once and awaited together.
func (t *tab) prepare(script string) error {
	of := chromedp.FromContext(t.ctx).Target
	t.trace.mu.Lock()
	t.trace.frame = cdp.FrameID(of.TargetID)
	t.trace.mu.Unlock()
	calls := []struct {
		method string
		params any
	}{
		{page.CommandAddScriptToEvaluateOnNewDocument,
			page.AddScriptToEvaluateOnNewDocumentParams{Source: script, WorldName: world}},
		{runtime.CommandAddBinding, runtime.AddBindingParams{Name: tell, ExecutionContextName: world}},
		{network.CommandEnable,
			network.EnableParams{MaxTotalBufferSize: new(int64(1 << 20)), MaxResourceBufferSize: new(int64(1 << 18))}},
		{log.CommandDisable, cdp.Empty{}},
		{css.CommandDisable, cdp.Empty{}},
		{dom.CommandDisable, cdp.Empty{}},
	}
	errs := make(chan error, len(calls))
	for _, c := range calls {
		go func() { errs <- of.Call(t.ctx, c.method, c.params, nil) }()
	}
	var first error
	for range calls {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// act does something in the tab without waiting for it: what comes of it is told by the trace.
func (t *tab) act(do func(ctx context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.acts.Go(func() { do(t.ctx) })
	}
}

// end closes the tab's side of the matter and waits for what was being done in it.
func (t *tab) end() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	t.close()
	t.acts.Wait()
}

// visit goes to a URL.
func (t *tab) visit(to string) {
	t.act(func(ctx context.Context) {
		answer, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: to})
		if err == nil && answer.ErrorText != "" {
			t.trace.refused(answer.ErrorText)
		}
	})
}

// run does by a script, in the watcher's world, what the person does on a page. What the script leads to is told by the
// trace, but for its own failure.
func (t *tab) run(on *hop, world, script string) {
	t.act(func(ctx context.Context) {
		answer, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: script, UniqueContextID: world,
			UserGesture: new(true), Silent: new(true)})
		if err != nil || answer.ExceptionDetails != nil {
			t.trace.missed(on, err == nil)
		}
	})
}

// abandon closes the tab and leaves the window.
func (w *window) abandon(t *tab) {
	id := chromedp.FromContext(t.ctx).Target.TargetID
	t.act(func(context.Context) {
		ctx, cancel := context.WithTimeout(w.process.ctx, closeLimit)
		defer cancel()
		_, _ = chromedp.CallBrowser(ctx, target.CloseTarget, target.CloseTargetParams{TargetID: id})
	})
}

// picture is what the tab shows as a PNG, nil where it shows nothing in time. While a tab gives way to the next page,
// as it does when the browser puts its own error page up, there is no picture to be had for a moment.
func (t *tab) picture() []byte {
	ctx, cancel := context.WithTimeout(t.ctx, pictureLimit)
	defer cancel()
	params := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng}
	for ctx.Err() == nil {
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, params)
		if err == nil {
			return shot.Data
		}
		select {
		case <-t.trace.changed:
		case <-time.After(pictureLimit / 40):
		case <-ctx.Done():
		}
	}
	return nil
}

// dispose closes the window with all that is in it. A browser that can't do so is sick, and is ended: the next attempt
// starts another.
func (w *window) dispose() {
	ctx, cancel := context.WithTimeout(w.process.ctx, closeLimit)
	defer cancel()
	params := target.DisposeBrowserContextParams{BrowserContextID: w.id}
	_, err := chromedp.CallBrowser(ctx, target.DisposeBrowserContext, params)
	if err != nil {
		_ = w.process.close() // what it could not remove is told when the probe is closed
	}
	for _, t := range w.tabs {
		t.end()
	}
}
