package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
)

// touched lists everything that a drill changes, reaches or runs beside the system that it makes for itself: what each
// fault and action acts on and which targets carry it, what outside the system is asked, and which programs of the
// user's run.
func (p *program) touched(c *compiled) []string {
	var rows []string
	for _, f := range c.plan.Record.Faults {
		rows = append(rows, row(f.Name, links(c.plan.Edges(f.Name)), p.catalog.Carriers(c.plan.Needs(f.Name))))
	}
	for _, a := range c.plan.Record.Actions {
		rows = append(rows, row(a.Name, a.Summary, p.catalog.Carriers(c.plan.Needs(a.Name))))
	}
	for _, host := range c.plan.Reaches() {
		rows = append(rows, host+"\tis asked, which is no part of the system: run must confirm it by --allow")
	}
	for _, program := range c.plan.Executes() {
		rows = append(rows, program+"\truns on this machine: run must confirm it by --allow-exec")
	}
	return rows
}

// row is what is touched, and who carries that.
func row(name, what string, carriers []string) string {
	return name + "\t" + what + "\tcarried by " + listOr(carriers, "no target")
}

// links are directed links in words: those that are meant both ways once.
func links(edges []harness.Edge) string {
	var all []string
	for _, e := range edges {
		back := harness.Edge{From: e.To, To: e.From}
		switch both := slices.Contains(edges, back); {
		case e.From == e.To:
			all = append(all, "in "+e.To)
		case both && e.From > e.To: // told the other way round
		case both:
			all = append(all, fmt.Sprintf("%s ⇄ %s", e.From, e.To))
		default:
			all = append(all, e.String())
		}
	}
	return strings.Join(all, ", ")
}
