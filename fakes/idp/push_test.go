package idp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// scimRecorder is a SCIM server that notes what it is asked. It knows what was created, by userName or displayName.
type scimRecorder struct {
	mu     sync.Mutex
	said   []string
	known  map[string]string // ids by path and name
	refuse string            // the detail of a 400 to every PATCH; empty: none
}

func (s *scimRecorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/tenant/scim/v2")
	line := r.Method + " " + path
	for _, key := range []string{"filter", "excludedAttributes"} {
		if v := r.URL.Query().Get(key); v != "" {
			line += " " + v
		}
	}
	s.said = append(s.said, strings.TrimSpace(line+" "+string(body)))
	var named struct{ UserName, DisplayName string }
	switch {
	case r.Header.Get("Authorization") != "Bearer secret":
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodPost:
		_ = json.Unmarshal(body, &named)
		id := fmt.Sprintf("id-%d", len(s.known)+1)
		s.known[path+cmp.Or(named.UserName, named.DisplayName)] = id
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id": %q}`, id)
	case r.Method == http.MethodGet && r.URL.Query().Has("filter"):
		name := strings.Trim(r.URL.Query().Get("filter")[strings.Index(r.URL.Query().Get("filter"), `"`):], `"`)
		list := []object{}
		if id, ok := s.known[path+name]; ok {
			list = append(list, object{"id": id})
		}
		_ = json.NewEncoder(w).Encode(object{"totalResults": len(list), "Resources": list})
	case r.Method == http.MethodPatch && s.refuse != "":
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(object{"detail": s.refuse, "status": "400"})
	default:
		fmt.Fprint(w, "{}")
	}
}

func pusher(t *testing.T, change func(*Push)) (*Push, *scimRecorder) {
	t.Helper()
	recorder := &scimRecorder{known: map[string]string{}}
	server := httptest.NewServer(recorder)
	t.Cleanup(server.Close)
	p := &Push{Base: server.URL + "/tenant/scim/v2/", Token: "secret", Client: server.Client()}
	change(p)
	return p, recorder
}

// What each product sends, in its order, for the life of a person and a group.
func TestPushSpeaksAsItsProductDoes(t *testing.T) {
	const find = `GET /Users userName eq "ann@acme.test"`
	for name, c := range map[string]struct {
		change func(*Push)
		want   []string
	}{
		"okta": {func(*Push) {}, []string{
			find, `POST /Users {"active":true`, "GET /Users/id-1", `PUT /Users/id-1 {"active":true`,
			`GET /Groups displayName eq "staff"`, `POST /Groups {"displayName":"staff","members":[],`,
			`PATCH /Groups/id-2 {"Operations":[{"op":"add","path":"members","value":[{"value":"id-1"}]}]`,
			`PATCH /Groups/id-2 {"Operations":[{"op":"remove","path":"members[value eq \"id-1\"]"}]`,
			`PATCH /Users/id-1 {"Operations":[{"op":"replace","value":{"active":false}}]`, "DELETE /Users/id-1",
		}},
		"entra": {func(p *Push) { p.Dialect = "entra" }, []string{
			find, `POST /Users {"active":true`,
			`PATCH /Users/id-1 {"Operations":[{"op":"Replace","path":"displayName","value":"Ann B."},`,
			`GET /Groups displayName eq "staff" members`, `POST /Groups {"displayName":"staff","externalId":`,
			`PATCH /Groups/id-2 {"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"id-1"}]}]`,
			`PATCH /Groups/id-2 {"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"id-1"}]}]`,
			`PATCH /Users/id-1 {"Operations":[{"op":"Replace","path":"active","value":"False"}]`, "DELETE /Users/id-1",
		}},
		"entra, compliant": {func(p *Push) { p.Dialect, p.Compliant = "entra", true }, []string{
			find, `POST /Users {"active":true`,
			`PATCH /Users/id-1 {"Operations":[{"op":"replace","path":"displayName","value":"Ann B."},`,
			`GET /Groups displayName eq "staff" members`, `POST /Groups {"displayName":"staff","externalId":`,
			`PATCH /Groups/id-2 {"Operations":[{"op":"add","path":"members","value":[{"value":"id-1"}]}]`,
			`PATCH /Groups/id-2 {"Operations":[{"op":"remove","path":"members[value eq \"id-1\"]"}]`,
			`PATCH /Users/id-1 {"Operations":[{"op":"replace","path":"active","value":false}]`, "DELETE /Users/id-1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p, recorder := pusher(t, c.change)
			ann := PushUser{UserName: "ann@acme.test", GivenName: "Ann", FamilyName: "Berg", DisplayName: "Ann Berg"}
			who := []string{ann.UserName}
			errs := []error{p.User(t.Context(), ann)}
			ann.DisplayName = "Ann B."
			errs = append(errs, p.User(t.Context(), ann), p.Group(t.Context(), "staff"), p.Group(t.Context(), "staff"),
				p.Members(t.Context(), "staff", who, nil), p.Members(t.Context(), "staff", nil, who),
				p.Enable(t.Context(), ann.UserName, false), p.Delete(t.Context(), ann.UserName))
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if len(recorder.said) != len(c.want) {
				t.Fatalf("it said\n%s", strings.Join(recorder.said, "\n"))
			}
			for i, want := range c.want {
				if !strings.HasPrefix(recorder.said[i], want) {
					t.Errorf("%d: it said\n%s\nwant\n%s", i, recorder.said[i], want)
				}
			}
		})
	}
}

