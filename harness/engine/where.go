package engine

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// edges resolves what a fault hits into directed links: all to and from the place, or with from only those between the
// two. A fault that hits nothing is a mistake.
func (c *compiler) edges(f scenario.Fault) []harness.Edge {
	places := c.plan.Topology.Regions()
	for _, v := range c.plan.Topology.Vantages {
		places = append(places, v.Name)
	}
	places = append(places, names.IdPPlace)
	w := f.Where
	place := w.Region
	switch {
	case w.Region != "" && w.Place != "":
		c.fail(f.Block.Errorf("where.place", "say region or place, not both"))
	case w.Region != "" && !slices.Contains(c.plan.Topology.Regions(), w.Region):
		c.fail(f.Block.NoSuch("where.region", "Region of the system", w.Region, c.plan.Topology.Regions()))
	case w.Place != "":
		place = w.Place
		if !slices.Contains(places, place) {
			c.fail(f.Block.NoSuch("where.place", "place", place, places))
		}
	case w.Region == "":
		c.fail(f.Block.Errorf("where", "it hits nothing: say which region or place"))
	}
	c.narrowed(f)
	if w.From != "" && !slices.Contains(places, w.From) {
		c.fail(f.Block.NoSuch("where.from", "place", w.From, places))
	}
	if w.From != "" && w.From == place {
		c.fail(f.Block.Errorf("where.from", "it hits nothing: what stays within %s crosses no link", place))
	}
	var edges []harness.Edge
	for _, other := range places {
		if other != place && (w.From == "" || w.From == other) {
			edges = append(edges, harness.Edge{From: other, To: place}, harness.Edge{From: place, To: other})
		}
	}
	return edges
}

// narrowed checks the keys that narrow a fault to some of a place's names.
func (c *compiler) narrowed(f scenario.Fault) {
	services := c.plan.target.Can().Services
	if w := f.Where; w.Service != "" && !slices.Contains(services, w.Service) {
		c.fail(f.Block.Errorf("where.service", "it hits nothing: target %s serves no %s", c.opts.Target.Name, w.Service))
	}
	if f.Where.Operation != "" {
		c.fail(f.Block.Errorf("where.operation", "%s acts on links, which know no operations", f.Kind))
	}
	c.unnamed(f)
}

// unnamed refuses what comes later.
func (c *compiler) unnamed(f scenario.Fault) {
	if f.Where.Name != "" {
		c.fail(f.Block.Errorf("where.name", "%q comes later", "where.name"))
	}
}

// calls resolves a fault of calls into the edges on which it is proven: from the caller's place where that is said, else
// from within the Region, where no fault of links is in the way.
func (c *compiler) calls(f scenario.Fault) []harness.Edge {
	w, regions := f.Where, c.plan.Topology.Regions()
	region := cmp.Or(w.Region, w.Place)
	switch {
	case w.Region != "" && w.Place != "":
		c.fail(f.Block.Errorf("where.place", "say region or place, not both"))
	case region == "":
		c.fail(f.Block.Errorf("where", "it hits nothing: say in which region"))
	case !slices.Contains(regions, region):
		key := "where.region"
		if w.Region == "" {
			key = "where.place"
		}
		c.fail(f.Block.NoSuch(key, "Region of the system", region, regions))
	}
	places := append(regions, names.IdPPlace)
	for _, v := range c.plan.Topology.Vantages {
		places = append(places, v.Name)
	}
	if w.From != "" && !slices.Contains(places, w.From) {
		c.fail(f.Block.NoSuch("where.from", "place", w.From, places))
	}
	c.operation(f)
	c.unnamed(f)
	return []harness.Edge{{From: cmp.Or(w.From, region), To: region}}
}

// replica resolves a fault of a Region's replica. It is proven by asking the replica from within the Region, where no
// fault of links is in the way.
func (c *compiler) replica(f scenario.Fault) []harness.Edge {
	w := f.Where
	switch {
	case w.Region == "":
		c.fail(f.Block.Errorf("where", "it hits nothing: say the replica of which region"))
	case !slices.Contains(c.plan.Topology.Regions(), w.Region):
		c.fail(f.Block.NoSuch("where.region", "Region of the system", w.Region, c.plan.Topology.Regions()))
	}
	for key, value := range map[string]string{"place": w.Place, "service": w.Service, "operation": w.Operation, "from": w.From} {
		if value != "" {
			c.fail(f.Block.Errorf("where."+key, "%s acts on the whole replica of a region; leave %s out", f.Kind, key))
		}
	}
	c.unnamed(f)
	return []harness.Edge{{From: w.Region, To: w.Region}}
}

// operation checks the keys that narrow a fault of calls to a service and one of its operations.
func (c *compiler) operation(f scenario.Fault) {
	w, known := f.Where, c.plan.target.Can().API
	services := slices.Sorted(maps.Keys(known))
	operations, seen := known[w.Service]
	switch {
	case len(known) == 0: // the fault's own Needs has said so
	case w.Service != "" && !seen:
		c.fail(f.Block.Errorf("where.service", "it hits nothing: calls of %s don't pass by in target %s; it sees those of %s",
			w.Service, c.opts.Target.Name, strings.Join(services, ", ")))
	case w.Operation != "" && w.Service == "":
		c.fail(f.Block.Errorf("where.operation", "say of which service: %s", strings.Join(services, ", ")))
	case w.Operation != "" && !slices.Contains(operations, w.Operation):
		c.fail(f.Block.NoSuch("where.operation", "operation of "+w.Service, w.Operation, operations))
	}
}

func whereOf(w scenario.Where) map[string]string {
	said := map[string]string{}
	for key, value := range map[string]string{"region": w.Region, "place": w.Place, "service": w.Service, "operation": w.Operation, "from": w.From} {
		if value != "" {
			said[key] = value
		}
	}
	return said
}

// Edges are the directed links that a fault of the plan acts on, nil where there is no such fault.
func (p *Plan) Edges(fault string) []harness.Edge {
	if s := p.strike(fault); s != nil {
		return slices.Clone(s.edges)
	}
	return nil
}
