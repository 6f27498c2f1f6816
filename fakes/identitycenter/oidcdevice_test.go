package identitycenter

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
)

// TestDeviceFlow: with AWS's SDK from registration to who STS says it is, in each Region.
func TestDeviceFlow(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, region := range []string{east, west} {
			d := w.newDevice(t, region, scopeAccounts)
			issued, expires := d.registration.ClientIdIssuedAt, d.registration.ClientSecretExpiresAt
			if issued != w.now().Unix() || expires-issued != 90*24*3600 {
				t.Errorf("registered from %d to %d", issued, expires)
			}
			asked := d.start(w.instance.PortalURL(region))
			page, err := url.Parse(aws.ToString(asked.VerificationUriComplete))
			if err != nil || page.Host != w.instance.PortalHost(region) || asked.ExpiresIn != 600 || asked.Interval != 1 {
				t.Errorf("%s in %d s, every %d s, %v", page, asked.ExpiresIn, asked.Interval, err)
			}
			_, err = d.poll(asked.DeviceCode)
			wantCode(t, err, "AuthorizationPendingException")

			b := w.browser()
			first := b.signInTo(w, page.String(), "ann@acme.test")
			if first.step() != stepConfirm || !strings.Contains(first.body, aws.ToString(asked.UserCode)) {
				t.Errorf("the first page: %s", first.body)
			}
			second := b.press(first, "confirm")
			if second.step() != stepAllow || !strings.Contains(second.body, "Allow botocore-client-work to access your data?") ||
				!strings.Contains(second.body, `data-scope="sso:account:access"`) {
				t.Errorf("the second page: %s", second.body)
			}
			time.Sleep(pollInterval)
			_, err = d.poll(asked.DeviceCode)
			wantCode(t, err, "AuthorizationPendingException")
			if done := b.press(second, "allow"); done.step() != stepDone || !strings.Contains(done.body, "Request approved") {
				t.Errorf("the last page: %s", done.body)
			}
			time.Sleep(pollInterval)
			got, err := d.poll(asked.DeviceCode)
			if err != nil {
				t.Fatal(err)
			}
			if wantLife(t, got, time.Hour); aws.ToString(got.TokenType) != "Bearer" || aws.ToString(got.RefreshToken) == "" {
				t.Errorf("got %+v", got)
			}
			time.Sleep(pollInterval)
			_, err = d.poll(asked.DeviceCode)
			wantCode(t, err, "InvalidGrantException") // a code is good once
			useToken(t, w, region, got.AccessToken)
		}
	})
}

// useToken lists what ann may use, and uses it, with AWS's SDK.
func useToken(t *testing.T, w *world, region string, token *string) {
	t.Helper()
	api := w.ssoClient(region)
	if n, err := w.accounts(t, region, token); n != 2 || err != nil {
		t.Errorf("%d accounts, %v", n, err)
	}
	roles, err := api.ListAccountRoles(t.Context(), &sso.ListAccountRolesInput{
		AccessToken: token, AccountId: aws.String("444455556666"),
	})
	if err != nil || len(roles.RoleList) != 2 {
		t.Errorf("roles %+v, %v", roles, err)
	}
	got, err := api.GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{
		AccessToken: token, AccountId: aws.String("444455556666"), RoleName: aws.String("Admin"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := got.RoleCredentials
	who, err := whoIs(t, w, region, credentials{
		AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey),
		SessionToken: aws.ToString(c.SessionToken),
	})
	if err != nil || !strings.HasSuffix(aws.ToString(who.Arn), "/ann@acme.test") {
		t.Errorf("STS: %+v, %v", who, err)
	}
}

func TestDeviceIsDenied(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, pressed := range [][]string{{"deny"}, {"confirm", "deny"}} {
			d := w.newDevice(t, west)
			asked := d.start(w.instance.PortalURL(west))
			b := w.browser()
			page := b.signInTo(w, aws.ToString(asked.VerificationUriComplete), "bob@acme.test")
			for _, button := range pressed {
				page = b.press(page, button)
			}
			if page.step() != stepDenied {
				t.Errorf("the page says %s", page.body)
			}
			_, err := d.poll(asked.DeviceCode)
			wantCode(t, err, "AccessDeniedException")
			// What was denied stays denied: the code has no page any more.
			a := b.get(aws.ToString(asked.VerificationUriComplete))
			a.want(t, http.StatusBadRequest)
			if a.cause() != "device_code" {
				t.Errorf("the page says %s", a.body)
			}
		}
	})
}

func TestDeviceCodeInTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.newDevice(t, east)
		asked := d.start(w.instance.PortalURL(east))
		for _, c := range []struct {
			after time.Duration
			want  string
		}{
			{0, "AuthorizationPendingException"},
			{pollAtLeast - 1, "SlowDownException"},
			{pollAtLeast - 1, "SlowDownException"},
			{pollInterval, "AuthorizationPendingException"},
			{deviceLife - 2*pollInterval, "AuthorizationPendingException"},
			{pollInterval, "ExpiredTokenException"},
			{deviceLife, "InvalidGrantException"}, // forgotten
		} {
			time.Sleep(c.after)
			_, err := d.poll(asked.DeviceCode)
			wantCode(t, err, c.want)
		}
	})
}

