package browser

import (
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/pages"
)

// Services, as System.Locate names them.
const (
	servicePortal    = "portal"
	serviceSignin    = "signin"
	servicePortalAPI = "portal_api"
	serviceIdP       = "idp"
	serviceVanity    = "vanity"
)

// hop is one request of a tab: a document that a person was sent to, or all the calls by which a portal asks its API
// for the accounts.
type hop struct {
	name     string // of the step; empty where the host is not of the system
	host     string
	at       harness.Location
	post     bool
	document bool

	began, ended time.Time // ended is zero while an answer is awaited
	flying       int       // requests of this hop without an answer
	status       int64     // the answer's, 0 before; of several the highest
	answered     time.Time // when the status was known
	failed       string    // Chromium's name for the failure, as net::ERR_…
	cancelled    time.Time // when the browser gave the request up without a failure
	bytes        float64   // of the body

	loader cdp.LoaderID
	shown  bool      // the document is in the tab
	page   *report   // what the watcher saw last on it
	acted  bool      // the person did on it what they had to do
	missed time.Time // when that failed
	unfit  bool      // because the page is not what it seemed to be
}

// trace follows a tab by the browser's events, which arrive in their order. Nothing of a request is kept but its host.
type trace struct {
	locate  func(host string) (harness.Location, bool)
	acsOf   func(region string) string // its ACS URL, as World.ACSOf
	pages   *pages.Driver
	changed chan struct{} // holds one token when there is something new
	dialog  func(accept bool)

	mu       sync.Mutex
	frame    cdp.FrameID // the tab's main one
	hops     []*hop
	flying   map[network.RequestID]*hop
	world    string // unique id of the watcher's world in the document that is shown
	worldID  runtime.ExecutionContextID
	crashed  bool
	signedIn bool // at the identity provider, in this browser context
	origin   time.Time
	zero     float64 // the browser's monotonic time at origin, in seconds
}

func newTrace(world *harness.World) *trace {
	return &trace{locate: world.Locate, acsOf: world.ACSOf, pages: &world.Pages,
		changed: make(chan struct{}, 1), flying: map[network.RequestID]*hop{}}
}

// follow takes over what an earlier tab of the same browser context knows.
func (t *trace) follow(earlier *trace) {
	earlier.mu.Lock()
	signedIn := earlier.signedIn
	earlier.mu.Unlock()
	t.mu.Lock()
	t.signedIn = signedIn
	t.mu.Unlock()
}

// event takes an event of the tab. It is called from the loop that reads them, so it waits for nothing.
func (t *trace) event(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.sent(e)
	case *network.EventResponseReceived:
		t.answered(e.RequestID, e.Response.Status)
	case *network.EventDataReceived:
		t.received(e.RequestID, float64(e.DataLength))
	case *network.EventLoadingFinished:
		t.finished(e.RequestID, t.time(e.Timestamp.Float64()))
	case *network.EventLoadingFailed:
		t.failed(e.RequestID, e.ErrorText, e.Canceled, t.time(e.Timestamp.Float64()))
	case *page.EventFrameNavigated:
		t.navigated(e.Frame)
	case *runtime.EventExecutionContextCreated:
		t.born(e.Context)
	case *runtime.EventBindingCalled:
		t.told(e)
	case *page.EventJavascriptDialogOpening:
		if t.dialog != nil {
			t.dialog(e.Type == page.DialogTypeBeforeunload)
		}
		return
	case *inspector.EventTargetCrashed, *target.EventTargetCrashed:
		t.crashed = true
	default:
		return
	}
	t.notify()
}

func (t *trace) notify() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// time turns the browser's monotonic seconds into this process's clock.
func (t *trace) time(seconds float64) time.Time {
	now := time.Now()
	if t.origin.IsZero() {
		return now
	}
	at := t.origin.Add(time.Duration((seconds - t.zero) * float64(time.Second)))
	if at.After(now) {
		return now
	}
	return at
}

// anchor joins the two clocks: the event tells its instant on the wall clock as well, which both processes share. What
// is left of a second clock's oddities is bounded by the time that the event can have been under way.
func (t *trace) anchor(e *network.EventRequestWillBeSent) {
	if !t.origin.IsZero() {
		return
	}
	now := time.Now()
	late := time.Duration((float64(now.UnixNano())/1e9 - float64(e.WallTime)) * float64(time.Second))
	t.origin, t.zero = now.Add(-min(max(late, 0), time.Second)), e.Timestamp.Float64()
}

func (t *trace) sent(e *network.EventRequestWillBeSent) {
	u, err := url.Parse(e.Request.URL)
	if err != nil {
		return
	}
	t.anchor(e)
	at := t.time(e.Timestamp.Float64())
	where, known := t.locate(u.Hostname())
	switch {
	case e.Type == network.ResourceTypeDocument && e.FrameID == t.frame:
		if e.RedirectResponse != nil {
			t.answered(e.RequestID, e.RedirectResponse.Status)
			t.finished(e.RequestID, at)
		}
		h := &hop{host: u.Hostname(), at: where, post: e.Request.Method == "POST", document: true,
			began: at, flying: 1, loader: e.LoaderID}
		if known {
			h.name = stepName(where.Service, h.post, u.Path, t.signedIn)
		}
		t.hops, t.flying[e.RequestID] = append(t.hops, h), h
	case known && where.Service == servicePortalAPI:
		h := t.last(servicePortalAPI)
		if h == nil || h.host != u.Hostname() || t.current() != nil && t.current().began.After(h.began) {
			h = &hop{name: history.StepAccounts, host: u.Hostname(), at: where, began: at}
			t.hops = append(t.hops, h)
		}
		if t.flying[e.RequestID] != h {
			h.flying++
		}
		h.ended, t.flying[e.RequestID] = time.Time{}, h
	}
}

