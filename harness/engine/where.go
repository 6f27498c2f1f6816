package engine

import (
	"slices"

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
	for key, value := range map[string]string{"where.operation": f.Where.Operation, "where.name": f.Where.Name} {
		if value != "" {
			c.fail(f.Block.Errorf(key, "%q comes later", key))
		}
	}
}

func whereOf(w scenario.Where) map[string]string {
	said := map[string]string{}
	for key, value := range map[string]string{"region": w.Region, "place": w.Place, "service": w.Service, "from": w.From} {
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
