package system

import (
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
)

// NewSigner begins to make the identity provider's signing key, and gives what waits for it.
func NewSigner() func() (*pki.Signer, error) {
	type made struct {
		signer *pki.Signer
		err    error
	}
	now, done := time.Now(), make(chan made, 1)
	go func() {
		var m made
		m.err = harness.Guard("making a key", func() (err error) {
			m.signer, err = pki.NewSigner("Acme identity provider", now)
			return err
		})
		done <- m
	}()
	return func() (*pki.Signer, error) {
		m := <-done
		return m.signer, m.err
	}
}
