package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/history"
)

// several shows two runs at an instant, and one that has just begun.
func several(t *testing.T, s *Screens, now history.Instant) {
	t.Helper()
	for _, name := range []string{"flagship", "acs-swap"} {
		lane := s.Begin(name)
		for _, e := range events(sample(t, name).History) {
			if e.At <= now {
				if err := lane.Record(e); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	s.Begin("just-begun")
}

// TestFramesOfSeveral: on a terminal each run that goes on has a line, as wide and as high as there is room.
func TestFramesOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScreens(io.Discard, ScreenOptions{Size: func() (int, int) { return 100, 30 }}, 9)
		defer s.Close()
		several(t, s, history.Seconds(23))
		s.Over()
		s.mu.Lock()
		defer s.mu.Unlock()
		golden(t, "frame-several.txt", []byte(strings.Join(s.frame(100, 29, false), "\n")+"\n"))
		for _, width := range []int{20, 33, 60, 250} {
			for _, height := range []int{1, 2, 3, 4, 40} {
				lines := s.frame(width, height, false)
				if len(lines) > height {
					t.Errorf("%dx%d: %d lines", width, height, len(lines))
				}
				for _, line := range lines {
					if displaywidth.String(line) > width {
						t.Errorf("%dx%d: %q is too wide", width, height, line)
					}
				}
			}
		}
	})
}

// TestPlainLinesOfSeveral: elsewhere each line says whose it is, and every ten seconds one tells how all stand.
func TestPlainLinesOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := NewScreens(&out, ScreenOptions{}, 9)
		several(t, s, history.Seconds(23))
		fmt.Fprintf(s, "regiondrill: one\nand another\n")
		s.mu.Lock()
		beat := s.beat()
		s.mu.Unlock()
		if want := "0 of 9 drills over, 3 going on, 6 waiting: flagship "; !strings.HasPrefix(beat, want) {
			t.Errorf("it says %q", beat)
		}
		_ = s.Close()
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if !strings.HasPrefix(line, "flagship ") && !strings.HasPrefix(line, "acs-swap ") &&
				line != "regiondrill: one" && line != "and another" {
				t.Errorf("whose is %q?", line)
			}
		}
		if !strings.Contains(out.String(), "flagship   +15.1 s  ") && !strings.Contains(out.String(), "proven in force") {
			t.Errorf("nothing is told of the fault:\n%s", &out)
		}
	})
}

// TestManyTellAtOnce: runs may tell from many goroutines, begin and end meanwhile.
func TestManyTellAtOnce(t *testing.T) {
	s := NewScreens(io.Discard, ScreenOptions{Size: func() (int, int) { return 80, 24 }}, 8)
	all := events(sample(t, "flagship").History)
	var runs sync.WaitGroup
	for i := range 8 {
		runs.Go(func() {
			lane := s.Begin(fmt.Sprint("run-", i))
			for _, e := range all {
				_ = lane.Record(e)
			}
			lane.Say("a sentence")
			lane.End()
			s.Over()
		})
	}
	runs.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if said := s.stands(); said != "8 of 8 drills over, 0 going on, 0 waiting" {
		t.Errorf("it says %q", said)
	}
}
