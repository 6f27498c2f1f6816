package idp

import (
	"maps"
	"slices"
	"strings"
)

// AssertionFlaws are what can be wrong with a response, and KeyFlaws with the key that signs it.
func AssertionFlaws() []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(messageFlaws())), maps.Keys(documentFlaws()))
	return slices.Sorted(slices.Values(append(all, flawReplay)))
}

// KeyFlaws lists them.
func KeyFlaws() []string { return []string{keyRotated, keyOld, keyExpired} }

const (
	flawReplay = "replay"  // the response that the person had the last time
	keyRotated = "rotated" // a new key, whose certificate is in the metadata in place of the old one
	keyOld     = "old_key" // a key of years ago, while the metadata shows the one that Identity Center knows
	keyExpired = "expired" // a key whose certificate is in the metadata, was imported, and has expired since
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
