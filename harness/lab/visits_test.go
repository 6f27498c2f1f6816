package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/probes"
)

// byDoor is a world as another process sees it.
func byDoor(world *harness.World) *harness.World {
	outside := *world
	outside.Dial = func(ctx context.Context, from *harness.Place, hostport string) (net.Conn, error) {
		door, err := world.Door(from)
		if err != nil {
			return nil, err
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", door.Host)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(conn, "CONNECT %[1]s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", hostport)
		answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("the door says %s", answer.Status)
		}
		if err != nil {
			conn.Close()
			return nil, err
		}
		return conn, nil
	}
	return &outside
}

// Who comes by a door is told of, whether or not they are served, and people of probes in this process never are.
func TestVisits(t *testing.T) {
	l := lab.StartTest(t, topology())
	var mu sync.Mutex
	var told []harness.Visit
	l.System.Visits(func(v harness.Visit) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, v)
	})
	since := func() []harness.Visit {
		mu.Lock()
		defer mu.Unlock()
		defer func() { told = nil }()
		return told
	}
	come := func(world *harness.World) {
		t.Helper()
		p := probes.NewSAMLLogin()
		if err := p.Open(t.Context(), world); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		a := &harness.Attempt{Due: time.Now(), Home: "us-east-1", From: l.System.Place("new-york"), Person: l.System.People[3]}
		if err := p.Try(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	come(l.System.World)
	if got := since(); len(got) > 0 {
		t.Errorf("a probe's person is told of: %+v", got)
	}
	come(byDoor(l.System.World))
	served := harness.Visit{From: "new-york", Place: "us-east-1", Person: l.System.People[3].UserName, Served: "the account list"}
	if got := since(); !slices.Equal(got, []harness.Visit{served}) {
		t.Errorf("who signs in is told of as %+v", got)
	}
	if err := l.System.Key["us-east-1"].Disable(t.Context()); err != nil {
		t.Fatal(err)
	}
	come(byDoor(l.System.World))
	if got := since(); len(got) != 1 || got[0].Served != "" || got[0].Why == "" || got[0].Place != "us-east-1" {
		t.Errorf("whom KMS keeps out is told of as %+v", got)
	}
	rule := harness.Rule{Name: "dark", Edges: []harness.Edge{{From: "new-york", To: "us-east-1"}},
		Effect: harness.Effect{Traffic: harness.Traffic{Refuse: true}}}
	if _, err := l.System.Network.Lay(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	come(byDoor(l.System.World))
	if got := since(); len(got) != 1 || got[0].Person != "" ||
		!strings.HasSuffix(got[0].Why, ": connection refused") || got[0].Place != "us-east-1" {
		t.Errorf("who can't connect is told of as %+v", got)
	}
}
