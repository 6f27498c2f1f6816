package dashboards_test

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"
)

// shelf keeps what is pushed as a Pushgateway does: with the grouping key, an empty instance, and two instants a group.
type shelf struct {
	t    *testing.T
	mu   sync.Mutex
	held map[string]*dto.MetricFamily
}

func newShelf(t *testing.T) *shelf { return &shelf{t: t, held: map[string]*dto.MetricFamily{}} }

// ServeHTTP takes what is pushed and answers scrapes.
func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		for _, name := range slices.Sorted(maps.Keys(s.held)) {
			if _, err := expfmt.MetricFamilyToText(w, s.held[name]); err != nil {
				s.t.Errorf("answering a scrape: %v", err)
			}
		}
		return
	}
	key := groupingKey(r.URL.Path)
	now := float64(time.Now().Unix())
	s.keep(key, gauge("push_time_seconds", now))
	s.keep(key, gauge("push_failure_time_seconds", 0))
	decoder := expfmt.NewDecoder(r.Body, expfmt.ResponseFormat(r.Header))
	for {
		f := &dto.MetricFamily{}
		if err := decoder.Decode(f); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			s.t.Errorf("what was pushed can't be read: %v", err)
			return
		}
		s.keep(key, f)
	}
}

func (s *shelf) keep(key []*dto.LabelPair, f *dto.MetricFamily) {
	for _, m := range f.Metric {
		m.Label = append(m.Label, key...)
		slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	}
	if old := s.held[f.GetName()]; old != nil {
		f.Metric = append(old.Metric, f.Metric...)
	}
	s.held[f.GetName()] = f
}

func gauge(name string, value float64) *dto.MetricFamily {
	return &dto.MetricFamily{Name: proto.String(name), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: proto.Float64(value)}}}}
}

// groupingKey reads the labels out of /metrics/job/regiondrill/scenario/…, whose values here need no decoding.
func groupingKey(path string) []*dto.LabelPair {
	parts := strings.Split(strings.TrimPrefix(path, "/metrics/"), "/")
	key := []*dto.LabelPair{{Name: proto.String("instance"), Value: proto.String("")}}
	for i := 0; i+1 < len(parts); i += 2 {
		key = append(key, &dto.LabelPair{Name: proto.String(parts[i]), Value: proto.String(parts[i+1])})
	}
	return key
}

// labels are the labels of each metric.
func (s *shelf) labels() labels {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := labels{}
	for name, f := range s.held {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				all.add(name, l.GetName())
			}
		}
	}
	return all
}
