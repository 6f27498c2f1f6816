//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAPipeWithoutAWriter is not waited for; one with a writer is a scenario like any other.
func TestAPipeWithoutAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := openPatiently(path, time.Millisecond); err == nil || !strings.Contains(err.Error(), "nobody has written") {
		t.Errorf("it is opened as %v, %v", f, err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.WriteString("name: it"); err != nil {
		t.Fatal(err)
	}
	f, err := openPatiently(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	read := make([]byte, 20)
	if n, err := f.Read(read); err != nil || string(read[:n]) != "name: it" {
		t.Errorf("it holds %q, %v", read[:n], err)
	}
}
