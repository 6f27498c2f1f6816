package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"

	"github.com/regiondrill/regiondrill/harness/history"
)

// place is a host in words: "the portal of us-east-1", "the identity provider".
func (u *person) place(at *url.URL) string {
	loc, known := u.world.Locate(at.Hostname())
	switch {
	case !known:
		return at.Hostname()
	case loc.Service == "idp":
		return "the identity provider"
	}
	words := map[string]string{"portal": "the portal", "signin": "the sign-in service", "portal_api": "the portal's API",
		"oidc": "the OIDC API", "kms": "KMS"}
	word := words[loc.Service]
	if word == "" {
		word = "the service " + loc.Service
	}
	return word + " of " + loc.Place
}

// broken is a request that got no answer. Nothing of the address but the place goes into its words.
func (u *person) broken(at *url.URL, err error) *failure {
	class, what := classOf(err)
	loc, _ := u.world.Locate(at.Hostname())
	if loc.Service == "idp" && class != history.ClassTLS && class != history.ClassDNS {
		class = history.ClassIdPUnavailable
	}
	return &failure{class, u.place(at) + " " + what}
}

// classOf is the class of an error of the network, and what it is in words.
func classOf(err error) (history.Class, string) {
	var (
		dns      *net.DNSError
		header   tls.RecordHeaderError
		alert    tls.AlertError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		timeout  net.Error
	)
	switch {
	case errors.As(err, &dns):
		return history.ClassDNS, "is not known by name"
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &verify):
		return history.ClassTLS, "has a certificate that can't be trusted"
	case errors.As(err, &header), errors.As(err, &alert):
		return history.ClassTLS, "broke the TLS handshake"
	case errors.Is(err, syscall.ECONNREFUSED):
		return history.ClassRefused, "refused the connection"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return history.ClassTimeout, "did not answer in time"
	case errors.Is(err, context.Canceled):
		return history.ClassStopped, "was not waited for"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return history.ClassReset, "reset the connection"
	}
	return history.ClassReset, "broke the connection"
}

// refused is a request that was answered with an error.
func (u *person) refused(at *url.URL, status int, p *page) *failure {
	loc, _ := u.world.Locate(at.Hostname())
	where, token := u.place(at), ""
	if p != nil {
		token = p.error[:min(len(p.error), 40)]
	}
	switch {
	case loc.Service == "idp" && token == u.world.Pages.ACSRefused:
		u.a.Refused = u.world.ACSOf(u.sender())
		return &failure{history.ClassIdPACSRefused, "the identity provider refused the ACS URL of " + u.sender()}
	case loc.Service == "idp" && status >= 500:
		return &failure{history.ClassIdPUnavailable, fmt.Sprintf("%s answered %d", where, status)}
	case status == http.StatusTooManyRequests:
		return &failure{history.ClassThrottled, fmt.Sprintf("%s answered that there are too many requests", where)}
	case loc.Service == "signin" && token != "":
		return &failure{history.ClassACSRejected, fmt.Sprintf("%s rejected the sign-in (%s)", where, token)}
	case loc.Service == "portal" && token != "":
		return &failure{history.ClassPortalError, fmt.Sprintf("%s showed an error (%s)", where, token)}
	case loc.Service == "portal_api" && status < 500: // the page shows it to the person, as a browser's probe sees it
		return &failure{history.ClassPortalError, fmt.Sprintf("%s answered %d", where, status)}
	case status >= 500:
		return &failure{history.ClassHTTP5xx, fmt.Sprintf("%s answered %d", where, status)}
	case status >= 400:
		return &failure{history.ClassHTTP4xx, fmt.Sprintf("%s answered %d", where, status)}
	}
	return &failure{history.ClassWrongContent, fmt.Sprintf("%s showed an error (%s)", where, token)}
}

// sender is the Region that sent the person to the identity provider.
func (u *person) sender() string {
	for i := len(u.a.Steps) - 1; i >= 0; i-- {
		if u.a.Steps[i].Region != "" {
			return u.a.Steps[i].Region
		}
	}
	return u.a.Home
}
