package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// The toys: a target without a network, a probe that does what its test says, a fault that is a switch.

type toyTarget struct {
	undo  error
	chaos http.Handler
}

func (toyTarget) Can() harness.Capabilities {
	return harness.Capabilities{Handles: []string{"network"}, Services: []string{"portal"}}
}

func (t toyTarget) Provision(_ context.Context, top harness.Topology, back *rollback.Stack) (*harness.System, error) {
	sys := &harness.System{Chaos: t.chaos,
		World: &harness.World{People: []harness.Person{{Name: "user-001"}, {Name: "user-002"}}}}
	for _, v := range top.Vantages {
		sys.Places = append(sys.Places, &harness.Place{Name: v.Name})
	}
	time.Sleep(300 * time.Millisecond)
	_, err := back.Push(rollback.Intent{}, func(context.Context) error { return t.undo })
	return sys, err
}

type toyProbe struct {
	try    func(ctx context.Context, a *harness.Attempt) error
	closed bool
}

func (p *toyProbe) Journey() history.Journey                   { return history.SignIn }
func (p *toyProbe) Needs() []string                            { return nil }
func (p *toyProbe) Open(context.Context, *harness.World) error { return nil }
func (p *toyProbe) Close() error                               { p.closed = true; return nil }
func (p *toyProbe) Try(ctx context.Context, a *harness.Attempt) error {
	return p.try(ctx, a)
}

// toySwitch is a fault whose being in force the probe can ask for.
type toySwitch struct {
	mu     sync.Mutex
	on     bool
	prove  error
	inject error
	verify func(ctx context.Context) error // what stands in the way of a look
	bugs   bugs
}

func (s *toySwitch) dark() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.on
}

func (s *toySwitch) set(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = on
}

// bugs are what of a fault panics.
type bugs struct{ inject, prove, verify, undo bool }

type toyFault struct{ s *toySwitch }

func (f *toyFault) Needs() []string { return []string{"network"} }
func (f *toyFault) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	return aim.Links(w, s)
}

func (f *toyFault) Inject(_ context.Context, _ *harness.Handles, a harness.Aim, back *rollback.Stack) (harness.Injection, error) {
	undo, err := back.Push(rollback.Intent{}, func(context.Context) error { f.s.set(false); return nil })
	injected := &toyInjection{f.s, a, undo}
	if err != nil || f.s.inject != nil {
		return injected, errors.Join(err, f.s.inject)
	}
	f.s.set(true)
	if f.s.bugs.inject {
		panic("a bug")
	}
	return injected, nil
}

type toyInjection struct {
	s    *toySwitch
	a    harness.Aim
	undo rollback.Undo
}

func (f *toyInjection) Undo(ctx context.Context) error {
	if f.s.bugs.undo {
		panic("a bug")
	}
	return f.undo(ctx)
}
func (f *toyInjection) Expired() (time.Time, bool) { return time.Time{}, false }

func (f *toyInjection) Prove(_ context.Context, inForce bool) ([]harness.Proof, error) {
	if f.s.bugs.prove {
		panic("a bug")
	}
	if f.s.prove != nil {
		return nil, f.s.prove
	}
	if f.s.dark() != inForce {
		return nil, errors.New("the switch says otherwise")
	}
	return []harness.Proof{{Edge: f.a.Edges[0], At: time.Now()}}, nil
}

func (f *toyInjection) Verify(ctx context.Context) ([]harness.Sighting, error) {
	if f.s.bugs.verify {
		panic("a bug")
	}
	if f.s.verify != nil {
		if err := f.s.verify(ctx); err != nil {
			return nil, err
		}
	}
	s := harness.Sighting{Edge: f.a.Edges[0], At: time.Now()}
	if !f.s.dark() {
		s.Gone = "the switch is off"
	}
	return []harness.Sighting{s}, nil
}

// wrapping is a toy fault whose injection is another's.
type wrapping struct {
	*toyFault
	wrap func(harness.Injection, harness.Aim) harness.Injection
}

