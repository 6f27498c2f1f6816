package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// toys is the catalog with a target that is up at once, people who sign in by a glance at the rules, and faults that
// go wrong: the command line is tested without waiting for a lab.
func toys() catalog.Catalog {
	c := catalog.Default()
	c.Targets = []harness.TargetKind{
		{Name: "lab", Doc: "a toy that stands at once", New: func() harness.Target { return toyTarget{can: true} }},
		{Name: "feeble", Doc: "a toy that carries no fault", New: func() harness.Target { return toyTarget{} }},
		{Name: "ruin", Doc: "a toy that never stands", New: func() harness.Target { return toyTarget{can: true, ruined: true} }},
		{Name: "bomb", Doc: "a toy with a bug", New: func() harness.Target { return toyTarget{can: true, bug: true} }},
		{Name: "bare", Doc: "a toy that needs a crane", New: func() harness.Target { return toyTarget{can: true, bare: true} }},
		{Name: "messy", Doc: "a toy that may leave a file", New: func() harness.Target { return messyTarget{toyTarget{can: true}} }},
		{Name: "endless", Doc: "a toy that takes for ever to stand", New: func() harness.Target { return toyTarget{can: true, endless: true} }},
	}
	c.Probes = append(c.Probes,
		harness.ProbeKind{Name: "toy_login", Doc: "a toy person signs in", New: func() harness.Probe { return &toyLogin{} }},
		harness.ProbeKind{Name: "toy_chrome", Doc: "a toy person with a browser", New: func() harness.Probe {
			return &toyLogin{needs: []string{harness.NeedsBrowser}}
		}},
		harness.ProbeKind{Name: "toy_crowd", Doc: "toy people who get into each other's way", New: func() harness.Probe {
			return &toyCrowd{}
		}})
	c.Faults = append(c.Faults,
		harness.FaultKind{Name: "stuck", Doc: "a toy that its own process can't undo", New: func() harness.Fault { return &stuck{} }},
		harness.FaultKind{Name: "clumsy", Doc: "a toy that can't be injected", New: func() harness.Fault { return &stuck{clumsy: true} }},
		harness.FaultKind{Name: "stubborn", Doc: "a toy that is never proven healed", New: func() harness.Fault { return &stubborn{} }})
	c.Undoers = rollback.Undoers{"stuck": func(ctx context.Context, args json.RawMessage) error {
		var file string
		if err := json.Unmarshal(args, &file); err != nil {
			return err
		}
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		rollback.Nothing(ctx)
		return nil
	}}
	return c
}

type toyTarget struct{ can, ruined, endless, bare, bug bool }

func (t toyTarget) Can() harness.Capabilities {
	if !t.can {
		return harness.Capabilities{Services: []string{"portal"}}
	}
	return catalog.Default().Targets[0].New().Can()
}

func (t toyTarget) Provision(ctx context.Context, top harness.Topology, _ *rollback.Stack) (*harness.System, error) {
	if t.endless {
		<-ctx.Done()
		return nil, fmt.Errorf("waiting for Godot: %w", ctx.Err())
	}
	if t.bare {
		return nil, fmt.Errorf("connecting: %w", &harness.Lack{Sentence: "there is no crane on this machine"})
	}
	if t.bug {
		panic("index out of range")
	}
	if t.ruined {
		return nil, errors.New("the roof is gone")
	}
	network := &harnesstest.Network{}
	sys := &harness.System{Handles: harness.Handles{Network: network}, Otherwise: opened, World: &harness.World{Roots: x509.NewCertPool(),
		Dial: func(_ context.Context, from *harness.Place, to string) (net.Conn, error) {
			if network.Cut(harness.Edge{From: from.Name, To: to}) {
				return nil, errors.New("there is no way")
			}
			here, _ := net.Pipe()
			return here, nil
		},
		People: []harness.Person{{Name: "user-001", UserName: "user-001@acme.test", Password: "planted-password"}}}}
	for _, r := range top.Regions() {
		sys.Places = append(sys.Places, &harness.Place{Name: r, Region: true})
	}
	for _, v := range top.Vantages {
		sys.Places = append(sys.Places, &harness.Place{Name: v.Name})
	}
	return sys, nil
}

// opened is what no drill does: its world stays closed.
func opened(func(string) bool, http.Handler) { panic("a drill answers for names outside its system") }

// messyTarget leaves a file named mess where it was killed.
type messyTarget struct{ toyTarget }

