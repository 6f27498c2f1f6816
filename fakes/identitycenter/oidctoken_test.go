package identitycenter

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/regiondrill/regiondrill/harness/names"
)

// TestRefresh: tokens rotate, and end with the session at the latest.
func TestRefresh(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.newDevice(t, west, scopeAccounts)
		got := d.logIn("ann@acme.test")
		_, err := w.newDevice(t, west, scopeAccounts).refresh(got.RefreshToken)
		wantCode(t, err, "InvalidGrantException") // it is another client's
		for hour := range 7 {
			time.Sleep(time.Hour - time.Second)
			if _, err := w.accounts(t, west, got.AccessToken); err != nil {
				t.Errorf("in hour %d: %v", hour, err)
			}
			time.Sleep(time.Second)
			_, err := w.accounts(t, west, got.AccessToken)
			wantCode(t, err, "UnauthorizedException")
			old := got
			if got, err = d.refresh(old.RefreshToken); err != nil {
				t.Fatal(err)
			}
			_, err = d.refresh(old.RefreshToken)
			wantCode(t, err, "InvalidGrantException")
		}
		time.Sleep(30 * time.Minute)
		last, err := d.refresh(got.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		wantLife(t, last, 30*time.Minute) // what is left of 8 hours
		time.Sleep(30 * time.Minute)
		_, err = w.accounts(t, west, last.AccessToken)
		wantCode(t, err, "UnauthorizedException")
		_, err = d.refresh(last.RefreshToken)
		wantCode(t, err, "InvalidGrantException")
	})
}

// TestScopes: who may refresh, and who may use the accounts.
func TestScopes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			scopes     []string
			life       time.Duration
			refreshes  bool
			toAccounts bool
		}{
			{nil, 8 * time.Hour, false, true}, // before there were scopes
			{[]string{scopeAccounts}, time.Hour, true, true},
			{[]string{"codewhisperer:completions"}, time.Hour, false, false},
			{[]string{"codewhisperer:completions", scopeAccounts}, time.Hour, true, true},
		} {
			got := w.newDevice(t, east, c.scopes...).logIn("bob@acme.test")
			if wantLife(t, got, c.life); (got.RefreshToken != nil) != c.refreshes {
				t.Errorf("%v: refresh token %t", c.scopes, got.RefreshToken != nil)
			}
			_, err := w.accounts(t, east, got.AccessToken)
			if !c.toAccounts {
				wantCode(t, err, "UnauthorizedException")
			} else if err != nil {
				t.Error(err)
			}
		}
	})
}

// TestTokensStayAtHome: what one Region has given out is nothing in another, though the session is known there.
func TestTokensStayAtHome(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.newDevice(t, west, scopeAccounts)
		got := d.logIn("ann@acme.test")
		time.Sleep(time.Minute) // replicated by now
		if w.replicas[east].stores.held() != 1 {
			t.Error("the session has not been replicated")
		}
		_, err := w.accounts(t, east, got.AccessToken)
		wantCode(t, err, "UnauthorizedException")
		abroad := *d
		abroad.oidc = w.oidcClient(east)
		_, err = abroad.refresh(got.RefreshToken)
		wantCode(t, err, "InvalidClientException")
		_, err = w.newDevice(t, east, scopeAccounts).refresh(got.RefreshToken)
		wantCode(t, err, "InvalidGrantException")
		if _, err := w.accounts(t, west, got.AccessToken); err != nil {
			t.Error(err)
		}
	})
}

// TestTokensEndWithTheSession: however it ends, and wherever.
func TestTokensEndWithTheSession(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world, token *string){
		"revoked here":      func(_ *testing.T, w *world, _ *string) { w.revoke(west, "ann@acme.test") },
		"revoked elsewhere": func(_ *testing.T, w *world, _ *string) { w.revoke(east, "ann@acme.test") },
		"logged out": func(t *testing.T, w *world, token *string) {
			if _, err := w.ssoClient(west).Logout(t.Context(), &sso.LogoutInput{AccessToken: token}); err != nil {
				t.Error(err)
			}
		},
		"the user has left": func(t *testing.T, w *world, _ *string) {
			d := testDirectory()
			d.Users[0].Disabled = true
			if _, err := w.replicas[east].Put(t.Context(), d); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				d := w.newDevice(t, west, scopeAccounts)
				got, asked := d.logIn("ann@acme.test"), d.start(w.instance.PortalURL(west))
				b := w.browser()
				page := b.signInTo(w, aws.ToString(asked.VerificationUriComplete), "ann@acme.test")
				b.press(b.press(page, "confirm"), "allow")
				if end(t, w, got.AccessToken); name == "logged out" {
					w.revoke(west, "ann@acme.test") // the second session, too
				}
				time.Sleep(time.Minute)
				_, err := w.accounts(t, west, got.AccessToken)
				wantCode(t, err, "UnauthorizedException")
				_, err = d.refresh(got.RefreshToken)
				wantCode(t, err, "InvalidGrantException")
				_, err = d.poll(asked.DeviceCode) // allowed, but not fetched in time
				wantCode(t, err, "InvalidGrantException")
			})
		})
	}
}