func (w wrapping) Inject(ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack) (harness.Injection, error) {
	injected, err := w.toyFault.Inject(ctx, h, a, back)
	return w.wrap(injected, a), err
}

const toyScenario = `
schema: regiondrill.scenario/v1
name: toy
system: {primary: us-east-1, additional: [eu-west-1]}
vantages:
  here: {rtt: {us-east-1: 8ms}}
warm_up: 2s
settle: 4s
probes:
  - {name: staff, kind: toy, from: here, home: us-east-1, every: 1s, limit: 3s}
faults:
  - {name: dark, kind: switch, where: {region: us-east-1}, at: 5s, for: 6s}
`

type world struct {
	opts   RunOptions
	probe  *toyProbe
	sw     *toySwitch
	target toyTarget
	plan   *Plan
	sink   *recorder
}

type recorder struct {
	mu     sync.Mutex
	events []history.Event
	fail   int // the event from which on it fails; 0: never
	panic  int // the event at which it panics; 0: never
}

func (r *recorder) Record(e history.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.panic > 0 && len(r.events) >= r.panic {
		panic("a bug")
	}
	if r.fail > 0 && len(r.events) >= r.fail {
		return errors.New("no space left on device")
	}
	r.events = append(r.events, e)
	return nil
}

// newWorld compiles a scenario of toys. The probe is good unless the switch is on; then it hangs until its limit.
func newWorld(t *testing.T, text string) *world {
	t.Helper()
	w := &world{sw: &toySwitch{}, sink: &recorder{}, probe: &toyProbe{}}
	w.probe.try = func(ctx context.Context, a *harness.Attempt) error {
		if w.sw.dark() {
			<-ctx.Done()
			a.Fail(history.ClassTimeout, "dark")
			return nil
		}
		time.Sleep(100 * time.Millisecond)
		a.Succeed(a.Home)
		return nil
	}
	s, err := scenario.Read(strings.NewReader(text), "toy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := Catalog{
		Probes: []harness.ProbeKind{{Name: "toy", New: func() harness.Probe { return w.probe }}},
		Faults: []harness.FaultKind{{Name: "switch", New: func() harness.Fault { return &toyFault{w.sw} }}},
	}
	target := harness.TargetKind{Name: "toys", New: func() harness.Target { return w.target }}
	if w.plan, err = Compile(s, kinds, Options{Target: target, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	w.plan.Record.Probes[0].Gated = true
	w.opts.Sink = w.sink
	return w
}

// put stands another target in the toy's place.
func (w *world) put(target harness.Target) {
	w.plan.target = harness.TargetKind{Name: "toys", New: func() harness.Target { return target }}
}

func (r *recorder) attempts(o history.Outcome) (found []*history.Attempt) {
	for _, e := range r.events {
		if e.Attempt != nil && e.Attempt.Outcome == o {
			found = append(found, e.Attempt)
		}
	}
	return found
}

// faults is the story of a fault: "requested 5.0, effective 5.0, …".
func (r *recorder) faults(name string) string {
	var story []string
	for _, e := range r.events {
		if e.Fault != nil && e.Fault.Name == name {
			story = append(story, fmt.Sprintf("%s %s", e.Fault.Change, e.At))
		}
	}
	return strings.Join(story, ", ")
}

func (r *recorder) end(t *testing.T) *history.End {
	t.Helper()
	last := r.events[len(r.events)-1]
	if last.End == nil {
		t.Fatalf("the last event is of type %s", last.Type)
	}
	return last.End
}

func TestDrill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		first := w.sink.events[0]
		if first.Plan == nil || first.At.String() != "-2.3" || first.Plan.Zero.IsZero() {
			t.Errorf("the first event is %s at %s", first.Type, first.At)
		}
		if got, want := w.sink.faults("dark"), "requested 5.0, effective 5.0, healing 11.0, healed 11.0"; got != want {
			t.Errorf("the fault: %s; want %s", got, want)
		}
		// 2 s of warm-up, 11 s to the fault's end, 4 s of settling: 17 attempts, the six under the fault bad
		if good, bad := len(w.sink.attempts(history.Good)), len(w.sink.attempts(history.Bad)); good != 11 || bad != 6 {
			t.Errorf("%d good, %d bad attempts; want 11 and 6", good, bad)
		}
		if e := w.sink.end(t); e.Reason != history.Completed || !e.Undone || !w.probe.closed {
			t.Errorf("ended as %+v, probe closed: %v", e, w.probe.closed)
		}
	})
}

