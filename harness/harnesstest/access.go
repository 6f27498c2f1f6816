package harnesstest

import (
	"context"
	"maps"
	"strings"
	"sync"
)

// Access is who may sign in, of its handle only. Everybody is active until somebody changes that.
type Access struct {
	Refuses error // what every change answers, where it is not to work

	mu    sync.Mutex
	state map[string]bool // what was done: "disabled user-001", "revoked user-001"
}

func (a *Access) set(what string, to bool) (before bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before = a.state[what]
	if a.Refuses != nil {
		return before, a.Refuses
	}
	if a.state[what] = true; !to {
		delete(a.state, what)
	}
	return before, nil
}

// now is what was done and not taken back.
func (a *Access) now() map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.state)
}

// forget forgets that sessions were ended, which nobody can take back.
func (a *Access) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.state, func(what string, _ bool) bool { return strings.HasPrefix(what, "revoked ") })
}

// Disable deactivates somebody.
func (a *Access) Disable(_ context.Context, person string, disabled bool) (bool, error) {
	return a.set("disabled "+person, disabled)
}

// AwaitPush never waits: nothing stops a push.
func (a *Access) AwaitPush(context.Context) error { return nil }

// Provision says whether somebody is active.
func (a *Access) Provision(_ context.Context, person string, active bool) error {
	_, err := a.set("inactive "+person, !active)
	return err
}

// Revoke ends somebody's sessions.
func (a *Access) Revoke(_ context.Context, _, person string) error {
	_, err := a.set("revoked "+person, true)
	return err
}

// Enter lets an administrator in.
func (a *Access) Enter(context.Context, string, string) error { return a.Refuses }
