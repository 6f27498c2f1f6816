// Package targets lists where a system under test can run.
package targets

import "github.com/regiondrill/regiondrill/harness"

// Table lists the kinds of targets; the first is the default. A new one is a file and a line here.
func Table() []harness.TargetKind {
	return []harness.TargetKind{
		{Name: "lab", Doc: "all in this process: no Docker, no root, no network", New: newLab},
		{Name: "containers", Doc: "the same as containers on this machine's Docker, which can be killed and disconnected",
			New: newContainers},
	}
}
