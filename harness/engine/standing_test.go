package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// stands is the toy kept standing, with all that it told.
type stands struct {
	*world
	*Standing
	back *rollback.Stack
}

// stand keeps the toy for a test, and heals all at its end.
func stand(t *testing.T) *stands {
	t.Helper()
	w := newWorld(t, toyScenario)
	back := &rollback.Stack{}
	sys, err := w.target.Provision(t.Context(), w.plan.Topology, back)
	if err != nil {
		t.Fatal(err)
	}
	return &stands{w, Stand(sys, back, func(e history.Event) { w.sink.Record(e) }), back}
}

// states are what is broken: "dark in_force".
func (s *stands) states() string {
	var all []string
	for _, f := range s.InForce() {
		all = append(all, fmt.Sprintf("%s %s", f.Name, f.State))
	}
	return strings.Join(all, ", ")
}

// another is the plan with its fault under another name, that needs this handle.
func (s *stands) another(name, handle string) *Plan {
	p := *s.plan
	f := p.faults[0]
	f.aim.Name, f.fault = name, needing{f.fault, handle}
	p.faults = []plannedFault{f}
	return &p
}

type needing struct {
	harness.Fault
	handle string
}

func (n needing) Needs() []string { return []string{n.handle} }

func TestBrokenByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		time.Sleep(2 * time.Second)
		f, err := s.Break(t.Context(), s.plan, 0)
		if err != nil || f.State != BreakProven || !f.Since.Equal(s.Zero().Add(2*time.Second)) || !f.Until.IsZero() {
			t.Fatalf("it is broken as %+v, %v", f, err)
		}
		time.Sleep(48 * time.Hour) // no lease ends it
		if !s.sw.dark() || s.states() != "dark in_force" {
			t.Errorf("two days later: %s", s.states())
		}
		if healed := s.Heal(t.Context(), "another"); len(healed) > 0 || !s.sw.dark() {
			t.Errorf("another name heals %+v", healed)
		}
		healed := s.Heal(t.Context())
		if len(healed) != 1 || !healed[0].Undone || healed[0].At.IsZero() || s.sw.dark() || s.states() != "" {
			t.Errorf("it is healed as %+v; broken is %q", healed, s.states())
		}
		if story := s.sink.faults("dark"); story != "requested 2.0, effective 2.0, healing 172802.0, healed 172802.0" {
			t.Error(story)
		}
		if again := s.Heal(t.Context()); again == nil || len(again) > 0 {
			t.Errorf("healed again: %+v", again)
		}
	})
}

func TestBrokenForATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		f, err := s.Break(t.Context(), s.plan, 3*time.Second)
		if err != nil || !f.Until.Equal(s.Zero().Add(3*time.Second)) {
			t.Fatalf("it is broken as %+v, %v", f, err)
		}
		time.Sleep(3*time.Second - time.Nanosecond)
		if !s.sw.dark() {
			t.Error("it ended early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if s.sw.dark() || s.states() != "" {
			t.Errorf("it stays: %s", s.states())
		}
	})
}

func TestNotBrokenByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		if _, err := s.Break(t.Context(), s.another("one", "key"), 0); err != nil {
			t.Fatal(err)
		}
		var refused *Refused
		for _, other := range []*Plan{s.another("one", "network"), s.another("two", "key")} {
			if _, err := s.Break(t.Context(), other, 0); !errors.As(err, &refused) || s.states() != "one in_force" {
				t.Errorf("%v; broken is %s", err, s.states())
			}
		}
		if _, err := s.Break(t.Context(), s.another("three", "network"), 0); err != nil {
			t.Errorf("what contends with nothing: %v", err)
		}
		s.Heal(t.Context())
		s.sw.inject = errors.New("it slipped")
		if _, err := s.Break(t.Context(), s.plan, 0); err == nil || errors.As(err, &refused) || s.states() != "" {
			t.Errorf("what can't be injected: %v; broken is %q", err, s.states())
		}
	})
}

func TestBrokenUnseenAndLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		s.sw.prove = errors.New("fog")
		f, err := s.Break(t.Context(), s.plan, 0)
		if err != nil || f.State != NotProven || !strings.Contains(f.Detail, "fog") || !s.sw.dark() {
			t.Errorf("unseen it is %+v, %v", f, err)
		}
		healed := s.Heal(t.Context())
		if len(healed) != 1 || !healed[0].At.IsZero() || !healed[0].Undone || !strings.Contains(healed[0].Detail, "fog") {
			t.Errorf("unseen it is healed as %+v", healed)
		}
		if _, err := s.Break(t.Context(), s.plan, 0); err != nil {
			t.Fatal(err)
		}
		if f, err := s.Break(t.Context(), s.another("fog-two", "network"), 0); err != nil ||
			!strings.Contains(f.Detail, "dark is on the same links and may hide it") {
			t.Errorf("behind another it is %+v, %v", f, err)
		}
		s.Heal(t.Context())
		s.sw.prove = nil
		if _, err := s.Break(t.Context(), s.plan, 0); err != nil {
			t.Fatal(err)
		}
		s.sw.set(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if f := s.InForce(); len(f) != 1 || f[0].State != BreakLost || f[0].Detail == "" {
			t.Errorf("lost it is %+v", f)
		}
		s.Heal(t.Context())
	})
}

// What can't be undone stays known, and the way back says so again.
func TestHealedInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		if _, err := s.Break(t.Context(), s.plan, 0); err != nil {
			t.Fatal(err)
		}
		s.sw.bugs.undo = true
		healed := s.Close(t.Context())
		if len(healed) != 1 || healed[0].Undone || healed[0].Detail == "" || s.states() != "dark not_undone" {
			t.Errorf("it is healed as %+v; broken is %q", healed, s.states())
		}
		var refused *Refused
		if _, err := s.Break(t.Context(), s.another("late", "network"), 0); !errors.As(err, &refused) {
			t.Errorf("it is broken after the end: %v", err)
		}
	})
}

// Who asks to heal what is still being broken waits for that, and no longer than needed.
func TestHealedWhileBreaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		p := *s.plan
		p.faults = []plannedFault{p.faults[0]}
		p.faults[0].fault = wrapping{p.faults[0].fault.(*toyFault), func(i harness.Injection, _ harness.Aim) harness.Injection {
			return slowToProve{i.(*toyInjection), 0}
		}}
		broke := make(chan error, 1)
		go func() { _, err := s.Break(t.Context(), &p, 0); broke <- err }()
		synctest.Wait()
		if s.states() != "dark breaking" {
			t.Errorf("broken is %q", s.states())
		}
		began := time.Now()
		if healed := s.Heal(t.Context()); len(healed) != 1 || !healed[0].Undone || s.sw.dark() || time.Since(began) > 0 {
			t.Errorf("after %v it is healed as %+v", time.Since(began), healed)
		}
		if err := <-broke; err != nil {
			t.Error(err)
		}
	})
}

// What makes canaries late themselves is waited for that much longer.
func TestBrokenByWhatIsSeenLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		p := *s.plan
		p.faults = []plannedFault{p.faults[0]}
		p.faults[0].aim.Unseen = 20 * time.Second
		p.faults[0].fault = wrapping{p.faults[0].fault.(*toyFault), func(i harness.Injection, a harness.Aim) harness.Injection {
			return slowToProve{i.(*toyInjection), a.Unseen}
		}}
		if f, err := s.Break(t.Context(), &p, 0); err != nil || f.State != BreakProven {
			t.Errorf("it is broken as %+v, %v", f, err)
		}
		s.Heal(t.Context())
	})
}

// slowToProve sees nothing until some time has gone by; 0: until it is told to stop looking.
type slowToProve struct {
	*toyInjection
	takes time.Duration
}

func (s slowToProve) Prove(ctx context.Context, inForce bool) ([]harness.Proof, error) {
	if !inForce {
		return s.toyInjection.Prove(ctx, false)
	}
	if s.takes > 0 {
		select {
		case <-time.After(s.takes):
			return s.toyInjection.Prove(ctx, true)
		case <-ctx.Done():
		}
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestPeopleOfAStandingSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stand(t)
		ctx, cancel := context.WithCancel(t.Context())
		wait, err := s.People(ctx, s.plan, 2*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(7 * time.Second)
		cancel()
		wait()
		good := s.sink.attempts(history.Good)
		if len(good) != 4 || good[0].User != "user-001" || good[1].User != "user-002" || good[3].Due != history.Seconds(6) {
			t.Errorf("they were in %d times", len(good))
		}
		if err := s.back.Unwind(t.Context()); err != nil || !s.probe.closed {
			t.Errorf("the probe is closed: %t, %v", s.probe.closed, err)
		}
	})
}
