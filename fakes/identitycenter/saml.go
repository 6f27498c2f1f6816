package identitycenter

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

const (
	maxEncodedResponse = 256 << 10 // bytes of base64, before anything is decoded
	maxAssertion       = 50_000    // characters (IAM Identity Center User Guide, "Quotas")

	statusSuccess      = "urn:oasis:names:tc:SAML:2.0:status:Success"
	confirmationBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	formatEmail        = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatEntity       = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
)

// expectation is what one assertion consumer service accepts at one instant.
type expectation struct {
	acs      string // the URL that the response was delivered to
	audience string
	issuer   string // entity ID of the identity provider
	format   string // of the NameID
	trusted  []*x509.Certificate
	now      time.Time
	skew     time.Duration
}

// authentication is what a verified response says.
type authentication struct {
	nameID       string
	assertionID  string
	inResponseTo string    // "" in an unsolicited response
	usableUntil  time.Time // with the skew: a replay is refused until then, and the assertion itself after it
	sessionEnd   time.Time // SessionNotOnOrAfter; zero where the provider leaves it open
}

// refusal is why a sign-in is refused: a stable token for probes and a detail for whoever repairs the provider.
type refusal struct {
	cause  cause
	detail string
}

func (r *refusal) Error() string { return string(r.cause) + ": " + r.detail }

func refuse(c cause, format string, args ...any) *refusal {
	return &refusal{cause: c, detail: fmt.Sprintf(format, args...)}
}

// cause is the value of data-error on an error page.
type cause string

const (
	causeTooLarge     cause = "saml_too_large"
	causeMalformed    cause = "saml_malformed"
	causeShape        cause = "saml_shape"
	causeSignature    cause = "saml_signature"
	causeVersion      cause = "saml_version"
	causeStatus       cause = "saml_status"
	causeIssuer       cause = "saml_issuer"
	causeDestination  cause = "saml_destination"
	causeRecipient    cause = "saml_recipient"
	causeAudience     cause = "saml_audience"
	causeExpired      cause = "saml_expired"
	causeNotYetValid  cause = "saml_not_yet_valid"
	causeConfirmation cause = "saml_confirmation"
	causeNameID       cause = "saml_name_id"
	causeInResponseTo cause = "saml_in_response_to"
	causeUnsolicited  cause = "saml_unsolicited"
	causeReplay       cause = "saml_replay"
	causeUnknownUser  cause = "user_unknown"
	causeDisabledUser cause = "user_disabled"
	causeKMS          cause = "kms"
	causeRequest      cause = "request"
	causeSession      cause = "session"
	causeNotReady     cause = "not_ready"
	causeFault        cause = "fault"
)

// validate checks a SAMLResponse of the HTTP-POST binding as delivered, all but what needs memory: whether the request
// is outstanding and the assertion is new. It reads nothing but what a trusted signature covers, and the attributes of
// an unsigned Response only to refuse more.
func (x *expectation) validate(encoded string) (*authentication, *refusal) {
	if len(encoded) > maxEncodedResponse {
		return nil, refuse(causeTooLarge, "SAMLResponse of %d bytes", len(encoded))
	}
	doc, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, refuse(causeMalformed, "SAMLResponse is not base64")
	}
	return x.validateXML(doc)
}

func (x *expectation) validateXML(doc []byte) (*authentication, *refusal) {
	root, err := parseXML(doc)
	if err != nil {
		return nil, refuse(causeMalformed, "%v", err)
	}
	response, r := readShape(root)
	if r != nil {
		return nil, r
	}
	for _, sig := range response.signatures {
		if err := verifySignature(sig, x.trusted, x.now); err != nil {
			return nil, refuse(causeSignature, "%s: %v", sig.parent.local, err)
		}
	}
	if len(response.signatures) == 0 {
		return nil, refuse(causeSignature, "neither the response nor the assertion is signed")
	}
	if r := x.checkResponse(response); r != nil {
		return nil, r
	}
	return x.checkAssertion(response)
}