// stepName says what a request is for. One for a SAML response is told from one for the sign-in form by what is known
// beforehand; the page will tell for sure.
func stepName(service string, post bool, path string, signedIn bool) string {
	switch service {
	case servicePortal:
		return history.StepPortal
	case serviceSignin:
		if strings.Contains(path, "/saml/acs/") {
			return history.StepACS
		}
		return history.StepSignin
	case servicePortalAPI:
		return history.StepAccounts
	case serviceVanity:
		return history.StepVanity
	case serviceIdP:
		switch {
		case post:
			return history.StepIdPLogin
		case path == "/" || path == "":
			return history.StepIdPDashboard
		case signedIn:
			return history.StepIdPSSO
		}
		return history.StepIdPForm
	}
	return ""
}

func (t *trace) answered(id network.RequestID, status int64) {
	if h := t.flying[id]; h != nil {
		h.status, h.answered = max(h.status, status), time.Now()
	}
}

func (t *trace) received(id network.RequestID, bytes float64) {
	if h := t.flying[id]; h != nil {
		h.bytes += bytes
	}
}

func (t *trace) finished(id network.RequestID, at time.Time) {
	h := t.flying[id]
	if h == nil {
		return
	}
	delete(t.flying, id)
	if h.flying--; h.flying <= 0 {
		h.ended = at
	}
}

func (t *trace) failed(id network.RequestID, text string, cancelled bool, at time.Time) {
	h := t.flying[id]
	if h == nil {
		return
	}
	t.finished(id, at)
	if cancelled || text == "net::ERR_ABORTED" {
		h.cancelled = time.Now()
		return
	}
	h.failed = text
}

// refused takes the failure of a navigation that the browser told in its answer to the command.
func (t *trace) refused(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.current()
	if h == nil {
		now := time.Now()
		h = &hop{document: true, began: now, ended: now}
		t.hops = append(t.hops, h)
	}
	if text == "net::ERR_ABORTED" {
		if h.cancelled.IsZero() {
			h.cancelled = time.Now()
		}
	} else if h.failed == "" {
		h.failed = text
	}
	t.notify()
}

// missed takes the failure of what the person did on a page. It is no failure where the page gave way to the next.
func (t *trace) missed(h *hop, unfit bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h.missed, h.unfit = time.Now(), unfit
	t.notify()
}

func (t *trace) navigated(frame *cdp.Frame) {
	if frame.ParentID != "" {
		return
	}
	t.frame = frame.ID
	if h := t.current(); h != nil && h.loader == frame.LoaderID {
		h.shown = true
	}
}

// born takes note of the watcher's world in a new document. Frames within the page have one too, which tells nothing.
func (t *trace) born(c *runtime.ExecutionContextDescription) {
	var of struct {
		FrameID cdp.FrameID `json:"frameId"`
	}
	if c.Name == world && json.Unmarshal(c.AuxData, &of) == nil && of.FrameID == t.frame {
		t.worldID, t.world = c.ID, c.UniqueID
	}
}

// told takes a report of the watcher on the document that is shown.
func (t *trace) told(e *runtime.EventBindingCalled) {
	h := t.current()
	if e.Name != tell || e.ExecutionContextID != t.worldID || h == nil || !h.shown {
		return
	}
	r, err := parseReport(e.Payload)
	if err != nil || r.Host != h.host {
		return
	}
	h.page = r
	if h.at.Service != serviceIdP || h.name == "" {
		return
	}
	switch {
	case h.name == history.StepIdPLogin:
		t.signedIn = t.signedIn || r.Ready && !r.Form && !r.Challenge && r.Error == nil
	case r.Form && h.name == history.StepIdPSSO:
		h.name = history.StepIdPForm
	case r.Passing && h.name == history.StepIdPForm:
		h.name = history.StepIdPSSO
	}
}

// current is the document that is shown or on its way, nil where there is none.
func (t *trace) current() *hop {
	for i := len(t.hops) - 1; i >= 0; i-- {
		if t.hops[i].document {
			return t.hops[i]
		}
	}
	return nil
}

// last is the latest hop to a service, nil where there is none.
func (t *trace) last(service string) *hop {
	for i := len(t.hops) - 1; i >= 0; i-- {
		if t.hops[i].at.Service == service {
			return t.hops[i]
		}
	}
	return nil
}

// steps are the hops as an attempt tells them; what is still in flight ends at until.
func (t *trace) steps(isRegion func(place string) bool, until time.Time) []harness.Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	var steps []harness.Step
	for _, h := range t.hops {
		if h.name == "" {
			continue
		}
		s := harness.Step{Name: h.name, Host: h.host, Began: h.began, Ended: h.ended}
		if isRegion(h.at.Place) {
			s.Region = h.at.Place
		}
		if s.Ended.IsZero() || s.Ended.After(until) {
			s.Ended = until
		}
		if s.Began.After(until) {
			continue
		}
		steps = append(steps, s)
	}
	return steps
}
