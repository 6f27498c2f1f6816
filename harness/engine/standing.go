package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

const (
	byHand     = 100 * 365 * 24 * time.Hour // how long a fault lasts that is healed by hand
	proveLimit = 15 * time.Second           // for the canaries to see such a fault in force, beside what it takes itself
)

// Standing is a system that is kept standing, with nothing on its timeline: faults are broken and healed by hand, by
// the code that does it in a run. Its methods may be called from several goroutines.
type Standing struct {
	sys  *harness.System
	back *rollback.Stack
	zero time.Time
	tell func(history.Event)

	mu     sync.Mutex
	broken []*broken
	closed bool
}

// broken is a fault that was broken by hand.
type broken struct {
	injected
	cancel context.CancelFunc // of proving and watching it
	begun  chan struct{}      // closed when breaking it has returned
	ended  func()             // ends the watch
	timer  *time.Timer        // heals it; nil: nothing does but a hand
	heals  sync.Once
	healed Healed

	now InForce // guarded by Standing.mu
}

// InForce is a fault that was broken by hand and is not healed.
type InForce struct {
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Summary string    `json:"summary"`          // in a few words what it does to what
	Region  string    `json:"region,omitempty"` // on which it acts; empty: on another place
	State   State     `json:"state"`
	Since   time.Time `json:"since"`          // of the last link on which it was proven; before that, when it was asked for
	Until   time.Time `json:"until,omitzero"` // when it heals by itself
	Detail  string    `json:"detail,omitempty"`

	// Unreachable are the Regions by which nobody at all can be carried.
	Unreachable []string `json:"unreachable,omitempty"`
}

// State of a fault that was broken by hand.
type State string

// The states of a fault in the order in which they come.
const (
	Breaking    State = "breaking"
	BreakProven State = "in_force"
	NotProven   State = "unproven" // it was laid, and no canary saw it
	BreakLost   State = "lost"     // it was proven, and is no longer in force though nobody healed it
	Healing     State = "healing"
	NotUndone   State = "not_undone" // it was to be healed, and can't be
)

// Healed is what came of healing a fault.
type Healed struct {
	Name   string    `json:"name"`
	Undone bool      `json:"undone"`
	At     time.Time `json:"at,omitzero"` // since when it is no longer in force; zero: no canary saw that
	Detail string    `json:"detail,omitempty"`
}

// Stand keeps a system. What it breaks is undone by back at the latest; tell is told what happens, in instants after
// Zero, from several goroutines at once.
func Stand(sys *harness.System, back *rollback.Stack, tell func(history.Event)) *Standing {
	return &Standing{sys: sys, back: back, zero: time.Now(), tell: tell}
}

// Zero is the instant from which its events count.
func (s *Standing) Zero() time.Time { return s.zero }

// Refused is why a fault can't be broken now; nothing was changed.
type Refused struct{ Sentence string }

func (r *Refused) Error() string { return r.Sentence }

// Break puts the only fault of a plan in force and returns when canaries have seen it, or when they haven't for a
// while: then it is kept all the same, and its state says so. It is healed after lasts; 0: by hand alone.
// Whoever asked may go away meanwhile: an end of ctx breaks nothing off. The error is a *Refused or wraps a
// *harness.Lack where nothing was changed, else it says what failed.
func (s *Standing) Break(ctx context.Context, p *Plan, lasts time.Duration) (InForce, error) {
	if len(p.faults) != 1 {
		return InForce{}, fmt.Errorf("breaking by hand: the plan has %d faults, not one", len(p.faults))
	}
	f := p.faults[0]
	if lasts == 0 {
		f.aim.Lease = 0
	}
	b := &broken{injected: injected{plannedFault: &f, by: s, handles: &s.sys.Handles, back: s.back},
		begun: make(chan struct{}), now: InForce{Name: f.aim.Name, Kind: p.Record.Faults[0].Kind, Summary: f.aim.Summary,
			Region: f.aim.Region, State: Breaking, Since: time.Now(), Unreachable: f.aim.Unreachable}}
	ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.enter(b); err != nil {
		return InForce{}, err
	}
	defer close(b.begun)
	if err := ready(ctx, b.handles, f.fault, f.aim); err != nil {
		return InForce{}, s.notBegun(ctx, b, err)
	}
	if err := b.begin(ctx, cmp.Or(lasts, byHand)); err != nil {
		return InForce{}, s.notBegun(ctx, b, err)
	}
	s.proveByHand(ctx, b)
	if lasts > 0 {
		s.healAt(b)
	}
	return s.look(b), nil
}

