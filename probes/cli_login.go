package probes

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// CLILogin are people at a command line who log in anew each time, as by "aws sso login": a client is registered at the
// Region's OIDC API, the person allows it in a browser that has no session yet, the client gets its token, and by that
// credentials of their role. Nothing of it is replicated, so that people need a session for each Region in their
// configuration; who changes only the Region of the one they have comes there with a token of home.
type CLILogin struct {
	By                              string `yaml:"by" enum:"sdk,aws" doc:"who asks: AWS's SDK, or the AWS CLI that is installed here, version 2 and for flow pkce 2.22 at least"`
	Flow                            string `yaml:"flow" enum:"pkce,device_code" doc:"how the client asks: it sends the browser to the authorize endpoint, as newer ones do, or by a code that the person confirms"`
	Profile                         string `yaml:"profile" enum:"own_session,edited_region" doc:"what people have for the Region that they steer to: own_session, an sso-session of it; edited_region, the one of home, of which they change sso_region alone"`
	outset[harness.CLIProfileSteer] `yaml:",inline"`

	mu     sync.Mutex // attempts overlap
	cli    *awsCLI
	tokens map[string]string // the last of home's session, by user name: the CLI's cache, which names no Region
}

// Who asks, the flows, and what people have for another Region.
const (
	bySDK          = "sdk"
	byCLI          = "aws"
	flowPKCE       = "pkce"
	profileOwn     = "own_session"
	profileEdited  = "edited_region"
	accountsScope  = "sso:account:access"
	clientName     = "regiondrill"
	grantDevice    = "urn:ietf:params:oauth:grant-type:device_code"
	grantCode      = "authorization_code"
	grantRefresh   = "refresh_token"
	clientRedirect = "http://127.0.0.1/oauth/callback" // at whatever port is free (RFC 8252, 7.3)
	clientListens  = "http://127.0.0.1:49152/oauth/callback"
)

// NewCLILogin has people who use PKCE, as the AWS CLI does, start at the portal and don't steer.
func NewCLILogin() harness.Probe {
	return &CLILogin{outset: atPortal(harness.CLIProfileSteer{By: harness.ByNone}),
		By: bySDK, Flow: flowPKCE, Profile: profileOwn, tokens: map[string]string{}}
}

// Journey of its people: from nothing to credentials.
func (p *CLILogin) Journey() history.Journey { return history.CLILogin }

// Needs the AWS CLI where that asks.
func (p *CLILogin) Needs() []string {
	if p.By == byCLI {
		return []string{awsProgram}
	}
	return nil
}

// Problems of its settings.
func (p *CLILogin) Problems(t harness.Topology) []harness.Problem {
	problems := p.outset.Problems(t)
	if p.Profile == profileEdited && p.Steer.By != harness.ByCLIProfile {
		problems = append(problems, harness.Problem{Key: "profile",
			Sentence: "edited_region says nothing without steer: {by: cli_profile}"})
	}
	if p.Start == harness.StartVanity && p.By == byCLI {
		problems = append(problems, harness.Problem{Key: "start", Sentence: "vanity needs by: sdk"})
	}
	if p.Profile == profileEdited && p.By == byCLI {
		problems = append(problems, harness.Problem{Key: "profile", Sentence: "edited_region needs by: sdk"})
	}
	return problems
}

// Open keeps the world, and looks at the AWS CLI where that asks.
func (p *CLILogin) Open(ctx context.Context, world *harness.World) (err error) {
	p.world = world
	if p.By == byCLI {
		p.cli, err = findCLI(ctx, p.Flow)
	}
	return err
}

// Close removes what the AWS CLI has written.
func (p *CLILogin) Close() error {
	if p.cli == nil {
		return nil
	}
	return p.cli.close()
}

// Try logs in at home and, where the person steers, after a while in the other Region.
func (p *CLILogin) Try(ctx context.Context, a *harness.Attempt) error {
	if p.cli == nil {
		return p.try(ctx, a, p.atHome, p.elsewhere)
	}
	u, done, err := p.person(a)
	if err != nil {
		return err
	}
	defer done()
	return p.cli.try(ctx, u, p.Steering())
}

// atHome logs in there, or where the vanity domain leads, and keeps the token.
func (p *CLILogin) atHome(ctx context.Context, u *person) *failure {
	region, start := u.a.Home, p.world.Portal(u.a.Home)
	if p.Start == harness.StartVanity {
		var failed *failure
		if region, start, failed = u.resolves(ctx); failed != nil {
			return failed
		}
	}
	token, failed := p.logIn(ctx, u, region, start)
	if failed != nil {
		return failed
	}
	p.mu.Lock()
	p.tokens[u.a.Person.UserName] = token
	p.mu.Unlock()
	failed, _ = u.worksBy(ctx, region, token)
	return failed
}

