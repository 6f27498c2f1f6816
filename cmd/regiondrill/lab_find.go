package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

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

// findLab asks the lab of a name, or the newest, and says which that is where others stand too.
func (p *program) findLab(name string) (*standing, error) {
	labs, err := p.labs()
	if err != nil {
		return nil, err
	}
	var known []string
	for _, lab := range labs {
		known = append(known, lab.Name)
	}
	switch i := slices.Index(known, name); {
	case len(labs) == 0:
		return nil, errors.New("no lab stands; start one: regiondrill lab up SCENARIO (such as primary-region-outage)")
	case i >= 0:
		labs[i].others = slices.Delete(known, i, i+1)
		return labs[i], nil
	case name != "":
		return nil, fmt.Errorf("no lab %q stands; %s", name, suggest(name, known, "there are: "+listOr(known, "none")))
	case len(labs) > 1:
		fmt.Fprintf(p.stderr, "%d labs stand; this is %s, the newest. Another: --lab %s\n", len(labs), known[0], known[1])
	}
	labs[0].others = known[1:]
	return labs[0], nil
}

// labs are those that stand, the newest first.
func (p *program) labs() ([]*standing, error) {
	dir, err := p.runtimeDir()
	if err != nil {
		return nil, err
	}
	sockets, err := filepath.Glob(filepath.Join(dir, "*.sock"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(sockets, func(a, b string) int { return madeAt(b).Compare(madeAt(a)) })
	var labs []*standing
	for _, path := range sockets {
		lab, err := askLab(path)
		if err != nil {
			continue // one that is gone, or not up yet
		}
		labs = append(labs, lab)
	}
	return labs, nil
}

func madeAt(path string) time.Time {
	info, err := os.Lstat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
