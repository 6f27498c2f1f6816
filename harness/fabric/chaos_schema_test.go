package fabric

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestChaosSchema holds what LocalStack's own tests of its chaos API hold it to.
func TestChaosSchema(t *testing.T) {
	const invalid = "Error validating JSON schema: "
	for _, c := range []struct{ path, body, wrong string }{
		{"faults", `[{}]`, ""},
		{"faults", `[{"region": "us-east-1"}, {"region": "ap-south-1"}]`, ""},
		{"faults", `[{"service": "acm-pca"}, {"service": "cognito_identity"}, {"service": "s3"}]`, ""},
		{"faults", `[{"operation": "DoSomething", "probability": 1.0, "error": {}}]`, ""},
		{"faults", `[{"error": {"statusCode": 400, "code": "TeaPotError"}}]`, ""},
		{"faults", `[{"description": "An empty rule that causes a global outage"}]`, ""},
		{"faults", `[{"region": "s3", "foo": "bar"}]`, invalid +
			"Additional properties are not allowed ('foo' was unexpected)"},
		{"faults", `[{"region": "us*"}]`, invalid + "'us*' does not match '^[a-z0-9-]+$'"},
		{"faults", `[{"region": ""}]`, invalid + "'' does not match '^[a-z0-9-]+$'"},
		{"faults", `[{"service": ""}]`, invalid + "'' does not match '^[a-z0-9_-]+$'"},
		{"faults", `[{"operation": "Put42Items"}]`, invalid + "'Put42Items' does not match '^[a-zA-Z]+$'"},
		{"faults", `[{"probability": 1.1}]`, invalid + "1.1 is greater than the maximum of 1"},
		{"faults", `[{"probability": -1}]`, invalid + "-1 is less than the minimum of 0"},
		{"faults", `[{"error": {"blah": 814}}]`, invalid + "Additional properties are not allowed ('blah' was unexpected)"},
		{"faults", `[{"error": {"statusCode": 300}}]`, invalid + "300 is less than the minimum of 400"},
		{"faults", `[{"error": {"code": ""}}]`, invalid + "'' does not match '^[a-zA-Z0-9._:-]+$'"},
		{"faults", `[{"region": null}]`, invalid + "None is not of type 'string'"},
		{"faults", `{}`, invalid + "{} is not of type 'array'"},
		{"faults", `[true]`, invalid + "True is not of type 'object'"},
		{"faults", `[{"service": "kms"}, {"service": "kms"}]`, invalid +
			"[{'service': 'kms'}, {'service': 'kms'}] has non-unique elements"},
		{"effects", `{"latency": 0}`, ""},
		{"effects", `{"latency": 5000.0}`, ""},
		{"effects", `{"latency": "abcd"}`, invalid + "'abcd' is not of type 'integer'"},
		{"effects", `{"latency": -3}`, invalid + "-3 is less than the minimum of 0"},
		{"effects", `{"latency": 6.9}`, invalid + "6.9 is not of type 'integer'"},
		{"effects", `{"latency": 64, "jitter": 32}`, invalid +
			"Additional properties are not allowed ('jitter' was unexpected)"},
		{"effects", `{}`, invalid + "'latency' is a required property"},
		{"effects", `invalidJSON`, "Error decoding JSON: invalid character 'i' looking for beginning of value"},
	} {
		f := New(Options{})
		status, says := chaosCall(t, f.Chaos(), "POST", c.path, c.body)
		want := `{"message":"` + c.wrong + `"}`
		if c.wrong == "" && status != 200 || c.wrong != "" && (status != 400 || says != want) {
			t.Errorf("%s %s is answered with %d %s", c.path, c.body, status, says)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Tools ask first whether the emulator's licence has the chaos API.
func TestChaosLicence(t *testing.T) {
	f := New(Options{})
	defer f.Close()
	w := httptest.NewRecorder()
	f.Chaos().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_localstack/licenseinfo", nil))
	if w.Code != 200 ||
		strings.TrimSpace(w.Body.String()) != `{"available_plugins":["localstack.platform.plugin/chaos"]}` {
		t.Errorf("it is answered with %d %s", w.Code, w.Body)
	}
}
