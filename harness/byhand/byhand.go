// Package byhand lets people play with a lab that is kept standing: they break and heal it by hand, from a shell or
// from the lab's page, and see who is carried where meanwhile. What breaks and heals is the engine's own code, and what
// is asked for is read as a scenario is, so that what was tried here can be written into one word for word.
package byhand

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// Options are what a lab is made of.
type Options struct {
	Name   string
	System *harness.System
	Plan   *engine.Plan // of the lab's scenario
	Can    harness.Capabilities
	Faults []harness.FaultKind
	// Compile compiles the lab's scenario anew with these sets on top.
	Compile func(sets []scenario.Set) (*engine.Plan, error)
}

// Lab is a lab that people play with. Its methods may be called from several goroutines.
type Lab struct {
	o        Options
	standing *engine.Standing
	kinds    []Kind

	mu      sync.Mutex
	signIns []SignIn // oldest first
	changed chan struct{}
	notes   []Note // newest first
}

// New keeps a lab; what is broken in it is healed by back at the latest.
func New(o Options, back *rollback.Stack) *Lab {
	l := &Lab{o: o, changed: make(chan struct{})}
	l.standing = engine.Stand(o.System, back, l.heed)
	l.kinds = l.describeKinds()
	if o.System.Visits != nil {
		o.System.Visits(l.visited)
	}
	return l
}

// People lets people of the scenario's probes sign in, one of each probe that needs no browser every so often, until
// ctx ends; wait returns when the last of them has gone.
func (l *Lab) People(ctx context.Context, every time.Duration) (wait func(), err error) {
	return l.standing.People(ctx, l.o.Plan, every)
}

// Break breaks what was asked for and returns when that is proven, or can't be. The error is a *Mistake where nothing
// was changed.
func (l *Lab) Break(ctx context.Context, b Breakage) (engine.InForce, error) {
	if b.Name == "" {
		b.Name = l.freeName(b)
	}
	sets, said, err := b.sets()
	if err != nil {
		return engine.InForce{}, err
	}
	plan, err := l.o.Compile(sets)
	if err != nil {
		return engine.InForce{}, said.mistake(err)
	}
	lasts := time.Duration(0)
	if b.For != "" {
		lasts = plan.Record.Faults[0].For.Duration()
	}
	broken, err := l.standing.Break(ctx, plan, lasts)
	return broken, refused(err)
}

// freeName is a name that no fault has which is broken: of its kind and of what it hits.
func (l *Lab) freeName(b Breakage) string {
	base := b.naturalName()
	taken := func(name string) bool {
		return slices.ContainsFunc(l.standing.InForce(), func(f engine.InForce) bool { return f.Name == name })
	}
	name := base
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	return name
}

// Heal heals the fault of the name, all where it is empty. The error is a *Mistake where others are broken, and none of
// the name.
func (l *Lab) Heal(ctx context.Context, name string) ([]engine.Healed, error) {
	if name == "" {
		return l.standing.Heal(ctx), nil
	}
	var known []string
	for _, f := range l.standing.InForce() {
		known = append(known, f.Name)
	}
	if len(known) > 0 && !slices.Contains(known, name) {
		return nil, &Mistake{fmt.Sprintf("nothing that is broken is called %q%s", name, hint(name, known))}
	}
	return l.standing.Heal(ctx, name), nil
}

// Close heals all, and nothing is broken any more from then on.
func (l *Lab) Close(ctx context.Context) []engine.Healed { return l.standing.Close(ctx) }

// heed takes what the standing system tells.
func (l *Lab) heed(e history.Event) {
	switch {
	case e.Attempt != nil:
		l.attempted(e.Attempt)
	case e.Fault != nil:
		l.wake()
	case e.Note != nil:
		l.note(e.Note.Text)
	}
}

// Note is a sentence on something that should not be so.
type Note struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// maxNotes is how many are kept.
const maxNotes = 10

func (l *Lab) note(text string) {
	l.mu.Lock()
	l.notes = slices.Insert(l.notes, 0, Note{time.Now(), text})
	l.notes = l.notes[:min(len(l.notes), maxNotes)]
	l.mu.Unlock()
	l.wake()
}

// wake lets all look who wait for a change.
func (l *Lab) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
}
