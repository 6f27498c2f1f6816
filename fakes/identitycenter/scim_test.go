package identitycenter

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

const scimSecret = "a token of the instance's beginning"

func withSCIM(c *Config) { c.SCIMToken = scimSecret }

// provisioner is an identity provider's side of SCIM.
type provisioner struct {
	t     *testing.T
	w     *world
	token string
}

// said is an answer of SCIM.
type said struct {
	status int
	body   map[string]any
	raw    string
}

func (p *provisioner) do(method, path, body string) said {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.w.instance.SCIMURL()+"/"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := p.w.net.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	s := said{status: resp.StatusCode, raw: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &s.body); err != nil {
			p.t.Fatalf("%s %s: %s", method, path, raw)
		}
	}
	return s
}

// want fails the test unless the answer has the status, and tells the id in it.
func (s said) want(t *testing.T, status int) string {
	t.Helper()
	if s.status != status {
		t.Fatalf("it is answered %d, want %d: %s", s.status, status, s.raw)
	}
	id, _ := s.body["id"].(string)
	return id
}

// found are the ids on a page.
func (s said) found(t *testing.T) (ids []string) {
	t.Helper()
	s.want(t, http.StatusOK)
	all, ok := s.body["Resources"].([]any)
	if !ok {
		t.Fatalf("no list: %s", s.raw)
	}
	for _, r := range all {
		ids = append(ids, r.(map[string]any)["id"].(string))
	}
	return ids
}

func filter(text string) string { return "?filter=" + url.QueryEscape(text) }

func scimUser(name string) string {
	return fmt.Sprintf(`{"userName":%q,"displayName":"Cleo Example","name":{"givenName":"Cleo","familyName":"Example"},"active":true,
		"emails":[{"value":%q,"type":"work","primary":true}],"externalId":"x-%s"}`, name, name, name)
}

// patch is a PATCH's body.
func patch(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}

func TestUsersBySCIM(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		full := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"701984","userName":"bjensen@acme.test","name":{"formatted":"Ms. Barbara",
			"familyName":"Jensen","givenName":"Barbara"},"displayName":"Babs","nickName":"B","emails":[{"value":"b@acme.test","type":"work","primary":true}],
			"addresses":[{"type":"work","locality":"Hollywood","primary":true}],"phoneNumbers":[{"value":"555","type":"work"}],
			"roles":[{"value":"Researcher","type":"work","primary":true}],"title":"Guide","active":true,"groups":[],"password":"ignored",
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tours","manager":{"value":"m","$ref":"../Users/m"}}}`
		made := p.do("POST", "Users", full)
		id := made.want(t, http.StatusCreated)
		for _, part := range []string{`"externalId":"701984"`, `"userName":"bjensen@acme.test"`, `"nickName":"B"`, `"active":true`, `"formatted":"Ms. Barbara"`,
			`"emails":[{"primary":true,"type":"work","value":"b@acme.test"}]`, `"addresses":[{"locality":"Hollywood","primary":true,"type":"work"}]`,
			`"meta":{"created":"2000-01-01T`, `"resourceType":"User"`, `"department":"Tours","manager":{"value":"m"}`,
			`"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]`} {
			if !strings.Contains(made.raw, part) {
				t.Errorf("it lacks %s: %s", part, made.raw)
			}
		}
		if strings.Contains(made.raw, "ignored") || p.do("GET", "Users/"+id, "").raw != made.raw {
			t.Errorf("it is another then: %s", p.do("GET", "Users/"+id, "").raw)
		}
		changed := p.do("PATCH", "Users/"+id, patch(`{"op":"replace","path":"active","value":"false"},{"op":"remove","path":"title"}`))
		changed.want(t, http.StatusOK)
		if changed.body["active"] != false || changed.body["title"] != nil || changed.body["nickName"] != "B" {
			t.Errorf("patched, it is %s", changed.raw)
		}
		put := p.do("PUT", "Users/"+id, scimUser("bjensen@acme.test"))
		put.want(t, http.StatusCreated)
		if put.body["nickName"] != nil || put.body["externalId"] != "x-bjensen@acme.test" || put.body["active"] != true {
			t.Errorf("put, it is %s", put.raw)
		}
		for text, want := range map[string]int{
			`userName eq "BJensen@acme.test"`: 1, `externalId eq "x-bjensen@acme.test"`: 1, `externalId eq "701984"`: 0, `id eq "` + id + `"`: 1,
			`id eq "` + id + `" and manager eq "m"`: 0, `groups.value eq "g-1"`: 2, `userName eq "nobody"`: 0,
		} {
			if got := p.do("GET", "Users"+filter(text), "").found(t); len(got) != want {
				t.Errorf("%s finds %q", text, got)
			}
		}
		w.browser().signIn(w, east, "bjensen@acme.test")
		p.do("DELETE", "Users/"+id, "").want(t, http.StatusNoContent)
		p.do("GET", "Users/"+id, "").want(t, http.StatusNotFound)
	}, withSCIM)
}

