package vanity

import (
	"fmt"
	"slices"
)

// What a domain can get wrong.
const (
	Stale         = "stale"           // DNS goes on with the answer that it gave when this began
	GreenWhileRed = "green_while_red" // every health check passes
	TwoHops       = "two_hops"        // it redirects to a page that redirects once more, and is the primary's alone
)

// flaw is one, by the name of who wanted it.
type flaw struct {
	name, mode string
	stuck      string // with Stale: the Region to which people are led
}

// GetWrong lets the domain have a flaw from now on, beside those that it has. One of the same name is replaced.
func (d *Domain) GetWrong(name, mode string) error {
	if !slices.Contains([]string{Stale, GreenWhileRed, TwoHops}, mode) {
		return fmt.Errorf("a vanity domain can't be %q", mode)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	stuck := d.leads(d.unhealthy)
	d.mend(name)
	d.flaws = append(d.flaws, flaw{name, mode, stuck})
	return nil
}

// Mend takes a flaw back. That there is none is no error.
func (d *Domain) Mend(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mend(name)
}

func (d *Domain) mend(name string) {
	d.flaws = slices.DeleteFunc(d.flaws, func(f flaw) bool { return f.name == name })
}

func (d *Domain) has(mode string) bool {
	return slices.ContainsFunc(d.flaws, func(f flaw) bool { return f.mode == mode })
}

// Trial is how a domain would act.
type Trial struct {
	Follows       bool     // it would lead elsewhere if what it thinks of the primary turned
	SeesFailure   bool     // it would heed a health check that fails
	RedirectsOnce bool     // it redirects to the portal itself
	Flaws         []string // by name
}

// Try tells how it would act now, and changes nothing.
func (d *Domain) Try() Trial {
	d.mu.Lock()
	defer d.mu.Unlock()
	primary := d.cfg.Regions[0]
	t := Trial{Follows: d.leads(true) != d.leads(false), SeesFailure: !d.counts(false),
		RedirectsOnce: d.location(primary) == d.cfg.Portals[primary]}
	for _, f := range d.flaws {
		t.Flaws = append(t.Flaws, f.name)
	}
	return t
}
