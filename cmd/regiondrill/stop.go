package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
)

// brake stops a session: the first signal or the timeout heals and concludes, the second signal leaves at once, if
// it comes at least a second later.
type brake struct {
	program *program
	doing   string // what the first signal begins
	cancel  context.CancelCauseFunc
	signals chan os.Signal
	broken  chan os.Signal // a reader that went away must not kill the healing
	done    chan struct{}
	timer   *time.Timer
	restore func() // the terminal

	mu   sync.Mutex
	dirs []string     // of the drills that run; none where what runs leaves nothing
	say  func(string) // by whom stderr is written to while they run; nil for nobody
}

// sameSignal is how long after the first signal another is still the same one: a terminal and a wrapper that passes
// signals on (make, npm, a CI runner) both deliver one Ctrl-C.
const sameSignal = time.Second

// brake begins to listen, and says what it is doing when a signal comes. A timeout of 0 is none.
func (p *program) brake(ctx context.Context, doing string, timeout time.Duration) (context.Context, *brake) {
	ctx, cancel := context.WithCancelCause(ctx)
	b := &brake{
		program: p, doing: doing, cancel: cancel,
		signals: make(chan os.Signal, 2), broken: make(chan os.Signal, 1), done: make(chan struct{}),
	}
	signal.Notify(b.signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // of nohup
		signal.Notify(b.signals, syscall.SIGHUP)
	}
	signal.Notify(b.broken, syscall.SIGPIPE)
	if timeout > 0 {
		b.timer = time.AfterFunc(timeout, func() {
			b.stop(engine.Stop{Reason: history.TimedOut, Detail: fmt.Sprintf("--timeout %v", timeout)})
		})
	}
	b.restore = onKey(p.stdin, 'q', func() { b.stop(engine.Stop{Reason: history.Interrupted, Detail: "q was pressed"}) })
	go b.listen()
	return ctx, b
}

// guard says which drill runs now, and who shows sentences meanwhile.
func (b *brake) guard(dir string, say func(string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirs, b.say = []string{dir}, say
}

// guardMany says that several drills will run at once, and who shows sentences meanwhile; nil: that none does any more.
func (b *brake) guardMany(say func(string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirs, b.say = nil, say
}

// join says that one more of several runs, until the returned function says that it is over.
func (b *brake) join(dir string) (over func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirs = append(b.dirs, dir)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.dirs = slices.DeleteFunc(b.dirs, func(other string) bool { return other == dir })
	}
}

// tell says that a signal was understood. It never blocks: a terminal may be held.
func (b *brake) tell(sentence string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.say != nil {
		b.say(sentence)
		return
	}
	go fmt.Fprintf(b.program.stderr, "\n%s\n", sentence)
}

func (b *brake) stop(s engine.Stop) { b.cancel(s) }

func (b *brake) listen() {
	var first time.Time
	for {
		select {
		case s := <-b.signals:
			switch {
			case first.IsZero():
				first = time.Now()
				b.stop(engine.Stop{Reason: history.Interrupted, Detail: s.String()})
				b.tell(fmt.Sprintf("%v: %s; once more leaves at once", s, b.doing))
			case time.Since(first) >= sameSignal:
				b.restore()
				b.leave(s)
				return
			}
		case <-b.done:
			return
		}
	}
}

// leave ends the program now and says what may be left.
func (b *brake) leave(s os.Signal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := "nothing of it outlives this process"
	switch len(b.dirs) {
	case 0:
	case 1:
		left = "without a verdict; if anything was left undone, this undoes it: regiondrill recover " + b.dirs[0]
	default:
		left = fmt.Sprintf("%d drills without a verdict; if anything was left undone, this undoes it: regiondrill recover",
			len(b.dirs))
	}
	fmt.Fprintf(b.program.stderr, "\n%v again: left at once, %s\n", s, left)
	b.program.exit(exitAtOnce)
}

func (b *brake) release() {
	b.restore()
	signal.Stop(b.signals)
	signal.Stop(b.broken)
	if b.timer != nil {
		b.timer.Stop()
	}
	close(b.done)
	b.cancel(nil)
}
