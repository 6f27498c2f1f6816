package harnesstest

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"reflect"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Target proves what the engine and the probes rely on of a kind of target: everything the topology asks for stands,
// under its real names and behind certificates that its roots vouch for; nothing else can be reached; and the way back
// leaves nothing.
func Target(t *testing.T, kind harness.TargetKind) {
	row(t, kind.Name, kind.Doc)
	target := kind.New()
	can := target.Can()
	back := &rollback.Stack{}
	sys, err := target.Provision(t.Context(), topology(), back)
	if lack, lacks := errors.AsType[*harness.Lack](err); lacks {
		if err := back.Unwind(t.Context()); err != nil {
			t.Errorf("unwinding: %v", err)
		}
		t.Skip(lack)
	}
	if err != nil {
		t.Fatalf("provisioning: %v, then unwinding: %v", err, back.Unwind(t.Context()))
	}
	t.Run("can", func(t *testing.T) {
		if after := target.Can(); !reflect.DeepEqual(can, after) {
			t.Errorf("it can %+v before and %+v after provisioning", can, after)
		}
		if there := sys.Named(); !slices.Equal(can.Handles, there) {
			t.Errorf("it says that it has %v, and has %v", can.Handles, there)
		}
	})
	t.Run("stands", func(t *testing.T) { stands(t, sys, can) })
	t.Run("certificates", func(t *testing.T) { certificates(t, sys) })
	t.Run("closed world", func(t *testing.T) {
		_, err := dial(t, sys, "elsewhere.example:443")
		if _, ok := errors.AsType[*net.DNSError](err); !ok {
			t.Errorf("a name that is nowhere is answered with %v", err)
		}
	})
	if slices.Contains(can.Handles, "network") {
		t.Run("rules", func(t *testing.T) { rules(t, sys) })
	}
	if err := back.Unwind(t.Context()); err != nil {
		t.Errorf("unwinding: %v", err)
	}
	t.Run("gone", func(t *testing.T) {
		if _, err := dial(t, sys, portal(t, sys)); err == nil {
			t.Error("the portal still answers")
		}
	})
	t.Run("stopped while it starts", func(t *testing.T) { stoppedEarly(t, kind.New()) })
}

// office is where people sit.
const office = "office"

func topology() harness.Topology {
	t := harness.Topology{Seed: 3, Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 3, Groups: 1, Accounts: 2, PermissionSets: 1},
		IdP: harness.IdPSettings{
			Dialect: "okta", ACS: []string{"us-east-1", "eu-west-1"}, Bookmarks: []string{"eu-west-1"},
		},
		Vantages: []harness.Vantage{{Name: office}}}
	t.Replication.Lag = time.Millisecond
	t.Vanity = harness.VanitySettings{Host: "access.acme.test", CheckEvery: time.Minute, UnhealthyAfter: 3}
	return t
}

func stands(t *testing.T, sys *harness.System, can harness.Capabilities) {
	for _, name := range []string{"us-east-1", "eu-west-1", office, "idp", "global"} {
		if sys.Place(name) == nil {
			t.Errorf("there is no place %s", name)
		}
	}
	if len(sys.People) != topology().Directory.Users {
		t.Errorf("there are %d people", len(sys.People))
	}
	for _, p := range sys.People {
		if p.Name == "" || p.UserName == "" || p.Password == "" || p.Account == "" {
			t.Errorf("%q lacks something", p.Name)
		}
	}
	served := map[string]bool{}
	for _, p := range sys.Places {
		for service, hosts := range p.Services {
			served[service] = served[service] || len(hosts) > 0
			for _, h := range hosts {
				if at, ok := sys.Locate(h); !ok || at.Place != p.Name {
					t.Errorf("%s of %s is located at %+v", h, p.Name, at)
				}
			}
		}
	}
	for _, service := range can.Services {
		if !served[service] {
			t.Errorf("Can names %s, which no place serves", service)
		}
	}
	door, err := sys.Door(sys.Place(office))
	if err != nil {
		t.Fatal(err)
	}
	if ip := net.ParseIP(door.Hostname()); !ip.IsLoopback() {
		t.Errorf("the door %s is open to others", door)
	}
}

func portal(t *testing.T, sys *harness.System) string {
	t.Helper()
	u, err := url.Parse(sys.Portal("us-east-1"))
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(u.Hostname(), "443")
}

func dial(t *testing.T, sys *harness.System, hostport string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := sys.Dial(ctx, sys.Place(office), hostport)
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return conn, err
}

func certificates(t *testing.T, sys *harness.System) {
	conn, err := dial(t, sys, portal(t, sys))
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := net.SplitHostPort(portal(t, sys))
	secure := tls.Client(conn, &tls.Config{RootCAs: sys.Roots, ServerName: host})
	if err := secure.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	pin := sha256.Sum256(secure.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	if base64.StdEncoding.EncodeToString(pin[:]) != sys.LeafPin {
		t.Error("the portal's key isn't the one that LeafPin names")
	}
}

// rules lays one, sees it bite, and lifts it.
func rules(t *testing.T, sys *harness.System) {
	rule := harness.Rule{
		Name:   "it",
		Effect: harness.Effect{Traffic: harness.Traffic{Refuse: true}, Cut: true},
		Edges:  []harness.Edge{{From: office, To: "us-east-1"}, {From: "us-east-1", To: office}},
	}
	laid, err := sys.Network.Lay(t.Context(), rule)
	if err != nil {
		t.Fatal(err)
	}
	defer laid.Lift()
	for _, inForce := range []bool{true, false} {
		if !inForce {
			laid.Lift()
		}
		proofs, err := laid.Prove(t.Context(), inForce)
		if err != nil || len(proofs) == 0 {
			t.Fatalf("proving (in force: %t): %v, %v", inForce, proofs, err)
		}
		if !slices.ContainsFunc(proofs, func(p harness.Proof) bool { return p.Edge == rule.Edges[0] }) {
			t.Errorf("no proof of %s in %v", rule.Edges[0], proofs)
		}
		if _, err := dial(t, sys, portal(t, sys)); errors.Is(err, syscall.ECONNREFUSED) != inForce {
			t.Errorf("in force: %t, and a dial says %v", inForce, err)
		}
	}
}

// stoppedEarly is a run that is stopped while its target starts.
func stoppedEarly(t *testing.T, target harness.Target) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	back := &rollback.Stack{}
	if _, err := target.Provision(ctx, topology(), back); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
	if err := back.Unwind(ctx); err != nil {
		t.Errorf("unwinding: %v", err)
	}
}
