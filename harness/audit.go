package harness

import (
	"context"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// AuditKind is a row of the table of what is asked of a system once a drill has settled.
type AuditKind struct {
	Name string // of the invariant, of history.InvariantNames
	Doc  string
	// Ask looks, and tells what it saw. Its error is the harness's own failure: nobody can say then.
	Ask func(ctx context.Context, a *Audit) error
}

// Audit is one look at a system in which nothing is harmed any more.
type Audit struct {
	*System
	From    *Place   // where people sit
	Regions []string // of the instance, the primary first
	Outside []string // that stand, and were never of the instance
	Folder  string   // of the run, with what it has left so far; empty: none
	Back    *rollback.Stack
	// Tell is called for each thing that was looked at.
	Tell func(region string, is history.AuditedAs, detail string)
}

// Change pushes what takes a change back, before it is made, and gives it back.
func (a *Audit) Change(undo func(context.Context) error) (func(context.Context) error, error) {
	return a.Back.Push(rollback.Intent{}, undo)
}
