package scenario

import (
	"fmt"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// How often a fault comes that flaps.
const (
	maxTimes    = 100
	timesIfOnly = 2 // where only every is said
	timesOfRamp = 5 // where only ramp is
)

// flap makes of each fault that flaps as many as it comes times, so that each is proven, healed and measured by itself:
// NAME, NAME-2 and so on. A check of the fault is one of each of them; what waits for its healing waits for the last.
// A fault that is ramped comes so too, and is another each time. It ends in between like any other: for how long people
// are out, and how they come back, could not be said of one strength that turns into the next while they are under way.
func (r *reader) flap(s *Scenario) {
	var faults []Fault
	for _, f := range s.Faults {
		ramped := f.Ramp.Said()
		switch {
		case f.Times == 0 && ramped:
			f.Times = timesOfRamp
		case f.Times == 0 && f.Every > 0:
			f.Times = timesIfOnly
		}
		if f.Times > 0 && f.Every == 0 {
			f.Every = 2 * f.For
		}
		if f.Times > 0 && f.Every <= f.For {
			r.add(f.Block.Errorf("every", "must be longer than for, or the fault never ends in between: %s is not longer "+
				"than %s", durationText(f.Every), durationText(f.For)))
		}
		times := min(max(f.Times, 1), maxTimes)
		for i := range times {
			again := f
			if i > 0 {
				again.Name, again.Again = fmt.Sprintf("%s-%d", f.Name, i+1), true
			}
			if again.At.Offset += f.Every * time.Duration(i); ramped {
				again.Block.rise = &rise{f.Ramp.Block, i, times}
			}
			faults = append(faults, again)
		}
		if times > 1 && f.Name != "" {
			s.Checks = r.eachFlap(s.Checks, f.Name, times)
			last(s, f.Name, fmt.Sprintf("%s-%d", f.Name, times))
		}
	}
	s.Faults = faults
}

// eachFlap makes of a check of a fault that flaps one of each time.
func (r *reader) eachFlap(checks []Check, fault string, times int) []Check {
	var all []Check
	for _, c := range checks {
		all = append(all, c)
		at, said := c.Block.find("fault")
		if c.Block.node == nil || !said || at.Value != fault {
			continue
		}
		for i := 2; i <= times; i++ {
			again := c
			if again.Again = true; again.Name != "" {
				again.Name = fmt.Sprintf("%s, time %d", c.Name, i)
			}
			again.Block.node = r.src.replaced(c.Block.node, at, fmt.Sprintf("%s-%d", fault, i))
			all = append(all, again)
		}
	}
	return all
}

// replaced is a mapping in which one value is another; it stands where it stood.
func (s *source) replaced(mapping, value *yaml.Node, by string) *yaml.Node {
	copied, other := *mapping, *value
	other.Value = by
	copied.Content = slices.Clone(mapping.Content)
	copied.Content[slices.Index(copied.Content, value)] = &other
	for made, of := range map[*yaml.Node]*yaml.Node{&copied: mapping, &other: value} {
		if file, from := s.files[of]; from {
			s.files[made] = file
		}
		if flag, from := s.flags[of]; from {
			s.flags[made] = flag
		}
	}
	return &copied
}

// last makes whatever waits for the healing of a fault that flaps wait for that of its last time.
func last(s *Scenario, fault, name string) {
	wait := func(at *At) {
		if at.Name == fault && at.Event == Healed {
			at.Name = name
		}
	}
	for i := range s.Faults {
		wait(&s.Faults[i].At)
	}
	for i := range s.Actions {
		wait(&s.Actions[i].At)
	}
}
