package fabric

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
)

const (
	kmsHost    = "kms.eu-west-1.amazonaws.com"
	portalHost = "portal.sso.eu-west-1.amazonaws.com"
)

// newAPIs is a Region with two APIs that answer 200, and a vantage.
func newAPIs(t *testing.T) *Fabric {
	t.Helper()
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f := New(Options{CA: ca, Seed: 5})
	t.Cleanup(func() { _ = f.Close() })
	for _, place := range []string{"dublin", "eu-west-1"} {
		if err := f.AddPlace(place); err != nil {
			t.Fatal(err)
		}
	}
	for _, host := range []string{kmsHost, portalHost, "page.eu-west-1.test"} {
		err := f.Handle(host, "eu-west-1", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "{}")
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// clientFrom speaks HTTPS from a place, over connections that are kept.
func clientFrom(t *testing.T, f *Fabric, place string) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, addr string) (net.Conn, error) { return f.Dial(ctx, place, addr) },
		TLSClientConfig:   &tls.Config{RootCAs: f.ca.Pool()},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

type answer struct {
	status  int
	code    string // __type
	headers http.Header
}

// ask calls an operation: of KMS by its name, of the portal's API by its path.
func ask(t *testing.T, client *http.Client, operation string) answer {
	t.Helper()
	method, url := http.MethodGet, "https://"+portalHost+operation
	if !strings.HasPrefix(operation, "/") {
		method, url = http.MethodPost, "https://"+kmsHost+"/"
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "TrentService."+operation)
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	var body struct {
		Type string `json:"__type"`
	}
	if err := json.NewDecoder(got.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, body.Type, got.Header}
}

var inRegion = []harness.Edge{{From: "eu-west-1", To: "eu-west-1"}}

func layCalls(t *testing.T, f *Fabric, r harness.Rule) harness.Laid {
	t.Helper()
	r.Name, r.Edges = "it", inRegion
	l, err := f.Lay(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Lift)
	return l
}

var apiErrors = []struct {
	name      string
	rule      harness.Rule
	operation string
	status    int
	code      string
}{
	{"the service's own", onCalls(harness.Calls{Service: "kms"}, harness.Answer{Fail: true}), "Decrypt", 500,
		"KMSInternalException"},
	{"by status", onCalls(harness.Calls{}, harness.Answer{Fail: true, Status: 503}), "Decrypt", 503,
		"DependencyTimeoutException"},
	{"by status, too", onCalls(harness.Calls{}, harness.Answer{Fail: true, Status: 400}), "Decrypt", 400,
		"ValidationException"},
	{"by code", onCalls(harness.Calls{}, harness.Answer{Fail: true, Code: "KeyUnavailableException"}), "Decrypt", 500,
		"KeyUnavailableException"},
	{"by a code that it doesn't know", onCalls(harness.Calls{}, harness.Answer{Fail: true, Code: "DisabledException"}),
		"Decrypt", 400, "DisabledException"},
	{"both", onCalls(harness.Calls{}, harness.Answer{Fail: true, Status: 418, Code: "Tea"}), "Decrypt", 418, "Tea"},
	{"throttled", onCalls(harness.Calls{}, harness.Answer{Throttle: true}), "Decrypt", 400, "ThrottlingException"},
	{"one operation", onCalls(harness.Calls{Service: "kms", Operation: "Decrypt"}, harness.Answer{Fail: true}),
		"Encrypt", 200, ""},
	{"from elsewhere", onCalls(harness.Calls{From: "eu-west-1"}, harness.Answer{Fail: true}), "Decrypt", 200, ""},
	{"the portal's", onCalls(harness.Calls{}, harness.Answer{Fail: true}), "/assignment/accounts", 503,
		"ServiceUnavailable"},
	{"the portal's, throttled", onCalls(harness.Calls{Service: "portal_api", Operation: "ListAccounts"},
		harness.Answer{Throttle: true}), "/assignment/accounts?max_result=3", 429, "TooManyRequestsException"},
	{"another service's", onCalls(harness.Calls{Service: "kms"}, harness.Answer{Throttle: true}),
		"/assignment/accounts", 200, ""},
}

func TestAPIErrorsBearTheServicesShape(t *testing.T) {
	f := newAPIs(t)
	client := clientFrom(t, f, "dublin")
	for _, c := range apiErrors {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(t, client, c.operation); got.status != 200 {
				t.Fatalf("before, it answered %+v", got)
			}
			l := layCalls(t, f, c.rule) // on a connection that stands
			got := ask(t, client, c.operation)
			if got.status != c.status || got.code != c.code {
				t.Errorf("answered %d %s, not %d %s", got.status, got.code, c.status, c.code)
			}
			if kind := got.headers.Get("X-Amzn-Errortype"); strings.HasPrefix(c.operation, "/") && kind != c.code {
				t.Errorf("the header tells %q", kind)
			}
			if got.headers.Get(headerActed) != "" || got.headers.Get(headerAnswered) != "" {
				t.Errorf("a caller sees what is the canaries' alone: %v", got.headers)
			}
			proven(t, l, true)
			l.Lift()
			proven(t, l, false)
			if got := ask(t, client, c.operation); got.status != 200 {
				t.Errorf("after, it answered %+v", got)
			}
		})
	}
}

