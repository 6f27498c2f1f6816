// Package control is how a fake in another process is told what to do: verbs with a JSON argument and a JSON answer,
// over HTTP on a listener of its own that no client of the fake can reach. It knows nothing of what the verbs mean, so
// that every fake speaks the same way and a new verb is one line.
package control

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxBody bounds an argument and an answer: a directory of 100,000 users is about 20 MiB.
const maxBody = 64 << 20

// Verb does one thing. Its error is told to the caller as a sentence.
type Verb func(ctx context.Context, argument json.RawMessage) (answer any, err error)

// Verbs are what a fake can be told to do, by name.
type Verbs map[string]Verb

// To makes a verb of a function with a typed argument. Fields that the type doesn't have are refused: the two ends
// are not of one version then.
func To[A, R any](do func(context.Context, A) (R, error)) Verb {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var argument A
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&argument); err != nil {
			return nil, fmt.Errorf("reading the argument: %w", err)
		}
		return do(ctx, argument)
	}
}

// Caller tells a fake what to do, wherever it runs.
type Caller interface {
	// Call tells a verb and reads its answer; a nil result drops it. A verb's own error is a *Refusal; any other means
	// that the fake was not reached.
	Call(ctx context.Context, verb string, argument, result any) error
}

// Call tells a fake in this process, in the same JSON.
func (v Verbs) Call(ctx context.Context, verb string, argument, result any) error {
	body, err := json.Marshal(argument)
	if err != nil {
		return fmt.Errorf("telling %s: %w", verb, err)
	}
	do := v[verb]
	if do == nil {
		return &Refusal{verb, "there is no such verb"}
	}
	said, err := do(ctx, body)
	if err != nil {
		return &Refusal{verb, err.Error()}
	}
	if result == nil {
		return nil
	}
	if body, err = json.Marshal(said); err == nil {
		err = json.Unmarshal(body, result)
	}
	if err != nil {
		return fmt.Errorf("reading the answer to %s: %w", verb, err)
	}
	return nil
}

// Fake is one that runs: it serves hosts and is told what to do.
type Fake interface {
	http.Handler // by the hosts that configuring it has told
	Caller
}

// ErrUnconfigured is what a fake says that is told too early.
var ErrUnconfigured = errors.New("it is not configured yet")

// None is the argument or the answer of a verb that has none.
type None struct{}

// Handler serves the verbs, each at its name, to those who bear the token.
func Handler(token string, verbs Verbs) http.Handler {
	secret := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		sum := sha256.Sum256([]byte(bearer))
		verb := verbs[strings.TrimPrefix(r.URL.Path, "/")]
		switch {
		case !ok || token == "" || subtle.ConstantTimeCompare(sum[:], secret[:]) != 1:
			http.Error(w, "this is for the run that started it", http.StatusUnauthorized)
		case r.Method != http.MethodPost:
			http.Error(w, "verbs are told by POST", http.StatusMethodNotAllowed)
		case verb == nil:
			http.Error(w, "there is no such verb", http.StatusNotFound)
		default:
			answer(w, r, verb)
		}
	})
}

func answer(w http.ResponseWriter, r *http.Request, verb Verb) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "reading the argument: "+err.Error(), http.StatusBadRequest)
		return
	}
	said, err := verb(r.Context(), raw)
	if err == nil {
		raw, err = json.Marshal(said)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw) // a caller that left
}

// Refusal is a verb's own error, told by the fake: asking again won't help.
type Refusal struct{ Verb, Sentence string }

// Error says what was refused.
func (e *Refusal) Error() string { return e.Verb + ": " + e.Sentence }

// Client tells a fake what to do.
type Client struct {
	Base  func() string // such as http://172.18.0.2:8081; asked at each call, since a fake may come back elsewhere
	Token string
	HTTP  *http.Client
}

// Call is Caller's.
func (c *Client) Call(ctx context.Context, verb string, argument, result any) error {
	body, err := json.Marshal(argument)
	if err != nil {
		return fmt.Errorf("telling %s: %w", verb, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base()+"/"+verb, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("telling %s: %w", verb, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	r.Header.Set("Content-Type", "application/json")
	response, err := c.HTTP.Do(r)
	if err != nil {
		return fmt.Errorf("telling %s: %w", verb, err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return fmt.Errorf("telling %s: %w", verb, err)
	case len(said) > maxBody:
		return fmt.Errorf("telling %s: %w", verb, errors.New("the answer is too long"))
	case response.StatusCode != http.StatusOK:
		return &Refusal{verb, strings.TrimSpace(string(said))}
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(said, result); err != nil {
		return fmt.Errorf("reading the answer to %s: %w", verb, err)
	}
	return nil
}
