package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/system"
)

// auto is the --parallel that takes as many drills as this machine bears.
const auto = "auto"

// maxParallel bounds how many drills run at once.
const maxParallel = 1000

// checkParallel refuses what can't be run side by side.
func (f *runFlags) checkParallel() error {
	n, err := strconv.Atoi(f.parallel)
	switch {
	case f.parallel != auto && (err != nil || n < 1 || n > maxParallel):
		return fmt.Errorf("--parallel must be 1 to %d, or auto, not %q", maxParallel, f.parallel)
	case f.rehearse && f.parallel != "1":
		return errors.New("--rehearse shows one drill at a time; leave --parallel out")
	}
	return nil
}

// room is what may run at once: so many drills, people who arrive a second, and browsers.
type room struct {
	drills   int
	arrivals int // in thousandths, so that what drills give back is exactly what they took
	browsers int
}

// several tells whether there is room for more than one drill at a time.
func (r room) several() bool { return r.drills > 1 }

// What a drill takes of a machine is told in people who arrive a second; a calibrated one has calibratedArrivals. Its
// fakes and its clock take something too, as much as leastArrivals, whoever comes.
const (
	calibratedArrivals = 15
	leastArrivals      = 5
)

// thousandths of a person who arrives a second.
const thousandths = 1000

// drillsACore is how many drills of a calibrated size a core is taken to bear where nobody has calibrated: half of what
// a slow one was seen to.
const drillsACore = 2

// room is how much may run at once, which is told where it is found out.
func (s *session) room() room {
	r := room{arrivals: math.MaxInt, browsers: max(1, runtime.NumCPU()/2)}
	found := s.lastCalibration()
	if found != nil && found.Browsers != nil {
		r.browsers = max(1, *found.Browsers)
	}
	if s.flags.parallel != auto {
		r.drills, _ = strconv.Atoi(s.flags.parallel) // which was checked
		return r
	}
	drills, how := drillsACore*runtime.NumCPU(), fmt.Sprintf("two a core, as nobody has calibrated this machine "+
		"(regiondrill calibrate)")
	if found != nil {
		drills, how = found.Drills, "as calibrated on "+found.At.Format(time.DateOnly)
	}
	r.drills, r.arrivals = maxParallel, drills*calibratedArrivals*thousandths
	if drills <= 1 {
		r.drills = 1
	}
	fmt.Fprintf(s.stderr, "--parallel auto: room for %d drills of %d sign-ins a second, %s; browsers of %d at once\n",
		drills, calibratedArrivals, how, r.browsers)
	return r
}

// needs is the room that a drill takes, at most all there is.
func (r room) needs(d *compiled) room {
	need := room{drills: 1}
	for _, p := range d.plan.Record.Probes {
		switch {
		case p.Skipped:
		case p.Browser:
			need.browsers++
		case p.Every > 0:
			need.arrivals += int(math.Ceil(thousandths / p.Every.Seconds()))
		}
	}
	need.arrivals = min(max(need.arrivals, leastArrivals*thousandths), r.arrivals)
	need.browsers = min(need.browsers, r.browsers)
	return need
}

// take is what is left beside a drill; false where there is no room for it.
func (r room) take(n room) (left room, ok bool) {
	left = room{r.drills - n.drills, r.arrivals - n.arrivals, r.browsers - n.browsers}
	return left, left.drills >= 0 && left.arrivals >= 0 && left.browsers >= 0
}

// give is the room with what a drill has taken.
func (r room) give(n room) room {
	return room{r.drills + n.drills, r.arrivals + n.arrivals, r.browsers + n.browsers}
}

// apart tells drills that may run beside others from those that can't, and says why.
func (s *session) apart(drills []*compiled) (together, alone []*compiled) {
	for _, d := range drills {
		why := s.loner(d)
		if why == "" {
			together = append(together, d)
			continue
		}
		alone = append(alone, d)
		fmt.Fprintf(s.stderr, "%s runs alone, after the others: %s\n", d.scenario.Name, why)
	}
	return together, alone
}

// loner says why a drill can't run beside others. What lives in this process is each drill's own; what doesn't may be
// shared, or takes of the machine what nobody has measured.
func (s *session) loner(d *compiled) string {
	by := d.plan.Topology.KMS.Backend
	switch {
	case s.flags.repeat.rule(d).Times > 0:
		return "it is repeated"
	case s.flags.target != s.catalog.Targets[0].Name:
		return "what target " + s.flags.target + " takes of this machine is not known"
	case by != "" && by != system.KMSEmbedded:
		return "its KMS is outside of this process"
	case len(d.plan.Executes()) > 0:
		return "it runs programs on this machine"
	case len(d.plan.Reaches()) > 0:
		return "it asks hosts that others may ask too"
	}
	return ""
}