// TestCredentialsOutliveTheirSession: for as long as the permission set says.
func TestCredentialsOutliveTheirSession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := testDirectory()
		d.PermissionSets[1].SessionDuration = 12 * time.Hour
		w.put(d)
		token := w.newDevice(t, east, scopeAccounts).logIn("ann@acme.test").AccessToken
		lives := map[string]time.Duration{"Admin": 12 * time.Hour, "ReadOnly": time.Hour}
		var admin credentials
		for role, life := range lives {
			out, err := w.ssoClient(east).GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{
				AccessToken: token, AccountId: aws.String("444455556666"), RoleName: aws.String(role),
			})
			if err != nil {
				t.Fatal(err)
			}
			c := out.RoleCredentials
			if got := time.UnixMilli(c.Expiration).Sub(w.now()); got != life {
				t.Errorf("%s lasts %v, want %v", role, got, life)
			}
			if role == "Admin" {
				admin = credentials{
					AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey),
					SessionToken: aws.ToString(c.SessionToken),
				}
			}
		}
		w.revoke(east, "ann@acme.test")
		w.net.setCut(true, names.OIDCHost(east), names.PortalAPIHost(east))
		time.Sleep(12*time.Hour - time.Second)
		for _, region := range []string{east, west} {
			if _, err := whoIs(t, w, region, admin); err != nil {
				t.Errorf("in %s: %v", region, err)
			}
		}
		time.Sleep(time.Second)
		_, err := whoIs(t, w, west, admin)
		wantCode(t, err, "ExpiredToken")
	})
	d := testDirectory()
	for _, life := range []time.Duration{time.Minute, 13 * time.Hour, -1} {
		d.PermissionSets[0].SessionDuration = life
		if err := d.check(); err == nil {
			t.Errorf("a session of %v is taken", life)
		}
	}
}

// TestOIDCWithoutKMS: KMS's own reasons, in the Region whose key it is; what was not exchanged can be brought again.
func TestOIDCWithoutKMS(t *testing.T) {
	for code, want := range map[string][2]string{
		"DisabledException":        {"InvalidRequestException", "KMS_DisabledException"},
		"KMSInvalidStateException": {"InvalidRequestException", "KMS_InvalidStateException"},
		"NotFoundException":        {"InvalidRequestException", "KMS_NotFoundException"},
		"InvalidKeyUsageException": {"InvalidRequestException", "KMS_InvalidKeyUsageException"},
		"AccessDeniedException":    {"AccessDeniedException", "KMS_AccessDeniedException"},
		"silent":                   {"InternalServerException", ""},
	} {
		t.Run(code, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				d := w.newDevice(t, west, scopeAccounts)
				got := d.logIn("ann@acme.test")
				time.Sleep(viewLife)
				w.kms[west].set(code)
				for path, in := range map[string]any{
					"/device_authorization": deviceRequest{*d.id, *d.secret, w.instance.PortalURL(west)},
					"/token": tokenRequest{
						ClientID: *d.id, ClientSecret: *d.secret, GrantType: grantRefresh, RefreshToken: *got.RefreshToken,
					},
				} {
					if f := w.callOIDC(t, west, path, in); f.Type != want[0] || f.Reason != want[1] {
						t.Errorf("%s: %+v", path, f)
					}
				}
				w.newDevice(t, west) // to register needs no key
				w.newDevice(t, east).logIn("ann@acme.test")
				w.kms[west].set("")
				if _, err := d.refresh(got.RefreshToken); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// callOIDC posts JSON and reads the fault that is answered.
func (w *world) callOIDC(t testing.TB, region, path string, in any) oidcFaultBody {
	t.Helper()
	body, ok := in.(string)
	if !ok {
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = string(raw)
	}
	a := w.postJSON(t, "https://"+names.OIDCHost(region)+path, body)
	var fault oidcFaultBody
	if err := json.Unmarshal([]byte(a.body), &fault); err != nil {
		t.Fatalf("%s: %s", path, a.body)
	}
	if of := oidcCodes[fault.Type]; of.code != fault.Code || of.status != a.StatusCode || fault.Description == "" ||
		a.Header.Get("X-Amzn-Errortype") != fault.Type {
		t.Errorf("%s: %d %s %v", path, a.StatusCode, a.body, a.Header)
	}
	return fault
}

// aws sso list-accounts --access-token -x takes the token for an option.
func TestSecretsAreArguments(t *testing.T) {
	for range 5000 {
		if s := newArgument(); strings.HasPrefix(s, "-") || len(s) != len(newSecret()) {
			t.Fatal(s)
		}
	}
}

// A token may be given a rate at the portal's API; AWS publishes none.
func TestPortalAPIRate(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		token := w.newDevice(t, east).logIn("ann@acme.test").AccessToken
		other := w.newDevice(t, east).logIn("bob@acme.test").AccessToken
		for i := range 4 {
			_, err := w.accounts(t, east, token)
			if i < 3 && err != nil {
				t.Error(err)
			} else if i == 3 {
				wantCode(t, err, "TooManyRequestsException")
			}
		}
		if _, err := w.accounts(t, east, other); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if _, err := w.accounts(t, east, token); err != nil {
			t.Error(err)
		}
	}, func(c *Config) { c.Behaviour.PortalAPIRate = 3 })
}

// CreateTokenWithIAM is not offered, and says so in a word that its clients know.
func TestNoTokenWithIAM(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if f := w.callOIDC(t, east, "/token?aws_iam=t", "{}"); f.Type != "UnsupportedGrantTypeException" {
			t.Errorf("%+v", f)
		}
	})
}

// The names with IPv6 serve the same.
func TestDualStackHosts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		dual := func(o *ssooidc.Options) {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
		d := w.newDevice(t, west)
		asked := d.start(w.instance.PortalURL(west))
		_, err := d.oidc.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
			ClientId: d.id, ClientSecret: d.secret, GrantType: aws.String(grantDevice), DeviceCode: asked.DeviceCode,
		}, dual)
		wantCode(t, err, "AuthorizationPendingException")
		if w.net.calls(names.DualStackOIDCHost(west)) != 1 {
			t.Error("the dual-stack name was not asked")
		}
		w.browser().get("https://"+names.DualStackPortalAPIHost(west)+"/assignment/accounts").want(t, http.StatusUnauthorized)
	})
}
