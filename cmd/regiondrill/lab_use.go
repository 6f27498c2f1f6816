package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/probes/browser"
)

// labFlags choose a lab and a place to stand in it.
type labFlags struct{ lab, from, region string }

func (f *labFlags) bindLab(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.lab, "lab", "", "the lab's `NAME` (default the newest)")
}

func (f *labFlags) bind(cmd *cobra.Command) {
	f.bindLab(cmd)
	cmd.Flags().StringVar(&f.from, "from", "", "the `VANTAGE` to stand at (default the scenario's first)")
}

// choose finds the lab and the door of the vantage.
func (p *program) choose(f labFlags) (lab *standing, door string, err error) {
	lab, err = p.findLab(f.lab)
	if err != nil {
		return nil, "", err
	}
	if f.from == "" && len(lab.Vantages) > 0 {
		f.from = lab.Vantages[0]
	}
	if lab.Doors[f.from] == "" {
		hint := suggest(f.from, lab.Vantages, "there are: "+listOr(lab.Vantages, "none"))
		return nil, "", fmt.Errorf("the lab has no vantage %q; %s", f.from, hint)
	}
	return lab, lab.Doors[f.from], nil
}

// knows tells of a Region that the lab doesn't have.
func (s *standing) knows(region string) error {
	if s.Portals[region] != "" {
		return nil
	}
	regions := keysOf(s.Portals)
	return fmt.Errorf("the lab has no Region %q; %s", region,
		suggest(region, regions, "there are: "+listOr(regions, "none")))
}

func (p *program) labOpenCommand() *cobra.Command {
	var flags labFlags
	cmd := &cobra.Command{
		Use: "open", Short: "Open a portal of the lab in a browser with a window", Args: cobra.NoArgs,
		Example: "  regiondrill lab open --region eu-west-1",
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.labOpen(flags) },
	}
	flags.bind(cmd)
	cmd.Flags().StringVar(&flags.region, "region", "", "whose portal (default the dashboard of the IdP)")
	return cmd
}

func (p *program) labOpen(flags labFlags) error {
	lab, door, err := p.choose(flags)
	if err != nil {
		return err
	}
	address := lab.Dashboard
	if flags.region != "" {
		if err := lab.knows(flags.region); err != nil {
			return err
		}
		address = lab.Portals[flags.region]
	}
	program, err := browser.FindWindowed(p.getenv)
	if err != nil {
		return fmt.Errorf("no Chrome or Chromium was found; open %s in any browser through the HTTP proxy %s, trusting %s",
			address, door, lab.CA)
	}
	profile, err := os.MkdirTemp("", "regiondrill-window-*")
	if err != nil {
		return fmt.Errorf("making a profile: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(profile); gone != nil {
			fmt.Fprintf(p.stderr, "regiondrill: removing the profile: %v\n", gone)
		}
	}()
	fmt.Fprintf(p.stderr, "%s; sign in as %s, %s. Close the window to go on.\n",
		address, lab.UserName, lab.factors())
	window := exec.Command(program, "--user-data-dir="+profile, "--no-first-run", "--no-default-browser-check",
		"--proxy-server="+proxyServer(door),
		"--proxy-bypass-list=<-loopback>;http://127.0.0.1", // where a command line waits for the browser
		"--ignore-certificate-errors-spki-list="+lab.Pin, address)
	window.Stdout, window.Stderr = p.stderr, p.stderr
	if err := window.Run(); err != nil {
		return broke(fmt.Errorf("showing the portal: %w", err))
	}
	return nil
}

// proxyServer is a door as Chromium wants it.
func proxyServer(door string) string {
	u, err := url.Parse(door)
	if err != nil {
		return door
	}
	return u.Scheme + "://" + u.Host
}
