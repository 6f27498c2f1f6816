package fabric

import (
	"fmt"
	"strings"
	"time"
)

// alias is a name that leads to other hosts, now to this one and now to that (a CNAME record: RFC 1034, section 3.6.2).
// Each place has a resolver, which keeps an answer for its time to live and tells it to everybody there.
type alias struct {
	answer func() (host string, ttl time.Duration)
	routes map[string]*route    // what is dialled, by the host that was answered
	kept   map[string]dnsAnswer // by place
}

// dnsAnswer is the host that a name leads to, and how long that may be remembered.
type dnsAnswer struct {
	host  string
	until time.Time
}

// Alias puts a name up that leads to one of the hosts, which are in the table already: to whichever answer says when a
// place that remembers none looks it up. A client speaks TLS with the name that it has asked for, and so does its
// request; rules act on the host that was answered, and a lookup of it.
func (f *Fabric) Alias(name string, hosts []string, answers func() (host string, ttl time.Duration)) error {
	a := &alias{answer: answers, routes: map[string]*route{}, kept: map[string]dnsAnswer{}}
	name = strings.ToLower(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.routes[name] != nil || f.aliases[name] != nil {
		return fmt.Errorf("putting up %s: the name is taken", name)
	}
	for _, host := range hosts {
		to := f.routes[host]
		if to == nil || !to.edge {
			return fmt.Errorf("putting up %s: no host %s of ours", name, host)
		}
		r, err := f.served(name, to.place, to.handler)
		if err != nil {
			return err
		}
		a.routes[host] = r
	}
	f.aliases[name] = a
	return nil
}

// find is where a name leads for somebody in a place: the host that is looked up and dialled, and what is there. It is
// nil where there is no such name. What the name's owner answers is asked without a lock.
func (f *Fabric) find(from, name string) (host string, r *route) {
	f.mu.Lock()
	a := f.aliases[name]
	if a == nil {
		defer f.mu.Unlock()
		return name, f.routes[name]
	}
	kept, now := a.kept[from], time.Now()
	f.mu.Unlock()
	if now.Before(kept.until) {
		return kept.host, a.routes[kept.host]
	}
	host, ttl := a.answer()
	f.mu.Lock()
	defer f.mu.Unlock()
	a.kept[from] = dnsAnswer{host, now.Add(ttl)}
	return host, a.routes[host]
}
