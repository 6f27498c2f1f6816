package simulation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Exploration looks among what a scenario varies for a drill that misses a check, and for the smallest file that still
// does.
type Exploration struct {
	Catalog catalog.Catalog
	Source  []byte // of the scenario
	Vary    []scenario.Draw
	Seed    uint64 // of the first drill
	Runs    int    // at most, before it gives up
	// Others is by how many other seeds what was found is tried in the end. They are those behind the one that found it.
	Others int
	// Plan compiles a file with a seed.
	Plan func(source []byte, sets []scenario.Set, seed uint64) (*engine.Plan, error)
	Tell func(said string) // of how far it is; nil: nobody is told
	// Caught is told what was found, before it is made small; nil: nobody is told.
	Caught func(*Found)
}

// Found is a drill that misses a check.
type Found struct {
	N      int              // which drill, from 1; 0: the scenario as it is, with nothing drawn
	Seed   uint64           // of the drill
	Check  verdict.Finding  // what it missed first
	Drawn  []scenario.Set   // all that was drawn
	Needed []scenario.Set   // what of it is needed for missing the check, as near to the file as it may be
	File   []byte           // the smallest file that still misses it, with Seed as its own
	Tried  int              // drills that were run to make it small
	Last   *verdict.Verdict // that of the smallest file
	// Stopped is that ctx ended before the file was as small as it can be, or before all Others were tried: it still
	// misses the check.
	Stopped bool
	// Others are the drills of the smallest file by other seeds, and Missed how many of them miss the check too: the rest
	// is a matter of the phase.
	Others, Missed int
}

// Run looks, first at the scenario as it is, and shrinks what it finds. It is nil where none of the drills misses
// anything. The same exploration finds the same, but for a ctx that ends: then it is nil with the error of ctx where
// nothing was found yet, and else what is the smallest so far. A drill that can't be run ends it with a *Failed, but
// for one that comes behind what was found.
func (e *Exploration) Run(ctx context.Context, scratch string) (*Found, error) {
	found, err := e.undrawn(scratch)
	if found == nil && err == nil {
		found, err = e.search(ctx, scratch)
	}
	if found == nil || err != nil {
		return nil, err
	}
	if e.Caught != nil {
		e.Caught(found)
	}
	s := &shrinking{Exploration: e, Found: found, source: e.Source, dir: filepath.Join(scratch, "shrunk"),
		way: wayOf(found.Last, found.Check)}
	s.needed(ctx)
	s.nearer(ctx)
	if err := s.smaller(ctx); err != nil {
		return nil, err
	}
	s.others(ctx)
	found.Stopped = ctx.Err() != nil
	return found, nil
}

// undrawn runs the scenario as it is. Where that misses a check already, it is no matter of what varies.
func (e *Exploration) undrawn(scratch string) (*Found, error) {
	v, err := e.once(e.Source, nil, e.Seed, filepath.Join(scratch, "0"))
	if err != nil {
		return nil, &Failed{N: 0, Err: err}
	}
	if i := missing(v); i >= 0 {
		return &Found{Seed: e.Seed, Check: v.Findings[i], Last: v}, nil
	}
	return nil, nil
}

// search runs drills until one misses a check: as many at once as there are processors, and it is the first of them
// that counts, of those that can't be run too.
func (e *Exploration) search(ctx context.Context, scratch string) (*Found, error) {
	var first *Found
	var failed *Failed
	var mu sync.Mutex
	begun := 0
	next := func() int {
		mu.Lock()
		defer mu.Unlock()
		if begun >= e.Runs || first != nil || failed != nil || ctx.Err() != nil {
			return 0
		}
		begun++
		e.tell("drill %d of at most %d", begun, e.Runs)
		return begun
	}
	take := func(n int, v *verdict.Verdict, drawn []scenario.Set, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			if failed == nil || n < failed.N {
				failed = &Failed{N: n, Err: err}
			}
			return
		}
		if i := missing(v); i >= 0 && (first == nil || n < first.N) {
			first = &Found{N: n, Seed: e.Seed + uint64(n-1), Check: v.Findings[i], Drawn: drawn, Last: v}
		}
	}
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n := next(); n > 0; n = next() {
				seed := e.Seed + uint64(n-1)
				drawn := (&scenario.Scenario{Vary: e.Vary}).Drawn(seed)
				v, err := e.once(e.Source, drawn, seed, filepath.Join(scratch, fmt.Sprint(n)))
				take(n, v, drawn, err)
			}
		})
	}
	all.Wait()
	switch {
	case failed != nil && (first == nil || failed.N < first.N):
		return nil, failed
	case first == nil:
		return nil, ctx.Err()
	}
	return first, nil
}

func (e *Exploration) tell(format string, args ...any) {
	if e.Tell != nil {
		e.Tell(fmt.Sprintf(format, args...))
	}
}

// missing is the first finding that a drill missed; -1 for none.
func missing(v *verdict.Verdict) int {
	return slices.IndexFunc(v.Findings, func(f verdict.Finding) bool { return f.Grade == verdict.Fail })
}

// way is in which way a check was missed: by what people were back, and of what most attempts failed. A smaller file
// that misses the check in another way has another mistake.
type way struct {
	check, back, class string
}

