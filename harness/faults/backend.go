package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// kindBackendFault is the intent of a rule that an emulator holds, which outlives this process.
const kindBackendFault = "backend_fault"

const (
	backendPath  = "/_localstack/chaos/faults"
	backendLimit = 10 * time.Second // of a request
	backendBody  = 1 << 20          // bytes of an answer
)

// backendFault is a rule in the chaos API of the emulator at URL (LocalStack's documentation, "Chaos API"). It holds
// all that another process needs to take it back.
type backendFault struct {
	URL  string      `json:"url"`
	Rule backendRule `json:"rule"`

	own bool // the emulator goes with the run, and with it all its rules
}

// backendRule is one rule as LocalStack writes it.
type backendRule struct {
	Service     string       `json:"service"`
	Region      string       `json:"region"`
	Operation   string       `json:"operation,omitempty"`
	Probability float64      `json:"probability"`
	Error       backendError `json:"error"`
}

type backendError struct {
	StatusCode int    `json:"statusCode"`
	Code       string `json:"code"`
}

// list asks for the rules that the backend holds. That it serves no such API is an error.
func (b *backendFault) list(ctx context.Context) ([]json.RawMessage, error) {
	var rules []json.RawMessage
	return rules, b.ask(ctx, http.MethodGet, &rules)
}

// ask sends the rule, or nothing by GET.
func (b *backendFault) ask(ctx context.Context, method string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, backendLimit)
	defer cancel()
	var body io.Reader
	if method != http.MethodGet {
		said, err := json.Marshal([]backendRule{b.Rule})
		if err != nil {
			return err
		}
		body = bytes.NewReader(said)
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(b.URL, "/")+backendPath, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // which heeds no proxy of the environment
	got, err := client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	said, err := io.ReadAll(io.LimitReader(got.Body, backendBody))
	switch {
	case err != nil:
		return err
	case got.StatusCode != http.StatusOK:
		return fmt.Errorf("%s %s is answered with %s", method, backendPath, got.Status)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(said, answer)
}

// holds tells whether the backend holds the very rule.
func (b *backendFault) holds(ctx context.Context) (bool, error) {
	rules, err := b.list(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rules, func(raw json.RawMessage) bool {
		var r backendRule
		return json.Unmarshal(raw, &r) == nil && reflect.DeepEqual(r, b.Rule)
	}), nil
}

// told is a rule that a backend has taken. Its word alone is the proof: the instants are those at which it had taken
// the rule, and had let go of it.
type told struct {
	*backendFault
	a           harness.Aim
	undo        rollback.Undo
	since, till time.Time
}

// inject tells the backend to fail. It refuses where the rule is there already: taking ours back would take that too.
func (b *backendFault) inject(ctx context.Context, a harness.Aim, back *rollback.Stack) (harness.Injection, error) {
	if there, err := b.holds(ctx); err != nil || there {
		return nil, errors.Join(err, ifThere(there))
	}
	intent := rollback.Intent{}
	if !b.own {
		args, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		intent = rollback.Intent{Kind: kindBackendFault, Args: args}
	}
	t := &told{backendFault: b, a: a}
	var err error
	if t.undo, err = back.Push(intent, b.takeBack); err != nil {
		return nil, err
	}
	err = b.ask(ctx, http.MethodPatch, nil)
	if t.since = time.Now(); err != nil {
		return t, fmt.Errorf("telling the backend of %s: %w", a.Name, err)
	}
	return t, nil
}

// Undo takes the rule back.
func (t *told) Undo(ctx context.Context) error {
	err := t.undo(ctx)
	if t.till.IsZero() {
		t.till = time.Now()
	}
	return err
}

// Expired is never the case: a backend keeps its rules.
func (t *told) Expired() (at time.Time, expired bool) { return time.Time{}, false }

// Prove asks the backend whether it holds the rule.
func (t *told) Prove(ctx context.Context, inForce bool) ([]harness.Proof, error) {
	holds, err := t.holds(ctx)
	if err != nil || holds != inForce {
		return nil, errors.Join(fmt.Errorf("the backend says that it holds the rule: %t", holds), err)
	}
	if inForce {
		return proofs(t.a, t.since), nil
	}
	return proofs(t.a, t.till), nil
}

// Verify asks it again.
func (t *told) Verify(ctx context.Context) ([]harness.Sighting, error) {
	asked, gone := time.Now(), ""
	holds, err := t.holds(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the backend: %w", err)
	}
	if !holds {
		gone = "the backend no longer holds the rule"
	}
	return sightings(t.a, asked, gone), nil
}

func ifThere(there bool) error {
	if there {
		return errors.New("the backend holds the same rule already, somebody else's")
	}
	return nil
}

// takeBack removes the rule and no other, and sees that it is gone; that it was is no error.
func (b *backendFault) takeBack(ctx context.Context) error {
	there, err := b.holds(ctx)
	if _, unreachable := errors.AsType[*net.OpError](err); unreachable && b.own {
		rollback.Tell(ctx, "the emulator at %s is gone, and its rules with it", b.URL)
		return nil
	}
	if err == nil && !there {
		rollback.Nothing(ctx)
		return nil
	}
	if err == nil {
		if err = b.ask(ctx, http.MethodDelete, nil); err == nil {
			there, err = b.holds(ctx)
		}
	}
	if err == nil && there {
		err = errors.New("the backend holds the rule still")
	}
	if err != nil {
		rule, _ := json.Marshal([]backendRule{b.Rule}) // it was written as JSON before
		return fmt.Errorf("%w; by hand: curl -X DELETE -H 'Content-Type: application/json' -d '%s' %s%s", err, rule,
			strings.TrimSuffix(b.URL, "/"), backendPath)
	}
	return nil
}

// Undoers take back what faults did to what outlives a run, from another process.
func Undoers() rollback.Undoers {
	return rollback.Undoers{kindBackendFault: func(ctx context.Context, args json.RawMessage) error {
		var b backendFault
		if err := json.Unmarshal(args, &b); err != nil || b.URL == "" {
			return errors.Join(errors.New("the intent doesn't say whose rule"), err)
		}
		ctx, nothing := rollback.Found(ctx)
		err := b.takeBack(ctx)
		if err == nil && !nothing() {
			rollback.Tell(ctx, "%s has let go of the rule that the run had told it; its other rules stay", b.URL)
		}
		return err
	}}
}

// ready says why a backend can't be told to fail.
func (b *backendFault) ready(ctx context.Context) error {
	if _, err := b.list(ctx); err != nil {
		sentence := fmt.Sprintf("KMS at %s serves no chaos API (%v); "+
			"leave via: backend out, and the fabric fails the calls", b.URL, err)
		return &harness.Lack{Sentence: sentence, Err: err}
	}
	return nil
}
