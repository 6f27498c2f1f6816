package identitycenter

import (
	"strconv"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
	"github.com/regiondrill/regiondrill/harness/names"
)

// SPMetadata is the SAML metadata of an instance as a service provider (SAML 2.0 Metadata, 2.4.4), which its
// administrator downloads and gives to the identity provider: one entity ID, and the ACS URLs of all Regions. The
// primary's is the default, then come those of the additional Regions, then their dual-stack forms, and the primary's
// legacy form last; indexes count from 0 (IAM Identity Center User Guide, "Workforce access through additional
// Regions"; the order is inferred). The primary is the first of the Regions.
func SPMetadata(i names.Instance, regions []string) []byte {
	role := &xmldsig.Element{
		Name: "md:SPSSODescriptor",
		Attrs: []xmldsig.Attr{
			{Name: "AuthnRequestsSigned", Value: "false"}, {Name: "WantAssertionsSigned", Value: "true"},
			{Name: "protocolSupportEnumeration", Value: "urn:oasis:names:tc:SAML:2.0:protocol"},
		},
		Children: []*xmldsig.Element{{Name: "md:NameIDFormat", Text: formatEmail}},
	}
	for index, url := range acsURLs(i, regions) {
		service := &xmldsig.Element{Name: "md:AssertionConsumerService", Attrs: []xmldsig.Attr{
			{Name: "Binding", Value: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"}, {Name: "Location", Value: url},
			{Name: "index", Value: strconv.Itoa(index)},
		}}
		if index == 0 {
			service.Attrs = append(service.Attrs, xmldsig.Attr{Name: "isDefault", Value: "true"})
		}
		role.Children = append(role.Children, service)
	}
	return xmldsig.Document(&xmldsig.Element{
		Name: "md:EntityDescriptor",
		Attrs: []xmldsig.Attr{
			{Name: "xmlns:md", Value: "urn:oasis:names:tc:SAML:2.0:metadata"}, {Name: "entityID", Value: i.Issuer()},
		},
		Children: []*xmldsig.Element{role},
	})
}

func acsURLs(i names.Instance, regions []string) []string {
	var urls, dual []string
	for _, region := range regions {
		urls, dual = append(urls, i.ACS(region)), append(dual, i.DualStackACS(region))
	}
	return append(append(urls, dual...), i.LegacyACS())
}
