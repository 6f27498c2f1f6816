package targets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/system"
)

// The ports of a container: what the fake serves, and where it is told what to do.
const (
	servicePort = "8080"
	controlPort = "8081"
)

// healthHost is the host whose every page a fake answers with 204 when it serves, and with 503 while it doesn't yet.
const healthHost = "health.test"

// Fakes lists the kinds of fakes that Serve can be.
func Fakes() []string { return []string{"idp", "kms", "replica"} }

// Serve is the process of one container: a fake behind plain HTTP, since TLS ends at the fabric's edge, and its control
// API for those who bear the token. It knows nothing until it is configured, and returns when ctx ends or a listener
// breaks.
func Serve(ctx context.Context, fake, token string) error {
	if token == "" {
		return errors.New("there is no control token")
	}
	s := &server{}
	defer s.close()
	verbs, ok := s.verbs()[fake]
	if !ok {
		return fmt.Errorf("there is no fake %q; there are %s", fake, strings.Join(Fakes(), ", "))
	}
	broken := make(chan error, 2)
	for port, handler := range map[string]http.Handler{servicePort: s, controlPort: control.Handler(token, verbs)} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+port)
		if err != nil {
			return fmt.Errorf("serving %s: %w", fake, err)
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		defer server.Close()
		go func() { broken <- server.Serve(listener) }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-broken:
		return fmt.Errorf("serving %s: %w", fake, err)
	}
}

// server is a fake that is put up and changed by its control API.
type server struct {
	hosts   atomic.Pointer[map[string]http.Handler]
	mu      sync.Mutex
	replica *identitycenter.Replica
	idp     *idp.IdP
}

// ServeHTTP routes by the host.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(r.Host, ":")
	if host == healthHost {
		w.WriteHeader(s.health())
		return
	}
	if hosts := s.hosts.Load(); hosts != nil {
		if h := (*hosts)[host]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
	}
	http.Error(w, "This host isn't served here.", http.StatusMisdirectedRequest)
}

// health is that of a fake which is configured and, if it is a replica, holds a directory.
func (s *server) health() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts.Load() == nil || s.replica != nil && s.replica.Version() == 0 {
		return http.StatusServiceUnavailable
	}
	return http.StatusNoContent
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replica != nil {
		_ = s.replica.Close() // never an error
	}
}

// verbs are what each fake can be told.
func (s *server) verbs() map[string]control.Verbs {
	return map[string]control.Verbs{
		"idp": {"configure": control.To(s.configureIdP), "acs": control.To(s.acs)},
		"kms": {"configure": control.To(s.configureKMS)},
		"replica": {"configure": control.To(s.configureReplica), "start": control.To(s.start), "put": control.To(s.put),
			"restore": control.To(s.restore), "wait": control.To(s.wait)},
	}
}

// errUnconfigured is what a fake says that is told too early.
var errUnconfigured = errors.New("it is not configured yet")

// replicaSettings is identitycenter.Config on the wire.
type replicaSettings struct {
	Instance         names.Instance
	Region           string
	Regions          []string
	EntityID, SSOURL string
	Certificate      []byte // DER
	KeyID            string
	Seed             uint64
	Lag, Jitter      time.Duration
	Behaviour        identitycenter.Behaviour
	Door             string // the proxy through which all leaves, with its password
	Roots            []byte // PEM
}

func newReplicaSettings(c identitycenter.Config, door *url.URL, roots []byte) replicaSettings {
	return replicaSettings{Instance: c.Instance, Region: c.Region, Regions: c.Regions, EntityID: c.IdP.EntityID, SSOURL: c.IdP.SSOURL,
		Certificate: c.IdP.Certificates[0].Raw, KeyID: c.KeyID, Seed: c.Seed, Lag: c.Lag, Jitter: c.Jitter, Behaviour: c.Behaviour,
		Door: door.String(), Roots: roots}
}

