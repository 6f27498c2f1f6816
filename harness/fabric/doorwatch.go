package fabric

import "net/http"

// byDoor is the key of a dial's context that says that a client of a door dials.
type byDoor struct{}

// ByDoor tells whether a request came by a door: from another process, and not from a probe in this one.
func ByDoor(r *http.Request) bool {
	c, ok := r.Context().Value(connection{}).(*end)
	return ok && c.pipe.byDoor
}

// Missed lets tell know of clients of the doors who were not connected to a host of the table: because of a rule, or
// because they gave up while one held them. It is called from several goroutines; a later call replaces it.
func (f *Fabric) Missed(tell func(from, host string, err error)) { f.onMissed.Store(&tell) }

func (f *Fabric) missed(from, host string, err error) {
	if tell := f.onMissed.Load(); tell != nil && f.knows(host) {
		(*tell)(from, host, err)
	}
}
