package identitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

const (
	streamDirectory = "directory"
	streamSessions  = "sessions"

	maxPush     = 16 << 20 // bytes of a push
	maxBatch    = 500      // events of a push
	maxQueue    = 20_000   // events that wait for a Region; of more, the oldest are dropped
	maxVersions = 16       // versions of the directory that wait for a Region; beyond, the oldest, which later ones hold

	pushEvery  = 100 * time.Millisecond // at most one push of a stream in that time: it competes with sign-ins
	pushLimit  = 3 * time.Second        // of one push
	retryFirst = 100 * time.Millisecond
	retryLast  = time.Second
)

// event is a change of sessions. Events can be applied in any order and any number of times.
type event struct {
	Kind    string    `json:"kind"`
	Session *session  `json:"session,omitempty"` // open
	ID      string    `json:"id,omitempty"`      // close: the session's
	User    string    `json:"user,omitempty"`    // revoke
	At      time.Time `json:"at,omitzero"`       // revoke: sessions that began until then
	Until   time.Time `json:"until,omitzero"`    // close, revoke: when it may be forgotten
}

const (
	eventOpen   = "open"
	eventClose  = "close"
	eventRevoke = "revoke"
)

// pushDirectory and pushSessions are the bodies of the two streams.
type pushDirectory struct {
	Origin    string          `json:"origin"`
	Version   uint64          `json:"version"`
	Directory json.RawMessage `json:"directory"`
}

type pushSessions struct {
	Origin string  `json:"origin"`
	Events []event `json:"events"`
}

// item waits in a stream until it is due: a version of the directory or an event.
type item struct {
	due     time.Time
	version uint64
	sealed  []byte
	event   event
}

// stream replicates one kind of data to one Region, in order: each item waits for its lag, then for the way to be open.
type stream struct {
	kind, to string
	replica  *Replica
	wake     chan struct{} // of one place

	mu    sync.Mutex
	rand  *rand.Rand
	queue []item
	last  time.Time // due of the newest item
}

// newStreams are the streams to a Region: sessions go from everywhere, the directory from the primary.
func (r *Replica) newStreams(to string) []*stream {
	kinds := []string{streamSessions}
	if r.primary() {
		kinds = append(kinds, streamDirectory)
	}
	var out []*stream
	for _, kind := range kinds {
		h := fnv.New64a()
		_, _ = h.Write([]byte(kind + " " + r.cfg.Region + " " + to)) // a hash takes everything
		out = append(out, &stream{
			kind: kind, to: to, replica: r, wake: make(chan struct{}, 1),
			rand: rand.New(rand.NewPCG(r.cfg.Seed, h.Sum64())),
		})
	}
	return out
}

// announce gives an event to all other Regions.
func (r *Replica) announce(e event) {
	for _, s := range r.streams {
		if s.kind == streamSessions {
			s.add(item{event: e}, true)
		}
	}
}

// add queues an item; late is false for what need not wait for the lag.
func (s *stream) add(it item, late bool) {
	s.mu.Lock()
	it.due = time.Now()
	if late {
		it.due = it.due.Add(s.replica.cfg.Lag)
		if j := s.replica.cfg.Jitter; j > 0 {
			it.due = it.due.Add(time.Duration(s.rand.Int64N(int64(j))))
		}
	}
	if it.due.Before(s.last) {
		it.due = s.last
	}
	s.last = it.due
	s.queue = append(s.queue, it)
	s.bound()
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// bound keeps the queue to its limit, with an eighth of slack so that a long outage costs one pass over the queue in a
// while. The beginnings of sessions go before the ends of others.
func (s *stream) bound() {
	limit := maxQueue
	if s.kind == streamDirectory {
		limit = maxVersions
	}
	if len(s.queue) <= limit+limit/8 {
		return
	}
	excess := len(s.queue) - limit
	s.queue = slices.DeleteFunc(s.queue, func(it item) bool {
		drop := excess > 0 && (it.event.Kind == "" || it.event.Kind == eventOpen)
		if drop {
			excess--
		}
		return drop
	})
	s.queue = slices.Delete(s.queue, 0, excess)
}

// run pushes what is due until the context ends.
func (s *stream) run(ctx context.Context) {
	for {
		batch := s.await(ctx)
		if batch == nil {
			return
		}
		for retry := retryFirst; s.push(ctx, batch) != nil; retry = min(2*retry, retryLast) {
			if !pause(ctx, retry) {
				return
			}
			batch = s.fresher(batch)
		}
		if !pause(ctx, pushEvery) {
			return
		}
	}
}

// await waits for items that are due and takes them; nil when the context has ended.
func (s *stream) await(ctx context.Context) []item {
	for {
		batch, next := s.take()
		if batch != nil {
			return batch
		}
		var timer <-chan time.Time
		if !next.IsZero() {
			timer = time.After(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer:
		case <-s.wake:
		}
	}
}

// take removes the items that are due, at most a batch, and tells when the next will be. Of the directory's versions
// it is the newest alone.
func (s *stream) take() (batch []item, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, n := time.Now(), 0
	for n < len(s.queue) && !s.queue[n].due.After(now) && (n < maxBatch || s.kind == streamDirectory) {
		n++
	}
	if n == 0 {
		if len(s.queue) > 0 {
			next = s.queue[0].due
		}
		return nil, next
	}
	batch = slices.Clone(s.queue[:n])
	s.queue = slices.Delete(s.queue, 0, n)
	if s.kind == streamDirectory {
		batch = batch[n-1:]
	}
	return batch, next
}

// fresher is what to push instead of a batch that did not get through: for the directory the newest version that has
// become due.
func (s *stream) fresher(batch []item) []item {
	if s.kind != streamDirectory {
		return batch
	}
	if newer, _ := s.take(); newer != nil {
		return newer
	}
	return batch
}

// pause waits; false when the context has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (s *stream) push(ctx context.Context, batch []item) error {
	ctx, cancel := context.WithTimeout(ctx, pushLimit)
	defer cancel()
	body, err := s.pack(ctx, batch)
	if err != nil {
		return err
	}
	url := "https://" + names.ReplicationHost(s.to) + "/" + s.kind
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("replicating %s to %s: %w", s.kind, s.to, err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.replica.deps.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("replicating %s to %s: %w", s.kind, s.to, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10)); err != nil {
		return fmt.Errorf("replicating %s to %s: %w", s.kind, s.to, err)
	}
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("replicating %s to %s: status %d", s.kind, s.to, resp.StatusCode)
	}
	return nil
}

