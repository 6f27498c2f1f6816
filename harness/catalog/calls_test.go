package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

const callsScenario = `schema: regiondrill.scenario/v1
name: calls
system: {primary: us-east-1, additional: [eu-west-1], kms: %s}
vantages: {here: {rtt: {us-east-1: 8ms}}}
probes:
  - {name: staff, kind: saml_login, from: here, home: us-east-1, every: 1s, limit: 3s}
faults:
  - {name: it, kind: %s, at: 5s, for: 6s, where: %s}
`

func readCalls(t *testing.T, kms, kind, where string) (*engine.Plan, error) {
	t.Helper()
	c := Default()
	text := fmt.Sprintf(callsScenario, kms, kind, where)
	_, plan, err := c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0]})
	return plan, err
}

// What a fault of calls hits is checked against what the network knows of APIs.
func TestWhereOfCalls(t *testing.T) {
	for _, c := range []struct{ kind, where, says string }{
		{"api_errors", "{region: eu-west-1, service: kms, operation: Decrypt}", ""},
		{"throttle", "{region: eu-west-1, service: portal_api, operation: ListAccounts, from: here}", ""},
		{"api_errors", "{region: eu-west-1}", ""},
		{"api_errors", "{service: kms}", "it hits nothing: say in which region"},
		{"api_errors", "{region: eu-west-1, service: kms, operation: Decrypts}", `did you mean "Decrypt"?`},
		{"api_errors", "{region: eu-west-1, operation: Decrypt}", "say of which service: identity_store, kms, oidc, portal_api, scim"},
		{"api_errors", "{region: eu-west-1, service: signin}", "calls of signin don't pass by in target lab; it sees those of identity_store, kms, oidc, portal_api, scim"},
		{"api_errors", "{region: eu-west-2, service: kms}", `no Region of the system is called "eu-west-2"`},
		{"api_errors", "{place: idp, service: kms}", "Region"},
		{"api_errors", "{region: eu-west-1, service: kms, from: there}", `"there"`},
		{"api_latency", "{region: eu-west-1, service: kms}", `"latency"`},
		{"api_errors, odds: 1.5", "{region: eu-west-1, service: kms}", "odds"},
		{"api_errors, via: backend", "{region: eu-west-1, service: kms}", "the embedded KMS has no chaos API"},
		{"region_outage", "{region: eu-west-1, service: kms, operation: Decrypt}", "region_outage acts on links, which know no operations"},
	} {
		_, err := readCalls(t, "{}", c.kind, c.where)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s %s says %v", c.kind, c.where, err)
		}
	}
}

// Which Regions a fault leaves to nobody, each kind says of itself, and the plan has it.
func TestUnreachable(t *testing.T) {
	const europe = "eu-west-1"
	for _, c := range []struct{ kind, where, want string }{
		{"region_outage", "{region: eu-west-1}", europe},
		{"region_outage, mode: refuse", "{region: eu-west-1}", europe},
		{"region_outage, mode: reset", "{region: eu-west-1}", europe},
		{"region_outage, mode: http_503", "{region: eu-west-1}", europe},
		{"region_outage, hold: false", "{region: eu-west-1}", europe},
		{"region_outage", "{region: eu-west-1, service: portal}", ""},
		{"region_outage", "{region: eu-west-1, from: here}", ""},
		{"region_outage", "{place: here}", ""},
		{"link, latency: 1s", "{region: eu-west-1}", ""},
		{"api_errors", "{region: eu-west-1}", ""},
		{"api_latency, latency: 1s", "{region: eu-west-1}", ""},
		{"throttle", "{region: eu-west-1}", ""},
	} {
		plan, err := readCalls(t, "{}", c.kind, c.where)
		if err != nil {
			t.Fatalf("%s %s: %v", c.kind, c.where, err)
		}
		if got := strings.Join(plan.Record.Faults[0].Unreachable, " "); got != c.want {
			t.Errorf("%s %s leaves %q to nobody, want %q", c.kind, c.where, got, c.want)
		}
	}
	for _, c := range []struct {
		kind, config string
		isolates     bool
	}{
		{"process", `{"mode": "kill"}`, true},
		{"process", `{"mode": "pause"}`, true},
		{"process", `{"mode": "restart"}`, false},
		{"network_disconnect", `{}`, true}, // containers alone carry these
	} {
		f := Default().fault(t, c.kind)
		if err := scenario.FromConfig([]byte(c.config), f); err != nil {
			t.Fatal(err)
		}
		scope := harness.Scope{Topology: harness.Topology{Primary: europe}}
		if a, _ := f.Aim(harness.Where{Region: europe}, scope); (len(a.Unreachable) > 0) != c.isolates {
			t.Errorf("%s %s leaves %q to nobody", c.kind, c.config, a.Unreachable)
		}
	}
}

func (c Catalog) fault(t *testing.T, kind string) harness.Fault {
	t.Helper()
	i := slices.IndexFunc(c.Faults, func(k harness.FaultKind) bool { return k.Name == kind })
	if i < 0 {
		t.Fatalf("there is no %s", kind)
	}
	return c.Faults[i].New()
}

func TestWhoPlaysKMS(t *testing.T) {
	for _, c := range []struct{ kms, says, reaches string }{
		{"{}", "", ""},
		{"{backend: localstack}", "", ""},
		{"{backend: localstack, image: 'localstack/localstack:2026.3'}", "", ""},
		{"{backend: endpoint, url: 'http://moto.test:5000'}", "", "moto.test:5000"},
		{"{backend: endpoint}", "say where the endpoint is: url", ""},
		{"{backend: endpoint, url: 'ftp://x'}", "must be an http or https URL", ""},
		{"{backend: endpoint, url: 'http://me:secret@x'}", "without a password", ""},
		{"{url: 'http://x'}", "says nothing without backend: endpoint", ""},
		{"{creating_for: 10m}", "", ""},
		{"{creating_for: 10m, backend: localstack}", "says nothing without backend: embedded", ""},
		{"{image: x}", "says nothing without backend: localstack", ""},
	} {
		plan, err := readCalls(t, c.kms, "api_errors", "{region: eu-west-1}")
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s says %v", c.kms, err)
		}
		if err == nil && strings.Join(plan.Reaches(), " ") != c.reaches {
			t.Errorf("%s would ask %v", c.kms, plan.Reaches())
		}
	}
}
