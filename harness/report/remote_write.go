package report

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	dto "github.com/prometheus/client_model/go"
)

// Receiver takes samples by Remote-Write 2.0 (prometheus.io/docs/specs/prw/remote_write_spec_2_0): a Prometheus that is
// started with --web.enable-remote-write-receiver, or what keeps metrics behind the same protocol. No word about it
// tells the user or the password.
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

// signedOn says who asks, where the address did.
type signedOn struct{ user *url.Userinfo }

// RoundTrip sends a request.
func (s *signedOn) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.user != nil {
		password, _ := s.user.Password()
		r = r.Clone(r.Context())
		r.SetBasicAuth(s.user.Username(), password)
	}
	return http.DefaultTransport.RoundTrip(r)
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
	if _, err := to.api.Write(ctx, remote.WriteV2MessageType, request); err != nil {
		return fmt.Errorf("writing metrics to %s: %s", to, to.hushed(err.Error()))
	}
	return nil
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
