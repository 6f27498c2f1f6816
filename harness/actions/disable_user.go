package actions

import (
	"context"
	"fmt"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// DisableUser is what an administrator of the identity provider does with somebody who has left: they are deactivated
// there, and can't sign in any more. Their sessions of the access portal go on.
type DisableUser struct {
	User string `yaml:"user" required:"true" example:"user-001" doc:"who: a person of system.directory.people, or user-001 and so on"`
}

// Needs who may sign in.
func (*DisableUser) Needs() []string { return []string{"access"} }

// Aim takes somebody.
func (a *DisableUser) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	return harness.Aim{Summary: a.User + " is disabled at the identity provider", Person: a.User,
			Revokes: history.RevokesSignIn},
		aim.Person("user", a.User, s)
}

// Do disables them; who was disabled already stays so when it is taken back.
func (*DisableUser) Do(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	was := false
	undo, err := back.Push(rollback.Intent{}, func(ctx context.Context) error {
		_, err := h.Access.Disable(ctx, a.Person, was)
		return err
	})
	if err != nil {
		return nil, err
	}
	if was, err = h.Access.Disable(ctx, a.Person, true); err != nil {
		return undo, fmt.Errorf("disabling %s: %w", a.Person, err)
	}
	return undo, nil
}
