package engine

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/samlmetadata"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// external is the dialect of a provider that is none of ours.
const external = "external"

// idp resolves how the identity provider is set up.
func (c *compiler) idp() {
	set := c.s.System.IdP
	c.plan.Topology.IdP = harness.IdPSettings{Dialect: set.Dialect, ACS: set.ACS, Bookmarks: set.Bookmarks, MFA: set.MFA,
		AlwaysDefaultACS: set.AlwaysDefaultACS, Reauthenticate: set.Reauthenticate}
	ours, theirs := []string{"acs", "bookmarks", "mfa", "always_default_acs", "reauthenticate"},
		[]string{"metadata", "passwords", "url", "hosts"}
	if set.Dialect != external {
		for _, key := range theirs {
			if c.s.Block.Has("system.idp." + key) {
				c.fail(c.s.Block.Errorf("system.idp."+key, "says nothing without dialect: external"))
			}
		}
		return
	}
	for _, key := range ours {
		if c.s.Block.Has("system.idp." + key) {
			c.fail(c.s.Block.Errorf("system.idp."+key, "says nothing with dialect: external, whose settings are its own"))
		}
	}
	for key, said := range map[string]string{"metadata": set.Metadata, "passwords": set.Passwords} {
		if said == "" {
			c.fail(c.s.Block.Errorf("system.idp.dialect", "an external provider needs the name of a file in %s", key))
		}
	}
	made := &harness.ExternalIdP{Hosts: set.Hosts, Passwords: map[string]string{}}
	if c.metadata(set, made) {
		c.reach(set, made)
	}
	c.passwords(set, made)
	c.plan.Topology.IdP.External = made
}

// metadata reads what the provider says of itself, false where it can't be known.
func (c *compiler) metadata(set scenario.IdP, into *harness.ExternalIdP) bool {
	const key = "system.idp.metadata"
	if set.Read.Metadata == nil {
		return false
	}
	said, err := samlmetadata.Read(set.Read.Metadata)
	if err != nil {
		c.fail(c.s.Block.Errorf(key, "%s %v", set.Metadata, err))
		return false
	}
	into.EntityID, into.SSOURL, into.Certificates = said.EntityID, said.SSOURL, said.Certificates
	at, err := url.Parse(said.SSOURL)
	if err != nil || at.Scheme != "https" || at.Port() != "" && at.Port() != "443" || net.ParseIP(at.Hostname()) != nil ||
		at.Hostname() == "localhost" {
		c.fail(c.s.Block.Errorf(key, "%s says that people sign in at %s, and in a drill that must be https at a host name "+
			"and port 443: give the provider such a name, as https://sso.acme.test, and say by url where it is",
			set.Metadata, said.SSOURL))
		return false
	}
	if isAWS(at.Hostname()) {
		c.fail(c.s.Block.Errorf(key, "%s says that people sign in at %s, which is AWS's and stands in the drill for itself",
			set.Metadata, at.Hostname()))
		return false
	}
	into.URL = set.URL
	if into.URL == "" {
		into.URL = "https://" + at.Host
	}
	return true
}

// isAWS tells whether a host is one of AWS's, which the system under test has itself.
func isAWS(host string) bool {
	return slices.ContainsFunc(names.Domains(), func(d string) bool { return strings.HasSuffix(host, "."+d) })
}

// reach notes what would be asked outside of the system under test. This machine itself needs nobody's word.
func (c *compiler) reach(set scenario.IdP, made *harness.ExternalIdP) {
	at, err := url.Parse(made.URL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.User != nil ||
		strings.Trim(at.Path, "/") != "" || at.RawQuery != "" {
		c.fail(c.s.Block.Errorf("system.idp.url", "must be http or https and a host, and nothing behind it"))
		return
	}
	if ip := net.ParseIP(at.Hostname()); at.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		c.plan.reaches = append(c.plan.reaches, at.Host)
	}
	for i, host := range set.Hosts {
		if u, err := url.Parse("https://" + host); err != nil || u.Host != host || u.Port() != "" || host == "" {
			c.fail(c.s.Block.Errorf(fmt.Sprintf("system.idp.hosts.%d", i), "must be the name of a host"))
			continue
		}
		if sso, _ := url.Parse(made.SSOURL); isAWS(host) || sso.Hostname() == host {
			c.fail(c.s.Block.Errorf(fmt.Sprintf("system.idp.hosts.%d", i), "%s is served already", host))
			continue
		}
		c.plan.reaches = append(c.plan.reaches, host)
	}
}

// passwords reads what people type at the provider, which alone knows them. What is told names lines and never what
// stands in them.
func (c *compiler) passwords(set scenario.IdP, into *harness.ExternalIdP) {
	const key = "system.idp.passwords"
	if set.Read.Passwords == nil {
		return
	}
	lines := bufio.NewScanner(bytes.NewReader(set.Read.Passwords))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		user, password, _ := strings.Cut(line, " ")
		if password = strings.TrimSpace(password); password == "" {
			c.fail(c.s.Block.Errorf(key, "%s: line %d must be a user name, a blank and a password", set.Passwords, n))
			return
		}
		into.Passwords[user] = password
	}
	if err := lines.Err(); err != nil {
		c.fail(c.s.Block.Errorf(key, "%s can't be read by lines: %v", set.Passwords, err))
		return
	}
	for i := range c.s.System.Directory.Users {
		if user := names.User(i+1) + names.UserDomain; into.Passwords[user] == "" {
			c.fail(c.s.Block.Errorf(key, "%s has no line for %s, who is one of directory.users", set.Passwords, user))
			return
		}
	}
}
