package harnesstest

import (
	"context"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Key is a key of handles only, for faults to change. Its zero value is enabled, has the policy "all may", and can be
// used as long as nobody changes either.
type Key struct {
	Refuses error // what every change answers, where it is not to work

	mu                  sync.Mutex
	disabled, scheduled bool
	policy              string // empty: "all may"
}

// Use works while the key is enabled under its first policy.
func (k *Key) Use(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.disabled || k.scheduled || k.policy != "" {
		return refusal{}
	}
	return ctx.Err()
}

// refusal is an error as smithy's APIError is.
type refusal struct{}

func (refusal) Error() string     { return "KMS refuses" }
func (refusal) ErrorCode() string { return "DisabledException" }

func (k *Key) change(do func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Refuses == nil {
		do()
	}
	return k.Refuses
}

// FirstPolicy is that of a key that nobody has changed.
func (k *Key) FirstPolicy() string { return allMay }

// enabled tells whether it is, whatever its policy says.
func (k *Key) enabled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.disabled && !k.scheduled
}

// Revive is somebody else who takes back all that was done to it.
func (k *Key) Revive() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.disabled, k.scheduled, k.policy = false, false, ""
}

func (k *Key) Disable(context.Context) error { return k.change(func() { k.disabled = true }) }
func (k *Key) Enable(context.Context) error  { return k.change(func() { k.disabled = false }) }
func (k *Key) ScheduleDeletion(context.Context) error {
	return k.change(func() { k.scheduled = true })
}
func (k *Key) CancelDeletion(context.Context) error {
	return k.change(func() { k.disabled, k.scheduled = false, false })
}

// allMay is the policy of a key that nobody has touched.
const allMay = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`

// Policy is the one that it has.
func (k *Key) Policy(context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.policy == "" {
		return allMay, nil
	}
	return k.policy, nil
}

// SetPolicy gives it another.
func (k *Key) SetPolicy(_ context.Context, document string) error {
	return k.change(func() {
		if k.policy = document; document == allMay {
			k.policy = ""
		}
	})
}

// State is KMS's word for it.
func (k *Key) State(context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.scheduled:
		return "PendingDeletion", nil
	case k.disabled:
		return "Disabled", nil
	}
	return harness.KeyEnabled, nil
}

// TakeBack takes a change back, as long as nothing else was changed since.
func (k *Key) TakeBack(_ context.Context, c harness.KeyChange) error {
	return k.change(func() {
		if c.Scheduled {
			k.scheduled = false
		}
		if c.Disabled && c.Was == harness.KeyEnabled {
			k.disabled = false
		}
		if c.Put != "" && k.policy == c.Put {
			if k.policy = c.Before; c.Before == allMay {
				k.policy = ""
			}
		}
	})
}

// TakingBack is nothing: it dies with the test.
func (*Key) TakingBack(harness.KeyChange) rollback.Intent { return rollback.Intent{} }
