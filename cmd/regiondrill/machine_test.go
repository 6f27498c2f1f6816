package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestLookUp(t *testing.T) {
	env := []string{"Path=C:\\tools", "EMPTY=", "TWICE=1", "TWICE=2", "=C:=C:\\work"}
	tests := []struct{ key, goos, want string }{
		{"PATH", "windows", "C:\\tools"},
		{"PATH", "linux", ""},
		{"Path", "linux", "C:\\tools"},
		{"EMPTY", "windows", ""},
		{"TWICE", "linux", "2"},
		{"TWIC", "windows", ""},
	}
	for _, test := range tests {
		if got := lookUp(env, test.key, test.goos); got != test.want {
			t.Errorf("%s on %s is %q, want %q", test.key, test.goos, got, test.want)
		}
	}
}

// What the system would call an invalid argument is told before anything is started.
func TestLongNameOfALab(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("a", longestSocket)+".sock")
	if _, err := listenAt(path); err == nil || !strings.Contains(err.Error(), "--lab NAME") {
		t.Errorf("%v", err)
	}
}
