package targets

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/probes"
)

// built is the folder of what the tests build.
var built string

func TestMain(m *testing.M) {
	if said, is := os.LookupEnv(victimVariable); is { // this is a process that is to be killed
		var v victim
		err := json.Unmarshal([]byte(said), &v)
		if err == nil {
			err = v.run(context.Background())
		}
		fmt.Println(err)
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "regiondrill-static-")
	if err != nil {
		panic(err)
	}
	built = dir
	os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // other programs' residue is none of ours
	os.Setenv(keeperVariable, "off")                         // what a killed run leaves is recovered when a test has seen it
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// static builds a static regiondrill for the containers, once for all tests, and says where it is.
var static = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "regiondrill")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "github.com/regiondrill/regiondrill/cmd/regiondrill")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	os.Setenv(binaryVariable, path)
	return path, cmd.Run()
})

// needsDocker skips a test where there is no engine that can be used, and says why.
func needsDocker(tb testing.TB) docker {
	tb.Helper()
	d, err := connect(tb.Context())
	if err != nil {
		tb.Skip(err)
	}
	tb.Cleanup(func() { _ = d.Close() })
	if _, err := static(); err != nil {
		tb.Fatal(err)
	}
	return d
}

func topology() harness.Topology {
	t := harness.Topology{Seed: 7, Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 40, Groups: 6, Accounts: 3, PermissionSets: 4},
		IdP:       harness.IdPSettings{Dialect: "okta", ACS: []string{"us-east-1", "eu-west-1"}, Bookmarks: []string{"eu-west-1"}},
		Vantages:  []harness.Vantage{{Name: "new-york"}}}
	t.Replication.Lag, t.Replication.Jitter = 100*time.Millisecond, 50*time.Millisecond
	return t
}

func provision(tb testing.TB, back *rollback.Stack) *harness.System {
	tb.Helper()
	tb.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	sys, err := newContainers().Provision(tb.Context(), topology(), back)
	if err != nil {
		tb.Fatal(err)
	}
	return sys
}

// signIn tells what became of one person's sign-in in a Region.
func signIn(tb testing.TB, sys *harness.System, region string, k int) *harness.Attempt {
	tb.Helper()
	p := probes.NewSAMLLogin()
	if err := p.Open(tb.Context(), sys.World); err != nil {
		tb.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Second)
	defer cancel()
	a := &harness.Attempt{Due: time.Now(), Home: region, From: sys.Place("new-york"), Person: sys.People[k%len(sys.People)]}
	if err := p.Try(ctx, a); err != nil {
		tb.Fatal(err)
	}
	return a
}

func worksIn(tb testing.TB, sys *harness.System, region string, k int) {
	tb.Helper()
	if a := signIn(tb, sys, region, k); a.Outcome != history.Good || a.Region != region {
		tb.Errorf("%s: %s in %q: %s %s", region, a.Outcome, a.Region, a.Class, a.Detail)
	}
}

