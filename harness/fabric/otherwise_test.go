package fabric

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// throughDoor is a client of the vantage's door that trusts the fabric's authority and nobody else.
func throughDoor(t *testing.T, f *Fabric, h2 bool) *http.Client {
	t.Helper()
	door, err := f.Door(vantage)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(door), ForceAttemptHTTP2: h2,
		TLSClientConfig: &tls.Config{RootCAs: f.ca.Pool()}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// answerTo fetches a page and tells what it says, or the error.
func answerTo(c *http.Client, url string) string {
	answer, err := c.Get(url)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(answer.Body)
	return answer.Status + " " + string(body)
}

// lacking answers for AWS's names in place of a refusal.
func lacking(f *Fabric) {
	f.Otherwise(IsAWS, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "no %s over %s", r.Host, r.Proto)
	}))
}

const lacked = "ec2.us-east-1.amazonaws.com"

// TestOtherwise: clients of a door are told by a server that they trust; nobody else, and of no other name.
func TestOtherwise(t *testing.T) {
	f := bare(t)
	lacking(f)
	for _, h2 := range []bool{false, true} {
		proto := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[h2]
		c := throughDoor(t, f, h2)
		for url, want := range map[string]string{
			"https://" + lacked + "/":                         "200 OK no " + lacked + " over " + proto,
			"https://EC2.us-east-1.amazonaws.com:443/":        "200 OK no ",
			"https://ssoins-1.portal.eu-west-2.app.aws/":      "200 OK no ssoins-1.portal.eu-west-2.app.aws over " + proto,
			"https://" + lacked + ":8443/":                    "Forbidden",
			"https://example.com/":                            "Forbidden",
			"https://amazonaws.com.example.com/":              "Forbidden",
			"https://" + app + ":8443/":                       "Bad Gateway", // in the table
			"https://" + app + "/":                            "200 OK hello from " + app,
			"https://" + strings.Repeat("a.", 20) + "api.aws": "200 OK no a.a.",
		} {
			if got := answerTo(c, url); !strings.Contains(got, want) {
				t.Errorf("%s over %s: %q, want %q", url, proto, got, want)
			}
		}
	}
	if got := f.Refused(); got[lacked] < 4 || got["example.com"] != 2 || got[app] != 0 {
		t.Errorf("counted %v", got)
	}
	_, err := f.Dial(t.Context(), vantage, lacked+":443")
	if unknown, ok := errors.AsType[*net.DNSError](err); !ok || !unknown.IsNotFound {
		t.Errorf("in process the world is no longer closed: %v", err)
	}
}

func TestNobodyAnswersOtherwise(t *testing.T) {
	f := bare(t)
	c := throughDoor(t, f, true)
	if got := answerTo(c, "https://"+lacked+"/"); !strings.Contains(got, "Forbidden") {
		t.Errorf("unasked: %q", got)
	}
	f.Otherwise(func(string) bool { return true }, http.NotFoundHandler())
	lay(t, f, harness.Rule{Edges: both, Effect: looking(notFound)})
	if got := answerTo(c, "https://"+app+"/"); !strings.Contains(got, "Bad Gateway") {
		t.Errorf("a name that a rule makes unknown: %q", got)
	}
}

// TestOtherwiseObeysNoRule: what is no part of the system is under no fault either, and leaves no trace of its names.
func TestOtherwiseObeysNoRule(t *testing.T) {
	f := bare(t)
	lacking(f)
	edges := append([]harness.Edge{{From: vantage, To: vantage}, {From: vantage, To: away},
		{From: away, To: vantage}}, both...)
	lay(t, f, harness.Rule{Edges: edges, Effect: holds})
	lay(t, f, harness.Rule{Edges: edges, Effect: harness.Effect{Answer: harness.Answer{Fail: true}}})
	f.mu.Lock()
	before := len(f.lanes)
	f.mu.Unlock()
	c := throughDoor(t, f, true)
	for i := range 3 {
		if got := answerTo(c, fmt.Sprintf("https://s%d.eu-west-1.api.aws/", i)); !strings.HasPrefix(got, "200") {
			t.Errorf("got %q", got)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := len(f.lanes) - before; got != 2 {
		t.Errorf("three names made %d lanes", got)
	}
}

// TestOtherwiseIsNoWayIn: a tunnel to a name outside the table leads to no host in it.
func TestOtherwiseIsNoWayIn(t *testing.T) {
	f := bare(t)
	lacking(f)
	for _, c := range []struct{ sni, host, want string }{
		{lacked, lacked, "200 OK"}, {lacked, app, "421 Misdirected Request"}, {app, app, "421 Misdirected Request"},
		{"example.com", lacked, "remote error: tls: internal error"},
	} {
		raw, _ := tunnelTo(t, f, lacked, "")
		secure := tls.Client(raw, &tls.Config{RootCAs: f.ca.Pool(), ServerName: c.sni})
		_, err := fmt.Fprintf(secure, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", c.host)
		got := fmt.Sprint(err)
		if err == nil {
			answer, err := http.ReadResponse(bufio.NewReader(secure), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			got = answer.Status
		}
		if got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}
