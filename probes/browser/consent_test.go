package browser_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/chromedp/chromedp"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// atScreen is a browser of its own as lab open starts it: it goes out by New York's door, and directly to a command
// line that waits on its machine, which it finds at the twin of its address.
func atScreen(t *testing.T, sys *harness.System) (screen context.Context, twin func(*url.URL) *url.URL) {
	t.Helper()
	path, err := browser.Find(os.Getenv)
	if err != nil {
		t.Skip(err)
	}
	door, err := sys.Door(sys.Place("new-york"))
	if err != nil {
		t.Fatal(err)
	}
	tab, twin := browser.Apart(t, path, sys.LeafPin, door)
	screen, done := context.WithTimeout(tab, 3*time.Minute) // for a machine that is busy with other tests
	t.Cleanup(done)
	return screen, twin
}

// screened fails the test with an error of the browser, but for what a change of the machine's networks does to it: it
// aborts all requests then, as when Docker makes a network.
func screened(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "ERR_NETWORK_CHANGED") {
		t.Skip("the networks of this machine changed meanwhile: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// opens a page in the browser, by way of the identity provider.
func opens(t *testing.T, screen context.Context, page string, who harness.Person) {
	t.Helper()
	screened(t, chromedp.Do(screen, chromedp.Navigate(page),
		chromedp.SendKeys("#username", who.UserName), chromedp.SendKeys("#password", who.Password),
		chromedp.Click("#sign-in button")))
}

// presses a button of a page of consent, once it shows that step.
func presses(t *testing.T, screen context.Context, step, button string) {
	t.Helper()
	screened(t, chromedp.Do(screen, chromedp.WaitVisible(`[data-step="`+step+`"]`),
		chromedp.Click(`[data-action="`+button+`"]`)))
}

func client(t *testing.T, sys *harness.System) *ssooidc.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: sys.Roots},
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return sys.Dial(ctx, sys.Place("new-york"), addr)
		}}
	t.Cleanup(transport.CloseIdleConnections)
	return ssooidc.New(ssooidc.Options{Region: "eu-west-1", HTTPClient: &http.Client{Transport: transport}})
}

// A real browser signs in on the way to the device page, and its pages lead through both steps.
func TestDevicePageInTheBrowser(t *testing.T) {
	t.Parallel()
	sys, _ := inLab(t, harness.BookmarkSteer{}, "us-east-1", "eu-west-1")
	api := client(t, sys)
	registered, err := api.RegisterClient(t.Context(), &ssooidc.RegisterClientInput{
		ClientName: aws.String("a device"), ClientType: aws.String("public"),
	})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := api.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
		ClientId: registered.ClientId, ClientSecret: registered.ClientSecret, StartUrl: aws.String(sys.Portal("eu-west-1")),
	})
	if err != nil {
		t.Fatal(err)
	}
	screen, _ := atScreen(t, sys)
	opens(t, screen, aws.ToString(asked.VerificationUri), sys.People[0])
	screened(t, chromedp.Do(screen, chromedp.SendKeys("#user_code", strings.ToLower(*asked.UserCode))))
	presses(t, screen, "enter", "next")
	presses(t, screen, "confirm", "confirm")
	presses(t, screen, "allow", "allow")
	screened(t, chromedp.Do(screen, chromedp.WaitVisible(`[data-step="done"]`)))
	got, err := api.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
		ClientId: registered.ClientId, ClientSecret: registered.ClientSecret, DeviceCode: asked.DeviceCode,
		GrantType: aws.String("urn:ietf:params:oauth:grant-type:device_code"),
	})
	if err != nil || aws.ToString(got.AccessToken) == "" {
		t.Errorf("token %+v, %v", got, err)
	}
}

// The page's policy lets a real browser go back to the client that has sent it, with the code.
func TestConsentLeadsBackInTheBrowser(t *testing.T) {
	t.Parallel()
	sys, _ := inLab(t, harness.BookmarkSteer{}, "us-east-1", "eu-west-1")
	api := client(t, sys)
	came := make(chan url.Values, 1)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/callback" {
			came <- r.URL.Query()
		}
	}))
	t.Cleanup(listener.Close)
	registered, err := api.RegisterClient(t.Context(), &ssooidc.RegisterClientInput{
		ClientName: aws.String("a command line"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
		GrantTypes: []string{"authorization_code", "refresh_token"}, IssuerUrl: aws.String(sys.Portal("eu-west-1")),
		RedirectUris: []string{"http://127.0.0.1/oauth/callback"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const verifier = "a verifier that is longer than forty-two characters"
	challenge := sha256.Sum256([]byte(verifier))
	screen, twin := atScreen(t, sys)
	waits, err := url.Parse(listener.URL)
	if err != nil {
		t.Fatal(err)
	}
	callback := twin(waits).JoinPath("/oauth/callback").String()
	opens(t, screen, aws.ToString(registered.AuthorizationEndpoint)+"?"+url.Values{
		"response_type": {"code"}, "client_id": {*registered.ClientId}, "redirect_uri": {callback},
		"state": {"of mine"}, "code_challenge_method": {"S256"}, "scopes": {"sso:account:access"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode(), sys.People[1])
	presses(t, screen, "allow", "allow")
	select {
	case q := <-came:
		got, err := api.CreateToken(t.Context(), &ssooidc.CreateTokenInput{
			ClientId: registered.ClientId, ClientSecret: registered.ClientSecret, Code: aws.String(q.Get("code")),
			GrantType: aws.String("authorization_code"), CodeVerifier: aws.String(verifier),
			RedirectUri: &callback,
		})
		if err != nil || aws.ToString(got.RefreshToken) == "" || q.Get("state") != "of mine" {
			t.Errorf("token %+v, %v, with %v", got, err, q)
		}
	case <-screen.Done():
		t.Error("the browser has not come back")
	}
}