func proven(t *testing.T, l harness.Laid, inForce bool) {
	t.Helper()
	proofs, err := l.Prove(t.Context(), inForce)
	began, ended, _ := l.Truth()
	want := began
	if !inForce {
		want = ended
	}
	if err != nil || len(proofs) != 1 || !proofs[0].At.Equal(want) {
		t.Errorf("in force: %t, proven %v (truth %v), %v", inForce, proofs, want, err)
	}
}

// What has no effect is not proven, whoever else answers with the same error.
func TestAPIRuleWithoutEffectIsNotProven(t *testing.T) {
	f := newAPIs(t)
	first := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Fail: true}))
	hidden := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Fail: true}))
	if _, err := hidden.Prove(t.Context(), true); err == nil ||
		!strings.Contains(err.Error(), "another rule answers before it") {
		t.Errorf("a rule that another hides is proven: %v", err)
	}
	hidden.Lift()
	first.Lift()
	proven(t, first, false)
	f.mu.Lock()
	silent, err := f.prepare(harness.Rule{Name: "silent", Calls: &harness.Calls{}, Edges: inRegion,
		Effect: answering(harness.Answer{Fail: true})})
	f.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	look := silent.witnesses[0].inForce()
	if _, err := look(t.Context()); err == nil || !strings.Contains(err.Error(), "passed as if") {
		t.Errorf("a rule that was never put in force is proven: %v", err)
	}
	lifted := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Fail: true}))
	lifted.Lift()
	if _, err := lifted.Prove(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// Odds of others don't reach a canary; the rule's own always do.
func TestAPIRuleWithSmallOddsIsProven(t *testing.T) {
	f := newAPIs(t)
	layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Throttle: true, Odds: 0.5}))
	rare := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Fail: true, Odds: 0.001}))
	proven(t, rare, true)
	rare.Lift()
	proven(t, rare, false)
}

func TestAPIOddsAreSeeded(t *testing.T) {
	draws := func() (drawn [200]bool) {
		f := newAPIs(t)
		f.mu.Lock()
		l := f.newLaid(harness.Rule{Name: "half", Effect: answering(harness.Answer{Fail: true, Odds: 0.5})})
		f.mu.Unlock()
		for i := range drawn {
			drawn[i] = l.draw(nil)
		}
		return drawn
	}
	first := draws()
	if first != draws() {
		t.Error("the same seed draws otherwise")
	}
	hit := 0
	for _, drawn := range first {
		if drawn {
			hit++
		}
	}
	if hit < 70 || hit > 130 {
		t.Errorf("of 200 calls %d were hit", hit)
	}
}

func TestAPILatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAPIs(t)
		defer f.Close()
		f.SetRTT("dublin", "eu-west-1", 4*time.Millisecond)
		client := clientFrom(t, f, "dublin")
		defer client.CloseIdleConnections()
		ask(t, client, "Decrypt") // connects
		took := func() time.Duration {
			began := time.Now()
			ask(t, client, "Decrypt")
			return time.Since(began)
		}
		slow := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Latency: 300 * time.Millisecond}))
		slower := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Throttle: true, Latency: 50 * time.Millisecond}))
		for _, l := range []harness.Laid{slow, slower} {
			proven(t, l, true)
		}
		if got := took(); got != 354*time.Millisecond {
			t.Errorf("a call took %v", got)
		}
		slow.Lift()
		proven(t, slow, false)
		if got := took(); got != 54*time.Millisecond {
			t.Errorf("with one rule lifted, a call took %v", got)
		}
		slower.Lift()
		proven(t, slower, false)
		if got := took(); got != 4*time.Millisecond {
			t.Errorf("with both lifted, a call took %v", got)
		}
	})
}

