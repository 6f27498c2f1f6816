package identitycenter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/regiondrill/regiondrill/harness/names"
)

// TestRegistrationErrors: a registration with one thing wrong.
func TestRegistrationErrors(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ field, want string }{
			{`"clientName":""`, "InvalidRequestException"},
			{`"clientName":5`, "InvalidRequestException"},
			{`"clientType":""`, "InvalidRequestException"},
			{`"clientType":"confidential"`, "InvalidClientMetadataException"},
			{`"clientName":"` + strings.Repeat("x", maxClientName+1) + `"`, "InvalidClientMetadataException"},
			{`"clientName":"a\u0007b"`, "InvalidClientMetadataException"},
			{`"clientName":"a\u202eb"`, "InvalidClientMetadataException"},
			{`"scopes":["sso account access"]`, "InvalidScopeException"},
			{`"scopes":["openid"]`, "InvalidScopeException"},
			{`"scopes":"sso:account:access"`, "InvalidRequestException"},
			{`"scopes":[` + strings.Repeat(`"a:b",`, maxScopes) + `"a:b"]`, "InvalidScopeException"},
			{`"grantTypes":["implicit"]`, "UnsupportedGrantTypeException"},
			{`"redirectUris":["https://evil.test/"]`, "InvalidRedirectUriException"},
			{`"redirectUris":null,"grantTypes":["authorization_code"]`, "InvalidRedirectUriException"},
			{`"redirectUris":[` + strings.Repeat(`"http://127.0.0.1/",`, maxRedirects) + `"http://127.0.0.1/"]`,
				"InvalidRedirectUriException"},
			{`"issuerUrl":"https://acme.awsapps.com/start"`, "InvalidRequestException"},
			{`"issuerUrl":"","grantTypes":["authorization_code"]`, "InvalidRequestException"},
			{`"entitledApplicationArn":"arn:aws:sso::111122223333:application/x/y"`, "InvalidRequestException"},
		} {
			body := `{"clientName":"x","clientType":"public","scopes":["sso:account:access"],` +
				`"redirectUris":["http://127.0.0.1/oauth/callback"],"issuerUrl":"` +
				w.instance.PortalURL(east) + `",` + c.field + `}`
			if f := w.callOIDC(t, east, "/client/register", body); f.Type != c.want {
				t.Errorf("%s: %+v, want %s", c.field, f, c.want)
			}
			time.Sleep(100 * time.Millisecond) // for the quota
		}
	})
}

// TestBodies: what is no JSON object of the right types, of a size, is told so, at every operation.
func TestBodies(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/client/register", "/device_authorization", "/token"} {
			for _, body := range []string{
				"", "null", "[]", `"x"`, "{", "{}{}", "{} x", `{"clientId":5}`, `{"clientId":{}}`, "\x00", `{"clientId":"` + "\xff",
				`{"clientName":"` + strings.Repeat("x", maxOIDCBody) + `"}`, `{}`, strings.Repeat("[", 5000),
			} {
				if f := w.callOIDC(t, east, path, body); f.Type != "InvalidRequestException" {
					t.Errorf("%s %.20q: %+v", path, body, f)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		oidc := "https://" + names.OIDCHost(east)
		b := w.browser()
		for _, path := range []string{"/", "/token", "/client/register", "/else"} {
			a := b.get(oidc + path)
			a.want(t, http.StatusNotFound)
			if kind, _ := a.fault(t); kind != "UnknownOperationException" {
				t.Errorf("%s: %s", path, kind)
			}
		}
	})
}

// TestTokenErrors: who may not have a token, and how they are told.
func TestTokenErrors(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.newDevice(t, east)
		for _, c := range []struct {
			alter func(*tokenRequest)
			want  string
		}{
			{func(r *tokenRequest) { r.ClientID = "" }, "InvalidRequestException"},
			{func(r *tokenRequest) { r.ClientSecret = "" }, "InvalidRequestException"},
			{func(r *tokenRequest) { r.GrantType = "" }, "InvalidRequestException"},
			{func(r *tokenRequest) { r.DeviceCode = "" }, "InvalidRequestException"},
			{func(r *tokenRequest) { r.GrantType = grantRefresh }, "InvalidRequestException"},
			{func(r *tokenRequest) { r.ClientID = "nobody" }, "InvalidClientException"},
			{func(r *tokenRequest) { r.ClientSecret = "wrong" }, "InvalidClientException"},
			{func(r *tokenRequest) { r.GrantType = "password" }, "UnsupportedGrantTypeException"},
			{func(r *tokenRequest) { r.GrantType = grantCode }, "UnauthorizedClientException"},
			{func(*tokenRequest) {}, "InvalidGrantException"},
			{func(r *tokenRequest) { r.GrantType, r.RefreshToken = grantRefresh, "x" }, "InvalidGrantException"},
		} {
			in := tokenRequest{ClientID: *d.id, ClientSecret: *d.secret, GrantType: grantDevice, DeviceCode: "x"}
			c.alter(&in)
			if f := w.callOIDC(t, east, "/token", in); f.Type != c.want {
				t.Errorf("%+v: %+v, want %s", in, f, c.want)
			}
		}
	})
}

// TestQuotas: each holds for whom it is meant for, on the Region's clock, and for its own Region.
func TestQuotas(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		register := func(region string) error {
			_, err := w.oidcClient(region).RegisterClient(t.Context(), &ssooidc.RegisterClientInput{
				ClientName: aws.String("x"), ClientType: aws.String("public"),
			})
			return err
		}
		// fill calls until it is refused, which it is after so many.
		fill := func(what string, want int, call func() error) {
			t.Helper()
			for n := 0; ; n++ {
				if err := call(); isCode(err, "SlowDownException") {
					if n != want {
						t.Errorf("%s: refused after %d, want %d", what, n, want)
					}
					return
				} else if n > 1000 {
					t.Fatalf("%s: never refused", what)
				}
			}
		}
		fill("RegisterClient", 20, func() error { return register(east) })
		if err := register(west); err != nil {
			t.Errorf("in the other Region: %v", err)
		}
		time.Sleep(time.Second / 2)
		fill("RegisterClient after half a second", 10, func() error { return register(east) })
		time.Sleep(time.Second)

		var devices []*device
		for range 5 {
			devices = append(devices, w.newDevice(t, east))
		}
		poll := func(d *device) func() error {
			return func() error { _, err := d.poll(aws.String("x")); return err }
		}
		// A client has 80 for both operations together.
		devices[0].start(w.instance.PortalURL(east))
		fill("CreateToken of a client", 79, poll(devices[0]))
		fill("CreateToken of another", 80, poll(devices[1]))
		fill("CreateToken of a third", 80, poll(devices[2]))
		// Refused ones have not counted: 239 of 250 are used up.
		fill("CreateToken of the instance", 11, poll(devices[3]))
		fill("CreateToken of the instance", 0, poll(devices[4]))
		devices[4].start(w.instance.PortalURL(east)) // is not in that quota
	})
	inWorld(t, func(t *testing.T, w *world) {
		for range 100 {
			w.newDevice(t, east)
		}
	}, func(c *Config) { c.Behaviour.Quotas = false })
}

func isCode(err error, code string) bool {
	return err != nil && strings.Contains(err.Error(), code)
}
