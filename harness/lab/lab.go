// Package lab puts the whole system up in this process: two or more Regions of IAM Identity Center, an identity
// provider and KMS, all behind the fabric. No Docker, no root, no network; usable from go test.
package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Lab is a system that stands.
type Lab struct {
	System   *harness.System
	Fabric   *fabric.Fabric
	Instance names.Instance
	Replicas map[string]*identitycenter.Replica // by Region
	IdP      *idp.IdP
	KMS      *kms.Service
	KeyID    string // of the multi-Region key that the replicas use

	topology harness.Topology
	ca       *pki.CA
	org      organization
	located  map[string]harness.Location
	wrap     func(http.Handler) http.Handler
}

// Option changes how a lab is put up.
type Option func(*Lab)

// Wrapped puts something around every handler: to see what passes.
func Wrapped(wrap func(http.Handler) http.Handler) Option { return func(l *Lab) { l.wrap = wrap } }

// The access key with which Identity Center asks the lab's KMS: its principal is the service itself.
const serviceKey = "AKIALABIDENTITYCENTR"

// Start puts a lab up. What it starts is pushed on back first, so a half-made lab goes down like a whole one.
func Start(ctx context.Context, t harness.Topology, back *rollback.Stack, options ...Option) (*Lab, error) {
	signer := make(chan signed, 1) // the slowest part, so it begins first
	now := time.Now()
	go func() {
		s, err := pki.NewSigner("Acme identity provider", now)
		signer <- signed{s, err}
	}()
	ca, err := pki.NewCA("regiondrill lab", now)
	if err != nil {
		return nil, err
	}
	l := &Lab{topology: t, ca: ca, Instance: instance(t), org: newOrganization(t),
		Replicas: map[string]*identitycenter.Replica{}, located: map[string]harness.Location{}}
	for _, option := range options {
		option(l)
	}
	l.Fabric = fabric.New(fabric.Options{CA: ca, Seed: t.Seed})
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return l.Fabric.Close() }); err != nil {
		return nil, errors.Join(err, l.Fabric.Close())
	}
	l.system()
	made := <-signer
	steps := []func() error{l.places, l.keys, func() error { return l.provider(made) }, func() error { return l.regions(ctx, back) }}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("starting the lab: %w", err)
		}
	}
	return l, nil
}

type signed struct {
	signer *pki.Signer
	err    error
}

// system is what the rest of the house sees of the lab.
func (l *Lab) system() {
	l.System = &harness.System{
		Dial: func(ctx context.Context, from *harness.Place, hostport string) (net.Conn, error) {
			return l.Fabric.Dial(ctx, from.Name, hostport)
		},
		Door:  func(from *harness.Place) (*url.URL, error) { return l.Fabric.Door(from.Name) },
		Roots: l.ca.Pool(), RootPEM: l.ca.PEM(), LeafPin: l.ca.LeafPin(),
		Portal:    l.Instance.PortalURL,
		Dashboard: "https://" + names.OktaHost + "/",
		Locate: func(host string) (harness.Location, bool) {
			loc, ok := l.located[host]
			return loc, ok
		},
		People: l.org.people, Network: l.Fabric,
	}
}

// places puts the vantages, the Regions and the identity provider's home on the fabric, and the links between them.
func (l *Lab) places() error {
	for _, region := range l.topology.Regions() {
		l.System.Places = append(l.System.Places, &harness.Place{Name: region, Region: true, Services: map[string][]string{}})
	}
	l.System.Places = append(l.System.Places, &harness.Place{Name: names.IdPPlace, Services: map[string][]string{}})
	for _, v := range l.topology.Vantages {
		l.System.Places = append(l.System.Places, &harness.Place{Name: v.Name})
	}
	for _, p := range l.System.Places {
		if err := l.Fabric.AddPlace(p.Name); err != nil {
			return err
		}
	}
	for _, v := range l.topology.Vantages {
		for place, rtt := range v.RTT {
			l.Fabric.SetRTT(v.Name, place, rtt)
		}
	}
	return nil
}

// serve puts a handler up under a name of a place's service.
func (l *Lab) serve(host, place, service string, h http.Handler) error {
	p := l.System.Place(place)
	p.Services[service] = append(p.Services[service], host)
	slices.Sort(p.Services[service])
	l.located[host] = harness.Location{Place: place, Service: service}
	if l.wrap != nil {
		h = l.wrap(h)
	}
	return l.Fabric.Handle(host, place, h)
}

