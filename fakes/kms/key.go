package kms

import (
	"crypto/cipher"
	"time"
)

// State is the key state of one replica (KMS Developer Guide, "Key states of AWS KMS keys").
type State string

// The key states that replicas here can be in.
const (
	Creating               State = "Creating"
	Enabled                State = "Enabled"
	Disabled               State = "Disabled"
	PendingDeletion        State = "PendingDeletion"
	PendingReplicaDeletion State = "PendingReplicaDeletion"
	Unavailable            State = "Unavailable"
	Updating               State = "Updating"
)

func states() []State {
	return []State{Creating, Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, Unavailable, Updating}
}

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
	material    cipher.AEAD
	primary     string              // Region
	replicas    map[string]*replica // by Region, the primary among them
}

// replica is a key in one Region, with what it shares with none: state, policy and description.
type replica struct {
	key         *key
	arn         string
	region      string
	policy      *policy
	description string
	created     time.Time
	state       State
	until       time.Time // when Creating or PendingDeletion ends; zero: not by itself
	window      int       // days of a scheduled deletion
}

func (r *replica) primary() bool { return r.region == r.key.primary }

// settle brings the key's replicas to where they are at the time.
func (k *key) settle(now time.Time) {
	for region, r := range k.replicas {
		switch {
		case r.until.IsZero() || now.Before(r.until):
		case r.state == Creating:
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

// usable tells why cryptography is refused, if it is. An Updating key goes on working.
func (r *replica) usable() error {
	if r.state == Disabled {
		return disabled(r.arn)
	}
	return r.settled()
}

// settled tells why the management of the key is refused, if it is.
func (r *replica) settled() error {
	switch r.state {
	case Creating:
		return invalidState(r.arn + " is creating.")
	case PendingDeletion:
		return invalidState(r.arn + " is pending deletion.")
	case PendingReplicaDeletion:
		return invalidState(r.arn + " is pending replica deletion.")
	case Unavailable:
		return invalidState(r.arn + " is unavailable.")
	}
	return nil
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
