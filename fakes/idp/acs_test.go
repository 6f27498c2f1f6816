package idp

import (
	"html"
	"net/http"
	"strings"
	"testing"
)

const acsSouth = "https://ap-south-1.signin.aws/platform/saml/acs/tenant"

// entraRefusal is the text of Entra ID's documentation, "Error AADSTS50011".
const entraRefusal = "AADSTS50011: The reply URL '" + acsSouth + "' specified in the request does not match the reply " +
	"URLs configured for the application '" + testIssuer + "'. Make sure the reply URL sent in the request matches one " +
	"added to your application in the Azure portal. Navigate to https://aka.ms/urlMismatchError to learn more about how " +
	"to fix this."

const (
	oktaRefusal  = "Your request resulted in an error. Description: Bad SAML request"
	indexOne     = `AssertionConsumerServiceIndex="1"`
	indexUnknown = `AssertionConsumerServiceIndex="7"`
)

func always(c *Config)   { c.AlwaysDefaultACS = true }
func ignoring(c *Config) { c.ACSIndex = ACSIndexIgnored }
func honouring(c *Config) {
	inEntra(c)
	c.ACSIndex = ACSIndexHonoured
}

// The rules by which each product answers, where the request names an ACS by its URL, its index, both or neither.
func TestEachProductChoosesTheACSByItsRules(t *testing.T) {
	for name, c := range map[string]struct {
		change             func(*Config)
		attrs, to, refused string
	}{
		"Okta: none":                   {nil, "", acsUS, ""},
		"Okta: URL":                    {nil, acsAttr(acsEU), acsEU, ""},
		"Okta: index":                  {nil, indexOne, acsEU, ""},
		"Okta: unregistered URL":       {nil, acsAttr(acsSouth), "", oktaRefusal},
		"Okta: unregistered index":     {nil, indexUnknown, "", oktaRefusal},
		"Okta: index ignored":          {ignoring, indexOne, acsUS, ""},
		"Entra: none":                  {inEntra, "", acsUS, ""},
		"Entra: URL":                   {inEntra, acsAttr(acsEU), acsEU, ""},
		"Entra: index":                 {inEntra, indexOne, acsUS, ""},
		"Entra: unregistered index":    {inEntra, indexUnknown, acsUS, ""},
		"Entra: index honoured":        {honouring, indexOne, acsEU, ""},
		"Entra: unregistered URL":      {inEntra, acsAttr(acsSouth), "", entraRefusal},
		"always the default: URL":      {always, acsAttr(acsEU), acsUS, ""},
		"always the default: index":    {always, indexOne, acsUS, ""},
		"always the default: unknown":  {always, acsAttr(acsSouth), acsUS, ""},
		"always the default: no index": {always, indexUnknown, acsUS, ""},
	} {
		t.Run(name, func(t *testing.T) {
			change := c.change
			if change == nil {
				change = func(*Config) {}
			}
			p := newIdP(t, change)
			b := serve(t, p)()
			page := b.get(redirect(t, p, requestDocument("_r1", c.attrs), ""))
			if c.refused != "" {
				if page.status != http.StatusBadRequest || page.error != "acs_refused" ||
					!strings.Contains(html.UnescapeString(page.body), ">"+c.refused+"<") {
					t.Errorf("%d %q:\n%s", page.status, page.error, page.body)
				}
				return
			}
			if page = b.signInAt(p, page); page.action != c.to {
				t.Errorf("posts to %s, want %s", page.action, c.to)
			}
			if page = b.get("https://" + p.host + p.endpoints.tile); page.action != acsUS {
				t.Errorf("the tile posts to %s, want the default", page.action)
			}
		})
	}
}

func TestAPageRepeatsLittleOfWhatWasAskedFor(t *testing.T) {
	p := newIdP(t, inEntra)
	long := "https://evil.test/" + strings.Repeat("x", 8<<10)
	page := serve(t, p)().get(redirect(t, p, requestDocument("_r1", acsAttr(long)), ""))
	if page.error != "acs_refused" || strings.Contains(page.body, strings.Repeat("x", maxShown)) {
		t.Errorf("%d %q, %d bytes", page.status, page.error, len(page.body))
	}
}

// With a policy of every sign-in the other Region is a second sign-in, and so is the application's tile.
func TestReauthenticate(t *testing.T) {
	p := newIdP(t, func(c *Config) { c.Reauthenticate = true })
	b := serve(t, p)()
	if page := b.signIn(b.get(redirect(t, p, requestDocument("_r1", acsAttr(acsUS)), ""))); page.action != acsUS {
		t.Fatalf("posts to %q", page.action)
	}
	if page := b.signIn(b.get(redirect(t, p, requestDocument("_r2", acsAttr(acsEU)), ""))); page.action != acsEU {
		t.Errorf("the other Region posts to %q", page.action)
	}
	if page := b.signIn(b.get(testHost + p.endpoints.tile)); page.action != acsUS {
		t.Errorf("the tile posts to %q", page.action)
	}
	if page := b.get(testHost + "/"); page.form != "" || page.tiles["app"] == "" {
		t.Errorf("the dashboard asks for form %q", page.form)
	}
}

func TestRequestsOfStrangers(t *testing.T) {
	document := strings.Replace(requestDocument("_r1", ""), testIssuer, "https://stranger.test/", 1)
	for want, p := range map[string]*IdP{
		"AADSTS700016: Application with identifier 'https://stranger.test/' was not found": newIdP(t, inEntra),
		oktaRefusal: newIdP(t),
	} {
		page := serve(t, p)().get(redirect(t, p, document, ""))
		if page.error != "bad_request" || !strings.Contains(html.UnescapeString(page.body), want) {
			t.Errorf("%d %q:\n%s", page.status, page.error, page.body)
		}
	}
}
