package faults

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// slow is a replica whose handles take their time, as an engine's do, and act in the middle of it.
type slow struct {
	harnesstest.Replica
	acted time.Time
}

const half = 40 * time.Millisecond

func (s *slow) act(do func(context.Context) error) error {
	time.Sleep(half)
	defer time.Sleep(half)
	s.acted = time.Now()
	return do(context.Background())
}

func (s *slow) Kill(context.Context) error       { return s.act(s.Replica.Kill) }
func (s *slow) Start(context.Context) error      { return s.act(s.Replica.Start) }
func (s *slow) Pause(context.Context) error      { return s.act(s.Replica.Pause) }
func (s *slow) Unpause(context.Context) error    { return s.act(s.Replica.Unpause) }
func (s *slow) Disconnect(context.Context) error { return s.act(s.Replica.Disconnect) }
func (s *slow) Connect(context.Context) error    { return s.act(s.Replica.Connect) }

// replica is a handle on a replica's process and network.
type replica interface {
	harness.Power
	harness.Attach
}

// inject is a fault injected in the replica in r.
func inject(ctx context.Context, f harness.Fault, r replica, back *rollback.Stack) (harness.Injection, error) {
	h := &harness.Handles{Power: map[string]harness.Power{"r": r}, Attach: map[string]harness.Attach{"r": r}}
	return f.Inject(ctx, h, harness.Aim{Name: "it", Region: "r", Edges: []harness.Edge{{From: "r", To: "r"}}}, back)
}

// The instants of a proof are those at which the handle acted, whatever the handle and the proof took.
func TestInstantsAreThoseOfTheChange(t *testing.T) {
	for name, f := range map[string]harness.Fault{
		"kill": &Process{Mode: "kill"}, "pause": &Process{Mode: "pause"}, "disconnect": &NetworkDisconnect{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slow{}
				injected, err := inject(t.Context(), f, s, &rollback.Stack{})
				if err != nil {
					t.Fatal(err)
				}
				near(t, injected, true, s.acted)
				time.Sleep(10 * time.Second)
				if err := injected.Undo(t.Context()); err != nil {
					t.Fatal(err)
				}
				near(t, injected, false, s.acted)
			})
		})
	}
}

// near checks that a proof's instant is at most one question of a canary away. A question that is on its way when the
// replica falls silent was put before.
func near(t *testing.T, injected harness.Injection, inForce bool, acted time.Time) {
	t.Helper()
	proofs, err := injected.Prove(t.Context(), inForce)
	if err != nil || len(proofs) != 1 {
		t.Fatalf("%v, %v", proofs, err)
	}
	late := proofs[0].At.Sub(acted)
	least, most := -askEvery, askEvery
	if !inForce {
		most = askLimit + askEvery // it was waiting for the last one that got no answer
	}
	if late < least || late > most {
		t.Errorf("in force: %t, proven %v after the handle acted", inForce, late)
	}
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &slow{}, &Process{Mode: "restart"}
		injected, err := inject(t.Context(), f, s, &rollback.Stack{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ask(t.Context()); err != nil {
			t.Errorf("after a restart it says %v", err)
		}
		if err := injected.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, inForce := range []bool{true, false} {
			if proofs, err := injected.Prove(t.Context(), inForce); err != nil || len(proofs) != 1 {
				t.Errorf("in force: %t: %v, %v", inForce, proofs, err)
			}
		}
	})
}

// TestVerifyAsksTheReplica: who answers is back, silence is in force, and a question that was cut short says nothing.
func TestVerifyAsksTheReplica(t *testing.T) {
	for name, f := range map[string]harness.Fault{
		"kill": &Process{Mode: "kill"}, "pause": &Process{Mode: "pause"}, "disconnect": &NetworkDisconnect{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slow{}
				injected, err := inject(t.Context(), f, s, &rollback.Stack{})
				if err != nil {
					t.Fatal(err)
				}
				short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				seen, err := injected.Verify(short)
				if name != "kill" && (err == nil || len(seen) > 0) {
					t.Errorf("cut short: %+v, %v", seen, err)
				}
				asked := time.Now()
				seen, err = injected.Verify(t.Context())
				if err != nil || len(seen) != 1 || seen[0].Gone != "" || !seen[0].At.Equal(asked) {
					t.Errorf("in force: %+v, %v", seen, err)
				}
				time.AfterFunc(verifyLimit/2, s.Revive)
				seen, err = injected.Verify(t.Context())
				if err != nil || len(seen) != 1 || seen[0].Gone != "" { // what it was asked before is lost on it
					t.Errorf("revived meanwhile: %+v, %v", seen, err)
				}
				time.Sleep(verifyLimit)
				seen, err = injected.Verify(t.Context())
				if err != nil || len(seen) != 1 || seen[0].Gone != "the replica in r answers" {
					t.Errorf("revived: %+v, %v", seen, err)
				}
				if err := injected.Undo(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// deaf is a replica whose handles do nothing.
type deaf struct{ harnesstest.Replica }

func (*deaf) Kill(context.Context) error { return nil }

// A change without effect is proven by nobody.
func TestChangeWithoutEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := &deaf{}, &Process{Mode: "kill"}
		injected, err := inject(t.Context(), f, d, &rollback.Stack{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := injected.Prove(t.Context(), true); err == nil || !strings.Contains(err.Error(), "it answers") {
			t.Errorf("it is proven: %v", err)
		}
	})
}

// Who is told to stop while canaries wait for a change to show goes on to undo it at once.
func TestStoppedBeforeTheChangeShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(time.Second, stop)
		injected, err := inject(ctx, &Process{Mode: "kill"}, &deaf{}, &rollback.Stack{})
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began) - time.Second; waited > askLimit {
			t.Errorf("it waited for %v more", waited)
		}
		if _, err := injected.Prove(t.Context(), true); !errors.Is(err, context.Canceled) {
			t.Errorf("it is proven: %v", err)
		}
	})
}

