package fabric

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Rules act on the calls of OIDC at both of its names, and on the browsers that it sends to the portal; its errors are
// those of OAuth too.
func TestOIDCErrors(t *testing.T) {
	f := newAPIs(t)
	client := clientFrom(t, f, "dublin")
	hosts := []string{names.OIDCHost("eu-west-1"), names.DualStackOIDCHost("eu-west-1")}
	for _, host := range hosts {
		err := f.Handle(host, "eu-west-1", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("{}"))
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	call := func(method, host, path string) (status int, kind, code string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		var body struct {
			Type        string `json:"__type"`
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.NewDecoder(got.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		if body.Type != got.Header.Get("X-Amzn-Errortype") || (body.Type == "") != (body.Description == "") {
			t.Errorf("%s says %+v, and %v", path, body, got.Header)
		}
		return got.StatusCode, body.Type, body.Error
	}
	for _, c := range []struct {
		operation, method, path string
		answer                  harness.Answer
		status                  int
		kind, code              string
	}{
		{"RegisterClient", "POST", "/client/register", harness.Answer{Fail: true}, 500, "InternalServerException",
			"server_error"},
		{"CreateToken", "POST", "/token", harness.Answer{Throttle: true}, 400, "SlowDownException", "slow_down"},
		{"CreateToken", "POST", "/token", harness.Answer{Fail: true, Code: "InvalidClientException"}, 401,
			"InvalidClientException", "invalid_client"},
		{"StartDeviceAuthorization", "POST", "/device_authorization",
			harness.Answer{Fail: true, Code: "InvalidRequestException"}, 400, "InvalidRequestException", "invalid_request"},
		{"Authorize", "GET", "/authorize?client_id=x", harness.Answer{Fail: true}, 500, "InternalServerException",
			"server_error"},
	} {
		l := layCalls(t, f, onCalls(harness.Calls{Service: "oidc", Operation: c.operation}, c.answer))
		for _, host := range hosts {
			status, kind, code := call(c.method, host, c.path)
			if status != c.status || kind != c.kind || code != c.code {
				t.Errorf("%s at %s: %d %s %s", c.operation, host, status, kind, code)
			}
		}
		if status, kind, _ := call("POST", hosts[0], "/else"); status != http.StatusOK {
			t.Errorf("beside %s: %d %s", c.operation, status, kind)
		}
		proven(t, l, true)
		l.Lift()
		proven(t, l, false)
	}
}
