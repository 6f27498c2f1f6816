// Package identitycenter plays one Region's replica of AWS IAM Identity Center: the access portal, the sign-in service
// with its assertion consumer service (ACS), the portal's API, and the replication that ties the Regions together.
//
// It exists because no tool can take the real service away from a Region, and no emulator has its multi-Region side. It
// is strict where the service is, above all in what an ACS refuses, and says so in the sentences that people see at
// AWS; what AWS does not document is a knob of Behaviour. A replica keeps its directory encrypted under its Region's
// KMS key and asks KMS at every sign-in, since that is what breaks in an additional Region before anybody notices.
package identitycenter

import (
	"compress/flate"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Behaviour holds the knobs for what AWS does not document.
type Behaviour struct {
	Skew            time.Duration // tolerance of the ACS for another clock, at least 0
	Unsolicited     bool          // whether a response that answers no request is accepted (IdP-initiated sign-in)
	KMSCache        time.Duration // how long a data key stays open after KMS has opened it; 0: every sign-in asks KMS
	KMSFaultStatus  int           // HTTP status of the portal API while KMS refuses or is silent
	SessionHandOff  bool          // whether browsers carry their session between the Regions' sign-in hosts
	LegacyACS       bool          // whether the primary asks for the ACS of instances enabled before February 2026
	SessionDuration time.Duration // of the portal; 8 h by default, 15 min to 90 days at AWS

	TokenLife       time.Duration // of an access token that can be refreshed, at most to the session's end; 1 h
	LegacyTokenLife time.Duration // of one of a client that registered no scope and can't refresh it; 8 h
	Quotas          bool          // whether the OIDC API refuses who exceeds its published rates
	PortalAPIRate   int           // calls a second of the portal API that a token may make; 0: AWS publishes none
}

// Default is how the service is believed to behave.
func Default() Behaviour {
	return Behaviour{
		Skew: 3 * time.Minute, Unsolicited: true, KMSFaultStatus: http.StatusForbidden, SessionHandOff: true,
		SessionDuration: 8 * time.Hour, TokenLife: time.Hour, LegacyTokenLife: 8 * time.Hour, Quotas: true,
	}
}

// IdPTrust is the identity provider as its metadata, uploaded to Identity Center, describes it.
type IdPTrust struct {
	EntityID     string
	SSOURL       string // of the HTTP-Redirect binding
	Certificates pki.Certificates
}

// Config says what a replica is. It is data, so that a replica can be told it wherever it runs.
type Config struct {
	Instance  names.Instance
	Region    string
	Regions   []string // all of the instance, the primary first
	IdP       IdPTrust
	KeyID     string // ARN of the KMS key in this Region
	Seed      uint64
	Lag       time.Duration // of replication to other Regions; the first version of the directory goes without
	Jitter    time.Duration // added to Lag, uniformly from 0 up to it
	Behaviour Behaviour
	Way       Way // by which what it asks for leaves; empty where Deps say it

	AccessKeys []AccessKey // of users whom STS knows
}

// Way is how a replica in a process of its own reaches others: all that it asks for leaves by its Region's door.
type Way struct {
	Door  string // URL of the proxy, with its password
	Roots []byte // PEM of those whom it trusts
}

// Deps are what a replica stands on beside its configuration.
type Deps struct {
	HTTP *http.Client     // for replication; leaves by this Region's door
	KMS  KMS              // asks as Identity Center; made of HTTP where nil
	Now  func() time.Time // the Region's clock; time.Now where nil
}

// Replica is one Region's Identity Center.
type Replica struct {
	cfg      Config
	deps     Deps
	issuer   string
	pages    *pages
	vault    *vault
	stateKey []byte    // authenticates what passes through the browser from portal to sign-in
	deflate  sync.Pool // of *flate.Writer
	stores   *stores
	oidc     *oidcStore
	quotas   *quotas
	streams  []*stream // to other Regions

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when a version is stored
	stop    context.CancelFunc
	running sync.WaitGroup
	puts    sync.Mutex // one Put at a time
}

// New makes a replica that answers at once and replicates from Start on. Errors name what is wrong with the
// configuration.
func New(cfg Config, deps Deps) (*Replica, error) {
	deps, err := deps.complete(&cfg)
	if err = errors.Join(err, cfg.check()); err != nil {
		return nil, fmt.Errorf("configuring identity center in %s: %w", cfg.Region, err)
	}
	r := &Replica{
		cfg:      cfg,
		deps:     deps,
		issuer:   cfg.Instance.Issuer(),
		stateKey: make([]byte, 32),
		stores:   newStores(),
		oidc:     newOIDCStore(),
		quotas:   newQuotas(),
		changed:  make(chan struct{}),
		vault:    newVault(&cfg, deps),
	}
	rand.Read(r.stateKey)
	r.deflate.New = func() any {
		w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
		if err != nil {
			return nil // not with a level that exists
		}
		return w
	}
	r.pages = newPages(cfg.Instance, cfg.Region)
	for _, region := range cfg.Regions {
		if region != cfg.Region {
			r.streams = append(r.streams, r.newStreams(region)...)
		}
	}
	return r, nil
}

func (cfg *Config) check() error {
	switch {
	case !slices.Contains(cfg.Regions, cfg.Region):
		return errors.New("the Region is not one of the instance's")
	case cfg.Regions[0] != cfg.Instance.Primary:
		return errors.New("the first Region is not the primary")
	case cfg.IdP.EntityID == "" || cfg.IdP.SSOURL == "" || len(cfg.IdP.Certificates) == 0:
		return errors.New("the identity provider's metadata is not complete")
	case cfg.Behaviour.SessionDuration <= 0:
		return errors.New("sessions have no duration; start from Default()")
	case cfg.Behaviour.TokenLife < time.Second || cfg.Behaviour.LegacyTokenLife < time.Second:
		return errors.New("access tokens have no life of a second at least; start from Default()")
	case cfg.Behaviour.PortalAPIRate < 0:
		return errors.New("the portal API's rate is negative")
	case cfg.Behaviour.KMSFaultStatus < 400 || cfg.Behaviour.KMSFaultStatus > 599:
		return errors.New("the portal API's status for a KMS fault is not an error")
	case cfg.Lag < 0 || cfg.Jitter < 0 || cfg.Behaviour.Skew < 0 || cfg.Behaviour.KMSCache < 0:
		return errors.New("a duration is negative")
	}
	return nil
}

func (r *Replica) primary() bool { return r.cfg.Region == r.cfg.Instance.Primary }

func (r *Replica) now() time.Time { return r.deps.Now() }

// Start begins to replicate; what was Put before goes out first. Close ends it; ctx bounds nothing beyond Start.
func (r *Replica) Start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("starting identity center in %s: %w", r.cfg.Region, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		return fmt.Errorf("starting identity center in %s: it runs already", r.cfg.Region)
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, s := range r.streams {
		r.running.Go(func() { s.run(ctx) })
	}
	return nil
}

// Close ends replication; requests are still answered. It may be called twice.
func (r *Replica) Close() error {
	r.mu.Lock()
	if r.stop != nil {
		r.stop()
	}
	r.mu.Unlock()
	r.running.Wait()
	return nil
}

// Put makes the directory the next version, here and, by and by, in the other Regions. Only the primary takes it, and
// only while KMS answers.
func (r *Replica) Put(ctx context.Context, d Directory) error {
	if !r.primary() {
		return fmt.Errorf("changing the directory in %s: only %s can", r.cfg.Region, r.cfg.Instance.Primary)
	}
	if err := d.check(); err != nil {
		return fmt.Errorf("changing the directory: %w", err)
	}
	r.puts.Lock()
	defer r.puts.Unlock()
	version := r.vault.have() + 1
	sealed, err := r.adopt(ctx, version, &d)
	if err != nil {
		return fmt.Errorf("changing the directory: %w", err)
	}
	for _, s := range r.streams {
		if s.kind == streamDirectory {
			s.add(item{version: version, sealed: sealed}, version > 1)
		}
	}
	return nil
}

// adopt stores a version and ends the sessions of those whom it no longer lets in.
func (r *Replica) adopt(ctx context.Context, version uint64, d *Directory) ([]byte, error) {
	sealed, err := r.vault.put(ctx, version, d)
	if err != nil || sealed == nil {
		return nil, err
	}
	allowed := make(map[string]bool, len(d.Users))
	for _, u := range d.Users {
		allowed[u.Name] = !u.Disabled
	}
	r.stores.expel(func(user string) bool { return !allowed[user] }, r.now())
	r.mu.Lock()
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	return sealed, nil
}

// Version of the directory that this Region holds; 0 before the first.
func (r *Replica) Version() uint64 { return r.vault.have() }

// WaitVersion waits until the Region holds the version or a newer one. Its error is the context's.
func (r *Replica) WaitVersion(ctx context.Context, version uint64) error {
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if r.vault.have() >= version {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for version %d of the directory in %s: %w", version, r.cfg.Region, ctx.Err())
		}
	}
}

// Restore gives the Region a version of the directory that it held before it was stopped, as its disk would have kept
// it. Nothing is sent to other Regions. It is no error where the Region holds that version or a newer one.
func (r *Replica) Restore(ctx context.Context, version uint64, d Directory) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("restoring the directory in %s: %w", r.cfg.Region, err)
	}
	r.puts.Lock()
	defer r.puts.Unlock()
	if _, err := r.adopt(ctx, version, &d); err != nil {
		return fmt.Errorf("restoring the directory in %s: %w", r.cfg.Region, err)
	}
	return nil
}
