package report

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protowire"
)

// Receiver takes samples by Remote-Write 2.0 (prometheus.io/docs/specs/prw/remote_write_spec_2_0), or by 1.0 where it
// doesn't know that: a Prometheus that is started with --web.enable-remote-write-receiver, or what keeps metrics behind
// the same protocol. No word about it tells the user or the password.
type Receiver struct {
	address string // without them
	api     *remote.API
	user    *url.Userinfo
}

// writePath is where a receiver takes samples, if its address has no path.
const writePath = "/api/v1/write"

// ParseReceiver reads the address of a receiver: an http or https URL, with a user and a password where it asks for
// them. Its error doesn't repeat the address, which may hold one.
func ParseReceiver(address string) (*Receiver, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" {
		return nil, errors.New("must be an http or https URL, such as http://prometheus:9090" + writePath)
	}
	user := u.User
	client := &http.Client{Transport: &signedOn{user: user},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	u.User = nil
	if u.Path == "" || u.Path == "/" {
		u.Path = writePath
	}
	api, err := remote.NewAPI(u.String(), remote.WithAPIPath(""), remote.WithAPIHTTPClient(client),
		remote.WithAPIBackoff(remote.BackoffConfig{Min: 500 * time.Millisecond, Max: 2 * time.Second, MaxRetries: retries}))
	if err != nil {
		return nil, errors.New("can't be written to")
	}
	return &Receiver{address: u.Redacted(), api: api, user: user}, nil
}

// hushed is what a receiver said without what it was told of who asks, which it may repeat.
func (r *Receiver) hushed(said string) string {
	password, known := r.user.Password()
	if !known || password == "" {
		return said
	}
	basic := base64.StdEncoding.EncodeToString([]byte(r.user.Username() + ":" + password))
	return strings.NewReplacer(basic, "…", password, "…").Replace(said)
}

func (r *Receiver) String() string { return r.address }

// signedOn says who asks, where the address did, and listens to what is answered.
type signedOn struct{ user *url.Userinfo }

// heard is what a receiver answered last.
type heard struct {
	status  int
	written string // how many samples it says it has written; a receiver of 2.0 must say so, whatever the status
}

type heardKey struct{} // of a *heard in a context

// olds tells whether the answer is that of a receiver which knows 1.0 alone. By the specification of 2.0 it refuses
// what it doesn't know with 415, or with 400 where it is older than that; Prometheus 2.42, for one, takes it for an
// empty message and says that all went well.
func (h heard) olds() bool {
	return h.written == "" && (h.status/100 == 2 || h.status == http.StatusBadRequest ||
		h.status == http.StatusUnsupportedMediaType)
}

// RoundTrip sends a request.
func (s *signedOn) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.user != nil {
		password, _ := s.user.Password()
		r = r.Clone(r.Context())
		r.SetBasicAuth(s.user.Username(), password)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if h, listens := r.Context().Value(heardKey{}).(*heard); listens {
		if *h = (heard{}); err == nil {
			*h = heard{answer.StatusCode, answer.Header.Get("X-Prometheus-Remote-Write-Samples-Written")}
		}
	}
	return answer, err
}

// Write gives the gauges of the last run to a receiver, each as one sample of now, under the labels by which Push
// groups them. What might still succeed is tried again, until ctx ends.
func (m *Metrics) Write(ctx context.Context, to *Receiver, job, environment string) error {
	return m.write(ctx, to, job, environment, slices.Concat(lastRunFamilies, endFamilies, []string{successFamily}))
}

// WriteStart tells a receiver that a run has begun.
func (m *Metrics) WriteStart(ctx context.Context, to *Receiver, job, environment string) error {
	return m.write(ctx, to, job, environment, startFamilies)
}

