package simulation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Simulation is one drill, run many times in virtual time.
type Simulation struct {
	Catalog catalog.Catalog
	Rule    repetition.Rule
	// Plan compiles the n-th drill, from 1. It is called by several goroutines.
	Plan func(n int) (*engine.Plan, error)
	// Each is told of each drill, in their order; nil: nobody is.
	Each func(n int, v *verdict.Verdict)
}

// Outcome is what a simulation ends with.
type Outcome struct {
	*repetition.Result
	Worst int // the drill whose folder was kept, from 1; 0 where none was run
}

// Failed is a drill that could not be run.
type Failed struct {
	N   int // which, from 1; 0: the scenario as it is, of an exploration
	Err error
}

// Error names the drill.
func (f *Failed) Error() string { return fmt.Sprintf("drill %d: %v", f.N, f.Err) }

// Unwrap gives why.
func (f *Failed) Unwrap() error { return f.Err }

// Run runs the drills, as many at once as the program has processors, and keeps the folder of the worst alone, as
// keep. A ctx that ends lets those that are running end. The same plans give the same outcome. A drill that can't be
// run ends it with a *Failed; the outcome is that of the drills before, and nil where there is none.
func (s *Simulation) Run(ctx context.Context, keep string) (*Outcome, error) {
	scratch, err := os.MkdirTemp(filepath.Dir(keep), ".simulated-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for drills: %w", err)
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // what is left of it is a temporary folder
	series := &series{simulation: s, Series: repetition.NewSeries(s.Rule), ended: map[int]*ended{}}
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n := series.next(ctx); n > 0; n = series.next(ctx) {
				series.add(n, s.one(n, filepath.Join(scratch, strconv.Itoa(n))))
			}
		})
	}
	all.Wait()
	switch failed := series.failed; {
	case failed != nil && series.worst.n == 0:
		return nil, failed
	case failed != nil:
		series.Stop(fmt.Sprintf("drill %d could not be run", failed.N))
	case ctx.Err() != nil:
		series.Stop("somebody interrupted it")
	}
	outcome := &Outcome{Result: series.Result(), Worst: series.worst.n}
	if outcome.Worst == 0 {
		return outcome, nil
	}
	outcome.Runs[outcome.Worst-1].Folder = filepath.Base(keep)
	if err := os.Rename(series.worst.dir, keep); err != nil {
		return nil, fmt.Errorf("keeping the worst drill: %w", err)
	}
	if _, err := s.runner().Conclude(keep); err != nil {
		return outcome, err
	}
	if series.failed != nil {
		return outcome, series.failed
	}
	return outcome, nil
}

func (s *Simulation) runner() *drill.Runner { return &drill.Runner{Catalog: s.Catalog, Timeless: true} }

// ended is a drill that was run, and whose folder is there.
type ended struct {
	n   int
	dir string
	v   *verdict.Verdict
	err error
}

// one runs the n-th drill.
func (s *Simulation) one(n int, dir string) *ended {
	e := &ended{n: n, dir: dir}
	plan, err := s.Plan(n)
	if err != nil {
		e.err = err
		return e
	}
	inBubble(func() { e.err = s.runner().Record(context.Background(), plan, dir) })
	if e.err != nil {
		return e
	}
	loaded, err := s.runner().Load(dir)
	if err != nil {
		e.err = err
		return e
	}
	e.v = loaded.Verdict
	return e
}

// series are drills that end in any order and are counted in theirs, so that the outcome is the same each time.
type series struct {
	*repetition.Series
	simulation *Simulation

	mu     sync.Mutex
	begun  int
	count  int            // of those that were added
	ended  map[int]*ended // and wait for those before them
	worst  ended
	failed *Failed // the first that could not be run
}

// next is the drill to run now, 0 when there is no more.
func (s *series) next(ctx context.Context) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || s.failed != nil || s.begun >= s.simulation.Rule.Times || !s.Open() {
		return 0
	}
	s.begun++
	return s.begun
}

// add counts a drill, and those that waited for it. What ended beyond the last one that was needed counts nowhere.
func (s *series) add(n int, e *ended) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.ended[n] = e; s.ended[s.count+1] != nil; {
		s.count++
		s.take(s.ended[s.count])
		delete(s.ended, s.count)
	}
}

func (s *series) take(e *ended) {
	gone := e.dir
	switch {
	case s.failed != nil: // what came behind counts nowhere
	case !s.Open(): // it was begun only because there was a processor for it
	case e.err != nil:
		s.failed = &Failed{N: e.n, Err: e.err}
	default:
		s.Add("", e.v)
		if s.simulation.Each != nil {
			s.simulation.Each(e.n, e.v)
		}
		if s.worst.n == 0 || repetition.Worse(e.v, s.worst.v) {
			gone, s.worst = s.worst.dir, *e
		}
	}
	if gone != "" {
		os.RemoveAll(gone) //nolint:errcheck // the folder around it goes with all that is in it
	}
}
