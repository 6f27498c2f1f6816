package engine

import (
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// move draws by how much what happens comes later in a drill that is one of many: recovery depends on the phase of
// everything periodic at which the fault comes, and drills that all had it at the same would all tell the same
// (measurement.md 3.6). It is drawn over the longest period of the system, with the phases of the probes.
func (c *compiler) move() {
	if longest := longestPeriod(c.s); c.opts.Repeated && longest > 0 {
		c.moved = time.Duration(seeded(c.phaseSeed(), "faults").Int64N(int64(longest)))
		c.plan.Record.Moved = history.At(c.moved)
	}
}

// longestPeriod is that of the probes, the health checks of the vanity domain, its answers of DNS and the cache of data
// keys.
func longestPeriod(s *scenario.Scenario) time.Duration {
	longest := s.System.Behaviour.KMSCache
	if s.System.Vanity.Host != "" {
		longest = max(longest, s.System.Vanity.CheckEvery, s.System.Vanity.TTL)
	}
	for _, p := range s.Probes {
		longest = max(longest, p.Every)
	}
	return longest
}

// begins is when something is planned to begin. What waits for a fault moves with it.
func (c *compiler) begins(at scenario.At) scenario.At {
	if at.Name == "" {
		at.Offset += c.moved
	}
	return at
}
