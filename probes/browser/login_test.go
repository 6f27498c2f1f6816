package browser

import (
	"encoding/json"
	"io"
	"log"
	"os"
	"slices"
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

// A page may be slow and odd, and yet let its person in.
func TestOddPagesThatLetIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := open(t, s)
	const late = `setTimeout(() => show("` + testAccount + `"), 700);`
	tests := []struct {
		name string
		page string
	}{
		{"a slow script", late},
		{"dialogs", `alert("canary"); confirm("canary"); prompt("canary"); ` + late},
		{"a dialog on leaving", `addEventListener("beforeunload", (e) => e.preventDefault()); ` + late},
		{"a script with an error", `setTimeout(() => { undefined.nothing(); }, 100); ` + late},
		{"more windows", `window.open("https://` + idpHost + `/"); window.open("about:blank"); ` + late},
		{"a thousand accounts", `for (let i = 0; i < 1000; i++) { show("x" + i); } show("` + testAccount + `");`},
		{"a frame that is somebody else's", `const f = document.createElement("iframe"); f.src = "https://` + idpHost + `/"; document.body.append(f); ` + late},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer s.lift()
			page2(portalPage(virginia, test.page))(s)
			a := try(t, l, attempt(), 10*time.Second)
			if a.Outcome != history.Good || a.Region != virginia {
				t.Errorf("%s in %q, %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
			}
			noSecrets(t, a)
		})
	}
}

func TestBrowserGetsNothingOfTheEnvironment(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("SystemRoot", `C:\Windows`)
	for goos, needed := range map[string][]string{
		"linux":   {"HOME=/folder", "TMPDIR=/folder", "PATH=" + os.Getenv("PATH")},
		"windows": {"TEMP=/folder", "LOCALAPPDATA=/folder", `SystemRoot=C:\Windows`, "PATH=" + os.Getenv("PATH")},
	} {
		env := environment(goos, "/folder")
		for _, v := range env {
			if strings.Contains(v, "canary") || strings.Contains(v, "PROXY") {
				t.Errorf("on %s it gets %s", goos, v)
			}
		}
		for _, v := range needed {
			if !slices.Contains(env, v) {
				t.Errorf("on %s it lacks %s", goos, v)
			}
		}
	}
}

func BenchmarkSignIn(b *testing.B) {
	s := newSite(b)
	l := open(b, s)
	try(b, l, attempt(), 10*time.Second)
	for b.Loop() {
		if a := try(b, l, attempt(), 10*time.Second); a.Outcome != history.Good {
			b.Fatal(a.Detail)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
}

// From nothing to the first person who is in.
func BenchmarkFirstSignIn(b *testing.B) {
	if _, err := Find(getenv); err != nil {
		b.Skip(err)
	}
	s := newSite(b)
	for b.Loop() {
		l := New()
		if err := l.Open(b.Context(), s.system()); err != nil {
			b.Fatal(err)
		}
		if a := try(b, l, attempt(), 10*time.Second); a.Outcome != history.Good {
			b.Fatal(a.Detail)
		}
		b.StopTimer()
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