// A product that is set up anew knows nobody's id: it links to who is there, and creates nobody twice.
func TestPushLinksToWhoIsThere(t *testing.T) {
	for _, dialect := range []string{"okta", "entra"} {
		first, recorder := pusher(t, func(p *Push) { p.Dialect = dialect })
		again := &Push{Dialect: dialect, Base: first.Base, Token: first.Token, Client: first.Client}
		for _, p := range []*Push{first, again} {
			if err := errors.Join(p.User(t.Context(), PushUser{UserName: ann}), p.Group(t.Context(), "staff"),
				p.Members(t.Context(), "staff", []string{ann}, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if all := strings.Join(recorder.said, "\n"); strings.Count(all, "POST /Users") != 1 ||
			strings.Count(all, "POST /Groups") != 1 {
			t.Errorf("%s said\n%s", dialect, all)
		}
	}
}

func TestPushSendsNoMoreMembersThanAreTaken(t *testing.T) {
	p, recorder := pusher(t, func(*Push) {})
	if err := p.Group(t.Context(), "staff"); err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range 250 {
		all = append(all, fmt.Sprintf("user-%03d@acme.test", i))
		if err := p.User(t.Context(), PushUser{UserName: all[i]}); err != nil {
			t.Fatal(err)
		}
	}
	recorder.said = nil
	if err := p.Members(t.Context(), "staff", all, nil); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{100, 100, 50} {
		if got := strings.Count(recorder.said[i], `{"value":`); got != want {
			t.Errorf("request %d has %d members, want %d", i, got, want)
		}
	}
}

func TestPushTellsWhatIsRefused(t *testing.T) {
	p, recorder := pusher(t, func(*Push) {})
	if err := errors.Join(p.User(t.Context(), PushUser{UserName: ann}), p.Group(t.Context(), "staff")); err != nil {
		t.Fatal(err)
	}
	recorder.refuse = "Replacing group memberships is not supported."
	err := p.PushNow(t.Context(), "staff", []string{ann})
	var refused *PushError
	if !errors.As(err, &refused) || refused.Status != 400 || refused.Detail != recorder.refuse {
		t.Errorf("%v", err)
	}
	for name, do := range map[string]func() error{
		"nobody":    func() error { return p.Enable(t.Context(), "nobody@acme.test", false) },
		"no group":  func() error { return p.Members(t.Context(), "nowhere", nil, nil) },
		"no member": func() error { return p.Members(t.Context(), "staff", []string{"nobody@acme.test"}, nil) },
		"a token": func() error {
			other := &Push{Base: p.Base, Token: "another", Client: p.Client}
			return other.User(t.Context(), PushUser{UserName: ann})
		},
		"a dialect": func() error { return (&Push{Dialect: "klingon"}).Group(t.Context(), "staff") },
	} {
		if err := do(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
