package report

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// hook takes what is sent to it, and answers one status after another, the last of them from then on.
type hook struct {
	statuses []int
	paths    []string
	bodies   []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.paths, h.bodies = append(h.paths, r.Method+" "+r.URL.Path), append(h.bodies, string(body))
	if len(h.statuses) == 0 {
		return
	}
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(h.statuses[0])
	if len(h.statuses) > 1 {
		h.statuses = h.statuses[1:]
	}
}

// notifier tells a hook, in a way that tries again at once.
func notifier(t testing.TB, name string, h *hook) *Notifier {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	env := map[string]string{slackVariable: server.URL + "/hush", webhookVariable: server.URL + "/hush\n",
		pagerDutyVariable: "hush", pagerDutyAt: server.URL}
	n, err := NewNotifier(name, func(key string) string { return env[key] })
	if err != nil {
		t.Fatal(err)
	}
	n.wait = time.Nanosecond
	return n
}

func outcomes() []Notice {
	return []Notice{{Of: OfDrill, Scenario: "one", Environment: "staging", Grade: verdict.Fail,
		Sentence: "staff <!channel> were never back.", Report: "https://ci.example/one"},
		{Of: OfSimulation, Scenario: "two", Grade: verdict.Pass, Sentence: "12 drills."},
		{Of: OfDrill, Scenario: "three", Grade: verdict.Skipped, Sentence: "it was not run."}}
}

func TestTellingSlack(t *testing.T) {
	h := &hook{}
	if err := notifier(t, "slack", h).Tell(t.Context(), outcomes()); err != nil {
		t.Fatal(err)
	}
	var said struct{ Text string }
	if err := json.Unmarshal([]byte(h.bodies[0]), &said); err != nil || len(h.bodies) != 1 || h.paths[0] != "POST /hush" {
		t.Fatalf("%v: %v, %v", h.paths, h.bodies, err)
	}
	want := "❌ FAIL: one (staging): staff &lt;!channel&gt; were never back. <https://ci.example/one|Report>\n" +
		"✅ PASS: simulation of two: 12 drills."
	if said.Text != want {
		t.Errorf("it says %q", said.Text)
	}
}

func TestTellingAWebhook(t *testing.T) {
	h := &hook{}
	if err := notifier(t, "json", h).Tell(t.Context(), outcomes()); err != nil {
		t.Fatal(err)
	}
	var said struct {
		Schema   string
		Grade    verdict.Grade
		Outcomes []Notice
	}
	if err := json.Unmarshal([]byte(h.bodies[0]), &said); err != nil {
		t.Fatal(err)
	}
	if said.Schema != NoticeSchema || said.Grade != verdict.Fail || len(said.Outcomes) != 2 || said.Outcomes[0] != outcomes()[0] {
		t.Errorf("it says %+v", said)
	}
}

// A drill that fails or is unknown opens an incident of its scenario and environment, and one that passes ends it.
func TestTellingPagerDuty(t *testing.T) {
	h := &hook{statuses: []int{http.StatusAccepted}}
	n := notifier(t, "pagerduty", h)
	bad := outcomes()[0]
	good, unsure := bad, bad
	good.Grade, unsure.Grade = verdict.Pass, verdict.Unknown
	for _, o := range []Notice{bad, unsure, good} {
		if err := n.Tell(t.Context(), []Notice{o}); err != nil {
			t.Fatal(err)
		}
	}
	type event struct {
		Key     string `json:"routing_key"`
		Action  string `json:"event_action"`
		Dedup   string `json:"dedup_key"`
		Payload struct{ Summary, Source, Severity string }
		Links   []struct{ Href string }
	}
	var all [3]event
	for i, body := range h.bodies {
		if err := json.Unmarshal([]byte(body), &all[i]); err != nil || h.paths[i] != "POST /v2/enqueue" || all[i].Key != "hush" {
			t.Errorf("%s: %s, %v", h.paths[i], body, err)
		}
	}
	if all[0].Action != "trigger" || all[0].Payload.Severity != "error" || all[0].Payload.Source != "staging" ||
		!strings.HasPrefix(all[0].Payload.Summary, "FAIL: one") || all[0].Links[0].Href != bad.Report {
		t.Errorf("%+v", all[0])
	}
	if all[1].Action != "trigger" || all[1].Payload.Severity != "warning" || all[2].Action != "resolve" {
		t.Errorf("%+v", all)
	}
	if all[0].Dedup != "regiondrill/drill/one/staging" || all[0].Dedup != all[2].Dedup {
		t.Errorf("the keys are %q and %q", all[0].Dedup, all[2].Dedup)
	}
	bad.Scenario = strings.Repeat("long ", 100)
	if key := dedup(&bad); len(key) > 255 {
		t.Errorf("a key has %d bytes", len(key))
	}
}

// What may pass is tried again a few times; what is refused is not, and neither is a way elsewhere followed.
func TestTellingAgain(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		asked    int
		says     string
	}{
		"at last":     {[]int{500, 429, 200}, 3, ""},
		"never":       {[]int{503}, 1 + retries, "503 Service Unavailable"},
		"refused":     {[]int{403}, 1, "403 Forbidden"},
		"led to else": {[]int{302}, 1, "302 Found"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &hook{statuses: c.statuses}
			err := notifier(t, "slack", h).Tell(t.Context(), outcomes())
			if (err == nil) != (c.says == "") || len(h.bodies) != c.asked {
				t.Fatalf("it was asked %d times: %v", len(h.bodies), err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush")) {
				t.Error(err)
			}
		})
	}
}

// No error has the address or the key, whatever is in the way.
func TestTellingNoSecret(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		address string
	}{
		"gone": {t.Context(), gone.URL + "/hush"}, "stopped": {over, gone.URL + "/hush"},
		"no name": {t.Context(), "http://hush.invalid/"}, "not a name": {t.Context(), "https://hush\x7f.example"},
		"no URL": {t.Context(), "hush"}, "other scheme": {t.Context(), "slack://hush"}, "none": {t.Context(), " "},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := NewNotifier("slack", func(string) string { return c.address })
			if err == nil {
				n.wait = time.Nanosecond
				err = n.Tell(c.ctx, outcomes())
			} else if !strings.Contains(err.Error(), slackVariable) {
				t.Errorf("it doesn't name the variable: %v", err)
			}
			if err == nil || strings.Contains(err.Error(), "hush") {
				t.Error(err)
			}
		})
	}
	if _, err := NewNotifier("pagerduty", func(string) string { return "hush hush" }); err == nil || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
	if _, err := NewNotifier("slak", func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "json, pagerduty, slack") {
		t.Error(err)
	}
}

// What could not be undone is told, and is nobody's success.
func TestNotices(t *testing.T) {
	r := sample(t, "flagship")
	n := NoticeOf(r, "staging", "https://ci.example")
	if n.Grade != verdict.Pass || n.Of != OfDrill || n.Scenario != "primary-region-outage" || !strings.Contains(n.Sentence, "staff were back") {
		t.Errorf("%+v", n)
	}
	r.History.End = &history.End{Reason: history.Completed}
	if n := NoticeOf(r, "", ""); n.Grade != verdict.Unknown || !strings.Contains(n.Sentence, "could not be undone") {
		t.Errorf("%+v", n)
	}
	s := sets(t)["set-missed"]
	s.Virtual = true
	if n := NoticeOf(Summed(s, ""), "", ""); n.Grade != verdict.Fail || n.Of != OfSimulation || !strings.Contains(n.Sentence, "met in 5 of 8") {
		t.Errorf("%+v", n)
	}
}
