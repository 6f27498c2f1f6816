package fabric

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// gatewayUser is who asks at a door that takes a password.
const gatewayUser = "regiondrill"

// DoorAt opens another door of a place, at an address of this machine that isn't loopback: the gateway of a container
// network. Others can reach it there, so that it tunnels for nobody who doesn't know the password; the URL that it
// returns holds it. It closes with the fabric.
func (f *Fabric) DoorAt(place string, at netip.Addr, password string) (*url.URL, error) {
	f.mu.Lock()
	d, known := f.places[place]
	f.mu.Unlock()
	switch {
	case !known:
		return nil, fmt.Errorf("opening a door at %s: no place is called %q", at, place)
	case password == "":
		return nil, fmt.Errorf("opening a door at %s: it needs a password", at)
	case at.IsUnspecified():
		return nil, fmt.Errorf("opening a door at %s: name one address", at)
	}
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.work.Done()
	l, err := net.Listen("tcp", netip.AddrPortFrom(at, 0).String())
	if err != nil {
		return nil, fmt.Errorf("opening the door of %s: %w", place, err)
	}
	server := &http.Server{
		Handler:           newGatekeeper(d, password),
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return f.ctx },
		ConnState:         f.counted,
	}
	f.work.Go(func() {
		defer context.AfterFunc(f.ctx, func() { _ = server.Close() })()
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close() // the network went away under it
		}
	})
	return &url.URL{Scheme: "http", User: url.UserPassword(gatewayUser, password), Host: l.Addr().String()}, nil
}

// gatekeeper lets those who know the password through to the door.
type gatekeeper struct {
	door   http.Handler
	secret [sha256.Size]byte // of user and password as they are sent
}

func newGatekeeper(door http.Handler, password string) *gatekeeper {
	return &gatekeeper{door, sha256.Sum256([]byte(gatewayUser + ":" + password))}
}

// ServeHTTP asks for the password (RFC 9110, section 11.7.2) before anything else.
func (g *gatekeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.knows(r.Header.Get("Proxy-Authorization")) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="regiondrill"`)
		http.Error(w, "This proxy is for the containers of one run.", http.StatusProxyAuthRequired)
		return
	}
	g.door.ServeHTTP(w, r)
}

func (g *gatekeeper) knows(authorization string) bool {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	said, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	sum := sha256.Sum256(said)
	return err == nil && strings.EqualFold(scheme, "Basic") && subtle.ConstantTimeCompare(sum[:], g.secret[:]) == 1
}
