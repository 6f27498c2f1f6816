package idp

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

// Flaw is something that the provider gets wrong, on top of how its administrator has set it up. Flaws lie on each
// other, and each is mended alone.
type Flaw struct {
	Name string
	// ACS are the URLs to which responses have it; empty: all.
	ACS []string
	// Assertion says what is wrong with responses; empty: nothing. It is one of AssertionFlaws.
	Assertion string
	// Key says with which key responses are signed; empty: the provider's. It is one of KeyFlaws.
	Key string
	// Unregistered makes the ACS URLs unknown to the provider, but for those of Registered, which it then knows.
	Unregistered bool
	Registered   []string
	// Stopped is that its provisioning doesn't run: nothing is pushed by SCIM.
	Stopped bool
}

// flaws are those that a provider has now.
type flaws struct {
	mu   sync.RWMutex
	all  []Flaw
	keys map[string]*keys     // by the flaw's name
	last map[[2]string]string // the responses that were issued last, by person and ACS
}

// maxReplays bounds how many responses are kept for a replay: some 6 MB.
const maxReplays = 1_000

// GetWrong lets the provider have a flaw from now on. One of the same name is replaced. Its error says what is wrong
// with the flaw.
func (p *IdP) GetWrong(f Flaw) error {
	if f.Name == "" {
		return errors.New("a flaw needs a name, to be mended by")
	}
	if f.Assertion != "" && !slices.Contains(AssertionFlaws(), f.Assertion) {
		return fmt.Errorf("there is no flaw %q of an assertion", f.Assertion)
	}
	var made *keys
	if f.Key != "" {
		if !slices.Contains(KeyFlaws(), f.Key) {
			return fmt.Errorf("there is no flaw %q of a key", f.Key)
		}
		var err error
		if made, err = p.flawedKeys(f.Key); err != nil {
			return err
		}
	}
	p.flaws.mu.Lock()
	defer p.flaws.mu.Unlock()
	p.flaws.drop(f.Name)
	p.flaws.all = append(p.flaws.all, f)
	if made != nil {
		p.flaws.keys[f.Name] = made
	}
	return nil
}

// Mend takes a flaw back by its name. That there is none is no error.
func (p *IdP) Mend(name string) {
	p.flaws.mu.Lock()
	defer p.flaws.mu.Unlock()
	p.flaws.drop(name)
}

// Stopped are the names of the flaws by which nothing is pushed, none where it is. Who pushes asks.
func (p *IdP) Stopped() []string {
	p.flaws.mu.RLock()
	defer p.flaws.mu.RUnlock()
	var names []string
	for _, f := range p.flaws.all {
		if f.Stopped {
			names = append(names, f.Name)
		}
	}
	return names
}

// drop forgets a flaw. With mu held.
func (f *flaws) drop(name string) {
	f.all = slices.DeleteFunc(f.all, func(other Flaw) bool { return other.Name == name })
	delete(f.keys, name)
}

// imported are the certificates that Identity Center must have for a flaw to be what it is: none, for most.
func (p *IdP) imported(flaw string) pki.Certificates {
	p.flaws.mu.RLock()
	defer p.flaws.mu.RUnlock()
	for _, f := range p.flaws.all {
		if f.Name == flaw && f.Key == keyExpired {
			return pki.Certificates{p.flaws.keys[flaw].Signer.Cert}
		}
	}
	return nil
}

// flawedKeys are a key that Identity Center doesn't know, or whose certificate has expired.
func (p *IdP) flawedKeys(kind string) (*keys, error) {
	now := p.now()
	from, until := now.Add(-time.Hour), now.AddDate(10, 0, 0)
	switch kind {
	case keyOld:
		from = now.AddDate(-3, 0, 0)
	case keyExpired:
		from, until = now.AddDate(-3, 0, 0), now.Add(-time.Hour)
	}
	signer, err := pki.NewSignerFor(p.host, p.Keys().Signer.Bits(), from, until)
	if err != nil {
		return nil, err
	}
	made := &keys{Keys: Keys{signer, pki.Certificates{signer.Cert}}, signer: xmldsig.NewSigner(signer.Key, signer.Cert)}
	if kind == keyOld {
		made.Shown = p.Keys().Shown
	}
	made.document, err = p.dialect.metadata(p, made)
	return made, err
}

// of are the flaws of what is sent to an ACS.
func (f *flaws) of(acs string) []Flaw {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var on []Flaw
	for _, flaw := range f.all {
		if len(flaw.ACS) == 0 || slices.Contains(flaw.ACS, acs) {
			on = append(on, flaw)
		}
	}
	return on
}

// keysFor are those with which a response to an ACS is signed.
func (p *IdP) keysFor(acs string) *keys {
	used := p.keys.Load()
	p.flaws.mu.RLock()
	defer p.flaws.mu.RUnlock()
	for _, flaw := range p.flaws.all {
		if made := p.flaws.keys[flaw.Name]; made != nil && (len(flaw.ACS) == 0 || slices.Contains(flaw.ACS, acs)) {
			used = made
		}
	}
	return used
}

// shown is the metadata that is served: that of a key which is used for all ACS URLs, and the administrator's else.
func (p *IdP) shown() *keys { return p.keysFor("") }

// known are the ACS URLs that the provider knows now, the default first.
func (p *IdP) known() []ACS {
	list := *p.acs.Load()
	p.flaws.mu.RLock()
	defer p.flaws.mu.RUnlock()
	for _, flaw := range p.flaws.all {
		if !flaw.Unregistered {
			continue
		}
		list = slices.DeleteFunc(slices.Clone(list), func(a ACS) bool { return slices.Contains(flaw.ACS, a.URL) })
		for _, url := range flaw.Registered {
			list = append(list, ACS{URL: url, Index: free(list)})
		}
	}
	return list
}

// free is an index that no ACS of the list has.
func free(list []ACS) int {
	index := 0
	for slices.ContainsFunc(list, func(a ACS) bool { return a.Index == index }) {
		index++
	}
	return index
}

// replayed is the response that a person had the last time for an ACS, where a flaw has it sent again.
func (p *IdP) replayed(to grant, on []Flaw) (string, bool) {
	if !slices.ContainsFunc(on, func(f Flaw) bool { return f.Assertion == flawReplay }) {
		return "", false
	}
	p.flaws.mu.RLock()
	defer p.flaws.mu.RUnlock()
	response, ok := p.flaws.last[to.slot()]
	return response, ok
}

// slot is where a response is kept: a canary's are its own.
func (to grant) slot() [2]string {
	if to.canary {
		return [2]string{"", to.acs}
	}
	return [2]string{to.person, to.acs}
}

// keep remembers a response, for a replay.
func (p *IdP) keep(to grant, response string) {
	p.flaws.mu.Lock()
	defer p.flaws.mu.Unlock()
	if len(p.flaws.last) >= maxReplays {
		clear(p.flaws.last)
	}
	p.flaws.last[to.slot()] = response
}
