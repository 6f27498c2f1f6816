package identitycenter

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/smithy-go"
)

// device is a client at a command line, with AWS's own SDK, that has registered in a Region.
type device struct {
	t            *testing.T
	w            *world
	region       string
	oidc         *ssooidc.Client
	id, secret   *string
	registration *ssooidc.RegisterClientOutput
}

func (w *world) oidcClient(region string) *ssooidc.Client {
	return ssooidc.New(ssooidc.Options{
		Region: region, HTTPClient: &http.Client{Transport: w.net}, Retryer: aws.NopRetryer{},
	})
}

func (w *world) ssoClient(region string) *sso.Client {
	return sso.New(sso.Options{Region: region, HTTPClient: &http.Client{Transport: w.net}, Retryer: aws.NopRetryer{}})
}

// newDevice registers a client as the AWS CLI does for its device flow.
func (w *world) newDevice(t *testing.T, region string, scopes ...string) *device {
	t.Helper()
	return w.register(t, region, &ssooidc.RegisterClientInput{
		ClientName: aws.String("botocore-client-work"), ClientType: aws.String("public"), Scopes: scopes,
	})
}

func (w *world) register(t *testing.T, region string, in *ssooidc.RegisterClientInput) *device {
	t.Helper()
	d := &device{t: t, w: w, region: region, oidc: w.oidcClient(region)}
	out, err := d.oidc.RegisterClient(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	d.id, d.secret, d.registration = out.ClientId, out.ClientSecret, out
	return d
}

// start asks for a device code, with a start URL.
func (d *device) start(url string) *ssooidc.StartDeviceAuthorizationOutput {
	d.t.Helper()
	out, err := d.oidc.StartDeviceAuthorization(d.t.Context(), &ssooidc.StartDeviceAuthorizationInput{
		ClientId: d.id, ClientSecret: d.secret, StartUrl: aws.String(url),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d *device) poll(code *string) (*ssooidc.CreateTokenOutput, error) {
	return d.oidc.CreateToken(d.t.Context(), &ssooidc.CreateTokenInput{
		ClientId: d.id, ClientSecret: d.secret, GrantType: aws.String(grantDevice), DeviceCode: code,
	})
}

func (d *device) refresh(token *string) (*ssooidc.CreateTokenOutput, error) {
	return d.oidc.CreateToken(d.t.Context(), &ssooidc.CreateTokenInput{
		ClientId: d.id, ClientSecret: d.secret, GrantType: aws.String(grantRefresh), RefreshToken: token,
	})
}

// logIn goes all the way: a person signs in at the page and allows it.
func (d *device) logIn(user string) *ssooidc.CreateTokenOutput {
	d.t.Helper()
	asked := d.start(d.w.instance.PortalURL(d.region))
	b := d.w.browser()
	page := b.signInTo(d.w, aws.ToString(asked.VerificationUriComplete), user)
	b.press(b.press(page, "confirm"), "allow").want(d.t, http.StatusOK)
	out, err := d.poll(asked.DeviceCode)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// accounts are how many the token lists at a Region's portal API.
func (w *world) accounts(t *testing.T, region string, token *string) (int, error) {
	t.Helper()
	out, err := w.ssoClient(region).ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token})
	if err != nil {
		return 0, err
	}
	return len(out.AccountList), nil
}

// signInTo opens a page of a portal in a browser that has no session, by way of the identity provider.
func (b *browser) signInTo(w *world, page, user string) answer {
	b.t.Helper()
	login := b.get(page).want(b.t, http.StatusFound)
	q := readAuthnRequest(b.t, b.get(login.String()).want(b.t, http.StatusFound))
	back := b.post(q.ACS, w.draftFor(q, user).encoded(b.t)).want(b.t, http.StatusSeeOther)
	a := b.get(back.String())
	a.want(b.t, http.StatusOK)
	return a
}

var (
	formTag   = regexp.MustCompile(`(?s)<form id="consent" method="(\w+)" action="([^"]*)">(.*?)</form>`)
	hiddenTag = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	buttonTag = regexp.MustCompile(`<button[^>]* data-action="(\w+)"(?: name="(\w+)" value="(\w+)")?>`)
)

// step is which page of a consent it is.
func (a answer) step() string { return between(a.body, `data-step="`, `"`) }

// form is the page's form: what its button would post, and to where.
func (a answer) form(t testing.TB, button string) (to string, fields url.Values) {
	t.Helper()
	form := formTag.FindStringSubmatch(a.body)
	if form == nil {
		t.Fatalf("no form: %s", a.body)
	}
	fields = url.Values{}
	for _, hidden := range hiddenTag.FindAllStringSubmatch(form[3], -1) {
		fields.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	buttons := buttonTag.FindAllStringSubmatch(form[3], -1)
	i := slices.IndexFunc(buttons, func(b []string) bool { return b[1] == button })
	if i < 0 {
		t.Fatalf("no button %q: %s", button, form[3])
	}
	if buttons[i][2] != "" {
		fields.Set(buttons[i][2], buttons[i][3])
	}
	return a.Request.URL.Scheme + "://" + a.Request.URL.Host + form[2], fields
}

// press is what a person does with a button.
func (b *browser) press(a answer, button string) answer {
	b.t.Helper()
	to, fields := a.form(b.t, button)
	at, err := url.Parse(to)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(http.MethodPost, to, fields, "Origin", "https://"+at.Host)
}

// wantCode fails the test unless the error is AWS's of that code.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// wantLife fails the test unless a token lasts so long.
func wantLife(t testing.TB, out *ssooidc.CreateTokenOutput, life time.Duration) {
	t.Helper()
	if got := time.Duration(out.ExpiresIn) * time.Second; got != life {
		t.Errorf("the token lasts %v, want %v", got, life)
	}
}
