package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// settings writes a kind's own fields on one line, without those that are left out or say nothing.
func settings(config json.RawMessage, leftOut ...string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(config, &fields) != nil {
		return ""
	}
	var parts []string
	for _, key := range keysOf(fields) {
		value := fields[key]
		if slices.Contains(leftOut, key) || slices.Contains([]string{`""`, `"0s"`, `0`, `null`}, string(value)) {
			continue
		}
		text := string(bytes.Trim(value, `"`))
		if value[0] == '{' {
			if text = settings(value); text == "" {
				continue
			}
			text = "{" + text + "}"
		}
		parts = append(parts, key+": "+text)
	}
	return strings.Join(parts, ", ")
}

func keysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// wrap breaks a text into indented lines.
func wrap(text, indent string, width int) string {
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line) > len(indent) && len(line)+1+len(word) > width {
			lines, line = append(lines, line), indent
		}
		if len(line) > len(indent) {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

// sortedFaults has those of known instants first, in their order, then those that wait for others.
func sortedFaults(s *scenario.Scenario) []scenario.Fault {
	return slices.SortedStableFunc(slices.Values(s.Faults), func(a, b scenario.Fault) int {
		return cmp.Or(cmp.Compare(min(1, len(a.At.Name)), min(1, len(b.At.Name))), cmp.Compare(a.At.Offset, b.At.Offset))
	})
}

// waits tells whether a fault waits for another, so that the end isn't known.
func waits(s *scenario.Scenario) bool {
	return slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool { return f.At.Name != "" })
}

// foolish notes what is legal at AWS and will surprise: the drill runs all the same, because showing what then happens
// is what drills are for.
func foolish(c *compiled) []string {
	var notes []string
	idp := c.scenario.System.IdP
	for _, region := range c.plan.Record.Regions {
		if !slices.Contains(idp.ACS, region) {
			notes = append(notes, fmt.Sprintf("system.idp.acs: the ACS URL of %s is not registered at the IdP, so nobody can sign in there", region))
		}
	}
	for _, probe := range c.plan.Record.Probes {
		notes = append(notes, foolishProbe(probe, idp)...)
	}
	for _, check := range c.plan.Record.Checks {
		notes = append(notes, foolishCheck(check, c.plan.Record)...)
	}
	return notes
}

func foolishProbe(p history.Probe, idp scenario.IdP) []string {
	var own struct {
		Steer struct{ By, To, After string }
	}
	if json.Unmarshal(p.Config, &own) != nil || own.Steer.To == "" {
		return nil
	}
	var notes []string
	steer := own.Steer
	if !slices.Contains(idp.Bookmarks, steer.To) {
		notes = append(notes, fmt.Sprintf("probe %s: its people steer to %s, for which the IdP has no bookmark (system.idp.bookmarks)", p.Name, steer.To))
	}
	if steer.To == p.Home {
		notes = append(notes, fmt.Sprintf("probe %s: its people steer to %s, which is where they come from", p.Name, steer.To))
	}
	if after, err := time.ParseDuration(steer.After); err == nil && after >= p.Limit.Duration() {
		notes = append(notes, fmt.Sprintf("probe %s: its people give up (limit %v) before they would steer (after %v)", p.Name, p.Limit.Duration(), after))
	}
	return notes
}

// foolishCheck notes an objective that a few hanging sign-ins can miss by themselves: an attempt counts from when its
// person arrived.
func foolishCheck(check history.Check, r history.Plan) []string {
	var own struct{ Probe, Within string }
	if json.Unmarshal(check.Config, &own) != nil || own.Within == "" {
		return nil
	}
	within, err := time.ParseDuration(own.Within)
	probe := r.Probe(own.Probe)
	if err != nil || probe == nil || 2*probe.Limit.Duration() <= within {
		return nil
	}
	return []string{fmt.Sprintf("%s: the limit of %s (%v) is more than half of within (%v), so two sign-ins that hang one after the other use it up",
		check.Name, probe.Name, probe.Limit.Duration(), within)}
}

// ableTarget is a target that claims to carry every fault, to compile what another can't carry.
type ableTarget struct{ harness.Target }

func (t ableTarget) Can() harness.Capabilities {
	can := t.Target.Can()
	can.Network, can.Process, can.Attach = true, true, true
	return can
}