// TestOpenLoop shows that people arrive on schedule whatever becomes of the others, that their time counts from when
// they arrived, and that who finds no room is dropped and recorded.
func TestOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, strings.Replace(toyScenario, "faults:\n  - {name: dark, kind: switch, where: {region: us-east-1}, at: 5s, for: 6s}\n", "", 1))
		w.plan.Record.Probes[0].Gated = false
		w.probe.try = func(ctx context.Context, a *harness.Attempt) error {
			if a.Seq >= 2 {
				time.Sleep(5 * time.Second) // beyond its limit of 3 s, whatever its context says
			}
			a.Succeed(a.Home)
			return nil
		}
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		var due []string
		for _, e := range w.sink.events {
			if e.Attempt != nil && (e.Attempt.Due-w.plan.Record.Probes[0].Offset)%history.Seconds(1) != 0 {
				due = append(due, e.Attempt.Due.String())
			}
		}
		if len(due) > 0 {
			t.Errorf("off the beat: %v", due)
		}
		late := w.sink.attempts(history.Bad)
		if len(late) == 0 || late[0].Class != history.ClassTimeout || late[0].Ended-late[0].Due != history.Seconds(5) {
			t.Errorf("who is in after the limit has failed, and waited since they were due: %+v", late)
		}
		if total := len(w.sink.attempts(history.Good)) + len(late) + len(w.sink.attempts(history.Dropped)); total != 6 {
			t.Errorf("%d attempts, want one for each of 6 seconds", total)
		}
	})
}

func TestNoRoomIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.probe.try = func(ctx context.Context, a *harness.Attempt) error {
			if w.sw.dark() {
				time.Sleep(7900 * time.Millisecond) // unresponsive: the engine gives it up 5 s after its limit of 3 s
			}
			a.Succeed(a.Home)
			return nil
		}
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		dropped := w.sink.attempts(history.Dropped)
		if len(dropped) != 4 { // room for four, who hang for 7.9 s; four more arrive before the first of them leaves
			t.Fatalf("%d dropped, want 4", len(dropped))
		}
		if d := dropped[0]; d.Due != d.Began || d.Due != d.Ended {
			t.Errorf("a dropped attempt has begun: %+v", d)
		}
	})
}

func TestUnresponsiveProbeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		release := make(chan struct{})
		w.probe.try = func(ctx context.Context, a *harness.Attempt) error {
			if w.sw.dark() {
				<-release
			}
			a.Succeed(a.Home)
			return nil
		}
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		close(release)
		lost := w.sink.attempts(history.Unknown)
		if len(lost) != 4 || lost[0].Class != history.ClassHarness || !strings.Contains(lost[0].Detail, "did not return") {
			t.Errorf("given up: %d, %+v", len(lost), lost)
		}
	})
}

func TestNotSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.probe.try = func(_ context.Context, a *harness.Attempt) error {
			a.Fail(history.ClassHTTP5xx, "broken all along")
			return nil
		}
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		if e := w.sink.end(t); e.Reason != history.NotSteady || w.sink.faults("dark") != "" {
			t.Errorf("ended as %+v; the fault: %s", e, w.sink.faults("dark"))
		}
	})
}

