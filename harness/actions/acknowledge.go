package actions

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Acknowledge is an instant of people: somebody sees the alarm, or decides to fail over. The phases of recovery are cut
// there.
type Acknowledge struct {
	What  string `yaml:"what" enum:"detected,decided" doc:"detected: somebody has seen that something is wrong; decided: somebody has decided what to do"`
	Fault string `yaml:"fault" example:"virginia-dark" doc:"of which fault; if not said, of any"`
}

// Needs nothing: it changes nothing.
func (*Acknowledge) Needs() []string { return nil }

// Aim takes the instant.
func (a *Acknowledge) Aim(harness.Scope) (harness.Aim, []harness.Problem) {
	of := ""
	if a.Fault != "" {
		of = " of " + a.Fault
	}
	return harness.Aim{Summary: "people have " + a.What + of, Mark: a.What, On: a.Fault}, nil
}

// Do has nothing to do.
func (*Acknowledge) Do(
	_ context.Context, _ *harness.Handles, _ harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	return kept(back, func() error { return nil })
}
