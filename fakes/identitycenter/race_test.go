//go:build race

package identitycenter

const raceDetector = true
