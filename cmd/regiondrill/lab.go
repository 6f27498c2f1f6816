package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// standing is a lab that is kept running to look at, as it tells of itself to who connects to its socket.
type standing struct {
	Name      string            `json:"name"`
	PID       int               `json:"pid"`
	Scenario  string            `json:"scenario"`
	Portals   map[string]string `json:"portals"` // URL by Region
	Dashboard string            `json:"dashboard"`
	Doors     map[string]string `json:"doors"` // URL of the HTTP proxy by place
	Vantages  []string          `json:"vantages"`
	CA        string            `json:"ca"`  // PEM file
	Pin       string            `json:"pin"` // SPKI of all good certificates
	UserName  string            `json:"user_name"`
	Password  string            `json:"password"` // of a made-up person in a lab that nobody else can reach
	Account   string            `json:"account"`
	Role      string            `json:"role"`    // a permission set of the person in the account
	Primary   string            `json:"primary"` // Region

	AccessKey   string `json:"access_key"`  // of the account's administrator
	SecretKey   string `json:"secret_key"`  // that goes with it
	Config      string `json:"config"`      // file for AWS_CONFIG_FILE
	Credentials string `json:"credentials"` // file for AWS_SHARED_CREDENTIALS_FILE
}

func (p *program) labCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lab", Short: "Keep the lab of a scenario running, to look at", Args: p.noSuchCommand,
		Example: `  regiondrill lab up primary-region-outage &
  regiondrill lab open --region eu-west-1
  eval "$(regiondrill lab env)"`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.labUpCommand(), p.labOpenCommand(), p.labEnvCommand())
	return cmd
}

func (p *program) labUpCommand() *cobra.Command {
	var name string
	var sets, allow []string
	cmd := &cobra.Command{
		Use: "up SCENARIO", Short: "Start the lab of a scenario, without its faults, until Ctrl-C",
		Example: "  regiondrill lab up primary-region-outage --set 'system.idp.acs=[us-east-1]'",
		Args:    exactlyOne("a scenario"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.labUp(cmd.Context(), args, name, sets, allow) },
	}
	cmd.Flags().StringVar(&name, "lab", "", "call it `NAME` (default the scenario's name)")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "say `PATH=VALUE` over what the file says")
	cmd.Flags().StringSliceVar(&allow, "allow", nil, "confirm that the lab may ask the `HOST`, which is no part of it")
	return cmd
}

func (p *program) labUp(ctx context.Context, args []string, name string, sets, allow []string) (err error) {
	from, err := sources(args)
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
	all, err := p.compile(from, sets, opts)
	if err == nil {
		err = confirmed(all, allow)
	}
	if err != nil {
		return err
	}
	if name == "" {
		name = all[0].scenario.Name
	}
	ctx, brake := p.brake(ctx, "taking the lab down", 0)
	defer brake.release()
	back := &rollback.Stack{}
	defer func() {
		if undone := back.Unwind(ctx); undone != nil {
			err = errors.Join(err, &exit{exitNotUndone, undone})
		}
	}()
	return p.keepStanding(ctx, all[0], opts, name, back)
}

// keepStanding provisions the lab, tells of it, and answers at its socket until ctx ends.
func (p *program) keepStanding(
	ctx context.Context, c *compiled, opts engine.Options, name string, back *rollback.Stack,
) (err error) {
	dir, err := p.runtimeDir()
	if err != nil {
		return err
	}
	listener, err := listenAt(filepath.Join(dir, name+".sock"))
	if err != nil {
		return fmt.Errorf("lab %s: %w", name, err)
	}
	defer listener.Close()
	sys, err := opts.Target.New().Provision(ctx, c.plan.Topology, back)
	if err != nil {
		return broke(fmt.Errorf("provisioning the lab: %w", err))
	}
	if sys.Otherwise != nil {
		sys.Otherwise(fabric.IsAWS, newLacks(sys, c.plan.Topology.Regions()))
	}
	lab, err := describeLab(sys, c, name)
	if err != nil {
		return broke(err)
	}
	gone, err := lab.write(filepath.Join(dir, name), sys.RootPEM)
	defer func() { err = errors.Join(err, gone()) }()
	if err != nil {
		return broke(err)
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	p.tellLab(lab)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return nil // it was closed
		}
		json.NewEncoder(conn).Encode(lab) //nolint:errcheck // who asked and went away doesn't matter
		conn.Close()
	}
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
			return nil, fmt.Errorf("opening the door of %s: %w", v.Name, err)
		}
		lab.Doors[v.Name] = door.String()
	}
	design := system.NewDesign(c.plan.Topology)
	admin := design.Administrator()
	lab.AccessKey, lab.SecretKey = admin.ID, admin.Secret
	if len(sys.People) > 0 {
		first := sys.People[0]
		lab.UserName, lab.Password, lab.Account = first.UserName, first.Password, first.Account
		lab.Role = roleOf(design.Directory, first)
	}
	return lab, nil
}

