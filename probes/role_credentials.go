package probes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// RoleCredentials are people at a command line, who have signed in and now ask for credentials of their role: of the
// access portal's API in their Region, by AWS's own SDK, and then of STS whose they are. Who has no session in the
// Region yet, or is told that it is over, signs in first, as "aws sso login" makes them do. People with a profile of
// another Region use that when home gives them nothing. Those who hold credentials go on with them until they expire,
// and ask for new ones only then: what AWS calls static stability.
type RoleCredentials struct {
	Credentials                    string `yaml:"credentials" enum:"fresh,held" doc:"fresh: every attempt gets new ones; held: a person goes on using theirs until they expire, as the CLI and the SDKs do"`
	UseIn                          string `yaml:"use_in" form:"region" doc:"the Region that they use their credentials in; if not said, the one that they are of"`
	frame[harness.CLIProfileSteer] `yaml:",inline"`

	mu       sync.Mutex // attempts overlap
	sessions map[cli]session
}

// cli is a person's profile of a Region; a session is what it keeps in its cache.
type (
	cli     struct{ user, region string }
	session struct {
		token, role string
		held        aws.Credentials // empty where none are kept
	}
)

// The ways with credentials.
const (
	credentialsFresh = "fresh"
	credentialsHeld  = "held"
)

// NewRoleCredentials has people without a profile of another Region, who get new credentials each time.
func NewRoleCredentials() harness.Probe {
	p := &RoleCredentials{Credentials: credentialsFresh, sessions: map[cli]session{}}
	p.Steer.By = harness.ByNone
	return p
}

// Journey of its people: from a session to credentials of a role that AWS takes, or from such credentials to AWS.
func (p *RoleCredentials) Journey() history.Journey {
	if p.Credentials == "held" {
		return history.HeldCredentials
	}
	return history.RoleCredentials
}

// Problems of its settings.
func (p *RoleCredentials) Problems(t harness.Topology) []harness.Problem {
	problems := p.frame.Problems(t)
	if p.UseIn != "" && !slices.Contains(t.Regions(), p.UseIn) {
		problems = append(problems,
			harness.Problem{Key: "use_in", What: "Region of the system", Unknown: p.UseIn, Among: t.Regions()})
	}
	return problems
}

// Try asks once at home and, where the person steers, after a while in the other Region.
func (p *RoleCredentials) Try(ctx context.Context, a *harness.Attempt) error {
	return p.try(ctx, a, func(ctx context.Context, u *person) *failure { return p.ask(ctx, u, a.Home) },
		func(ctx context.Context, u *person) *failure { return p.ask(ctx, u, p.Steer.To) })
}

// ask uses the credentials that a profile of the Region holds, or gets some, and signs in where there is no session
// that the Region takes.
func (p *RoleCredentials) ask(ctx context.Context, u *person, region string) *failure {
	key := cli{u.a.Person.UserName, region}
	p.mu.Lock()
	known, had := p.sessions[key]
	p.mu.Unlock()
	for {
		if !had {
			var failed *failure
			if known, failed = p.login(ctx, u, region); failed != nil {
				return failed
			}
		}
		failed, over := p.use(ctx, u, region, &known)
		p.mu.Lock()
		if p.sessions[key] = known; over {
			delete(p.sessions, key)
		}
		p.mu.Unlock()
		if !over || !had {
			return failed
		}
		had = false
	}
}

// login signs in at the Region's portal and finds out the role to ask for: the first of the person's account.
func (p *RoleCredentials) login(ctx context.Context, u *person, region string) (session, *failure) {
	if failed := u.signIn(ctx, p.world.Portal(region)); failed != nil {
		return session{}, failed
	}
	token := u.page.meta[u.world.Pages.Token]
	roles := u.page.meta[u.world.Pages.API] + "/assignment/roles?account_id=" + u.a.Person.Account
	req, err := newRequest(ctx, http.MethodGet, roles, nil)
	if err != nil {
		return session{}, &failure{history.ClassWrongContent, "the portal names no API"}
	}
	req.Header.Set("x-amz-sso_bearer_token", token)
	resp, failed := u.do(req)
	if failed == nil {
		failed = resp.failed
	}
	if failed != nil {
		return session{}, failed
	}
	var list struct {
		RoleList []struct{ RoleName string }
	}
	if err := json.Unmarshal(resp.body, &list); err != nil || len(list.RoleList) == 0 {
		return session{}, &failure{history.ClassWrongContent, "the portal's API lists no role of the person's account"}
	}
	return session{token: token, role: list.RoleList[0].RoleName}, nil
}

