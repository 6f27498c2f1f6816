package identitycenter

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// fault is an error of the API: its type and message.
func (a answer) fault(t testing.TB) (kind, message string) {
	t.Helper()
	var body struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatal(err)
	}
	if got := a.Header.Get("X-Amzn-Errortype"); got != body.Type {
		t.Errorf("header %q, body %q", got, body.Type)
	}
	return body.Type, body.Message
}

func TestPortalAPI(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		page, _ := b.signIn(w, west, "ann@acme.test")
		api := "https://" + names.PortalAPIHost(west)
		get := func(path string) answer { return b.get(api+path, headerToken, page.token()) }

		const (
			management = `{"accountId":"111122223333","accountName":"management",` +
				`"emailAddress":"aws+management@acme.test"}`
			production = `{"accountId":"444455556666","accountName":"production",` +
				`"emailAddress":"aws+production@acme.test"}`
		)
		for _, c := range []struct {
			path   string
			status int
			body   string
		}{
			{"/assignment/accounts", 200, `{"accountList":[` + management + `,` + production + `],"nextToken":null}`},
			{"/assignment/accounts?max_result=1", 200, `{"accountList":[` + management + `],"nextToken":"MQ"}`},
			{"/assignment/accounts?max_result=1&next_token=MQ", 200, `{"accountList":[` + production + `],"nextToken":null}`},
			{"/assignment/roles?account_id=444455556666", 200, `{"roleList":[{"accountId":"444455556666","roleName":"Admin"},` +
				`{"accountId":"444455556666","roleName":"ReadOnly"}],"nextToken":null}`},
		} {
			a := get(c.path)
			a.want(t, c.status)
			if a.body != c.body {
				t.Errorf("%s: %s", c.path, a.body)
			}
		}
		for path, want := range map[string]string{
			"/assignment/accounts?max_result=0":                                  "InvalidRequestException",
			"/assignment/accounts?max_result=101":                                "InvalidRequestException",
			"/assignment/accounts?next_token=!":                                  "InvalidRequestException",
			"/assignment/accounts?next_token=LTE":                                "InvalidRequestException", // -1
			"/assignment/roles?account_id=000000000000":                          "ResourceNotFoundException",
			"/federation/credentials?account_id=111122223333&role_name=Admin":    "ForbiddenException",
			"/federation/credentials?account_id=000000000000&role_name=ReadOnly": "ForbiddenException",
			"/federation/credentials?account_id=111122223333":                    "InvalidRequestException",
			"/federation/credentials?role_name=ReadOnly":                         "InvalidRequestException",
			"/assignment/roles":                                                  "InvalidRequestException",
			"/other":                                                             "ResourceNotFoundException",
		} {
			if kind, _ := get(path).fault(t); kind != want {
				t.Errorf("%s: %s, want %s", path, kind, want)
			}
		}
	})
}

func TestRoleCredentials(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		page, _ := b.signIn(w, east, "bob@acme.test")
		api := "https://" + names.PortalAPIHost(east)
		a := b.get(api+"/federation/credentials?account_id=111122223333&role_name=ReadOnly", headerToken, page.token())
		a.want(t, http.StatusOK)
		var out struct{ RoleCredentials credentials }
		if err := json.Unmarshal([]byte(a.body), &out); err != nil {
			t.Fatal(err)
		}
		c := out.RoleCredentials
		if len(c.AccessKeyID) != 20 || len(c.SecretAccessKey) != 40 || c.SessionToken == "" {
			t.Errorf("not of AWS's form: %d, %d", len(c.AccessKeyID), len(c.SecretAccessKey))
		}
		if got := time.UnixMilli(c.Expiration).Sub(w.now()); got != time.Hour {
			t.Errorf("they last %v", got)
		}
	})
}

func TestPortalAPIWithoutToken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		for _, token := range []string{"", "unknown"} {
			a := b.accounts(east, token)
			a.want(t, http.StatusUnauthorized)
			if kind, message := a.fault(t); kind != "UnauthorizedException" || message != "Session token not found or invalid" {
				t.Errorf("%s: %s", kind, message)
			}
		}
	})
}

func TestPortalAPIIsForOwnPortal(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		api := "https://" + names.PortalAPIHost(east) + "/assignment/accounts"
		own, _ := url.Parse(w.instance.PortalURL(east))
		for origin, status := range map[string]int{
			"https://" + own.Host:                          http.StatusNoContent,
			"https://" + w.instance.ClassicPortalHost():    http.StatusNoContent,
			"https://" + w.instance.PortalHost(west):       http.StatusForbidden,
			"https://" + w.instance.PortalHost(east) + ".": http.StatusForbidden,
			"null":              http.StatusForbidden,
			"https://evil.test": http.StatusForbidden,
		} {
			a := b.do(http.MethodOptions, api, nil, "Origin", origin, "Access-Control-Request-Headers", headerToken)
			a.want(t, status)
			allowed := a.Header.Get("Access-Control-Allow-Origin")
			if (status == http.StatusNoContent) != (allowed == origin) {
				t.Errorf("%s is told %q", origin, allowed)
			}
		}
	})
}
