package actions

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// RevokeSessions is what an administrator does who ends somebody's sessions of the access portal, on the pages of a
// Region. The other Regions learn of it by replication; credentials of roles live on until they expire.
type RevokeSessions struct {
	User   string `yaml:"user" required:"true" example:"user-001" doc:"whose: a person of system.directory.people, or user-001 and so on"`
	Region string `yaml:"region" form:"region" required:"true" doc:"the Region on whose pages it is done"`
}

// Needs who may sign in.
func (*RevokeSessions) Needs() []string { return []string{"access"} }

// Aim takes somebody and a Region.
func (a *RevokeSessions) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	return harness.Aim{Summary: "the sessions of " + a.User + " are revoked in " + a.Region, Region: a.Region,
			Person: a.User, Revokes: history.RevokesSessions},
		append(aim.Person("user", a.User, s), aim.Region("region", a.Region, s)...)
}

// Do revokes them. Nobody can give a session back: whoever still may signs in again.
func (*RevokeSessions) Do(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	return kept(back, func() error { return h.Access.Revoke(ctx, a.Region, a.Person) })
}
