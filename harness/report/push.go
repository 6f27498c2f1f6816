package report

import (
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
)

// lastRunFamilies are what a Pushgateway is given. It keeps what it was given last, for ever, and its counters would
// restart with every run: only gauges about the last run mean something there.
var lastRunFamilies = []string{
	"last_recovery_time_actual_seconds", "last_recovery_phase_seconds", "last_run_grade", "last_run_valid",
	"last_run_undo_failures", "last_schedule_slip_p99_seconds", "last_run_timestamp_seconds", "recovery_ended_by",
	"recovery_time_objective_seconds", "objective_met", "event_availability_ratio", "run_duration_seconds",
}

// successFamily outlives the runs that follow it, so it has a group of its own.
const successFamily = "run_last_success_timestamp_seconds"

// Push gives the gauges of the last run to the Pushgateway at url, under the grouping key job, scenario and
// environment: PUT, so that nothing of an earlier run remains. The instant of the last success is kept in a second
// group (label group="success"), because a run that failed must not wipe it. The grouping key holds the scenario, so
// the series don't.
func (m *Metrics) Push(ctx context.Context, url, job, environment string) error {
	m.mu.Lock()
	scenario := m.scenario
	m.mu.Unlock()
	pusher := func() *push.Pusher {
		return push.New(url, job).Grouping("scenario", scenario).Grouping("environment", environment)
	}
	if err := pusher().Gatherer(m.only(lastRunFamilies...)).PushContext(ctx); err != nil {
		return fmt.Errorf("pushing metrics: %w", err)
	}
	success := m.only(successFamily)
	if families, err := success.Gather(); err != nil || len(families) == 0 {
		return err
	}
	if err := pusher().Grouping("group", "success").Gatherer(success).PushContext(ctx); err != nil {
		return fmt.Errorf("pushing the instant of the last success: %w", err)
	}
	return nil
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