// configureReplica puts a replica up, and tells the hosts that it serves.
func (s *server) configureReplica(_ context.Context, c replicaSettings) ([]string, error) {
	certificate, err := x509.ParseCertificate(c.Certificate)
	if err != nil {
		return nil, fmt.Errorf("reading the identity provider's certificate: %w", err)
	}
	door, err := url.Parse(c.Door)
	if err != nil {
		return nil, errors.New("the door is not a URL") // its text holds a password
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.Roots) {
		return nil, errors.New("there is no certificate among the roots")
	}
	client := &http.Client{Transport: &http.Transport{
		Proxy:               http.ProxyURL(door),
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: roots, CurvePreferences: []tls.CurveID{tls.X25519}},
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 32,
	}}
	replica, err := identitycenter.New(identitycenter.Config{Instance: c.Instance, Region: c.Region, Regions: c.Regions,
		IdP: system.Trust(c.EntityID, c.SSOURL, certificate), KMS: system.KMSClient(c.Region, client), KeyID: c.KeyID, HTTP: client,
		Seed: c.Seed, Lag: c.Lag, Jitter: c.Jitter, Behaviour: c.Behaviour})
	if err != nil {
		return nil, err
	}
	s.close()
	s.mu.Lock()
	s.replica = replica
	s.mu.Unlock()
	return s.putUp(replica.Handlers()), nil
}

// putUp serves these hosts and no other.
func (s *server) putUp(hosts map[string]http.Handler) []string {
	s.hosts.Store(&hosts)
	served := make([]string, 0, len(hosts))
	for host := range hosts {
		served = append(served, host)
	}
	slices.Sort(served)
	return served
}

func (s *server) standing() (*identitycenter.Replica, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replica == nil {
		return nil, errUnconfigured
	}
	return s.replica, nil
}

func (s *server) start(ctx context.Context, _ control.None) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.Start(ctx)
	}
	return control.None{}, err
}

// edition is a directory and its version.
type edition struct {
	Version   uint64
	Directory identitycenter.Directory
}

// put makes the directory the next version, and tells which that is.
func (s *server) put(ctx context.Context, d identitycenter.Directory) (uint64, error) {
	r, err := s.standing()
	if err != nil {
		return 0, err
	}
	err = r.Put(ctx, d)
	return r.Version(), err
}

func (s *server) restore(ctx context.Context, e edition) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.Restore(ctx, e.Version, e.Directory)
	}
	return control.None{}, err
}

func (s *server) wait(ctx context.Context, version uint64) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.WaitVersion(ctx, version)
	}
	return control.None{}, err
}

// idpSettings is idp.Config on the wire.
type idpSettings struct {
	Dialect, Host string
	Key           []byte // PKCS 8
	Certificate   []byte // DER
	App           idp.App
	People        []idp.Person
}

// trust is what Identity Center must be told of the provider.
type trust struct{ EntityID, SSOURL string }

func newIdPSettings(c idp.Config) (idpSettings, error) {
	key, err := x509.MarshalPKCS8PrivateKey(c.Signer.Key)
	if err != nil {
		return idpSettings{}, fmt.Errorf("writing the identity provider's key: %w", err)
	}
	return idpSettings{Dialect: c.Dialect, Host: c.Host, Key: key, Certificate: c.Signer.Cert.Raw, App: c.App, People: c.People}, nil
}

func (s *server) configureIdP(_ context.Context, c idpSettings) (trust, error) {
	signer, err := c.signer()
	if err != nil {
		return trust{}, err
	}
	made, err := idp.New(idp.Config{Dialect: c.Dialect, Host: c.Host, Signer: signer, App: c.App, People: c.People})
	if err != nil {
		return trust{}, err
	}
	s.mu.Lock()
	s.idp = made
	s.mu.Unlock()
	s.putUp(map[string]http.Handler{c.Host: made})
	return trust{made.EntityID(), made.SSOURL()}, nil
}

func (c idpSettings) signer() (*pki.Signer, error) {
	certificate, err := x509.ParseCertificate(c.Certificate)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(c.Key)
	if err != nil {
		return nil, errors.New("the key can't be read")
	}
	return pki.SignerOf(key, certificate)
}

// acs registers these assertion consumer services in place of the present ones.
func (s *server) acs(_ context.Context, list []idp.ACS) (control.None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idp == nil {
		return control.None{}, errUnconfigured
	}
	return control.None{}, s.idp.SetACS(list)
}

// kmsSettings is kms.Config on the wire, and the Regions that are served.
type kmsSettings struct {
	Account     string
	CreatingFor time.Duration
	Principals  map[string]string
	Regions     []string
}

func (s *server) configureKMS(_ context.Context, c kmsSettings) ([]string, error) {
	service := kms.New(kms.Config{Account: c.Account, CreatingFor: c.CreatingFor, Principals: c.Principals})
	hosts := map[string]http.Handler{}
	for _, region := range c.Regions {
		hosts[names.KMSHost(region)] = service.Handler(region)
	}
	return s.putUp(hosts), nil
}
