package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// grace is how long after its limit a probe may take to return before it is given up: its context ended at the limit.
const grace = 5 * time.Second

// schedule is when the people of one probe arrive. Attempt k is due at start + offset + k·every, whatever the others
// do: a person arrives whether or not anything answers. An attempt that finds no room is recorded as dropped, never
// skipped.
type schedule struct {
	rec    history.Probe
	probe  harness.Probe
	room   int
	people []harness.Person
	from   *harness.Place
	keeper *keeper
	apart  func(k int64) time.Duration // by which the k-th is later, in virtual time; nil: not at all

	mu     sync.Mutex
	flying int
	warmUp history.WarmUp
}

func newSchedule(rec history.Probe, warmUp history.Instant, probe harness.Probe) *schedule {
	return &schedule{rec: rec, warmUp: history.WarmUp{Lasts: warmUp}, probe: probe,
		room: int((rec.Limit+rec.Every-1)/rec.Every) + 1}
}

// open prepares the probe, which is closed by the way back.
func (s *schedule) open(ctx context.Context, sys *harness.System, back *rollback.Stack) error {
	s.from, s.people = sys.Place(s.rec.From), sys.People
	if s.rec.As != "" {
		s.people = slices.DeleteFunc(slices.Clone(sys.Others), func(p harness.Person) bool { return p.Name != s.rec.As })
	}
	if s.from == nil || len(s.people) == 0 {
		return fmt.Errorf("opening probe %s: the target has no place %s, or no people", s.rec.Name, s.rec.From)
	}
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return s.probe.Close() }); err != nil {
		return err
	}
	if err := s.probe.Open(ctx, sys.World); err != nil {
		return fmt.Errorf("opening probe %s: %w", s.rec.Name, err)
	}
	return nil
}

// run makes attempts from start until done is closed or ctx ends, then waits for the attempts in flight.
func (s *schedule) run(ctx context.Context, by teller, start time.Time, done <-chan struct{}) {
	var flying sync.WaitGroup
	defer flying.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for k := int64(0); ; k++ {
		due := start.Add(s.rec.Offset.Duration() + time.Duration(k)*s.rec.Every.Duration())
		if s.apart != nil {
			due = due.Add(s.apart(k))
		}
		if !arrives(ctx, timer, due, done) {
			s.miss(ctx, by, k, due)
			return
		}
		if by.over(due) {
			return
		}
		if !s.enter() {
			by.record(dropped(s.rec, by, k, due))
			continue
		}
		flying.Go(func() { s.attempt(ctx, by, k, due) })
	}
}

// apart keeps people apart in virtual time, by nanoseconds. On a clock that jumps, those who arrive a whole number of
// round trips after each other would do all that follows at the very same instants, and which of them finds a kept
// connection free would be for the scheduler of goroutines to say.
func apart(probe, probes int) func(k int64) time.Duration {
	const flying = 997 // of one probe at once, at most, and no multiple of anything
	return func(k int64) time.Duration { return time.Duration(int64(probe) + int64(probes)*(k%flying)) }
}

// arrives waits until somebody is due, and tells whether they still come. Who was due already, because this process
// is behind, isn't waited for: a timer that has gone by takes its turn behind all who are in flight.
func arrives(ctx context.Context, timer *time.Timer, due time.Time, done <-chan struct{}) bool {
	wait := time.Until(due)
	if wait <= 0 {
		select {
		case <-done:
			return false
		case <-ctx.Done():
			return false
		default:
			return true
		}
	}
	timer.Reset(wait)
	select {
	case <-timer.C:
		return true
	case <-done:
	case <-ctx.Done():
	}
	return false
}

// miss records those from attempt k on as dropped who had been due when everybody was sent home, and for whom this
// process never came to the point. A run that is stopped tells of nobody who hadn't begun.
func (s *schedule) miss(ctx context.Context, by teller, k int64, due time.Time) {
	for now := time.Now(); ctx.Err() == nil && due.Before(now) && !by.over(due); k++ {
		by.record(dropped(s.rec, by, k, due))
		due = due.Add(s.rec.Every.Duration())
	}
}

// enter takes a place in flight, if there is one.
func (s *schedule) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying >= s.room {
		return false
	}
	s.flying++
	return true
}

func (s *schedule) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
}

func dropped(p history.Probe, by teller, k int64, due time.Time) history.Event {
	at := by.at(due)
	return history.Event{At: at, Type: history.TypeAttempt, Attempt: &history.Attempt{Probe: p.Name, Seq: k, Kind: p.Kind,
		Home: p.Home, From: p.From, Due: at, Began: at, Ended: at, Outcome: history.Dropped}}
}

