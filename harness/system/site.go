package system

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Site is the network that a design stands on, and what the rest of the house sees of it: places with links between
// them and, once they are put up, names.
type Site struct {
	*Design
	System *harness.System
	Fabric *fabric.Fabric
	CA     *pki.CA
	Keys   map[string]string // the ARNs of the key's replicas, by Region

	// Wrap is put around every handler that is served from then on: to see what passes. nil: nothing is.
	Wrap func(http.Handler) http.Handler

	located  map[string]harness.Location
	kms      http.Handler // whoever plays it
	emulator *emulator    // nil where that is a fake of ours

	onVisit atomic.Pointer[func(harness.Visit)]
}

// NewSite makes the places of a design. What it starts is pushed on back first.
func NewSite(d *Design, back *rollback.Stack) (*Site, error) {
	ca, err := pki.NewCA("regiondrill lab", time.Now())
	if err != nil {
		return nil, err
	}
	s := &Site{Design: d, CA: ca, located: map[string]harness.Location{}}
	s.Fabric = fabric.New(fabric.Options{CA: ca, Seed: d.Topology.Seed})
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return s.Fabric.Close() }); err != nil {
		return nil, errors.Join(err, s.Fabric.Close())
	}
	s.system()
	return s, s.places()
}

// system is what the rest of the house sees.
func (s *Site) system() {
	admin := s.Administrator()
	world := &harness.World{
		Dial: func(ctx context.Context, from *harness.Place, hostport string) (net.Conn, error) {
			return s.Fabric.Dial(ctx, from.Name, hostport)
		},
		RoundTrip: func(ctx context.Context, from, to *harness.Place) (time.Duration, error) {
			return s.Fabric.RoundTrip(ctx, from.Name, to.Name)
		},
		Door:  func(from *harness.Place) (*url.URL, error) { return s.Fabric.Door(from.Name) },
		Roots: s.CA.Pool(), RootPEM: s.CA.PEM(), LeafPin: s.CA.LeafPin(),
		Portal:    s.Instance.PortalURL,
		ACS:       s.Instance.ACS,
		Dashboard: s.dashboard(),
		Console: harness.ConsoleAt{Federation: "https://" + names.ConsoleSigninHost(s.Instance.Primary) + "/federation",
			Home: "https://" + names.ConsoleHost(s.Instance.Primary) + "/"},
		Pages: s.pages(),
		Locate: func(host string) (harness.Location, bool) {
			loc, ok := s.located[host]
			return loc, ok
		},
		Operator: harness.Operator{AccessKeyID: admin.ID, Secret: admin.Secret, IdentityStore: s.Instance.DirectoryID},
		People:   s.People,
		Others:   s.Named,
	}
	s.System = &harness.System{World: world, Chaos: s.Fabric.Chaos(), Otherwise: s.Fabric.Otherwise,
		Handles: harness.Handles{Network: s.Fabric, Hosts: world.Hosts}}
}

// places puts the vantages, the Regions, the identity provider's home and that of what is in no Region on the fabric,
// and the links between them.
func (s *Site) places() error {
	for _, region := range s.Topology.Regions() {
		s.System.Places = append(s.System.Places, &harness.Place{Name: region, Region: true, Services: map[string][]string{}})
	}
	for _, name := range []string{names.IdPPlace, names.GlobalPlace} {
		s.System.Places = append(s.System.Places, &harness.Place{Name: name, Services: map[string][]string{}})
	}
	for _, v := range s.Topology.Vantages {
		s.System.Places = append(s.System.Places, &harness.Place{Name: v.Name})
	}
	for _, p := range s.System.Places {
		if err := s.Fabric.AddPlace(p.Name); err != nil {
			return err
		}
	}
	for _, v := range s.Topology.Vantages {
		for place, rtt := range v.RTT {
			s.Fabric.SetRTT(v.Name, place, rtt)
		}
	}
	return nil
}

// Serve puts a handler up under a name of a place's service.
func (s *Site) Serve(host, place, service string, h http.Handler) error {
	p := s.System.Place(place)
	p.Services[service] = append(p.Services[service], host)
	slices.Sort(p.Services[service])
	s.located[host] = harness.Location{Place: place, Service: service}
	if s.Wrap != nil {
		h = s.Wrap(h)
	}
	h = s.watched(place, h)
	return s.Fabric.Handle(host, place, h)
}

// Client speaks HTTPS from a Region's place.
func (s *Site) Client(region string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return s.Fabric.Dial(ctx, region, addr)
		},
		TLSClientConfig:     &tls.Config{RootCAs: s.CA.Pool(), CurvePreferences: []tls.CurveID{tls.CurveP256}},
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 32,
	}}
}
