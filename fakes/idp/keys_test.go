package idp

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/regiondrill/regiondrill/fakes/pki"
)

// shown are the certificates of a metadata document for SAML, in order.
func certificatesOf(tb testing.TB, document []byte) [][]byte {
	tb.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(document); err != nil {
		tb.Fatal(err)
	}
	var list [][]byte
	for _, e := range doc.FindElements("//IDPSSODescriptor/KeyDescriptor//X509Certificate") {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.Text()), ""))
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, der)
	}
	return list
}

func TestRotation(t *testing.T) {
	for name, c := range map[string]struct {
		rotation              Rotation
		signsNew, shows, ends bool // shows the old one too; the new has ended
	}{
		"not imported": {Rotation{}, true, false, false},
		"two active":   {Rotation{KeepOld: true}, true, true, false},
		"not yet used": {Rotation{Inactive: true}, false, true, false},
		"expired":      {Rotation{Expired: true}, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIdP(t)
			old := p.Certificate()
			rotated, err := p.Rotate(c.rotation)
			if err != nil {
				t.Fatal(err)
			}
			made := rotated.Certificates[0]
			if p.Certificate().Equal(old) == c.signsNew || made.Equal(old) || made.NotAfter.Before(testNow) != c.ends {
				t.Errorf("signs with %v, made %v until %v", p.Certificate().SerialNumber, made.SerialNumber, made.NotAfter)
			}
			want := [][]byte{made.Raw}
			if c.shows {
				want = append(want, old.Raw)
			}
			if got := certificatesOf(t, p.Metadata()); !equalBytes(got, want) {
				t.Errorf("the metadata shows %d certificates, want %d", len(got), len(want))
			}
			_, document := issued(t, p, grant{acs: acsEU, person: ann})
			if got := base64.StdEncoding.EncodeToString(p.Certificate().Raw); !bytes.Contains(document, []byte(got)) {
				t.Error("a response doesn't name the certificate that it is signed with")
			}
			if _, err := p.SetKeys(rotated.Before); err != nil || !p.Certificate().Equal(old) {
				t.Errorf("taken back: %v", err)
			}
			if got := certificatesOf(t, p.Metadata()); !equalBytes(got, [][]byte{old.Raw}) {
				t.Errorf("taken back, the metadata shows %d certificates", len(got))
			}
		})
	}
}

func equalBytes(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func TestKeysThatCantBeUsed(t *testing.T) {
	p := newIdP(t)
	good := p.Keys()
	for name, k := range map[string]Keys{
		"no signer": {nil, good.Shown}, "nothing shown": {good.Signer, nil}, "nil shown": {good.Signer, pki.Certificates{nil}},
		"no key": {&pki.Signer{Cert: good.Signer.Cert}, good.Shown},
	} {
		if _, err := p.SetKeys(k); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if !p.Certificate().Equal(good.Signer.Cert) {
		t.Error("refused keys are in use")
	}
}

// Entra ID's metadata is signed, and by the key that its responses are signed with.
func TestEntraMetadata(t *testing.T) {
	p := newIdP(t, inEntra)
	if _, err := p.Rotate(Rotation{KeepOld: true}); err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(p.Metadata()); err != nil {
		t.Fatal(err)
	}
	if _, err := validation(p).Validate(doc.Root()); err != nil {
		t.Error(err)
	}
	var order []string
	for _, e := range doc.Root().ChildElements() {
		order = append(order, e.FullTag())
	}
	if got := strings.Join(order, " "); got != "Signature RoleDescriptor IDPSSODescriptor" {
		t.Errorf("elements %s", got)
	}
	if got := len(certificatesOf(t, p.Metadata())); got != 2 {
		t.Errorf("%d certificates", got)
	}
	bindings := doc.FindElements("//SingleSignOnService")
	if len(bindings) != 2 || bindings[0].SelectAttrValue("Binding", "") != bindingRedirect {
		t.Errorf("bindings %v", bindings)
	}
}

// Okta's metadata has certificates as PEM would break them, HTTP-POST first, and two formats of a NameID.
func TestOktaMetadata(t *testing.T) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(newIdP(t).Metadata()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(doc.FindElement("//X509Certificate").Text(), "\n")
	for i, line := range lines {
		if len(line) > 64 || len(line) < 64 && i < len(lines)-1 {
			t.Errorf("line %d of %d has %d characters", i, len(lines), len(line))
		}
	}
	var order []string
	for _, e := range doc.FindElement("//IDPSSODescriptor").ChildElements() {
		order = append(order, e.FullTag()+" "+e.Text()+e.SelectAttrValue("Binding", ""))
	}
	want := []string{"md:KeyDescriptor ", "md:NameIDFormat " + unspecified, "md:NameIDFormat " + emailAddress,
		"md:SingleSignOnService " + bindingPost, "md:SingleSignOnService " + bindingRedirect}
	if strings.Join(order, "\n") != strings.Join(want, "\n") {
		t.Errorf("elements\n%s", strings.Join(order, "\n"))
	}
}

// What a fault or an action does by the control API is undone by what it was answered.
func TestVerbsTellHowToTakeThemBack(t *testing.T) {
	signer, err := testSigner()
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(Deps{})
	call := func(verb string, argument, result any) {
		t.Helper()
		if err := s.Call(context.Background(), verb, argument, result); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Call(t.Context(), "disable_user", Disablement{ann, true}, nil); err == nil {
		t.Error("a provider that isn't configured disables people")
	}
	call("configure", Config{Signer: signer, App: App{Issuer: testIssuer, ACS: []ACS{{acsUS, 0}}},
		People: []Person{{UserName: ann}}}, nil)
	var were []ACS
	var disabled Disablement
	var assigned Assignment
	var rotated Rotated
	call("acs", []ACS{{acsEU, 3}}, &were)
	call("disable_user", Disablement{ann, true}, &disabled)
	call("assign", Assignment{UserName: ann}, &assigned)
	call("rotate", Rotation{}, &rotated)
	p := s.idp
	if p.ACS()[0].URL != acsEU || p.directory.enabled(ann) || p.directory.assigned("", ann) ||
		!p.Certificate().Equal(rotated.Certificates[0]) {
		t.Error("the verbs have changed nothing")
	}
	call("acs", were, nil)
	call("disable_user", disabled, nil)
	call("assign", assigned, nil)
	call("keys", rotated.Before, nil)
	if p.ACS()[0].URL != acsUS || !p.directory.enabled(ann) || !p.directory.assigned("", ann) ||
		!p.Certificate().Equal(signer.Cert) {
		t.Error("the verbs are not taken back")
	}
}
