package idp

import (
	"crypto/subtle"
	"fmt"
	"sync"
)

// directory is who there is at the provider, and which applications they may use.
type directory struct {
	mu     sync.RWMutex
	people map[string]Person
	apps   map[string]assignment // by the Region of a bookmark; the application itself is ""
}

// assignment of an application. Most have it for everybody but a few, or for a few.
type assignment struct {
	everybody bool
	except    map[string]bool
}

func (a assignment) has(person string) bool { return a.everybody != a.except[person] }

func newDirectory(c Config) *directory {
	d := &directory{people: make(map[string]Person, len(c.People)), apps: map[string]assignment{}}
	for _, person := range c.People {
		d.people[person.UserName] = person
	}
	assigned := func(app string, to []string) {
		d.apps[app] = assignment{everybody: to == nil, except: map[string]bool{}}
		for _, person := range to {
			d.apps[app].except[person] = true
		}
	}
	assigned("", c.App.Assigned)
	for _, b := range c.App.Bookmarks {
		assigned(b.Region, b.Assigned)
	}
	return d
}

// is tells whether the password is the person's. It is compared without a slow hash, which would sit in every sign-in
// that is measured.
func (p Person) is(password string) bool {
	return subtle.ConstantTimeCompare([]byte(p.Password), []byte(password)) == 1
}

func (d *directory) find(userName string) (Person, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found, ok := d.people[userName]
	return found, ok
}

// enabled tells whether somebody may be signed in, which may change while they are.
func (d *directory) enabled(userName string) bool {
	found, ok := d.find(userName)
	return ok && !found.Disabled
}

func (d *directory) assigned(app, userName string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.apps[app].has(userName)
}

// SetDisabled deactivates somebody, or takes that back, and tells how it was before. Their sessions at the provider end
// with it; those at Identity Center go on until it learns of it. Its error is that there is no such person.
func (p *IdP) SetDisabled(userName string, disabled bool) (before bool, err error) {
	d := p.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	person, ok := d.people[userName]
	if !ok {
		return false, fmt.Errorf("there is nobody of the user name %q", userName)
	}
	before, person.Disabled = person.Disabled, disabled
	d.people[userName] = person
	return before, nil
}

// Assign gives somebody an application or takes it from them, and tells whether they had it before. The application is
// "" for that of IAM Identity Center, and the Region for a bookmark. Its error is that there is no such person or no
// such application.
func (p *IdP) Assign(app, userName string, assigned bool) (before bool, err error) {
	d := p.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	a, there := d.apps[app]
	if _, ok := d.people[userName]; !ok {
		return false, fmt.Errorf("there is nobody of the user name %q", userName)
	}
	if !there {
		return false, fmt.Errorf("there is no bookmark of the Region %q", app)
	}
	before = a.has(userName)
	if a.everybody == assigned {
		delete(a.except, userName)
	} else {
		a.except[userName] = true
	}
	return before, nil
}
