package drill_test

import (
	"os"
	"testing"

	"github.com/regiondrill/regiondrill/harness/race"
)

// raced tells whether the race detector watches, and is to see a sample alone: it makes of a drill's second ten. "make
// test" runs all of them once more without; "make nightly" has REGIONDRILL_RACED, and lets it see all.
func raced() bool { return race.Detector && os.Getenv("REGIONDRILL_RACED") == "" }

// unlessRaced skips what isn't of that sample.
func unlessRaced(t *testing.T) {
	t.Helper()
	if raced() {
		t.Skip("it is drilled without the race detector: make test-real")
	}
}