// The intent is written before the change, and where it can't be the change isn't made.
func TestIntentComesFirst(t *testing.T) {
	r := &harnesstest.Replica{}
	back := &rollback.Stack{Journal: full{}}
	f := &Process{Mode: "kill"}
	if _, err := inject(t.Context(), f, r, back); !errors.Is(err, errFull) {
		t.Errorf("it says %v", err)
	}
	if err := r.Ask(t.Context()); err != nil {
		t.Errorf("the change was made: %v", err)
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }
func (full) Sync() error               { return errFull }

// slowKey is a key whose emulator takes its time to answer, or never does.
type slowKey struct {
	harnesstest.Key
	takes time.Duration
	deaf  bool // changes are answered and do nothing
}

func (k *slowKey) Use(ctx context.Context) error {
	select {
	case <-time.After(k.takes):
		return k.Key.Use(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *slowKey) Disable(ctx context.Context) error {
	if k.deaf {
		return nil
	}
	return k.Key.Disable(ctx)
}

// Only what KMS refuses shows that a key can't be used; an emulator that is slow shows nothing.
func TestOnlyARefusalShowsThatAKeyIsUnusable(t *testing.T) {
	for name, c := range map[string]struct {
		takes time.Duration
		deaf  bool
		says  string
	}{
		"at once": {0, false, ""}, "slow": {300 * time.Millisecond, false, ""},
		"slow and without effect": {300 * time.Millisecond, true, "it answers: true"},
		"never answers":           {time.Hour, false, "the last question told nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &slowKey{takes: c.takes, deaf: c.deaf}
				h := &harness.Handles{Key: map[string]harness.Key{"r": k}}
				a := harness.Aim{Name: "it", Region: "r", Edges: []harness.Edge{{From: "r", To: "r"}}}
				injected, err := (&KMSKey{Mode: modeDisabled}).Inject(t.Context(), h, a, &rollback.Stack{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = injected.Prove(t.Context(), true)
				if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("proven in force: %v", err)
				}
				k.takes = 0
				if err := injected.Undo(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A canary or a handle that panics ends no process: its error says that it did.
func TestHandlesThatPanic(t *testing.T) {
	for name, c := range map[string]change{
		"ask": {ask: func(context.Context) error { panic("a bug") }, do: func(context.Context) error { return nil }},
		"do":  {ask: func(context.Context) error { return nil }, do: func(context.Context) error { panic("a bug") }},
	} {
		c.what, c.undo = "it", func(context.Context) error { return nil }
		if _, err := pull(t.Context(), harness.Aim{Name: "it"}, &rollback.Stack{}, c); !errors.Is(err, harness.ErrPanic) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// kmsAnswer is an answer of KMS's as its SDK has it.
type kmsAnswer struct {
	status int
	code   string
}

func (a kmsAnswer) Error() string       { return a.code }
func (a kmsAnswer) ErrorCode() string   { return a.code }
func (a kmsAnswer) HTTPStatusCode() int { return a.status }

// What was refused changed nothing, so its undo has nothing to do, and nothing to fail at. What failed on KMS's side, or
// of which no answer came, may have changed something: it is looked at.
func TestARefusedChangeIsNotUndone(t *testing.T) {
	for refusal, unmade := range map[error]bool{
		kmsAnswer{400, "AccessDeniedException"}: true, kmsAnswer{400, "ThrottlingException"}: true,
		kmsAnswer{500, "KMSInternalException"}: false, kmsAnswer{502, "UnknownError"}: false,
		kmsAnswer{400, "KMSInvalidStateException"}: false, errors.New("the line is dead"): false,
	} {
		k, back := &harnesstest.Key{}, &rollback.Stack{}
		k.Refuses = refusal
		h := &harness.Handles{Key: map[string]harness.Key{"r": k}}
		if _, err := (&KMSKey{Mode: modeDisabled}).Inject(t.Context(), h, harness.Aim{Name: "it", Region: "r"}, back); err == nil {
			t.Errorf("%v: it was not refused", refusal)
		}
		if err := back.Unwind(t.Context()); (err == nil) != unmade {
			t.Errorf("%v: undoing it: %v", refusal, err)
		}
	}
}
