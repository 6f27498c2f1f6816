package probes

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"github.com/regiondrill/regiondrill/harness/pages"
)

// page is what a person sees of an HTML page, as far as it matters for signing in.
type page struct {
	at        *pages.Driver
	url       *url.URL // where it was; nil where it isn't known
	form      *form
	meta      map[string]string
	bookmarks []bookmark
	tiles     map[string]string // of applications, by their names: where each leads
	launched  string            // the application that the page stands for
	error     string            // the token of the error that the page shows
}

type form struct {
	signIn bool // it asks for user name and password
	code   bool // it asks for a one-time code
	passes bool // it only carries something to another place
	asks   bool // whether a program may act for the person
	action *url.URL
	values url.Values

	buttons map[string]url.Values // what each adds to the values

	text, secret string // its first fields for text and for a password, by name
}

type bookmark struct{ region, href string }

// parsePage reads a page. What can't be parsed is an empty page: a browser shows something, too.
func parsePage(body []byte, at *pages.Driver) *page {
	p := &page{at: at, meta: map[string]string{}, tiles: map[string]string{}}
	z := html.NewTokenizer(bytes.NewReader(body))
	var open *form
	for {
		switch z.Next() {
		case html.ErrorToken:
			return p
		case html.StartTagToken, html.SelfClosingTagToken:
			open = p.element(z, open)
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "form" {
				open = nil
			}
		}
	}
}

// element takes one start tag in, and returns the form that is open after it.
func (p *page) element(z *html.Tokenizer, open *form) *form {
	name, more := z.TagName()
	tag := string(name)
	switch tag {
	case "form", "input", "button", "meta", "a", "p", "h3":
	default:
		return open
	}
	attr := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		attr[string(key)] = string(value)
	}
	switch tag {
	case "form":
		if made := p.formOf(attr); made != nil {
			return made
		}
	case "button":
		if open != nil && attr["name"] != "" {
			open.buttons[attr[p.at.ButtonOf]] = url.Values{attr["name"]: {attr["value"]}}
		}
	case "input":
		if open != nil && attr["name"] != "" {
			open.values.Set(attr["name"], attr["value"])
			open.note(attr["type"], attr["name"], p.at)
		}
	default:
		p.shows(tag, attr)
	}
	return open
}

// formOf is a form that posts, the page's last; nil where it is none.
func (p *page) formOf(attr map[string]string) *form {
	action, err := url.Parse(attr["action"])
	if err != nil || !strings.EqualFold(attr["method"], "post") {
		return nil
	}
	id := "form#" + attr["id"]
	p.form = &form{signIn: id == p.at.SignIn, code: id == p.at.Challenge, passes: id == p.at.Passing,
		asks: id == p.at.Consent, action: action, values: url.Values{}, buttons: map[string]url.Values{}}
	return p.form
}

// shows takes in what stands on the page beside its forms.
func (p *page) shows(tag string, attr map[string]string) {
	switch tag {
	case "meta":
		if attr["name"] != "" {
			p.meta[attr["name"]] = attr["content"]
		}
	case "a":
		if "a."+attr["class"] == p.at.Bookmark {
			p.bookmarks = append(p.bookmarks, bookmark{attr[p.at.RegionOf], attr["href"]})
		}
		if name := attr[p.at.ApplicationOf]; name != "" {
			p.tiles[name] = attr["href"]
		}
	case "h3":
		if "h3#"+attr["id"] == p.at.Launched {
			p.launched = attr[p.at.ApplicationOf]
		}
	case "p":
		if "p#"+attr["id"] == p.at.Error {
			p.error = attr[p.at.TokenOf]
		}
	}
}

// note takes an input in. On plain pages, whose forms have no names that are known, what it is for tells what the form
// is.
func (f *form) note(kind, name string, at *pages.Driver) {
	switch strings.ToLower(kind) {
	case "", "text", "email":
		if f.text == "" {
			f.text = name
		}
	case "password":
		if f.secret == "" {
			f.secret = name
		}
		f.signIn = f.signIn || at.SignIn == pages.PlainSignIn
	case "hidden":
		f.passes = f.passes || at.SignIn == pages.PlainSignIn && name == "SAMLResponse"
	}
}
