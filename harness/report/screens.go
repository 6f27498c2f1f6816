package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/history"
)

// Screens shows several runs at once: on a terminal a line each, elsewhere the lines of each behind its name.
type Screens struct {
	*canvas
	lanes       []*Lane // of the runs that go on, as they began
	total, over int     // how many runs there are, and how many are over
}

// Lane is one run of several: a history.Sink.
type Lane struct {
	screens *Screens
	name    string
	watched
}

// NewScreens starts to show on out as many runs as there will be. Close ends it.
func NewScreens(out io.Writer, opts ScreenOptions, total int) *Screens {
	s := &Screens{canvas: newCanvas(out, opts), total: total}
	s.beat, s.frame = s.heartbeat, s.draft
	go s.paint()
	return s
}

// Begin shows one more run.
func (s *Screens) Begin(name string) *Lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &Lane{screens: s, name: clean(name), watched: watch()}
	s.lanes = append(s.lanes, l)
	return l
}

// Record notes an event.
func (l *Lane) Record(e history.Event) error {
	l.screens.mu.Lock()
	defer l.screens.mu.Unlock()
	if line := l.note(e); line != "" && !l.screens.live() {
		l.screens.say(l.name + " " + line)
	}
	return nil
}

// Say shows a sentence about the run.
func (l *Lane) Say(sentence string) { l.screens.Say(l.name + ": " + sentence) }

// End shows the run no more.
func (l *Lane) End() {
	l.screens.mu.Lock()
	defer l.screens.mu.Unlock()
	l.screens.lanes = slices.DeleteFunc(l.screens.lanes, func(other *Lane) bool { return other == l })
}

// Over counts a run that is over, for good.
func (s *Screens) Over() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over++
}

// Write shows what others write, by whole lines.
func (s *Screens) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			s.Say(line)
		}
	}
	return len(text), nil
}

// stands is how far all have come.
func (s *Screens) stands() string {
	waiting := s.total - s.over - len(s.lanes)
	return fmt.Sprintf("%d of %s over, %d going on, %d waiting", s.over, plural(s.total, "drill"), len(s.lanes),
		max(0, waiting))
}

func (s *Screens) heartbeat() string {
	var left []string
	for _, l := range s.lanes {
		if l.board.plan != nil && l.board.end == nil {
			left = append(left, l.name+" "+l.board.left(l.now()))
		}
	}
	if len(left) == 0 {
		return ""
	}
	return s.stands() + ": " + strings.Join(left, ", ")
}

// draft draws the live view: how far all have come, and a line for each run.
func (s *Screens) draft(width, height int, over bool) []string {
	if over {
		return nil // what came of each has been said
	}
	width = max(20, width)
	lines := []string{fit(s.stands()+" · q: heal everything and conclude", width)}
	names := 0
	for _, l := range s.lanes {
		names = max(names, displaywidth.String(l.name))
	}
	names = min(names, width/2)
	for i, l := range s.lanes {
		if len(lines) == max(1, height)-1 && i < len(s.lanes)-1 {
			return append(lines, fit(fmt.Sprintf("and %d more", len(s.lanes)-i), width))
		}
		name := fit(l.name, names)
		name += strings.Repeat(" ", names-displaywidth.String(name))
		v := &view{board: l.board, now: l.now(), width: width, color: s.opts.Color}
		lines = append(lines, v.paint("1", name)+fit("  "+v.brief(), width-names))
	}
	return lines[:min(len(lines), max(1, height))]
}

// brief is a run in one line: how far it is, what is in force, and how people fare.
func (v *view) brief() string {
	if v.plan == nil {
		return "starting"
	}
	said := []string{fmt.Sprintf("%4.0f s of %.0f s", v.now.Seconds(), v.length.Seconds())}
	for _, f := range v.plan.Faults {
		if s := v.faults[f.Name]; s != nil && s.effective != nil && s.healing == nil {
			said = append(said, clean(f.Name)+" in force")
		}
	}
	for _, l := range v.lanes {
		if s := l.recent(l.window()); s.good()+s.bad > 0 {
			said = append(said, clean(l.Name)+" "+v.through(s))
		}
	}
	return strings.Join(said, " · ")
}