func TestAPILease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAPIs(t)
		defer f.Close()
		l := layCalls(t, f, harness.Rule{Calls: &harness.Calls{}, Effect: answering(harness.Answer{Fail: true}),
			Lease: time.Second})
		proven(t, l, true)
		time.Sleep(time.Second)
		synctest.Wait()
		proven(t, l, false)
		if began, ended, expired := l.Truth(); !expired || ended.Sub(began) != time.Second {
			t.Errorf("it lasted %v, and expired: %t", ended.Sub(began), expired)
		}
	})
}

// A rule on calls and one on links know nothing of each other: a hole on the caller's link hides neither the rule nor
// its end from its canary within the Region.
func TestAPIRulesAndLinksCompose(t *testing.T) {
	f := newAPIs(t)
	calls := layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Fail: true}))
	hole, err := f.Lay(t.Context(), harness.Rule{Name: "hole", Edges: []harness.Edge{{From: "dublin", To: "eu-west-1"}},
		Effect: holds})
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Lift()
	proven(t, calls, true)
	calls.Lift()
	proven(t, calls, false)
}

func TestAPIRulesThatCantBe(t *testing.T) {
	f := newAPIs(t)
	good := harness.Rule{Name: "it", Calls: &harness.Calls{}, Effect: answering(harness.Answer{Fail: true, Odds: 1}),
		Edges: inRegion}
	for what, spoil := range map[string]func(*harness.Rule){
		"no edge":          func(r *harness.Rule) { r.Edges = nil },
		"negative odds":    func(r *harness.Rule) { r.Effect.Answer.Odds = -0.5 },
		"too good odds":    func(r *harness.Rule) { r.Effect.Answer.Odds = 1.5 },
		"no effect":        func(r *harness.Rule) { r.Effect.Answer.Fail = false },
		"two answers":      func(r *harness.Rule) { r.Effect.Answer.Throttle = true },
		"traffic of calls": func(r *harness.Rule) { r.Effect.Traffic.Hole = true },
		"lookup of calls":  func(r *harness.Rule) { r.Effect.Lookup = passing },
		"a code of a page": func(r *harness.Rule) { r.Calls, r.Effect.Answer.Code = nil, "X" },
		"no such service":  func(r *harness.Rule) { r.Calls.Service = "s3" },
		"not put up":       func(r *harness.Rule) { r.Calls.Service = "sts" },
		"no such operator": func(r *harness.Rule) { r.Calls.Operation = "Decypher" },
		"no such place":    func(r *harness.Rule) { r.Edges = []harness.Edge{{From: "oz", To: "eu-west-1"}} },
		"not there":        func(r *harness.Rule) { r.Calls.Region = "us-east-1" },
		"a good status":    func(r *harness.Rule) { r.Effect.Answer.Status = 200 },
		"negative":         func(r *harness.Rule) { r.Effect.Answer.Latency = -1 },
	} {
		r := good
		r.Calls = new(*good.Calls)
		spoil(&r)
		if _, err := f.Lay(t.Context(), r); err == nil {
			t.Errorf("%s: it was laid", what)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Lay(t.Context(), good); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed fabric says %v", err)
	}
}

// A page of the Region may read an error as it would read the service's own answer; no other page may.
func TestAPIErrorsReachScripts(t *testing.T) {
	f := newAPIs(t)
	client := clientFrom(t, f, "dublin")
	layCalls(t, f, onCalls(harness.Calls{}, harness.Answer{Throttle: true}))
	for origin, allowed := range map[string]bool{"https://page.eu-west-1.test": true, "https://elsewhere.example": false,
		"null": false} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+portalHost+"/assignment/accounts", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		got, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if told := got.Header.Get("Access-Control-Allow-Origin"); (told == origin) != allowed || !allowed && told != "" {
			t.Errorf("%s may read it: %q", origin, told)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, "https://"+portalHost+"/assignment/accounts",
		nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _ = got.Body.Close(); got.StatusCode != 200 {
		t.Errorf("a preflight is answered with %d", got.StatusCode)
	}
}

func FuzzOperation(f *testing.F) {
	f.Add("kms.eu-west-1.amazonaws.com", "POST", "/", "TrentService.Decrypt")
	f.Add("kms.eu-west-1.api.aws", "POST", "/", "TrentService.")
	f.Add("portal.sso.us-east-1.amazonaws.com", "GET", "/assignment/roles/", "")
	f.Add("portal.sso.us-east-1.amazonaws.com", "POST", "//logout", "x")
	f.Add("sts.us-east-1.amazonaws.com", "POST", "/", "Version=2011-06-15&Action=GetCallerIdentity")
	f.Add("kms..amazonaws.com", "POST", "", strings.Repeat("TrentService.", 10))
	f.Fuzz(func(t *testing.T, host, method, path, said string) {
		at := locate(host)
		if at == nil {
			return
		}
		r := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{"X-Amz-Target": {said}},
			Body: io.NopCloser(strings.NewReader(said))}
		s := at.service
		name := s.protocol.operationOf(s, r)
		if at.region == "" || len(name) > maxOperation || strings.ContainsFunc(name, notInName) {
			t.Errorf("%q, %q, %q, %q: %q in %q", host, method, path, said, name, at.region)
		}
		if body, err := io.ReadAll(r.Body); string(body) != said || err != nil {
			t.Errorf("%q is left of the body %q, %v", body, said, err)
		}
		got := s.complete(failure{name, len(path) % 600})
		if got.code == "" || got.status == 0 {
			t.Errorf("%q is completed to %+v", name, got)
		}
	})
}

func chaosCall(t *testing.T, h http.Handler, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1/_localstack/chaos/"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// Each step says what is told, what is answered, and what Decrypt and ListAccounts are answered from then on.
func TestChaos(t *testing.T) {
	f := newAPIs(t)
	h, client := f.Chaos(), clientFrom(t, f, "dublin")
	const decrypt = `{"service":"kms","region":"eu-west-1","operation":"Decrypt","probability":1,` +
		`"error":{"statusCode":400,"code":"DisabledException"}}`
	steps := []struct {
		method, body string
		status       int
		says         string
		kms, portal  int
	}{
		{"GET", "", 200, `[]`, 200, 200},
		{"POST", `[{"service":"kms"}]`, 200, `[{"service":"kms"}]`, 503, 200},
		{"POST", `[{"service":"kms","description":"it"}]`, 200, `[{"service":"kms","description":"it"}]`, 503, 200},
		{"POST", `[` + decrypt + `]`, 200, `[` + decrypt + `]`, 400, 200},
		{"PATCH", `[{"service":"sso","error":{"statusCode":429}},{"service":"kms"}]`, 200, `[` + decrypt +
			`,{"service":"sso","error":{"statusCode":429}},{"service":"kms"}]`, 400, 429},
		{"DELETE", `[` + decrypt + `]`, 200, `[{"service":"sso","error":{"statusCode":429}},{"service":"kms"}]`, 503, 429},
		{"DELETE", `[{"service":"sso"}]`, 200, `[{"service":"sso","error":{"statusCode":429}},{"service":"kms"}]`, 503, 429},
		{"POST", `[{}]`, 200, `[{}]`, 503, 503},
		{"POST", `[{"region":"us-east-1"},{"service":"s3"},{"operation":"Encrypt"}]`, 200,
			`[{"region":"us-east-1"},{"service":"s3"},{"operation":"Encrypt"}]`, 200, 200},
		{"POST", `[{"probability":0},{"service":"portal_api","error":{"code":"X"}}]`, 200,
			`[{"probability":0},{"service":"portal_api","error":{"code":"X"}}]`, 200, 503},
		{"POST", `[{"probability":2}]`, 400,
			`{"message":"Error validating JSON schema: 2 is greater than the maximum of 1"}`, 200, 503},
		{"POST", `[{"error":{"statusCode":200}}]`, 400,
			`{"message":"Error validating JSON schema: 200 is less than the minimum of 400"}`, 200, 503},
		{"POST", `[{"odds":1}]`, 400,
			`{"message":"Error validating JSON schema: Additional properties are not allowed ('odds' was unexpected)"}`,
			200, 503},
		{"POST", `null`, 400, `{"message":"Error validating JSON schema: None is not of type 'array'"}`, 200, 503},
		{"POST", `[] []`, 400, `{"message":"Error decoding JSON: invalid character '[' after top-level value"}`, 200, 503},
		{"PUT", `[]`, 405, "Method Not Allowed", 200, 503},
		{"POST", `[]`, 200, `[]`, 200, 200},
	}
	for _, s := range steps {
		status, says := chaosCall(t, h, s.method, "faults", s.body)
		if status != s.status || says != s.says {
			t.Errorf("%s %s is answered with %d %s", s.method, s.body, status, says)
		}
		kms, portal := ask(t, client, "Decrypt"), ask(t, client, "/assignment/accounts")
		if kms.status != s.kms || portal.status != s.portal {
			t.Errorf("after %s %s, KMS answers %d and the portal %d", s.method, s.body, kms.status, portal.status)
		}
	}
}

func TestChaosEffects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAPIs(t)
		defer f.Close()
		h, client := f.Chaos(), clientFrom(t, f, "dublin")
		defer client.CloseIdleConnections()
		for _, s := range []struct {
			body   string
			status int
			took   time.Duration
		}{
			{`{"latency": 250}`, 200, 250 * time.Millisecond}, {`{"latency": -1}`, 400, 250 * time.Millisecond},
			{`{"latency": 1e9}`, 400, 250 * time.Millisecond}, {`{"lag": 1}`, 400, 250 * time.Millisecond},
			{`{"latency": 0}`, 200, 0},
		} {
			if status, says := chaosCall(t, h, "POST", "effects", s.body); status != s.status {
				t.Errorf("%s is answered with %d %s", s.body, status, says)
			}
			began := time.Now()
			if ask(t, client, "Decrypt"); time.Since(began) != s.took {
				t.Errorf("after %s a call takes %v", s.body, time.Since(began))
			}
		}
		if _, says := chaosCall(t, h, "GET", "effects", ""); says != `{"latency":0}` {
			t.Errorf("it says %s", says)
		}
	})
}

