package drill_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/verdict"
	"github.com/regiondrill/regiondrill/probes"
)

const kept = `schema: regiondrill.scenario/v1
name: kept
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], standby: [ap-southeast-2],
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2, people: {leaver: {}}}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 1s
settle: 5s
probes:
  - {name: leaver, kind: saml_login, from: office, home: eu-west-1, as: leaver, every: 500ms, limit: 3s}
faults: [{name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 1s}]
actions: [{name: told, kind: deprovision, user: leaver, at: 3s}]
checks: [{kind: invariants, bound: 2s}]
`

// TestInvariantsAreKept by a lab in which nothing is broken, and all of them are looked at.
func TestInvariantsAreKept(t *testing.T) {
	unlessRaced(t)
	synctest.Test(t, func(t *testing.T) {
		_, v := recorded(t, compiled(t, kept))
		if f := v.Findings[0]; f.Grade != verdict.Pass || v.Grade != verdict.Pass {
			t.Errorf("%s: %s", f.Grade, f.Summary)
		}
		looks := 0
		for _, i := range v.Invariants {
			if looks++; i.Looks == 0 || i.Grade != verdict.Pass {
				t.Errorf("%+v", i)
			}
		}
		if looks != len(history.InvariantNames()) {
			t.Errorf("%d of %d invariants", looks, len(history.InvariantNames()))
		}
	})
}

// mutants are systems that break an invariant each: what a broken service would answer is put around a lab's handlers.
var mutants = map[string]func(http.Handler) http.Handler{
	history.NoReplayedAssertion: forgiving("saml_replay"),
	history.NoForeignAssertion:  forgiving("saml_destination"),
	history.NoExpiredAssertion:  forgiving("saml_expired"),
	history.NoWrongAudience:     forgiving("saml_audience"),
	history.NoForeignToken: answering(func(r *http.Request, w *httptest.ResponseRecorder) string {
		if r.URL.Path == "/assignment/accounts" && w.Code == http.StatusUnauthorized {
			return `{"accountList":[]}`
		}
		return ""
	}),
	history.NoRecordElsewhere: answering(func(r *http.Request, w *httptest.ResponseRecorder) string {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ListUsers") && w.Code == http.StatusNotFound {
			return `{"Users":[{"UserId":"1","IdentityStoreId":"d-1"}]}`
		}
		return ""
	}),
	history.NoLoginAfterRevocation: func(h http.Handler) http.Handler { // who deprovisions somebody is told that it is done
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch || r.Method == http.MethodPut {
				w.Header().Set("Content-Type", "application/scim+json")
				_, _ = w.Write([]byte(`{}`))
				return
			}
			h.ServeHTTP(w, r)
		})
	},
}

// forgiving takes an assertion in spite of one thing that is wrong with it.
func forgiving(cause string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/saml/acs/") {
				h.ServeHTTP(w, r)
				return
			}
			said := httptest.NewRecorder()
			h.ServeHTTP(said, r)
			if strings.Contains(said.Body.String(), cause) {
				http.Redirect(w, r, "/", http.StatusSeeOther)
				return
			}
			replay(w, said)
		})
	}
}

// answering answers otherwise where instead says how.
func answering(instead func(*http.Request, *httptest.ResponseRecorder) string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			said := httptest.NewRecorder()
			h.ServeHTTP(said, r)
			if other := instead(r, said); other != "" {
				w.Header().Set("Content-Type", said.Header().Get("Content-Type"))
				_, _ = w.Write([]byte(other))
				return
			}
			replay(w, said)
		})
	}
}

func replay(w http.ResponseWriter, said *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), said.Header())
	w.WriteHeader(said.Code)
	_, _ = w.Write(said.Body.Bytes())
}

// mutantLab is a lab with something around its handlers.
type mutantLab struct {
	harness.Target
	wrap func(http.Handler) http.Handler
}

func (m mutantLab) Provision(ctx context.Context, t harness.Topology, back *rollback.Stack) (*harness.System, error) {
	l, err := lab.Start(ctx, t, back, lab.Wrapped(m.wrap))
	if err != nil {
		return nil, err
	}
	return l.System, nil
}

// TestEveryInvariantHasAMutant that breaks it and no other, and fails the drill by that.
func TestEveryInvariantHasAMutant(t *testing.T) {
	unlessRaced(t)
	for _, name := range history.InvariantNames() {
		if name == history.NoSecretInArtifacts {
			continue // TestASecretThatLeaks
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := catalog.Default()
			base := c.Targets[0]
			c.Targets[0].New = func() harness.Target { return mutantLab{base.New(), mutants[name]} }
			violates(t, c, kept, name)
		})
	}
}