// resolves finds out where the vanity domain leads, as the AWS CLI does with a start URL that isn't AWS's: it follows
// one redirect, to a portal and to nothing else, and goes on with the Region that the portal's host tells, or, where
// that is the classic one and tells none, with the one of the profile.
func (u *person) resolves(ctx context.Context) (region, start string, failed *failure) {
	req, err := newRequest(ctx, http.MethodHead, u.world.Vanity, nil)
	if err != nil {
		return "", "", &failure{history.ClassHarness, "the vanity domain's address is none"}
	}
	resp, failed := u.do(req)
	if failed == nil {
		failed = resp.failed
	}
	if failed != nil {
		return "", "", failed
	}
	to, err := url.Parse(resp.location)
	if err != nil || resp.location == "" {
		return "", "", &failure{history.ClassWrongContent, "the vanity domain doesn't redirect"}
	}
	loc, known := u.world.Locate(to.Hostname())
	if !known || loc.Service != "portal" {
		return "", "", &failure{history.ClassWrongContent, "the vanity domain leads to no access portal"}
	}
	region = u.a.Home
	if own, err := url.Parse(u.world.Portal(loc.Place)); err == nil && own.Host == to.Host {
		region = loc.Place
	}
	return region, resp.location, nil
}

// elsewhere uses what the person has for the other Region.
func (p *CLILogin) elsewhere(ctx context.Context, u *person) *failure {
	if p.Profile == profileEdited {
		return p.edited(ctx, u)
	}
	token, failed := p.logIn(ctx, u, p.Steer.To, p.world.Portal(p.Steer.To))
	if failed != nil {
		return failed
	}
	failed, _ = u.worksBy(ctx, p.Steer.To, token)
	return failed
}

// edited is what becomes of who has changed sso_region alone: the CLI finds a token of home in its cache and uses it in
// the other Region. Told that it is none there, the person logs in again, by the start URL of home.
func (p *CLILogin) edited(ctx context.Context, u *person) *failure {
	p.mu.Lock()
	token := p.tokens[u.a.Person.UserName]
	p.mu.Unlock()
	before := ""
	if token != "" {
		failed, status := u.worksBy(ctx, p.Steer.To, token)
		if status != http.StatusUnauthorized {
			return failed
		}
		before = p.Steer.To + " doesn't take the token of " + u.a.Home + ", and "
	}
	token, failed := p.logIn(ctx, u, p.Steer.To, p.world.Portal(u.a.Home))
	if failed == nil {
		failed, _ = u.worksBy(ctx, p.Steer.To, token)
	}
	if failed != nil {
		failed.detail = before + failed.detail
	}
	return failed
}

// logIn gets a token of a Region, by a start URL.
func (p *CLILogin) logIn(ctx context.Context, u *person, region, start string) (string, *failure) {
	l := login{person: u, start: start,
		api: ssooidc.New(ssooidc.Options{Region: region, HTTPClient: asking{u}, Retryer: aws.NopRetryer{}})}
	if p.Flow == flowPKCE {
		return l.byCode(ctx)
	}
	return l.byDevice(ctx)
}

// login is one of a person by a program of theirs.
type login struct {
	*person
	api    *ssooidc.Client
	start  string
	client *ssooidc.RegisterClientOutput
}

// register makes the program known, for these grants.
func (l *login) register(ctx context.Context, grants ...string) (err error) {
	in := &ssooidc.RegisterClientInput{ClientName: aws.String(clientName), ClientType: aws.String("public"),
		Scopes: []string{accountsScope}, GrantTypes: append(grants, grantRefresh)}
	if slices.Contains(grants, grantCode) {
		in.IssuerUrl, in.RedirectUris = aws.String(l.start), []string{clientRedirect}
	}
	l.client, err = l.api.RegisterClient(ctx, in)
	return err
}

// byDevice has the person confirm a code that the program shows.
func (l *login) byDevice(ctx context.Context) (string, *failure) {
	if err := l.register(ctx, grantDevice); err != nil {
		return l.unauthorized(err)
	}
	asked, err := l.api.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
		ClientId: l.client.ClientId, ClientSecret: l.client.ClientSecret, StartUrl: aws.String(l.start)})
	if err != nil {
		return l.unauthorized(err)
	}
	if _, failed := l.allows(ctx, aws.ToString(asked.VerificationUriComplete)); failed != nil {
		return "", failed
	}
	return l.token(ctx, &ssooidc.CreateTokenInput{GrantType: aws.String(grantDevice), DeviceCode: asked.DeviceCode})
}

