package system

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/pages"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// external puts the names of a provider up that nobody here starts. It stands behind the fabric's edge like everything
// else: people reach it by the door of their place, and every rule acts on the way to it.
func (p *parts) external(e *harness.ExternalIdP) (identitycenter.IdPTrust, error) {
	var none identitycenter.IdPTrust
	sso, err := url.Parse(e.SSOURL)
	if err != nil || sso.Hostname() == "" {
		return none, errors.New("the metadata of the external identity provider was not read")
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute,
		ResponseHeaderTimeout: time.Minute}
	hangUp := func(context.Context) error { transport.CloseIdleConnections(); return nil }
	if _, err := p.back.Push(rollback.Intent{}, hangUp); err != nil {
		return none, err
	}
	at := map[string]string{sso.Hostname(): e.URL}
	for _, host := range e.Hosts {
		at[host] = "https://" + host
	}
	for host, where := range at {
		u, err := url.Parse(where)
		if err != nil {
			return none, fmt.Errorf("reaching the identity provider at %q: %w", where, err)
		}
		if err := p.Serve(host, names.IdPPlace, "idp", passingOn(u, transport)); err != nil {
			return none, err
		}
	}
	trust := identitycenter.IdPTrust{EntityID: e.EntityID, SSOURL: e.SSOURL, Certificates: e.Certificates}
	return trust, nil
}

// passingOn hands requests to where a host is, which learns by what name and how it was asked.
func passingOn(at *url.URL, by http.RoundTripper) http.Handler {
	return Whole(maxCall, &httputil.ReverseProxy{
		Transport: by,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = at.Scheme, at.Host, r.In.Host
			r.Out.Header.Set("X-Forwarded-Host", r.In.Host)
			r.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "The identity provider can't be reached.", http.StatusBadGateway)
		},
	})
}

// dashboard is where the provider's tiles are; of an external one it is not known, and its front page stands for it.
func (s *Site) dashboard() string {
	if e := s.Topology.IdP.External; e != nil {
		if u, err := url.Parse(e.SSOURL); err == nil {
			return "https://" + u.Host + "/"
		}
	}
	return "https://" + names.IdPHost(s.Topology.IdP.Dialect) + "/"
}

func (s *Site) pages() pages.Driver {
	if s.Topology.IdP.External != nil {
		return pages.Plain()
	}
	return pages.Lab()
}
