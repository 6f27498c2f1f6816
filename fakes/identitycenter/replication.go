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
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/harness/names"
)

const (
	maxPush     = 16 << 20 // bytes of a push
	maxBatch    = 500      // entries of a push
	maxSnapshot = 5_000    // records of a push of a snapshot
	trimEvery   = 1_000    // entries that everybody has, before they are forgotten

	pushEvery  = 100 * time.Millisecond // at most one push of a stream in that time: it competes with sign-ins
	pushLimit  = 3 * time.Second        // of one push
	retryFirst = 100 * time.Millisecond
	retryLast  = time.Second
)

// push is what one Region sends another: entries of a log, or a part of a snapshot of all that it holds. Without
// entries it asks how far the log was taken over.
type push struct {
	records.Log
	Entries  []records.Entry `json:"entries,omitempty"`
	Snapshot *snapshot       `json:"snapshot,omitempty"`
}

type snapshot struct {
	ID   string `json:"id"`
	Part uint64 `json:"part"` // from 1
	UpTo uint64 `json:"upTo"` // the number of the log's newest entry that is in it
	Last bool   `json:"last"` // whether it is complete with this part
}

// taken is the answer to a push.
type taken struct {
	Applied uint64 `json:"applied"` // how far the log was taken over
}

// EdgeRule is what holds up one stream from a Region to another.
type EdgeRule struct {
	Name   string        // of whoever laid it; Heeded tells it back
	Stream string        // one of Streams; all where empty
	To     string        // Region; all where empty
	Paused bool          // nothing is sent until it no longer is
	Lag    time.Duration // beside the ordinary one
}

// sender brings one stream of this Region to another: in order, each entry after its lag.
type sender struct {
	replica    *Replica
	stream, to string
	stop       context.CancelFunc
	wake       chan struct{} // of one place

	mu     sync.Mutex
	rule   EdgeRule
	names  []string // of the rules that it is made of
	heeded []string // those that it has acted on since it last looked
	acked  uint64   // how far the other Region is
	parts  uint64   // of a snapshot, that it took at most
}

// senders keeps one for each stream that starts here and each other Region, as the configuration has them now.
func (r *Replica) senders(ctx context.Context) {
	c := r.known.Load()
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := map[[2]string]bool{}
	if c != nil {
		for _, region := range c.Regions {
			for _, stream := range Streams() {
				if region.Name != r.cfg.Region && (r.primary() || !fromPrimary(stream)) && region.Status != RegionRemoving {
					wanted[[2]string{stream, region.Name}] = true
				}
			}
		}
	}
	for edge, s := range r.sending {
		if !wanted[edge] {
			s.stop()
			delete(r.sending, edge)
		}
	}
	for edge := range wanted {
		if r.sending[edge] == nil {
			s := &sender{replica: r, stream: edge[0], to: edge[1], wake: make(chan struct{}, 1)}
			s.rule, s.names = r.ruleFor(s)
			var of context.Context
			of, s.stop = context.WithCancel(ctx)
			r.sending[edge] = s
			if !r.closed {
				r.running.Go(func() { s.run(of) })
			}
		}
	}
}