func wayOf(v *verdict.Verdict, f verdict.Finding) way {
	w := way{check: f.Name}
	if r := v.Recovery(f.Probe, f.Fault); r != nil {
		w.back = string(r.EndedBy)
	}
	for _, seen := range v.Windows {
		if seen.Probe != f.Probe || seen.Fault != f.Fault || seen.Window != cmp.Or(f.Window, verdict.Fault) {
			continue
		}
		for _, class := range slices.Sorted(maps.Keys(seen.Classes)) {
			if w.class == "" || seen.Classes[class] > seen.Classes[w.class] {
				w.class = class
			}
		}
	}
	return w
}

// missed tells whether a drill missed a check in that way.
func (w way) missed(v *verdict.Verdict) bool {
	return slices.ContainsFunc(v.Findings, func(f verdict.Finding) bool {
		return f.Grade == verdict.Fail && wayOf(v, f) == w
	})
}

// once runs one drill and keeps nothing of it.
func (e *Exploration) once(source []byte, sets []scenario.Set, seed uint64, dir string) (*verdict.Verdict, error) {
	s := &Simulation{Catalog: e.Catalog, Plan: func(int) (*engine.Plan, error) { return e.Plan(source, sets, seed) }}
	ended := s.one(1, dir)
	if err := os.RemoveAll(dir); err != nil && ended.err == nil {
		return nil, fmt.Errorf("removing a drill: %w", err)
	}
	return ended.v, ended.err
}

// shrinking makes a finding small, step by step: each step is kept where the check is still missed.
type shrinking struct {
	*Exploration
	*Found
	way    way
	dir    string
	source []byte
}

// misses tells whether a file still misses the check. One that can't be compiled any more doesn't.
func (s *shrinking) misses(ctx context.Context, source []byte, sets []scenario.Set) bool {
	if ctx.Err() != nil {
		return false
	}
	v, err := s.once(source, sets, s.Found.Seed, s.dir)
	if err != nil {
		return false
	}
	s.Tried++
	s.tell("%s is missed: %d drills to make it small", s.Check.Name, s.Tried)
	if !s.way.missed(v) {
		return false
	}
	s.Last = v
	return true
}

// needed leaves out what was drawn and makes no difference: first half of it at once, then ever smaller shares, down to
// one alone, until none of those left can go.
func (s *shrinking) needed(ctx context.Context) {
	s.Needed = slices.Clone(s.Drawn)
	for share, fewest := (len(s.Needed)+1)/2, -1; share > 0 && fewest != len(s.Needed); share = max(1, share/2) {
		if share == 1 {
			fewest = len(s.Needed)
		}
		for i := 0; i < len(s.Needed); {
			fewer := slices.Delete(slices.Clone(s.Needed), i, min(i+share, len(s.Needed)))
			if s.misses(ctx, s.source, fewer) {
				s.Needed = fewer
				continue
			}
			i += share
		}
	}
}

// halvings are how often the way from the file's own value to the one that was drawn is halved.
const halvings = 5

// nearer moves each value that is needed towards that of the file, as far as the check is still missed.
func (s *shrinking) nearer(ctx context.Context) {
	for i, set := range s.Needed {
		own, said := scenario.Said(s.source, set.Path)
		if !said {
			continue
		}
		safe, wrong := 0.0, 1.0 // of the way: where it was met, and where it was missed
		for range halvings {
			value, between := scenario.Between(own, scenario.Scalar(set.Value), (safe+wrong)/2)
			if !between {
				break
			}
			sets := slices.Clone(s.Needed)
			sets[i].Value = string(value)
			if s.misses(ctx, s.source, sets) {
				wrong, s.Needed = (safe+wrong)/2, sets
			} else {
				safe = (safe + wrong) / 2
			}
		}
	}
}

// partsDepth is how deep in a file parts are left out: probes.staff.steer, and not what is in it.
const partsDepth = 3

// smaller writes what is needed into the file, and leaves out every part without which the check is still missed.
func (s *shrinking) smaller(ctx context.Context) error {
	edited, err := scenario.Edited(s.source, s.Needed)
	if err != nil {
		return err
	}
	if less, err := scenario.Edited(edited, nil, "vary"); err == nil {
		edited = less
	}
	for again := true; again; { // what others refer to can go when they have gone
		again = false
		for depth := 1; depth <= partsDepth; depth++ {
			for _, part := range scenario.Parts(edited, depth) {
				less, err := scenario.Edited(edited, nil, part)
				if err == nil && s.keepsNeeded(less) && s.misses(ctx, less, nil) {
					edited, again = less, true
				}
			}
		}
	}
	s.File, err = scenario.Edited(edited, []scenario.Set{{Path: "seed", Value: strconv.FormatUint(s.Found.Seed, 10)}})
	return err
}

// keepsNeeded tells whether a file still says all that makes the difference: one that misses the check without it has
// another mistake.
func (s *shrinking) keepsNeeded(source []byte) bool {
	return !slices.ContainsFunc(s.Needed, func(set scenario.Set) bool {
		return !scenario.Says(source, set.Path)
	})
}

// others tells by how many other seeds the smallest file misses the check, in whichever way: whether it is a matter of
// the settings alone, or of the phase too.
func (s *shrinking) others(ctx context.Context) {
	for n := 1; n <= s.Exploration.Others && ctx.Err() == nil; n++ {
		s.tell("%s is missed: %d of %d other phases", s.Check.Name, n, s.Exploration.Others)
		v, err := s.once(s.File, nil, s.Found.Seed+uint64(n), s.dir)
		if err != nil {
			continue // none that could be run
		}
		s.Found.Others++
		if slices.ContainsFunc(v.Findings, func(f verdict.Finding) bool {
			return f.Name == s.Check.Name && f.Grade == verdict.Fail
		}) {
			s.Missed++
		}
	}
}
