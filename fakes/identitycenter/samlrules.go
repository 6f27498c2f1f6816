package identitycenter

import (
	"net/mail"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

func succeeded(root *xmldsig.Element) bool {
	status := root.Only(nsProtocol, "Status")
	if status == nil {
		return false
	}
	code := status.Only(nsProtocol, "StatusCode")
	if code == nil {
		return false
	}
	value, _ := code.Attr("Value")
	return value == statusSuccess
}

func (x *expectation) checkResponse(r *response) *refusal {
	for _, n := range []*xmldsig.Element{r.root, r.assertion} {
		if v, _ := n.Attr("Version"); v != "2.0" {
			return refuse(causeVersion, "%s of version %q", n.Local(), v)
		}
		if ref := x.checkIssuer(n); ref != nil {
			return ref
		}
		issued, ok := instant(n, "IssueInstant")
		if !ok {
			return refuse(causeShape, "%s without IssueInstant", n.Local())
		}
		if issued.After(x.now.Add(x.skew)) {
			return refuse(causeNotYetValid, "%s issued in the future", n.Local())
		}
	}
	if !succeeded(r.root) {
		return refuse(causeStatus, "the provider's status is not Success")
	}
	if ref := checkOrder(r.root.Only(nsProtocol, "Status"), statusOrder); ref != nil {
		return ref
	}
	if d, _ := r.root.Attr("Destination"); d != x.acs {
		return refuse(causeDestination, "Destination is not this assertion consumer service")
	}
	return nil
}

func (x *expectation) checkIssuer(n *xmldsig.Element) *refusal {
	issuer := n.Only(nsAssertion, "Issuer")
	if issuer == nil {
		return refuse(causeIssuer, "%s without Issuer", n.Local())
	}
	name, ok := issuer.Value()
	format, has := issuer.Attr("Format")
	if !ok || name != x.issuer || (has && format != formatEntity) {
		return refuse(causeIssuer, "%s is not from the trusted provider", n.Local())
	}
	return nil
}

func (x *expectation) checkAssertion(r *response) (*authentication, *refusal) {
	out := &authentication{}
	out.assertionID, _ = r.assertion.Attr("ID")
	if out.assertionID == "" {
		return nil, refuse(causeShape, "assertion without ID")
	}
	subject := r.assertion.Only(nsAssertion, "Subject")
	if subject == nil {
		return nil, refuse(causeConfirmation, "no Subject")
	}
	steps := []func() *refusal{
		func() *refusal { return x.readNameID(subject, out) },
		func() *refusal { return checkOrder(subject, subjectOrder) },
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

func (x *expectation) readNameID(subject *xmldsig.Element, out *authentication) *refusal {
	id := subject.Only(nsAssertion, "NameID")
	if id == nil {
		return refuse(causeNameID, "no NameID")
	}
	if format, _ := id.Attr("Format"); format != x.format {
		return refuse(causeNameID, "NameID is not of the format %s", x.format)
	}
	value, ok := id.Value()
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
func (x *expectation) checkConfirmation(root, subject *xmldsig.Element, out *authentication) *refusal {
	confirmation := subject.Only(nsAssertion, "SubjectConfirmation")
	if confirmation == nil {
		return refuse(causeConfirmation, "no SubjectConfirmation, or several")
	}
	if m, _ := confirmation.Attr("Method"); m != confirmationBearer {
		return refuse(causeConfirmation, "the subject is not confirmed as a bearer")
	}
	data := confirmation.Only(nsAssertion, "SubjectConfirmationData")
	if data == nil {
		return refuse(causeConfirmation, "no SubjectConfirmationData")
	}
	if r := checkOrder(confirmation, confirmationOrder); r != nil {
		return r
	}
	return x.checkConfirmationData(root, data, out)
}

func (x *expectation) checkConfirmationData(root, data *xmldsig.Element, out *authentication) *refusal {
	if recipient, _ := data.Attr("Recipient"); recipient != x.acs {
		return refuse(causeRecipient, "Recipient is not this assertion consumer service")
	}
	if _, has := data.Attr("NotBefore"); has {
		return refuse(causeConfirmation, "a bearer confirmation has no NotBefore")
	}
	end, ok := instant(data, "NotOnOrAfter")
	if !ok {
		return refuse(causeConfirmation, "SubjectConfirmationData without NotOnOrAfter")
	}
	if out.usableUntil = end.Add(x.skew); !x.now.Before(out.usableUntil) {
		return refuse(causeExpired, "the confirmation has expired")
	}
	outer, hasOuter := root.Attr("InResponseTo")
	inner, hasInner := data.Attr("InResponseTo")
	if hasOuter != hasInner || outer != inner || (hasOuter && outer == "") {
		return refuse(causeInResponseTo, "InResponseTo differs between response and confirmation")
	}
	out.inResponseTo = outer
	return nil
}

func (x *expectation) checkConditions(assertion *xmldsig.Element) *refusal {
	conditions := assertion.Only(nsAssertion, "Conditions")
	if conditions == nil {
		return refuse(causeShape, "no Conditions")
	}
	if _, has := conditions.Attr("NotBefore"); has {
		start, ok := instant(conditions, "NotBefore")
		if !ok || x.now.Before(start.Add(-x.skew)) {
			return refuse(causeNotYetValid, "the assertion is not valid yet")
		}
	}
	if _, has := conditions.Attr("NotOnOrAfter"); has {
		end, ok := instant(conditions, "NotOnOrAfter")
		if !ok || !x.now.Before(end.Add(x.skew)) {
			return refuse(causeExpired, "the assertion has expired")
		}
	}
	restrictions := 0
	for _, c := range conditions.Children {
		switch {
		case c.Is(nsAssertion, "AudienceRestriction"):
			if restrictions++; !x.inAudience(c) {
				return refuse(causeAudience, "the assertion is for another audience")
			}
		case c.Is(nsAssertion, "OneTimeUse"), c.Is(nsAssertion, "ProxyRestriction"):
		default:
			return refuse(causeShape, "condition %s is not understood", c.Local())
		}
	}
	if restrictions == 0 {
		return refuse(causeAudience, "no AudienceRestriction")
	}
	return nil
}

func (x *expectation) inAudience(restriction *xmldsig.Element) bool {
	for _, a := range restriction.Children {
		if name, ok := a.Value(); ok && a.Is(nsAssertion, "Audience") && name == x.audience {
			return true
		}
	}
	return false
}

func (x *expectation) checkAuthnStatement(assertion *xmldsig.Element, out *authentication) *refusal {
	statement := assertion.Only(nsAssertion, "AuthnStatement")
	if statement == nil {
		return refuse(causeShape, "no AuthnStatement, or several")
	}
	if at, ok := instant(statement, "AuthnInstant"); !ok || at.After(x.now.Add(x.skew)) {
		return refuse(causeNotYetValid, "AuthnInstant is missing or in the future")
	}
	if _, has := statement.Attr("SessionNotOnOrAfter"); !has {
		return nil
	}
	end, ok := instant(statement, "SessionNotOnOrAfter")
	if out.sessionEnd = end.Add(x.skew); !ok || !x.now.Before(out.sessionEnd) {
		return refuse(causeExpired, "the provider's session has ended")
	}
	return nil
}
