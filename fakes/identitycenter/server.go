package identitycenter

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// complete fills in what is not given, from the configuration's way.
func (d Deps) complete(cfg *Config) (Deps, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.HTTP == nil && cfg.Way.Door == "" {
		return d, errors.New("no HTTP client, and no way out")
	}
	if d.HTTP == nil {
		var err error
		if d.HTTP, err = cfg.Way.client(); err != nil {
			return d, err
		}
	}
	if d.KMS == nil {
		d.KMS = NewKMS(cfg.Region, CenterAccessKey, d.HTTP)
	}
	return d, nil
}

// NewKMS asks a Region's KMS as whom the access key stands for.
func NewKMS(region, accessKey string, client *http.Client) *kms.Client {
	return kms.New(kms.Options{
		Region: region, HTTPClient: client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: "who plays KMS here verifies no signature"}, nil
		}),
	})
}

// client leaves by the door.
func (w Way) client() (*http.Client, error) {
	door, err := url.Parse(w.Door)
	if err != nil {
		return nil, errors.New("the door is not a URL") // its text holds a password
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(w.Roots) {
		return nil, errors.New("there is no certificate among the roots")
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyURL(door),
		OnProxyConnectResponse: noSuchName,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, CurvePreferences: []tls.CurveID{tls.CurveP256}},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    32,
	}}, nil
}

// noSuchName is the error of a name that the door doesn't know, by what it says of that (RFC 9209), as of one that was
// looked up here.
func noSuchName(_ context.Context, _ *url.URL, asked *http.Request, said *http.Response) error {
	if said.StatusCode == http.StatusOK || !strings.Contains(said.Header.Get("Proxy-Status"), `rcode="NXDOMAIN"`) {
		return nil
	}
	return &net.DNSError{Err: "no such host", Name: (&url.URL{Host: asked.Host}).Hostname(), IsNotFound: true}
}

// Server is a replica that is told what to be. It knows nothing until it is configured; configured anew it begins anew.
type Server struct {
	control.Hosts
	control.Verbs
	deps Deps

	mu      sync.Mutex
	replica *Replica
}

// NewServer stands on deps, which may lack HTTP where the configuration says a way.
func NewServer(deps Deps) *Server {
	clock := control.NewClock(deps.Now)
	deps.Now = clock.Now
	s := &Server{deps: deps}
	s.Verbs = control.Verbs{
		"configure": control.To(s.configure), // a Config; tells the hosts that it serves, each with its service
		"start":     control.To(s.start),     // to replicate
		"put":       control.To(s.put),       // a Directory; tells the Position after it
		"connect":   control.To(s.connect),   // an AppSettings to its Region, for everybody; tells the Position after it
		"wait":      control.To(s.wait),      // until it has what another Region had at a Position
		// region_added waits until a Region that was asked for serves people; add_region asks for it too, where it isn't
		// there. remove_region removes one, and waits until it is gone.
		"region_added":  control.To(s.regionAdded),
		"add_region":    control.To(s.addRegion),
		"remove_region": control.To(s.removeRegion),
		"revoke":        control.To(s.revoke), // a user's sessions, by user name; in any Region
		"hold":          control.To(s.hold),   // EdgeRules, in the place of those before
		"backlogs":      control.To(s.backlogs),
		"trust":         control.To(s.trust),        // Imports, in the place of those of their name
		"judge":         control.To(s.judge),        // a Judgement; tells what was Judged
		"lose_sessions": control.To(s.loseSessions), // all that there are; tells how many

		"scim-token":        control.To(s.mintSCIMToken),   // makes a SCIMToken beside the one that there is
		"forget-scim-token": control.To(s.forgetSCIMToken), // by its ID
	}
	maps.Copy(s.Verbs, clock.Verbs())
	return s
}

// Serves tells whether it is configured and holds something.
func (s *Server) Serves() bool {
	r, err := s.standing()
	return err == nil && r.store.Plain(keyCenter) != nil
}

// Close ends replication.
func (s *Server) Close() error {
	if r, err := s.standing(); err == nil {
		return r.Close()
	}
	return nil
}

func (s *Server) standing() (*Replica, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replica == nil {
		return nil, control.ErrUnconfigured
	}
	return s.replica, nil
}

func (s *Server) configure(_ context.Context, c Config) (map[string]string, error) {
	if err := s.Close(); err != nil { // before the next opens the same records
		return nil, err
	}
	s.mu.Lock()
	s.replica = nil
	s.mu.Unlock()
	replica, err := New(c, s.deps)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.replica = replica
	s.mu.Unlock()
	s.PutUp(replica.Handlers())
	return replica.Hosts(), nil
}

func (s *Server) start(ctx context.Context, _ control.None) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.Start(ctx)
	}
	return control.None{}, err
}

func (s *Server) put(ctx context.Context, d Directory) (Position, error) {
	r, err := s.standing()
	if err != nil {
		return Position{}, err
	}
	return r.Put(ctx, d)
}

func (s *Server) wait(ctx context.Context, p Position) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.Wait(ctx, p)
	}
	return control.None{}, err
}

func (s *Server) hold(_ context.Context, rules []EdgeRule) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		r.Hold(rules)
	}
	return control.None{}, err
}

func (s *Server) backlogs(context.Context, control.None) ([]Backlog, error) {
	r, err := s.standing()
	if err != nil {
		return nil, err
	}
	return r.Backlogs(), nil
}

func (s *Server) loseSessions(context.Context, control.None) (int, error) {
	r, err := s.standing()
	if err != nil {
		return 0, err
	}
	return r.LoseSessions()
}

func (s *Server) mintSCIMToken(ctx context.Context, _ control.None) (SCIMToken, error) {
	r, err := s.standing()
	if err != nil {
		return SCIMToken{}, err
	}
	return r.CreateSCIMToken(ctx)
}

func (s *Server) forgetSCIMToken(ctx context.Context, id string) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.DeleteSCIMToken(ctx, id)
	}
	return control.None{}, err
}

func (s *Server) regionAdded(ctx context.Context, region string) (control.None, error) {
	r, err := s.standing()
	if err != nil {
		return control.None{}, err
	}
	err = r.settled(ctx)
	if err == nil && r.known.Load().region(region) == nil {
		err = fmt.Errorf("%s could not be added: it vanished again", region)
	}
	for err == nil && !r.told(region) { // it serves people once it knows itself that it is ACTIVE
		if !pause(ctx, changeLook) {
			err = ctx.Err()
		}
	}
	return control.None{}, err
}

func (s *Server) addRegion(ctx context.Context, region string) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.settled(ctx)
	}
	if err == nil && r.known.Load().region(region) == nil {
		_, err = r.AddRegion(ctx, region)
	}
	if err != nil {
		return control.None{}, err
	}
	return s.regionAdded(ctx, region)
}

func (s *Server) removeRegion(ctx context.Context, region string) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.settled(ctx)
	}
	if err != nil || r.known.Load().region(region) == nil {
		return control.None{}, err
	}
	if _, err = r.RemoveRegion(ctx, region); err == nil {
		err = r.settled(ctx)
	}
	return control.None{}, err
}

func (s *Server) revoke(_ context.Context, user string) (control.None, error) {
	r, err := s.standing()
	if err == nil {
		err = r.RevokeSessions(user)
	}
	return control.None{}, err
}
