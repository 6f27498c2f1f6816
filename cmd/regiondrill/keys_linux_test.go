package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminalPair opens a terminal: what is typed into keyboard, a process reads from screen's other side.
func terminalPair(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	return keyboard, screen
}

// Somebody at a terminal presses q while the Region is dark; the terminal is then as it was.
func TestKeyHealsAndConcludes(t *testing.T) {
	t.Parallel()
	keyboard, screen := terminalPair(t)
	before, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	l := &living{t: t, dir: filepath.Join(tmp, "run"), state: filepath.Join(tmp, "state")}
	l.Cmd = exec.CommandContext(t.Context(), self)
	l.Args = []string{"regiondrill", "run", filepath.Join("testdata", "toy.yaml"), "--out", l.dir}
	l.Env = append(os.Environ(), "XDG_STATE_HOME="+l.state, "TERM=xterm", "GITHUB_STEP_SUMMARY=")
	l.Stdin, l.Stdout, l.Stderr = screen, screen, screen
	l.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	go l.typeWhenDark(keyboard)
	_ = l.Wait()
	if got := l.ProcessState.ExitCode(); got != exitUnknown {
		t.Errorf("it ended with %d", got)
	}
	l.healed("q was pressed")
	after, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal was %+v and is %+v, %v", *before, after, err)
	}
}

// typeWhenDark reads what is shown, so that showing never blocks, and presses q once when the history says that the
// fault is in force.
func (l *living) typeWhenDark(keyboard *os.File) {
	buffer, typed := make([]byte, 4096), false
	for {
		if _, err := keyboard.Read(buffer); err != nil {
			return
		}
		history, _ := os.ReadFile(filepath.Join(l.dir, "history.jsonl"))
		if !typed && strings.Contains(string(history), `"effective"`) {
			typed = true
			if _, err := keyboard.WriteString("xq"); err != nil {
				l.t.Errorf("typing: %v", err)
			}
		}
	}
}