// Hold puts rules on the edges to other Regions, in the place of those before.
func (r *Replica) Hold(rules []EdgeRule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = rules
	for _, s := range r.sending {
		s.mu.Lock()
		s.rule, s.names = r.ruleFor(s)
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// ruleFor adds up the rules on an edge, and tells whose they are. With r.mu held.
func (r *Replica) ruleFor(s *sender) (all EdgeRule, names []string) {
	for _, rule := range r.rules {
		if (rule.Stream == "" || rule.Stream == s.stream) && (rule.To == "" || rule.To == s.to) {
			all.Paused = all.Paused || rule.Paused
			all.Lag += rule.Lag
			names = append(names, rule.Name)
		}
	}
	return all, names
}

// run sends until the context ends. It begins by asking how far the other Region is, since either may have been
// restarted, and asks again after whatever went wrong: what wasn't answered may have been taken over all the same.
func (s *sender) run(ctx context.Context) {
	retry := retryFirst
	for known := false; ctx.Err() == nil; {
		changed := s.replica.store.Changed()
		wait, err := time.Duration(0), error(nil)
		asks := !known
		switch {
		case s.heed():
			wait = -1
		case asks:
			err = s.send(ctx, push{})
			known = err == nil
		default:
			wait, err = s.advance(ctx)
		}
		switch {
		case err != nil:
			known = false
			wait, retry = retry, min(2*retry, retryLast)
			changed = nil
		case !asks: // who only answers may refuse the next push again
			retry = retryFirst
		}
		s.rest(ctx, wait, changed)
	}
}

func (s *sender) paused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rule.Paused
}

// rest waits for so long, or until something was written where it isn't an error that is waited for; below 0 for that
// alone. It ends at once when the rules change.
func (s *sender) rest(ctx context.Context, wait time.Duration, changed <-chan struct{}) {
	if wait == 0 {
		return
	}
	var timer <-chan time.Time
	if wait > 0 {
		timer, changed = time.After(wait), nil
	}
	select {
	case <-ctx.Done():
	case <-timer:
	case <-changed:
	case <-s.wake:
	}
}

// advance sends what is due, and tells how long there is nothing to do: below 0 until something is written.
func (s *sender) advance(ctx context.Context) (time.Duration, error) {
	s.mu.Lock()
	from := s.acked
	s.mu.Unlock()
	store, head := s.replica.store, s.replica.store.Head(s.stream)
	at, found := store.Next(s.stream, from)
	all := from == 0 && (s.replica.isAdding(s.to) || head > 4*maxBatch)
	switch due := s.due(from+1, at); {
	case head == from:
		return -1, nil
	case !all && found && time.Until(due) > 0:
		return time.Until(due), nil
	}
	keys, err := s.replica.keysFor(ctx, s.stream)
	if err != nil {
		return 0, err
	}
	if all {
		return pushEvery, s.sendAll(ctx, keys)
	}
	entries, err := store.After(keys, s.stream, from, maxBatch)
	if errors.Is(err, records.ErrBehind) {
		return pushEvery, s.sendAll(ctx, keys)
	}
	if err != nil {
		return 0, err
	}
	due, now := 1, time.Now()
	for due < len(entries) && !s.due(entries[due].Number, entries[due].At).After(now) {
		due++
	}
	return pushEvery, s.send(ctx, push{Entries: entries[:fitting(entries, due)]})
}

// fitting is how many of the entries go into one push: at most so many, and fewer where they are long.
func fitting(entries []records.Entry, most int) int {
	most = min(most, len(entries))
	size := 0
	for i := range entries[:most] {
		size += len(entries[i].Value)
		if i > 0 && size > maxPush/2 { // the other half is for what they are called and found by
			return i
		}
	}
	return most
}

// due is when an entry may leave: after the lag that its number draws, and at once where it is of the instance's
// beginning. An entry that draws a short lag still waits for those before it.
func (s *sender) due(number uint64, at int64) time.Time {
	r := s.replica
	s.mu.Lock()
	lag := s.rule.Lag
	s.mu.Unlock()
	r.mu.Lock()
	first := number <= r.founded[s.stream]
	r.mu.Unlock()
	if !first {
		lag += r.cfg.Lag
	}
	if jitter := r.cfg.Jitter; jitter > 0 && !first {
		h := fnv.New64a()
		_, _ = fmt.Fprintf(h, "%s %s %s", s.stream, r.cfg.Region, s.to) // a hash takes everything
		lag += time.Duration(rand.New(rand.NewPCG(r.cfg.Seed+number, h.Sum64())).Int64N(int64(jitter)))
	}
	return time.Unix(0, at).Add(lag)
}

// sendAll sends everything of the stream, in parts: to a Region that has nothing of it, or that was out of reach for so
// long that the log no longer reaches back. A Region that is being added takes the longer the more there is.
func (s *sender) sendAll(ctx context.Context, keys records.Keys) error {
	entries, upTo, err := s.replica.store.Snapshot(keys, s.stream, s.replica.cfg.Region)
	if err != nil {
		return err
	}
	adding := s.replica.isAdding(s.to)
	id := newSecret()
	for n := uint64(1); n == 1 || len(entries) > 0; n++ {
		if s.paused() {
			return nil // and begun anew when it no longer is
		}
		size := maxSnapshot
		if adding {
			size = 100
			if !pause(ctx, s.replica.cfg.Behaviour.AddPace*time.Duration(min(size, len(entries)))) {
				return ctx.Err()
			}
		}
		part := entries[:fitting(entries, size)]
		entries = entries[len(part):]
		err := s.send(ctx, push{Entries: part, Snapshot: &snapshot{ID: id, Part: n, UpTo: upTo, Last: len(entries) == 0}})
		if err != nil {
			return err
		}
	}
	return nil
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

// send pushes, and takes note of how far the other Region is then.
func (s *sender) send(ctx context.Context, p push) error {
	p.Log = s.replica.log(s.stream)
	var said taken
	raw, err := s.replica.post(ctx, s.to, s.stream, p, http.StatusOK)
	if err == nil {
		err = json.Unmarshal(raw, &said)
	}
	if err != nil {
		return fmt.Errorf("replicating %s to %s: %w", s.stream, s.to, err)
	}
	s.mu.Lock()
	s.acked = said.Applied
	if p.Snapshot != nil {
		s.parts = max(s.parts, p.Snapshot.Part)
	}
	s.mu.Unlock()
	return s.replica.trim(s.stream)
}

// post tells another Region something as a Region of the instance, and gives what it answers, if that has the status
// which is wanted.
func (r *Replica) post(ctx context.Context, region, path string, what any, wanted int) ([]byte, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, pushLimit)
	defer cancel()
	url := "https://" + names.ReplicationHost(region) + "/" + path
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	r.vouch(req, body)
	resp, err := r.deps.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err == nil && resp.StatusCode != wanted {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return raw, err
}

// trim forgets what of a stream every Region has.
func (r *Replica) trim(stream string) error {
	everybody := r.store.Head(stream) // read before the lock: who reads the records may be waiting for it
	r.mu.Lock()
	for _, s := range r.sending {
		if s.stream == stream {
			s.mu.Lock()
			everybody = min(everybody, s.acked)
			s.mu.Unlock()
		}
	}
	due := everybody >= r.trimmed[stream]+trimEvery
	if due {
		r.trimmed[stream] = everybody
	}
	r.mu.Unlock()
	if !due {
		return nil
	}
	return r.store.Trim(stream, everybody)
}
