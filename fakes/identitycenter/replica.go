// Package identitycenter plays one Region's replica of AWS IAM Identity Center: the access portal, the sign-in service
// with its assertion consumer service (ACS), the portal's API, and the replication that ties the Regions together.
//
// It exists because no tool can take the real service away from a Region, and no emulator has its multi-Region side. It
// is strict where the service is, above all in what an ACS refuses, and says so in the sentences that people see at
// AWS; what AWS does not document is a knob of Behaviour. A replica keeps its directory encrypted under its Region's
// KMS key and asks KMS at every sign-in, since that is what breaks in an additional Region before anybody notices.
package identitycenter

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Behaviour holds the knobs for what AWS does not document.
type Behaviour struct {
	Skew           time.Duration // tolerance of the ACS for another clock, at least 0
	Unsolicited    bool          // whether a response that answers no request is accepted (IdP-initiated sign-in)
	Expired        bool          // whether a certificate of the provider is trusted after it has expired
	KMSCache       time.Duration // how long a data key stays open after KMS has opened it; 0: every sign-in asks KMS
	KMSFaultStatus int           // HTTP status of the portal API while KMS refuses or is silent
	SessionHandOff bool          // whether browsers carry their session between the Regions' sign-in hosts
	DualStackACS   bool          // whether portals ask for the dual-stack form, and command lines alone for that of IPv4
	LegacyACS      bool          // whether the primary asks for the ACS of instances enabled before February 2026
	AddPace        time.Duration // by which adding a Region takes longer for each record that it gets, at least 0
	RemoveTime     time.Duration // how long a Region is REMOVING while it still serves
	FailedAdd      time.Duration // how long a Region that can't be added stays ADDING before it vanishes
	MaxRegions     int           // of an instance, with the primary
	// PrimaryOnlyError is the code with which an additional Region answers what only the primary can do.
	PrimaryOnlyError string
	AssignmentTime   time.Duration // how long an assignment of a permission set takes to be made or deleted
	SessionDuration  time.Duration // of the portal; 8 h by default, 15 min to 90 days at AWS

	TokenLife       time.Duration // of an access token that can be refreshed, at most to the session's end; 1 h
	LegacyTokenLife time.Duration // of one of a client that registered no scope and can't refresh it; 8 h
	Quotas          bool          // whether APIs refuse who exceeds their published rates
	PortalAPIRate   int           // calls a second of the portal API that a token may make; 0: AWS publishes none
}