func (messyTarget) Ready(context.Context) error { return nil }

func (messyTarget) Residue(context.Context) ([]string, error) {
	if _, err := os.Stat("mess"); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return []string{"mess"}, nil
}

func (t messyTarget) Sweep(ctx context.Context) ([]string, error) {
	left, err := t.Residue(ctx)
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return left, err
}

// toyLogin signs in where no rule stands in the way.
type toyLogin struct {
	Steer harness.BookmarkSteer `yaml:"steer"`
	world *harness.World
	needs []string
}

func (l *toyLogin) Journey() history.Journey { return history.SignIn }

func (l *toyLogin) Needs() []string { return l.needs }

func (l *toyLogin) Open(_ context.Context, world *harness.World) error {
	l.world = world
	return nil
}

func (l *toyLogin) Try(ctx context.Context, a *harness.Attempt) error {
	if c, err := l.world.Dial(ctx, a.From, a.Home); err == nil {
		a.Succeed(a.Home)
		return c.Close()
	}
	patience := time.NewTimer(time.Until(a.Due.Add(l.Steer.After)))
	defer patience.Stop()
	if l.Steer.By == "bookmark" {
		select {
		case <-patience.C:
			a.Succeed(l.Steer.To)
			return nil
		case <-ctx.Done():
		}
	}
	<-ctx.Done()
	a.Fail(history.ClassTimeout, "nobody answered")
	return nil
}

func (l *toyLogin) Steering() harness.Steer { return harness.Steer(l.Steer) }

func (l *toyLogin) Close() error { return nil }

// crowds counts those of this process.
var crowds atomic.Int32

// toyCrowd signs in at once, but for the second of a process, who holds up whoever comes until nobody finds room: as on
// a machine that can't bear two drills.
type toyCrowd struct {
	toyLogin
	stuck bool
}

func (l *toyCrowd) Open(ctx context.Context, world *harness.World) error {
	l.stuck = crowds.Add(1) == 2
	return l.toyLogin.Open(ctx, world)
}

func (l *toyCrowd) Try(ctx context.Context, a *harness.Attempt) error {
	if l.stuck {
		select {} // the engine gives it up
	}
	return l.toyLogin.Try(ctx, a)
}

// stuck leaves a file behind that only recover removes.
type stuck struct {
	File   string `yaml:"file"`
	clumsy bool
}

func (f *stuck) Needs() []string { return []string{"network"} }

func (f *stuck) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	return aim.Links(w, s)
}

func (f *stuck) Inject(_ context.Context, _ *harness.Handles, a harness.Aim, back *rollback.Stack) (harness.Injection, error) {
	if f.clumsy {
		return nil, errors.New("two left hands")
	}
	args, err := json.Marshal(f.File)
	if err != nil {
		return nil, err
	}
	undo, err := back.Push(rollback.Intent{Kind: "stuck", Args: args}, func(context.Context) error {
		return fmt.Errorf("%s won't go", f.File)
	})
	if err != nil {
		return nil, err
	}
	return toyInjection{a, undo}, os.WriteFile(f.File, nil, 0o600)
}

// toyInjection is in force as soon as it is injected.
type toyInjection struct {
	a    harness.Aim
	undo rollback.Undo
}

func (f toyInjection) Prove(context.Context, bool) ([]harness.Proof, error) {
	var proofs []harness.Proof
	for _, e := range f.a.Edges {
		proofs = append(proofs, harness.Proof{Edge: e, At: time.Now()})
	}
	return proofs, nil
}

func (f toyInjection) Undo(ctx context.Context) error                   { return f.undo(ctx) }
func (toyInjection) Verify(context.Context) ([]harness.Sighting, error) { return nil, nil }
func (toyInjection) Expired() (time.Time, bool)                         { return time.Time{}, false }

// stubborn can be laid and lifted, but nobody can prove that it was lifted.
type stubborn struct{ stuck }

func (*stubborn) Inject(_ context.Context, _ *harness.Handles, a harness.Aim, back *rollback.Stack) (harness.Injection, error) {
	undo, err := back.Push(rollback.Intent{}, func(context.Context) error { return nil })
	return forGood{toyInjection{a, undo}}, err
}

type forGood struct{ toyInjection }

func (f forGood) Prove(ctx context.Context, inForce bool) ([]harness.Proof, error) {
	if inForce {
		return f.toyInjection.Prove(ctx, inForce)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}