func TestGroupsBySCIM(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		made := p.do("POST", "Groups", `{"displayName":"Pilots","externalId":"77","members":[{"value":"u-1","$ref":"../Users/u-1","type":"User"}]}`)
		id := made.want(t, http.StatusCreated)
		if made.body["members"] != nil || made.body["displayName"] != "Pilots" || made.body["externalId"] != "77" {
			t.Errorf("it is made as %s", made.raw)
		}
		if got := p.do("GET", "Groups/"+id, ""); !strings.Contains(got.raw, `"members":[]`) {
			t.Errorf("its members are told: %s", got.raw)
		}
		members := func() []string { return p.do("GET", "Users"+filter(`groups.value eq "`+id+`"`), "").found(t) }
		if got := fmt.Sprint(members()); got != "[u-1]" {
			t.Errorf("its members are %s", got)
		}
		for _, c := range []struct{ operations, members string }{
			{`{"op":"add","path":"members","value":[{"value":"u-2"},{"value":"u-1"}]}`, "u-1 u-2"},
			{`{"op":"remove","path":"members","value":[{"value":"u-1"}]}`, "u-2"},
			{`{"op":"Add","path":"members","value":[{"$ref":null,"value":"u-3"}]},{"op":"replace","path":"displayName","value":"Captains"}`, "u-2 u-3"},
			{`{"op":"remove","path":"members[value eq \"u-2\"]"}`, "u-3"},
			{`{"op":"remove","path":"members[value eq \"nobody\"]"}`, "u-3"},
		} {
			p.do("PATCH", "Groups/"+id, patch(c.operations)).want(t, http.StatusNoContent)
			got := members()
			if len(got) != len(strings.Fields(c.members)) || !strings.Contains(c.members, got[0]) {
				t.Errorf("after %s they are %q", c.operations, got)
			}
		}
		for text, want := range map[string]int{
			`displayName eq "Captains"`: 1, `displayName eq "Pilots"`: 0, `externalId eq "77"`: 1, `members.value eq "u-3"`: 1, `id eq "` + id + `"`: 1,
			`id eq "` + id + `" and members eq "u-3"`: 1, `members eq "u-1" and id eq "` + id + `"`: 0,
		} {
			if got := p.do("GET", "Groups"+filter(text)+"&excludedAttributes=members", "").found(t); len(got) != want {
				t.Errorf("%s finds %q", text, got)
			}
		}
		p.do("GET", "Groups"+filter(`members.value eq "nobody"`), "").want(t, http.StatusNotFound)
		p.do("DELETE", "Groups/"+id, "").want(t, http.StatusNoContent)
		p.do("DELETE", "Groups/"+id, "").want(t, http.StatusNotFound)
	}, withSCIM)
}

