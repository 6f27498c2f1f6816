package kms

import "time"

// The waiting period of a deletion, in days.
const (
	day       = 24 * time.Hour
	minWindow = 7
	maxWindow = 30
)

// key is what all replicas share.
type key struct {
	id          string
	multiRegion bool
	materials   []material // the last is the one that seals
	rotation    rotation
	primary     string              // Region
	replicas    map[string]*replica // by Region, the primary among them
}

// replica is a key in one Region, with what it shares with none: state, policy, description, tags, aliases and grants.
type replica struct {
	key         *key
	arn         string
	region      string
	policy      *policy
	description string
	tags        map[string]string
	aliases     map[string]*alias // by name
	grants      []*grant
	created     time.Time
	state       State
	until       time.Time // when Creating, Updating or PendingDeletion ends; zero: not by itself
	window      int       // days of a scheduled deletion
}

func (r *replica) primary() bool { return r.region == r.key.primary }

// keyType is PRIMARY or REPLICA.
func (r *replica) keyType() string {
	if r.primary() {
		return "PRIMARY"
	}
	return "REPLICA"
}

// settle brings the key and its replicas to where they are at the time.
func (k *key) settle(now time.Time) {
	k.rotateUntil(now)
	for region, r := range k.replicas {
		switch {
		case r.until.IsZero() || now.Before(r.until):
		case r.state == Creating || r.state == Updating:
			r.state, r.until = Enabled, time.Time{}
		case r.state == PendingDeletion:
			delete(k.replicas, region)
		}
	}
	// The waiting period of a primary begins when its last replica is gone; here, when that is noticed.
	if p, ok := k.replicas[k.primary]; ok && p.state == PendingReplicaDeletion && p.window > 0 && len(k.replicas) == 1 {
		p.state, p.until = PendingDeletion, now.Add(time.Duration(p.window)*day)
	}
}

// schedule begins a deletion. A primary with replicas waits for them first.
func (r *replica) schedule(now time.Time, days int) {
	r.window = days
	if r.primary() && len(r.key.replicas) > 1 {
		r.state, r.until = PendingReplicaDeletion, time.Time{}
		return
	}
	r.state, r.until = PendingDeletion, now.Add(time.Duration(days)*day)
}
