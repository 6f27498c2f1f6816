package browser

import (
	"encoding/json"
	"io"
	"log"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

var (
	discard = log.New(io.Discard, "", 0)
	getenv  = os.Getenv
)

// noSecrets proves that an attempt tells nothing that the person or their browser holds, nor any query.
func noSecrets(t *testing.T, a *harness.Attempt) {
	t.Helper()
	told, err := json.Marshal(struct {
		Detail string
		Steps  []harness.Step
	}{a.Detail, a.Steps})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"canary", "?", "http", "/"} {
		if strings.Contains(string(told), secret) {
			t.Errorf("%q is in %s", secret, told)
		}
	}
}

// names of an attempt's steps.
func names(a *harness.Attempt) string {
	var all []string
	for _, s := range a.Steps {
		all = append(all, s.Name)
	}
	return strings.Join(all, " ")
}

func TestAPersonSignsIn(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	began := time.Now()
	a := try(t, l, attempt(), 10*time.Second)
	if a.Outcome != history.Good || a.Region != virginia {
		t.Fatalf("outcome %s in %q, class %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
	}
	if got := names(a); got != "portal signin idp_form idp_login acs portal accounts" {
		t.Errorf("steps: %s", got)
	}
	noSecrets(t, a)
	at := began
	for _, st := range a.Steps {
		if st.Began.Before(at) || st.Ended.Before(st.Began) || st.Ended.After(a.Ended) {
			t.Errorf("%s began %v after the one before and took %v", st.Name, st.Began.Sub(at), st.Ended.Sub(st.Began))
		}
		if want := map[string]string{portalHost(virginia): virginia, signinHost(virginia): virginia, apiHost(virginia): virginia, idpHost: ""}; st.Region != want[st.Host] {
			t.Errorf("%s at %s is of Region %q", st.Name, st.Host, st.Region)
		}
		at = st.Began
	}
}