// TestRefusalsOfSCIM has AWS's own words, in its own body.
func TestRefusalsOfSCIM(t *testing.T) {
	const bad = "Request is unparsable, syntactically incorrect, or violates schema."
	const duplicate = "Refused to create a new, duplicate resource."
	many := strings.Repeat(`{"value":"u-1"},`, 101)
	many = "[" + many[:len(many)-1] + "]"
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		p.do("POST", "Users", scimUser("cleo@acme.test")).want(t, http.StatusCreated)
		for _, c := range []struct {
			method, path, body string
			status             int
			detail             string
		}{
			{"POST", "Users", scimUser("CLEO@acme.test"), 409, duplicate},
			{"POST", "Users", strings.Replace(scimUser("dan@acme.test"), "x-dan@acme.test", "x-cleo@acme.test", 1), 409, duplicate},
			{"POST", "Groups", `{"displayName":"everyone"}`, 409, duplicate},
			{"PATCH", "Users/u-1", patch(`{"op":"replace","path":"userName","value":"bob@acme.test"}`), 409, duplicate},
			{"PATCH", "Groups/g-1", patch(`{"op":"replace","path":"members","value":[{"value":"u-1"}]}`), 400, "Replacing group memberships is not supported."},
			{"PATCH", "Groups/g-1", patch(`{"op":"replace","value":{"members":[]}}`), 400, "Replacing group memberships is not supported."},
			{"PATCH", "Groups/g-1", patch(`{"op":"add","path":"members","value":` + many + `}`), 400, bad},
			{"POST", "Groups", `{"displayName":"many","members":` + many + `}`, 400, bad},
			{"PATCH", "Groups/g-1", patch(`{"op":"remove","path":"members"}`), 400, bad},
			{"PATCH", "Groups/g-1", patch(`{"op":"remove","value":[{"value":"u-1"}]}`), 400, bad},
			{"PATCH", "Groups/g-1", patch(`{"op":"add","path":"members","value":[{"value":"nobody"}]}`), 400, bad},
			{"PATCH", "Groups/g-1", patch(`{"op":"replace","value":{"id":"g-1","displayName":"everybody"}}`), 400, bad},
			{"PUT", "Groups/g-1", `{"displayName":"everybody"}`, 400, bad},
			{"POST", "Users", `{"userName":"x","displayName":"x"}`, 400, bad},
			{"POST", "Users", strings.Replace(scimUser("x"), `"primary":true`, `"primary":false`, 1), 400, bad},
			{"POST", "Users", strings.Replace(scimUser("x"), `}]`, `},{"value":"y","primary":true}]`, 1), 400, bad},
			{"POST", "Users", strings.Replace(scimUser("x"), `{`, `{"groups":[{"value":"g-1"}],`, 1), 400, bad},
			{"POST", "Users", scimUser("a b"), 400, bad},
			{"POST", "Users", `{`, 400, bad},
			{"POST", "Users", `null`, 400, bad},
			{"POST", "Users", strings.Repeat(" ", 2<<20), 413, bad},
			{"PATCH", "Users/u-1", patch(`{"op":"remove","path":"userName"}`), 400, bad},
			{"PATCH", "Users/u-1", patch(`{"op":"add","path":"photos","value":"x"}`), 400, bad},
			{"GET", "Users" + filter(`userName sw "x"`), "", 400, bad},
			{"GET", "Users" + filter(`displayName eq "x"`), "", 400, bad},
			{"GET", "Users?count=0", "", 400, bad},
			{"GET", "Users?cursor=x", "", 400, bad},
			{"GET", "Users/nobody", "", 404, "Specified resource (e.g., User) or endpoint does not exist."},
			{"PATCH", "Users/nobody", patch(`{"op":"replace","path":"active","value":true}`), 404, "Specified resource (e.g., User) or endpoint does not exist."},
			{"PATCH", "Groups/nobody", patch(`{"op":"add","path":"members","value":[{"value":"u-1"}]}`), 404, "Specified resource (e.g., User) or endpoint does not exist."},
			{"GET", "Me", "", 404, "Specified resource (e.g., User) or endpoint does not exist."},
		} {
			got := p.do(c.method, c.path, c.body)
			const kind = `["urn:ietf:params:scim:api:messages:2.0:Error"]`
			_, err := time.Parse("2006-01-02 15:04:05.000", fmt.Sprint(got.body["timeStamp"]))
			if got.status != c.status || got.body["detail"] != c.detail || got.body["status"] != fmt.Sprint(c.status) || err != nil ||
				!isID(fmt.Sprint(got.body["exceptionRequestId"])) || !strings.Contains(got.raw, `"schema":`+kind) || !strings.Contains(got.raw, `"schemas":`+kind) {
				t.Errorf("%s %s %.150s is answered %d: %s", c.method, c.path, c.body, got.status, got.raw)
			}
		}
	}, withSCIM, func(c *Config) { c.Behaviour.Quotas = false })
}

// TestTokensOfSCIM: one serves for a year, there are two at most, and the instance's id must be right beside.
func TestTokensOfSCIM(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx, r := t.Context(), w.replicas[east]
		status := func(token string) int {
			return (&provisioner{t, w, token}).do("GET", "ServiceProviderConfig", "").status
		}
		for token, want := range map[string]int{scimSecret: 200, "": 401, "another": 401} {
			if got := status(token); got != want {
				t.Errorf("with %q: %d, want %d", token, got, want)
			}
		}
		second := must[SCIMToken](t)(r.CreateSCIMToken(ctx))
		if got := status(second.Token); got != 200 || second.Expires.Sub(second.Created) != scimTokenLife {
			t.Errorf("the second: %d until %v", got, second.Expires)
		}
		if _, err := r.CreateSCIMToken(ctx); err == nil {
			t.Error("there is a third")
		}
		all := must[[]SCIMToken](t)(r.SCIMTokens(ctx))
		if len(all) != 2 || all[0].Token != "" {
			t.Errorf("they are %+v", all)
		}
		w.restart(east)
		if got := status(scimSecret); got != 200 {
			t.Errorf("after a restart: %d", got)
		}
		r = w.replicas[east]
		if err := r.DeleteSCIMToken(ctx, second.ID); err != nil || status(second.Token) != 401 {
			t.Errorf("deleted, it serves: %v", err)
		}
		if _, err := w.replicas[west].CreateSCIMToken(ctx); err == nil {
			t.Error("an additional Region makes tokens")
		}
		elsewhere := strings.Replace(w.instance.SCIMURL(), w.instance.UUID, "00000000-0000-4000-8000-000000000000", 1)
		a := w.browser().get(elsewhere+"/Users", "Authorization", "Bearer "+scimSecret)
		a.want(t, http.StatusUnauthorized)
	}, withSCIM)
}

