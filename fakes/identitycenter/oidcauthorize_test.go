package identitycenter

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/regiondrill/regiondrill/harness/names"
)

// pkceClient registers as the AWS CLI does for its PKCE flow.
func pkceClient(w *world, region string) *ssooidc.RegisterClientInput {
	return &ssooidc.RegisterClientInput{
		ClientName: aws.String("botocore-client-work"), ClientType: aws.String("public"),
		GrantTypes: []string{grantCode, grantRefresh}, RedirectUris: []string{"http://127.0.0.1/oauth/callback"},
		IssuerUrl: aws.String(w.instance.PortalURL(region)), Scopes: []string{scopeAccounts},
	}
}

const (
	callback = "http://127.0.0.1:35535/oauth/callback"
	verifier = "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
)

// authorizeQuery is what the AWS CLI sends a browser with.
func authorizeQuery(d *device) url.Values {
	challenge := sha256.Sum256([]byte(verifier))
	return url.Values{
		"response_type": {"code"}, "client_id": {*d.id}, "redirect_uri": {callback}, "state": {"of the client"},
		"code_challenge_method": {"S256"}, "scopes": {scopeAccounts},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
}

func (d *device) authorizeURL(q url.Values) string {
	return aws.ToString(d.registration.AuthorizationEndpoint) + "?" + q.Encode()
}

// consent goes to the page on which a person is asked.
func (d *device) consent(b *browser, user string) answer {
	d.t.Helper()
	page := b.get(d.authorizeURL(authorizeQuery(d))).want(d.t, http.StatusFound)
	if page.Host != d.w.instance.PortalHost(d.region) {
		d.t.Errorf("asked at %s", page)
	}
	return b.signInTo(d.w, page.String(), user)
}

// bring exchanges a code.
func (d *device) bring(code string, alter func(*ssooidc.CreateTokenInput)) (*ssooidc.CreateTokenOutput, error) {
	in := &ssooidc.CreateTokenInput{
		ClientId: d.id, ClientSecret: d.secret, GrantType: aws.String(grantCode), Code: aws.String(code),
		RedirectUri: aws.String(callback), CodeVerifier: aws.String(verifier),
	}
	if alter != nil {
		alter(in)
	}
	return d.oidc.CreateToken(d.t.Context(), in)
}

// TestPKCEFlow: as the AWS CLI does it, in each Region.
func TestPKCEFlow(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, region := range []string{east, west} {
			d, b := w.register(t, region, pkceClient(w, region)), w.browser()
			page := d.consent(b, "ann@acme.test")
			if page.step() != stepAllow || !strings.Contains(page.body, "Allow botocore-client-work to access your data?") {
				t.Errorf("the page: %s", page.body)
			}
			policy := page.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "form-action 'self' http://127.0.0.1:35535") {
				t.Errorf("a browser would not go back under %q", policy)
			}
			back := b.press(page, "allow").want(t, http.StatusSeeOther)
			q := back.Query()
			if got := strings.TrimSuffix(back.String(),
				"?"+back.RawQuery); got != callback || q.Get("state") != "of the client" {
				t.Errorf("back to %s", back)
			}
			got, err := d.bring(q.Get("code"), nil)
			if err != nil {
				t.Fatal(err)
			}
			wantLife(t, got, time.Hour)
			useToken(t, w, region, got.AccessToken)
			_, err = d.bring(q.Get("code"), nil)
			wantCode(t, err, "InvalidGrantException")
			if _, err = d.refresh(got.RefreshToken); err != nil {
				t.Error(err)
			}
			again := b.press(page, "allow") // the page is used up
			again.want(t, http.StatusBadRequest)
		}
	})
}

func TestPKCEIsDenied(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d, b := w.register(t, west, pkceClient(w, west)), w.browser()
		back := b.press(d.consent(b, "ann@acme.test"), "deny").want(t, http.StatusSeeOther)
		if q := back.Query(); q.Get("error") != "access_denied" || q.Get("state") != "of the client" || q.Has("code") {
			t.Errorf("back to %s", back)
		}
	})
}

