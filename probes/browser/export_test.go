package browser

import (
	"context"
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Apart is a tab of a browser that is on no network of the machine's, where it can be: what containers do to that then
// aborts none of the page's requests. As in the browser that lab open starts, all goes out by the door but what waits
// for the browser on its own machine; twin tells where the browser finds that.
func Apart(t *testing.T, path, pin string, door *url.URL) (tab context.Context, twin func(*url.URL) *url.URL) {
	t.Helper()
	p, err := start(t.Context(), path, pin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.close() })
	twin = func(there *url.URL) *url.URL {
		here, err := p.annex.door(there)
		if err != nil {
			t.Fatal(err)
		}
		return here
	}
	window, err := chromedp.CallBrowser(p.ctx, target.CreateBrowserContext, target.CreateBrowserContextParams{
		ProxyServer: "http://" + twin(door).Host, ProxyBypassList: "<-loopback>;http://127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	tab, closes := chromedp.NewContext(p.ctx, chromedp.WithExistingBrowserContext(window.BrowserContextID),
		chromedp.WithDetachOnCancel())
	t.Cleanup(closes)
	return tab, twin
}