func (m *Metrics) write(ctx context.Context, to *Receiver, job, environment string, names []string) error {
	families, err := m.only(names...).Gather()
	if err != nil {
		return err
	}
	m.mu.Lock()
	common := map[string]string{"job": job, "scenario": m.scenario, "environment": environment}
	m.mu.Unlock()
	request := asSamples(families, common, time.Now())
	if len(request.Timeseries) == 0 {
		return nil
	}
	if err := to.take(ctx, request); err != nil {
		return fmt.Errorf("writing metrics to %s: %s", to, to.hushed(err.Error()))
	}
	return nil
}

// take gives samples to the receiver, by 2.0 first.
func (r *Receiver) take(ctx context.Context, request *writev2.Request) error {
	h := &heard{}
	_, err := r.api.Write(context.WithValue(ctx, heardKey{}, h), remote.WriteV2MessageType, request)
	if h.olds() {
		_, err = r.api.Write(ctx, remote.WriteV1MessageType, asV1(request))
		return err
	}
	if sent := len(request.Timeseries); err == nil && h.written != strconv.Itoa(sent) {
		err = fmt.Errorf("it says that of %d samples it has written %s", sent, h.written)
	}
	return err
}

// requestV1 is a request of Remote-Write 1.0 in protobuf's wire format.
type requestV1 []byte

// Size is that of the message, in bytes.
func (r requestV1) Size() int { return len(r) }

// MarshalToSizedBuffer writes the message.
func (r requestV1) MarshalToSizedBuffer(to []byte) (int, error) { return copy(to, r), nil }

// asV1 writes a request down as prometheus.WriteRequest, whose Go types are only to be had with all of Prometheus. The
// fields by their numbers in prometheus.io/docs/specs/prw/remote_write_spec: a request is timeseries (1), a series
// labels (1) and samples (2), a label name (1) and value (2), a sample value (1) and timestamp (2).
func asV1(request *writev2.Request) requestV1 {
	message := func(to []byte, field protowire.Number, m []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), m)
	}
	var all requestV1
	for _, s := range request.Timeseries {
		var series []byte
		for i := 0; i+1 < len(s.LabelsRefs); i += 2 {
			label := message(nil, 1, []byte(request.Symbols[s.LabelsRefs[i]]))
			series = message(series, 1, message(label, 2, []byte(request.Symbols[s.LabelsRefs[i+1]])))
		}
		for _, p := range s.Samples {
			sample := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(p.Value))
			sample = protowire.AppendVarint(protowire.AppendTag(sample, 2, protowire.VarintType), uint64(p.Timestamp))
			series = message(series, 2, sample)
		}
		all = message(all, 1, series)
	}
	return all
}

// asSamples are gauges as a request to write them, with labels that all have. Labels without a value are left out, as
// the protocol wants.
func asSamples(families []*dto.MetricFamily, common map[string]string, now time.Time) *writev2.Request {
	symbols, request := writev2.NewSymbolTable(), &writev2.Request{}
	for _, family := range families {
		for _, metric := range family.Metric {
			request.Timeseries = append(request.Timeseries, &writev2.TimeSeries{
				LabelsRefs: symbols.SymbolizeLabels(labelled(family, metric, common), nil),
				Samples:    []*writev2.Sample{{Value: metric.GetGauge().GetValue(), Timestamp: now.UnixMilli()}},
				Metadata: &writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_GAUGE,
					HelpRef: symbols.Symbolize(family.GetHelp())},
			})
		}
	}
	request.Symbols = symbols.Symbols()
	return request
}

// labelled are the names and values of a sample's labels, in the order of their names.
func labelled(family *dto.MetricFamily, metric *dto.Metric, common map[string]string) []string {
	pairs := [][2]string{{"__name__", family.GetName()}}
	own := map[string]bool{}
	for _, l := range metric.Label {
		pairs, own[l.GetName()] = append(pairs, [2]string{l.GetName(), l.GetValue()}), true
	}
	for name, value := range common {
		if !own[name] {
			pairs = append(pairs, [2]string{name, value})
		}
	}
	pairs = slices.DeleteFunc(pairs, func(p [2]string) bool { return p[1] == "" })
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p[0], p[1])
	}
	return flat
}
