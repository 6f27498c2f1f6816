// Package scenarios carries the drills that come with the program, so that one binary on a fresh machine has something
// to run and something to start one's own from.
package scenarios

import "embed"

// FS holds the shipped scenarios, NAME.yaml each, in one folder.
//
//go:embed *.yaml
var FS embed.FS
