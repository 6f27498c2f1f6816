package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Stop is the cause with which a run is ended before its time. Its Reason becomes the history's.
type Stop struct{ Reason, Detail string }

// Error is the reason.
func (s Stop) Error() string {
	if s.Detail == "" {
		return s.Reason
	}
	return s.Reason + ": " + s.Detail
}

// ErrUndo is wrapped by the error of a run that could not undo something.
var ErrUndo = errors.New("something could not be undone")

// RunOptions are by what a run is recorded and watched. All but Sink may be left out.
type RunOptions struct {
	Folder *history.Folder // keeps the way back and the artifacts
	Sink   history.Sink
	// Keeper watches over what outlives this process; nil: nobody does.
	Keeper rollback.Keeper
	// Rehearse does all but the drill itself: when the warm-up has gone well people leave, and each fault is laid, proven,
	// and taken back at once, with nobody there.
	Rehearse bool
	// Standing is told of the system when it stands.
	Standing func(*harness.System)
	// Tell is told the sentences that undos have for people; they are notes of the history too, which may be thrown away.
	Tell func(sentence string)
	// Heartbeat watches from the warm-up to the end how late the machine is, and tells every stall in instants after
	// zero; when stop has returned it tells no more. In virtual time nothing is late.
	Heartbeat func(zero time.Time, tell func(history.Stall)) (stop func())
}

// run is one run of a plan: all that changes while it runs.
type run struct {
	plan      *Plan
	opts      RunOptions
	schedules []*schedule
	timeline  *timeline
	aborts    []*abort
	kms       *history.KMS // who plays it, where that is no fake of ours
	back      *rollback.Stack
	writer    *eventWriter
	cancel    context.CancelCauseFunc

	mu      sync.Mutex
	zero    time.Time       // fixed when the system stands
	early   []history.Event // recorded before that
	began   []time.Time     // when those were
	sinkErr error           // the first
	closed  bool            // the last line was recorded
	end     time.Time       // of the settling, known when the last fault is healed; guarded by mu
}

// Run runs the plan: provisions, warms up, injects, settles, and undoes all of it whatever happens. Everything that
// happened is in the history; the error is the harness's own (the history could not be written, provisioning broke, a
// bug), or wraps ErrUndo. A canceled ctx heals and concludes; a Stop as its cause says why. A panic of what it calls is
// an error like any other.
func (p *Plan) Run(ctx context.Context, opts RunOptions) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{plan: p, opts: opts, back: &rollback.Stack{Keeper: opts.Keeper}, cancel: cancel, aborts: p.aborts()}
	r.writer = newEventWriter(opts.Sink, r.unwritten)
	if opts.Folder != nil {
		r.back.Journal = opts.Folder.Undo
	}
	defer func() {
		undone := r.back.Unwind(rollback.Telling(ctx, func(said string) {
			r.note("%s", said)
			if opts.Tell != nil {
				opts.Tell(said)
			}
		}))
		err = r.conclude(ctx, err, undone)
	}()
	err = harness.Guard("the run", func() error { return r.all(ctx) })
	if asked(ctx) && !errors.Is(err, harness.ErrPanic) {
		return nil // stopped before it stood: whatever that broke off is no failure of its own
	}
	return err
}

// asked tells whether somebody asked the run to stop.
func asked(ctx context.Context) bool {
	stop, is := errors.AsType[Stop](context.Cause(ctx))
	return ctx.Err() != nil && !(is && stop.Reason == history.Broken)
}

// all is the run but for the way back.
func (r *run) all(ctx context.Context) error {
	r.phase(history.PhaseProvisioning)
	sys, err := r.plan.target.New().Provision(ctx, r.plan.Topology, r.back)
	if err != nil {
		return fmt.Errorf("provisioning %s: %w", r.plan.Record.Target, err)
	}
	r.timeline, r.kms = newTimeline(r, sys), backendOf(sys)
	if err := r.timeline.ready(ctx); err != nil {
		return err
	}
	if err := r.open(ctx, sys); err != nil {
		return err
	}
	r.begin()
	defer r.watch()()
	for _, n := range sys.Notes {
		r.note("%s", n)
	}
	if r.opts.Standing != nil {
		sys.Chaos = r.noting(sys.Chaos)
		r.opts.Standing(sys)
	}
	r.drill(ctx, sys)
	return nil
}

// conclude writes the last line: why the run ended and whether all was undone.
func (r *run) conclude(ctx context.Context, err, undone error) error {
	if r.zero.IsZero() { // it never stood
		r.begin()
	}
	r.writer.flush() // a sink that fails is a cause
	end := history.End{Reason: history.Completed, Undone: undone == nil}
	var stop Stop
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &stop):
		end.Reason, end.Detail = stop.Reason, stop.Detail
	case ctx.Err() != nil:
		end.Reason = history.Interrupted
	case err != nil:
		end.Reason, end.Detail = history.Broken, err.Error()
		if _, lacks := errors.AsType[*harness.Lack](err); lacks {
			end.Reason = history.Lacking
		}
	}
	if taken := r.taken(); taken != nil {
		end.Reason, end.Detail, err = history.TakenBack, taken.Error(), nil
		if errors.Is(taken, rollback.ErrLeft) {
			end.Undone, err = false, fmt.Errorf("%w: %w", ErrUndo, taken)
		}
	}
	if undone != nil {
		if end.Detail != "" { // the cause stands first
			end.Detail += "; "
		}
		end.Detail += undone.Error()
		err = errors.Join(err, fmt.Errorf("%w: %w", ErrUndo, undone))
	}
	r.record(history.Event{At: r.at(time.Now()), Type: history.TypeEnd, End: &end})
	r.writer.close()
	if end.Reason == history.Broken && err == nil && r.sinkErr == nil {
		err = stop
	}
	return errors.Join(err, r.sinkErr)
}

