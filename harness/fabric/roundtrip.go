package fabric

import (
	"context"
	"fmt"
	"time"
)

// RoundTrip sends a canary from one place to another's canary host and back, through the links as the rules shape them
// now, and tells how long that took: a dial, which is a byte there and a byte back on a connection that nobody else
// uses. What holds it holds it until ctx ends, and nothing of it is left then. A link that refuses dials is an error
// that wraps syscall.ECONNREFUSED.
func (f *Fabric) RoundTrip(ctx context.Context, from, to string) (time.Duration, error) {
	f.mu.Lock()
	_, here := f.places[from]
	known := f.routes[canaryHost(to)]
	f.mu.Unlock()
	if !here || known == nil {
		return 0, fmt.Errorf("sending a canary from %q to %q: there is no such place", from, to)
	}
	r := &route{host: known.host, place: to, accept: acceptNothing}
	sent := time.Now()
	there, back := f.lanesOf(from, to, r.host)
	p, err := f.connect(ctx, there, back, r, edgePort, nil)
	took := time.Since(sent)
	if err != nil {
		return 0, fmt.Errorf("sending a canary from %s to %s: %w", from, to, err)
	}
	p.fail(ErrClosed)
	return took, nil
}
