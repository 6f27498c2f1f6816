package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
)

// session is one call of run: its drills, and what they share.
type session struct {
	*program
	flags    runFlags
	drills   []*compiled
	started  time.Time
	outer    string // the folder around several drills, "" for one
	ended    func() // says that they don't go on any more; nil for one
	metrics  liveMetrics
	chaos    liveChaos
	server   *http.Server
	gateway  *report.Gateway  // nil where none was named
	told     []*report.Report // what was concluded so far
	screens  *report.Screens  // while several drills run side by side; nil: one runs at a time
	building sync.Mutex       // held by the one of them that provisions, which takes a processor for itself
	// receiver is nil where none was named.
	receiver *report.Receiver
	// grafana is nil where none was named.
	grafana *report.Grafana
	// notifiers are told the outcomes at the end.
	notifiers []*report.Notifier
}

// finished is a drill that was run.
type finished struct {
	*compiled
	dir     string
	code    int // of the running alone
	metrics *report.Metrics
}

// begin takes what the session needs from this machine. Its error is a sentence, and nothing was started.
func (p *program) begin(ctx context.Context, flags runFlags, drills []*compiled) (*session, error) {
	s := &session{program: p, flags: flags, drills: drills, started: time.Now()}
	var err error
	if s.gateway, err = gatewayAt(flags.pushGateway); err != nil {
		return nil, err
	}
	if s.receiver, err = receiverAt(flags.remoteWrite); err != nil {
		return nil, err
	}
	if s.grafana, err = p.grafanaAt(flags.grafana); err != nil {
		return nil, err
	}
	if flags.out != "" {
		if err := free(flags.out); err != nil {
			return nil, err
		}
	}
	if len(drills) > 0 {
		if err := p.ready(ctx, flags.target); err != nil {
			return nil, err
		}
	}
	if err := s.serve(); err != nil {
		return nil, err
	}
	if len(drills) > 1 || flags.shard.of > 0 {
		s.outer = outer(flags.out, s.started)
		err := vacant(s.outer)
		if err == nil && flags.shard.of > 0 {
			err = flags.shard.write(s.outer)
		}
		if err == nil {
			s.ended, err = drill.GoOn(s.outer)
		}
		if err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// readyLimit bounds the asking of an engine that may not answer.
const readyLimit = 15 * time.Second

// ready says what this machine lacks for a target, where that can be known before it is provisioned.
func (p *program) ready(ctx context.Context, target string) error {
	kind, _ := p.catalog.Target(target)
	readier, ok := kind.New().(harness.TargetReadier)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	return readier.Ready(ctx)
}

// serve offers the live metrics where that was asked for.
func (s *session) serve() error {
	if s.flags.listen == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(loopback(s.flags.listen)); err != nil || !isPort(port) {
		return fmt.Errorf("--listen %s: write HOST:PORT, or a port alone, such as 9464", s.flags.listen)
	}
	listener, err := net.Listen("tcp", loopback(s.flags.listen))
	if err != nil {
		return fmt.Errorf("--listen %s: %w", s.flags.listen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", &s.metrics)
	if local(listener) { // whoever reaches it can break the system under test
		mux.Handle(localStackPath, &s.chaos)
	}
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go s.server.Serve(listener) //nolint:errcheck // it ends when the session closes it
	fmt.Fprintf(s.stderr, "metrics are at http://%s/metrics\n", listener.Addr())
	return nil
}

// free refuses a folder that holds something.
func free(dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a folder that isn't there yet", dir)
	}
	return nil
}

// vacant makes a folder for results; one that holds something is refused.
func vacant(dir string) error {
	if err := free(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the results: %w", err)
	}
	return nil
}

// isPort tells whether a word is a port's number.
func isPort(word string) bool {
	n, err := strconv.ParseUint(word, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == word
}

// loopback completes an address that names no host, or only a port.
func loopback(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return net.JoinHostPort("127.0.0.1", addr)
	case host == "":
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

func (s *session) close() {
	if s.server != nil {
		s.server.Close()
	}
	if s.ended != nil {
		s.ended()
	}
	if s.outer != "" {
		os.Remove(s.outer) //nolint:errcheck // it goes only where it is empty: no drill was begun
	}
}

// run runs the drills, concludes each, and ends with the first of 3, 70, 1, 2, 0 that occurred.
func (s *session) run(ctx context.Context) error {
	ctx, brake := s.brake(ctx, "healing and concluding", s.flags.timeout)
	defer brake.release()
	var drills []*compiled
	for _, d := range s.drills {
		if d.skipped != nil {
			fmt.Fprintf(s.stderr, "%s is skipped: %v\n", d.scenario.Name, d.skipped)
		} else {
			drills = append(drills, d)
		}
	}
	var codes []int
	if room := s.room(); room.several() && len(drills) > 1 {
		var together []*compiled
		together, drills = s.apart(drills)
		codes = s.together(ctx, brake, together, room)
	}
	for _, d := range drills {
		if ctx.Err() != nil {
			codes = append(codes, s.stoppedBefore(d))
			continue
		}
		more, err := s.turn(ctx, brake, d)
		switch {
		case err != nil && s.outer == "":
			return err // nothing was started
		case err != nil:
			more = []int{s.unbegun(d, err)}
		}
		codes = append(codes, more...)
	}
	if s.flags.shard.of == 0 && ctx.Err() == nil && s.nothingBegun() {
		return leave(exitUsage) // why is told
	}
	code := first(append(codes, s.tell()))
	s.notify(ctx, s.notifiers, notices(s.told, s.flags.environment, s.flags.origin.reportURL, s.started, s.outer))
	s.metrics.linger(ctx)
	return leave(code)
}

// turn runs one drill, as often as it is to be, and concludes it. It returns exit codes; its error says why the drill
// couldn't be begun.
func (s *session) turn(ctx context.Context, brake *brake, d *compiled) ([]int, error) {
	if s.flags.repeat.rule(d).Times > 0 && !s.flags.rehearse {
		return []int{s.repeat(ctx, brake, d)}, nil
	}
	done, err := s.drill(ctx, brake, d, place(s.flags, s.outer, d, s.started))
	if err != nil {
		return nil, err
	}
	if s.flags.rehearse {
		return []int{done.code, s.rehearsed(ctx, done)}, nil
	}
	return []int{done.code, s.conclude(ctx, done)}, nil
}

// stoppedBefore notes a drill that was not begun because the command was stopped.
func (s *session) stoppedBefore(d *compiled) int {
	d.notBegun = errors.New("the drill was not begun, because the command was stopped before")
	fmt.Fprintf(s.stderr, "%s was not begun\n", d.scenario.Name)
	return exitUnknown
}

// unbegun notes a drill that could not be begun, though others may.
func (s *session) unbegun(d *compiled, why error) int {
	d.notBegun = fmt.Errorf("the drill was not begun: %w", why)
	s.complain(fmt.Errorf("%s was not begun: %w", d.scenario.Name, why))
	if _, lacks := errors.AsType[*harness.Lack](why); lacks { // as merge says of it too
		return exitUnknown
	}
	return exitBroken
}

// nothingBegun tells whether none of the drills that the target can carry could be begun.
func (s *session) nothingBegun() bool {
	asked := false
	for _, d := range s.drills {
		if asked = asked || d.skipped == nil; d.skipped == nil && d.notBegun == nil {
			return false
		}
	}
	return asked
}

// drill runs one in a folder. Its error says why it couldn't be begun.
func (s *session) drill(ctx context.Context, brake *brake, d *compiled, dir string) (*finished, error) {
	if s.screens == nil {
		brake.guard(dir, nil)
	}
	again := d.plan.Record.Again
	d.plan.Record.Origin = s.origin(d, dir)
	d.plan.Record.Again = again
	done := &finished{compiled: d, dir: dir, metrics: s.metrics.add()}
	err := s.record(ctx, brake, done)
	_, not := errors.AsType[*drill.NotBegun](err)
	switch {
	case errors.Is(err, engine.ErrUndo):
		done.code = exitNotUndone
		s.complain(err)
		fmt.Fprintf(s.stderr, "SOMETHING COULD NOT BE UNDONE. Run: regiondrill recover %s\n", dir)
	case not:
		return nil, err
	case err != nil:
		done.code = exitBroken
		s.complain(err)
	}
	return done, nil
}

// record runs a drill before the eyes of whoever watches.
func (s *session) record(ctx context.Context, brake *brake, f *finished) error {
	screen, over := s.viewer(brake, f)
	defer over()
	runner := s.runner()
	begun := s.announcement(ctx, f.metrics, screen.Say)
	defer begun.over(ctx)
	var stands *harness.System
	defer func() { s.chaos.gone(stands) }()
	s.building.Lock()
	built := sync.OnceFunc(s.building.Unlock)
	defer built()
	runner.Rehearse = s.flags.rehearse
	runner.Sinks = []history.Sink{f.metrics, screen, begun}
	runner.Standing = func(sys *harness.System) { stands = sys; s.chaos.stand(sys); built() }
	runner.Tell = func(sentence string) { screen.Say("note: " + sentence) }
	runner.Begun = func() {
		if s.screens != nil {
			screen.Say("runs in " + f.dir)
			return
		}
		screen.Say(fmt.Sprintf("%s runs in %s; %s heals and concludes", f.scenario.Name, f.dir, s.stopBy()))
	}
	return runner.Record(ctx, f.plan, f.dir)
}

// stopBy is by what somebody who watches stops drills.
func (s *session) stopBy() string {
	if !onWindows && terminal(s.stdin) && terminal(s.stderr) {
		return "q or Ctrl-C"
	}
	return "Ctrl-C"
}

// viewer is where a drill is seen, until the returned function is called.
func (s *session) viewer(brake *brake, f *finished) (v viewer, over func()) {
	if s.screens != nil {
		lane, part := s.screens.Begin(f.scenario.Name), brake.join(f.dir)
		return lane, func() { part(); lane.End() }
	}
	restore := s.roomy(1)
	screen := report.NewScreen(s.stderr, s.screen())
	brake.guard(f.dir, screen.Say)
	return screen, func() {
		brake.guard(f.dir, nil)
		_ = screen.Close() // which never fails
		restore()
	}
}

// viewer shows a drill.
type viewer interface {
	history.Sink
	Say(sentence string)
}

// runner is what drills of this program are run and concluded with.
func (p *program) runner() *drill.Runner {
	keeper, lease := p.keeper()
	return &drill.Runner{Catalog: p.catalog, Runs: drill.UserRuns(p.getenv), Keeper: keeper, Lease: lease,
		Tell: func(sentence string) { fmt.Fprintf(p.stderr, "note: %s\n", sentence) }}
}

// screen is what stderr can show.
func (p *program) screen() report.ScreenOptions {
	if file, ok := p.stderr.(*os.File); ok {
		return report.OnTerminal(file)
	}
	return report.ScreenOptions{}
}