// TestATokenOfSCIMExpires after a year on the Region's clock.
func TestATokenOfSCIMExpires(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		deps := w.deps[east]
		for late, want := range map[time.Duration]int{scimTokenLife - time.Minute: 200, scimTokenLife: 401} {
			deps.Now = func() time.Time { return time.Now().Add(late) }
			w.deps[east] = deps
			w.restart(east)
			p.do("GET", "ServiceProviderConfig", "").want(t, want)
		}
	}, withSCIM)
}

// TestWhereSCIMIs: in the primary alone, where what it says of itself says what AWS's guide says.
func TestWhereSCIMIs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, host := range []string{names.SCIMHost(west), names.DualStackSCIMHost(west)} {
			if w.replicas[west].Hosts()[host] != "" {
				t.Errorf("%s is served", host)
			}
		}
		if w.replicas[east].Hosts()[names.DualStackSCIMHost(east)] != "scim" {
			t.Error("the primary has no SCIM at its other host")
		}
		p := &provisioner{t, w, scimSecret}
		for path, part := range map[string]string{
			"ServiceProviderConfig": `"filter":{"maxResults":50,"supported":true}`, "ResourceTypes": `"totalResults":2`,
			"ResourceTypes/Group": `"endpoint":"/Groups"`, "Schemas": `"totalResults":3`,
			"Schemas/urn:ietf:params:scim:schemas:core:2.0:User": `"uniqueness":"server"`,
		} {
			if got := p.do("GET", path, ""); got.status != 200 || !strings.Contains(got.raw, part) {
				t.Errorf("%s: %s", path, got.raw)
			}
		}
		w.kms[east].set("DisabledException")
		p.do("GET", "Users", "").want(t, http.StatusForbidden)
		w.kms[east].set("silent")
		p.do("GET", "Users", "").want(t, http.StatusInternalServerError)
	}, withSCIM)
}

// TestPagesOfSCIM: one page of 50 without a cursor, and all with one.
func TestPagesOfSCIM(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		for i := range 117 {
			p.do("POST", "Users", scimUser(fmt.Sprintf("user-%d", i))).want(t, http.StatusCreated)
		}
		first := p.do("GET", "Users?startIndex=51", "")
		if got := first.found(t); len(got) != 50 || first.body["totalResults"] != 50.0 || first.body["nextCursor"] != nil {
			t.Errorf("without a cursor: %d of %v", len(got), first.body["totalResults"])
		}
		seen, next := map[string]bool{}, ""
		for _, want := range []int{100, 20} {
			page := p.do("GET", "Users?cursor="+next, "")
			got := page.found(t)
			for _, id := range got {
				seen[id] = true
			}
			if next, _ = page.body["nextCursor"].(string); len(got) != want || page.body["totalResults"] != nil || page.body["itemsPerPage"] != float64(want) {
				t.Errorf("with a cursor: %d, want %d", len(got), want)
			}
		}
		if len(seen) != 120 || next != "" {
			t.Errorf("%d users, and then %q", len(seen), next)
		}
		next, _ = p.do("GET", "Users?cursor&count=7", "").body["nextCursor"].(string)
		p.do("GET", "Users?count=7&cursor="+next+"&filter="+url.QueryEscape(`groups.value eq "g-1"`), "").want(t, http.StatusBadRequest)
	}, withSCIM, func(c *Config) { c.Behaviour.Quotas = false })
}

// TestQuotasOfSCIM: 40 reads and 25 writes a second of each operation.
func TestQuotasOfSCIM(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		for call, want := range map[[2]string]int{{"GET", "Users/u-1"}: scimReadRate, {"DELETE", "Users/nobody"}: scimWriteRate} {
			n := 0
			for p.do(call[0], call[1], "").status != http.StatusTooManyRequests {
				n++
			}
			if n != want {
				t.Errorf("%v: %d are answered, want %d", call, n, want)
			}
		}
	}, withSCIM)
}
