package system

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// flaws is the handle on what the identity provider gets wrong: a harness.Flaws.
type flaws struct {
	design   *Design
	idp      control.Caller
	replicas map[string]control.Fake // by Region; filled before anything is asked

	mu       sync.Mutex
	imported map[string]bool // flaws for which the Regions trust another certificate, by name
}

// GetWrong lets it have a flaw from now on.
func (f *flaws) GetWrong(ctx context.Context, flaw harness.Flaw) error {
	said := idp.Flaw{Name: flaw.Name, Assertion: flaw.Assertion, Key: flaw.Key, Unregistered: flaw.Unregistered,
		Stopped: flaw.Stopped}
	for _, region := range flaw.Regions {
		said.ACS = append(said.ACS, f.design.acsURLs(region)...)
	}
	for _, entry := range flaw.Registered {
		said.Registered = append(said.Registered, f.design.Instance.ACSOf(entry))
	}
	var imported pki.Certificates
	if err := f.idp.Call(ctx, "get_wrong", said, &imported); err != nil || len(imported) == 0 {
		return err
	}
	f.mu.Lock()
	f.imported[flaw.Name] = true
	f.mu.Unlock()
	return f.trust(ctx, identitycenter.Imports{Name: flaw.Name, Certificates: imported})
}

// trust lets every Region trust certificates of the provider, or those of their name no longer.
func (f *flaws) trust(ctx context.Context, imports identitycenter.Imports) error {
	var errs []error
	for _, region := range slices.Sorted(maps.Keys(f.replicas)) {
		errs = append(errs, f.replicas[region].Call(ctx, "trust", imports, nil))
	}
	return errors.Join(errs...)
}

// Mend takes a flaw back.
func (f *flaws) Mend(ctx context.Context, name string) error {
	err := f.idp.Call(ctx, "mend", name, nil)
	f.mu.Lock()
	imported := f.imported[name]
	f.mu.Unlock()
	if !imported {
		return err
	}
	return errors.Join(err, f.trust(ctx, identitycenter.Imports{Name: name}))
}

// Judged lets the provider write a response for somebody, and the Region judge it.
func (f *flaws) Judged(ctx context.Context, region string, lookUp bool) (string, []string, error) {
	url, replica := f.design.Instance.ACS(region), f.replicas[region]
	if replica == nil {
		return "", nil, fmt.Errorf("there is no Region %s", region)
	}
	var shown idp.Shown
	err := f.idp.Call(ctx, "canary", idp.Canary{ACS: url, Person: f.design.People[0].UserName}, &shown)
	if err != nil {
		return "", nil, err
	}
	var said identitycenter.Judged
	about := identitycenter.Judgement{ACS: url, Response: shown.Response, LookUp: lookUp}
	err = replica.Call(ctx, "judge", about, &said)
	return said.Cause, shown.Flaws, err
}

// Registered asks the provider whether it sends responses to an ACS.
func (f *flaws) Registered(ctx context.Context, acs string) (bool, []string, error) {
	var shown idp.Shown
	err := f.idp.Call(ctx, "canary", idp.Canary{ACS: f.design.Instance.ACSOf(acs)}, &shown)
	return shown.Known, shown.Flaws, err
}

// Stopped asks the provider by which flaws it pushes nothing.
func (f *flaws) Stopped(ctx context.Context) ([]string, error) {
	var names []string
	return names, f.idp.Call(ctx, "stopped", nil, &names)
}

// acsURLs are all ACS URLs of a Region.
func (d *Design) acsURLs(region string) []string {
	urls := []string{d.Instance.ACS(region), d.Instance.DualStackACS(region)}
	if region == d.Instance.Primary {
		urls = append(urls, d.Instance.ACSOf(region+"/"+names.ACSLegacy))
	}
	return urls
}