// response is a document of the right shape, not yet verified.
type response struct {
	root, assertion *node
	signatures      []*node // of the response, then of the assertion
}

// readShape finds the parts of a response and refuses whatever stands where it may not. Every wrapping attack needs a
// second assertion, a second ID or a signature elsewhere.
func readShape(root *node) (*response, *refusal) {
	if !root.is(nsProtocol, "Response") {
		return nil, refuse(causeShape, "the root is %s", root.local)
	}
	out := &response{root: root}
	if r := checkDocument(root); r != nil {
		return nil, r
	}
	if out.assertion = root.only(nsAssertion, "Assertion"); out.assertion == nil {
		if root.only(nsProtocol, "Status") != nil && !succeeded(root) {
			return nil, refuse(causeStatus, "the provider's status is not Success")
		}
		return nil, refuse(causeShape, "no assertion, or several")
	}
	if r := checkOrder(root, "Issuer Signature Extensions Status Assertion"); r != nil {
		return nil, r
	}
	order := "Issuer Signature Subject Conditions Advice AuthnStatement|AttributeStatement|AuthzDecisionStatement"
	if r := checkOrder(out.assertion, order); r != nil {
		return nil, r
	}
	if chars := out.assertion.end - out.assertion.start; chars > maxAssertion {
		return nil, refuse(causeTooLarge, "assertion of %d characters", chars)
	}
	for _, n := range []*node{root, out.assertion} {
		if sig := n.only(nsSignature, "Signature"); sig != nil {
			out.signatures = append(out.signatures, sig)
		}
	}
	return out, nil
}

// checkDocument holds the rules for every element: one assertion, IDs that are unique and stand where IDs stand,
// signatures as children of what they sign.
func checkDocument(root *node) *refusal {
	ids := make(map[string]bool, 4)
	err := root.walk(func(n *node) error {
		inAssertion := n == root || n.is(nsAssertion, "Assertion") && n.parent == root
		switch {
		case n.local == "Assertion" && !inAssertion, n.local == "Response" && n != root:
			return refuse(causeShape, "%s in a wrong place", n.local)
		case strings.HasPrefix(n.local, "Encrypted"):
			return refuse(causeShape, "encryption is not supported")
		case n.space == nsSignature && n.local == "Object":
			return refuse(causeShape, "ds:Object")
		case n.local == "Signature" && (n.space != nsSignature || !mayBeSigned(n.parent, root)):
			return refuse(causeShape, "Signature in a wrong place")
		}
		for _, a := range n.attrs {
			if !strings.EqualFold(a.local, "ID") {
				continue
			}
			mayHave := a.local == "ID" && inAssertion || a.local == "Id" && n.space == nsSignature
			if !mayHave || a.prefix != "" || ids[a.value] || !isNCName(a.value) {
				return refuse(causeShape, "%s with a doubtful ID", n.local)
			}
			ids[a.value] = true
		}
		return nil
	})
	var r *refusal
	errors.As(err, &r)
	return r
}

func mayBeSigned(n, root *node) bool {
	return n == root || n != nil && n.parent == root && n.is(nsAssertion, "Assertion")
}

// checkOrder wants the children in the schema's order, each at most once but for alternatives with a bar, which may
// come often and in any order.
func checkOrder(n *node, order string) *refusal {
	if !blank(n) {
		return refuse(causeShape, "text in %s", n.local)
	}
	slots := strings.Fields(order)
	at := -1
	for _, e := range n.elements() {
		i := slotOf(slots, e.local)
		repeats := i == at && i >= 0 && strings.Contains(slots[i], "|")
		if i < at || i < 0 || (i == at && !repeats) || !knownSpace(n, e) {
			return refuse(causeShape, "%s in %s out of place", e.local, n.local)
		}
		at = i
	}
	return nil
}

func slotOf(slots []string, local string) int {
	for i, s := range slots {
		for name := range strings.SplitSeq(s, "|") {
			if name == local {
				return i
			}
		}
	}
	return -1
}

