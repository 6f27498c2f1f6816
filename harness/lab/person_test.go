package lab_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
)

// human is a person at a browser without scripts, who comes by a door.
type human struct {
	t   *testing.T
	c   *http.Client
	who harness.Person
}

func newHuman(t *testing.T, l *lab.Lab, who harness.Person) *human {
	t.Helper()
	door, err := l.System.Door(l.System.Place("new-york"))
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.System.Roots},
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "http" { // the command line's own listener
				return nil, nil
			}
			return door, nil
		}}
	t.Cleanup(transport.CloseIdleConnections)
	return &human{t, &http.Client{Transport: transport, Jar: jar}, who}
}

// sheet is a page with a form.
type sheet struct {
	at      *url.URL
	status  int
	text    string
	form    bool
	action  string
	method  string
	fields  url.Values
	buttons map[string]url.Values // by data-action
}

func (h *human) read(r *http.Response, err error) sheet {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	s := sheet{at: r.Request.URL, status: r.StatusCode, text: string(body), fields: url.Values{},
		buttons: map[string]url.Values{}}
	tree, err := html.Parse(strings.NewReader(s.text))
	if err != nil {
		h.t.Fatal(err)
	}
	for n := range tree.Descendants() {
		of := map[string]string{}
		for _, a := range n.Attr {
			of[a.Key] = a.Val
		}
		switch n.Data {
		case "form":
			s.form, s.action, s.method = true, of["action"], of["method"]
		case "input":
			s.fields.Set(of["name"], of["value"])
		case "button":
			if of["name"] != "" {
				s.buttons[of["data-action"]] = url.Values{of["name"]: {of["value"]}}
			}
		}
	}
	return s
}

// opens goes to a page, by way of the identity provider where the browser has no session.
func (h *human) opens(to string) sheet {
	h.t.Helper()
	s := h.read(h.c.Get(to))
	for range 2 {
		switch {
		case s.fields.Has("password"):
			s.fields.Set("username", h.who.UserName)
			s.fields.Set("password", h.who.Password)
		case !s.fields.Has("SAMLResponse"):
			return s
		}
		s = h.sends(s, nil)
	}
	return s
}

// presses is what a person does with the buttons that are there, one page after the other.
func (h *human) presses(s sheet, buttons ...string) sheet {
	h.t.Helper()
	for _, b := range buttons {
		with, there := s.buttons[b]
		if !there {
			h.t.Fatalf("there is no button %s: %s", b, s.text)
		}
		s = h.sends(s, with)
	}
	return s
}

func (h *human) sends(s sheet, with url.Values) sheet {
	h.t.Helper()
	to, err := s.at.Parse(s.action)
	if err != nil || !s.form || s.method != "post" {
		h.t.Fatalf("no form to send: %v %s", err, s.text)
	}
	for k, v := range with {
		s.fields[k] = v
	}
	return h.read(h.c.PostForm(to.String(), s.fields))
}