// keys makes the multi-Region key and its replicas, each with the policy that Identity Center needs.
func (l *Lab) keys() error {
	l.KMS = kms.New(kms.Config{Account: l.Instance.Account, Principals: map[string]string{serviceKey: "sso.amazonaws.com"}})
	var err error
	policy := kms.BaselinePolicy(l.Instance.Account)
	if l.KeyID, err = l.KMS.CreateKey(l.topology.Primary, policy); err != nil {
		return err
	}
	for _, region := range l.topology.Additional {
		if err := l.KMS.ReplicateKey(l.KeyID, region, policy); err != nil {
			return err
		}
	}
	for _, region := range l.topology.Regions() {
		if err := l.serve(names.KMSHost(region), region, "kms", l.KMS.Handler(region)); err != nil {
			return err
		}
	}
	return nil
}

// provider sets the identity provider up as its administrator has: the ACS URLs registered, the bookmarks assigned.
func (l *Lab) provider(made signed) error {
	if made.err != nil {
		return made.err
	}
	app := idp.App{Issuer: l.Instance.Issuer()}
	for i, region := range l.topology.IdP.ACS {
		app.ACS = append(app.ACS, idp.ACS{URL: l.Instance.ACS(region), Index: i})
	}
	for _, region := range l.topology.IdP.Bookmarks {
		app.Bookmarks = append(app.Bookmarks, idp.Bookmark{Region: region, Label: "AWS access portal", URL: l.Instance.PortalURL(region)})
	}
	var people []idp.Person
	for _, p := range l.org.people {
		people = append(people, idp.Person{UserName: p.UserName, Password: p.Password})
	}
	var err error
	l.IdP, err = idp.New(idp.Config{Dialect: l.topology.IdP.Dialect, Host: names.OktaHost, Signer: made.signer, App: app, People: people})
	if err != nil {
		return fmt.Errorf("starting the identity provider: %w", err)
	}
	return l.serve(names.OktaHost, names.IdPPlace, "idp", l.IdP)
}

// regions starts a replica in each Region and waits until all hold the directory.
func (l *Lab) regions(ctx context.Context, back *rollback.Stack) error {
	for i, region := range l.topology.Regions() {
		replica, err := identitycenter.New(l.replica(region, uint64(i)))
		if err != nil {
			return err
		}
		l.Replicas[region] = replica
		if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return replica.Close() }); err != nil {
			return err
		}
		for host, handler := range replica.Handlers() {
			if err := l.serve(host, region, service(l.Instance, region, host), handler); err != nil {
				return err
			}
		}
		if err := replica.Start(ctx); err != nil {
			return err
		}
	}
	primary := l.Replicas[l.topology.Primary]
	if err := primary.Put(ctx, l.org.directory); err != nil {
		return err
	}
	for region, replica := range l.Replicas {
		if err := replica.WaitVersion(ctx, primary.Version()); err != nil {
			return fmt.Errorf("waiting for the directory in %s: %w", region, err)
		}
	}
	return nil
}

// replica is the configuration of one Region. All that it asks for leaves from its own place.
func (l *Lab) replica(region string, i uint64) identitycenter.Config {
	client := l.client(region)
	return identitycenter.Config{
		Instance: l.Instance, Region: region, Regions: l.topology.Regions(),
		IdP: identitycenter.IdPTrust{EntityID: l.IdP.EntityID(), SSOURL: l.IdP.SSOURL(), Certificates: certificates(l.IdP)},
		KMS: awskms.New(awskms.Options{
			Region: region, HTTPClient: client,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: serviceKey, SecretAccessKey: "the lab's KMS verifies no signature"}, nil
			}),
		}),
		KeyID: names.KeyARN(region, l.Instance.Account, l.KeyID), HTTP: client,
		Seed: l.topology.Seed + i, Lag: l.topology.Replication.Lag, Jitter: l.topology.Replication.Jitter,
		Behaviour: identitycenter.Default(),
	}
}

// client speaks HTTPS from a Region's place.
func (l *Lab) client(region string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         func(ctx context.Context, _, addr string) (net.Conn, error) { return l.Fabric.Dial(ctx, region, addr) },
		TLSClientConfig:     &tls.Config{RootCAs: l.ca.Pool(), CurvePreferences: []tls.CurveID{tls.X25519}},
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 32,
	}}
}

// service is what a host name of a replica belongs to.
func service(in names.Instance, region, host string) string {
	switch host {
	case names.SigninHost(region), names.DualStackSigninHost(region), names.LegacySigninHost(region):
		return "signin"
	case names.PortalAPIHost(region):
		return "portal_api"
	case names.ReplicationHost(region):
		return "replication"
	}
	return "portal"
}

// Services are the services whose names a lab serves.
func Services() []string {
	return []string{"portal", "signin", "portal_api", "kms", "idp", "replication"}
}
