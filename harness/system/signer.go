package system

import (
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
)

// NewSigner begins to make the identity provider's signing key, of so many bits, and gives what waits for it.
func NewSigner(bits int) func() (*pki.Signer, error) {
	type made struct {
		signer *pki.Signer
		err    error
	}
	now, done := time.Now(), make(chan made, 1)
	go func() {
		var m made
		m.err = harness.Guard("making a key", func() (err error) {
			from, until := pki.Valid(now)
			m.signer, err = pki.NewSignerFor("Acme identity provider", bits, from, until)
			return err
		})
		done <- m
	}()
	return func() (*pki.Signer, error) {
		m := <-done
		return m.signer, m.err
	}
}
