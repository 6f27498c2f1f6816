package fabric

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// TestPages asks for pages under rules that answer any request.
func TestPages(t *testing.T) {
	for _, c := range []struct {
		answer harness.Answer
		status int
		took   time.Duration
	}{
		{harness.Answer{Fail: true}, 503, 8 * time.Millisecond},
		{harness.Answer{Fail: true, Status: 500}, 500, 8 * time.Millisecond},
		{harness.Answer{Fail: true, Status: 502, Latency: time.Second}, 502, 1008 * time.Millisecond},
		{harness.Answer{Latency: time.Minute}, 200, time.Minute + 8*time.Millisecond},
		{harness.Answer{Latency: time.Minute, Odds: 0.001}, 200, 8 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			kept := client(t, f, true)
			want := func(what, host string, want int, wantTook time.Duration) {
				t.Helper()
				if status, took, err := get(kept, "https://"+host+"/", time.Hour); status != want || took != wantTook {
					t.Errorf("%+v, %s: %d, %v after %v; want %d after %v", c.answer, what, status, err, took, want, wantTook)
				}
			}
			want("before", app, 200, 24*time.Millisecond)
			want("before, the other", other, 200, 24*time.Millisecond)
			l := lay(t, f, harness.Rule{Edges: both[:1], Hosts: []string{app}, Effect: answering(c.answer)})
			want("in force", app, c.status, c.took)
			want("in force, the other", other, 200, 8*time.Millisecond)
			proven(t, l, true)
			looksAt(t, f, l, "in force", false)
			l.Lift()
			want("lifted", app, 200, 8*time.Millisecond)
			proven(t, l, false)
		})
	}
}

// A rule on calls says nothing to a page, and one on pages answers calls too.
func TestPagesAndCalls(t *testing.T) {
	f := newAPIs(t)
	c := clientFrom(t, f, "dublin")
	status := func(host string) int {
		got, _, err := get(c, "https://"+host+"/assignment/accounts", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	calls := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Throttle: true}))
	if page, call := status("page.eu-west-1.test"), status(portalHost); page != 200 || call != 429 {
		t.Errorf("under a rule on calls the page is answered with %d and a call with %d", page, call)
	}
	calls.Lift()
	lay(t, f, harness.Rule{Edges: []harness.Edge{{From: "dublin", To: "eu-west-1"}}, Effect: busy})
	if page, call := status("page.eu-west-1.test"), status(portalHost); page != 503 || call != 503 {
		t.Errorf("under a rule on pages the page is answered with %d and a call with %d", page, call)
	}
}

// newSTS is newAPIs with an STS that echoes, and how to call it.
func newSTS(t *testing.T) (f *Fabric, call func(method, query, form string) (int, string)) {
	t.Helper()
	const host = "sts.eu-west-1.amazonaws.com"
	f = newAPIs(t)
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	if err := f.Handle(host, "eu-west-1", echo); err != nil {
		t.Fatal(err)
	}
	c := clientFrom(t, f, "dublin")
	return f, func(method, query, form string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+"/"+query, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
}

// TestQueryOperations calls STS, whose operation stands in a form.
func TestQueryOperations(t *testing.T) {
	f, call := newSTS(t)
	calls := &harness.Calls{Service: "sts", Operation: "GetCallerIdentity"}
	l := layCalls(t, f, harness.Rule{Calls: calls, Effect: answering(harness.Answer{Throttle: true})})
	long := "SAMLAssertion=" + strings.Repeat("x", 2*queryForm)
	for _, tc := range []struct {
		method, query, form string
		status              int
	}{
		{"POST", "", "Action=GetCallerIdentity&Version=2011-06-15", 400},
		{"POST", "", "Version=2011-06-15&Action=GetCallerIdentity", 400},
		{"GET", "?Version=2011-06-15&Action=GetCallerIdentity", "", 400},
		{"POST", "", "Action=AssumeRoleWithSAML&" + long, 200},
		{"POST", "", "Action=Get%43allerIdentity", 200},
		{"POST", "", long + "&Action=GetCallerIdentity", 200}, // no client does that
		{"POST", "", "", 200},
	} {
		status, body := call(tc.method, tc.query, tc.form)
		if status != tc.status || status == 200 && body != tc.form {
			t.Errorf("%s %s %.60s: %d, %d bytes back of %d", tc.method, tc.query, tc.form, status, len(body), len(tc.form))
		}
	}
	proven(t, l, true)
}

// TestQueryErrors reads the errors of STS, which are XML.
func TestQueryErrors(t *testing.T) {
	f, call := newSTS(t)
	for _, tc := range []struct {
		answer harness.Answer
		status int
		kind   string
		code   string
	}{
		{harness.Answer{Throttle: true}, 400, "Sender", "Throttling"},
		{harness.Answer{Fail: true}, 503, "Receiver", "ServiceUnavailable"},
		{harness.Answer{Fail: true, Code: "ExpiredTokenException"}, 400, "Sender", "ExpiredTokenException"},
		{harness.Answer{Fail: true, Status: 403}, 403, "Sender", "AccessDenied"},
		{harness.Answer{Fail: true, Status: 500}, 500, "Receiver", "InternalFailure"},
	} {
		l := layCalls(t, f, harness.Rule{Calls: &harness.Calls{}, Effect: answering(tc.answer)})
		status, body := call("POST", "", "Action=GetCallerIdentity")
		var said struct {
			XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
			Error   struct{ Type, Code, Message string }
			ID      string `xml:"RequestId"`
		}
		err := xml.Unmarshal([]byte(body), &said)
		if err != nil || status != tc.status || said.Error.Type != tc.kind || said.Error.Code != tc.code || said.ID == "" {
			t.Errorf("%+v: %d %s, %v", tc.answer, status, body, err)
		}
		proven(t, l, true)
		l.Lift()
	}
}