// notBegun takes back what was done of a fault that could not be put in force.
func (s *Standing) notBegun(ctx context.Context, b *broken, err error) error {
	if b.injection == nil {
		s.leave(b)
		b.healed = Healed{Name: b.aim.Name, Undone: true, Detail: "it was never in force"}
		return err
	}
	if b.healed = s.undo(ctx, b); !b.healed.Undone {
		err = fmt.Errorf("%w; what was done of it could not be undone: %s", err, b.healed.Detail)
	}
	return err
}

// proveByHand proves a fault and begins to watch it.
func (s *Standing) proveByHand(ctx context.Context, b *broken) {
	proving, cancel := context.WithTimeout(ctx, proveLimit+b.aim.Unseen)
	defer cancel()
	proofs := b.prove(proving)
	b.ended = b.verify(ctx, proofs)
	if len(proofs) == 0 {
		s.hidden(b)
	}
}

// hidden adds to why a fault could not be seen that another is on the same links.
func (s *Standing) hidden(b *broken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.broken {
		if other != b && slices.ContainsFunc(b.aim.Edges, func(e harness.Edge) bool {
			return slices.Contains(other.aim.Edges, e)
		}) {
			b.now.Detail += "; " + other.aim.Name + " is on the same links and may hide it"
		}
	}
}

// healAt lets a fault end by itself.
func (s *Standing) healAt(b *broken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.now.Until = b.healing
	b.timer = time.AfterFunc(time.Until(b.healing), func() { s.heal(context.Background(), b) })
}

// enter takes the place of a fault, if it can be undone right beside those that are broken already.
func (s *Standing) enter(b *broken) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return &Refused{"the system is being taken down"}
	}
	for _, other := range s.broken {
		switch {
		case other.aim.Name == b.aim.Name:
			return &Refused{fmt.Sprintf("another fault that is broken is called %s; give this one another name",
				b.aim.Name)}
		case contend(*other.plannedFault, *b.plannedFault):
			return &Refused{fmt.Sprintf("%s changes the same as %s, which is broken already: one of them would take the "+
				"other's change back; heal %[2]s first", b.aim.Name, other.aim.Name)}
		}
	}
	s.broken = append(s.broken, b)
	return nil
}

func (s *Standing) leave(b *broken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = slices.DeleteFunc(s.broken, func(other *broken) bool { return other == b })
	b.cancel()
}

func (s *Standing) look(b *broken) InForce {
	s.mu.Lock()
	defer s.mu.Unlock()
	return b.now
}

// InForce lists what is broken, in the order in which it was.
func (s *Standing) InForce() []InForce {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]InForce, len(s.broken))
	for i, b := range s.broken {
		list[i] = b.now
	}
	return list
}

// Heal heals the named faults, all where none is named, and returns when canaries have seen each healed, or haven't. It
// heals them at once: none can be seen healed that another hides. One that is still being broken is healed too.
func (s *Standing) Heal(ctx context.Context, names ...string) []Healed {
	s.mu.Lock()
	all := slices.Clone(s.broken)
	s.mu.Unlock()
	if len(names) > 0 {
		all = slices.DeleteFunc(all, func(b *broken) bool { return !slices.Contains(names, b.aim.Name) })
	}
	healed := make([]Healed, len(all))
	var healing sync.WaitGroup
	for i, b := range all {
		healing.Go(func() { healed[i] = s.heal(ctx, b) })
	}
	healing.Wait()
	return healed
}