// Who got in before the end of the warm-up and is told of after it, because a picture was taken, has got in.
func TestToldAfterTheWarmUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.probe.try = func(_ context.Context, a *harness.Attempt) error {
			time.Sleep(100 * time.Millisecond)
			a.Succeed(a.Home)
			a.Ended = time.Now()
			time.Sleep(w.plan.Record.WarmUp.Duration())
			return nil
		}
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		if e := w.sink.end(t); e.Reason != history.Completed || w.sink.faults("dark") == "" {
			t.Errorf("ended as %+v; the fault: %s", e, w.sink.faults("dark"))
		}
	})
}

func TestStopHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Second, func() { cancel(Stop{Reason: history.Interrupted}) }) // at 7.7
		if err := w.plan.Run(ctx, w.opts); err != nil {
			t.Fatal(err)
		}
		if got, want := w.sink.faults("dark"), "requested 5.0, effective 5.0, healing 7.7, healed 7.7"; got != want {
			t.Errorf("the fault: %s; want %s", got, want)
		}
		if e := w.sink.end(t); e.Reason != history.Interrupted || !e.Undone {
			t.Errorf("ended as %+v", e)
		}
		for _, a := range w.sink.attempts(history.Unknown) {
			if a.Class != history.ClassStopped {
				t.Errorf("in flight: %+v", a)
			}
		}
		if n := len(w.sink.attempts(history.Unknown)); n != 3 {
			t.Errorf("%d attempts were in flight and are unknown, want 3", n)
		}
	})
}

func TestPanicHealsAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.probe.try = func(_ context.Context, a *harness.Attempt) error {
			if w.sw.dark() {
				panic("a bug")
			}
			a.Succeed(a.Home)
			return nil
		}
		err := w.plan.Run(t.Context(), w.opts)
		if err == nil || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("error %v", err)
		}
		if e := w.sink.end(t); e.Reason != history.Broken || w.sw.dark() {
			t.Errorf("ended as %+v, still dark: %v", e, w.sw.dark())
		}
		if n := len(w.sink.attempts(history.Unknown)); n != 1 {
			t.Errorf("%d unknown attempts, want 1", n)
		}
	})
}

// TestPanicOfAFaultHealsAndStops shows that a bug in a fault leaves nothing in force: not what it had done already, not
// what another fault did.
func TestPanicOfAFaultHealsAndStops(t *testing.T) {
	for name, b := range map[string]bugs{"inject": {inject: true}, "prove": {prove: true}, "verify": {verify: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, toyScenario)
				w.sw.bugs = b
				err := w.plan.Run(t.Context(), w.opts)
				if err == nil || !strings.Contains(err.Error(), "a fault panicked: a bug") {
					t.Errorf("error %v", err)
				}
				if e := w.sink.end(t); e.Reason != history.Broken || !e.Undone || w.sw.dark() || !w.probe.closed {
					t.Errorf("ended as %+v, still dark: %v, probe closed: %v", e, w.sw.dark(), w.probe.closed)
				}
			})
		})
	}
}

// exploding is a toy target or probe one of whose parts panics.
type exploding struct{ toyTarget }

func (exploding) Provision(_ context.Context, _ harness.Topology, back *rollback.Stack) (*harness.System, error) {
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return nil }); err != nil {
		return nil, err
	}
	panic("a bug")
}

type bursting struct{ *toyProbe }

func (bursting) Open(context.Context, *harness.World) error { panic("a bug") }

type unclosable struct{ *toyProbe }

func (unclosable) Close() error { panic("a bug") }

