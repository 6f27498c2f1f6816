package idp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestOperatorSwapsTheACSUnderLoad is for the race detector; besides, a request gets the page or the one refusal.
func TestOperatorSwapsTheACSUnderLoad(t *testing.T) {
	p := newIdP(t)
	target := redirect(t, p, requestDocument("_r1", acsAttr(acsEU)), "")
	var browsers sync.WaitGroup
	for range 4 {
		browsers.Go(func() {
			for range 50 {
				w := httptest.NewRecorder()
				p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
				if w.Code != http.StatusOK && !strings.Contains(w.Body.String(), "acs_refused") {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
	for range 50 {
		for _, list := range [][]ACS{{{acsUS, 0}}, {{acsUS, 0}, {acsEU, 1}}} {
			if err := p.SetACS(list); err != nil {
				t.Error(err)
			}
		}
	}
	browsers.Wait()
}
