package fabric

import (
	"sync"
	"time"
)

const (
	window      = 1 << 20              // bytes that wait in one direction before its writer does
	overhead    = 256                  // bytes that a segment counts beside its own, or tiny ones would eat all memory
	largest     = 128 << 10            // bytes of a segment
	paced       = 16 << 10             // bytes of a segment where bandwidth is limited, or one would fill the window
	compensated = 2 * time.Millisecond // of the lateness of one wake-up, at most
)

// segment is bytes on their way, and the instant at which they arrive.
type segment struct {
	buf *buffer
	off int // bytes already read
	due time.Time
}

// half is one direction of a pipe: a queue of segments between a writer and a reader. Nothing here runs by itself: a
// reader sleeps until the first segment is due, and the only timer just wakes it.
type half struct {
	pipe *pipe
	lane *lane

	mu     sync.Mutex
	cond   sync.Cond
	timer  *time.Timer
	wake   time.Time // what timer is set to; zero: it is not
	queue  []segment
	size   int       // of queue, in bytes of the window
	last   time.Time // due of the newest segment: a stream keeps its order
	free   time.Time // when the limited bandwidth has room again
	fin    bool      // the writer is done
	finDue time.Time
	gone   bool // the reader is done
	err    error
	readBy time.Time // deadlines
	sendBy time.Time
	late   time.Duration // how late the writer's end was handed what it answers
	onEnd  func()        // called once when the stream has ended, in whichever way
}

// finish ends the stream after what was written.
func (h *half) finish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fin || h.err != nil {
		return
	}
	now := time.Now()
	s := h.lane.shape.Load().at(now)
	h.fin = true
	h.finDue = h.stamp(0, s, now)
	h.markLost(s)
	h.end()
}

// end tells everybody who waits that the stream has ended. With h.mu held.
func (h *half) end() {
	if h.onEnd != nil {
		h.onEnd()
		h.onEnd = nil
	}
	h.cond.Broadcast()
}

// whenEnded sets what is called when the stream has ended: at once where it has. Nil takes it back.
func (h *half) whenEnded(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.onEnd = do; do != nil && (h.fin || h.err != nil) {
		h.end()
	}
}

// ended tells whether the writer is done.
func (h *half) ended() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fin
}

// abandon is what a reader does who will read no more.
func (h *half) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	h.empty()
	h.cond.Broadcast()
}

// fail ends the half at once, whatever is on its way. With h.mu held.
func (h *half) fail(err error) {
	if h.err == nil {
		h.err = err
	}
	h.empty()
	if h.timer != nil {
		h.timer.Stop()
	}
	h.end()
}

func (h *half) empty() {
	for _, s := range h.queue {
		h.lane.room.release(s.buf)
	}
	h.queue, h.size = nil, 0
}

// reshaped is told of a change of its lane.
func (h *half) reshaped(l *lane, s *shape) {
	if h.lane != l {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.markLost(s)
	h.cond.Broadcast()
}

// opposite is the half that carries the answers.
func (h *half) opposite() *half {
	if h == &h.pipe.there {
		return &h.pipe.back
	}
	return &h.pipe.there
}

// wait sleeps until something changes or the earliest of the instants has come; a zero one never does.
func (h *half) wait(now time.Time, instants ...time.Time) {
	var first time.Time
	for _, t := range instants {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	if !first.IsZero() && (h.wake.IsZero() || first.Before(h.wake)) {
		h.wake = first
		if h.timer == nil {
			h.timer = time.AfterFunc(first.Sub(now), h.awake)
		} else {
			h.timer.Reset(first.Sub(now))
		}
	}
	h.cond.Wait()
}

func (h *half) awake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake = time.Time{}
	h.cond.Broadcast()
}

// by sets deadlines; nil leaves one as it is.
func (h *half) by(read, send *time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if read != nil {
		h.readBy = *read
	}
	if send != nil {
		h.sendBy = *send
	}
	h.cond.Broadcast()
}

// arrived tells whether there are bytes to read now, whatever the reader's deadline.
func (h *half) arrived() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readBy = time.Time{}
	_, arrived, _ := h.look(h.lane.shapeNow(), time.Now())
	return arrived
}

// forecast is what will become of the first bytes on their way if nothing changes: they are held, or take so long.
func (h *half) forecast(sent time.Time) (held bool, took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return true, 0
	}
	due := h.queue[0].due
	_, arrives, _ := h.look(h.lane.shapeNow(), due)
	return !arrives, due.Sub(sent)
}

func past(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
