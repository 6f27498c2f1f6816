package idp

import (
	"crypto/x509"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

// oktaMetadata has the shape of what an administrator downloads at Okta: prefixes of md and ds, certificates in lines
// of 64 characters, HTTP-POST first.
func oktaMetadata(p *IdP, k *keys) ([]byte, error) {
	role := &element{
		Name:  "md:IDPSSODescriptor",
		Attrs: attrs("WantAuthnRequestsSigned", "false", "protocolSupportEnumeration", protocolNamespace),
	}
	for _, c := range k.Shown {
		info := keyInfo(c, xmldsig.Style{Prefix: "ds"})
		certificate := info.Children[0].Children[0]
		certificate.Text = lines(certificate.Text)
		role.Children = append(role.Children,
			&element{Name: "md:KeyDescriptor", Attrs: attrs("use", "signing"), Children: []*element{info}})
	}
	role.Children = append(role.Children,
		&element{Name: "md:NameIDFormat", Text: unspecified}, &element{Name: "md:NameIDFormat", Text: emailAddress},
		p.ssoService("md:", bindingPost), p.ssoService("md:", bindingRedirect))
	return xmldsig.Document(&element{
		Name:     "md:EntityDescriptor",
		Attrs:    attrs("entityID", p.EntityID(), "xmlns:md", metadataNamespace),
		Children: []*element{role},
	}), nil
}

// entraMetadata has the shape of Entra ID's federation metadata: signed, in the default namespace, with a role of
// WS-Federation in front of SAML's and HTTP-Redirect first.
func entraMetadata(p *IdP, k *keys) ([]byte, error) {
	var descriptors, again []*element
	for _, c := range k.Shown {
		for _, list := range []*[]*element{&descriptors, &again} {
			*list = append(*list, &element{Name: "KeyDescriptor", Attrs: attrs("use", "signing"),
				Children: []*element{keyInfo(c, xmldsig.Style{})}})
		}
	}
	const federation = "http://docs.oasis-open.org/wsfed/federation/200706"
	token := &element{
		Name: "RoleDescriptor",
		Attrs: attrs("xsi:type", "fed:SecurityTokenServiceType", "protocolSupportEnumeration", federation,
			"xmlns:xsi", xsiNamespace, "xmlns:fed", federation),
		Children: descriptors,
	}
	saml := &element{Name: "IDPSSODescriptor", Attrs: attrs("protocolSupportEnumeration", protocolNamespace)}
	saml.Children = append(again,
		&element{Name: "SingleLogoutService", Attrs: attrs("Binding", bindingRedirect, "Location", p.SSOURL())},
		p.ssoService("", bindingRedirect), p.ssoService("", bindingPost))
	root := &element{
		Name: "EntityDescriptor",
		Attrs: attrs("ID", "_"+entraName("metadata", p.app.Issuer), "entityID", p.EntityID(),
			"xmlns", metadataNamespace),
		Children: []*element{token, saml},
	}
	if err := k.signer.Sign(root, xmldsig.Style{}); err != nil {
		return nil, err
	}
	signature := root.Children[1] // behind the first child, where messages have it; metadata has it in front
	root.Children = slices.Insert(slices.Delete(root.Children, 1, 2), 0, signature)
	return xmldsig.Document(root), nil
}

// keyInfo names a certificate.
func keyInfo(c *x509.Certificate, style xmldsig.Style) *element {
	info := xmldsig.NewSigner(nil, c).KeyInfo(style)
	info.Attrs = attrs(strings.TrimSuffix("xmlns:"+style.Prefix, ":"), xmldsig.Namespace)
	return info
}

func (p *IdP) ssoService(prefix, binding string) *element {
	return &element{Name: prefix + "SingleSignOnService", Attrs: attrs("Binding", binding, "Location", p.SSOURL())}
}

// lines breaks base64 as PEM does.
func lines(base64 string) string {
	const width = 64
	var out strings.Builder
	for chunk := range slices.Chunk([]byte(base64), width) {
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		out.Write(chunk)
	}
	return out.String()
}
