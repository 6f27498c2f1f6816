package byhand

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"time"
)

//go:embed page
var pageFiles embed.FS

// headerToken carries the token of a page that was served here: whoever has read one may ask for more.
const headerToken = "X-Regiondrill-Token"

// policy lets the page load nothing from anywhere else, and nobody frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// Page serves the lab's page on a listener of this machine's loopback until it is closed. Any other page in the same
// browser can send requests there too, so that every request must be for this very address, what changes something
// must come from the page itself (by its Origin), and all but the page must bear the token that only the page can read.
func (l *Lab) Page(listener net.Listener) (*http.Server, error) {
	at, ok := listener.Addr().(*net.TCPAddr)
	if !ok || !at.IP.IsLoopback() {
		return nil, fmt.Errorf("serving the lab's page at %s: it is for this machine alone", listener.Addr())
	}
	p := &page{host: listener.Addr().String(), token: rand.Text(), api: l.API()}
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return nil, fmt.Errorf("serving the lab's page: %w", err)
	}
	text, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("serving the lab's page: %w", err)
	}
	var html bytes.Buffer
	if err := text.Execute(&html, struct{ Name, Token string }{l.o.Name, p.token}); err != nil {
		return nil, fmt.Errorf("serving the lab's page: %w", err)
	}
	p.html, p.files = html.Bytes(), http.FileServerFS(files)
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // it ends when the server is closed
	return server, nil
}

type page struct {
	host, token string
	html        []byte
	files       http.Handler
	api         http.Handler
}

// ServeHTTP refuses whatever another page may have sent.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	origin := r.Header.Get("Origin")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case r.Host != p.host: // a name of somebody else's that leads here
		http.Error(w, "This is the page of a lab, and is asked for as http://"+p.host+"/.", http.StatusMisdirectedRequest)
	case origin != "http://"+p.host && (origin != "" || !reads):
		http.Error(w, "Only the lab's own page may ask for this.", http.StatusForbidden)
	case r.URL.Path == "/":
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write(p.html) // nobody to tell when the browser is gone
	case r.URL.Path == "/page.css" || r.URL.Path == "/page.js":
		p.files.ServeHTTP(w, r)
	case subtle.ConstantTimeCompare([]byte(r.Header.Get(headerToken)), []byte(p.token)) != 1:
		http.Error(w, "Only the lab's own page may ask for this.", http.StatusForbidden)
	default:
		p.api.ServeHTTP(w, r)
	}
}
