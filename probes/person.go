package probes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/totp"
)

const (
	maxHops = 20      // of one sign-in; more is a loop
	maxPage = 1 << 20 // bytes of one page
)

// person is one user in one session, who follows redirects, fills in forms and reads pages.
type person struct {
	world  *harness.World
	a      *harness.Attempt
	client *http.Client
	began  time.Time
	region string     // whose portal showed the account
	asked  bool       // the password was sent
	kept   bool       // they come with a session, and sign in for nobody
	page   *page      // of the portal that they are in
	last   *url.URL   // that an SDK asked
	keeps  *assertion // what would be sent to an ACS is kept here, and not sent; nil: it is sent
}

// failure is why somebody is not in.
type failure struct {
	class  history.Class
	detail string // one sentence without a secret
}

// signIn opens a portal and follows where it leads, until the account list shows the person's account.
func (u *person) signIn(ctx context.Context, portal string) *failure {
	page, failed := u.visit(ctx, portal, isPortal)
	if failed != nil {
		return failed
	}
	return u.accounts(ctx, page)
}

func isPortal(p *page) bool    { return p.meta[p.at.Token] != "" }
func isDashboard(p *page) bool { return len(p.bookmarks) > 0 || (p.form == nil && p.error == "") }

// visit goes to a page and on through redirects and forms until one is what was wanted.
func (u *person) visit(ctx context.Context, target string, wanted func(*page) bool) (*page, *failure) {
	next, err := newRequest(ctx, http.MethodGet, target, nil)
	for range maxHops {
		if err != nil {
			return nil, &failure{history.ClassWrongContent, "a page leads to an address that is none"}
		}
		if u.kept && u.trusts(next.URL) {
			return nil, &failure{history.ClassSessionLost, "the session is lost: " + u.sender() + " asks for a new sign-in"}
		}
		resp, failed := u.do(next)
		if failed != nil {
			return nil, failed
		}
		switch {
		case resp.location != "":
			next, err = newRequest(ctx, http.MethodGet, resp.location, nil)
		case resp.failed != nil:
			return nil, resp.failed
		case resp.page.form != nil && resp.page.form.asks && wanted(resp.page):
			return resp.page, nil
		case resp.page.form != nil && (resp.page.form.signIn || resp.page.form.code) && !u.trusts(resp.url):
			return nil, &failure{history.ClassWrongContent,
				u.place(resp.url) + " asks for a password and is no identity provider"}
		case resp.page.form != nil:
			form := u.fill(resp.page.form)
			if form == nil {
				return nil, &failure{history.ClassIdPLoginRefused, u.asksAgain(resp.page.form)}
			}
			to := resp.url.ResolveReference(resp.page.form.action)
			if u.keeps != nil && u.isACS(to) {
				u.keeps.to, u.keeps.form = to, form
				return resp.page, nil
			}
			next, err = newRequest(ctx, http.MethodPost, to.String(), form)
		case wanted(resp.page):
			return resp.page, nil
		default:
			return nil, &failure{history.ClassWrongContent, u.place(resp.url) + " is neither a sign-in page nor a portal"}
		}
	}
	return nil, &failure{history.ClassWrongContent, fmt.Sprintf("after %d pages there was still no portal", maxHops)}
}

// asksAgain says what is asked for in vain.
func (u *person) asksAgain(f *form) string {
	if f.code {
		return "the identity provider asked for a one-time code, and the person has none"
	}
	return "the identity provider asked for the password again"
}

func newRequest(ctx context.Context, method, target string, form url.Values) (*http.Request, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err == nil && form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, err
}

// trusts tells whether a password may be given there.
func (u *person) trusts(at *url.URL) bool {
	loc, known := u.world.Locate(at.Hostname())
	return known && loc.Service == "idp"
}

// fill fills a form in: the sign-in form with user name and password (once; nil the second time), that for a one-time
// code with the code of now, any other as it is.
func (u *person) fill(f *form) url.Values {
	values := f.values
	if f.signIn {
		if u.asked && u.a.Steps[len(u.a.Steps)-1].Name == history.StepIdPLogin {
			return nil
		}
		u.asked = true
		values.Set(cmp.Or(u.world.Pages.UserName, f.text), u.a.Person.UserName)
		values.Set(cmp.Or(u.world.Pages.Password, f.secret), u.a.Person.Password)
	}
	if f.code {
		code, err := totp.Code(u.a.Person.Secret, time.Now())
		if err != nil {
			return nil
		}
		values.Set(u.world.Pages.Code, code)
	}
	return values
}

// response is what a request led to: a redirect, a failure, or a page.
type response struct {
	url      *url.URL
	location string
	failed   *failure
	page     *page
	body     []byte
}

