package report

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"google.golang.org/protobuf/proto"
)

// store keeps what a receiver was given.
type store struct {
	users    []string
	requests []*writev2.Request
}

// Store takes a request whose encoding the receiver has read.
func (s *store) Store(r *http.Request, kind remote.WriteMessageType) (*remote.WriteResponse, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || kind != remote.WriteV2MessageType {
		return nil, fmt.Errorf("%s, %w", kind, err)
	}
	var request writev2.Request
	if err := proto.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	user, password, _ := r.BasicAuth()
	s.users, s.requests = append(s.users, user+" "+password), append(s.requests, &request)
	response := remote.NewWriteResponse()
	response.SetStatusCode(http.StatusNoContent)
	response.Add(remote.WriteResponseStats{Samples: len(request.Timeseries)})
	return response, nil
}

// seriesOf are the labels of all series of a request, as text.
func seriesOf(r *writev2.Request) map[string]*writev2.TimeSeries {
	all := map[string]*writev2.TimeSeries{}
	for _, s := range r.Timeseries {
		text := ""
		for i := 0; i < len(s.LabelsRefs); i += 2 {
			text += r.Symbols[s.LabelsRefs[i]] + "=" + r.Symbols[s.LabelsRefs[i+1]] + " "
		}
		all[text] = s
	}
	return all
}

// TestRemoteWrite holds what is written against the receiver of the protocol's own authors.
func TestRemoteWrite(t *testing.T) {
	s := &store{}
	var paths []string
	handler := remote.NewWriteHandler(s, remote.MessageTypes{remote.WriteV2MessageType})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	to, err := ParseReceiver(strings.Replace(server.URL, "//", "//ann:hush@", 1))
	if err != nil || strings.Contains(to.String(), "hush") {
		t.Fatalf("%s, %v", to, err)
	}
	m := replay(open(sample(t, "flagship")))
	if err := m.Write(t.Context(), to, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
	if len(s.requests) != 1 || paths[0] != "/api/v1/write" || s.users[0] != "ann hush" {
		t.Fatalf("%d requests at %v by %v", len(s.requests), paths, s.users)
	}
	request := s.requests[0]
	told := seriesOf(request)
	want := "__name__=regiondrill_last_run_valid environment=ci job=regiondrill scenario=primary-region-outage "
	valid := told[want]
	if valid == nil || valid.Samples[0].Value != 1 || valid.Samples[0].Timestamp == 0 ||
		valid.Metadata.Type != writev2.Metadata_METRIC_TYPE_GAUGE || request.Symbols[valid.Metadata.HelpRef] == "" {
		t.Errorf("no %s among %d series, or it is %+v", want, len(told), valid)
	}
	if len(told) != len(request.Timeseries) || len(told) < 20 {
		t.Errorf("%d series, of which %d differ", len(request.Timeseries), len(told))
	}
	if err := m.WriteStart(t.Context(), to, "regiondrill", ""); err != nil || len(s.requests) != 2 {
		t.Fatalf("%d requests, %v", len(s.requests), err)
	}
	for labels := range seriesOf(s.requests[1]) {
		if !strings.HasPrefix(labels, "__name__=regiondrill_run_") || strings.Contains(labels, "environment=") {
			t.Errorf("at the beginning it tells of %s", labels)
		}
	}
}

// What knows 1.0 alone is written to by 1.0, whatever it says to 2.0; what knows 2.0 and wrote less than it was sent is
// told of.
func TestReceiversOfTheFirstVersion(t *testing.T) {
	const contentType = "application/x-protobuf"
	for name, c := range map[string]struct {
		status         int // to 2.0
		written, wrong string
		kinds          int // of requests
	}{
		"refuses as it should":        {http.StatusUnsupportedMediaType, "", "", 2},
		"refuses as older ones do":    {http.StatusBadRequest, "", "", 2},
		"takes it for nothing":        {http.StatusNoContent, "", "", 2},
		"knows 2.0 and wants none":    {http.StatusBadRequest, "0", "400 Bad Request", 1},
		"knows 2.0 and wrote one":     {http.StatusNoContent, "1", "samples it has written 1", 1},
		"wants to know who asks":      {http.StatusForbidden, "", "403 Forbidden", 1},
		"knows 2.0 and wrote nothing": {http.StatusNoContent, "0", "samples it has written 0", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var kinds []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				kind := r.Header.Get("Content-Type")
				if kinds = append(kinds, kind); kind == contentType {
					w.WriteHeader(http.StatusNoContent)
					return
				}
				if c.written != "" {
					w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", c.written)
				}
				w.WriteHeader(c.status)
			}))
			defer server.Close()
			to, err := ParseReceiver(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			err = replay(open(sample(t, "flagship"))).Write(t.Context(), to, "regiondrill", "ci")
			if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Error(err)
			}
			if len(kinds) != c.kinds || c.kinds == 2 && kinds[1] != contentType {
				t.Errorf("it was sent %q", kinds)
			}
		})
	}
}

// TestAReceiverThatRefuses is told of, without the password, and is asked once by either version.
func TestAReceiverThatRefuses(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Error(w, "no room here for "+r.Header.Get("Authorization"), http.StatusBadRequest)
	}))
	defer server.Close()
	to, err := ParseReceiver(strings.Replace(server.URL, "//", "//ann:hush@", 1) + "/push")
	if err != nil {
		t.Fatal(err)
	}
	err = replay(open(sample(t, "flagship"))).Write(t.Context(), to, "regiondrill", "")
	if err == nil || !strings.Contains(err.Error(), "no room here") || strings.Contains(err.Error(), "hush") ||
		strings.Contains(err.Error(), "YW5uOmh1c2g=") || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	for _, address := range []string{"", "prometheus:9090", "ftp://prometheus/", "http://", "http://x/#y"} {
		if _, err := ParseReceiver(address); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
