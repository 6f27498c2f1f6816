// Package pages is what the pages of a sign-in and those who read them agree on: where the form is, what names a
// Region, what an error says. A Driver is that of one kind of pages; those of the lab are served by the fakes, and a
// probe that reads another provider's pages needs another driver and nothing else.
package pages

// Driver says where things stand on the pages of one kind of system. Elements are selected by CSS, with a tag and an
// id or a class.
type Driver struct {
	SignIn             string `json:"sign_in"`   // the form that asks for user name and password
	UserName, Password string `json:"-"`         // its fields, by name
	Challenge          string `json:"challenge"` // the form that asks for a one-time code
	Code               string `json:"-"`         // its field, by name
	Passing            string `json:"passing"`   // a form that only carries something to another place
	Consent            string `json:"-"`         // a form on which a person allows a program to act for them
	Confirm, Allow     string `json:"-"`         // its buttons, by ButtonOf: the code is the program's; it may
	ButtonOf           string `json:"-"`
	Bookmark           string `json:"bookmark"` // a link to the portal of another Region; RegionOf says which
	RegionOf           string `json:"region_of"`
	Account            string `json:"account"` // an account in the portal's list; AccountOf says its id
	AccountOf          string `json:"account_of"`
	Launched           string `json:"-"`     // what a page shows that stands for an application
	ApplicationOf      string `json:"-"`     // the attribute that names it, there and on a tile
	Error              string `json:"error"` // what a page says in place of what was wanted
	TokenOf            string `json:"token_of"`
	ClassOf            string `json:"class_of"` // of an error that a script found

	Region string `json:"region"` // <meta> by name: which Region a page is of
	Token  string `json:"-"`      // <meta>: what the portal's script asks its API with
	API    string `json:"-"`      // <meta>: where that is

	ACSRefused, LoginRefused string `json:"-"` // errors of the identity provider, by their tokens
	KMS                      string `json:"-"` // the class of a portal's error whose service is blocked by KMS
}

// Lab is the driver of the fakes' pages.
func Lab() Driver {
	return Driver{
		SignIn: "form#sign-in", UserName: "username", Password: "password",
		Challenge: "form#challenge", Code: "code", Passing: "form#saml",
		Consent: "form#consent", Confirm: "confirm", Allow: "allow", ButtonOf: "data-action",
		Bookmark: "a.bookmark", RegionOf: "data-region", Account: "#accounts li", AccountOf: "data-account-id",
		Launched: "h3#launched", ApplicationOf: "data-application",
		Error: "p#error", TokenOf: "data-error", ClassOf: "data-class",
		Region: "region", Token: "x-amz-sso_bearer_token", API: "portal-api",
		ACSRefused: "acs_refused", LoginRefused: "login_refused", KMS: "kms",
	}
}

// Plain is the driver of a lab whose identity provider is somebody else's: the pages of Identity Center are the lab's,
// and at the provider the first form that asks for a password is filled in, its field for text with the user name.
func Plain() Driver {
	d := Lab()
	d.SignIn, d.UserName, d.Password = PlainSignIn, "", ""
	d.Passing = `form:has(input[name="SAMLResponse"])`
	return d
}

// PlainSignIn selects a form that asks for a password.
const PlainSignIn = "form:has(input[type=password])"
