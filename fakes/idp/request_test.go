package idp

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

func TestRequestsThatAreRefused(t *testing.T) {
	p := newIdP(t)
	good := requestDocument("_r1", acsAttr(acsEU))
	for name, document := range map[string]string{
		"nothing":               "",
		"not XML":               "hello",
		"another message":       strings.ReplaceAll(good, "AuthnRequest", "LogoutRequest"),
		"another namespace":     strings.Replace(good, "SAML:2.0:protocol", "SAML:1.1:protocol", 1),
		"another version":       strings.Replace(good, `Version="2.0"`, `Version="1.1"`, 1),
		"no ID":                 strings.Replace(good, ` ID=`, ` Id=`, 1),
		"ID with markup":        strings.Replace(good, "_r1", "&lt;x", 1),
		"ID that is long":       strings.Replace(good, "_r1", "_"+strings.Repeat("r", maxIDLength), 1),
		"two IDs":               strings.Replace(good, ` ID=`, ` ID="_r2" ID=`, 1),
		"another issuer":        strings.Replace(good, testIssuer, "https://evil.test", 1),
		"issuer further down":   strings.Replace(strings.Replace(good, "<saml:Issuer>", "<x><saml:Issuer>", 1), "</saml:Issuer>", "</saml:Issuer></x>", 1),
		"another destination":   strings.Replace(good, ` ID=`, ` Destination="https://else.test" ID=`, 1),
		"another binding":       strings.Replace(good, ` ID=`, ` ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" ID=`, 1),
		"index out of range":    strings.Replace(good, ` ID=`, ` AssertionConsumerServiceIndex="65536" ID=`, 1),
		"document type":         `<!DOCTYPE x [<!ENTITY a "b">]>` + good,
		"comment":               strings.Replace(good, "<saml:Issuer>", "<!-- --><saml:Issuer>", 1),
		"processing":            strings.Replace(good, "<saml:Issuer>", "<?x y?><saml:Issuer>", 1),
		"two roots":             good + good,
		"text behind":           good + "x",
		"cut off":               good[:len(good)-5],
		"deep":                  strings.Replace(good, "</samlp:", strings.Repeat("<a>", maxDepth)+strings.Repeat("</a>", maxDepth)+"</samlp:", 1),
		"many elements":         strings.Replace(good, "</samlp:", strings.Repeat("<a/>", maxTokens)+"</samlp:", 1),
		"a bomb":                good + strings.Repeat(" ", 10<<20),
		"just beyond the limit": good + strings.Repeat(" ", maxRequest-len(good)+1),
	} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, redirect(t, p, document, ""), nil))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `data-error="bad_request"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if p.pending.len() != 0 {
		t.Errorf("%d refused requests are remembered", p.pending.len())
	}
}

func TestRequestsThatAreTaken(t *testing.T) {
	p := newIdP(t)
	good := requestDocument("_r1", acsAttr(acsEU))
	for name, document := range map[string]string{
		"plain":       good,
		"declaration": `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + good + "\n",
		"destination": strings.Replace(good, ` ID=`, ` Destination="`+p.SSOURL()+`" ID=`, 1),
		"policy":      strings.Replace(good, "</samlp:", `<samlp:NameIDPolicy Format="`+emailAddress+`"/></samlp:`, 1),
		"white space": strings.Replace(good, testIssuer, "\n  "+testIssuer+"\n", 1),
		"big":         good + strings.Repeat(" ", maxRequest-len(good)),
	} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, redirect(t, p, document, ""), nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestParametersThatAreTooLong(t *testing.T) {
	p := newIdP(t)
	for name, values := range map[string]url.Values{
		"RelayState":  {"SAMLRequest": {deflated(t, requestDocument("_r1", ""))}, "RelayState": {strings.Repeat("x", maxRelayState+1)}},
		"SAMLRequest": {"SAMLRequest": {strings.Repeat("A", maxEncoded+4)}},
		"no base64":   {"SAMLRequest": {"?"}},
		"no deflate":  {"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte("plain"))}},
		"body":        {"SAMLRequest": {"x"}, "more": {strings.Repeat("A", maxBody)}},
	} {
		r := httptest.NewRequest(http.MethodGet, p.SSOURL()+"?"+values.Encode(), nil)
		if name == "body" {
			r = httptest.NewRequest(http.MethodPost, p.SSOURL(), strings.NewReader(values.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		if p.ServeHTTP(w, r); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// FuzzRequest holds whatever is taken for an AuthnRequest to the limits, in both encodings.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		requestDocument("_r1", acsAttr(acsEU)), requestDocument("_r1", `AssertionConsumerServiceIndex="1" ForceAuthn="1"`),
		`<!DOCTYPE x>`, `<a><b/></a>`, "",
	} {
		f.Add([]byte(seed))
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, flate.BestSpeed)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte(seed)); err != nil {
			f.Fatal(err)
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, compressed := range []bool{true, false} {
			document, err := decodeRequest(base64.StdEncoding.EncodeToString(data), compressed)
			if err != nil {
				continue
			}
			if len(document) > maxRequest {
				t.Fatalf("%d bytes were let through", len(document))
			}
			q, err := parseRequest(document)
			if err != nil {
				continue
			}
			if len(q.id) > maxIDLength || !xmldsig.IsNCName(q.id) || q.acsIndex < -1 || q.acsIndex > 65535 {
				t.Fatalf("taken: %+v", q)
			}
		}
	})
}
