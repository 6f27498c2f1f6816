package browser

import (
	"context"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
)

// Apart is a tab of a browser that is on no network of the machine's, where it can be: what containers do to that then
// aborts none of the page's requests.
func Apart(t *testing.T, path, pin string, door *url.URL) context.Context {
	t.Helper()
	p, err := start(t.Context(), path, pin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.close() })
	w, err := p.window(t.Context(), door)
	if err != nil {
		t.Fatal(err)
	}
	tab, closes := chromedp.NewContext(p.ctx, chromedp.WithExistingBrowserContext(w.id), chromedp.WithDetachOnCancel())
	t.Cleanup(closes)
	return tab
}
