package idp

import "github.com/regiondrill/regiondrill/fakes/xmldsig"

// metadata is what an administrator downloads here and gives to the service provider (SAML 2.0 Metadata, 2.4.3).
func (p *IdP) metadata() []byte {
	sso := func(binding string) *element {
		return &element{
			Name:  "md:SingleSignOnService",
			Attrs: attrs("Binding", binding, "Location", p.SSOURL()),
		}
	}
	keyInfo := p.signer.KeyInfo(xmldsig.Style{Prefix: "ds"})
	keyInfo.Attrs = attrs("xmlns:ds", xmldsig.Namespace)
	document := &element{
		Name:  "md:EntityDescriptor",
		Attrs: attrs("entityID", p.EntityID(), "xmlns:md", metadataNamespace),
		Children: []*element{{
			Name:  "md:IDPSSODescriptor",
			Attrs: attrs("WantAuthnRequestsSigned", "false", "protocolSupportEnumeration", protocolNamespace),
			Children: []*element{
				{Name: "md:KeyDescriptor", Attrs: attrs("use", "signing"), Children: []*element{keyInfo}},
				{Name: "md:NameIDFormat", Text: emailAddress},
				sso(bindingPost),
				sso(bindingRedirect),
			},
		}},
	}
	return xmldsig.Document(document)
}