// attempt makes one, under a context that ends at due + limit, and records what came of it.
func (s *schedule) attempt(ctx context.Context, by teller, k int64, due time.Time) {
	defer s.leave()
	limit := due.Add(s.rec.Limit.Duration())
	parent := ctx
	ctx, cancel := context.WithDeadline(parent, limit)
	defer cancel()
	a := &harness.Attempt{Probe: s.rec.Name, Seq: k, Due: due, Home: s.rec.Home, From: s.from,
		Person: s.people[k%int64(len(s.people))], Saver: s.keeper, Tell: telling(by)}
	began := time.Now()
	result := make(chan error, 1)
	go func() { result <- s.try(ctx, a) }()
	giveUp := time.NewTimer(time.Until(limit.Add(grace)))
	defer giveUp.Stop()
	select {
	case err := <-result:
		if parent.Err() != nil && a.Outcome != history.Good {
			a.GiveUp(history.ClassStopped, "the run was stopped")
			err = panicOnly(err)
		}
		s.settle(by, a, began, err)
	case <-giveUp.C: // a is still the probe's: what is recorded is made anew
		lost := &harness.Attempt{Probe: a.Probe, Seq: k, Due: due, Home: a.Home, From: a.From, Person: a.Person}
		s.settle(by, lost, began, fmt.Errorf("the probe did not return within %v of its limit", grace))
	}
}

// telling is how a probe writes down a record of its own kind.
func telling(by teller) func(func(func(time.Time) history.Instant) history.Event) {
	return func(of func(func(time.Time) history.Instant) history.Event) {
		e := of(by.at)
		e.At = by.at(time.Now())
		by.record(e)
	}
}

// panicOnly keeps what is worth telling of an attempt that was cut short.
func panicOnly(err error) error {
	if errors.Is(err, harness.ErrPanic) {
		return err
	}
	return nil
}

// try calls the probe and turns its panic into an error.
func (s *schedule) try(ctx context.Context, a *harness.Attempt) error {
	return harness.Guard("a probe", func() error { return s.probe.Try(ctx, a) })
}

// lacked tells whether a failed attempt was cut off by its limit, of which this process had used too much itself.
func (s *schedule) lacked(a *harness.Attempt, began, ended time.Time) bool {
	limit := s.rec.Limit.Duration()
	return ended.Sub(a.Due) >= limit && history.LateShare*began.Sub(a.Due) > limit
}

// settle turns what came of an attempt into an event.
func (s *schedule) settle(by teller, a *harness.Attempt, began time.Time, err error) {
	ended := time.Now()
	if !a.Ended.IsZero() && a.Ended.Before(ended) {
		ended = a.Ended
	}
	switch {
	case err != nil:
		a.GiveUp(history.ClassHarness, err.Error())
	case a.Outcome == "":
		a.GiveUp(history.ClassHarness, "the probe said nothing")
	case a.Outcome == history.Bad && s.lacked(a, began, ended):
		a.GiveUp(history.ClassHarness, fmt.Sprintf("it began %v late, for which its limit of %v was too short: this machine "+
			"was busy", began.Sub(a.Due).Round(time.Millisecond), s.rec.Limit.Duration()))
	case a.Outcome == history.Good && ended.Sub(a.Due) > s.rec.Limit.Duration():
		a.Fail(history.ClassTimeout, "was served, but only after the limit")
	}
	rec := &history.Attempt{Probe: a.Probe, Seq: a.Seq, Kind: s.rec.Kind, Journey: s.rec.Journey, Home: a.Home,
		From: s.rec.From, User: a.Person.Name, Due: by.at(a.Due), Began: by.at(began), Ended: by.at(ended),
		Outcome: a.Outcome, Class: a.Class, Region: a.Region, Detail: a.Detail, Refused: a.Refused, Artifacts: a.Artifacts}
	for _, step := range a.Steps {
		rec.Steps = append(rec.Steps, history.Step{Name: step.Name, Host: step.Host, Region: step.Region,
			At: by.at(step.Began), Took: history.At(step.Ended.Sub(step.Began))})
	}
	s.mu.Lock()
	s.warmUp.Add(rec)
	s.mu.Unlock()
	by.record(history.Event{At: by.at(time.Now()), Type: history.TypeAttempt, Attempt: rec})
	if errors.Is(err, harness.ErrPanic) {
		by.stop(Stop{Reason: history.Broken, Detail: err.Error()})
	}
}

// toldLimit is how long after its end an attempt may be told of: a picture is taken in between.
const toldLimit = 3 * time.Second

// awaitFirst waits where nobody is known to have got in in the warm-up, for somebody who is on the way: they may have
// been in before its end, and not have been told of.
func (s *schedule) awaitFirst(ctx context.Context, until time.Time) {
	const look = 10 * time.Millisecond
	for s.awaited() && time.Now().Before(until) && waitUntil(ctx, time.Now().Add(look)) {
	}
}

func (s *schedule) awaited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rec.Gated && s.warmUp.Good == 0 && s.flying > 0
}

// unsteady says why the drill can't begin, where a check asks for the recovery of the probe's people.
func (s *schedule) unsteady(ratio float64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.warmUp.Unsteady(ratio); s.rec.Gated && why != "" {
		return s.rec.Name + ": " + why
	}
	return ""
}
