package actions

import (
	"context"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Deprovision is that the identity provider tells Identity Center by SCIM, in the primary Region, that somebody is no
// longer active. The other Regions learn of it by replication. While the primary is away it fails, which is data: the
// drill goes on. While the provider's push is stopped it is not done: it is as soon as the push runs again.
type Deprovision struct {
	User string `yaml:"user" required:"true" example:"user-001" doc:"who: a person of system.directory.people, or user-001 and so on"`
}

// Needs who may sign in.
func (*Deprovision) Needs() []string { return []string{"access"} }

// Aim takes somebody.
func (a *Deprovision) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	return harness.Aim{Summary: a.User + " is deprovisioned by SCIM", Region: s.Primary, Person: a.User,
			Revokes: history.RevokesSignIn},
		aim.Person("user", a.User, s)
}

// Do pushes it. The undo pushes that they are active again, where it was done.
func (*Deprovision) Do(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	done := true // that it never arrived isn't known before it is answered
	undo, err := back.Push(rollback.Intent{}, func(ctx context.Context) error {
		if !done {
			return nil
		}
		return h.Access.Provision(ctx, a.Person, true)
	})
	if err != nil {
		return nil, err
	}
	if err := h.Access.AwaitPush(ctx); err != nil {
		done = false
		return undo, fmt.Errorf("deprovisioning %s: %w", a.Person, err)
	}
	ctx, cancel := context.WithTimeout(ctx, pushLimit)
	defer cancel()
	if err := h.Access.Provision(ctx, a.Person, false); err != nil {
		done = !refused(err)
		return undo, fmt.Errorf("deprovisioning %s: %w", a.Person, err)
	}
	return undo, nil
}

// pushLimit is how long an identity provider waits for an answer to SCIM.
const pushLimit = 10 * time.Second
