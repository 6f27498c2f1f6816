package identitycenter

import (
	"context"
	"crypto/x509"
	"maps"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/pki"
)

// beside are certificates of the provider that were imported beside that of the configuration, by the name under which
// they are forgotten again. Every Region is told of them by itself, as if they had come with the replication long ago.
type beside struct {
	mu     sync.RWMutex
	byName map[string]pki.Certificates
}

// Imports are certificates of the provider that a Region trusts.
type Imports struct {
	Name         string
	Certificates pki.Certificates // none: those of the name are forgotten
}

func (b *beside) set(i Imports) {
	b.mu.Lock()
	defer b.mu.Unlock()
	byName := maps.Clone(b.byName)
	if byName == nil {
		byName = map[string]pki.Certificates{}
	}
	if byName[i.Name] = i.Certificates; len(i.Certificates) == 0 {
		delete(byName, i.Name)
	}
	b.byName = byName
}

// with are these certificates and those beside them.
func (b *beside) with(certificates pki.Certificates) []*x509.Certificate {
	b.mu.RLock()
	defer b.mu.RUnlock()
	all := slices.Clip([]*x509.Certificate(certificates))
	for _, name := range slices.Sorted(maps.Keys(b.byName)) {
		all = append(all, b.byName[name]...)
	}
	return all
}

func (s *Server) trust(_ context.Context, i Imports) (none control.None, err error) {
	r, err := s.standing()
	if err == nil {
		r.beside.set(i)
	}
	return none, err
}
