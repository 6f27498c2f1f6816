package idp

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/control"
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
}

// AssertionFlaws are what can be wrong with a response, and KeyFlaws with the key that signs it.
func AssertionFlaws() []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(messageFlaws())), maps.Keys(documentFlaws()))
	return slices.Sorted(slices.Values(append(all, flawReplay)))
}

// KeyFlaws lists them.
func KeyFlaws() []string { return []string{keyRotated, keyOld} }

const (
	flawReplay = "replay"  // the response that the person had the last time
	keyRotated = "rotated" // a new key, whose certificate is in the metadata in place of the old one
	keyOld     = "old_key" // a key of years ago, while the metadata shows the one that Identity Center knows
)

// messageFlaws change what a response says.
func messageFlaws() map[string]func(*message) {
	return map[string]func(*message){
		"expired":        func(m *message) { m.issued = m.issued.AddDate(0, 0, -1) },
		"wrong_audience": func(m *message) { m.audience += "-of-another-instance" },
		"name_id_mismatch": func(m *message) { // a directory's own name of people in place of that which was provisioned
			local, domain, _ := strings.Cut(m.nameID, "@")
			m.nameID = local + "@corp." + domain
		},
	}
}

// documentFlaws change a response before it is signed.
func documentFlaws() map[string]func(p *IdP, response, assertion *element) []*element {
	return map[string]func(p *IdP, response, assertion *element) []*element{
		"wrong_recipient": func(_ *IdP, _, assertion *element) []*element {
			walk(assertion, "SubjectConfirmationData", func(e *element) { set(e, "Recipient", "https://elsewhere.invalid/acs") })
			return []*element{assertion}
		},
		"two_assertions": func(p *IdP, response, assertion *element) []*element {
			second := clone(assertion)
			set(second, "ID", p.dialect.newID())
			response.Children = append(response.Children, second)
			return []*element{assertion, second}
		},
		"encrypted": func(_ *IdP, response, assertion *element) []*element {
			if i := slices.Index(response.Children, assertion); i >= 0 {
				response.Children[i] = encrypted(assertion.Name)
			}
			return nil
		},
		"oversize": func(_ *IdP, _, assertion *element) []*element {
			walk(assertion, "AttributeValue", func(e *element) { e.Text = strings.Repeat("group-", maxOversize/len("group-")) })
			return []*element{assertion}
		},
	}
}

// maxOversize is more than the 50,000 characters that IAM Identity Center takes (IAM Identity Center User Guide,
// "Quotas"), as of somebody who is in a thousand groups.
const maxOversize = 60_000

// encrypted is an assertion that was encrypted for somebody (SAML 2.0 Core, 2.3.4). Nobody could decrypt it.
func encrypted(assertion string) *element {
	const xenc = "http://www.w3.org/2001/04/xmlenc#"
	prefix, _, _ := strings.Cut(assertion, ":")
	if prefix == assertion {
		prefix = ""
	}
	name, declares := "EncryptedAssertion", "xmlns"
	if prefix != "" {
		name, declares = prefix+":"+name, declares+":"+prefix
	}
	return &element{Name: name, Attrs: attrs(declares, assertionNamespace), Children: []*element{{
		Name: "xenc:EncryptedData", Attrs: attrs("xmlns:xenc", xenc, "Type", xenc+"Element"), Children: []*element{
			{Name: "xenc:EncryptionMethod", Attrs: attrs("Algorithm", "http://www.w3.org/2009/xmlenc11#aes256-gcm")},
			{Name: "xenc:CipherData", Children: []*element{{Name: "xenc:CipherValue", Text: "AAAA"}}},
		},
	}}}
}

// walk visits the elements of a local name below an element of a message that is not parsed.
func walk(e *element, local string, visit func(*element)) {
	if name := e.Name[strings.IndexByte(e.Name, ':')+1:]; name == local {
		visit(e)
	}
	for _, c := range e.Children {
		walk(c, local, visit)
	}
}

func set(e *element, attribute, value string) {
	for i := range e.Attrs {
		if e.Attrs[i].Name == attribute {
			e.Attrs[i].Value = value
		}
	}
}

func clone(e *element) *element {
	c := *e
	c.Attrs, c.Children = slices.Clone(e.Attrs), nil
	for _, child := range e.Children {
		c.Children = append(c.Children, clone(child))
	}
	return &c
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

// drop forgets a flaw. With mu held.
func (f *flaws) drop(name string) {
	f.all = slices.DeleteFunc(f.all, func(other Flaw) bool { return other.Name == name })
	delete(f.keys, name)
}

// flawedKeys are a key that Identity Center doesn't know.
func (p *IdP) flawedKeys(kind string) (*keys, error) {
	now := p.now()
	from := now.Add(-time.Hour)
	if kind == keyOld {
		from = now.AddDate(-3, 0, 0)
	}
	signer, err := pki.NewSignerFor(p.host, from, now.AddDate(10, 0, 0))
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

// say makes a message say what flaws have it say.
func (m *message) say(on []Flaw) {
	for _, f := range on {
		if change := messageFlaws()[f.Assertion]; change != nil {
			change(m)
		}
	}
}

// spoil does to a response what flaws do to it, and tells which assertions of it are to be signed.
func (p *IdP) spoil(on []Flaw, response, assertion *element) []*element {
	signed := []*element{assertion}
	for _, f := range on {
		if change := documentFlaws()[f.Assertion]; change != nil {
			signed = change(p, response, assertion)
		}
	}
	return signed
}

// Canary is a response that is issued for nobody's sign-in: to see what Identity Center would make of others.
type Canary struct {
	ACS    string // its URL, registered or not
	Person string // user name
}

func (p *IdP) canaryVerb(c Canary) (string, error) {
	if _, ok := p.directory.find(c.Person); !ok {
		return "", fmt.Errorf("there is nobody of the user name %q", c.Person)
	}
	return p.issue(grant{acs: c.ACS, person: c.Person, canary: true})
}

func (p *IdP) flawVerb(f Flaw) (none control.None, err error) { return none, p.GetWrong(f) }

func (p *IdP) mendVerb(name string) (none control.None, err error) {
	p.Mend(name)
	return none, nil
}

// registersVerb tells whether responses may be sent to an ACS URL.
func (p *IdP) registersVerb(url string) (bool, error) {
	_, f := p.registered(url)
	return f == nil && url != "", nil
}
