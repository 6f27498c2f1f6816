//go:build race

package race

// Detector is that the race detector watches.
const Detector = true
