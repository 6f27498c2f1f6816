package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/regiondrill/regiondrill/harness/pages"
)

//go:embed watch.js
var watchScript string

// world is the name of the watcher's JavaScript world, and tell that of the function by which it speaks.
const (
	world = "regiondrill"
	tell  = "regiondrillTell"
)

// maxReport bounds what the watcher may say at once, in bytes.
const maxReport = 4 << 10

// report is what a person would see on a page.
type report struct {
	Host      string // where the page is
	Ready     bool   // its source was read to the end
	Form      bool   // it asks for user name and password
	Challenge bool   // it asks for a one-time code
	Passing   bool   // it only carries a form to another place
	Bookmark  bool   // it has the bookmark that the person looks for
	Region    string // which Region the page says it is of
	Accounts  int    // how many it shows
	Expected  bool   // the person's own is among them
	Error     *pageError
}

// pageError is what a page says in its place for errors.
type pageError struct {
	Token string // of sign-in, ACS, portal and identity provider
	Class string // of the portal's script
}

// parseReport reads what the watcher said. The page can't forge it, but the words in it are the page's own.
func parseReport(payload string) (*report, error) {
	if len(payload) > maxReport {
		return nil, fmt.Errorf("reading the watcher's report: %d bytes are too many", len(payload))
	}
	r := &report{}
	if err := json.Unmarshal([]byte(payload), r); err != nil {
		return nil, fmt.Errorf("reading the watcher's report: %w", err)
	}
	if r.Error != nil {
		r.Error.Token, r.Error.Class = word(r.Error.Token), word(r.Error.Class)
	}
	return r, nil
}

// word lets through what may stand in a history: a short word in lower case. Anything else is "unknown".
func word(s string) string {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return "unknown"
		}
	}
	if len(s) > 40 {
		return "unknown"
	}
	return s
}

// watcher is the script for a person who looks for an account, and for the bookmark of a Region.
func watcher(at *pages.Driver, account, bookmark string) string {
	return "{const AT = " + quote(at) + ", ACCOUNT = " + quote(account) + ", BOOKMARK = " + quote(bookmark) + ";\n" +
		watchScript + "}"
}

// quote writes a value as JavaScript reads it.
func quote(v any) string {
	quoted, err := json.Marshal(v)
	if err != nil {
		return `""` // strings always can be
	}
	return string(quoted)
}

// signInScript fills in the form and submits it as its button does.
func signInScript(at *pages.Driver, userName, password string) string {
	return fillScript(at.SignIn, [][2]string{
		{field(at.UserName, "input[type=text], input[type=email], input:not([type])"), userName},
		{field(at.Password, "input[type=password]"), password},
	})
}

// field selects a field by its name, or by what it is where that isn't known.
func field(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return `[name="` + name + `"]`
}

// challengeScript does the same with a one-time code.
func challengeScript(at *pages.Driver, code string) string {
	return fillScript(at.Challenge, [][2]string{{field(at.Code, ""), code}})
}

// fillScript fills the fields of a form, each by its selector.
func fillScript(form string, fields [][2]string) string {
	return strings.NewReplacer("FORM", quote(form), "FIELDS", quote(fields)).Replace(`(() => {
	const form = document.querySelector(FORM);
	const fill = (selector, value) => {
		const input = form.querySelector(selector);
		input.focus();
		input.value = value;
		input.dispatchEvent(new Event("input", { bubbles: true }));
		input.dispatchEvent(new Event("change", { bubbles: true }));
	};
	for (const [selector, value] of FIELDS) {
		fill(selector, value);
	}
	form.requestSubmit(form.querySelector("button[type=submit], input[type=submit]"));
})()`)
}

// bookmarkScript clicks the bookmark of a Region.
func bookmarkScript(at *pages.Driver, region string) string {
	return `document.querySelector(` + quote(at.Bookmark+"["+at.RegionOf+`="`) + ` + CSS.escape(` + quote(region) + `) + '"]').click()`
}
