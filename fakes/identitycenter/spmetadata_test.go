package identitycenter

import (
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/regiondrill/regiondrill/harness/names"
)

func TestSPMetadata(t *testing.T) {
	in := names.Instance{Primary: "us-east-1", ID: "ssoins-0123456789abcdef", DirectoryID: "d-0123456789",
		Account: "111122223333", UUID: "7d1f3b5e-0000-4000-8000-000000000000"}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(SPMetadata(in, []string{"us-east-1", "eu-west-1"})); err != nil {
		t.Fatal(err)
	}
	if got := doc.Root().SelectAttrValue("entityID", ""); got != in.Issuer() {
		t.Errorf("entity ID %q", got)
	}
	if got := doc.FindElement("//md:NameIDFormat").Text(); got != formatEmail {
		t.Errorf("NameIDFormat %q", got)
	}
	var services []string
	for _, e := range doc.FindElements("//md:AssertionConsumerService") {
		services = append(services, strings.Join([]string{e.SelectAttrValue("index", ""), e.SelectAttrValue("isDefault", "-"),
			e.SelectAttrValue("Location", "")}, " "))
	}
	want := []string{
		"0 true " + in.ACS("us-east-1"), "1 - " + in.ACS("eu-west-1"), "2 - " + in.DualStackACS("us-east-1"),
		"3 - " + in.DualStackACS("eu-west-1"), "4 - " + in.LegacyACS(),
	}
	if strings.Join(services, "\n") != strings.Join(want, "\n") {
		t.Errorf("services\n%s\nwant\n%s", strings.Join(services, "\n"), strings.Join(want, "\n"))
	}
}
