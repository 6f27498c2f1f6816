//go:build !race

package identitycenter

const raceDetector = false
