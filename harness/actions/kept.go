package actions

import (
	"context"
	"errors"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// kept does what isn't taken back: a repair, a session that was ended, what changed nothing.
func kept(back *rollback.Stack, do func() error) (rollback.Undo, error) {
	undo, err := back.Push(rollback.Intent{}, func(context.Context) error { return nil })
	if err != nil {
		return nil, err
	}
	return undo, do()
}

// refused tells whether the system has answered that it doesn't do it.
func refused(err error) bool {
	_, is := errors.AsType[*harness.Refusal](err)
	return is
}
