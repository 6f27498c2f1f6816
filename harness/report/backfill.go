package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Backfill are the gauges of past runs under their label run, as Prometheus would have scraped them from a Pushgateway,
// each once, at the instant at which it was pushed. What only tells of the last run is left out: it is known already.
type Backfill struct {
	Job string

	families map[string]*filled
}

// filled is a family of metrics.
type filled struct {
	head    string // HELP and TYPE
	samples []filledSample
}

type filledSample struct {
	series string
	at     int64 // in milliseconds
	line   string
}

// Add takes in one drill, of an environment. It is false where nothing tells when the run was.
func (b *Backfill) Add(r *Report, environment string) (bool, error) {
	if b.families == nil {
		b.families = map[string]*filled{}
	}
	all, err := Replay(r).Gather()
	if err != nil {
		return false, fmt.Errorf("gathering metrics: %w", err)
	}
	known := map[string]*dto.MetricFamily{}
	for _, f := range all {
		known[strings.TrimPrefix(f.GetName(), Namespace+"_")] = f
	}
	began, ended := known[startFamilies[0]], known[endFamilies[0]]
	if began == nil || ended == nil {
		return false, nil
	}
	for _, told := range []struct {
		families []string
		at       *dto.MetricFamily
		group    string
	}{{startFamilies, began, "started"}, {endFamilies, ended, ""}} {
		at := told.at.Metric[0].GetGauge().GetValue()
		labels := []string{"environment", environment, "group", told.group, "job", b.Job}
		for _, name := range told.families {
			f := known[name]
			if f == nil || name == everyFamily { // which is of the drill and not of the run
				continue
			}
			if err := b.fill(f, labels, int64(at*1000)); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// AddChanges takes in at which runs of a folder a measure became another: each change once, at the instant at which the
// first run after it began.
func (b *Backfill) AddChanges(all *runs.Trends) error {
	if b.families == nil {
		b.families = map[string]*filled{}
	}
	for i := range all.Measures {
		of := &all.Measures[i]
		for _, change := range of.Changes {
			labels := []string{"scenario", label(of.Scenario), "target", label(of.Target), "environment", of.Environment,
				"probe", label(of.Probe), "fault", label(of.Fault), "measure", measureName(of), "direction", turnOf(change),
				"job", b.Job}
			for name, value := range map[string]float64{changeTime: unix(change.Begun), changeShift: shiftOf(change)} {
				f := &dto.MetricFamily{Name: proto.String(Namespace + "_" + name), Help: proto.String(changeHelp[name]),
					Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}}}
				if err := b.fill(f, labels, change.Begun.UnixMilli()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// The gauges of a change.
const (
	changeTime  = "change_point_timestamp_seconds"
	changeShift = "change_point_shift_seconds"
)

var changeHelp = map[string]string{
	changeTime: "When the first run began from which on the measure is another.",
	changeShift: "By how much the measure's median is more than before; +Inf where half of the people never recovered " +
		"since, -Inf where they did not before.",
}

// measureName is what a trend is about: the recovery, or one of its phases.
func measureName(t *runs.Trend) string { return cmp.Or(t.Phase, string(verdict.RecoveryTime)) }

func turnOf(s runs.Shift) string {
	if s.Worse {
		return "worse"
	}
	return "better"
}

// shiftOf is by how much a median grew, in seconds.
func shiftOf(s runs.Shift) float64 { return orNever(s.After) - orNever(s.Before) }

// fill adds the samples of a family.
func (b *Backfill) fill(f *dto.MetricFamily, labels []string, at int64) error {
	for _, m := range f.Metric {
		m.TimestampMs = proto.Int64(at)
		for i := 0; i < len(labels); i += 2 {
			if labels[i+1] != "" {
				m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(labels[i]), Value: proto.String(labels[i+1])})
			}
		}
		slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	}
	var text bytes.Buffer
	if _, err := expfmt.MetricFamilyToOpenMetrics(&text, f); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	to := b.families[f.GetName()]
	if to == nil {
		to = &filled{}
		b.families[f.GetName()] = to
	}
	head := ""
	for line := range strings.Lines(text.String()) {
		if strings.HasPrefix(line, "#") {
			head += line
			continue
		}
		end := strings.LastIndexByte(line, '}') + 1
		to.samples = append(to.samples, filledSample{line[:end], at, line})
	}
	to.head = head
	return nil
}

// WriteTo writes all of it in OpenMetrics' text format: families by name, in each the series by their labels, in each
// the samples by their time, of which there is but one an instant. promtool wants no less.
func (b *Backfill) WriteTo(w io.Writer) (int64, error) {
	var text bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(b.families)) {
		f := b.families[name]
		slices.SortStableFunc(f.samples, func(a, b filledSample) int {
			return cmp.Or(strings.Compare(a.series, b.series), cmp.Compare(a.at, b.at))
		})
		text.WriteString(f.head)
		for i, s := range f.samples {
			if i == 0 || f.samples[i-1].series != s.series || f.samples[i-1].at != s.at {
				text.WriteString(s.line)
			}
		}
	}
	text.WriteString("# EOF\n")
	return text.WriteTo(w)
}
