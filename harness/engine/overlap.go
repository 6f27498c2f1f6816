package engine

import (
	"reflect"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// span is when something is expected to be in force.
type span struct{ from, until history.Instant }

// overlaps refuses what could not be undone right: each takes back what it found, so that of two that change one thing
// the first to end would take the other's change back too, and the second put the first one's in force for good.
func (c *compiler) overlaps() {
	faults, actions := c.plan.faults, c.plan.actions
	for i, f := range faults {
		at := c.expected(f.at, f.lasts)
		for _, before := range faults[:i] {
			if other := c.expected(before.at, before.lasts); other.meets(at) && contend(before, f) {
				c.fail(c.block(f.aim.Name).Errorf("at", "%s changes the same as %s, which is in force from %s to %s s: one of "+
					"them would take the other's change back; begin it at %[2]s.healed", f.aim.Name, before.aim.Name,
					other.from, other.until))
			}
		}
	}
	for i, a := range actions {
		at := c.expected(a.at, a.lasts)
		for j, other := range actions {
			with := c.expected(other.at, other.lasts)
			if i != j && other.lasts > 0 && with.from <= at.from && at.from < with.until &&
				(a.lasts == 0 || with.until < at.until) && retakes(other, a) {
				c.fail(c.block(a.aim.Name).Errorf("at", "%s is done between %s and its end at %s s and outlasts it: that end "+
					"would take it back; begin it later, or let it end before", a.aim.Name, other.aim.Name, with.until))
			}
		}
	}
}

// expected is when something is in force if whatever it waits for comes at once.
func (c *compiler) expected(at scenario.At, lasts time.Duration) span {
	from := c.plan.Record.Expected(after(at), history.At(at.Offset))
	return span{from, from + history.At(lasts)}
}

func (s span) meets(other span) bool { return s.from < other.until && other.from < s.until }

// contend tells whether two faults change the same thing of a Region.
func contend(a, b plannedFault) bool {
	return a.aim.Region == b.aim.Region && unshared(a.fault.Needs(), b.fault.Needs())
}

// retakes tells whether the end of an action takes back what another has done: what both change is one thing, or both
// take from one person that they may sign in, by the same means.
func retakes(ends, other plannedAction) bool {
	return unshared(ends.action.Needs(), other.action.Needs()) ||
		ends.aim.Revokes == history.RevokesSignIn && ends.aim.Person == other.aim.Person &&
			reflect.TypeOf(ends.action) == reflect.TypeOf(other.action)
}

// unshared tells whether both need a handle that can't be pulled by two at once.
func unshared(a, b []string) bool {
	return slices.ContainsFunc(a, func(handle string) bool {
		return !harness.IsShared(handle) && slices.Contains(b, handle)
	})
}

// block is where a fault or an action stands in the scenario.
func (c *compiler) block(name string) scenario.Block {
	for _, f := range c.s.Faults {
		if f.Name == name {
			return f.Block
		}
	}
	for _, a := range c.s.Actions {
		if a.Name == name {
			return a.Block
		}
	}
	return c.s.Block
}
