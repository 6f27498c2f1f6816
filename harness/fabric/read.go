package fabric

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// read waits for bytes to arrive.
func (h *half) read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	now, late, err := h.await()
	if err != nil {
		return 0, err
	}
	n := h.pop(b, now)
	h.mu.Unlock()
	h.opposite().compensate(late)
	return n, nil
}

// take is read for a reader who can use a whole segment: the bytes from the offset on, without a copy. The buffer is
// the reader's to release.
func (h *half) take() (*buffer, int, error) {
	_, late, err := h.await()
	if err != nil {
		return nil, 0, err
	}
	s := h.queue[0]
	h.drop(1)
	h.shrink(len(s.buf.data) - s.off + overhead)
	h.mu.Unlock()
	h.opposite().compensate(late)
	return s.buf, s.off, nil
}

// await waits until the first segment has arrived, and then returns with h.mu held, which an error releases. It tells
// the time, and how late it is.
func (h *half) await() (now time.Time, late time.Duration, err error) {
	h.mu.Lock()
	for waited := false; ; waited = true {
		now = time.Now()
		s := h.lane.shape.Load().at(now)
		due, arrived, err := h.look(s, now)
		switch {
		case arrived && h.resets(s):
			h.mu.Unlock()
			h.pipe.fail(syscall.ECONNRESET)
			return now, 0, syscall.ECONNRESET
		case arrived && waited:
			return now, lateness(now, h.queue[0].due, s.since), nil
		case arrived:
			return now, 0, nil
		case err != nil:
			h.mu.Unlock()
			return now, 0, err
		}
		h.wait(now, due, h.readBy)
	}
}

// look is what a reader finds now: bytes that have arrived, an error, or the instant at which to look again, zero where
// only a change can help. A hole holds even the end of the stream.
func (h *half) look(s *shape, now time.Time) (due time.Time, arrived bool, err error) {
	switch {
	case h.err != nil:
		return due, false, h.err
	case h.gone:
		return due, false, net.ErrClosed
	case past(h.readBy, now):
		return due, false, os.ErrDeadlineExceeded
	case s.hole || h.pipe.lost.Load():
		return due, false, nil
	case len(h.queue) > 0:
		due = h.queue[0].due
		return due, !due.After(now), nil
	case h.fin && !h.finDue.After(now):
		return due, false, io.EOF
	}
	return h.finDue, false, nil
}

// resets tells whether bytes that arrive reset their connection. The rule acts on connections dialled along its edge,
// and lets the dial itself pass.
func (h *half) resets(s *shape) bool {
	return (s.reset || h.pipe.luck < s.resets) && h == &h.pipe.there && h.pipe.established.Load()
}

// lateness of a reader who was waiting: by how much the timer or the scheduler overslept. What a hole held was not
// late.
func lateness(now, due, since time.Time) time.Duration {
	if since.After(due) {
		due = since
	}
	return min(now.Sub(due), compensated)
}

// compensate lets the answer set out as if the bytes that it answers had been handed over in time.
func (h *half) compensate(late time.Duration) {
	if late <= 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.late = late
}

// pop moves what has arrived into b.
func (h *half) pop(b []byte, now time.Time) int {
	n, k := 0, 0
	for k < len(h.queue) && n < len(b) && !h.queue[k].due.After(now) {
		s := &h.queue[k]
		m := copy(b[n:], s.buf.data[s.off:])
		n += m
		s.off += m
		if s.off == len(s.buf.data) {
			h.lane.room.release(s.buf)
			s.buf = nil
			k++
		}
	}
	h.drop(k)
	h.shrink(n + k*overhead)
	return n
}

// shrink makes room for a writer.
func (h *half) shrink(n int) {
	full := h.size >= window
	h.size -= n
	if full {
		h.cond.Broadcast()
	}
}

// drop takes the first k segments off the queue. An empty queue keeps no memory worth mentioning.
func (h *half) drop(k int) {
	if k < len(h.queue) {
		copy(h.queue, h.queue[k:])
	}
	clear(h.queue[len(h.queue)-k:])
	h.queue = h.queue[:len(h.queue)-k]
	if len(h.queue) == 0 && cap(h.queue) > 16 {
		h.queue = nil
	}
}