// Default is how the service is believed to behave.
func Default() Behaviour {
	return Behaviour{
		Skew: 3 * time.Minute, Unsolicited: true, KMSFaultStatus: http.StatusForbidden, SessionHandOff: true,
		SessionDuration: 8 * time.Hour, AddPace: 20 * time.Millisecond, FailedAdd: time.Minute,
		RemoveTime: time.Second, MaxRegions: 6,
		PrimaryOnlyError: "AccessDeniedException", AssignmentTime: 2 * time.Second,
		TokenLife: time.Hour, LegacyTokenLife: 8 * time.Hour, Quotas: true,
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
	Name      string // of the instance, as its administrator calls it
	Region    string
	Regions   []string // that the instance begins with, the primary first
	IdP       IdPTrust
	KeyID     string // ARN of the KMS key in this Region
	Seed      uint64
	Lag       time.Duration // of replication to other Regions; the first version of the directory goes without
	Jitter    time.Duration // added to Lag, uniformly from 0 up to it
	Behaviour Behaviour
	Way       Way // by which what it asks for leaves; empty where Deps say it

	AccessKeys []AccessKey // of users whom STS knows
	SCIMToken  string      // that the instance begins with, for a year; none where empty

	// ReplicationKey is the secret of the instance's Regions, at least 16 bytes. By it they know that it is one of them
	// who replicates, since whoever stands at a door reaches the hosts that take it.
	ReplicationKey []byte
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
	Dir  string           // an existing folder where its records are kept; a temporary file where empty
}

// Replica is one Region's Identity Center.
type Replica struct {
	cfg      Config
	deps     Deps
	issuer   string
	pages    *pages
	store    *records.Store
	vault    *vault
	stateKey []byte    // authenticates what passes through the browser from portal to sign-in
	deflate  sync.Pool // of *flate.Writer
	stores   *stores
	events   *eventRing
	known    atomic.Pointer[configuration] // nil where nobody is served here
	waking   sync.Mutex                    // what was recorded is taken into memory once
	reading  sync.Mutex                    // held while known is read from the records
	oidc     *oidcStore
	quotas   *quotas
	beside   beside

	mu      sync.Mutex
	sending map[[2]string]*sender // by stream and Region
	rules   []EdgeRule
	trimmed records.Heads
	changes map[string]bool // Regions whose adding or removal is under way
	founded records.Heads   // how far the logs went when the instance began
	context context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	closed  bool
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
		events:   newEventRing(),
		sending:  map[[2]string]*sender{},
		trimmed:  records.Heads{},
		changes:  map[string]bool{},
		oidc:     newOIDCStore(),
		quotas:   newQuotas(),
	}
	if err := r.openRecords(); err != nil {
		return nil, fmt.Errorf("configuring identity center in %s: %w", cfg.Region, err)
	}
	r.vault = newVault(&cfg, deps, r.store)
	rand.Read(r.stateKey)
	r.deflate.New = func() any {
		w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
		if err != nil {
			return nil // not with a level that exists
		}
		return w
	}
	r.pages = newPages(cfg.Instance, cfg.Region)
	return r, nil
}

// What of a Region's records lies open: whose they are, and since when its logs have been written.
const (
	plainOwner = "owner"
	plainEpoch = "epoch of " // and the stream
)

// openRecords opens what the Region recorded before, or begins anew where it was another's.
func (r *Replica) openRecords() error {
	path := ""
	if r.deps.Dir != "" {
		path = filepath.Join(r.deps.Dir, "identity-center.records")
	}
	var err error
	if r.store, err = records.Open(path, kinds()); err != nil {
		return err
	}
	owner := []byte(r.cfg.Instance.ARN() + " " + r.cfg.Region)
	if bytes.Equal(r.store.Plain(plainOwner), owner) {
		return nil
	}
	err = errors.Join(r.store.Clear(), r.store.PutPlain(plainOwner, owner))
	for _, stream := range Streams() {
		err = errors.Join(err, r.store.PutPlain(plainEpoch+stream, []byte(newSecret())))
	}
	return err
}

func (cfg *Config) check() error {
	switch {
	case cfg.Region == "" || names.PartitionOf(cfg.Region) != names.PartitionOf(cfg.Instance.Primary):
		return errors.New("the Region is not of the instance's partition")
	case len(cfg.Regions) == 0 || cfg.Regions[0] != cfg.Instance.Primary:
		return errors.New("the first Region is not the primary")
	case cfg.IdP.EntityID == "" || cfg.IdP.SSOURL == "" || len(cfg.IdP.Certificates) == 0:
		return errors.New("the identity provider's metadata is not complete")
	case len(cfg.ReplicationKey) < 16:
		return errors.New("the Regions share no key of 16 bytes at least, to replicate with")
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
	running, closed := r.stop != nil, r.closed
	if !running && !closed {
		r.context, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	}
	r.mu.Unlock()
	if closed {
		return fmt.Errorf("starting identity center in %s: it is closed", r.cfg.Region)
	}
	if running {
		return fmt.Errorf("starting identity center in %s: it runs already", r.cfg.Region)
	}
	r.background(func() { r.begun(r.context) })
	return nil
}

// background does something until the Region is closed, for which Close waits. Afterwards nothing is begun any more.
func (r *Replica) background(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.running.Go(do)
	}
}

