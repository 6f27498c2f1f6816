package identitycenter

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// consoleSays is what a host of the console answers to a browser with cookies.
func consoleSays(
	hosts map[string]http.Handler, method, at string, query url.Values, cookies ...*http.Cookie,
) *http.Response {
	u, _ := url.Parse(at)
	u.RawQuery = query.Encode()
	r, w := httptest.NewRequest(method, u.String(), nil), httptest.NewRecorder()
	for _, c := range cookies {
		r.AddCookie(c)
	}
	hosts[u.Host].ServeHTTP(w, r)
	return w.Result()
}

const (
	federation = "https://signin.aws.amazon.com/federation"
	consoleAt  = "https://console.aws.amazon.com/"
)

// signinToken exchanges credentials for a token; empty where they aren't taken.
func signinToken(t *testing.T, hosts map[string]http.Handler, c credentials) string {
	t.Helper()
	session, err := json.Marshal(map[string]string{"sessionId": c.AccessKeyID, "sessionKey": c.SecretAccessKey,
		"sessionToken": c.SessionToken})
	if err != nil {
		t.Fatal(err)
	}
	answer := consoleSays(hosts, http.MethodGet, federation,
		url.Values{"Action": {"getSigninToken"}, "Session": {string(session)}})
	var got struct{ SigninToken string }
	if answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(&got) != nil {
		t.Error("the answer can't be read")
	}
	return got.SigninToken
}

func login(to, token string) url.Values {
	return url.Values{"Action": {"login"}, "Issuer": {"https://acme.test"}, "Destination": {to}, "SigninToken": {token}}
}

// TestTheConsole takes credentials of whatever Region, for a token that is good for a while, and leads who brings it to
// the page of their account.
func TestTheConsole(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hosts := Console(w.instance, nil)
		for _, region := range []string{east, west} {
			token := signinToken(t, hosts, issued(t, w, region))
			answer := consoleSays(hosts, http.MethodGet, federation, login(consoleAt, token))
			if answer.StatusCode != http.StatusFound || answer.Header.Get("Location") != consoleAt {
				t.Fatalf("%s: %s", region, answer.Status)
			}
			jar := answer.Cookies()
			if len(jar) != 1 || jar[0].Domain != "aws.amazon.com" || !jar[0].Secure || !jar[0].HttpOnly {
				t.Fatalf("%s: the cookies are %v", region, jar)
			}
			shown := httptest.NewRecorder()
			answer = consoleSays(hosts, http.MethodGet, consoleAt, nil, jar...)
			_ = answer.Write(shown.Body)
			if !strings.Contains(shown.Body.String(), `name="aws-account" content="444455556666"`) {
				t.Errorf("%s: it shows %s", region, shown.Body)
			}
			time.Sleep(signinTokenLife)
			if answer := consoleSays(hosts, http.MethodGet, federation, login(consoleAt, token)); answer.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: an old token is answered with %s", region, answer.Status)
			}
			time.Sleep(consoleLife)
			if answer := consoleSays(hosts, http.MethodGet, consoleAt, nil, jar...); answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: an old session is answered with %s", region, answer.Status)
			}
		}
	})
}

// TestTheConsoleRefuses credentials that are none or over, a session token in place of a sign-in token, and to send
// anybody elsewhere.
func TestTheConsoleRefuses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hosts := Console(w.instance, nil)
		good, other := issued(t, w, east), issued(t, w, east)
		token := signinToken(t, hosts, good)
		for name, bad := range map[string]credentials{
			"another's secret": {AccessKeyID: good.AccessKeyID, SecretAccessKey: other.SecretAccessKey, SessionToken: good.SessionToken},
			"another's token":  {AccessKeyID: good.AccessKeyID, SecretAccessKey: good.SecretAccessKey, SessionToken: other.SessionToken},
			"a sign-in token":  {AccessKeyID: good.AccessKeyID, SecretAccessKey: good.SecretAccessKey, SessionToken: token},
			"nothing":          {},
		} {
			if signinToken(t, hosts, bad) != "" {
				t.Errorf("%s is taken for credentials", name)
			}
		}
		for name, c := range map[string]struct {
			method, at string
			query      url.Values
			status     int
		}{
			"elsewhere":       {http.MethodGet, federation, login("https://evil.test/", token), http.StatusBadRequest},
			"without TLS":     {http.MethodGet, federation, login("http://console.aws.amazon.com/", token), http.StatusBadRequest},
			"a session token": {http.MethodGet, federation, login(consoleAt, good.SessionToken), http.StatusBadRequest},
			"no such action":  {http.MethodGet, federation, url.Values{"Action": {"logout"}}, http.StatusBadRequest},
			"no session":      {http.MethodGet, federation, url.Values{"Action": {"getSigninToken"}}, http.StatusBadRequest},
			"no such page":    {http.MethodGet, federation + "/x", nil, http.StatusNotFound},
			"another method":  {http.MethodDelete, federation, login(consoleAt, token), http.StatusNotFound},
			"nobody":          {http.MethodGet, consoleAt, nil, http.StatusUnauthorized},
		} {
			if answer := consoleSays(hosts, c.method, c.at, c.query); answer.StatusCode != c.status {
				t.Errorf("%s is answered with %s", name, answer.Status)
			}
		}
		time.Sleep(credentialsLife)
		if signinToken(t, hosts, good) != "" {
			t.Error("credentials that are over are taken")
		}
	})
}
