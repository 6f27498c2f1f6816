package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness/system"
)

// The ports of a container: what the fake serves, and where it is told what to do.
const (
	servicePort = "8080"
	controlPort = "8081"
)

// healthHost is the host whose every page a fake answers with 204 when it serves, and with 503 while it doesn't yet.
const healthHost = "health.test"

// fakes are what can run in a container.
func fakes(records string) map[string]server {
	replica := identitycenter.NewServer(identitycenter.Deps{Dir: records})
	provider, keys := idp.NewServer(idp.Deps{}), kms.NewServer(kms.Deps{})
	return map[string]server{
		system.FakeReplica: {replica, replica.Verbs, replica.Serves},
		system.FakeIdP:     {provider, provider.Verbs, provider.Up},
		system.FakeKMS:     {keys, keys.Verbs, keys.Up},
	}
}

// server is a fake in a process of its own.
type server struct {
	http.Handler
	verbs  control.Verbs
	serves func() bool
}

// Fakes lists the kinds of fakes that Serve can be.
func Fakes() []string { return slices.Sorted(maps.Keys(fakes(""))) }

// Serve is the process of one container: a fake behind plain HTTP, since TLS ends at the fabric's edge, and its control
// API for those who bear the token. What it records is kept in a folder, which is made; without one it goes with the
// process. It knows nothing else until it is configured, and returns when ctx ends or a listener breaks.
func Serve(ctx context.Context, fake, token, records string) error {
	if token == "" {
		return errors.New("there is no control token")
	}
	if records != "" {
		if err := os.MkdirAll(records, 0o700); err != nil {
			return fmt.Errorf("making room for records: %w", err)
		}
	}
	s, ok := fakes(records)[fake]
	if !ok {
		return fmt.Errorf("there is no fake %q; there are %s", fake, strings.Join(Fakes(), ", "))
	}
	broken := make(chan error, 2)
	for port, handler := range map[string]http.Handler{servicePort: s, controlPort: control.Handler(token, s.verbs)} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+port)
		if err != nil {
			return fmt.Errorf("serving %s: %w", fake, err)
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		defer server.Close()
		go func() { broken <- server.Serve(listener) }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-broken:
		return fmt.Errorf("serving %s: %w", fake, err)
	}
}

// ServeHTTP answers for its health, and leaves all else to the fake.
func (s server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if host, _, _ := strings.Cut(r.Host, ":"); host != healthHost {
		s.Handler.ServeHTTP(w, r)
		return
	}
	if !s.serves() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
