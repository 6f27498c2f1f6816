package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"
)

// lastRunFamilies are what a Pushgateway is given. It keeps what it was given last, for ever, and its counters would
// restart with every run: only gauges about the last run mean something there.
var lastRunFamilies = []string{
	"last_recovery_time_actual_seconds", "last_recovery_phase_seconds", "last_run_grade", "last_run_valid",
	"last_run_undo_failures", "last_schedule_slip_p99_seconds", "last_run_timestamp_seconds", "recovery_ended_by",
	"last_run_invariant_violations", "last_recovery_point_actual_seconds", "last_replication_lag_seconds",
	"recovery_time_objective_seconds", "objective_met", "event_availability_ratio", "run_duration_seconds",
}

// successFamily outlives the runs that follow it, so it has a group of its own.
const successFamily = "run_last_success_timestamp_seconds"

// Gateway is a Pushgateway. No word about it tells the user or the password.
type Gateway struct {
	address string // without them
	user    *url.Userinfo
	wait    time.Duration // before the first of the retries
}

// retries of a push that might still succeed: all but one that the gateway refused.
const retries = 3

// ParseGateway reads the address of a Pushgateway: an http or https URL, with a user and a password where it asks for
// them. Its error doesn't repeat the address, which may hold one.
func ParseGateway(address string) (*Gateway, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must be an http or https URL without a query, such as http://pushgateway:9091")
	}
	g := &Gateway{user: u.User, wait: backoff.DefaultInitialInterval}
	u.User = nil
	g.address = u.String()
	return g, nil
}

func (g *Gateway) String() string { return g.address }

// Push gives the gauges of the last run, those under its label run included, to the Pushgateway, under the grouping key
// job, scenario and environment: PUT, so that nothing of an earlier run remains. The instant of the last success is
// kept in a second group (label group="success"), because a run that failed must not wipe it. The grouping key holds
// the scenario, so the series don't. What might still succeed is tried again, until ctx ends.
func (m *Metrics) Push(ctx context.Context, g *Gateway, job, environment string) error {
	pusher := func() *push.Pusher { return m.pusher(g, job, environment) }
	told := slices.Concat(lastRunFamilies, endFamilies)
	if err := g.put(ctx, pusher().Gatherer(m.only(told...))); err != nil {
		return fmt.Errorf("pushing metrics to %s: %w", g, err)
	}
	success := m.only(successFamily)
	if families, err := success.Gather(); err != nil || len(families) == 0 {
		return err
	}
	if err := g.put(ctx, pusher().Grouping("group", "success").Gatherer(success)); err != nil {
		return fmt.Errorf("pushing the instant of the last success to %s: %w", g, err)
	}
	return nil
}

// PushStart tells the Pushgateway that a run has begun, in a group of its own (label group="started"): a run that is
// killed can't tell that it is over, and the group of the last run goes on telling of the one before.
func (m *Metrics) PushStart(ctx context.Context, g *Gateway, job, environment string) error {
	started := m.pusher(g, job, environment).Grouping("group", "started").Gatherer(m.only(startFamilies...))
	if err := g.put(ctx, started); err != nil {
		return fmt.Errorf("pushing the beginning of the run to %s: %w", g, err)
	}
	return nil
}

// PushRecovered is Push for a run that was killed and is concluded after the event, all of it undone by now. Where a
// later run of the scenario has begun since, nothing is pushed: what is held of that one stands.
func (m *Metrics) PushRecovered(ctx context.Context, g *Gateway, job, environment string) error {
	m.mu.Lock()
	scenario, stamp := m.scenario, m.stamp
	m.lastUndo.WithLabelValues(scenario).Set(0)
	m.mu.Unlock()
	newest, err := g.newest(ctx, map[string]string{"job": job, "scenario": scenario, "environment": environment})
	switch {
	case err != nil:
		return fmt.Errorf("asking %s for later runs: %w", g, err)
	case newest > stamp:
		return fmt.Errorf("%s holds a later run of %s (%s), so this one is not pushed", g, scenario, newest)
	}
	return m.Push(ctx, g, job, environment)
}

// pushes is the client for gateways. An answer that leads elsewhere is none: nobody named that host.
var pushes = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (m *Metrics) pusher(g *Gateway, job, environment string) *push.Pusher {
	m.mu.Lock()
	defer m.mu.Unlock()
	return push.New(g.address, job).Grouping("scenario", m.scenario).Grouping("environment", environment)
}

// newest is the latest run that the gateway knows under a grouping key to have begun or ended, "" where it knows none.
func (g *Gateway) newest(ctx context.Context, key map[string]string) (run string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(g.address, "/")+"/metrics", nil)
	if err != nil {
		return "", err
	}
	if g.user != nil {
		password, _ := g.user.Password()
		req.SetBasicAuth(g.user.Username(), password)
	}
	answer, err := pushes.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", errors.New(answer.Status)
	}
	decoder := expfmt.NewDecoder(answer.Body, expfmt.ResponseFormat(answer.Header))
	for {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
			return run, nil
		} else if err != nil {
			return "", err
		}
		if slices.Contains([]string{Namespace + "_" + startFamilies[0], Namespace + "_" + endFamilies[0]}, f.GetName()) {
			run = max(run, newestOf(&f, key))
		}
	}
}

// newestOf is the latest run of a family's series that have the labels of key.
func newestOf(f *dto.MetricFamily, key map[string]string) (run string) {
	for _, metric := range f.Metric {
		has := map[string]string{}
		for _, l := range metric.Label {
			has[l.GetName()] = l.GetValue()
		}
		of := true
		for name, value := range key {
			of = of && has[name] == value
		}
		if of {
			run = max(run, has["run"])
		}
	}
	return run
}

// put pushes, with a few retries. Its error is that of the last try.
func (g *Gateway) put(ctx context.Context, p *push.Pusher) error {
	if g.user != nil {
		password, _ := g.user.Password()
		p.BasicAuth(g.user.Username(), password)
	}
	var status statusOf
	p.Client(&status)
	var last error
	policy := backoff.WithMaxRetries(backoff.NewExponentialBackOff(backoff.WithInitialInterval(g.wait)), retries)
	_ = backoff.Retry(func() error { // it ends with the context's error where that ended it
		status = 0
		last = p.PushContext(ctx)
		if last != nil && status/100 == 4 && status != http.StatusTooManyRequests {
			return backoff.Permanent(last)
		}
		return last
	}, backoff.WithContext(policy, ctx))
	return last
}

// statusOf is a client that keeps what was answered last.
type statusOf int

// Do sends a request.
func (s *statusOf) Do(r *http.Request) (*http.Response, error) {
	answer, err := pushes.Do(r)
	if err == nil {
		*s = statusOf(answer.StatusCode)
	}
	return answer, err
}

// only gathers some families, without the label scenario.
func (m *Metrics) only(names ...string) prometheus.Gatherer {
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[Namespace+"_"+n] = true
	}
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := m.Gather()
		var kept []*dto.MetricFamily
		for _, f := range families {
			if wanted[f.GetName()] {
				kept = append(kept, withoutScenario(f))
			}
		}
		return kept, err
	})
}

func withoutScenario(f *dto.MetricFamily) *dto.MetricFamily {
	f = proto.Clone(f).(*dto.MetricFamily)
	for _, metric := range f.Metric {
		var labels []*dto.LabelPair
		for _, l := range metric.Label {
			if !strings.EqualFold(l.GetName(), "scenario") {
				labels = append(labels, l)
			}
		}
		metric.Label = labels
	}
	return f
}