// inventory is all that the engine holds but what is known to be somebody else's, and our images.
func inventory(t *testing.T, d docker, ours string) []string {
	t.Helper()
	var all []string
	add := func(kind, id string, labels map[string]string) {
		if run := labels[labelRun]; labels["com.docker.compose.project"] == "" && (run == "" || run == ours) {
			all = append(all, kind+" "+id)
		}
	}
	containers, err := d.ContainerList(t.Context(), client.ContainerListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range containers.Items {
		add("container", c.ID, c.Labels)
	}
	networks, err := d.NetworkList(t.Context(), client.NetworkListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range networks.Items {
		add("network", n.ID, n.Labels)
	}
	images, err := d.ImageList(t.Context(), client.ImageListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range images.Items {
		if len(i.RepoTags) == 0 { // what a build leaves
			add("image", i.ID, i.Labels)
		}
	}
	volumes, err := d.VolumeList(t.Context(), client.VolumeListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range volumes.Items {
		add("volume", v.Name, v.Labels)
	}
	slices.Sort(all)
	return all
}

// runOf finds the run's id in its journal.
func runOf(t *testing.T, journal []byte) string {
	t.Helper()
	pending, err := rollback.Pending(bytes.NewReader(journal))
	if err != nil || len(pending) == 0 {
		t.Fatalf("%d intents, %v", len(pending), err)
	}
	var of thing
	if err := json.Unmarshal(pending[0].Args, &of); err != nil {
		t.Fatal(err)
	}
	return of.Run
}

// journal is a file in memory.
type journal struct{ bytes.Buffer }

func (*journal) Sync() error { return nil }

func TestContainers(t *testing.T) {
	d := needsDocker(t)
	var written journal
	back := &rollback.Stack{Journal: &written}
	before := inventory(t, d, "")
	began := time.Now()
	sys := provision(t, back)
	t.Logf("up after %v", time.Since(began))
	worksIn(t, sys, "us-east-1", 0)
	t.Logf("a sign-in after %v", time.Since(began))
	worksIn(t, sys, "eu-west-1", 1)
	t.Run("beyond loopback", func(t *testing.T) { closedToOthers(t, d, runOf(t, written.Bytes())) })
	t.Run("small", func(t *testing.T) { small(t, d, runOf(t, written.Bytes())) })
	for name, f := range pulls(sys) {
		t.Run(name, func(t *testing.T) { pulledAndBack(t, sys, f) })
	}
	run := runOf(t, written.Bytes())
	if err := back.Unwind(t.Context()); err != nil {
		t.Error(err)
	}
	if after := inventory(t, d, run); !slices.Equal(before, after) {
		t.Errorf("before there were\n%v\nand after\n%v", before, after)
	}
	if pending, err := rollback.Pending(&written); err != nil || len(pending) != 0 {
		t.Errorf("left to undo: %v, %v", pending, err)
	}
}

// pull is something that a handle does, and what takes it back.
type pull struct {
	harness.Asker
	do, undo func(context.Context) error
}

// pulls are those of the primary's replica.
func pulls(sys *harness.System) map[string]pull {
	power, attach := sys.Power["us-east-1"], sys.Attach["us-east-1"]
	return map[string]pull{
		"kill":       {power, power.Kill, power.Start},
		"pause":      {power, power.Pause, power.Unpause},
		"disconnect": {attach, attach.Disconnect, attach.Connect},
	}
}

// pulledAndBack takes the primary away and brings it back, each twice: what is the case already is no error.
func pulledAndBack(t *testing.T, sys *harness.System, p pull) {
	for range 2 {
		if err := p.do(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	asking, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if p.Ask(asking) == nil {
		t.Error("it answers while it is away")
	}
	worksIn(t, sys, "eu-west-1", 2)
	for range 2 {
		if err := p.undo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Ask(t.Context()); err != nil {
		t.Error(err)
	}
	worksIn(t, sys, "us-east-1", 3)
}

// closedToOthers looks for what this process listens at: loopback, and the gateways of the run's networks.
func closedToOthers(t *testing.T, d docker, id string) {
	gateways := map[string]bool{}
	for _, region := range topology().Regions() {
		at, err := d.gateway(t.Context(), (&run{id: id}).prefix()+region)
		if err != nil {
			t.Fatal(err)
		}
		gateways[at.String()] = true
	}
	for _, at := range listening(t) {
		if host, _, _ := net.SplitHostPort(at); !gateways[host] && !net.ParseIP(host).IsLoopback() {
			t.Errorf("it listens at %s", at)
		}
	}
}

// small holds a Region's container to its memory, as docker stats counts it: without what the kernel can drop.
func small(t *testing.T, d docker, id string) {
	for _, region := range topology().Regions() {
		stats, err := d.ContainerStats(t.Context(), (&run{id: id}).prefix()+region, client.ContainerStatsOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			MemoryStats struct {
				Usage uint64            `json:"usage"`
				Stats map[string]uint64 `json:"stats"`
			} `json:"memory_stats"`
		}
		err = json.NewDecoder(stats.Body).Decode(&said)
		stats.Body.Close()
		if err != nil || said.MemoryStats.Usage == 0 {
			t.Skipf("the engine counts no memory: %v", err)
		}
		used := said.MemoryStats.Usage - said.MemoryStats.Stats["inactive_file"]
		t.Logf("%s takes %.1f MiB of %.1f", region, float64(used)/(1<<20), float64(said.MemoryStats.Usage)/(1<<20))
		if used > 40<<20 {
			t.Errorf("%s takes %d bytes", region, used)
		}
	}
}

// listening lists the TCP addresses that this process listens at.
func listening(t *testing.T) []string {
	t.Helper()
	ours := map[string]bool{}
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			ours[to] = true
		}
	}
	var found []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			t.Skip(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == "0A" && ours["socket:["+fields[9]+"]"] {
				found = append(found, address(t, fields[1]))
			}
		}
	}
	return found
}

// address reads an address as /proc writes it: groups of four bytes, each the wrong way round on little machines.
func address(t *testing.T, text string) string {
	t.Helper()
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(net.IP(raw).String(), strconv.FormatUint(number, 10))
}