// taken is an error where a keeper has taken the run's changes back.
func (r *run) taken() error {
	if r.opts.Keeper == nil || r.opts.Keeper.Taken() == nil {
		return nil
	}
	return r.opts.Keeper.Settled()
}

// open prepares the probes.
func (r *run) open(ctx context.Context, sys *harness.System) error {
	for i, p := range r.plan.probes {
		rec := *r.plan.Record.Probe(p.name)
		b := newSchedule(rec, r.plan.Record.WarmUp, p.made())
		if r.plan.Record.Virtual {
			b.apart = apart(i, len(r.plan.probes))
		}
		b.keeper = newKeeper(r.opts.Folder)
		if err := b.open(ctx, sys, r.back); err != nil {
			return err
		}
		r.schedules = append(r.schedules, b)
	}
	return nil
}

// backendOf is who plays KMS, for the record.
func backendOf(sys *harness.System) *history.KMS {
	if sys.Backend == nil {
		return nil
	}
	b := sys.Backend
	return &history.KMS{URL: b.URL, Product: b.Product, Version: b.Version, Edition: b.Edition,
		Honours: b.Honours, Ignores: b.Ignores}
}

// noting writes down that rules were changed from outside: they are no faults of the scenario, and no canary proves
// them.
func (r *run) noting(chaos http.Handler) http.Handler {
	if chaos == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			r.note("from outside the scenario, the chaos API was asked to %s %s", req.Method, path.Base(req.URL.Path))
		}
		chaos.ServeHTTP(w, req)
	})
}

// begin fixes zero, a warm-up from now, and writes the plan and what was held back until zero was known.
func (r *run) begin() {
	r.mu.Lock()
	now := time.Now()
	r.zero = now.Add(r.plan.Record.WarmUp.Duration())
	early, began := r.early, r.began
	r.early, r.began = nil, nil
	r.mu.Unlock()
	plan := r.plan.Record
	plan.KMS = r.kms
	plan.Zero = r.zero.UTC().Round(time.Millisecond)
	first := r.at(now)
	if len(began) > 0 {
		first = r.at(began[0])
	}
	r.record(history.Event{At: first, Type: history.TypePlan, Plan: &plan})
	for i, e := range early {
		e.At = r.at(began[i])
		r.record(e)
	}
}

// drill is the run from the warm-up to the last attempt's end.
func (r *run) drill(ctx context.Context, sys *harness.System) {
	r.phase(history.PhaseWarmUp)
	done := make(chan struct{})
	var schedules sync.WaitGroup
	start := time.Now()
	for _, s := range r.schedules {
		schedules.Go(func() { s.run(ctx, r, start, done) })
	}
	schedules.Go(func() { r.control(ctx, sys, done) })
	schedules.Go(func() { r.rig(ctx, sys.Rig, done) })
	r.notices(sys)
	if waitUntil(ctx, r.zero) && r.steady(ctx) && !r.opts.Rehearse {
		r.phase(history.PhaseDrill)
		r.timeline.run(ctx)
		r.phase(history.PhaseSettling)
		waitUntil(ctx, r.settled())
	}
	close(done)
	r.phase(history.PhaseDraining)
	schedules.Wait()
	if r.opts.Rehearse && ctx.Err() == nil {
		r.timeline.rehearse(ctx)
		r.stop(rehearsed())
		return // an audit makes changes, too
	}
	r.audit(ctx, sys)
}

// steady stops a run whose warm-up proved nothing: harming a system that isn't well shows nothing either.
func (r *run) steady(ctx context.Context) bool {
	for _, b := range r.schedules {
		b.awaitFirst(ctx, r.zero.Add(toldLimit))
		if why := b.unsteady(r.plan.Record.Ratio(b.rec.Name)); why != "" {
			r.stop(Stop{Reason: history.NotSteady, Detail: why})
			return false
		}
	}
	return true
}

// settled fixes the end of the settling: counted from when the last fault's undo was due, or from zero.
func (r *run) settled() time.Time {
	last := later(r.zero, r.timeline.last())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end = last.Add(r.plan.Record.Settle.Duration())
	return r.end
}

// over tells whether nobody arrives at due any more.
func (r *run) over(due time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.end.IsZero() && !due.Before(r.end)
}

func (r *run) stop(s Stop) { r.cancel(s) }

// at is the history's instant of a time.
func (r *run) at(t time.Time) history.Instant { return history.At(t.Sub(r.zero)) }

func (r *run) phase(name string) {
	r.record(history.Event{At: r.at(time.Now()), Type: history.TypePhase, Phase: &history.Phase{Name: name}})
}

func (r *run) note(format string, args ...any) {
	r.record(history.Event{At: r.at(time.Now()), Type: history.TypeNote,
		Note: &history.Note{Text: fmt.Sprintf(format, args...)}})
}

// record hands an event to the writer and waits for no sink. What comes before zero is known is held back. What comes
// after the last line (from outside, or from a probe that was given up) is lost.
func (r *run) record(e history.Event) {
	if e.Attempt != nil {
		defer r.harmed(e.Attempt)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return
	case r.zero.IsZero():
		r.early, r.began = append(r.early, e), append(r.began, time.Now())
		return
	}
	r.closed = e.Type == history.TypeEnd
	r.writer.put(e)
}

// unwritten stops the run at the first error of a sink: what can't be written down was not measured.
func (r *run) unwritten(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sinkErr == nil {
		r.sinkErr = err
		r.cancel(Stop{Reason: history.Broken, Detail: err.Error()})
	}
}

// waitUntil waits; it tells whether the time came before ctx ended.
func waitUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