func TestChaosRefusesStrangers(t *testing.T) {
	h := newAPIs(t).Chaos()
	for _, c := range []struct {
		status  int
		headers []string
	}{
		{200, nil},
		{200, []string{"Origin", "https://page.eu-west-1.test"}},
		{200, []string{"Sec-Fetch-Site", "none"}},
		{403, []string{"Origin", "http://page.eu-west-1.test"}},
		{403, []string{"Origin", "https://elsewhere.example"}},
		{403, []string{"Origin", "null"}},
		{403, []string{"Sec-Fetch-Site", "cross-site"}},
	} {
		if status, says := chaosCall(t, h, "POST", "faults", "[]", c.headers...); status != c.status {
			t.Errorf("%v is answered with %d %s", c.headers, status, says)
		}
	}
	long := strings.Repeat(" ", chaosBody+1)
	if status, _ := chaosCall(t, h, "POST", "faults", long); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body is answered with %d", status)
	}
	many := "[" + strings.Repeat("{},", chaosRules) + "{}]"
	if status, _ := chaosCall(t, h, "POST", "faults", many); status != http.StatusBadRequest {
		t.Errorf("many rules are answered with %d", status)
	}
}

func FuzzChaos(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{}]`, `null`, `{}`,
		`[{"service":"kms","probability":0.5,"error":{"statusCode":503,"code":"ServiceUnavailable"}}]`,
		`[{"probability":1e999}]`, `[{"error":null,"region":null}]`, "[{\"service\":\"\\ud800\"}]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var faults []chaosFault
		if err := chaosFaultsSchema().read(bytes.NewReader(body), &faults); err != nil {
			return
		}
		told, err := json.Marshal(faults)
		if err != nil {
			t.Fatal(err)
		}
		var again []chaosFault
		if err := chaosFaultsSchema().read(bytes.NewReader(told), &again); err != nil {
			t.Fatalf("%s can't be read again: %v", told, err)
		}
		if twice, _ := json.Marshal(again); !bytes.Equal(told, twice) {
			t.Errorf("%s becomes %s", told, twice)
		}
		for _, fault := range faults {
			r, odds := fault.rule()
			if err := checkEffect(&r); err != nil || odds < 0 || odds > 1 {
				t.Errorf("%s: %v", told, err)
			}
		}
	})
}
