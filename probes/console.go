package probes

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// Console are people who sign in and go on to the AWS console of their account, as by the portal's tile for a role. The
// portal of whatever Region gives out the credentials; but the sign-in that takes them is a host that all Regions
// share: while it is away, nobody gets to the console by any Region.
type Console struct {
	outset[harness.BookmarkSteer] `yaml:",inline"`
}

// NewConsole has people who start at the portal and don't steer.
func NewConsole() harness.Probe { return &Console{atPortal(harness.BookmarkSteer{By: harness.ByNone})} }

// Journey of its people: to the console.
func (p *Console) Journey() history.Journey { return history.Console }

// Try signs in at home and goes on to the console; where the person steers, after a while by the other Region's portal.
func (p *Console) Try(ctx context.Context, a *harness.Attempt) error {
	return p.try(ctx, a,
		func(ctx context.Context, u *person) *failure { return u.console(ctx, u.signIn(ctx, p.begins(a))) },
		func(ctx context.Context, u *person) *failure { return u.console(ctx, u.byBookmark(ctx, p.Steer.To)) })
}

// console goes on from the portal that the person has come to, if they have: with credentials of their role to a
// sign-in token, and with that to the console's page, on which the account must stand (IAM User Guide, "Enable custom
// identity broker access to the AWS console").
func (u *person) console(ctx context.Context, failed *failure) *failure {
	if failed != nil {
		return failed
	}
	token := u.page.meta[u.world.Pages.Token]
	given, failed, _ := u.roleCredentials(ctx, u.region, token, u.a.Person.Role)
	if failed != nil {
		return failed
	}
	session, err := json.Marshal(map[string]string{"sessionId": given.AccessKeyID, "sessionKey": given.SecretAccessKey,
		"sessionToken": given.SessionToken})
	if err != nil {
		return &failure{history.ClassHarness, "the session can't be written: " + err.Error()}
	}
	at := u.world.Console
	req, err := newRequest(ctx, http.MethodGet, at.Federation+"?"+url.Values{"Action": {"getSigninToken"},
		"Session": {string(session)}}.Encode(), nil)
	if err != nil {
		return &failure{history.ClassHarness, "the console's address is none"}
	}
	resp, failed := u.do(req)
	if failed == nil {
		failed = resp.failed
	}
	if failed != nil {
		return failed
	}
	var got struct{ SigninToken string }
	if json.Unmarshal(resp.body, &got) != nil || got.SigninToken == "" {
		return &failure{history.ClassWrongContent, "the console's sign-in gives no token"}
	}
	_, failed = u.visit(ctx, at.Federation+"?"+url.Values{"Action": {"login"}, "Issuer": {u.world.Portal(u.region)},
		"Destination": {at.Home}, "SigninToken": {got.SigninToken}}.Encode(),
		func(shown *page) bool { return shown.meta["aws-account"] == u.a.Person.Account })
	return failed
}
