package dashboards_test

import (
	"cmp"
	"errors"
	"fmt"
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

// shelf keeps what is pushed as a Pushgateway does: by groups, each replaced by the next push, with the grouping key, an
// empty instance, and two instants a group.
type shelf struct {
	t      *testing.T
	now    func() time.Time
	mu     sync.Mutex
	groups map[string][]*dto.MetricFamily // by grouping key
}

func newShelf(t *testing.T) *shelf {
	return &shelf{t: t, now: time.Now, groups: map[string][]*dto.MetricFamily{}}
}

// ServeHTTP takes what is pushed and answers scrapes.
func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		for _, f := range s.held() {
			if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
				s.t.Errorf("answering a scrape: %v", err)
			}
		}
		return
	}
	group := []*dto.MetricFamily{gauge("push_time_seconds", float64(s.now().Unix())), gauge("push_failure_time_seconds", 0)}
	decoder := expfmt.NewDecoder(r.Body, expfmt.ResponseFormat(r.Header))
	for {
		f := &dto.MetricFamily{}
		if err := decoder.Decode(f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			s.t.Errorf("what was pushed can't be read: %v", err)
			return
		}
		group = append(group, f)
	}
	key := groupingKey(r.URL.Path)
	for _, f := range group {
		labelled(f, key...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[fmt.Sprint(key)] = group
}

// held are the families of all groups, in the order of their names.
func (s *shelf) held() []*dto.MetricFamily {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]*dto.MetricFamily{}
	for _, key := range slices.Sorted(maps.Keys(s.groups)) {
		for _, f := range s.groups[key] {
			if all[f.GetName()] == nil {
				all[f.GetName()] = &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type}
			}
			all[f.GetName()].Metric = append(all[f.GetName()].Metric, f.Metric...)
		}
	}
	var sorted []*dto.MetricFamily
	for _, name := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[name])
	}
	return sorted
}

// labelled gives every series of a family more labels.
func labelled(f *dto.MetricFamily, more ...*dto.LabelPair) {
	for _, m := range f.Metric {
		m.Label = append(m.Label, more...)
		slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	}
}

func pairs(words ...string) []*dto.LabelPair {
	var all []*dto.LabelPair
	for i := 0; i+1 < len(words); i += 2 {
		all = append(all, &dto.LabelPair{Name: proto.String(words[i]), Value: proto.String(words[i+1])})
	}
	return all
}

func gauge(name string, value float64) *dto.MetricFamily {
	return &dto.MetricFamily{Name: proto.String(name), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: proto.Float64(value)}}}}
}

// groupingKey reads the labels out of /metrics/job/regiondrill/scenario/…, which come in any order and whose values here
// need no decoding.
func groupingKey(path string) []*dto.LabelPair {
	key := pairs(append([]string{"instance", ""}, strings.Split(strings.TrimPrefix(path, "/metrics/"), "/")...)...)
	slices.SortFunc(key, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return key
}

// labelsOf are the labels of each metric, as they can be asked for: a histogram is three of them.
func labelsOf(families []*dto.MetricFamily) labels {
	all := labels{}
	for _, f := range families {
		names := []string{f.GetName()}
		if f.GetType() == dto.MetricType_HISTOGRAM {
			names = []string{f.GetName() + "_bucket", f.GetName() + "_sum", f.GetName() + "_count"}
			all.add(names[0], "le")
		}
		for _, m := range f.Metric {
			for _, l := range m.Label {
				for _, name := range names {
					all.add(name, l.GetName())
				}
			}
		}
	}
	return all
}
