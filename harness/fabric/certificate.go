package fabric

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// certificates are asked at the edge, when a client says hello. Connections that have shaken hands are left alone.
type certificates struct{}

func (certificates) of(e *harness.Effect) bool                { return e.Certificate != nil }
func (certificates) acted(o *observation) bool                { return o.showed.Load() }
func (certificates) shows(*requestCanary, *observation) error { return nil }

func (certificates) pass(c *requestCanary) string {
	return "the edge would show its good certificate of " + c.host
}

// certify asks a rule for the certificate of a host. It may take its time: the context ends with the handshake, when
// the rule is lifted, and when the client has left, which the server does not hear while it doesn't read.
func (l *laid) certify(hello *tls.ClientHelloInfo, p *pipe, host string) (*tls.Certificate, error) {
	ctx, cancel := context.WithCancel(hello.Context())
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	p.there.whenEnded(cancel)
	defer p.there.whenEnded(nil)
	if v := p.visit; v != nil && v.laid == l {
		v.showed.Store(true)
	} else if v != nil && v.laid.rule.Effect.Certificate != nil {
		v.hidden.Store(true)
	}
	return l.rule.Effect.Certificate(ctx, host, l.fabric.issue)
}

// issue is the harness.Issue of the edge.
func (f *Fabric) issue(host string, notBefore, notAfter time.Time) (*tls.Certificate, error) {
	return f.ca.Faulty(notBefore, notAfter, host)
}
