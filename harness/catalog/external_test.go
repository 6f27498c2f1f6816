package catalog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// A provider of somebody's own is known by its files; what is wrong with them is told at the keys that name them.
func TestExternalProvider(t *testing.T) {
	signer, err := pki.NewSigner("acme", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p, err := idp.New(idp.Config{Host: "sso.acme.test", Signer: signer, App: idp.App{Issuer: "urn:x"}}, idp.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	good := string(p.Metadata())
	files := map[string]string{
		"idp.xml": good, "words": "# of the test users\nuser-001@acme.test  one secret\n\nuser-002@acme.test two\n",
		"http.xml": strings.ReplaceAll(good, "https://sso", "http://sso"), "ip.xml": strings.ReplaceAll(good, "sso.acme.test", "10.0.0.1"),
		"aws.xml":   strings.ReplaceAll(good, "sso.acme.test", "sso.us-east-1.amazonaws.com"),
		"empty.xml": "", "few": "user-001@acme.test one", "odd": "user-001@acme.test one\nhunter2\n",
	}
	for _, c := range []struct{ idp, says, reaches string }{
		{"{dialect: external, metadata: idp.xml, passwords: words}", "", "sso.acme.test"},
		{"{dialect: external, metadata: idp.xml, passwords: words, url: 'http://127.0.0.1:8080'}", "", ""},
		{"{dialect: external, metadata: idp.xml, passwords: words, url: 'http://localhost:8080/'}", "", ""},
		{"{dialect: external, metadata: idp.xml, passwords: words, url: 'https://10.0.0.1', hosts: [cdn.test]}", "", "10.0.0.1 cdn.test"},
		{"{dialect: external, metadata: idp.xml, passwords: words, url: 'http://x/path'}", "f.yaml:6:70: must be http or https and a host", ""},
		{"{dialect: external, metadata: idp.xml, passwords: words, hosts: ['a/b']}", "must be the name of a host", ""},
		{"{dialect: external, metadata: aws.xml, passwords: words}", "which is AWS's", ""},
		{"{dialect: external, metadata: idp.xml, passwords: words, hosts: [sso.acme.test]}", "sso.acme.test is served already", ""},
		{"{dialect: external, metadata: idp.xml, passwords: words, hosts: [kms.us-east-1.amazonaws.com]}", "is served already", ""},
		{"{dialect: external, metadata: idp.xml}", "needs the name of a file in passwords", ""},
		{"{dialect: external, passwords: words}", "needs the name of a file in metadata", ""},
		{"{dialect: external, metadata: none.xml, passwords: words}", "f.yaml:6:38: no such file", ""},
		{"{dialect: external, metadata: empty.xml, passwords: words}", "f.yaml:6:38: empty.xml is empty", ""},
		{"{dialect: external, metadata: http.xml, passwords: words}", "that must be https at a host name", ""},
		{"{dialect: external, metadata: ip.xml, passwords: words}", "that must be https at a host name", ""},
		{"{dialect: external, metadata: idp.xml, passwords: few}", "few has no line for user-002@acme.test", ""},
		{"{dialect: external, metadata: idp.xml, passwords: odd}", "odd: line 2 must be a user name, a blank and a password", ""},
		{"{dialect: external, metadata: idp.xml, passwords: words, mfa: totp}", "says nothing with dialect: external", ""},
		{"{metadata: idp.xml}", "says nothing without dialect: external", ""},
	} {
		plan, err := readExternal(files, c.idp)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s says %v", c.idp, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s tells a password: %v", c.idp, err)
		}
		if err == nil && strings.Join(plan.Reaches(), " ") != c.reaches {
			t.Errorf("%s would ask %v", c.idp, plan.Reaches())
		}
		if err == nil && (plan.Topology.IdP.External.EntityID != p.EntityID() || plan.Topology.IdP.External.Passwords["user-001@acme.test"] != "one secret") {
			t.Errorf("%s is %+v", c.idp, plan.Topology.IdP.External)
		}
	}
	acts := "{dialect: external, metadata: idp.xml, passwords: words}\nactions: [{name: a, kind: acs_swap, at: 1s, to: us-east-1}]"
	if _, err := readExternal(files, acts); err == nil || !strings.Contains(err.Error(), "acs_swap sets the identity provider up anew") {
		t.Errorf("an action on the provider: %v", err)
	}
}

func readExternal(files map[string]string, idp string) (*engine.Plan, error) {
	text := "schema: regiondrill.scenario/v1\nname: own\nsystem:\n  primary: us-east-1\n  idp: " + idp + "\n" +
		"vantages: {here: {}}\nprobes: [{name: staff, kind: saml_login, from: here, home: us-east-1, every: 1s, limit: 1s}]\n"
	text = strings.Replace(text, "  idp:", "  directory: {users: 2}\n  idp:", 1)
	c := Default()
	with := scenario.With{File: func(from, named string) ([]byte, error) {
		data, ok := files[named]
		if !ok || from != "f.yaml" {
			return nil, errors.New("no such file")
		}
		return []byte(data), nil
	}}
	_, plan, err := c.ReadWith(strings.NewReader(text), "f.yaml", with, engine.Options{Target: c.Targets[0]})
	return plan, err
}
