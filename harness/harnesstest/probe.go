package harnesstest

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// Probe proves what the engine relies on of a kind of probe: whatever the network does, an attempt ends by its context,
// with an outcome and a class of the contract, and is never good when nobody answered. Kinds that need a browser are
// only opened by tests of their own.
func Probe(t *testing.T, kind harness.ProbeKind) {
	row(t, kind.Name, kind.Doc)
	t.Run("fresh", func(t *testing.T) {
		if kind.New() == kind.New() {
			t.Error("New gives the same probe twice: two probes of a scenario would share their state")
		}
	})
	t.Run("closed unopened", func(t *testing.T) {
		if err := kind.New().Close(); err != nil {
			t.Errorf("closing a probe that was never opened: %v", err)
		}
	})
	if len(kind.New().Needs()) > 0 {
		return
	}
	for name, dial := range map[string]dialer{
		"refused":     refuse(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		"reset":       refuse(&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}),
		"no name":     refuse(&net.DNSError{Err: "no such host", IsNotFound: true}),
		"odd failure": refuse(errors.New("the cable was bitten")),
		"silence":     hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { failingAttempt(t, kind.New(), dial) })
		})
	}
}

type dialer func(ctx context.Context, from *harness.Place, hostport string) (net.Conn, error)

func refuse(err error) dialer {
	return func(context.Context, *harness.Place, string) (net.Conn, error) { return nil, err }
}

func hang(ctx context.Context, _ *harness.Place, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func failingAttempt(t *testing.T, probe harness.Probe, dial dialer) {
	const limit = 5 * time.Second
	home := &harness.Place{Name: "us-east-1", Region: true}
	office := &harness.Place{Name: "office"}
	world := &harness.World{
		Dial: dial, Roots: x509.NewCertPool(), Places: []*harness.Place{home, office},
		Door:      func(*harness.Place) (*url.URL, error) { return nil, errors.New("there is no door") },
		Portal:    func(region string) string { return "https://portal." + region + ".test/" },
		Dashboard: "https://idp.test/", Locate: func(string) (harness.Location, bool) { return harness.Location{}, false },
		Operator: harness.Operator{AccessKeyID: "AKIDOPERATOR", Secret: "secret", IdentityStore: "d-1234567890"},
		Keys:     map[string]string{home.Name: "arn:aws:kms:us-east-1:111122223333:key/mrk-1"},
	}
	for _, name := range []string{harness.KeyOfCenter, harness.KeyOfStore, harness.KeyOfOperator} {
		world.KeyUsers = append(world.KeyUsers, harness.KeyUser{Name: name, AccessKeyID: "AKID", Secret: "secret"})
	}
	if err := probe.Open(t.Context(), world); err != nil {
		t.Fatal(err)
	}
	due := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), due.Add(limit))
	defer cancel()
	a := &harness.Attempt{Probe: "it", Due: due, From: office, Home: home.Name, Saver: noSaver{},
		Person: harness.Person{Name: "user-001", UserName: "user-001@acme.test", Password: "secret", Account: "111122223333"}}
	if err := probe.Try(ctx, a); err != nil {
		t.Errorf("the system's misbehaviour is told as the harness's own: %v", err)
	}
	if took := time.Since(due); took > limit { // the bubble's clock
		t.Errorf("it took %v, longer than its context", took)
	}
	if a.Outcome != history.Bad {
		t.Errorf("the outcome is %q, not bad", a.Outcome)
	}
	if !slices.Contains(history.Classes(), a.Class) || a.Detail == "" {
		t.Errorf("the class is %q and the detail %q", a.Class, a.Detail)
	}
	if err := probe.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

type noSaver struct{}

func (noSaver) Wants(*harness.Attempt) bool                 { return false }
func (noSaver) Save(*harness.Attempt, string, []byte) error { return nil }
