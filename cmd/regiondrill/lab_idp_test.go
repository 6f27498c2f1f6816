package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/pki"
)

// A lab tells what a provider is set up with, and what its people sign in with.
func TestLabTellsHowAProviderIsSetUp(t *testing.T) {
	l := labUp(t, t.TempDir(), "--people", "0", "--set", "system.idp.mfa=totp")
	file := regexp.MustCompile(`SAML metadata, for an IdP +(\S+)`).FindStringSubmatch(l.shown)
	if file == nil || !regexp.MustCompile(`in an authenticator app the secret [A-Z2-7]{26}`).MatchString(l.shown) {
		t.Fatalf("it tells\n%s", l.shown)
	}
	document, err := os.ReadFile(file[1])
	if err != nil || !strings.Contains(string(document), `Location="https://eu-west-1.signin.aws/platform/saml/acs/`) {
		t.Errorf("%v: %s", err, document)
	}
	if code := l.end(); code != 0 {
		t.Errorf("it ended with %d: %s", code, l.heard)
	}
	if _, err := os.Stat(file[1]); err == nil {
		t.Error("the metadata is left behind")
	}
}

// The password at somebody's own provider is no made-up one: nothing repeats it.
func TestLabOfAProviderOfOnesOwn(t *testing.T) {
	signer, err := pki.NewSigner("acme", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	provider, err := idp.New(idp.Config{Host: "sso.acme.test", Signer: signer, App: idp.App{Issuer: "urn:x"}}, idp.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"idp.xml": string(provider.Metadata()), "words": "user-001@acme.test hunter2\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := "system.idp={dialect: external, metadata: " + filepath.Join(dir, "idp.xml") + ", passwords: " +
		filepath.Join(dir, "words") + ", url: 'http://127.0.0.1:9'}"
	l := labUp(t, t.TempDir(), "--people", "0", "--set", set, "--set", "system.directory.users=1")
	if !strings.Contains(l.shown, "user-001@acme.test, with the password that the identity provider knows") ||
		!strings.Contains(l.shown, "https://sso.acme.test/") || strings.Contains(l.shown, "hunter2") {
		t.Errorf("it tells\n%s", l.shown)
	}
	if code := l.end(); code != 0 || strings.Contains(l.heard.String(), "hunter2") {
		t.Errorf("it ended with %d: %s", code, l.heard)
	}
}