// A code is its client's alone, for a short time, and for who has the verifier.
func TestCodeErrors(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d, b := w.register(t, west, pkceClient(w, west)), w.browser()
		other := w.register(t, west, pkceClient(w, west))
		code := func() string {
			page := b.get(d.authorizeURL(authorizeQuery(d))).want(t, http.StatusFound)
			a := b.get(page.String())
			if a.StatusCode == http.StatusFound {
				a = b.signInTo(w, page.String(), "ann@acme.test")
			}
			return b.press(a, "allow").want(t, http.StatusSeeOther).Query().Get("code")
		}
		for name, alter := range map[string]func(*ssooidc.CreateTokenInput){
			"another verifier": func(in *ssooidc.CreateTokenInput) { in.CodeVerifier = aws.String(verifier + "x") },
			"a short verifier": func(in *ssooidc.CreateTokenInput) { in.CodeVerifier = aws.String("x") },
			"another port":     func(in *ssooidc.CreateTokenInput) { in.RedirectUri = aws.String("http://127.0.0.1:1/cb") },
			"another client":   func(in *ssooidc.CreateTokenInput) { in.ClientId, in.ClientSecret = other.id, other.secret },
			"late":             func(*ssooidc.CreateTokenInput) { time.Sleep(authCodeLife) },
		} {
			c := code()
			_, err := d.bring(c, alter)
			wantCode(t, err, "InvalidGrantException")
			_, err = d.bring(c, nil)
			if used := name != "another client"; used {
				wantCode(t, err, "InvalidGrantException")
			} else if err != nil {
				t.Errorf("after %s: %v", name, err)
			}
		}
		_, err := d.bring(code(), func(in *ssooidc.CreateTokenInput) { in.CodeVerifier = nil })
		wantCode(t, err, "InvalidRequestException")
	})
}

// TestAuthorizeErrors: the person is told of a client that is not what it says, the client of all else.
func TestAuthorizeErrors(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.register(t, west, pkceClient(w, west))
		byDevice := pkceClient(w, west)
		byDevice.GrantTypes = []string{grantDevice}
		foreign := w.register(t, west, byDevice)
		for _, c := range []struct{ parameter, value, told string }{
			{"client_id", "", "invalid_request"},
			{"client_id", "nobody", "invalid_client"},
			{"redirect_uri", "", "invalid_request"},
			{"redirect_uri", "https://evil.test/oauth/callback", "invalid_redirect_uri"},
			{"redirect_uri", "http://evil.test:80/oauth/callback", "invalid_redirect_uri"},
			{"redirect_uri", "http://127.0.0.1:1/else", "invalid_redirect_uri"},
			{"redirect_uri", "http://localhost:1/oauth/callback", "invalid_redirect_uri"},
			{"redirect_uri", "http://127.0.0.1:1/oauth/callback#x", "invalid_redirect_uri"},
			{"redirect_uri", "http://x@127.0.0.1:1/oauth/callback", "invalid_redirect_uri"},
			{"response_type", "token", "back invalid_request"},
			{"code_challenge_method", "plain", "back invalid_request"},
			{"code_challenge", "", "back invalid_request"},
			{"scopes", "redshift:connect", "back invalid_scope"},
			{"state", strings.Repeat("x", maxState+1), "back invalid_request"},
			{"client_id", *foreign.id, "back unauthorized_client"},
		} {
			q := authorizeQuery(d)
			q.Set(c.parameter, c.value)
			a := w.browser().get(d.authorizeURL(q))
			told := between(a.body, `"error":"`, `"`)
			if a.StatusCode == http.StatusFound {
				to := a.want(t, http.StatusFound)
				told = "back " + to.Query().Get("error")
				if to.Host != "127.0.0.1:35535" || to.Query().Get("state") != q.Get("state") {
					t.Errorf("%s %q leads to %s", c.parameter, c.value, to)
				}
			}
			if told != c.told {
				t.Errorf("%s %q: told %q, want %q", c.parameter, c.value, told, c.told)
			}
		}
		dual := "https://" + names.DualStackOIDCHost(west) + "/authorize?" + authorizeQuery(d).Encode()
		w.browser().get(dual).want(t, http.StatusFound)
	})
}

// TestLoopback: where a browser may be sent back to.
func TestLoopback(t *testing.T) {
	for uri, want := range map[string]bool{
		"http://127.0.0.1/oauth/callback": true, "http://127.0.0.1:8400/": true, "http://[::1]/x": true,
		"http://localhost/x": true, "https://127.0.0.1/x": false, "http://127.0.0.1.evil.test/": false,
		"http://10.0.0.1/": false, "http://user@127.0.0.1/": false, "http://127.0.0.1/#f": false, "custom:/x": false,
		"": false, "http://127.0.0.1/\n": false, "http://[::1/": false, "http://127.0.0.1/" + strings.Repeat("x",
			maxRedirect): false,
	} {
		if got := isLoopback(uri); got != want {
			t.Errorf("%q: %t", uri, got)
		}
	}
}
