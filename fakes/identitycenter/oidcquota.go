package identitycenter

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// quota is how often something may be asked in a Region.
type quota struct {
	operations string // that share it
	rate       int    // requests a second, and how many of them may come at once
	per        string // whom it holds for, each for itself
}

const (
	perAddress  = "remote address"
	perClient   = "public client"
	perInstance = "instance"
)

// oidcQuotas are those of the OIDC API (IAM Identity Center User Guide, "IAM Identity Center quotas"). Each Region has
// its own.
var oidcQuotas = []quota{
	{"RegisterClient", 20, perAddress},
	{"CreateToken StartDeviceAuthorization", 80, perClient},
	{"CreateToken", 250, perInstance},
}

// mayAsk tells whether a request is within all the quotas of its operation.
func (r *Replica) mayAsk(operation string, req *http.Request, client string) bool {
	if !r.cfg.Behaviour.Quotas {
		return true
	}
	address, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		address = req.RemoteAddr
	}
	now, of := r.now(), map[string]string{perAddress: address, perClient: client, perInstance: ""}
	for _, q := range oidcQuotas {
		for o := range strings.FieldsSeq(q.operations) {
			if o == operation && !r.quotas.take(q.per+strconv.Itoa(q.rate)+of[q.per], q.rate, now) {
				return false
			}
		}
	}
	return true
}

// quotas are the buckets of those who ask, on the Region's clock.
type quotas struct {
	mu      sync.Mutex
	buckets *shelf[digest, *rate.Limiter]
}

// bucketLife is how long the bucket of who has stopped asking is kept. It is full after a second.
const (
	bucketLife = 10 * time.Second
	maxBuckets = 10_000
)

func newQuotas() *quotas { return &quotas{buckets: newShelf[digest, *rate.Limiter](maxBuckets)} }

// take takes one from who's bucket, into which so many run each second, if there is one.
func (q *quotas) take(who string, each int, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := digestOf(who)
	b, ok := q.buckets.get(key, now)
	if !ok {
		b = rate.NewLimiter(rate.Limit(each), each)
	}
	q.buckets.put(key, b, now, now.Add(bucketLife))
	return b.AllowN(now, 1)
}