func (s *stream) pack(ctx context.Context, batch []item) ([]byte, error) {
	var body any
	if s.kind == streamDirectory {
		directory, err := s.replica.vault.unseal(ctx, batch[0].sealed)
		if err != nil {
			return nil, err
		}
		body = pushDirectory{Origin: s.replica.cfg.Region, Version: batch[0].version, Directory: directory}
	} else {
		events := make([]event, 0, len(batch))
		for _, it := range batch {
			events = append(events, it.event)
		}
		body = pushSessions{Origin: s.replica.cfg.Region, Events: events}
	}
	packed, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding a push: %w", err)
	}
	return packed, nil
}

// replicationHandler takes what other Regions push. Browsers have no business here.
func (r *Replica) replicationHandler(string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /"+streamDirectory, func(w http.ResponseWriter, req *http.Request) {
		r.answerPush(w, req, r.takeDirectory)
	})
	mux.HandleFunc("POST /"+streamSessions, func(w http.ResponseWriter, req *http.Request) {
		r.answerPush(w, req, r.takeSessions)
	})
	return mux
}

func (r *Replica) answerPush(w http.ResponseWriter, req *http.Request, take func(context.Context, []byte) error) {
	if req.Header.Get("Origin") != "" || req.Header.Get("Sec-Fetch-Mode") != "" {
		http.Error(w, "not for browsers", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxPush))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	var kms *errKMS
	switch err := take(req.Context(), body); {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &kms):
		http.Error(w, "the key of this Region can't be used", http.StatusServiceUnavailable)
	default:
		http.Error(w, "refused", http.StatusBadRequest)
	}
}

var errPush = errors.New("not a push of another Region of this instance")

func (r *Replica) takeDirectory(ctx context.Context, body []byte) error {
	var push pushDirectory
	var d Directory
	if err := json.Unmarshal(body, &push); err != nil {
		return errPush
	}
	if r.primary() || push.Origin != r.cfg.Instance.Primary || json.Unmarshal(push.Directory, &d) != nil {
		return errPush
	}
	if err := d.check(); err != nil {
		return err
	}
	_, err := r.adopt(ctx, push.Version, &d)
	return err
}

func (r *Replica) takeSessions(_ context.Context, body []byte) error {
	var push pushSessions
	if err := json.Unmarshal(body, &push); err != nil {
		return errPush
	}
	if push.Origin == r.cfg.Region || !slices.Contains(r.cfg.Regions, push.Origin) || len(push.Events) > maxBatch {
		return errPush
	}
	for _, e := range push.Events {
		r.apply(e)
	}
	return nil
}

// apply takes over a change of another Region's. Changes that make no sense are passed over, so that one of them does
// not hold up the rest.
func (r *Replica) apply(e event) {
	now := r.now()
	switch {
	case e.Kind == eventOpen && e.Session != nil && e.Session.ID != "" && e.Session.User != "":
		r.stores.open(e.Session, now)
	case e.Kind == eventClose && e.ID != "":
		r.stores.shut(e.ID, e.Until, now)
	case e.Kind == eventRevoke && e.User != "":
		r.stores.revoke(e.User, e.At, e.Until, now)
	}
}