// begun takes up what was recorded before a restart as soon as KMS lets it, and replicates.
func (r *Replica) begun(ctx context.Context) {
	if r.known.Load() != nil { // it was in use before: what it could not go on with then it does now
		if keys, err := r.vault.keys(ctx); err == nil {
			_ = r.resume(keys) // which fails where the records are closed alone
		}
	}
	for retry := retryFirst; r.known.Load() == nil && r.store.Plain(keyCenter) != nil; retry = min(2*retry, retryLast) {
		if keys, err := r.vault.keys(ctx); err == nil && r.wake(keys) == nil {
			break // there may be nothing, where it is not added yet
		}
		if !pause(ctx, retry) {
			return
		}
	}
	r.senders(ctx)
	r.carryOn(ctx)
}

// Close ends replication and gives the records up: what needs them fails from then on. It may be called twice.
func (r *Replica) Close() error {
	r.mu.Lock()
	r.closed = true
	if r.stop != nil {
		r.stop()
	}
	r.mu.Unlock()
	r.running.Wait()
	return r.store.Close()
}

// keysFor opens the data keys that a stream's records lie under.
func (r *Replica) keysFor(ctx context.Context, stream string) (records.Keys, error) {
	if keys := r.vault.sessionKeys(); stream == StreamSessions && keys[keyCenter] != nil {
		return keys, nil
	}
	return r.vault.activate(ctx)
}

// update changes records as this Region, and does what follows from it.
func (r *Replica) update(keys records.Keys, do func(*records.Tx) error) error {
	var written []records.Entry
	err := r.store.Update(keys, r.cfg.Region, func(tx *records.Tx) error {
		err := do(tx)
		written = tx.Written()
		return err
	})
	if err != nil {
		return err
	}
	return r.follow(keys, written)
}

// wake takes what is recorded into memory, once: the configuration and the sessions.
func (r *Replica) wake(keys records.Keys) error {
	r.waking.Lock()
	defer r.waking.Unlock()
	if r.known.Load() != nil {
		return nil
	}
	if err := r.remember(keys); err != nil {
		return err
	}
	if err := r.reconfigure(keys); err != nil {
		return err
	}
	return r.resume(keys)
}

// reconfigure reads the configuration again, and replicates to those who are in it now.
func (r *Replica) reconfigure(keys records.Keys) error {
	if err := r.recall(keys); err != nil {
		return err
	}
	r.mu.Lock()
	ctx := r.context
	r.mu.Unlock()
	if ctx != nil {
		r.senders(ctx)
		r.carryOn(ctx)
	}
	return nil
}

// log is this Region's of a stream.
func (r *Replica) log(stream string) records.Log {
	return records.Log{Origin: r.cfg.Region, Stream: stream, Epoch: string(r.store.Plain(plainEpoch + stream))}
}

// isAdding tells whether a Region is still being added.
func (r *Replica) isAdding(region string) bool {
	c := r.known.Load()
	if c == nil {
		return false
	}
	of := c.region(region)
	return of != nil && of.Status == RegionAdding
}

// Position is where a Region's logs are: what another Region must have taken over to have all that was written by then.
type Position []Mark

// Mark is an entry of a log.
type Mark struct {
	records.Log
	Number uint64 `json:"number"`
}

// Position of this Region's logs.
func (r *Replica) Position() Position {
	var p Position
	for _, stream := range Streams() {
		if head := r.store.Head(stream); head > 0 {
			p = append(p, Mark{r.log(stream), head})
		}
	}
	return p
}

// Has tells whether this Region has all that another had written at the position.
func (r *Replica) Has(p Position) bool {
	return !slices.ContainsFunc(p, func(m Mark) bool {
		return m.Origin != r.cfg.Region && r.store.Applied(m.Log) < m.Number
	})
}

// Wait until the Region has what another had written at the position. Its error is the context's.
func (r *Replica) Wait(ctx context.Context, p Position) error {
	for {
		changed := r.store.Changed()
		if r.Has(p) {
			// What it has it also uses. Where KMS is in the way, whoever needs it next is told.
			_, _ = r.configuration(ctx)
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting in %s for what another Region has: %w", r.cfg.Region, ctx.Err())
		}
	}
}