// knownSpace tells whether a child is of the namespace that the schema gives it.
func knownSpace(parent, child *node) bool {
	switch child.local {
	case "Signature":
		return child.space == nsSignature
	case "Issuer", "Assertion":
		return child.space == nsAssertion
	}
	return child.space == parent.space
}

func succeeded(root *node) bool {
	status := root.only(nsProtocol, "Status")
	if status == nil {
		return false
	}
	code := status.only(nsProtocol, "StatusCode")
	if code == nil {
		return false
	}
	value, _ := code.attr("Value")
	return value == statusSuccess
}

func (x *expectation) checkResponse(r *response) *refusal {
	for _, n := range []*node{r.root, r.assertion} {
		if v, _ := n.attr("Version"); v != "2.0" {
			return refuse(causeVersion, "%s of version %q", n.local, v)
		}
		if ref := x.checkIssuer(n); ref != nil {
			return ref
		}
		issued, ok := instant(n, "IssueInstant")
		if !ok {
			return refuse(causeShape, "%s without IssueInstant", n.local)
		}
		if issued.After(x.now.Add(x.skew)) {
			return refuse(causeNotYetValid, "%s issued in the future", n.local)
		}
	}
	if !succeeded(r.root) {
		return refuse(causeStatus, "the provider's status is not Success")
	}
	if d, _ := r.root.attr("Destination"); d != x.acs {
		return refuse(causeDestination, "Destination is not this assertion consumer service")
	}
	return nil
}

func (x *expectation) checkIssuer(n *node) *refusal {
	issuer := n.only(nsAssertion, "Issuer")
	if issuer == nil {
		return refuse(causeIssuer, "%s without Issuer", n.local)
	}
	name, ok := issuer.text()
	format, has := issuer.attr("Format")
	if !ok || name != x.issuer || (has && format != formatEntity) {
		return refuse(causeIssuer, "%s is not from the trusted provider", n.local)
	}
	return nil
}

func (x *expectation) checkAssertion(r *response) (*authentication, *refusal) {
	out := &authentication{}
	out.assertionID, _ = r.assertion.attr("ID")
	if out.assertionID == "" {
		return nil, refuse(causeShape, "assertion without ID")
	}
	subject := r.assertion.only(nsAssertion, "Subject")
	if subject == nil {
		return nil, refuse(causeConfirmation, "no Subject")
	}
	steps := []func() *refusal{
		func() *refusal { return x.readNameID(subject, out) },
		func() *refusal { return x.checkConfirmation(r.root, subject, out) },
		func() *refusal { return x.checkConditions(r.assertion) },
		func() *refusal { return x.checkAuthnStatement(r.assertion, out) },
	}
	for _, step := range steps {
		if ref := step(); ref != nil {
			return nil, ref
		}
	}
	return out, nil
}

func (x *expectation) readNameID(subject *node, out *authentication) *refusal {
	id := subject.only(nsAssertion, "NameID")
	if id == nil {
		return refuse(causeNameID, "no NameID")
	}
	if format, _ := id.attr("Format"); format != x.format {
		return refuse(causeNameID, "NameID is not of the format %s", x.format)
	}
	value, ok := id.text()
	if !ok || value == "" {
		return refuse(causeNameID, "NameID is empty or holds elements")
	}
	address, err := mail.ParseAddress(value)
	if x.format == formatEmail && (err != nil || address.Address != value) {
		return refuse(causeNameID, "NameID is not an address")
	}
	out.nameID = value
	return nil
}