// use asks STS whose credentials those of a session are: held ones, or such as the portal's API gives for it. It tells
// where the session is over.
func (p *RoleCredentials) use(ctx context.Context, u *person, region string, s *session) (failed *failure, over bool) {
	at := cmp.Or(p.UseIn, region)
	if s.held.HasKeys() && !s.held.Expired() {
		if failed := u.calls(ctx, at, s.held); failed != nil {
			return failed, false
		}
		u.region = at // whoever gave them out has no part in it
		return nil, false
	}
	given, failed, status := u.roleCredentials(ctx, region, s.token, s.role)
	if failed != nil {
		return failed, status == http.StatusUnauthorized
	}
	if p.Credentials == credentialsHeld {
		s.held = given
	}
	if failed := u.calls(ctx, at, given); failed != nil {
		return failed, false
	}
	u.region = region
	return nil, false
}

// portalAPI is the access portal's API of a Region, as a program of the person's asks it.
func (u *person) portalAPI(region string) *sso.Client {
	return sso.New(sso.Options{Region: region, HTTPClient: asking{u}, Retryer: aws.NopRetryer{}})
}

// roleCredentials gets credentials of a role in the person's account by a token, and the status where it doesn't.
func (u *person) roleCredentials(ctx context.Context, region, token, role string) (aws.Credentials, *failure, int) {
	got, err := u.portalAPI(region).GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{AccessToken: aws.String(token),
		AccountId: aws.String(u.a.Person.Account), RoleName: aws.String(role)})
	if err != nil {
		failed, status := u.unserved(err)
		return aws.Credentials{}, failed, status
	}
	c := got.RoleCredentials
	return aws.Credentials{AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey),
		SessionToken: aws.ToString(c.SessionToken), CanExpire: true, Expires: time.UnixMilli(c.Expiration)}, nil, 0
}

// calls asks the STS of a Region whose credentials these are, and finds the person in its answer.
func (u *person) calls(ctx context.Context, region string, c aws.Credentials) *failure {
	service := sts.New(sts.Options{Region: region, HTTPClient: asking{u}, Retryer: aws.NopRetryer{},
		Credentials: credentials.StaticCredentialsProvider{Value: c}})
	who, err := service.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		failed, _ := u.unserved(err)
		return failed
	}
	if aws.ToString(who.Account) != u.a.Person.Account ||
		!strings.HasSuffix(aws.ToString(who.Arn), "/"+u.a.Person.UserName) {
		return &failure{history.ClassWrongContent, "STS takes the credentials for somebody else's"}
	}
	return nil
}

// asking sends an SDK's requests as the person's, each timed as a step.
type asking struct{ *person }

// Do sends one.
func (a asking) Do(req *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := a.client.Do(req)
	a.last = req.URL
	a.step(req, nil, began)
	return resp, err
}

// unserved is an SDK's error in the person's words, and the status that it was answered with; 0 for none.
func (u *person) unserved(err error) (*failure, int) {
	answered, ok := errors.AsType[*smithyhttp.ResponseError](err)
	said, named := errors.AsType[smithy.APIError](err)
	switch {
	case !sent(err) || u.last == nil:
		return unsent(err), 0
	case named && said.ErrorCode() == "SlowDownException": // which is a 400
		return &failure{history.ClassThrottled, u.place(u.last) + " answered that it is asked too often"},
			answered.HTTPStatusCode()
	case ok && answered.HTTPStatusCode() >= http.StatusBadRequest:
		return u.refused(u.last, answered.HTTPStatusCode(), nil), answered.HTTPStatusCode()
	case ok && answered.HTTPStatusCode() > 0:
		return &failure{history.ClassWrongContent, u.place(u.last) + " answered what can't be read"}, 0
	}
	return u.broken(u.last, err), 0
}

// sent tells of an SDK's error whether a request had gone out: it was answered, or broke on its way. Whether one had
// whose person's patience ended nobody knows.
func sent(err error) bool {
	_, answered := errors.AsType[*smithyhttp.ResponseError](err)
	_, broke := errors.AsType[*smithyhttp.RequestSendError](err)
	_, ended := errors.AsType[*smithy.CanceledError](err)
	return answered || broke || ended
}

// unsent is a request that the SDK didn't send: the person's patience had ended, or what it was to say is wrong, which
// is our mistake.
func unsent(err error) *failure {
	if class, _ := classOf(err); class == history.ClassTimeout || class == history.ClassStopped {
		return &failure{class, "nothing was asked in time"}
	}
	return &failure{history.ClassHarness, "nothing was sent: " + err.Error()}
}