func (p *program) tellLab(lab *standing) {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "The lab %s stands until Ctrl-C.\n\n", lab.Name)
	for _, region := range keysOf(lab.Portals) {
		fmt.Fprintf(w, "  portal of %s\t%s\n", region, lab.Portals[region])
	}
	fmt.Fprintf(w, "  dashboard of the IdP\t%s\n", lab.Dashboard)
	for _, place := range lab.Vantages {
		fmt.Fprintf(w, "  door of %s\t%s (an HTTP proxy)\n", place, lab.Doors[place])
	}
	fmt.Fprintf(w, "  sign in as\t%s, password %s\n  and see account\t%s\n", lab.UserName, lab.Password, lab.Account)
	fmt.Fprintf(w, "  CA of the lab\t%s\n\n", lab.CA)
	fmt.Fprintf(w, "Look at it:   regiondrill lab open\nUse it:       eval \"$(regiondrill lab env)\"\n")
	w.Flush()
	fmt.Fprint(p.stdout, text.String())
}

// runtimeDir is where labs are found by their sockets: the user's runtime folder, or one of the user's own in that for
// temporary files, which on Windows is the user's own already.
func (p *program) runtimeDir() (string, error) {
	dir := p.getenv("XDG_RUNTIME_DIR")
	switch {
	case filepath.IsAbs(dir):
		dir = filepath.Join(dir, "regiondrill")
	case onWindows:
		dir = filepath.Join(os.TempDir(), "regiondrill")
	default:
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("regiondrill-%d", os.Getuid()))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the folder of labs: %w", err)
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !onWindows && info.Mode().Perm() != 0o700 {
		return "", fmt.Errorf("%s is not this user's alone", dir) // under /tmp somebody else may have made it
	}
	return dir, nil
}

// longestSocket is what every system takes: macOS takes least, and its folder for temporary files has a long name.
const longestSocket = 103

// listenAt takes a socket's path, from a lab that is gone too.
func listenAt(path string) (net.Listener, error) {
	if len(path) > longestSocket {
		return nil, fmt.Errorf("%s is longer than the %d bytes that the path of a socket may have; "+
			"give the lab a shorter name: --lab NAME", path, longestSocket)
	}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, errors.New("one of that name stands already; call this one otherwise: --lab NAME")
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

// findLab asks the lab of a name, or the newest.
func (p *program) findLab(name string) (*standing, error) {
	dir, err := p.runtimeDir()
	if err != nil {
		return nil, err
	}
	sockets, err := filepath.Glob(filepath.Join(dir, "*.sock"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(sockets, func(a, b string) int { return madeAt(b).Compare(madeAt(a)) })
	var known []string
	for _, path := range sockets {
		lab, err := askLab(path)
		if err != nil {
			continue // one that is gone
		}
		if name == "" || lab.Name == name {
			return lab, nil
		}
		known = append(known, lab.Name)
	}
	if name != "" {
		return nil, fmt.Errorf("no lab %q stands; %s", name, suggest(name, known, "there are: "+listOr(known, "none")))
	}
	return nil, errors.New("no lab stands; start one: regiondrill lab up primary-region-outage")
}
