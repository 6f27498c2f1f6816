package idp

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
	contract "github.com/regiondrill/regiondrill/harness/pages"
)

// What becomes of an AssertionConsumerServiceIndex.
const (
	ACSIndexHonoured = "honoured"
	ACSIndexIgnored  = "ignored"
)

// SetACS registers these assertion consumer services in place of the present ones; the first is the default, and with
// none every sign-in is refused. It is what an administrator does in a failover where the provider has room for one
// ACS URL only. People who are about to sign in when it is called are held to the new list.
func (p *IdP) SetACS(list []ACS) error {
	for i, a := range list {
		if err := absolute(a.URL); err != nil {
			return fmt.Errorf("registering an ACS: %w", err)
		}
		if a.Index < 0 || a.Index > 65535 {
			return fmt.Errorf("registering the ACS %s: the index %d is not in 0 to 65535", a.URL, a.Index)
		}
		if slices.ContainsFunc(list[:i], func(b ACS) bool { return b.URL == a.URL || b.Index == a.Index }) {
			return fmt.Errorf("registering the ACS %s: its URL or index %d is there already", a.URL, a.Index)
		}
	}
	list = slices.Clone(list)
	p.acs.Store(&list)
	return nil
}

// ACS lists the registered assertion consumer services, the default first.
func (p *IdP) ACS() []ACS { return slices.Clone(*p.acs.Load()) }

// choose finds the ACS for an AuthnRequest: by its URL, else by its index, else the default.
func (p *IdP) choose(q *authnRequest) (string, *failure) {
	switch {
	case p.alwaysDefault:
		return p.registered("")
	case q.acsURL != "" || q.acsIndex < 0 || p.dialect.ignoresIndex:
		return p.registered(q.acsURL)
	}
	list := p.known()
	i := slices.IndexFunc(list, func(a ACS) bool { return a.Index == q.acsIndex })
	if i < 0 {
		return "", p.refusesACS("", fmt.Sprintf("The application asked for its ACS URL with the index %d. "+
			"None is registered with that index.", q.acsIndex))
	}
	return list[i].URL, nil
}

// registered is the URL if it is registered, and the default if it is empty.
func (p *IdP) registered(url string) (string, *failure) {
	list := p.known()
	if url == "" {
		if len(list) == 0 {
			return "", p.refusesACS("", "The application has no ACS URL registered.")
		}
		return list[0].URL, nil
	}
	if !slices.ContainsFunc(list, func(a ACS) bool { return a.URL == url }) {
		return "", p.refusesACS(url, "The application asked for the answer to be sent to "+whose(url)+
			". That ACS URL is not registered.")
	}
	return url, nil
}

// refusesACS says in the vendor's words that an ACS URL is not registered, and beside them what that means here.
func (p *IdP) refusesACS(asked, note string) *failure {
	f := p.dialect.words.acsRefused(clipped(asked), p.app.Issuer)
	f.token, f.note = contract.Lab().ACSRefused, note
	return f
}

// maxShown is how much of what a request asks for a page repeats, in bytes.
const maxShown = 512

func clipped(text string) string {
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// whose names the host of an ACS URL, and where that is a Region's the Region too, so that whoever finds the page in a
// report knows what to register.
func whose(acs string) string {
	u, err := url.Parse(acs)
	if err != nil || u.Host == "" {
		return "a URL that can't be read"
	}
	host := clipped(u.Host)
	if region, _, _ := strings.Cut(u.Hostname(), "."); names.IsRegion(region) {
		host += ", which is in the Region " + region
	}
	return host
}
