package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// onWindows changes where files lie, whose modes tell nothing, and how variables are written.
const onWindows = true

// prepare asks Windows for what other systems do unasked: a clock of a millisecond rather than 16, for what a drill
// measures, and a console that understands colours and the moves of the cursor. Both end with the process.
func prepare() {
	_ = windows.TimeBeginPeriod(1) // without it the heartbeat sees a coarse clock as stalls, and the intervals get wider
	for _, file := range []*os.File{os.Stdout, os.Stderr} {
		var mode uint32
		console := windows.Handle(file.Fd())
		if windows.GetConsoleMode(console, &mode) != nil {
			continue // a file, or a pipe
		}
		if windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil { // before Windows 10
			os.Setenv("TERM", "dumb")
			os.Setenv("NO_COLOR", "1")
		}
	}
}
