package catalog

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/scenarios"
)

// TestOneMistakeIsOneLine makes one mistake after the other in the main drill. What follows from it is not told too, a
// name that is missed in several places is told once, and no list of what is known is empty.
func TestOneMistakeIsOneLine(t *testing.T) {
	data, err := scenarios.FS.ReadFile("primary-region-outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, says string }{
		{"primary: us-east-1", "primary: us-esat-1", `11:12: no Region is called "us-esat-1"; did you mean "us-east-1"?`},
		{"additional: [eu-west-1]", "additional: [eu-wset-1]", `did you mean "eu-west-1"?`},
		{"additional: [eu-west-1]", "additional: []", `16:22: no Region of the system is called "eu-west-1"; there is only us-east-1 (also in lines 17, 22, 23, 35, 43 and 48)`},
		{"system:", "System:", `did you mean "system"?`},
		{"primary: us-east-1", "primry: us-east-1", `unknown key "primry" in system; did you mean "primary"?`},
		{"additional: [eu-west-1]", "additional: eu-west-1", `"system.additional" must be a list, not "eu-west-1": write [eu-west-1]`},
		{"additional: [eu-west-1]", "aditional: [eu-west-1]", `did you mean "additional"?`},
		{"additional: [eu-west-1]", "additional: [us-east-1]", `"us-east-1" is the primary Region already`},
		{"additional: [eu-west-1]", "additional: [cn-north-1]", `cn-north-1 is in the partition aws-cn`},
		{"  new-york: {", "  ${CITY}: {", "a variable can stand in a value, not in a key"},
		{"acs: [us-east-1, eu-west-1] ", "acs: [https://acs.test/] ", `no Region of the system is called "https:"`},
		{"acs: [us-east-1, eu-west-1] ", "acs: [/legacy] ", `"/legacy" names no Region`},
		{"acs: [us-east-1, eu-west-1] ", `acs: [""] `, "must not be empty"},
		{"acs: [us-east-1, eu-west-1] ", "acs: [5] ", "put 5 in quotes"},
		{"  kms: {", "  instance: {alias: d-1234567890}\n  kms: {", "an alias must not begin with d-"},
		{"  kms: {", "  vanity: {host: acme}\n  kms: {", `"acme" is no host name`},
		{"  kms: {", "  vanity: {host: acme.awsapps.com}\n  kms: {", "acme.awsapps.com is AWS's"},
		{"  kms: {", "  vanity: {host: acme.okta.test}\n  kms: {", "is the identity provider's"},
		{"  kms: {", "  vanity: {ttl: 5s}\n  kms: {", `system.vanity needs "host"`},
		{"vantages:", "vantagse:", `did you mean "vantages"?`},
		{"vantages:", "vantages:\nunknown:", ""},
		{"  new-york: {", "  New York: {", "is no name"},
		{"from: new-york", "from: newyork", `did you mean "new-york"? (also in line 39)`},
		{"probes:", "porbes:", `did you mean "probes"?`},
		{"name: staff\n", "name: staf\n", `there is no probe "staff"; did you mean "staf"? (also in line 73)`},
		{"name: staff\n", "nane: staff\n", `unknown key "nane" in a probe; did you mean "name"?`},
		{"name: virginia-dark", "name: Virginia_Dark", "is no name"},
		{"fault: virginia-dark", "fault: virgina-dark", `(also in lines 69, 74, 79 and 85)`},
		{"faults:", "fautls:", `did you mean "faults"?`},
		{"kind: region_outage", "kind: region_outtage", `did you mean "region_outage"?`},
		{"for: 30s", "for: 30x", `not "30x"`},
		{"at: 10s", "at: ten", `not "ten"`},
		{"idp: 20ms", "ipd: 20ms", `did you mean "idp"? (also in line 23)`},
		{"{us-east-1: 8ms,", "{us-east-1:8ms,", "a colon needs a space behind it: write us-east-1: 8ms"},
		{"  additional", "\tadditional", "a tab can't indent, use spaces"},
	} {
		text := strings.ReplaceAll(string(data), c.from, c.to)
		if text == string(data) {
			t.Fatalf("%q is not in it", c.from)
		}
		_, _, err := Default().Read(bytes.NewReader([]byte(text)), "it.yaml", nil, engine.Options{Target: Default().Targets[0]})
		mistakes, ok := errors.AsType[scenario.Errors](err)
		if !ok || len(mistakes) != 1 && c.says != "" || !strings.Contains(mistakes.Error(), c.says) || strings.Contains(mistakes.Error(), "known are ,") {
			t.Errorf("%s → %s:\n%v", c.from, c.to, err)
		}
	}
}

// TestWithoutABrowser: a check of people who won't come is not asked whether it could be measured.
func TestWithoutABrowser(t *testing.T) {
	data, err := scenarios.FS.ReadFile("primary-region-outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	short := strings.Replace(string(data), "for: 30s", "for: 16s", 1)
	for why, refused := range map[string]bool{"": true, "--without-browser was given": false} {
		opts := engine.Options{Target: Default().Targets[0], WithoutBrowser: why}
		_, _, err := Default().Read(strings.NewReader(short), "it.yaml", nil, opts)
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "staff-in-chrome") {
			t.Errorf("%q: %v", why, err)
		}
	}
}