// checkConfirmation holds the rules of the bearer confirmation (SAML profiles, 4.1.4.2 and 4.1.4.3).
func (x *expectation) checkConfirmation(root, subject *node, out *authentication) *refusal {
	confirmation := subject.only(nsAssertion, "SubjectConfirmation")
	if confirmation == nil {
		return refuse(causeConfirmation, "no SubjectConfirmation, or several")
	}
	if m, _ := confirmation.attr("Method"); m != confirmationBearer {
		return refuse(causeConfirmation, "the subject is not confirmed as a bearer")
	}
	data := confirmation.only(nsAssertion, "SubjectConfirmationData")
	if data == nil {
		return refuse(causeConfirmation, "no SubjectConfirmationData")
	}
	if recipient, _ := data.attr("Recipient"); recipient != x.acs {
		return refuse(causeRecipient, "Recipient is not this assertion consumer service")
	}
	if _, has := data.attr("NotBefore"); has {
		return refuse(causeConfirmation, "a bearer confirmation has no NotBefore")
	}
	end, ok := instant(data, "NotOnOrAfter")
	if !ok {
		return refuse(causeConfirmation, "SubjectConfirmationData without NotOnOrAfter")
	}
	if out.usableUntil = end.Add(x.skew); !x.now.Before(out.usableUntil) {
		return refuse(causeExpired, "the confirmation has expired")
	}
	outer, hasOuter := root.attr("InResponseTo")
	inner, hasInner := data.attr("InResponseTo")
	if hasOuter != hasInner || outer != inner || (hasOuter && outer == "") {
		return refuse(causeInResponseTo, "InResponseTo differs between response and confirmation")
	}
	out.inResponseTo = outer
	return nil
}

func (x *expectation) checkConditions(assertion *node) *refusal {
	conditions := assertion.only(nsAssertion, "Conditions")
	if conditions == nil {
		return refuse(causeShape, "no Conditions")
	}
	if _, has := conditions.attr("NotBefore"); has {
		start, ok := instant(conditions, "NotBefore")
		if !ok || x.now.Before(start.Add(-x.skew)) {
			return refuse(causeNotYetValid, "the assertion is not valid yet")
		}
	}
	if _, has := conditions.attr("NotOnOrAfter"); has {
		end, ok := instant(conditions, "NotOnOrAfter")
		if !ok || !x.now.Before(end.Add(x.skew)) {
			return refuse(causeExpired, "the assertion has expired")
		}
	}
	restrictions := 0
	for _, c := range conditions.elements() {
		switch {
		case c.is(nsAssertion, "AudienceRestriction"):
			if restrictions++; !x.inAudience(c) {
				return refuse(causeAudience, "the assertion is for another audience")
			}
		case c.is(nsAssertion, "OneTimeUse"), c.is(nsAssertion, "ProxyRestriction"):
		default:
			return refuse(causeShape, "condition %s is not understood", c.local)
		}
	}
	if restrictions == 0 {
		return refuse(causeAudience, "no AudienceRestriction")
	}
	return nil
}

func (x *expectation) inAudience(restriction *node) bool {
	for _, a := range restriction.elements() {
		if name, ok := a.text(); ok && a.is(nsAssertion, "Audience") && name == x.audience {
			return true
		}
	}
	return false
}

func (x *expectation) checkAuthnStatement(assertion *node, out *authentication) *refusal {
	statement := assertion.only(nsAssertion, "AuthnStatement")
	if statement == nil {
		return refuse(causeShape, "no AuthnStatement, or several")
	}
	if at, ok := instant(statement, "AuthnInstant"); !ok || at.After(x.now.Add(x.skew)) {
		return refuse(causeNotYetValid, "AuthnInstant is missing or in the future")
	}
	if _, has := statement.attr("SessionNotOnOrAfter"); !has {
		return nil
	}
	end, ok := instant(statement, "SessionNotOnOrAfter")
	if !ok || !x.now.Before(end) {
		return refuse(causeExpired, "the provider's session has ended")
	}
	out.sessionEnd = end
	return nil
}

// instant reads an xs:dateTime attribute, which SAML wants in UTC (SAML core, 1.3.3).
func instant(n *node, local string) (time.Time, bool) {
	s, ok := n.attr(local)
	if !ok || len(s) > 40 || !strings.HasSuffix(s, "Z") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil && t.Year() >= 1970
}
