package browser

import (
	"os"
	"os/exec"
	"testing"
)

// A browser's first process may be gone while others of its tree live; all of them end with the job.
func TestTie(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), standStill+"=yes")
	setAside(child)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	end, err := tie(child.Process)
	if err != nil {
		t.Fatal(err)
	}
	end()
	_ = child.Wait() // the system gives it an exit code of its own
	if child.ProcessState.ExitCode() == leftAlone {
		t.Error("it ended by itself")
	}
}
