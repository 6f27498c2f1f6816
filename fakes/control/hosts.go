package control

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// Hosts serves handlers by their host names. Until some are put up it serves nothing.
type Hosts struct {
	served atomic.Pointer[map[string]http.Handler]
}

// PutUp serves these hosts and no other, and lists them.
func (h *Hosts) PutUp(handlers map[string]http.Handler) []string {
	h.served.Store(&handlers)
	names := make([]string, 0, len(handlers))
	for name := range handlers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Up tells whether anything is served.
func (h *Hosts) Up() bool { return h.served.Load() != nil }

// ServeHTTP routes by the host. Of who serves nothing yet, as while it starts, any host may come to be served.
func (h *Hosts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	served := h.served.Load()
	if served == nil {
		http.Error(w, "Nothing is served here yet.", http.StatusServiceUnavailable)
		return
	}
	name, _, _ := strings.Cut(r.Host, ":")
	if handler := (*served)[name]; handler != nil {
		handler.ServeHTTP(w, r)
		return
	}
	http.Error(w, "This host isn't served here.", http.StatusMisdirectedRequest)
}
