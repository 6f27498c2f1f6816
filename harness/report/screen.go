package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

const (
	redraw    = 200 * time.Millisecond // of the live view
	heartbeat = 10 * time.Second       // of the plain one
	maxQueue  = 1000                   // plain lines that wait for a slow reader; older ones are dropped
)

// Screen shows progress: a live view on a terminal, else one plain line whenever something changes and one every ten
// seconds. It is a history.Sink whose Record only notes; all writing is done by a goroutine of its own, so that a slow
// terminal or a full pipe can't delay a run.
type Screen struct {
	*canvas
	watched
}

// watched is a run that a screen shows, and where its clock is.
type watched struct {
	board *board
	seen  time.Time // when the latest event came,
	at    history.Instant
}

func watch() watched { return watched{board: newBoard(), seen: time.Now()} }

// note takes an event in and returns its plain line, if any.
func (w *watched) note(e history.Event) string {
	w.seen, w.at = time.Now(), e.At
	return w.board.note(e)
}

// now is the instant on the run's clock.
func (w *watched) now() history.Instant { return w.at + history.At(time.Since(w.seen)) }

// canvas is what a screen writes on.
type canvas struct {
	out  io.Writer
	opts ScreenOptions

	mu      sync.Mutex
	beat    func() string                               // the plain view's line for when nothing happens; with mu held
	frame   func(width, height int, over bool) []string // the live view; with mu held
	queue   []string                                    // plain lines to write
	dropped int

	wake chan struct{}
	quit chan struct{}
	done chan struct{}
	once sync.Once
}

// ScreenOptions say what the screen may do.
type ScreenOptions struct {
	Size  func() (width, height int) // of the terminal, in columns and lines; nil where there is none
	Color bool
}

// NewScreen starts to show on out what will be recorded. Close ends it.
func NewScreen(out io.Writer, opts ScreenOptions) *Screen {
	s := &Screen{newCanvas(out, opts), watch()}
	s.beat = func() string { return s.board.heartbeat(s.now()) }
	s.frame = func(width, height int, over bool) []string {
		return s.board.frame(s.now(), width, height, opts.Color, over)
	}
	go s.paint()
	return s
}

func newCanvas(out io.Writer, opts ScreenOptions) *canvas {
	return &canvas{out: out, opts: opts,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
}

// Record notes an event. It never fails: a screen that can't be written to is no reason to stop a drill.
func (s *Screen) Record(e history.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if line := s.note(e); line != "" && !s.live() {
		s.say(line)
	}
	return nil
}

func (s *canvas) live() bool { return s.opts.Size != nil }

// Say shows a sentence of the program itself: above the live view, where the next frame can't erase it, or as a plain
// line.
func (s *canvas) Say(sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say(sentence)
}

// say queues a plain line. The caller holds mu.
func (s *canvas) say(line string) {
	if len(s.queue) >= maxQueue {
		s.queue, s.dropped = s.queue[1:], s.dropped+1
	}
	s.queue = append(s.queue, line)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close writes what is left and ends the showing. A writer that blocks for more than a second is left to itself.
func (s *canvas) Close() error {
	s.once.Do(func() { close(s.quit) })
	limit := time.NewTimer(time.Second)
	defer limit.Stop()
	select {
	case <-s.done:
	case <-limit.C:
	}
	return nil
}

// paint writes until Close.
func (s *canvas) paint() {
	defer close(s.done)
	every := heartbeat
	if s.live() {
		every = redraw
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	drawn := 0 // lines of the live view on the terminal
	for {
		over := false
		select {
		case <-tick.C:
			s.queueHeartbeat()
		case <-s.wake:
		case <-s.quit:
			over = true
		}
		if s.live() {
			drawn = s.draw(drawn, over)
		} else {
			s.flush()
		}
		if over {
			return
		}
	}
}

// queueHeartbeat queues the heartbeat of the plain view.
func (s *canvas) queueHeartbeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live() {
		return
	}
	if line := s.beat(); line != "" {
		s.say(line)
	}
}

func (s *canvas) flush() {
	s.mu.Lock()
	lines, dropped := s.queue, s.dropped
	s.queue, s.dropped = nil, 0
	s.mu.Unlock()
	if dropped > 0 {
		lines = append([]string{fmt.Sprintf("(%s could not be shown)", plural(dropped, "line"))}, lines...)
	}
	if len(lines) > 0 {
		_, _ = io.WriteString(s.out, strings.Join(lines, "\n")+"\n") // nobody to tell
	}
}

// draw paints what was said, and a frame below it, over the previous frame, which had so many lines.
func (s *canvas) draw(previous int, over bool) int {
	width, height := s.opts.Size()
	s.mu.Lock()
	lines, said := s.frame(width, height-1, over), s.queue
	s.queue = nil
	s.mu.Unlock()
	var b strings.Builder
	if previous > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r", previous)
	}
	for _, line := range slices.Concat(said, lines) {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	_, _ = io.WriteString(s.out, b.String())
	return len(lines)
}