// byCode sends the person's browser to the authorize endpoint, which sends it back with a code (RFC 7636).
func (l *login) byCode(ctx context.Context) (string, *failure) {
	if err := l.register(ctx, grantCode); err != nil {
		return l.unauthorized(err)
	}
	verifier, state := rand.Text()+rand.Text(), rand.Text() // 52 letters; 43 are asked for
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{"response_type": {"code"}, "client_id": {aws.ToString(l.client.ClientId)},
		"redirect_uri": {clientListens}, "state": {state}, "scopes": {accountsScope},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}}
	back, failed := l.allows(ctx, aws.ToString(l.client.AuthorizationEndpoint)+"?"+query.Encode())
	if failed != nil {
		return "", failed
	}
	said, err := url.Parse(back)
	if err != nil || said.Query().Get("state") != state || said.Query().Get("code") == "" {
		return "", &failure{history.ClassWrongContent, "the browser came back without a code"}
	}
	return l.token(ctx, &ssooidc.CreateTokenInput{GrantType: aws.String(grantCode), RedirectUri: aws.String(clientListens),
		Code: aws.String(said.Query().Get("code")), CodeVerifier: aws.String(verifier)})
}

// token is what the program gets in the end.
func (l *login) token(ctx context.Context, in *ssooidc.CreateTokenInput) (string, *failure) {
	in.ClientId, in.ClientSecret = l.client.ClientId, l.client.ClientSecret
	out, err := l.api.CreateToken(ctx, in)
	if err != nil {
		return l.unauthorized(err)
	}
	return aws.ToString(out.AccessToken), nil
}

func (l *login) unauthorized(err error) (string, *failure) {
	failed, _ := l.unserved(err)
	return "", failed
}

// allows opens a page of consent, signs in on the way, and presses the buttons that let a program act for the person.
// It tells where the browser is sent to then; nowhere where the person had confirmed a code.
func (u *person) allows(ctx context.Context, at string) (back string, failed *failure) {
	shown, failed := u.visit(ctx, at, asksForConsent)
	if failed != nil {
		return "", failed
	}
	for range maxHops {
		if !asksForConsent(shown) {
			return "", nil
		}
		req, err := u.agree(ctx, shown)
		if err != nil {
			return "", &failure{history.ClassWrongContent, "the page of consent can't be answered"}
		}
		resp, failed := u.do(req)
		switch {
		case failed != nil:
			return "", failed
		case resp.failed != nil:
			return "", resp.failed
		case resp.location != "":
			return resp.location, nil
		}
		shown = resp.page
	}
	return "", &failure{history.ClassWrongContent, "the page of consent asks again and again"}
}

func asksForConsent(p *page) bool { return p.form != nil && p.form.asks }

// agree presses the button of a page of consent that goes on.
func (u *person) agree(ctx context.Context, p *page) (*http.Request, error) {
	pressed, there := p.form.buttons[u.world.Pages.Confirm]
	if !there {
		pressed = p.form.buttons[u.world.Pages.Allow]
	}
	maps.Copy(p.form.values, pressed)
	return newRequest(ctx, http.MethodPost, p.url.ResolveReference(p.form.action).String(), p.form.values)
}

// worksBy gets by a token what a person has logged in for: the list of accounts with theirs in it, credentials of their
// role, and STS's word that they are theirs. It tells the status of what the portal's API refused; 0 for none.
func (u *person) worksBy(ctx context.Context, region, token string) (*failure, int) {
	list, err := u.portalAPI(region).ListAccounts(ctx,
		&sso.ListAccountsInput{AccessToken: aws.String(token), MaxResults: aws.Int32(100)})
	if err != nil {
		return u.unserved(err)
	}
	if !slices.ContainsFunc(list.AccountList, func(a types.AccountInfo) bool {
		return aws.ToString(a.AccountId) == u.a.Person.Account
	}) {
		return &failure{history.ClassWrongContent, "the account list has not the expected one"}, 0
	}
	c, failed, status := u.roleCredentials(ctx, region, token, u.a.Person.Role)
	if failed != nil {
		return failed, status
	}
	if failed := u.calls(ctx, region, c); failed != nil {
		return failed, 0
	}
	u.region = region
	return nil, 0
}
