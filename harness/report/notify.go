package report

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// The variables that say where outcomes are told, which are secrets. No word of this program repeats one.
const (
	slackVariable     = "REGIONDRILL_SLACK_WEBHOOK"
	webhookVariable   = "REGIONDRILL_WEBHOOK"
	pagerDutyVariable = "REGIONDRILL_PAGERDUTY_ROUTING_KEY"
	// pagerDutyAt is where PagerDuty takes events, for accounts elsewhere than in the US. It is no secret.
	pagerDutyAt = "REGIONDRILL_PAGERDUTY_URL"
)

// NoticeSchema names the format of what a webhook of one's own is sent.
const NoticeSchema = "regiondrill.notice/v1"

// What a notice is of.
const (
	OfDrill      = "drill" // also of one that was repeated
	OfSimulation = "simulation"
	OfComparison = "comparison"
)

// Notice is an outcome as it is told elsewhere.
type Notice struct {
	Of          string        `json:"of"`
	Scenario    string        `json:"scenario"`
	Environment string        `json:"environment,omitempty"`
	Grade       verdict.Grade `json:"grade"`
	Sentence    string        `json:"sentence"`
	Report      string        `json:"report,omitempty"` // its address
}

// NoticeOf is that of what was concluded. What could not be undone is nobody's success.
func NoticeOf(r *Report, environment, link string) Notice {
	d := open(r)
	n := Notice{Of: OfDrill, Scenario: clean(d.name()), Environment: clean(environment), Grade: gradeOf(d.Grade),
		Sentence: short(capital(clean(d.headline())), maxWords), Report: link}
	if d.Virtual {
		n.Of = OfSimulation
	}
	if !d.undone() {
		n.Sentence += " Something could not be undone: regiondrill recover."
		if n.Grade == verdict.Pass {
			n.Grade = verdict.Unknown
		}
	}
	return n
}

// words are a notice in one line.
func (n *Notice) words() string {
	said := gradeWord(n.Grade) + ": "
	if n.Of != OfDrill {
		said += n.Of + " of "
	}
	said += n.Scenario
	if n.Environment != "" {
		said += " (" + n.Environment + ")"
	}
	return said + ": " + n.Sentence
}

// way is how outcomes are told.
type way struct {
	variable string // of its secret
	requests func(n *Notifier, notices []Notice) ([]*http.Request, error)
}

var ways = map[string]way{
	"slack":     {slackVariable, (*Notifier).slack},
	"json":      {webhookVariable, (*Notifier).webhook},
	"pagerduty": {pagerDutyVariable, (*Notifier).pagerDuty},
}

// Ways are the words for how outcomes can be told.
func Ways() []string { return sortedKeys(ways) }

// Notifier tells outcomes in one way. No word about it tells its address or its key.
type Notifier struct {
	name    string
	way     way
	address string
	key     string        // of PagerDuty
	wait    time.Duration // before the first of the retries
}

// NewNotifier finds in the environment whom to tell. Its error is a sentence without what the environment says.
func NewNotifier(name string, getenv func(string) string) (*Notifier, error) {
	w, known := ways[name]
	if !known {
		return nil, fmt.Errorf("there is no way %q to notify; known are %s", name, strings.Join(Ways(), ", "))
	}
	n := &Notifier{name: name, way: w, wait: backoff.DefaultInitialInterval}
	said, from := strings.TrimSpace(getenv(w.variable)), w.variable
	if said == "" {
		return nil, fmt.Errorf("%s is to be told by what the environment variable %s says, and it says nothing", name, from)
	}
	n.address = said
	if w.variable == pagerDutyVariable {
		if strings.ContainsFunc(said, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fmt.Errorf("%s must be the routing key of an integration (Events API v2)", pagerDutyVariable)
		}
		n.key, from = said, pagerDutyAt
		n.address = strings.TrimSuffix(cmp.Or(getenv(pagerDutyAt), "https://events.pagerduty.com"), "/") + "/v2/enqueue"
	}
	if u, err := url.Parse(n.address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s must be an http or https URL", from)
	}
	return n, nil
}

func (n *Notifier) String() string { return n.name }

// Tell tells outcomes. What might still be delivered is tried again, until ctx ends. Its error tells no secret.
func (n *Notifier) Tell(ctx context.Context, notices []Notice) error {
	notices = slices.DeleteFunc(slices.Clone(notices), func(o Notice) bool { return o.Grade == verdict.Skipped })
	if len(notices) == 0 {
		return nil
	}
	requests, err := n.way.requests(n, notices)
	errs := []error{err}
	for _, r := range requests {
		errs = append(errs, n.deliver(ctx, r))
	}
	if err = errors.Join(errs...); err != nil {
		return fmt.Errorf("telling %s of it: %w", n.name, err)
	}
	return nil
}

