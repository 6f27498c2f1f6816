//go:build !linux

package records

import "os"

const inMemory = false

func temporary() (*os.File, error) { return os.CreateTemp("", "regiondrill-*.records") }
