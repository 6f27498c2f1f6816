package idp

import (
	"net/http"

	contract "github.com/regiondrill/regiondrill/harness/pages"
)

// failure is what a page tells a person in the vendor's words, and a program by its token. The note is this project's
// own: what it means in a lab, for whoever looks for the cause.
type failure struct {
	status int
	token  string // stable: the data-error attribute
	title  string
	text   string
	note   string
}

// told is what a report says of it.
func (f *failure) told() string {
	if f.note != "" {
		return f.token + ": " + f.note
	}
	return f.token + ": " + f.text
}

// wording is how a vendor refuses. What isn't documented is as its pages were seen; none of it says anything else than
// the vendor's would.
type wording struct {
	acsRefused   func(asked, application string) *failure // asked may be empty: an index, or a default that isn't there
	loginRefused func(known bool) *failure                // whether there is an account of that name
	disabled     func() *failure
	codeRefused  func() *failure
	unassigned   func(person, application, id string) *failure
	badRequest   func() *failure
	foreign      func(issuer, tenant string) *failure // a request of an application that isn't registered
}

// refuses a person who types what doesn't let them in.
func refuses(f *failure) *failure {
	f.token = contract.Lab().LoginRefused
	return f
}

func (p *IdP) badRequest(reason string) *failure {
	f := p.dialect.words.badRequest()
	f.token, f.note = "bad_request", reason
	return f
}

func (p *IdP) foreign(issuer string) *failure {
	f := p.dialect.words.foreign(clipped(issuer), p.host)
	f.token, f.note = "bad_request", "The request's issuer is not the application."
	return f
}

// unassigned answers people who come for an application that isn't theirs.
func (p *IdP) unassigned(person, label, id string) *failure {
	f := p.dialect.words.unassigned(person, label, id)
	f.token, f.note = "not_assigned", label+" is not assigned to "+person+" at the identity provider."
	return f
}

func signInExpired() *failure {
	return &failure{http.StatusBadRequest, "sign_in_expired", "This sign-in has expired",
		"It took too long, was used already, or was begun in another browser. Please start again from the application.", ""}
}

func notFound() *failure {
	return &failure{http.StatusNotFound, "not_found", "There is nothing here",
		"The address is not one of this identity provider's.", ""}
}

func internal(err error) *failure {
	return &failure{http.StatusInternalServerError, "internal", "The identity provider has failed", err.Error(), ""}
}
