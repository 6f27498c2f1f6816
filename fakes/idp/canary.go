package idp

import (
	"fmt"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/pki"
)

// Canary is a response that is issued for nobody's sign-in: to see what Identity Center would make of others.
type Canary struct {
	ACS    string // its URL, registered or not
	Person string // user name; empty: it only asks whether the ACS is registered
}

// Shown is what a canary is given, and the names of the flaws that are about its ACS.
type Shown struct {
	Response string   // SAMLResponse, where one was asked for
	Known    bool     // whether the ACS is registered
	Flaws    []string // in the order in which they were had
}

func (p *IdP) canaryVerb(c Canary) (Shown, error) {
	_, refused := p.registered(c.ACS)
	s := Shown{Known: refused == nil && c.ACS != ""}
	for _, f := range p.flaws.of(c.ACS) {
		s.Flaws = append(s.Flaws, f.Name)
	}
	if c.Person == "" {
		return s, nil
	}
	if _, ok := p.directory.find(c.Person); !ok {
		return s, fmt.Errorf("there is nobody of the user name %q", c.Person)
	}
	var err error
	s.Response, err = p.issue(grant{acs: c.ACS, person: c.Person, canary: true})
	return s, err
}

func (p *IdP) flawVerb(f Flaw) (imported pki.Certificates, err error) {
	if err = p.GetWrong(f); err != nil {
		return nil, err
	}
	return p.imported(f.Name), nil
}

func (p *IdP) stoppedVerb(control.None) ([]string, error) { return p.Stopped(), nil }

func (p *IdP) mendVerb(name string) (none control.None, err error) {
	p.Mend(name)
	return none, nil
}