// Close heals all, and nothing is broken any more from then on.
func (s *Standing) Close(ctx context.Context) []Healed {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.Heal(ctx)
}

func (s *Standing) heal(ctx context.Context, b *broken) Healed {
	b.heals.Do(func() {
		b.cancel()
		<-b.begun
		if b.timer != nil {
			b.timer.Stop()
		}
		if b.ended == nil { // it could not be put in force, and is healed as far as it can be
			return
		}
		b.ended()
		b.healed = s.undo(ctx, b)
	})
	return b.healed
}

// undo heals and says since when. A fault that can't be undone stays among those that are broken.
func (s *Standing) undo(ctx context.Context, b *broken) Healed {
	healed := Healed{Name: b.aim.Name, At: b.heal(ctx)}
	err := harness.Guard("a fault", func() error { return b.injection.Undo(ctx) }) // tells again what it told
	if healed.Undone = err == nil; !healed.Undone {
		s.mu.Lock()
		b.now.State, b.now.Detail, healed.Detail = NotUndone, err.Error(), err.Error()
		s.mu.Unlock()
		return healed
	}
	if healed.At.IsZero() {
		s.hidden(b)
		healed.Detail = s.look(b).Detail
	}
	s.leave(b)
	return healed
}

// People lets those of the plan's probes arrive that need no browser, one of each probe every so often, until ctx ends;
// wait returns when the last of them has gone.
func (s *Standing) People(ctx context.Context, p *Plan, every time.Duration) (wait func(), err error) {
	var arriving sync.WaitGroup
	var schedules []*schedule
	for _, planned := range p.probes {
		rec := *p.Record.Probe(planned.name)
		if rec.Browser {
			continue
		}
		rec.Every = history.At(every)
		b := newSchedule(rec, 0, planned.made())
		b.keeper = newKeeper(nil)
		if err := b.open(ctx, s.sys, s.back); err != nil {
			return nil, err
		}
		schedules = append(schedules, b)
	}
	for i, b := range schedules { // not all at once
		b.rec.Offset = history.At(every * time.Duration(i) / time.Duration(len(schedules)))
		arriving.Go(func() { b.run(ctx, s, time.Now(), nil) })
	}
	return arriving.Wait, nil
}

// at, record, stop and over make it the teller of its faults and people.
func (s *Standing) at(t time.Time) history.Instant { return history.At(t.Sub(s.zero)) }
func (s *Standing) over(time.Time) bool            { return false }

// stop tells of something of ours that is broken. The system goes on standing.
func (s *Standing) stop(why Stop) {
	s.record(history.Event{At: s.at(time.Now()), Type: history.TypeNote, Note: &history.Note{Text: why.Error()}})
}

// record keeps what becomes of a fault, and passes everything on.
func (s *Standing) record(e history.Event) {
	if e.Fault != nil {
		s.changed(e.Fault)
	}
	s.tell(e)
}

func (s *Standing) changed(c *history.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.broken, func(b *broken) bool { return b.aim.Name == c.Name })
	if i < 0 {
		return
	}
	now := &s.broken[i].now
	switch c.Change {
	case history.Effective:
		now.State, now.Since = BreakProven, s.zero.Add(lastEdge(c.Edges).Duration())
	case history.Unproven:
		if now.State != Healing {
			now.State = NotProven
		}
		now.Detail = c.Detail
	case history.Lost, history.Expired:
		now.State, now.Detail = BreakLost, cmp.Or(c.Detail, "it ended by itself")
	case history.Healing:
		now.State, now.Detail = Healing, ""
	}
}

// lastEdge is the instant of the last of the edges.
func lastEdge(edges []history.Edge) (last history.Instant) {
	for _, e := range edges {
		last = max(last, e.At)
	}
	return last
}