// TestPanicAnywhere ends as broken, with what was done undone.
func TestPanicAnywhere(t *testing.T) {
	for name, arm := range map[string]func(w *world){
		"provisioning": func(w *world) { w.put(exploding{}) },
		"opening": func(w *world) {
			w.plan.probes[0].made = func() harness.Probe { return bursting{w.probe} }
		},
		"standing":  func(w *world) { w.opts.Standing = func(*harness.System) { panic("a bug") } },
		"heartbeat": func(w *world) { w.opts.Heartbeat = func(time.Time, func(history.Stall)) func() { panic("a bug") } },
		"readiness": func(w *world) { w.plan.faults[0].fault = unreadable{&toyFault{w.sw}} },
		"an action": func(w *world) {
			w.plan.actions = []plannedAction{{action: clumsy{}, aim: harness.Aim{Name: "it"}}}
			w.plan.Record.Actions = []history.Action{{Name: "it"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, toyScenario)
				arm(w)
				err := w.plan.Run(t.Context(), w.opts)
				if err == nil || !strings.Contains(err.Error(), "a bug") {
					t.Errorf("error %v", err)
				}
				if e := w.sink.end(t); e.Reason != history.Broken || !e.Undone || w.sw.dark() {
					t.Errorf("ended as %+v, dark %t", e, w.sw.dark())
				}
			})
		})
	}
}

// unreadable panics when it is asked whether it is ready.
type unreadable struct{ *toyFault }

func (unreadable) Ready(context.Context, *harness.Handles, harness.Aim) error { panic("a bug") }

// clumsy is an action that panics.
type clumsy struct{}

func (clumsy) Needs() []string                                    { return nil }
func (clumsy) Aim(harness.Scope) (harness.Aim, []harness.Problem) { return harness.Aim{}, nil }
func (clumsy) Do(context.Context, *harness.Handles, harness.Aim, *rollback.Stack) (rollback.Undo, error) {
	panic("a bug")
}

// TestPanicOfAnUndo: what can't be undone is told, and what else there is is undone.
func TestPanicOfAnUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.plan.probes[0].made = func() harness.Probe { return unclosable{w.probe} }
		err := w.plan.Run(t.Context(), w.opts)
		if !errors.Is(err, ErrUndo) || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("error %v", err)
		}
		if e := w.sink.end(t); e.Undone || w.sw.dark() {
			t.Errorf("ended as %+v, dark %t", e, w.sw.dark())
		}
	})
}

func TestFullDiskHealsAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.sink.fail = 14
		err := w.plan.Run(t.Context(), w.opts)
		if err == nil || !strings.Contains(err.Error(), "no space left") || w.sw.dark() || !w.probe.closed {
			t.Errorf("error %v, dark %v, closed %v", err, w.sw.dark(), w.probe.closed)
		}
	})
}

func TestPanicOfASinkHealsAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.sink.panic = 14
		err := w.plan.Run(t.Context(), w.opts)
		if err == nil || !strings.Contains(err.Error(), "a sink panicked: a bug") || w.sw.dark() || !w.probe.closed {
			t.Errorf("error %v, dark %v, closed %v", err, w.sw.dark(), w.probe.closed)
		}
	})
}

// TestNothingFollowsTheEnd: who still holds the chaos API when a run is over writes nothing after its last line.
func TestNothingFollowsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.target.chaos = http.NotFoundHandler()
		w.put(w.target)
		var chaos http.Handler
		w.opts.Standing = func(sys *harness.System) { chaos = sys.Chaos }
		post := func() {
			chaos.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/_localstack/chaos/faults", nil))
		}
		time.AfterFunc(5*time.Second, post)
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		post()
		notes := slices.DeleteFunc(slices.Clone(w.sink.events), func(e history.Event) bool { return e.Note == nil })
		if len(notes) != 1 || w.sink.end(t).Reason != history.Completed {
			t.Errorf("notes %+v", notes)
		}
	})
}

func TestUndoThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.put(toyTarget{undo: errors.New("the lab won't go down")})
		err := w.plan.Run(t.Context(), w.opts)
		if !errors.Is(err, ErrUndo) || w.sink.end(t).Undone {
			t.Errorf("error %v, end %+v", err, w.sink.end(t))
		}
	})
}