// outcome is what became of a drill that ran beside others.
type outcome struct {
	*finished
	err    error // why it couldn't be begun
	report *report.Report
	code   int
}

// together runs drills side by side, those that take longest first, and again alone those of which the machine was too
// busy to tell. It returns exit codes.
func (s *session) together(ctx context.Context, brake *brake, drills []*compiled, room room) []int {
	var codes []int
	var told []*outcome
	outcomes := s.beside(ctx, brake, drills, room)
	for _, o := range outcomes {
		if o.err != nil {
			codes = append(codes, s.unbegun(o.compiled, o.err))
			continue
		}
		told = append(told, o)
	}
	for _, d := range drills {
		if !slices.ContainsFunc(outcomes, func(o *outcome) bool { return o.compiled == d }) {
			codes = append(codes, s.stoppedBefore(d))
		}
	}
	for _, o := range told {
		if why := o.tooBusy(); why != "" && ctx.Err() == nil {
			s.alone(ctx, brake, o, why)
		}
		codes = append(codes, o.code)
		if o.report != nil {
			s.told = append(s.told, o.report)
		}
	}
	return codes
}

// beside runs drills side by side. Their outcomes are in the order of the drills; those before which the command was
// stopped have none.
func (s *session) beside(ctx context.Context, brake *brake, drills []*compiled, left room) []*outcome {
	screens := report.NewScreens(s.stderr, s.screen(), len(drills))
	defer screens.Close() //nolint:errcheck // it never fails
	defer s.roomy(min(len(drills), left.drills, 8*runtime.NumCPU()))()
	own, shown := s.program, *s.program
	shown.stderr = screens // which a live view would overwrite
	s.program, s.screens = &shown, screens
	defer func() { s.program, s.screens = own, nil }()
	brake.guardMany(screens.Say)
	defer brake.guardMany(nil)

	whole, waiting := left, slices.Clone(drills)
	slices.SortStableFunc(waiting, func(a, b *compiled) int { return cmp.Compare(b.plan.Duration(), a.plan.Duration()) })
	over := make(chan *outcome)
	var outcomes []*outcome
	for going := 0; ; {
		for i := 0; i < len(waiting) && ctx.Err() == nil; i++ {
			d := waiting[i]
			if rest, ok := left.take(whole.needs(d)); ok {
				left, waiting = rest, slices.Delete(waiting, i, i+1)
				i--
				going++
				go func() { over <- s.lane(ctx, brake, d) }()
			}
		}
		if going == 0 {
			break
		}
		o := <-over
		going--
		screens.Over()
		left = left.give(whole.needs(o.compiled))
		outcomes = append(outcomes, o)
	}
	slices.SortFunc(outcomes, func(a, b *outcome) int {
		return cmp.Compare(slices.Index(drills, a.compiled), slices.Index(drills, b.compiled))
	})
	return outcomes
}

// lane runs one of several drills.
func (s *session) lane(ctx context.Context, brake *brake, d *compiled) *outcome {
	done, err := s.drill(ctx, brake, d, place(s.flags, s.outer, d, s.started))
	if err != nil {
		return &outcome{finished: &finished{compiled: d}, err: err}
	}
	return s.outcome(ctx, done)
}

// outcome concludes a drill.
func (s *session) outcome(ctx context.Context, done *finished) *outcome {
	o := &outcome{finished: done}
	o.report, o.code = s.concluded(ctx, done)
	o.code = first([]int{done.code, o.code})
	if o.report != nil {
		fmt.Fprintf(s.stderr, "%s %s\n", done.scenario.Name, report.Line(o.report))
	}
	return o
}

// aside is what is added to the name of a folder whose drill was run again.
const aside = "-beside-others"

// alone runs a drill again by itself, and its outcome is that from now on. The folder of the first is kept beside it. A
// command that is stopped meanwhile leaves the first as it was.
func (s *session) alone(ctx context.Context, brake *brake, o *outcome, why string) {
	fmt.Fprintf(s.stderr, "\n%s is run again alone: %s\n", o.scenario.Name, why)
	again, err := s.afresh(o, why)
	if err == nil {
		err = os.Rename(o.dir, o.dir+aside)
	}
	if err != nil {
		s.warn(fmt.Errorf("running %s again: %w", o.scenario.Name, err))
		return
	}
	done, err := s.drill(ctx, brake, again, o.dir)
	switch {
	case err != nil:
		s.warn(errors.Join(err, s.putBack(o)))
		return
	case ctx.Err() != nil && done.code == exitPass: // with what it left, its folder stays where its last words say
		s.metrics.drop(done.metrics)
		s.warn(s.putBack(o))
		return
	}
	s.metrics.drop(o.metrics)
	s.warn(supersede(o.dir+aside, filepath.Base(o.dir)))
	*o = *s.outcome(ctx, done)
}
