package identitycenter

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

// response is a document of the right shape, not yet verified.
type response struct {
	root, assertion *xmldsig.Element
	signatures      []*xmldsig.Element // of the response, then of the assertion
}

// readShape finds the parts of a response and refuses whatever stands where it may not. Every wrapping attack needs a
// second assertion, a second ID or a signature elsewhere.
func readShape(root *xmldsig.Element) (*response, *refusal) {
	if !root.Is(nsProtocol, "Response") {
		return nil, refuse(causeShape, "the root is %s", root.Local())
	}
	out := &response{root: root}
	if r := checkDocument(root); r != nil {
		return nil, r
	}
	if out.assertion = root.Only(nsAssertion, "Assertion"); out.assertion == nil {
		if root.Only(nsProtocol, "Status") != nil && !succeeded(root) {
			return nil, refuse(causeStatus, "the provider's status is not Success")
		}
		return nil, refuse(causeShape, "no assertion, or several")
	}
	if r := checkOrder(root, responseOrder); r != nil {
		return nil, r
	}
	if r := checkOrder(out.assertion, assertionOrder); r != nil {
		return nil, r
	}
	if chars := utf8.RuneCountInString(out.assertion.Source()); chars > maxAssertion {
		return nil, refuse(causeTooLarge, "assertion of %d characters", chars)
	}
	for _, n := range []*xmldsig.Element{root, out.assertion} {
		if sig := n.Only(xmldsig.Namespace, "Signature"); sig != nil {
			out.signatures = append(out.signatures, sig)
		}
	}
	return out, nil
}

// checkDocument holds the rules for every element: one assertion, IDs that are unique and stand where IDs stand,
// signatures as children of what they sign.
func checkDocument(root *xmldsig.Element) *refusal {
	ids := make(map[string]bool, 4)
	err := root.Walk(func(n *xmldsig.Element) error {
		inAssertion := n == root || n.Is(nsAssertion, "Assertion") && n.Parent() == root
		switch {
		case n.Local() == "Assertion" && !inAssertion, n.Local() == "Response" && n != root:
			return refuse(causeShape, "%s in a wrong place", n.Local())
		case strings.HasPrefix(n.Local(), "Encrypted"):
			return refuse(causeShape, "encryption is not supported")
		case n.Space() == xmldsig.Namespace && n.Local() == "Object":
			return refuse(causeShape, "ds:Object")
		case n.Local() == "Signature" && (n.Space() != xmldsig.Namespace || !mayBeSigned(n.Parent(), root)):
			return refuse(causeShape, "Signature in a wrong place")
		}
		for _, a := range n.Attrs {
			_, declares := a.Declares()
			_, local := a.Split()
			if declares || !strings.EqualFold(local, "ID") {
				continue
			}
			mayHave := a.Name == "ID" && inAssertion || a.Name == "Id" && n.Space() == xmldsig.Namespace
			if !mayHave || ids[a.Value] || !xmldsig.IsNCName(a.Value) {
				return refuse(causeShape, "%s with a doubtful ID", n.Local())
			}
			ids[a.Value] = true
		}
		return nil
	})
	var r *refusal
	errors.As(err, &r)
	return r
}

func mayBeSigned(n, root *xmldsig.Element) bool {
	return n == root || n != nil && n.Parent() == root && n.Is(nsAssertion, "Assertion")
}

// The orders of the schemas saml-schema-protocol-2.0 and saml-schema-assertion-2.0: one word a place, alternatives with
// bars, a star where more than one may stand.
const (
	responseOrder  = "Issuer Signature Extensions Status Assertion"
	statusOrder    = "StatusCode StatusMessage StatusDetail"
	assertionOrder = "Issuer Signature Subject Conditions Advice " +
		"AuthnStatement|AttributeStatement|AuthzDecisionStatement*"
	subjectOrder      = "BaseID|NameID|EncryptedID SubjectConfirmation*"
	confirmationOrder = "BaseID|NameID|EncryptedID SubjectConfirmationData"
)

// checkOrder wants the children in the order of the schema and no text beside them.
func checkOrder(n *xmldsig.Element, order string) *refusal {
	if !n.Blank() {
		return refuse(causeShape, "text in %s", n.Local())
	}
	slots := strings.Fields(order)
	at := -1
	for _, e := range n.Children {
		i := slotOf(slots, e.Local())
		repeats := i == at && i >= 0 && strings.HasSuffix(slots[i], "*")
		if i < at || i < 0 || (i == at && !repeats) || !knownSpace(n, e) {
			return refuse(causeShape, "%s in %s out of place", e.Local(), n.Local())
		}
		at = i
	}
	return nil
}

func slotOf(slots []string, local string) int {
	for i, s := range slots {
		for name := range strings.SplitSeq(strings.TrimSuffix(s, "*"), "|") {
			if name == local {
				return i
			}
		}
	}
	return -1
}

// knownSpace tells whether a child is of the namespace that the schema gives it.
func knownSpace(parent, child *xmldsig.Element) bool {
	switch child.Local() {
	case "Signature":
		return child.Space() == xmldsig.Namespace
	case "Issuer", "Assertion":
		return child.Space() == nsAssertion
	}
	return child.Space() == parent.Space()
}
