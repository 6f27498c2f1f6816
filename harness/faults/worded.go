package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
)

// worded is an injection that says in words of its own by what it was seen that it is gone.
type worded struct {
	harness.Injection
	gone string
}

// saying gives an injection these words; nil stays nil.
func saying(i harness.Injection, gone string) harness.Injection {
	if i == nil {
		return nil
	}
	return worded{i, gone}
}

// Verify is the injection's, in these words.
func (w worded) Verify(ctx context.Context) ([]harness.Sighting, error) {
	seen, err := w.Injection.Verify(ctx)
	for i := range seen {
		if seen[i].Gone != "" {
			seen[i].Gone = w.gone
		}
	}
	return seen, err
}
