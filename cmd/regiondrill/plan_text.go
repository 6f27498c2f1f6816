package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/system"
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

// kmsRow says who is to play KMS where that is no fake of ours, and what will be found out about it.
func kmsRow(c *compiled) string {
	k := c.scenario.System.KMS
	if k.Backend == system.KMSEmbedded {
		return ""
	}
	return strings.TrimSpace(k.Backend+" "+cmp.Or(k.URL, k.Image)) +
		"; before the drill, a throw-away key shows whether it heeds " + strings.Join(system.Probed(), ", ")
}

// happening is a fault or an action on the timeline, as rows of a table.
type happening struct {
	at     scenario.At
	begins history.Instant // if whatever it waits for comes at once
	rows   []string
}

// happenings are in the order in which they are expected.
func happenings(c *compiled) []happening {
	var all []happening
	for _, f := range c.scenario.Faults {
		rec := c.plan.Record.Fault(f.Name)
		row := fmt.Sprintf("%s\t%s: %s, for %v", f.At, f.Name, rec.Summary, f.For)
		all = append(all, happening{f.At, c.plan.Record.Begins(*rec), []string{row}})
	}
	for _, a := range c.scenario.Actions {
		until := "until the run ends"
		if a.For > 0 {
			until = fmt.Sprintf("for %v", a.For)
		}
		rec := c.plan.Record.Action(a.Name)
		row := fmt.Sprintf("%s\t%s: %s, %s", a.At, a.Name, rec.Summary, until)
		all = append(all, happening{a.At, c.plan.Record.Expected(rec.After, rec.At), []string{row}})
	}
	slices.SortStableFunc(all, func(a, b happening) int { return cmp.Compare(a.begins, b.begins) })
	return all
}

// waits tells whether something waits for a fault, so that the end isn't known.
func waits(c *compiled) bool {
	return slices.ContainsFunc(happenings(c), func(h happening) bool { return h.at.Name != "" })
}

// meaning says in people what a check means by being back, and how sharply that can be told; empty where the check
// doesn't define it.
func meaning(check history.Check, r history.Plan) string {
	var own struct {
		Probe, Fault string
		Sustained    json.RawMessage
	}
	if json.Unmarshal(check.Config, &own) != nil || own.Sustained == nil {
		return ""
	}
	probe := r.Probe(own.Probe)
	if probe == nil || probe.Every <= 0 {
		return ""
	}
	back := r.SustainedFor(own.Probe, own.Fault)
	window := back.Window(probe.Every)
	arrive := int64(window / probe.Every)
	needed := int64(math.Ceil(back.Ratio*float64(arrive) - 1e-9)) // 0.9 of 10 is 9, in binary too
	who := fmt.Sprintf("%d of the %d", needed, arrive)
	if needed == arrive {
		who = fmt.Sprintf("all %d", arrive)
	}
	return fmt.Sprintf("back: %s who arrive in %v get in, and nobody waits %v with no one getting in; told to about %v",
		who, window.Duration(), back.MaxGap(probe.Every).Duration(), probe.Every.Duration())
}

// ableTarget is a target that claims to carry every fault and action, to compile what another can't carry.
type ableTarget struct{ harness.Target }

func (t ableTarget) Can() harness.Capabilities {
	can := t.Target.Can()
	can.Handles = harness.AllHandles()
	return can
}