// violates drills, and sees that the invariant is violated and no other.
func violates(t *testing.T, c catalog.Catalog, text, name string) {
	t.Helper()
	_, plan, err := c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		_, v := recorded(t, plan)
		if v.Grade != verdict.Fail || v.Findings[0].Grade != verdict.Fail {
			t.Errorf("%s: %+v", v.Grade, v.Findings)
		}
		for _, i := range v.Invariants {
			if violated := i.Violations > 0; violated != (i.Name == name) {
				t.Errorf("%+v", i)
			}
		}
	})
}

// leaky are people whose password gets into the history.
type leaky struct{}

func (leaky) Journey() history.Journey                    { return history.SignIn }
func (leaky) Needs() []string                             { return nil }
func (*leaky) Open(context.Context, *harness.World) error { return nil }
func (*leaky) Close() error                               { return nil }
func (*leaky) Try(_ context.Context, a *harness.Attempt) error {
	a.Succeed(a.Home)
	a.Detail = "signed in by " + a.Person.Password
	return nil
}

// TestASecretThatLeaks into what a drill leaves is found there.
func TestASecretThatLeaks(t *testing.T) {
	unlessRaced(t)
	c := catalog.Default()
	c.Probes = append(c.Probes, harness.ProbeKind{Name: "leaky", Doc: "people whose password gets into the history",
		New: func() harness.Probe { return &leaky{} }})
	text := strings.NewReplacer("kind: saml_login", "kind: leaky", "{kind: invariants, bound: 2s}",
		"{kind: invariants, only: [no_secret_in_artifacts, no_foreign_token]}").Replace(kept)
	violates(t, c, text, history.NoSecretInArtifacts)
}

// talkative are people whose assertion gets into the history.
type talkative struct {
	people harness.Probe
	heard  *atomic.Value // the assertion that was shown last
}

func (p *talkative) Journey() history.Journey                         { return p.people.Journey() }
func (p *talkative) Needs() []string                                  { return p.people.Needs() }
func (p *talkative) Open(ctx context.Context, w *harness.World) error { return p.people.Open(ctx, w) }
func (p *talkative) Close() error                                     { return p.people.Close() }
func (p *talkative) Try(ctx context.Context, a *harness.Attempt) error {
	err := p.people.Try(ctx, a)
	if said, shown := p.heard.Load().(string); shown {
		a.Detail = "signed in by " + said
	}
	return err
}

// overhearing keeps the assertion that comes to an ACS.
func overhearing(heard *atomic.Value) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/saml/acs/") {
				body, _ := io.ReadAll(r.Body) // the handler tells of what is missing
				if form, err := url.ParseQuery(string(body)); err == nil {
					heard.Store(form.Get("SAMLResponse"))
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
			}
			h.ServeHTTP(w, r)
		})
	}
}

// TestAnAssertionThatLeaks is found, whichever provider has written it.
func TestAnAssertionThatLeaks(t *testing.T) {
	unlessRaced(t)
	for _, dialect := range []string{"okta", "entra"} {
		t.Run(dialect, func(t *testing.T) {
			c, heard := catalog.Default(), &atomic.Value{}
			base := c.Targets[0]
			c.Targets[0].New = func() harness.Target { return mutantLab{base.New(), overhearing(heard)} }
			c.Probes = append(c.Probes, harness.ProbeKind{Name: "talkative", Doc: "people whose assertion gets into the history",
				New: func() harness.Probe { return &talkative{probes.NewSAMLLogin(), heard} }})
			text := strings.NewReplacer("kind: saml_login", "kind: talkative", "{primary: us-east-1,",
				"{primary: us-east-1, idp: {dialect: "+dialect+"},", "{kind: invariants, bound: 2s}",
				"{kind: invariants, only: [no_secret_in_artifacts, no_foreign_token]}").Replace(kept)
			violates(t, c, text, history.NoSecretInArtifacts)
		})
	}
}

// TestARefusalThatSaysNothing: where what is right is refused too, nobody can say whether the rest would have been.
func TestARefusalThatSaysNothing(t *testing.T) {
	unlessRaced(t)
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		history.NoForeignAssertion: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/saml/acs/") {
					none := "SAMLResponse=bm9uZQ%3D%3D"
					r.Body, r.ContentLength = io.NopCloser(strings.NewReader(none)), int64(len(none))
				}
				h.ServeHTTP(w, r)
			})
		},
		history.NoRecordElsewhere: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ListUsers") {
					http.Error(w, `{"__type":"AccessDeniedException"}`, http.StatusBadRequest)
					return
				}
				h.ServeHTTP(w, r)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := catalog.Default()
			base := c.Targets[0]
			c.Targets[0].New = func() harness.Target { return mutantLab{base.New(), wrap} }
			text := strings.Replace(kept, "{kind: invariants, bound: 2s}", "{kind: invariants, only: ["+name+"]}", 1)
			_, plan, err := c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				_, v := recorded(t, plan)
				if i := v.Invariants[0]; i.Grade != verdict.Unknown || i.Violations > 0 || i.Looks == 0 {
					t.Errorf("%+v", i)
				}
			})
		})
	}
}