// do sends one request, times it as a step, and reads what came back.
func (u *person) do(req *http.Request) (*response, *failure) {
	began := time.Now()
	resp, err := u.client.Do(req)
	if err != nil {
		u.step(req, nil, began)
		return nil, u.broken(req.URL, err)
	}
	defer resp.Body.Close()
	body, err := read(resp)
	r := &response{url: req.URL, body: body}
	if err == nil && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		r.page = parsePage(body, &u.world.Pages)
		r.page.url = req.URL
	}
	u.step(req, r.page, began)
	if err != nil {
		return nil, u.broken(req.URL, err)
	}
	if to, err := resp.Location(); err == nil && resp.StatusCode >= 300 && resp.StatusCode < 400 {
		r.location = to.String()
		return r, nil
	}
	if resp.StatusCode >= 400 || (r.page != nil && r.page.error != "") {
		r.failed = u.refused(req.URL, resp.StatusCode, r.page)
		if r.page != nil && r.page.form != nil && resp.StatusCode == http.StatusUnauthorized {
			r.failed = &failure{history.ClassIdPLoginRefused, "the identity provider refused user name or password"}
		}
		return r, nil
	}
	if r.page == nil {
		r.page = &page{}
	}
	return r, nil
}

// read reads at most maxPage bytes of a body, in one piece of memory where its length is known.
func read(resp *http.Response) ([]byte, error) {
	room := resp.ContentLength + bytes.MinRead // which a buffer wants to have left to see the end
	body := bytes.NewBuffer(make([]byte, 0, min(max(room, bytes.MinRead), maxPage)))
	_, err := body.ReadFrom(io.LimitReader(resp.Body, maxPage))
	return body.Bytes(), err
}

// accounts asks the portal's API for the account list, as the portal's script does.
func (u *person) accounts(ctx context.Context, portal *page) *failure {
	region := u.a.Steps[len(u.a.Steps)-1].Region // of the host that served the portal
	if region == "" || region != portal.meta[u.world.Pages.Region] {
		return &failure{history.ClassWrongContent, "the portal doesn't say of which Region it is"}
	}
	req, err := newRequest(ctx, http.MethodGet, portal.meta[u.world.Pages.API]+"/assignment/accounts?max_result=100", nil)
	if err != nil {
		return &failure{history.ClassWrongContent, "the portal names no API"}
	}
	req.Header.Set("x-amz-sso_bearer_token", portal.meta[u.world.Pages.Token])
	resp, failed := u.do(req)
	if failed == nil {
		failed = resp.failed
	}
	if failed != nil {
		return failed
	}
	var list struct {
		AccountList []struct {
			AccountID string `json:"accountId"`
		} `json:"accountList"`
	}
	if err := json.Unmarshal(resp.body, &list); err != nil {
		return &failure{history.ClassWrongContent, "the account list can't be read"}
	}
	for _, account := range list.AccountList {
		if account.AccountID == u.a.Person.Account {
			u.region, u.page = region, portal
			return nil
		}
	}
	return &failure{history.ClassWrongContent,
		fmt.Sprintf("the account list has %d accounts, and not the expected one", len(list.AccountList))}
}

// step notes what a request was and how long it took.
func (u *person) step(req *http.Request, p *page, began time.Time) {
	loc, _ := u.world.Locate(req.URL.Hostname())
	step := harness.Step{Name: stepName(loc.Service, req, p), Host: req.URL.Hostname(), Began: began, Ended: time.Now()}
	if slices.ContainsFunc(u.world.Places, func(pl *harness.Place) bool { return pl.Name == loc.Place && pl.Region }) {
		step.Region = loc.Place
	}
	u.a.Steps = append(u.a.Steps, step)
}

// stepName is the part of the sign-in that a request is.
func stepName(service string, req *http.Request, p *page) string {
	path := req.URL.Path
	switch {
	case service == "portal_api" && path == "/federation/credentials":
		return history.StepRoleCredentials
	case service == "portal_api":
		return history.StepAccounts
	case service == "identity_store":
		return history.StepIdentityStore
	case service == "sts":
		return history.StepCallerIdentity
	case service == "vanity":
		return history.StepVanity
	case service == "console":
		return history.StepConsole
	case p != nil && p.launched != "":
		return history.StepLaunch
	case service == "oidc":
		return oidcSteps[path]
	case service == "kms" && strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".Decrypt"):
		return history.StepDecrypt
	case service == "kms":
		return history.StepEncrypt
	case p != nil && p.form != nil && p.form.asks, service == "portal" && req.Method == http.MethodPost:
		return history.StepConsent
	case service == "signin" && strings.Contains(path, "/saml/acs/"):
		return history.StepACS
	case service == "signin":
		return history.StepSignin
	case service == "idp" && req.Method == http.MethodPost:
		return history.StepIdPLogin
	case service == "idp" && path == "/":
		return history.StepIdPDashboard
	case service == "idp" && p != nil && p.form != nil && p.form.passes:
		return history.StepIdPSSO
	case service == "idp":
		return history.StepIdPForm
	}
	return history.StepPortal
}

// oidcSteps are the steps of the calls of the OIDC API, by their paths.
var oidcSteps = map[string]string{
	"/client/register": history.StepRegister, "/device_authorization": history.StepAuthorize,
	"/authorize": history.StepAuthorize, "/token": history.StepToken,
}
