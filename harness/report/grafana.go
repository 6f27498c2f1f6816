package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/runs"
)

// grafanaVariable says by which token of a service account Grafana is told: one that may read and write annotations of
// the organisation. No word of this program repeats it.
const grafanaVariable = "REGIONDRILL_GRAFANA_TOKEN"

// Grafana takes annotations of its organisation (grafana.com, "Annotations HTTP API"), which boards show by their tags.
type Grafana struct{ address, token string }

// ParseGrafana reads the address of a Grafana: an http or https URL, with its path where it is below one. Its error
// doesn't repeat the address.
func ParseGrafana(address string, getenv func(string) string) (*Grafana, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		return nil, errors.New("must be an http or https URL without a password and a query, such as http://grafana:3000")
	}
	token := strings.TrimSpace(getenv(grafanaVariable))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("needs the token of a service account in the environment variable %s", grafanaVariable)
	}
	return &Grafana{strings.TrimSuffix(u.String(), "/"), token}, nil
}

func (g *Grafana) String() string { return g.address }

// Annotation is a stretch of time, or an instant, with words.
type Annotation struct {
	From, Until time.Time // Until is zero for an instant
	Tags        []string
	Text        string
}

// maxTag is how many characters Grafana keeps of a tag's word.
const maxTag = 100

// tagged are tags of pairs of names and values, those without a value left out.
func tagged(pairs ...string) []string {
	tags := []string{"regiondrill"}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			tags = append(tags, pairs[i]+":"+short(clean(pairs[i+1]), maxTag))
		}
	}
	return tags
}

// AnnotationsOf are those of a drill: each of its faults, from when it was first proven in force until it was proven
// healed, with the outcome.
func AnnotationsOf(r *Report, environment string) []Annotation {
	d := open(r)
	plan := &d.h.Plan
	if plan.Zero.IsZero() || plan.Virtual {
		return nil
	}
	at := map[string]int{} // of each fault in force, among all
	var all []Annotation
	for _, e := range d.h.Events {
		if e.Fault == nil {
			continue
		}
		_, last := e.Fault.Span(e.At)
		when, name := plan.Zero.Add(last.Duration()), e.Fault.Name
		i, laid := at[name]
		switch e.Fault.Change {
		case history.Effective:
			if !laid {
				at[name] = len(all)
				all = append(all, Annotation{Tags: tagged("scenario", d.name(), "environment", environment, "fault", name,
					"run", plan.RunStamp())})
				all[len(all)-1].From = when
			}
		case history.Healed, history.Expired, history.Lost:
			if laid {
				all[i].Until = when
			}
		}
	}
	link, _ := ReportLink(plan.ReportURL)
	n := NoticeOf(r, environment, link)
	for i := range all {
		if all[i].Text = n.words(); link != "" {
			all[i].Text += " " + link
		}
	}
	return all
}

// AnnotationsOfChanges are those of the runs from which on a measure is another.
func AnnotationsOfChanges(all *runs.Trends) []Annotation {
	var told []Annotation
	for i := range all.Measures {
		of := &all.Measures[i]
		for _, change := range of.Changes {
			told = append(told, Annotation{From: change.Begun, Tags: tagged("scenario", of.Scenario, "target", of.Target,
				"environment", of.Environment, "probe", of.Probe, "fault", of.Fault, "change", measureName(of)),
				Text: measureName(of) + " of " + clean(of.Probe) + " from " + clean(of.Fault) + " is " +
					shiftText(&change)})
		}
	}
	return told
}

// Annotate adds annotations, those left out that are there already: at the same time, with the same tags.
func (g *Grafana) Annotate(ctx context.Context, all []Annotation) error {
	for _, a := range all {
		if err := g.add(ctx, a); err != nil {
			return fmt.Errorf("telling %s of it: %w", g, err)
		}
	}
	return nil
}

func (g *Grafana) add(ctx context.Context, a Annotation) error {
	from, until := a.From.UnixMilli(), a.From.UnixMilli()
	body := map[string]any{"time": from, "tags": a.Tags, "text": html.EscapeString(a.Text)} // it is shown as HTML
	if !a.Until.IsZero() {
		until = a.Until.UnixMilli()
		body["timeEnd"] = until
	}
	var there []json.RawMessage
	ask := url.Values{"type": {"annotation"}, "tags": a.Tags, "limit": {"1"},
		"from": {strconv.FormatInt(from-1, 10)}, "to": {strconv.FormatInt(until+1, 10)}}
	if err := g.call(ctx, http.MethodGet, "?"+ask.Encode(), nil, &there); err != nil || len(there) > 0 {
		return err
	}
	return g.call(ctx, http.MethodPost, "", body, nil)
}

// grafanas is the client for all of them. An answer that leads elsewhere is none: the token is for who was named.
var grafanas = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// call asks /api/annotations. What it answers is decoded into answer, unless that is nil.
func (g *Grafana) call(ctx context.Context, method, query string, body, answer any) error {
	var text []byte
	var err error
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, g.address+"/api/annotations"+query, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+g.token)
	said, err := grafanas.Do(r)
	if err != nil {
		return unreached(err)
	}
	defer said.Body.Close()
	text, err = io.ReadAll(io.LimitReader(said.Body, maxAnswer))
	switch {
	case err != nil:
		return errors.New("its answer was cut short")
	case said.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("it knows no such token as that of %s", grafanaVariable)
	case said.StatusCode == http.StatusForbidden:
		return fmt.Errorf("the token of %s may not read and write annotations", grafanaVariable)
	case said.StatusCode/100 != 2:
		return fmt.Errorf("it was answered %d %s", said.StatusCode, http.StatusText(said.StatusCode))
	case answer != nil && json.Unmarshal(text, answer) != nil:
		return errors.New("what it answered is not what Grafana would")
	}
	return nil
}
