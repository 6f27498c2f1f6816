package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/network"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/pages"
)

// traced is a trace of a tab that was sent to a URL.
func traced(t *testing.T, to string) *trace {
	t.Helper()
	tr := newTrace(&harness.World{Locate: new(site).locate(), Pages: pages.Lab()})
	tr.frame = "main"
	tr.event(&network.EventRequestWillBeSent{RequestID: "1", LoaderID: "1", FrameID: "main", Type: network.ResourceTypeDocument,
		Request: &network.Request{URL: to, Method: "GET"}, Timestamp: 100, WallTime: cdp.TimeSinceEpoch(float64(time.Now().UnixNano()) / 1e9)})
	return tr
}

func TestFailuresOfTheHarnessAreNotTheSystems(t *testing.T) {
	for text, class := range map[string]history.Class{
		"net::ERR_NETWORK_CHANGED": history.ClassHarness, "net::ERR_INTERNET_DISCONNECTED": history.ClassHarness,
		"net::ERR_PROXY_CONNECTION_FAILED": history.ClassHarness,
	} {
		for _, host := range []string{portalHost(virginia), idpHost} {
			tr := traced(t, "https://"+host+"/")
			tr.event(&network.EventLoadingFailed{RequestID: "1", Type: network.ResourceTypeDocument, ErrorText: text, Timestamp: 101})
			if v, _ := tr.judge(time.Now()); v == nil || !v.ours || v.class != class {
				t.Errorf("%s at %s: %+v", text, host, v)
			}
		}
	}
	tr := traced(t, "https://"+idpHost+"/")
	tr.event(&inspector.EventTargetCrashed{})
	if v, _ := tr.judge(time.Now()); v == nil || !v.ours || v.class != history.ClassBrowser {
		t.Errorf("a page that crashed: %+v", v)
	}
}

func TestFailuresByName(t *testing.T) {
	for text, want := range map[string]history.Class{
		"net::ERR_TUNNEL_CONNECTION_FAILED": history.ClassRefused, "net::ERR_CONNECTION_RESET": history.ClassReset,
		"net::ERR_EMPTY_RESPONSE": history.ClassReset, "net::ERR_CONNECTION_CLOSED": history.ClassReset, "net::ERR_HTTP2_PROTOCOL_ERROR": history.ClassReset,
		"net::ERR_TIMED_OUT": history.ClassTimeout, "net::ERR_CONNECTION_TIMED_OUT": history.ClassTimeout,
		"net::ERR_CERT_AUTHORITY_INVALID": history.ClassTLS, "net::ERR_SSL_PROTOCOL_ERROR": history.ClassTLS,
		"net::ERR_NAME_NOT_RESOLVED": history.ClassDNS, "net::ERR_TOO_MANY_REDIRECTS": history.ClassWrongContent, "net::ERR_NOVEL": history.ClassWrongContent,
	} {
		if got, _ := classOf(text); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		h := &hop{failed: text}
		h.at.Service = serviceIdP
		switch v := failureOf(h); want {
		case history.ClassTLS, history.ClassDNS, history.ClassWrongContent:
			if v.class != want {
				t.Errorf("%s at the identity provider is %s", text, v.class)
			}
		default:
			if v.class != history.ClassIdPUnavailable {
				t.Errorf("%s at the identity provider is %s", text, v.class)
			}
		}
	}
}

func TestCancelledRequestIsNoFailure(t *testing.T) {
	tr := traced(t, "https://"+portalHost(virginia)+"/")
	tr.event(&network.EventLoadingFailed{RequestID: "1", Type: network.ResourceTypeDocument, ErrorText: "net::ERR_ABORTED", Canceled: true, Timestamp: 101})
	if v, again := tr.judge(time.Now()); v != nil || again <= 0 {
		t.Errorf("at once: %+v, look again in %v", v, again)
	}
	if v, _ := tr.judge(time.Now().Add(cancelTime)); v == nil || v.class != history.ClassWrongContent {
		t.Errorf("when nothing followed: %+v", v)
	}
	tr.event(&network.EventRequestWillBeSent{RequestID: "2", LoaderID: "2", FrameID: "main", Type: network.ResourceTypeDocument,
		Request: &network.Request{URL: "https://" + idpHost + "/", Method: "GET"}, Timestamp: 102})
	if v, again := tr.judge(time.Now().Add(cancelTime)); v != nil || again != 0 {
		t.Errorf("when another page followed: %+v, %v", v, again)
	}
}

func TestFramesAndStrangersAreNoSteps(t *testing.T) {
	tr := traced(t, "https://"+portalHost(virginia)+"/?workflow_code=canary")
	for _, e := range []*network.EventRequestWillBeSent{
		{RequestID: "2", FrameID: "advert", Type: network.ResourceTypeDocument, Request: &network.Request{URL: "https://" + idpHost + "/"}},
		{RequestID: "3", FrameID: "main", Type: network.ResourceTypeImage, Request: &network.Request{URL: "https://" + portalHost(virginia) + "/x.png"}},
		{RequestID: "4", FrameID: "main", Type: network.ResourceTypeDocument, Request: &network.Request{URL: "https://elsewhere.test/"}},
		{RequestID: "5", FrameID: "main", Type: network.ResourceTypeDocument, Request: &network.Request{URL: "https://%zz/"}},
	} {
		tr.event(e)
	}
	steps := tr.steps(func(place string) bool { return place == virginia }, time.Now())
	if len(steps) != 1 || steps[0].Name != history.StepPortal || steps[0].Region != virginia || strings.Contains(steps[0].Host, "canary") {
		t.Errorf("steps %+v", steps)
	}
}

func FuzzReport(f *testing.F) {
	f.Add(`{"host":"a","ready":true,"form":false,"passing":false,"bookmark":false,"region":"us-east-1","accounts":3,"expected":true,"error":null}`)
	f.Add(`{"error":{"token":"acs_refused","class":""}}`)
	f.Add(`{"error":{"token":"<script>","class":"` + strings.Repeat("x", 100) + `"}}`)
	f.Add(strings.Repeat("[", 5000))
	f.Add(`{"accounts":1e999}`)
	f.Fuzz(func(t *testing.T, payload string) {
		r, err := parseReport(payload)
		if err != nil {
			return
		}
		if r.Error == nil {
			return
		}
		for _, w := range []string{r.Error.Token, r.Error.Class} {
			if len(w) > 40 || strings.ContainsAny(w, " /?&=<>\"'\n:.") {
				t.Errorf("%q may not stand in a history", w)
			}
		}
		h := &hop{page: r, name: history.StepPortal, host: "h"}
		r.Ready = true
		for _, h.at.Service = range []string{servicePortal, serviceSignin, serviceIdP, servicePortalAPI, ""} {
			tr := &trace{pages: new(pages.Driver), hops: []*hop{h}}
			if v := tr.errorPage(h); v.detail == "" || v.class == "" {
				t.Errorf("nothing is said of %q at %s", payload, h.at.Service)
			}
		}
	})
}
