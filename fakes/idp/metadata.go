package idp

import "bytes"

// metadata is what an administrator downloads here and gives to the service provider (SAML 2.0 Metadata, 2.4.3).
func (p *IdP) metadata() []byte {
	sso := func(binding string) *element {
		return &element{
			name:  "md:SingleSignOnService",
			attrs: []attr{{"Binding", binding}, {"Location", p.SSOURL()}},
		}
	}
	document := &element{
		name:  "md:EntityDescriptor",
		attrs: []attr{{"entityID", p.EntityID()}, {"xmlns:md", metadataNamespace}},
		children: []*element{{
			name: "md:IDPSSODescriptor",
			attrs: []attr{
				{"WantAuthnRequestsSigned", "false"}, {"protocolSupportEnumeration", protocolNamespace},
			},
			children: []*element{
				{name: "md:KeyDescriptor", attrs: []attr{{"use", "signing"}}, children: []*element{
					{name: "ds:KeyInfo", attrs: []attr{{"xmlns:ds", dsigNamespace}}, children: []*element{
						{name: "ds:X509Data", children: []*element{
							{name: "ds:X509Certificate", text: p.notary.certificate},
						}},
					}},
				}},
				{name: "md:NameIDFormat", text: emailAddress},
				sso(bindingPost),
				sso(bindingRedirect),
			},
		}},
	}
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	document.wire(&out)
	return out.Bytes()
}
