package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/byhand"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/system"
)

// upFlags are those of lab up.
type upFlags struct {
	name string
	saying
	allow  []string
	people int // a minute, of each probe
}

const mostPeople = 6000 // a minute, of each probe

func (p *program) labUpCommand() *cobra.Command {
	var flags upFlags
	cmd := &cobra.Command{
		Use: "up SCENARIO", Short: "Start the lab of a scenario, without its faults, until Ctrl-C",
		Long: "Start the lab of a scenario, without its faults, until Ctrl-C. People of the scenario's probes\n" +
			"sign in meanwhile, so that breaking something shows who is carried where.",
		Example: `  regiondrill lab up primary-region-outage --set 'system.idp.acs=[us-east-1]'
  regiondrill lab up primary-region-outage --people 0`,
		Args: exactlyOne("a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.labUp(cmd.Context(), args, flags) },
	}
	cmd.Flags().StringVar(&flags.name, "lab", "", "call it `NAME` (default the scenario's name)")
	flags.saying.bind(cmd.Flags())
	cmd.Flags().StringSliceVar(&flags.allow, "allow", nil,
		"confirm that the lab may ask the `HOST`, which is no part of it")
	cmd.Flags().IntVar(&flags.people, "people", 30,
		"let `N` people a minute of each probe that needs no browser sign in; 0: nobody but you")
	return cmd
}

func (p *program) labUp(ctx context.Context, args []string, flags upFlags) (err error) {
	if flags.people < 0 || flags.people > mostPeople {
		return fmt.Errorf("--people %d: say 0 to %d, a minute of each probe", flags.people, mostPeople)
	}
	from, err := p.sources(args)
	if err != nil {
		return err
	}
	if len(from) > 1 {
		return fmt.Errorf("%s names %d scenarios; a lab is of one", args[0], len(from))
	}
	opts, err := p.options("lab")
	if err != nil {
		return err
	}
	opts.Carriers = func([]string) []string { return nil } // a lab is a lab
	all, err := p.compile(from, flags.saying, opts)
	if err == nil {
		err = errors.Join(flags.used(all), confirmed(all, flags.allow))
	}
	if err != nil {
		return err
	}
	if flags.name == "" {
		flags.name = all[0].scenario.Name
	}
	ctx, brake := p.brake(ctx, "healing and taking the lab down", 0)
	defer brake.release()
	return p.keepSafely(ctx, all[0], flags.name, func(ctx context.Context, back *rollback.Stack) error {
		return p.keepStanding(ctx, all[0], opts, flags, back)
	})
}

// keepSafely keeps a lab, and takes back all that was done when it ends. What is done to KMS outside of this process
// outlives it, so that it is written down first, and a keeper watches.
func (p *program) keepSafely(
	ctx context.Context, c *compiled, name string, keep func(context.Context, *rollback.Stack) error,
) (err error) {
	if by := c.plan.Topology.KMS.Backend; by == "" || by == system.KMSEmbedded {
		back := &rollback.Stack{}
		defer func() {
			if undone := back.Unwind(ctx); undone != nil {
				err = &exit{exitNotUndone, errors.Join(err, undone)}
			}
		}()
		return keep(ctx, back)
	}
	runs := drill.UserRuns(p.getenv)
	if runs.Err != nil {
		return fmt.Errorf("lab %s: there is no place for its journal: %w", name, runs.Err)
	}
	dir := filepath.Join(filepath.Dir(runs.Dir), "labs", fmt.Sprintf("%s-%d", name, os.Getpid()))
	err = p.runner().Stand(ctx, dir, c.source.data, keep)
	if errors.Is(err, engine.ErrUndo) {
		fmt.Fprintf(p.stderr, "SOMETHING COULD NOT BE UNDONE. Run: regiondrill recover %s\n", dir)
		return &exit{exitNotUndone, err}
	}
	return err
}

// keepStanding provisions the lab, tells of it, and lets people play with it until ctx ends. Then it heals all.
func (p *program) keepStanding(
	ctx context.Context, c *compiled, opts engine.Options, flags upFlags, back *rollback.Stack,
) (err error) {
	dir, err := p.runtimeDir()
	if err != nil {
		return err
	}
	listener, err := listenAt(filepath.Join(dir, flags.name+".sock"))
	if err != nil {
		return fmt.Errorf("lab %s: %w", flags.name, err)
	}
	defer listener.Close()
	sys, err := opts.Target.New().Provision(ctx, c.plan.Topology, back)
	if err != nil {
		return broke(fmt.Errorf("provisioning the lab: %w", err))
	}
	if sys.Otherwise != nil {
		sys.Otherwise(fabric.IsAWS, newLacks(sys, c.plan.Topology.Regions()))
	}
	lab, err := describeLab(sys, c, flags.name)
	if err != nil {
		return broke(err)
	}
	saml := identitycenter.SPMetadata(system.NewDesign(c.plan.Topology).Instance, c.plan.Topology.Regions())
	gone, err := lab.write(filepath.Join(dir, flags.name), sys.RootPEM, saml)
	defer func() { err = brokeBy([]error{err, gone()}) }()
	if err != nil {
		return broke(err)
	}
	hand := byhand.New(byhand.Options{Name: flags.name, System: sys, Plan: c.plan, Can: opts.Target.New().Can(),
		Faults: p.catalog.Faults, Compile: p.compilesAnew(c, flags.saying, opts)}, back)
	return p.play(ctx, hand, lab, listener, flags.people)
}

// compilesAnew compiles the lab's scenario with further sets.
func (p *program) compilesAnew(
	c *compiled, said saying, opts engine.Options,
) func([]scenario.Set) (*engine.Plan, error) {
	return func(more []scenario.Set) (*engine.Plan, error) {
		sets, vars, err := said.parse()
		if err != nil {
			return nil, err
		}
		anew, err := p.compileOne(c.source, p.with(append(sets, more...), vars), opts)
		return anew.plan, err
	}
}

// play serves the lab at its socket and on its page, and lets people sign in, until ctx ends. Then it heals all.
func (p *program) play(
	ctx context.Context, hand *byhand.Lab, lab *standing, listener net.Listener, people int,
) error {
	loop, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return broke(fmt.Errorf("opening the lab's page: %w", err))
	}
	page, err := hand.Page(loop)
	if err != nil {
		return broke(err)
	}
	defer page.Close()
	lab.Page = "http://" + loop.Addr().String() + "/"
	mux := http.NewServeMux()
	mux.Handle("/", hand.API())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(lab) //nolint:errcheck // who asked and went away doesn't matter
	})
	atSocket := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	defer atSocket.Close()
	go atSocket.Serve(listener) //nolint:errcheck // it ends when it is closed
	if people > 0 {
		wait, err := hand.People(ctx, time.Minute/time.Duration(people))
		if err != nil {
			return broke(err)
		}
		defer wait()
	}
	p.tellLab(lab)
	<-ctx.Done()
	for _, h := range hand.Close(context.WithoutCancel(ctx)) { // of what can't be undone the way back tells again
		fmt.Fprintln(p.stderr, healedLine(h))
	}
	return nil
}

