package idp

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
	contract "github.com/regiondrill/regiondrill/harness/pages"
)

// failure is what a page tells a person, and by its token a program. The sentences are this project's own: the real
// ones of the vendors change, and a probe must not read them.
type failure struct {
	status int
	token  string // stable: the data-error attribute
	title  string
	text   string
}

// coded puts the vendor's code before the sentence, for vendors that have one.
func (f *failure) coded(code string) *failure {
	if code != "" {
		f.text = code + ": " + f.text
	}
	return f
}

// acsRefused answers a request for an ACS URL that is not registered. Where the host is a Region's the Region is
// named, so that whoever finds the page in a report knows what to register.
func acsRefused(acs string) *failure {
	host := "a URL that can't be read"
	if u, err := url.Parse(acs); err == nil && u.Host != "" {
		host = u.Host
		if region, _, _ := strings.Cut(u.Hostname(), "."); names.IsRegion(region) {
			host += ", which is in the Region " + region
		}
	}
	return &failure{http.StatusBadRequest, contract.Lab().ACSRefused, "This sign-in can't be completed",
		"The application asked for the answer to be sent to " + host +
			". That address is not registered with your identity provider."}
}

func acsIndexRefused(index int) *failure {
	return &failure{http.StatusBadRequest, contract.Lab().ACSRefused, "This sign-in can't be completed",
		fmt.Sprintf("The application asked for its address with the index %d. "+
			"There is none registered with that index.", index)}
}

func noACS() *failure {
	return &failure{http.StatusBadRequest, contract.Lab().ACSRefused, "This sign-in can't be completed",
		"The application has no address registered with your identity provider."}
}

func badRequest(reason string) *failure {
	return &failure{http.StatusBadRequest, "bad_request", "The sign-in request is not valid", reason}
}

func signInExpired() *failure {
	return &failure{http.StatusBadRequest, "sign_in_expired", "This sign-in has expired",
		"It took too long, was used already, or was begun in another browser. Please start again from the application."}
}

func loginRefused() *failure {
	return &failure{http.StatusUnauthorized, contract.Lab().LoginRefused, "Unable to sign in",
		"The user name and password don't belong together."}
}

func notFound() *failure {
	return &failure{http.StatusNotFound, "not_found", "There is nothing here",
		"The address is not one of this identity provider's."}
}

func internal(err error) *failure {
	return &failure{http.StatusInternalServerError, "internal", "The identity provider has failed", err.Error()}
}
