package report

import (
	"os"
	"strconv"

	"golang.org/x/term"
)

// How wide text is, in columns: prose is hard to read when its lines are longer, and breaks to pieces when they are
// shorter. Where nobody looks at it, its lines are as wide as they always were, so that logs can be compared.
const (
	narrowest = 60
	widest    = 120
	unseen    = 100
)

// Columns are how wide text may be.
type Columns struct {
	Prose int // 60 to 120
	Table int // at least 60
}

// ColumnsOf are those of a stream: what COLUMNS says, else the width of the terminal that it is, else 100.
func ColumnsOf(stream any, columns string) Columns {
	n, err := strconv.Atoi(columns)
	if err != nil || n <= 0 {
		n = unseen
		if width, _, ok := terminalSize(stream); ok {
			n = width
		}
	}
	return Columns{Prose: min(max(n, narrowest), widest), Table: max(n, narrowest)}
}

// terminalSize is false where the stream is no terminal, or one that doesn't say.
func terminalSize(stream any) (width, height int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	return width, height, err == nil && width > 0 && height > 0
}

// OnTerminal finds out what a file can show: a live view if it is a terminal that can move its cursor, with colour
// unless NO_COLOR is set (no-color.org).
func OnTerminal(f *os.File) ScreenOptions {
	if !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return ScreenOptions{}
	}
	size := func() (int, int) { // as it is now: its lines are drawn over, and must not break
		if w, h, ok := terminalSize(f); ok {
			return w, h
		}
		return 80, 24
	}
	return ScreenOptions{Size: size, Color: os.Getenv("NO_COLOR") == ""}
}
