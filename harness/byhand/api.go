package byhand

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/regiondrill/regiondrill/harness/engine"
)

// The paths of the lab's API; all speak JSON.
const (
	PathState  = "/state"  // GET: a State
	PathKinds  = "/kinds"  // GET: what can be broken, a list of Kind
	PathBreak  = "/break"  // POST a Breakage: an InForce of the engine
	PathHeal   = "/heal"   // POST a Healing: a list of Healed of the engine
	PathEvents = "/events" // GET: a State as a server-sent event whenever it changes, and each second
)

// Healing is what is to be healed.
type Healing struct {
	Name string `json:"name,omitempty"` // empty: all
}

// Failure is the answer to what can't be done: with 400 where the user is mistaken and nothing was changed, else 500.
type Failure struct {
	Error string `json:"error"`
}

const maxBody = 64 << 10 // bytes of a request

// API lets whoever reaches it look at the lab, break and heal it. It asks nobody who they are.
func (l *Lab) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathState, func(w http.ResponseWriter, _ *http.Request) { tell(w, l.State()) })
	mux.HandleFunc("GET "+PathKinds, func(w http.ResponseWriter, _ *http.Request) { tell(w, l.kinds) })
	mux.HandleFunc("GET "+PathEvents, l.events)
	mux.HandleFunc("POST "+PathBreak, asked(l.Break))
	mux.HandleFunc("POST "+PathHeal, asked(func(ctx context.Context, h Healing) ([]engine.Healed, error) {
		return l.Heal(ctx, h.Name)
	}))
	return mux
}

// asked reads what is asked for, does it and tells what came of it, whether or not anybody still listens.
func asked[A, R any](do func(context.Context, A) (R, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var a A
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&a); err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		answer, err := do(context.WithoutCancel(r.Context()), a)
		mistake, mistaken := errors.AsType[*Mistake](err)
		switch {
		case mistaken:
			fail(w, http.StatusBadRequest, mistake)
		case err != nil:
			fail(w, http.StatusInternalServerError, err)
		default:
			tell(w, answer)
		}
	}
}

func fail(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	write(w, Failure{err.Error()})
}

func tell(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	write(w, answer)
}

func write(w io.Writer, v any) {
	_ = json.NewEncoder(w).Encode(v) // nobody to tell when the client is gone
}

const (
	together = 100 * time.Millisecond // changes that come so soon one after another are told as one
	atLeast  = time.Second            // what counts by the minute changes without an event
)

// events tells the state again and again until the client goes.
func (l *Lab) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	for r.Context().Err() == nil {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		state, err := json.Marshal(l.State())
		if err != nil {
			return
		}
		if _, err := w.Write(append(append([]byte("data: "), state...), "\n\n"...)); err != nil || out.Flush() != nil {
			return
		}
		pause(r.Context(), together, nil)
		pause(r.Context(), atLeast, changed)
	}
}

// pause waits so long, or until something comes.
func pause(ctx context.Context, lasts time.Duration, until <-chan struct{}) {
	timer := time.NewTimer(lasts)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-until:
	case <-ctx.Done():
	}
}