// hooks is the client for all of them. An answer that leads elsewhere is none: what is sent there may be a secret.
var hooks = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (n *Notifier) deliver(ctx context.Context, r *http.Request) error {
	var last error
	policy := backoff.WithMaxRetries(backoff.NewExponentialBackOff(backoff.WithInitialInterval(n.wait)), retries)
	_ = backoff.Retry(func() error { // it ends with the context's error where that ended it
		once := r.Clone(ctx)
		once.Body, last = r.GetBody()
		if last != nil {
			return backoff.Permanent(last)
		}
		answer, err := hooks.Do(once)
		if err != nil {
			last = unreached(err)
			return last
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16)) // so that the connection can be used again
		answer.Body.Close()
		last = nil
		if answer.StatusCode/100 != 2 {
			last = fmt.Errorf("it was answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
		}
		if last != nil && answer.StatusCode/100 < 5 && answer.StatusCode != http.StatusTooManyRequests {
			return backoff.Permanent(last)
		}
		return last
	}, backoff.WithContext(policy, ctx))
	return last
}

// unreached is why an address was not reached, without it.
func unreached(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return errors.New("its host has no address")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("it did not answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	return errors.New("it can't be reached, or its certificate isn't trusted")
}

func (n *Notifier) post(body any) (*http.Request, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, n.address, bytes.NewReader(text.Bytes()))
	if err != nil { // it has the address
		return nil, errors.New("its address can't be used")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "regiondrill")
	return r, nil
}

// slack is one message for all, in Slack's markup; others take the same.
func (n *Notifier) slack(notices []Notice) ([]*http.Request, error) {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	const most = 50 // lines; Slack cuts longer messages
	var lines []string
	for i := range notices {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(notices)-most))
			break
		}
		line := signs[notices[i].Grade] + " " + escape(notices[i].words())
		if link := notices[i].Report; link != "" {
			line += " <" + strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C").Replace(link) + "|Report>"
		}
		lines = append(lines, line)
	}
	r, err := n.post(map[string]string{"text": strings.Join(lines, "\n")})
	return []*http.Request{r}, err
}

// webhook is one object for all.
func (n *Notifier) webhook(notices []Notice) ([]*http.Request, error) {
	grade := verdict.Pass
	for _, o := range notices {
		if o.Grade == verdict.Fail || o.Grade != verdict.Pass && grade == verdict.Pass {
			grade = o.Grade
		}
	}
	r, err := n.post(map[string]any{"schema": NoticeSchema, "grade": grade, "outcomes": notices})
	return []*http.Request{r}, err
}

// pagerDuty is an event for each: an incident of its scenario and environment, which a later pass resolves.
func (n *Notifier) pagerDuty(notices []Notice) ([]*http.Request, error) {
	var all []*http.Request
	for i := range notices {
		o := &notices[i]
		event := map[string]any{"routing_key": n.key, "dedup_key": dedup(o), "event_action": "resolve",
			"client": "regiondrill"}
		if o.Grade != verdict.Pass {
			severity := map[verdict.Grade]string{verdict.Fail: "error"}[o.Grade]
			event["event_action"] = "trigger"
			event["payload"] = map[string]any{"summary": short(o.words(), 1024),
				"source": cmp.Or(o.Environment, "regiondrill"), "severity": cmp.Or(severity, "warning"),
				"component": o.Scenario, "class": o.Of, "custom_details": o}
			if o.Report != "" {
				event["links"] = []map[string]string{{"href": o.Report, "text": "Report"}}
			}
		}
		r, err := n.post(event)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// dedup is the key of an incident: the same each time, and short enough.
func dedup(o *Notice) string {
	key := strings.Join([]string{"regiondrill", o.Of, o.Scenario, o.Environment}, "/")
	if len(key) <= 255 {
		return key
	}
	return fmt.Sprintf("regiondrill/%x", sha256.Sum256([]byte(key)))
}

// NoticeOfComparison is that of a comparison: of the environment, or where that is empty of the one that all runs say.
func NoticeOfComparison(r *comparison.Result, environment, link string) Notice {
	return Notice{Of: OfComparison, Scenario: clean(r.Scenario), Grade: r.Answer.Grade(),
		Environment: clean(cmp.Or(environment, r.Environment)),
		Sentence:    short(clean(comparisonLine(r)), maxWords), Report: link}
}
