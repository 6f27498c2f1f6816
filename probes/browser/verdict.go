package browser

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

const (
	// maxHops is how often a person is sent on. A sign-in takes ten.
	maxHops = 60
	// maxPage bounds a document, in bytes. The system's own are within 8 KB.
	maxPage = 16 << 20
	// errorPageTime is how long an answer with an error status may take to show its page, which tells the class better.
	errorPageTime = 500 * time.Millisecond
	// cancelTime is how long after a request was given up another one may follow. Without it there is no page to come.
	cancelTime = 250 * time.Millisecond
	// missTime is how long after the person's act was cut short the page may be followed by the next: then it did work.
	missTime = time.Second
)

// verdict is how it ended for a person: in a Region's portal, or with a failure.
type verdict struct {
	region string // of the portal that showed their account; then nothing else is set
	class  history.Class
	detail string
	ours   bool // the harness failed, not the system

	refused string // as of an attempt
}

// judge looks at where the person stands. It gives nil while they are on their way, and then how soon to look again
// even if nothing happens (0: no need).
func (t *trace) judge(now time.Time) (*verdict, time.Duration) {
	h := t.current()
	switch {
	case t.crashed:
		return &verdict{class: history.ClassBrowser, detail: "the browser's page crashed", ours: true}, 0
	case h == nil:
		return nil, 0
	case h.failed != "":
		return failureOf(h), 0
	case h.page != nil && h.page.Expected:
		return t.arrived(h), 0
	case h.page != nil && h.page.Error != nil && h.page.Ready:
		return t.errorPage(h), 0
	case h.page != nil && h.page.Accounts > 0:
		return wrong("%s shows accounts, but not the expected one", subject(h)), 0
	case len(t.hops) > maxHops:
		return wrong("%s was reached after %d pages and sends on without end", subject(h), maxHops), 0
	case h.bytes > maxPage:
		return wrong("%s answered with a page of over %d MB", subject(h), maxPage>>20), 0
	case h.page != nil && h.page.Ready && h.page.Form && h.name == history.StepIdPLogin:
		return &verdict{class: history.ClassIdPLoginRefused, detail: "the identity provider asked for the password again"}, 0
	case h.status >= 400:
		if left := errorPageTime - now.Sub(h.answered); left > 0 && (h.page == nil || !h.page.Ready) {
			return nil, left
		}
		return statusOf(h), 0
	case !h.missed.IsZero():
		if left := missTime - now.Sub(h.missed); left > 0 {
			return nil, left
		}
		if h.unfit {
			return wrong("%s shows a page that can't be filled in", subject(h)), 0
		}
		return &verdict{class: history.ClassHarness, detail: "the browser did not do what the person does", ours: true}, 0
	case !h.cancelled.IsZero():
		if left := cancelTime - now.Sub(h.cancelled); left > 0 {
			return nil, left
		}
		return wrong("%s answered with no page", subject(h)), 0
	}
	return nil, 0
}

func wrong(format string, args ...any) *verdict {
	return &verdict{class: history.ClassWrongContent, detail: fmt.Sprintf(format, args...)}
}

// arrived looks at the page that shows the expected account: it must be a portal's, and of the Region that it says.
func (t *trace) arrived(h *hop) *verdict {
	switch {
	case h.at.Service != servicePortal:
		return wrong("%s shows the account, but is no portal", subject(h))
	case h.page.Region != h.at.Place:
		return wrong("%s says it is of another Region", subject(h))
	}
	return &verdict{region: h.at.Place}
}

// errorPage reads the class off what a page says in its place for errors.
func (t *trace) errorPage(h *hop) *verdict {
	e := h.page.Error
	token := ""
	if e.Token != "" {
		token = " (" + e.Token + ")"
	}
	switch {
	case e.Class != "" && h.at.Service == servicePortal:
		return t.scriptError(h, e.Class)
	case h.at.Service == serviceIdP && e.Token == t.pages.ACSRefused:
		return t.acsRefused()
	case h.at.Service == serviceIdP && h.status < 500 &&
		(e.Token == t.pages.LoginRefused || h.name == history.StepIdPLogin && h.page.Form):
		return &verdict{class: history.ClassIdPLoginRefused, detail: "the identity provider refused user name and password"}
	case h.at.Service == serviceIdP:
		return statusOf(h)
	case h.at.Service == servicePortal:
		return &verdict{class: history.ClassPortalError, detail: subject(h) + " shows an error" + token}
	case h.at.Service == serviceSignin:
		return &verdict{class: history.ClassACSRejected, detail: subject(h) + " rejected the sign-in" + token}
	}
	return wrong("%s shows an error%s", subject(h), token)
}

// acsRefused names the ACS URL that the person was sent to the identity provider for, by its Region.
func (t *trace) acsRefused() *verdict {
	v := &verdict{class: history.ClassIdPACSRefused, detail: "the identity provider refused the ACS URL"}
	if h := t.last(serviceSignin); h != nil {
		v.detail += " of " + h.at.Place
		v.refused = t.acsOf(h.at.Place)
	}
	return v
}

// scriptError is what the portal's script says about its API. Its own request knows better why nothing came.
func (t *trace) scriptError(portal *hop, class string) *verdict {
	api := t.last(servicePortalAPI)
	switch {
	case class == t.pages.KMS:
		return &verdict{class: history.ClassPortalError, detail: subject(portal) + " says that its service is blocked (kms)"}
	case api != nil && api.status >= 400:
		return statusOf(api)
	case api != nil && api.failed != "" && api.failed != "net::ERR_FAILED":
		return failureOf(api)
	case slices.Contains([]history.Class{history.ClassThrottled, history.ClassHTTP5xx, history.ClassHTTP4xx},
		history.Class(class)):
		return &verdict{class: history.Class(class), detail: subject(portal) + " says that its API failed"}
	}
	return &verdict{class: history.ClassPortalError, detail: fmt.Sprintf("%s shows an error (%s)", subject(portal), class)}
}

