package targets

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness"
)

const (
	localStackLook  = 100 * time.Millisecond // between looks for it
	localStackTry   = 2 * time.Second        // of one at an address
	localStackReady = 5 * time.Second        // after it has said that it is ready, to be reached
	// licenceRefused is the exit code of LocalStack without a licence.
	licenceRefused = 55
)

// ownNetworks are those of the container that this process is in, by its host name, which Docker takes from the
// container's id; none where it is in none, or in one that shares the host's network.
func (l *localStack) ownNetworks(ctx context.Context) []string {
	if _, err := os.Stat(l.dockerenv); err != nil {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil
	}
	own, err := l.ContainerInspect(ctx, host, client.ContainerInspectOptions{})
	if err != nil || own.Container.NetworkSettings == nil {
		return nil
	}
	var names []string
	for name := range own.Container.NetworkSettings.Networks {
		if name != network.NetworkHost && name != network.NetworkNone {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// addresses are where the container may be reached from here: by the port that is published on the engine's loopback,
// and on each of its networks.
func addresses(c container.InspectResponse) []string {
	var at []string
	port := network.MustParsePort(localStackPort)
	for _, published := range c.NetworkSettings.Ports[port] {
		at = append(at, "127.0.0.1:"+published.HostPort)
	}
	for _, joined := range c.NetworkSettings.Networks {
		if joined.IPAddress.IsValid() {
			at = append(at, netip.AddrPortFrom(joined.IPAddress, port.Num()).String())
		}
	}
	return at
}

// search is what was seen of a LocalStack that doesn't answer yet.
type search struct {
	tried   []string  // addresses
	reached string    // the one that something answered at
	kms     string    // the state of its KMS, as it says
	said    time.Time // when it was first seen to have said that it is ready
}

// found waits until its KMS is there, and tells its URL; or says why it won't be.
func (l *localStack) found(ctx context.Context) (string, error) {
	waiting, cancel := context.WithTimeout(ctx, l.limit)
	defer cancel()
	var s search
	for {
		state, err := l.ContainerInspect(waiting, l.name(), client.ContainerInspectOptions{})
		switch c := state.Container; {
		case waiting.Err() != nil:
		case err != nil:
			return "", lack(fmt.Errorf("looking for container %s: %w", l.name(), err))
		case c.State != nil && !c.State.Running:
			return "", l.died(ctx, c.State.ExitCode)
		default:
			if url := s.look(waiting, addresses(c)); url != "" {
				return url, nil
			}
		}
		if s.reached == "" && s.said.IsZero() && slices.Contains(l.log(waiting, l.name()), "Ready.") {
			s.said = time.Now()
		}
		unreachable := !s.said.IsZero() && s.reached == "" && time.Since(s.said) > localStackReady
		select {
		case <-time.After(localStackLook):
		case <-waiting.Done():
		}
		switch {
		case ctx.Err() != nil:
			return "", fmt.Errorf("waiting for LocalStack: %w", ctx.Err())
		case unreachable, waiting.Err() != nil:
			return "", l.late(ctx, &s)
		}
	}
}

// look tries the addresses, and tells the URL of one where KMS is.
func (s *search) look(ctx context.Context, at []string) string {
	s.tried = at
	for _, address := range at {
		kms, err := kmsAt(ctx, address)
		if err != nil {
			continue
		}
		s.reached, s.kms = address, kms
		if kms == "running" || kms == "available" {
			return "http://" + address
		}
	}
	return ""
}

// kmsAt asks LocalStack at an address for the state of its KMS.
func kmsAt(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, localStackTry)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/_localstack/health", nil)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{DisableKeepAlives: true} // which heeds no proxy of the environment
	response, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var said struct{ Services map[string]string }
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&said); err != nil {
		return "not there yet: its page of health can't be read", nil
	}
	if said.Services["kms"] == "" {
		return "not among its services", nil
	}
	return said.Services["kms"], nil
}

// died says why it ended, in its own words.
func (l *localStack) died(ctx context.Context, code int) error {
	sentence := fmt.Sprintf("LocalStack from %s ended while it started, with exit code %d: %s", l.image, code,
		complaint(l.log(ctx, l.name())))
	if code == licenceRefused {
		return &harness.Lack{Sentence: sentence + "; set " + authVariable + ", or leave system.kms.image and " +
			ImageVariable + " out: the last image that asks for no token is taken then"}
	}
	return &harness.Lack{Sentence: sentence + "; system.kms.backend: embedded needs none of it"}
}

// complaint is why a container ended, by its log: the reason that LocalStack gives, or the last line.
func complaint(log []string) string {
	var said []string
	for _, line := range log {
		if line = strings.TrimSpace(line); line != "" {
			said = append(said, line)
		}
	}
	for i, line := range said {
		if strings.Contains(line, "for the following reason") && i+1 < len(said) {
			return strings.TrimRight(line+" "+said[i+1], ".")
		}
	}
	if len(said) == 0 {
		return "it said nothing"
	}
	return said[len(said)-1]
}

// late says why it wasn't found in time.
func (l *localStack) late(ctx context.Context, s *search) error {
	if s.reached == "" {
		return &harness.Lack{Sentence: fmt.Sprintf("LocalStack runs in container %s, and this process reaches it at none "+
			"of %s: the Docker engine is on another machine, or this process is in a container that shares no network with it; "+
			"start LocalStack where it can be reached, and name it by system.kms.backend: endpoint and url", l.name(),
			strings.Join(s.tried, ", "))}
	}
	return &harness.Lack{Sentence: fmt.Sprintf("LocalStack from %s answers at %s, and after %v its KMS is %s; "+
		"it said last: %s", l.image, s.reached, l.limit, s.kms, complaint(l.log(ctx, l.name())))}
}
