package identitycenter

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

//go:embed pages/style.css
var styleSheet string

//go:embed pages/portal.js
var portalScript string

//go:embed pages/portal.html
var portalPage string

//go:embed pages/launch.html
var launchPage string

//go:embed pages/refusal.html
var refusalPage string

//go:embed pages/consent.html
var consentPage string

// place is what people call a Region, and the hue of its pages, so that screenshots of two Regions are told apart from
// across the room.
type place struct {
	Area, Name string
	Hue        int // degrees
}

// placeOf a Region. Two Regions that are neighbours in the list are far apart in hue.
func placeOf(region string) place {
	r, known := names.RegionOf(region)
	if !known {
		return place{"AWS Region", region, 222}
	}
	return place{r.Area, r.Place, (222 + 109*slices.Index(names.Regions(), region)) % 360}
}

// sentences are what people read at AWS (IAM Identity Center User Guide, "Troubleshooting" and "Customer managed KMS
// keys").
var sentences = map[cause]string{
	causeSignature:    "It's not you, it's us",
	causeExpired:      "It's not you, it's us",
	causeNotYetValid:  "It's not you, it's us",
	causeNameID:       "It's not you, it's us",
	causeIssuer:       "An unexpected error has occurred",
	causeDestination:  "An unexpected error has occurred",
	causeRecipient:    "An unexpected error has occurred",
	causeAudience:     "An unexpected error has occurred",
	causeConfirmation: "An unexpected error has occurred",
	causeShape:        "An unexpected error has occurred",
	causeFault:        "An unexpected error has occurred",
	causeUnknownUser:  "Invalid MFA credentials",
	causeKMS: "ERROR Code: 0001 - IdentityCenter service access is blocked. " +
		"Reach out to your IdentityCenter admin for further steps.",
}

// sentenceElse is for what AWS gives no sentence of its own.
const sentenceElse = "Your request could not be completed"

// maxDetail bounds what an error page quotes, in bytes.
const maxDetail = 160

// pages writes the HTML of one Region.
type pages struct {
	template *template.Template
	common   pageOf
	policy   string // of the portal's page
	policyOf string // of error pages
	asking   string // of pages of consent, but for where their forms lead to
}

// pageOf is what the pages show.
type pageOf struct {
	Region, API, Home, Token, Initials string
	Place                              place
	Primary                            bool
	User                               User
	Cause                              cause
	Sentence, Detail                   string
	Status                             int
	Consent                            consentOf
	Tiles                              []tile
	App                                Application
}

func newPages(in names.Instance, region string) *pages {
	p := &pages{
		template: template.Must(template.New("portal").Parse(withParts(portalPage))),
		common: pageOf{
			Region: region, Place: placeOf(region), API: "https://" + names.PortalAPIHost(region),
			Home: in.PortalURL(region), Primary: region == in.Primary,
		},
	}
	template.Must(p.template.New("refusal").Parse(withParts(refusalPage)))
	template.Must(p.template.New("consent").Parse(withParts(consentPage)))
	template.Must(p.template.New("launch").Parse(withParts(launchPage)))
	style := sourceOf(p.render("refusal", p.common), "style")
	p.policyOf = "default-src 'none'; style-src " + style + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	p.asking = "default-src 'none'; style-src " + sourceOf(p.render("consent", p.common), "style") +
		"; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	page := p.render("portal", p.common)
	p.policy = "default-src 'none'; style-src " + sourceOf(page, "style") + "; script-src " + sourceOf(page, "script") +
		"; connect-src " + p.common.API + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return p
}

// withParts puts style and script into a page's source.
func withParts(page string) string {
	return strings.NewReplacer("STYLE", styleSheet, "SCRIPT", portalScript).Replace(page)
}

// sourceOf is the content security policy's name for the page's one element of that name.
func sourceOf(page []byte, element string) string {
	_, rest, _ := bytes.Cut(page, []byte("<"+element+">"))
	inside, _, _ := bytes.Cut(rest, []byte("</"+element+">"))
	hash := sha256.Sum256(inside)
	return "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
}

func (p *pages) render(name string, data pageOf) []byte {
	var out bytes.Buffer
	if err := p.template.ExecuteTemplate(&out, name, data); err != nil {
		return nil // not with templates and data of our own
	}
	return out.Bytes()
}

// launch shows the page that stands for an application.
func (p *pages) launch(w http.ResponseWriter, user User, a Application) {
	data := p.common
	data.User, data.App = user, a
	writePage(w, http.StatusOK, p.policyOf, p.render("launch", data))
}

func (p *pages) portal(w http.ResponseWriter, user User, token string, tiles []tile) {
	data := p.common
	data.User, data.Token, data.Tiles = user, token, tiles
	if data.User.DisplayName == "" {
		data.User.DisplayName = user.Name
	}
	data.Initials = initials(data.User.DisplayName)
	writePage(w, http.StatusOK, p.policy, p.render("portal", data))
}

func (p *pages) refusal(w http.ResponseWriter, r *refusal, status int) {
	data := p.common
	data.Cause, data.Detail, data.Status = r.cause, r.detail, status
	if len(data.Detail) > maxDetail {
		data.Detail = strings.ToValidUTF8(data.Detail[:maxDetail], "") + "…"
	}
	if data.Sentence = sentences[r.cause]; data.Sentence == "" {
		data.Sentence = sentenceElse
	}
	writePage(w, status, p.policyOf, p.render("refusal", data))
}

// consent shows a step of a consent. back is where the browser is sent after its form, empty where to no other host: a
// policy holds for redirects too.
func (p *pages) consent(w http.ResponseWriter, status int, of consentOf, back string) {
	data, policy := p.common, p.asking
	data.Consent = of
	if u, err := url.Parse(back); err == nil && back != "" {
		host := u.Host
		if strings.HasPrefix(host, "[") { // policies have no words for addresses of IPv6
			host = "*"
		}
		policy += " http://" + host
	}
	writePage(w, status, policy, p.render("consent", data))
}

// initials are the first letters of the first and the last word.
func initials(name string) string {
	words := strings.Fields(name)
	out := ""
	for i, word := range words {
		if i == 0 || i == len(words)-1 {
			out += strings.ToUpper(string([]rune(word)[:1]))
		}
	}
	return out
}

func writePage(w http.ResponseWriter, status int, policy string, page []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(page) // a reader that has gone is no concern of ours
}
