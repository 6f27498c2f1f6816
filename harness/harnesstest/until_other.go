//go:build !linux

package harnesstest

import (
	"testing"
	"time"
)

// Until waits until something holds that another process brings about by writing to a folder.
func Until(t testing.TB, folder string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	limit := time.After(untilLimit)
	for !holds() {
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("waiting for a change of %s: nothing came in %v", folder, untilLimit)
		}
	}
}