// A code that has expired is no page's any more, whatever the person presses.
func TestDevicePageOutlivesItsCode(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.newDevice(t, east)
		asked := d.start(w.instance.PortalURL(east))
		b := w.browser()
		page := b.press(b.signInTo(w, aws.ToString(asked.VerificationUriComplete), "ann@acme.test"), "confirm")
		time.Sleep(deviceLife)
		late := b.press(page, "allow")
		late.want(t, http.StatusBadRequest)
		if late.cause() != "device_code" {
			t.Errorf("the page says %s", late.body)
		}
		_, err := d.poll(asked.DeviceCode)
		wantCode(t, err, "ExpiredTokenException")
	})
}

// What a client may not do with its device code.
func TestDeviceErrors(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d, other := w.newDevice(t, west), w.newDevice(t, west)
		asked := d.start(w.instance.PortalURL(west))
		_, err := other.poll(asked.DeviceCode)
		wantCode(t, err, "InvalidGrantException") // another client's
		forged := base64.RawURLEncoding.EncodeToString([]byte(*asked.UserCode + newSecret()))
		for _, code := range []string{"x", "****", newSecret(), *asked.UserCode, forged} {
			_, err = d.poll(aws.String(code))
			wantCode(t, err, "InvalidGrantException")
		}
		abroad := *d
		abroad.oidc = w.oidcClient(east) // sso_region changed, and nothing else
		_, err = abroad.poll(asked.DeviceCode)
		wantCode(t, err, "InvalidClientException")
		eastern := w.newDevice(t, east)
		_, err = eastern.poll(asked.DeviceCode)
		wantCode(t, err, "InvalidGrantException")

		bySecret := *d
		bySecret.secret = other.secret
		_, err = bySecret.poll(asked.DeviceCode)
		wantCode(t, err, "InvalidClientException")

		pkce := w.register(t, west, pkceClient(w, west))
		_, err = pkce.oidc.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
			ClientId: pkce.id, ClientSecret: pkce.secret, StartUrl: aws.String(w.instance.PortalURL(west)),
		})
		wantCode(t, err, "UnauthorizedClientException")
		_, err = pkce.poll(asked.DeviceCode)
		wantCode(t, err, "UnauthorizedClientException")

		time.Sleep(clientLife)
		_, err = d.poll(asked.DeviceCode)
		wantCode(t, err, "InvalidClientException") // the registration has expired
	})
}

func TestUserCodes(t *testing.T) {
	for typed, want := range map[string]string{
		"bcdf-ghjk": "BCDF-GHJK", "BCDFGHJK": "BCDF-GHJK", " bcdf ghjk ": "BCDF-GHJK",
		"BCDF-GHJ": "", "BCDF-GHJKL": "", "ACDF-GHJK": "", "BCDF\nGHJK": "", "": "", "ßCDF-GHJK": "",
	} {
		if got := userCodeOf(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if a, b := newUserCode(), newUserCode(); a == b || userCodeOf(a) != a {
		t.Errorf("made %q and %q", a, b)
	}
}

// TestStartURLs: which portals a Region's OIDC knows. The classic portal, as everything of it, is the primary's alone.
func TestStartURLs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		in := w.instance
		own, issuer := "https://"+in.PortalHost("REGION"), "https://identitycenter.amazonaws.com/"+in.ID
		classic := "https://d-0123456789.awsapps.com/start"
		for start, regions := range map[string]string{
			own: "east west", own + "/": "east west", own + "/#": "east west", own + "/#/": "east west",
			own + "/start": "east west",
			"https://" + in.AlternativePortalHost("REGION"): "east west",
			issuer: "east west", issuer + "/": "east west",
			classic: "east", classic + "/": "east", classic + "#/": "east", classic + "/#": "east",
			"https://D-0123456789.AWSAPPS.com/start": "east",

			"https://" + in.PortalHost("ap-south-1"): "", "https://acme.awsapps.com/start": "",
			"https://d-0123456789.awsapps.com": "", own + "/else": "", own + "?q": "", own + ":443": "",
			"http://" + in.PortalHost("REGION"): "", "https://a@" + in.PortalHost("REGION"): "",
			"https://identitycenter.amazonaws.com/ssoins-fedcba9876543210": "", "x": "", "://": "",
		} {
			for name, region := range map[string]string{"east": east, "west": west} {
				d := w.newDevice(t, region)
				_, err := d.oidc.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
					ClientId: d.id, ClientSecret: d.secret,
					StartUrl: aws.String(strings.ReplaceAll(start, "REGION", region)),
				})
				if known := strings.Contains(regions, name); known && err != nil {
					t.Errorf("%s in %s: %v", start, region, err)
				} else if !known {
					wantCode(t, err, "InvalidRequestException")
				}
				time.Sleep(time.Second) // for the quota
			}
		}
		d := w.newDevice(t, east)
		page := aws.ToString(d.start(classic).VerificationUriComplete)
		if !strings.HasPrefix(page, classic+"/device?user_code=") {
			t.Errorf("the classic portal's page is %s", page)
		}
		w.browser().signInTo(w, page, "ann@acme.test")
	})
}
