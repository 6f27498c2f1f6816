package idp

import (
	"fmt"
	"net/http"
)

// entraWords are Entra ID's, by its codes: "Microsoft Entra authentication and authorization error codes" and the pages
// that people see. Disabled accounts are told what AADSTS50057 shows.
func entraWords() wording {
	trouble := func(format string, args ...any) *failure {
		return &failure{status: http.StatusBadRequest, title: "Sorry, but we’re having trouble signing you in.",
			text: fmt.Sprintf(format, args...)}
	}
	typed := func(title, text string) *failure {
		return refuses(&failure{status: http.StatusUnauthorized, title: title, text: text})
	}
	return wording{
		acsRefused: entraACSRefused,
		loginRefused: func(known bool) *failure {
			if !known {
				return typed("Sign in",
					"This username may be incorrect. Make sure you typed it correctly. Otherwise, contact your admin.")
			}
			return typed("Sign in", "Your account or password is incorrect. If you don't remember your password, reset it now.")
		},
		disabled: func() *failure {
			return typed("Sign in", "Your account has been locked. Contact your support person to unlock it, then try again.")
		},
		codeRefused: func() *failure {
			return typed("Enter code", "You didn't enter the expected verification code. Please try again.")
		},
		unassigned: func(person, application, id string) *failure {
			return trouble("AADSTS50105: Your administrator has configured the application %s ('%s') to block users unless "+
				"they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked "+
				"because they are not a direct member of a group with access, nor had access directly assigned by an "+
				"administrator. Please contact your administrator to assign access to this application.",
				application, id, person)
		},
		badRequest: func() *failure {
			return trouble("AADSTS75005: The request is not a valid Saml2 protocol message.")
		},
		foreign: func(issuer, tenant string) *failure {
			return trouble("AADSTS700016: Application with identifier '%s' was not found in the directory '%s'. This can "+
				"happen if the application has not been installed by the administrator of the tenant or consented to by any "+
				"user in the tenant. You may have sent your authentication request to the wrong tenant.", issuer, tenant)
		},
	}
}

// entraACSRefused is documented to the letter ("Error AADSTS50011"). Where no URL was asked for there is none to name.
func entraACSRefused(asked, application string) *failure {
	return &failure{status: http.StatusBadRequest, title: "Sorry, but we’re having trouble signing you in.",
		text: fmt.Sprintf("AADSTS50011: The reply URL '%s' specified in the request does not match the reply URLs "+
			"configured for the application '%s'. Make sure the reply URL sent in the request matches one added to your "+
			"application in the Azure portal. Navigate to https://aka.ms/urlMismatchError to learn more about how to fix "+
			"this.", asked, application)}
}
