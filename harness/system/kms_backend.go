package system

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	awskms "github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Who plays AWS KMS. Whoever it is stands behind KMS's own names at the fabric's edge, so that replicas notice no
// difference and every rule acts from outside. What an emulator leaves out of KMS is found out on a throw-away key
// (see probe). A drill of keys and policies wants the embedded one, which leaves out nothing that such a drill needs.
const (
	KMSEmbedded   = "embedded"
	KMSLocalStack = "localstack"
	KMSEndpoint   = "endpoint"
)

// KMSBackend is the URL of the emulator that plays KMS, nil where the fake of ours does. It is asked as AWS is: by its
// host name and with the Region in the scope of the credential, by which emulators know the Region. No signature of
// ours is one that AWS itself would accept.
func (d *Design) KMSBackend() (*url.URL, error) {
	s := d.Topology.KMS
	if s.Backend == "" || s.Backend == KMSEmbedded {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	backend, err := url.Parse(s.URL)
	if err != nil || backend.Host == "" || backend.Scheme != "http" && backend.Scheme != "https" {
		return nil, fmt.Errorf("asking KMS at %q: it is no http or https URL", s.URL)
	}
	return backend, nil
}

// relay sends requests to a backend wherever they are addressed to; their Host stays what it was, because it is
// signed.
type relay struct {
	backend   *url.URL
	transport *http.Transport
}

func newRelay(backend *url.URL) *relay {
	at := *backend
	at.Path = "/" + strings.TrimPrefix(at.Path, "/") // what is joined to a path that is empty would begin with no slash
	return &relay{&at, &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32,
		IdleConnTimeout: time.Minute, ResponseHeaderTimeout: time.Minute}}
}

// RoundTrip asks the backend.
func (t *relay) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	if out.Host == "" {
		out.Host = r.URL.Host
	}
	out.URL.Scheme, out.URL.Host = t.backend.Scheme, t.backend.Host
	out.URL = t.backend.JoinPath(out.URL.Path)
	out.URL.RawQuery = r.URL.RawQuery
	return t.transport.RoundTrip(out)
}

// handler serves the backend under another name.
func (t *relay) handler() http.Handler {
	return Whole(maxCall, &httputil.ReverseProxy{
		Transport: t,
		Rewrite:   func(p *httputil.ProxyRequest) { p.Out.Host = p.In.Host },
		ErrorLog:  log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "What plays KMS can't be reached.", http.StatusBadGateway)
		},
	})
}

// maxCall bounds the body of a call, in bytes: KMS takes less.
const maxCall = 1 << 20

// emulator plays KMS. It is asked past the network, and so past all rules: what is in the way is its own.
type emulator struct {
	*harness.Backend
	relay *relay
}

// client asks a Region's KMS by an access key.
func (e *emulator) client(region, accessKey string) *awskms.Client {
	return identitycenter.NewKMS(region, accessKey, e.http())
}

func (e *emulator) http() *http.Client { return &http.Client{Transport: e.relay} }

// serveKMS puts KMS up in every Region: by ours, or by the emulator where that is nil.
func (s *Site) serveKMS(ours http.Handler, back *rollback.Stack) error {
	backend, err := s.KMSBackend()
	if err != nil {
		return err
	}
	if backend != nil {
		e := &emulator{&harness.Backend{URL: backend.Redacted(), Own: s.Topology.KMS.Backend == KMSLocalStack,
			Honours: []string{}, Ignores: []string{}}, newRelay(backend)}
		hangUp := func(context.Context) error { e.relay.transport.CloseIdleConnections(); return nil }
		if _, err := back.Push(rollback.Intent{}, hangUp); err != nil {
			return err
		}
		s.emulator, s.System.Backend = e, e.Backend
		ours = e.relay.handler()
	}
	s.kms = ours
	for _, region := range s.Topology.Regions() {
		if err := s.Serve(names.KMSHost(region), region, "kms", ours); err != nil {
			return err
		}
	}
	return nil
}