func TestUnprovenAndNotInjected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario+"  - {name: second, kind: switch, where: {region: eu-west-1}, at: dark.healed + 2s, for: 1s}\n")
		w.sw.prove = errors.New("the canary was answered")
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		if got, want := w.sink.faults("dark"), "requested 5.0, unproven 5.0, healing 11.0, unproven 11.0"; got != want {
			t.Errorf("the fault: %s; want %s", got, want)
		}
		if got := w.sink.faults("second"); got != "" {
			t.Errorf("a fault that waits for what never came: %s", got)
		}
	})
}

func TestFaultAfterFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario+"  - {name: second, kind: switch, where: {region: eu-west-1}, at: dark.healed + 2s, for: 1s}\n")
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		if got, want := w.sink.faults("second"), "requested 13.0, effective 13.0, healing 14.0, healed 14.0"; got != want {
			t.Errorf("the second fault: %s; want %s", got, want)
		}
	})
}

func TestInjectThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.sw.inject = errors.New("no such link")
		err := w.plan.Run(t.Context(), w.opts)
		if e := w.sink.end(t); err == nil || e.Reason != history.Broken || !e.Undone {
			t.Errorf("error %v, end %+v", err, e)
		}
	})
}

// TestOffsetsKeep shows that another probe changes no arrival of the first.
func TestOffsetsKeep(t *testing.T) {
	one := newWorld(t, toyScenario)
	two := newWorld(t, strings.Replace(toyScenario, "probes:\n", "probes:\n  - {name: other, kind: toy, from: here, home: eu-west-1, every: 700ms, limit: 3s}\n", 1))
	if a, b := one.plan.Record.Probe("staff").Offset, two.plan.Record.Probe("staff").Offset; a != b || a == 0 {
		t.Errorf("offsets %v and %v", a, b)
	}
}

// TestBegins shows when a fault that waits for another is expected: the plan tells what it waits for.
func TestBegins(t *testing.T) {
	w := newWorld(t, toyScenario+"  - {name: second, kind: switch, where: {region: eu-west-1}, at: dark.healed + 2s, for: 1s}\n"+
		"  - {name: third, kind: switch, where: {region: eu-west-1}, at: second.effective, for: 1s}\n")
	for name, want := range map[string]float64{"dark": 5, "second": 13, "third": 13} {
		if got := w.plan.Record.Begins(*w.plan.Record.Fault(name)); got != history.Seconds(want) {
			t.Errorf("%s begins at %s, want %g", name, got, want)
		}
	}
	if got := w.plan.Record.Fault("second").After; got != "dark.healed" {
		t.Errorf("the second waits for %q", got)
	}
	if got := w.plan.Duration(); got != 20*time.Second { // 2 of warm-up, until 14, 4 of settling
		t.Errorf("it takes %v", got)
	}
}

// slowToStand is a toy target that is still provisioning when the run is stopped, and then blames something else.
type slowToStand struct{ toyTarget }

func (slowToStand) Provision(ctx context.Context, _ harness.Topology, back *rollback.Stack) (*harness.System, error) {
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return nil }); err != nil {
		return nil, err
	}
	<-ctx.Done()
	return nil, &harness.Lack{Sentence: "no Docker engine answers", Err: errors.New("context canceled")}
}

// A run that is stopped before its system stands ends as stopped, whatever that broke off says.
func TestStoppedWhileProvisioning(t *testing.T) {
	for reason, want := range map[string]bool{history.Interrupted: false, history.TimedOut: false, history.Broken: true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, toyScenario)
			w.put(slowToStand{})
			ctx, stop := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { stop(Stop{Reason: reason, Detail: "so"}) })
			if err := w.plan.Run(ctx, w.opts); (err != nil) != want {
				t.Errorf("%s: %v", reason, err)
			}
			last := w.sink.events[len(w.sink.events)-1]
			if last.End == nil || last.End.Reason != reason || !last.End.Undone {
				t.Errorf("%s: the last line is %+v", reason, last.End)
			}
		})
	}
}
