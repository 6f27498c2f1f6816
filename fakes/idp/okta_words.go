package idp

import "net/http"

// oktaWords are Okta's: its pages for failed SAML requests and unassigned applications as customers quote them, and the
// one sentence of its sign-in page, which does not say whether it is the name, the password or the account.
func oktaWords() wording {
	badRequest := func() *failure {
		return &failure{status: http.StatusBadRequest, title: "400",
			text: "Your request resulted in an error. Description: Bad SAML request"}
	}
	login := func() *failure {
		return refuses(&failure{status: http.StatusUnauthorized, title: "Sign In", text: "Unable to sign in"})
	}
	return wording{
		acsRefused:   func(string, string) *failure { return badRequest() },
		loginRefused: func(bool) *failure { return login() },
		disabled:     login,
		codeRefused: func() *failure {
			return refuses(&failure{status: http.StatusUnauthorized, title: "Verify with Google Authenticator",
				text: "Your code doesn't match our records. Please try again."})
		},
		unassigned: func(_, application, _ string) *failure {
			return &failure{status: http.StatusForbidden, title: "403 App Not Assigned",
				text: "Sorry, you cannot access " + application + " because you are not assigned this app in Okta."}
		},
		badRequest: badRequest,
		foreign:    func(string, string) *failure { return badRequest() },
	}
}