// overdue says what the person waited for when their time was over.
func (t *trace) overdue(now time.Time) *verdict {
	h := t.current()
	if h == nil {
		return &verdict{class: history.ClassBrowser, detail: "the browser was not ready in time", ours: true}
	}
	latest := h.began
	for _, other := range t.hops {
		if other.flying > 0 {
			return &verdict{class: history.ClassTimeout, detail: subject(other) + " did not answer in time"}
		}
		if other.ended.After(latest) {
			latest = other.ended
		}
	}
	if api := t.last(servicePortalAPI); api != nil && api.failed != "" {
		return failureOf(api)
	}
	if now.Sub(latest) > time.Second {
		return wrong("%s shows nothing that leads on", subject(h))
	}
	where := strings.TrimPrefix(subject(h), "the page of ")
	return &verdict{class: history.ClassTimeout, detail: "the time was over at " + where}
}

// subject names a hop for people.
func subject(h *hop) string {
	switch {
	case h.name == history.StepACS:
		return "the ACS of " + h.at.Place
	case h.at.Service == servicePortal:
		return "the portal of " + h.at.Place
	case h.at.Service == serviceSignin:
		return "the sign-in of " + h.at.Place
	case h.at.Service == servicePortalAPI:
		return "the portal API of " + h.at.Place
	case h.at.Service == serviceIdP:
		return "the identity provider"
	case h.host == "":
		return "the page"
	}
	return h.host
}

// statusOf is the verdict on an answer that is an error by its status.
func statusOf(h *hop) *verdict {
	class := history.ClassHTTP4xx
	switch {
	case h.status >= 500 && h.at.Service == serviceIdP:
		class = history.ClassIdPUnavailable
	case h.status >= 500:
		class = history.ClassHTTP5xx
	case h.status == 429:
		class = history.ClassThrottled
	case h.status < 400:
		return wrong("%s shows an error", subject(h))
	case h.name == history.StepIdPLogin && (h.status == 401 || h.status == 403):
		class = history.ClassIdPLoginRefused
	}
	return &verdict{class: class, detail: fmt.Sprintf("%s answered %d", subject(h), h.status)}
}

// failureOf is the verdict on a request that the browser could not make.
func failureOf(h *hop) *verdict {
	class, did := classOf(h.failed)
	if class == history.ClassHarness {
		return &verdict{class: class, detail: did, ours: true}
	}
	telling := []history.Class{history.ClassTLS, history.ClassDNS, history.ClassWrongContent}
	if h.at.Service == serviceIdP && !slices.Contains(telling, class) {
		class = history.ClassIdPUnavailable
	}
	return &verdict{class: class, detail: subject(h) + " " + did}
}

// classOf reads Chromium's name of a failure (net_error_list.h), with what it says about the other side. A refused
// connection is told by the door, so Chromium sees a tunnel that it did not get.
func classOf(failure string) (class history.Class, did string) {
	code := strings.TrimPrefix(failure, "net::ERR_")
	switch {
	case code == "TUNNEL_CONNECTION_FAILED", code == "CONNECTION_REFUSED", code == "ADDRESS_UNREACHABLE":
		return history.ClassRefused, "refused the connection"
	case code == "TIMED_OUT", code == "CONNECTION_TIMED_OUT":
		return history.ClassTimeout, "did not answer in time"
	case strings.HasPrefix(code, "CERT_"):
		return history.ClassTLS, "has a certificate that is not trusted"
	case strings.HasPrefix(code, "SSL_"), code == "BAD_SSL_CLIENT_AUTH_CERT":
		return history.ClassTLS, "could not be spoken to over TLS"
	case strings.HasPrefix(code, "NAME_"), strings.HasPrefix(code, "DNS_"), code == "ICANN_NAME_COLLISION":
		return history.ClassDNS, "has a name that was not found"
	case code == "NETWORK_CHANGED", code == "INTERNET_DISCONNECTED", code == "NETWORK_IO_SUSPENDED":
		return history.ClassHarness, "the machine's network changed, which aborts every request of a browser"
	case strings.HasPrefix(code, "PROXY_"):
		return history.ClassHarness, "the browser could not reach the door of its place"
	case code == "INSUFFICIENT_RESOURCES", code == "OUT_OF_MEMORY":
		return history.ClassHarness, "the browser has run out of memory or sockets"
	case code == "TOO_MANY_REDIRECTS":
		return history.ClassWrongContent, "redirects without end"
	case strings.HasPrefix(code, "CONNECTION_"), strings.HasPrefix(code, "HTTP2_"), strings.HasPrefix(code, "QUIC_"),
		code == "EMPTY_RESPONSE", code == "INCOMPLETE_CHUNKED_ENCODING", code == "CONTENT_LENGTH_MISMATCH",
		code == "SOCKET_NOT_CONNECTED":
		return history.ClassReset, "reset the connection"
	}
	return history.ClassWrongContent, "gave an answer that the browser can't read"
}

// tell writes the verdict into the attempt.
func (v *verdict) tell(a *harness.Attempt) {
	switch {
	case v.region != "":
		a.Succeed(v.region)
	case v.ours:
		a.GiveUp(v.class, v.detail)
	default:
		a.Fail(v.class, v.detail)
		a.Refused = v.refused
	}
}
