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
	out  io.Writer
	opts ScreenOptions

	mu      sync.Mutex
	board   *board
	seen    time.Time // when the latest event came,
	at      history.Instant
	queue   []string // plain lines to write
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
	s := &Screen{out: out, opts: opts, board: newBoard(), seen: time.Now(),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go s.paint()
	return s
}

// Record notes an event. It never fails: a screen that can't be written to is no reason to stop a drill.
func (s *Screen) Record(e history.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen, s.at = time.Now(), e.At
	line := s.board.note(e)
	if line == "" || s.live() {
		return nil
	}
	s.say(line)
	return nil
}

func (s *Screen) live() bool { return s.opts.Size != nil }

// Say shows a sentence of the program itself: above the live view, where the next frame can't erase it, or as a plain
// line.
func (s *Screen) Say(sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say(sentence)
}

// say queues a plain line. The caller holds mu.
func (s *Screen) say(line string) {
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
func (s *Screen) Close() error {
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
func (s *Screen) paint() {
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
func (s *Screen) queueHeartbeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if line := s.board.heartbeat(s.now()); !s.live() && line != "" {
		s.say(line)
	}
}

// now is the instant on the run's clock. The caller holds mu.
func (s *Screen) now() history.Instant { return s.at + history.At(time.Since(s.seen)) }

func (s *Screen) flush() {
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
func (s *Screen) draw(previous int, over bool) int {
	width, height := s.opts.Size()
	s.mu.Lock()
	lines, said := s.board.frame(s.now(), width, height-1, s.opts.Color, over), s.queue
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