func describeLab(sys *harness.System, c *compiled, name string) (*standing, error) {
	lab := &standing{Name: name, PID: os.Getpid(), Scenario: c.scenario.Name, Dashboard: sys.Dashboard, Pin: sys.LeafPin,
		Portals: map[string]string{}, Doors: map[string]string{}, Primary: c.plan.Topology.Primary}
	for _, r := range c.plan.Topology.Regions() {
		lab.Portals[r] = sys.Portal(r)
	}
	for _, v := range c.plan.Topology.Vantages {
		lab.Vantages = append(lab.Vantages, v.Name)
		door, err := sys.Door(sys.Place(v.Name))
		if err != nil {
			return nil, fmt.Errorf("opening the HTTP proxy of %s: %w", v.Name, err)
		}
		lab.Doors[v.Name] = door.String()
	}
	design := system.NewDesign(c.plan.Topology)
	admin := design.Administrator()
	lab.AccessKey, lab.SecretKey = admin.ID, admin.Secret
	lab.IdentityStore, lab.SCIM, lab.SCIMToken = design.Instance.DirectoryID, design.Instance.SCIMURL(), design.SCIMToken()
	if len(sys.People) > 0 {
		first := sys.People[0]
		lab.UserName, lab.Account, lab.Secret = first.UserName, first.Account, first.Secret
		if c.plan.Topology.IdP.External == nil { // there the password is somebody's own
			lab.Password = first.Password
		}
		if roles := design.Directory.Roles(first.UserName, first.Account); len(roles) > 0 {
			lab.Role = roles[0]
		}
	}
	return lab, nil
}

func (p *program) tellLab(lab *standing) {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "The lab %s stands until Ctrl-C.\n\n", lab.Name)
	fmt.Fprintf(w, "  page of the lab\t%s\n", lab.Page)
	for _, region := range keysOf(lab.Portals) {
		fmt.Fprintf(w, "  portal of %s\t%s\n", region, lab.Portals[region])
	}
	fmt.Fprintf(w, "  dashboard of the IdP\t%s\n", lab.Dashboard)
	for _, place := range lab.Vantages {
		fmt.Fprintf(w, "  HTTP proxy of %s\t%s\n", place, lab.Doors[place])
	}
	fmt.Fprintf(w, "  sign in as\t%s, %s\n  and see account\t%s\n", lab.UserName, lab.factors(), lab.Account)
	fmt.Fprintf(w, "  SAML metadata, for an IdP\t%s\n", lab.SPMetadata)
	fmt.Fprintf(w, "  CA of the lab\t%s\n\n", lab.CA)
	fmt.Fprintf(w, "See who is carried where, break and heal: open the page of the lab in a browser, or\n"+
		"break it:     regiondrill lab break region_outage where.region=%s\nheal it:      regiondrill lab heal\n"+
		"see it:       regiondrill lab status\n\n", lab.Primary)
	fmt.Fprintf(w, "Look at it:   regiondrill lab open\nUse it:       eval \"$(regiondrill lab env)\"\n")
	w.Flush()
	fmt.Fprint(p.stdout, text.String())
}

// factors are what the person signs in with.
func (s *standing) factors() string {
	switch {
	case s.Password == "":
		return "with the password that the identity provider knows"
	case s.Secret != "":
		return "password " + s.Password + ", and in an authenticator app the secret " + s.Secret
	}
	return "password " + s.Password
}
