package byhand_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/regiondrill/regiondrill/harness/byhand"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// page is the lab's page as a browser has it.
type page struct {
	t           *testing.T
	lab         *byhand.Lab
	host, token string
}

func open(t *testing.T) *page {
	t.Helper()
	p := &page{t: t, lab: up(t)}
	l := loopback(t)
	server, err := p.lab.Page(l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	p.host = l.Addr().String()
	_, text := p.ask(http.MethodGet, "/", "", nil)
	p.token = regexp.MustCompile(`name="token" content="(\w+)"`).FindStringSubmatch(text)[1]
	return p
}

// own are the headers of the page's own requests.
func (p *page) own() map[string]string {
	return map[string]string{"X-Regiondrill-Token": p.token, "Origin": "http://" + p.host}
}

// ask puts a request; the header Host stands for another address.
func (p *page) ask(method, path, body string, headers map[string]string) (*http.Response, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.host+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	if host := headers["Host"]; host != "" {
		request.Host = host
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, string(text)
}

const outage = `{"kind": "region_outage", "settings": ["where.region=us-east-1"]}`

// Another page in the same browser, or a name of its own that leads here, neither breaks anything nor sees anything.
func TestOnlyThePageItself(t *testing.T) {
	p := open(t)
	token, origin := p.token, "http://"+p.host
	for name, headers := range map[string]map[string]string{
		"nothing":             {},
		"no token":            {"Origin": origin},
		"another token":       {"Origin": origin, "X-Regiondrill-Token": token[1:] + "A"},
		"no origin":           {"X-Regiondrill-Token": token},
		"another origin":      {"X-Regiondrill-Token": token, "Origin": "http://127.0.0.1:1"},
		"an opaque origin":    {"X-Regiondrill-Token": token, "Origin": "null"},
		"a name of its own":   {"X-Regiondrill-Token": token, "Origin": "http://evil.test", "Host": "evil.test"},
		"a name, and ours":    {"X-Regiondrill-Token": token, "Origin": origin, "Host": "evil.test"},
		"a form's own header": {"Origin": origin, "Content-Type": "text/plain"},
	} {
		for _, path := range []string{byhand.PathBreak, byhand.PathHeal} {
			if answer, text := p.ask(http.MethodPost, path, outage, headers); answer.StatusCode < 400 {
				t.Errorf("%s: %s answers %s: %s", name, path, answer.Status, text)
			}
		}
		if broken := p.lab.State().Faults; len(broken) > 0 {
			t.Fatalf("%s: broken is %+v", name, broken)
		}
	}
	for _, path := range []string{byhand.PathState, byhand.PathKinds, byhand.PathEvents} {
		if answer, text := p.ask(http.MethodGet, path, "", nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers without a token: %s %s", path, answer.Status, text)
		}
	}
	if answer, text := p.ask(http.MethodGet, "/", "", map[string]string{"Host": "evil.test"}); answer.StatusCode < 400 {
		t.Errorf("under another name the page is %s", text)
	}
	if answer, text := p.ask(http.MethodPost, byhand.PathBreak, outage, p.own()); answer.StatusCode != http.StatusOK {
		t.Errorf("the page itself is told %s: %s", answer.Status, text)
	}
}

func TestThePageIsForThisMachine(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := up(t).Page(l); err == nil {
		t.Error("it is served to the whole network")
	}
}

// Nothing is loaded from elsewhere, and nothing stands in the page that its policy would have to allow.
func TestThePageIsWhole(t *testing.T) {
	p := open(t)
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son\w+=|<script>|javascript:`)
	for _, path := range []string{"/", "/page.css", "/page.js"} {
		answer, text := p.ask(http.MethodGet, path, "", nil)
		if answer.StatusCode != http.StatusOK || strings.Contains(text, "://") || inline.MatchString(text) {
			t.Errorf("%s is %s, or leads elsewhere, or has something inline", path, answer.Status)
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") ||
			strings.Contains(policy, "unsafe") || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has the policy %q", path, policy)
		}
	}
	if answer, _ := p.ask(http.MethodGet, "/page.html", "", nil); answer.StatusCode == http.StatusOK {
		t.Error("the template is served")
	}
}

// Whatever the form offers can be asked for.
func TestEveryOffer(t *testing.T) {
	p := open(t)
	var kinds []byhand.Kind
	_, text := p.ask(http.MethodGet, byhand.PathKinds, "", p.own())
	if err := json.Unmarshal([]byte(text), &kinds); err != nil || len(kinds) < 8 {
		t.Fatalf("%d kinds, %v: %s", len(kinds), err, text)
	}
	for _, k := range kinds {
		if k.Name == "process" {
			t.Error("a kind is offered that the lab can't carry")
		}
		if len(k.Hits) == 0 {
			t.Errorf("%s hits nothing", k.Name)
		}
		settings := []string{k.Hits[0].Setting}
		for _, f := range k.Keys {
			if f.Value != "" {
				settings = append(settings, f.Key+"="+f.Value)
			}
		}
		asked := func(more ...string) string {
			said, err := json.Marshal(byhand.Breakage{Kind: k.Name, Settings: append(more, settings...)})
			if err != nil {
				t.Fatal(err)
			}
			return string(said)
		}
		var all []string
		for _, f := range k.Keys {
			for _, word := range f.Words {
				if f.Key == "where.service" {
					all = append(all, asked(f.Key+"="+word))
				}
			}
		}
		for _, body := range append(all, asked()) {
			answer, text := p.ask(http.MethodPost, byhand.PathBreak, body, p.own())
			if answer.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", body, text)
			}
			p.ask(http.MethodPost, byhand.PathHeal, "{}", p.own())
		}
	}
}

// Who breaks the primary sees the people carried by the other Region, live.
func TestCarryingMoves(t *testing.T) {
	p := open(t)
	wait, err := p.lab.People(t.Context(), 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wait)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.host+byhand.PathEvents, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Regiondrill-Token", p.token)
	events, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	lines := bufio.NewScanner(events.Body)
	lines.Buffer(nil, 1<<20)
	until := func(what string, so func(s *byhand.State) bool) {
		t.Helper()
		for lines.Scan() {
			data, is := strings.CutPrefix(lines.Text(), "data: ")
			var s byhand.State
			if is && json.Unmarshal([]byte(data), &s) == nil && so(&s) {
				return
			}
		}
		t.Fatalf("the events end before %s: %v", what, lines.Err())
	}
	staffBy := func(s *byhand.State, region string) bool {
		for _, in := range s.SignIns {
			if in.Probe == "staff" {
				return in.Carried == region
			}
		}
		return false
	}
	until("people sign in at home", func(s *byhand.State) bool { return staffBy(s, "us-east-1") })
	p.ask(http.MethodPost, byhand.PathBreak, outage, p.own())
	until("they are carried by the other Region", func(s *byhand.State) bool {
		return staffBy(s, "eu-west-1") && len(s.Faults) == 1 && s.Faults[0].State == engine.BreakProven && s.Regions[0].Dark &&
			s.Carried[0].Probe == "staff" && s.Carried[0].Latest == "eu-west-1" && s.Carried[0].Good["us-east-1"] > 0
	})
	p.ask(http.MethodPost, byhand.PathHeal, "{}", p.own())
	until("they are back at home", func(s *byhand.State) bool { return staffBy(s, "us-east-1") && len(s.Faults) == 0 })
}

// A person breaks and heals on the page.
func TestInABrowser(t *testing.T) {
	path, err := browser.Find(os.Getenv)
	if err != nil {
		t.Skip(err)
	}
	p := open(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	text := func(of chromedp.CSS) string {
		t.Helper()
		said, err := chromedp.Run(ctx, chromedp.Text(of))
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	do(chromedp.Navigate("http://"+p.host+"/"),
		chromedp.WaitReady(chromedp.CSS(`#hit option[value="where.region=us-east-1"]`)))
	if said := text("#command"); said != "regiondrill lab break region_outage where.region=us-east-1" {
		t.Errorf("the command is %q", said)
	}
	do(chromedp.Click(chromedp.CSS("#go")), chromedp.WaitVisible(chromedp.CSS("#regions li.dark")),
		chromedp.WaitVisible(chromedp.CSS(`#faults li[data-name="region-outage-us-east-1"]`)))
	if broken := p.lab.State().Faults; len(broken) != 1 || text("#regions li.dark .pill") != "out of reach" {
		t.Errorf("broken is %+v", broken)
	}
	do(chromedp.Click(chromedp.CSS("#faults button.heal")), chromedp.WaitVisible(chromedp.CSS("#nothing")),
		chromedp.WaitVisible(chromedp.CSS("#said.good")))
	if broken, said := p.lab.State().Faults, text("#said"); len(broken) > 0 || !strings.HasPrefix(said, "region-outage-us-east-1 is healed") {
		t.Errorf("broken is %+v; it says %q", broken, said)
	}
}
