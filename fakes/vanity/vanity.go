// Package vanity is a host name of a company's own at which people start, by the pattern that AWS describes ("Regional
// routing for AWS access portals", AWS Security Blog): Route 53 leads the name to a redirector in a Region, and that
// sends people on to the access portal of its Region. While health checks of the primary Region's portal fail, Route 53
// leads elsewhere. IAM Identity Center has no part in it, and can be broken while all of it is green.
package vanity

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// checkLimit is how long a health check waits for an answer (Route 53 Developer Guide, "How Amazon Route 53 determines
// whether a health check is healthy": four seconds to connect).
const checkLimit = 4 * time.Second

// Config of a domain.
type Config struct {
	Host    string
	Regions []string          // to lead to, the primary first; at least one
	Portals map[string]string // the URL of each Region's portal
	Classic string            // the URL of another way into the primary's portal, which itself redirects

	CheckEvery     time.Duration
	UnhealthyAfter int // so many answers in a row turn what is thought of the primary, in either direction
	TTL            time.Duration
}

// Domain is one. All its methods may be called from several goroutines.
type Domain struct {
	cfg    Config
	client *http.Client

	mu        sync.Mutex
	unhealthy bool
	contrary  int // checks in a row that say otherwise
	flaws     []flaw
	tell      func(unhealthy bool)
}

// New is one that thinks well of the primary. Its health checks ask by the client.
func New(c Config, client *http.Client) *Domain {
	asks := *client
	asks.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Domain{cfg: c, client: &asks, tell: func(bool) {}}
}

// Noticed lets tell know from now on when the primary is thought otherwise of. It must return at once.
func (d *Domain) Noticed(tell func(unhealthy bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tell = tell
}

// Answer is Route 53's: the host of the redirector to ask, and how long that may be remembered.
func (d *Domain) Answer() (host string, ttl time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return names.VanityHost(d.leads(d.unhealthy), d.cfg.Host), d.cfg.TTL
}

// leads is the Region to which people are led. With mu held.
func (d *Domain) leads(unhealthy bool) string {
	if i := slices.IndexFunc(d.flaws, func(f flaw) bool { return f.mode == Stale }); i >= 0 {
		return d.flaws[i].stuck
	}
	if unhealthy {
		return d.cfg.Regions[min(1, len(d.cfg.Regions)-1)]
	}
	return d.cfg.Regions[0]
}

// Redirector of a Region sends whoever asks to the Region's portal. The answer isn't to be kept: DNS alone says where
// people are led.
func (d *Domain) Redirector(region string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		to := d.location(region)
		d.mu.Unlock()
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, to, http.StatusFound)
	})
}

// location is where a redirector sends people. With mu held.
func (d *Domain) location(region string) string {
	if d.has(TwoHops) {
		return d.cfg.Classic
	}
	return d.cfg.Portals[region]
}

// Check asks for the primary's portal at once, and then every so often until ctx ends.
func (d *Domain) Check(ctx context.Context) {
	every := time.NewTicker(d.cfg.CheckEvery)
	defer every.Stop()
	for ctx.Err() == nil {
		well := d.ask(ctx)
		if ctx.Err() != nil {
			return // whatever that broke off is no answer
		}
		d.heed(well)
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
}

// ask tells whether the primary's portal answers with a page or a redirect: 2xx or 3xx, as Route 53 has it. That is far
// from being able to sign in there.
func (d *Domain) ask(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, min(checkLimit, d.cfg.CheckEvery))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.cfg.Portals[d.cfg.Regions[0]], nil)
	if err != nil {
		return false
	}
	answer, err := d.client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	return answer.StatusCode >= 200 && answer.StatusCode < 400
}

// heed is a health check's result.
func (d *Domain) heed(well bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.counts(well) != d.unhealthy {
		d.contrary = 0
		return
	}
	if d.contrary++; d.contrary >= d.cfg.UnhealthyAfter {
		d.contrary, d.unhealthy = 0, !d.unhealthy
		d.tell(d.unhealthy)
	}
}

// counts tells whether a result is taken for a good one. With mu held.
func (d *Domain) counts(well bool) bool { return well || d.has(GreenWhileRed) }
