package report

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/history"
)

// events are those of a history in the order in which they were recorded.
func events(h *history.History) []history.Event {
	all := slices.Clone(h.Events)
	for i := range h.Attempts {
		all = append(all, history.Event{Seq: h.SeqOf[i], At: h.Attempts[i].Ended, Type: history.TypeAttempt, Attempt: &h.Attempts[i]})
	}
	slices.SortFunc(all, func(a, b history.Event) int { return int(a.Seq - b.Seq) })
	return all
}

// boardAt is what the screen knows at an instant of a run.
func boardAt(t *testing.T, name string, now history.Instant) *board {
	t.Helper()
	b := newBoard()
	for _, e := range events(sample(t, name).History) {
		if e.At <= now {
			b.note(e)
		}
	}
	return b
}

func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{100, 30}, {60, 20}} {
		for _, at := range []float64{-3, 23, 58} {
			now := history.Seconds(at)
			lines := boardAt(t, "flagship", now).frame(now, size[0], size[1]-1, false, false)
			golden(t, fmt.Sprintf("frame-%dx%d-%g.txt", size[0], size[1], at), []byte(strings.Join(lines, "\n")+"\n"))
		}
	}
}

// TestFramesOfAnAction: the live view tells when an action is expected, that it was done, and that it was taken back.
func TestFramesOfAnAction(t *testing.T) {
	for _, at := range []float64{11, 30, 50} {
		now := history.Seconds(at)
		lines := boardAt(t, "acs-swap", now).frame(now, 100, 29, false, false)
		golden(t, fmt.Sprintf("frame-action-%g.txt", at), []byte(strings.Join(lines, "\n")+"\n"))
	}
}

// TestFrameOfAStop: after a stop the view shows what happened, and nothing of what was planned beyond it.
func TestFrameOfAStop(t *testing.T) {
	now := history.Seconds(20)
	lines := boardAt(t, "stopped", now).frame(now, 100, 29, false, true)
	golden(t, "frame-stopped.txt", []byte(strings.Join(lines, "\n")+"\n"))
}

func TestFramesFitAnyTerminal(t *testing.T) {
	for _, name := range sampleNames(t) {
		for _, width := range []int{20, 33, 60, 100, 250} {
			for _, height := range []int{1, 2, 5, 12, 40} {
				lines := boardAt(t, name, history.Seconds(15)).frame(history.Seconds(15), width, height, false, false)
				if len(lines) > height {
					t.Errorf("%s at %dx%d: %d lines", name, width, height, len(lines))
				}
				for _, line := range lines {
					if displaywidth.String(line) > width {
						t.Errorf("%s at %dx%d: %q is too wide", name, width, height, line)
					}
				}
			}
		}
	}
}

// syncBuffer is written by the screen's goroutine and read by the test.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// shown is what stands on a terminal, its scrollback included, after what a live view wrote.
func shown(written string) []string {
	lines, at := []string{""}, 0
	for written != "" {
		switch escape, rest, _ := strings.Cut(written, "\n"); {
		case strings.HasPrefix(written, "\x1b["):
			end := strings.IndexAny(written, "AKJ")
			n, _ := strconv.Atoi(written[2:end])
			switch written[end] {
			case 'A':
				at -= n
			case 'K':
			case 'J':
				lines = append(lines[:at:at], "")
			}
			written = strings.TrimPrefix(written[end+1:], "\r")
		default:
			lines[at], _, _ = strings.Cut(escape, "\x1b[K")
			if at++; at == len(lines) {
				lines = append(lines, "")
			}
			written = rest
		}
	}
	return lines
}

// What the program itself says while it draws stays above the view.
func TestWhatIsSaidBesideTheLiveView(t *testing.T) {
	all := events(sample(t, "flagship").History)
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		s := NewScreen(&out, ScreenOptions{Size: func() (int, int) { return 100, 30 }})
		play(t, s, all[:len(all)/2])
		s.Say("interrupt: healing and concluding")
		play(t, s, all[len(all)/2:])
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		lines := shown(out.String())
		if lines[0] != "interrupt: healing and concluding" || len(lines) < 5 || strings.Contains(strings.Join(lines[1:], "\n"), "interrupt:") {
			t.Errorf("it shows\n%s", strings.Join(lines, "\n"))
		}
	})
}

// Without a terminal: a line for each change, a heartbeat every ten seconds, and no escape sequence.
func TestPlainScreen(t *testing.T) {
	all := events(sample(t, "flagship").History)
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		s := NewScreen(&out, ScreenOptions{})
		play(t, s, all)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		golden(t, "plain.txt", []byte(out.String()))
		if strings.Contains(out.String(), "\x1b") {
			t.Error("an escape sequence without a terminal")
		}
	})
}

// A fault that was lost is told with why, in the line of its change and in the live view.
func TestLostOnTheScreen(t *testing.T) {
	b := newBoard()
	b.note(events(sample(t, "flagship").History)[0])
	f := b.plan.Faults[0]
	line := b.note(history.Event{At: history.Seconds(12.3), Type: history.TypeFault,
		Fault: &history.Change{Name: f.Name, Change: history.Lost, Detail: "the replica answers"}})
	if want := "  +12.3 s  " + f.Name + ": was no longer in force: the replica answers."; line != want {
		t.Errorf("it says %q, want %q", line, want)
	}
	frame := strings.Join(b.frame(history.Seconds(13), 100, 40, false, false), "\n")
	if !strings.Contains(frame, ": was no longer in force") {
		t.Errorf("the live view doesn't tell\n%s", frame)
	}
}

// play records events when they happened.
func play(t *testing.T, s history.Sink, all []history.Event) {
	t.Helper()
	at := all[0].At
	for _, e := range all {
		time.Sleep(max(0, e.At-at).Duration())
		at = max(at, e.At)
		if err := s.Record(e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLiveScreen(t *testing.T) {
	all := events(sample(t, "flagship").History)
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		s := NewScreen(&out, ScreenOptions{Size: func() (int, int) { return 100, 30 }, Color: true})
		play(t, s, all)
		_ = s.Close()
		last := out.String()[strings.LastIndex(out.String(), "A\r"):]
		if !strings.Contains(last, "over") || strings.Contains(last, "q: heal") {
			t.Errorf("the last frame is %q", last)
		}
	})
}

// stuck is a terminal that takes nothing until it is let go.
type stuck chan struct{}

func (s stuck) Write(p []byte) (int, error) { <-s; return len(p), nil }

// A run must not wait for whoever reads its progress.
func TestRecordDoesNotWaitForTheScreen(t *testing.T) {
	all := events(sample(t, "flagship").History)
	for _, opts := range []ScreenOptions{{}, {Size: func() (int, int) { return 100, 30 }}} {
		synctest.Test(t, func(t *testing.T) {
			out := make(stuck)
			s := NewScreen(out, opts)
			play(t, s, all)
			before := time.Now()
			for range 10 {
				play(t, s, all[:3])
			}
			_ = s.Close()
			if waited := time.Since(before); waited > 10*all[2].At.Duration()-10*all[0].At.Duration()+2*time.Second {
				t.Errorf("waited %v for a terminal that takes nothing", waited)
			}
			close(out)
			synctest.Wait()
		})
	}
}

func BenchmarkRecord(b *testing.B) {
	all := events(sample(b, "flagship").History)
	s := &Screen{newCanvas(nil, ScreenOptions{Size: func() (int, int) { return 100, 30 }}), watch()}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_ = s.Record(all[i%len(all)])
	}
}
