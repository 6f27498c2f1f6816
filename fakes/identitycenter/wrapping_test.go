package identitycenter

import (
	"testing"

	"github.com/beevik/etree"
)

// wrapping are the eight signature wrapping attacks of the literature: the signed part is moved to where a verifier
// still finds it by its ID, and a forged one stands where a careless reader looks.
var wrapping = map[string]func(root *etree.Element) *etree.Element{
	"XSW1": func(root *etree.Element) *etree.Element {
		evil, original := forged(root), unsigned(root)
		signatureOf(evil).AddChild(original)
		return evil
	},
	"XSW2": func(root *etree.Element) *etree.Element {
		evil, original := forged(root), unsigned(root)
		evil.InsertChildAt(signatureOf(evil).Index(), original)
		return evil
	},
	"XSW3": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		root.InsertChildAt(original.Index(), unsigned(forged(original)))
		return root
	},
	"XSW4": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		evil := unsigned(forged(original))
		root.RemoveChild(original)
		evil.AddChild(original)
		root.AddChild(evil)
		return root
	},
	"XSW5": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		evil := forged(original)
		root.RemoveChild(original)
		root.AddChild(evil)
		root.AddChild(unsigned(original))
		return root
	},
	"XSW6": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		evil := forged(original)
		root.RemoveChild(original)
		signatureOf(evil).AddChild(unsigned(original))
		root.AddChild(evil)
		return root
	},
	"XSW7": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		extensions := etree.NewElement("saml2p:Extensions")
		extensions.AddChild(unsigned(forged(original)))
		root.InsertChildAt(original.Index(), extensions)
		return root
	},
	"XSW8": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		evil := forged(original)
		root.RemoveChild(original)
		object := signatureOf(evil).CreateElement("ds:Object")
		object.AddChild(unsigned(original))
		root.AddChild(evil)
		return root
	},
	"signature moved to the response": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		sig := signatureOf(original)
		original.RemoveChild(sig)
		root.RemoveChild(signatureOf(root))
		root.InsertChildAt(1, sig)
		original.FindElement(".//NameID").SetText("eve@acme.test")
		return root
	},
	"evil assertion after": func(root *etree.Element) *etree.Element {
		root.AddChild(unsigned(forged(assertionOf(root))))
		return root
	},
	"evil assertion without namespace": func(root *etree.Element) *etree.Element {
		evil := unsigned(forged(assertionOf(root)))
		evil.Space = ""
		root.AddChild(evil)
		return root
	},
	"evil assertion in place, the original in its advice": func(root *etree.Element) *etree.Element {
		original := assertionOf(root)
		evil := unsigned(forged(original))
		root.RemoveChild(original)
		advice := etree.NewElement("saml2:Advice")
		advice.AddChild(original)
		evil.InsertChildAt(evil.FindElement("./Conditions").Index()+1, advice)
		root.AddChild(evil)
		return root
	},
}

func assertionOf(root *etree.Element) *etree.Element { return root.FindElement("./Assertion") }

func signatureOf(el *etree.Element) *etree.Element { return el.FindElement("./Signature") }

// forged is a copy in another's name, under another ID.
func forged(el *etree.Element) *etree.Element {
	evil := el.Copy()
	evil.CreateAttr("ID", "evil"+el.SelectAttrValue("ID", ""))
	evil.FindElement(".//NameID").SetText("eve@acme.test")
	return evil
}

// unsigned is a copy without the signature of its own.
func unsigned(el *etree.Element) *etree.Element {
	out := el.Copy()
	if sig := signatureOf(out); sig != nil {
		out.RemoveChild(sig)
	}
	return out
}

func TestRefusesWrapping(t *testing.T) {
	for name, wrap := range wrapping {
		for kind, change := range map[string]func(*draft){
			"both signed": func(*draft) {}, "assertion signed": func(d *draft) { d.noResponseSignature = true },
			"response signed": func(d *draft) { d.noAssertionSignature = true },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				x, d := testExpectation()
				change(&d)
				doc := etree.NewDocument()
				if err := doc.ReadFromString(d.issue(t)); err != nil {
					t.Fatal(err)
				}
				for _, el := range []*etree.Element{doc.Root(), assertionOf(doc.Root())} {
					if signatureOf(el) == nil { // so that every attack has what it moves
						el.InsertChildAt(1, doc.FindElement("//Signature").Copy())
					}
				}
				root := wrap(doc.Root())
				out := etree.NewDocument()
				out.SetRoot(root)
				text, err := out.WriteToBytes()
				if err != nil {
					t.Fatal(err)
				}
				a, r := x.validateXML(text)
				if r == nil {
					t.Fatalf("accepted as %+v: %s", a, text)
				}
				if r.cause != causeShape && r.cause != causeSignature {
					t.Errorf("refused for another reason: %v", r)
				}
			})
		}
	}
}
