package identitycenter

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// maxParts bounds the records of one snapshot that is arriving.
const maxParts = 1_000_000

// arriving is a snapshot of which not all parts are here, one a log. A new one takes the place of an older.
type arriving struct {
	mu    sync.Mutex
	id    string
	last  uint64 // the newest part that is here
	parts []records.Entry
}

// replicationHandler takes what other Regions push. Browsers have no business here.
func (r *Replica) replicationHandler(string) http.Handler {
	mux := http.NewServeMux()
	for _, stream := range Streams() {
		snapshots := map[string]*arriving{} // by origin
		var mu sync.Mutex
		mux.HandleFunc("POST /"+stream, func(w http.ResponseWriter, req *http.Request) {
			r.answerPush(w, req, stream, func(origin string) *arriving {
				mu.Lock()
				defer mu.Unlock()
				if snapshots[origin] == nil {
					snapshots[origin] = new(arriving)
				}
				return snapshots[origin]
			})
		})
	}
	mux.HandleFunc("POST /removed", r.answerRemoval)
	return mux
}

func (r *Replica) answerPush(w http.ResponseWriter, req *http.Request, stream string, of func(string) *arriving) {
	var p push
	if !r.readPush(w, req, &p) {
		return
	}
	if p.Stream != stream || !r.comesFrom(&p.Log) {
		http.Error(w, "not a push of another Region of this instance", http.StatusBadRequest)
		return
	}
	applied, err := r.takeOver(req.Context(), &p, of(p.Origin))
	var kms *errKMS
	var gap *records.ErrGap
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, taken{applied})
	case errors.As(err, &kms):
		http.Error(w, "the key of this Region can't be used", http.StatusServiceUnavailable)
	case errors.As(err, &gap):
		http.Error(w, "entries are missing before these", http.StatusConflict)
	default:
		http.Error(w, "refused", http.StatusBadRequest)
	}
}

// readPush decodes what another Region sends; false where it has been refused.
func (r *Replica) readPush(w http.ResponseWriter, req *http.Request, into any) bool {
	if req.Header.Get("Origin") != "" || req.Header.Get("Sec-Fetch-Mode") != "" {
		http.Error(w, "not for browsers", http.StatusForbidden)
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxPush))
	if err == nil && !r.vouched(req, body) {
		http.Error(w, "not from another Region of this instance", http.StatusForbidden)
		return false
	}
	if err != nil || json.Unmarshal(body, into) != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return false
	}
	return true
}

// comesFrom tells whether a stream may come from there: the primary, or another Region that this one knows of.
func (r *Replica) comesFrom(l *records.Log) bool {
	if l.Origin == r.cfg.Region || l.Epoch == "" {
		return false
	}
	if l.Origin == r.cfg.Instance.Primary {
		return true
	}
	c := r.known.Load()
	return !fromPrimary(l.Stream) && c != nil && c.region(l.Origin) != nil
}

// takeOver applies a push, and tells how far the log is taken over then.
func (r *Replica) takeOver(ctx context.Context, p *push, snapshots *arriving) (uint64, error) {
	if p.Entries == nil && p.Snapshot == nil {
		return r.store.Applied(p.Log), nil
	}
	keys, err := r.keysFor(ctx, p.Stream)
	if err != nil {
		return 0, err
	}
	var fresh []records.Entry
	if p.Snapshot == nil {
		fresh, err = r.store.Apply(keys, p.Log, p.Entries)
	} else {
		fresh, err = r.collect(keys, p, snapshots)
	}
	if err != nil {
		return 0, err
	}
	return r.store.Applied(p.Log), r.follow(keys, fresh)
}

// collect keeps the parts of a snapshot until the last has come, and applies them all then. One that has parts missing
// is none: a Region that was restarted meanwhile has lost the first ones, and must be sent all of them again.
func (r *Replica) collect(keys records.Keys, p *push, a *arriving) ([]records.Entry, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.id != p.Snapshot.ID {
		a.forget()
		a.id = p.Snapshot.ID
	}
	if p.Snapshot.Part != a.last+1 {
		a.forget()
		return nil, &records.ErrGap{Applied: r.store.Applied(p.Log)}
	}
	if len(a.parts)+len(p.Entries) > maxParts {
		a.forget()
		return nil, errors.New("the snapshot is too long")
	}
	a.parts, a.last = append(a.parts, p.Entries...), p.Snapshot.Part
	if !p.Snapshot.Last {
		return nil, nil
	}
	entries := a.parts
	a.forget()
	return r.store.ApplySnapshot(keys, p.Log, p.Snapshot.UpTo, entries)
}

func (a *arriving) forget() { a.id, a.last, a.parts = "", 0, nil }
