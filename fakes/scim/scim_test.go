package scim

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestFilters(t *testing.T) {
	for text, want := range map[string][]Term{
		`userName eq "ann@acme.test"`:        {{"userName", "ann@acme.test"}},
		`USERNAME EQ "a \"b\" \\ and c"`:     {{"USERNAME", `a "b" \ and c`}},
		`id eq "1" and members eq "2"`:       {{"id", "1"}, {"members", "2"}},
		`  groups.value  eq   "g"  `:         {{"groups.value", "g"}},
		`id eq "1" And manager eq ""`:        {{"id", "1"}, {"manager", ""}},
		`externalId eq "é"`:                  {{"externalId", "é"}},
		``:                                   nil,
		`userName`:                           nil,
		`userName eq`:                        nil,
		`userName eq x`:                      nil,
		`userName eq "x`:                     nil,
		`userName eq "x" or id eq "1"`:       nil,
		`userName sw "x"`:                    nil,
		`userName co "x"`:                    nil,
		`not (userName eq "x")`:              nil,
		`userName eq "x" and`:                nil,
		`userName eq "x" userName eq "x"`:    nil,
		`a eq "1" and b eq "2" and c eq "3"`: nil,
		`user name eq "x"`:                   nil,
		`eq "x"`:                             nil,
		`a eq "\x"`:                          nil,
		`a eq "` + strings.Repeat("x", maxFilter) + `"`: nil,
	} {
		terms, err := ParseFilter(text)
		if !reflect.DeepEqual(terms, want) || (err == nil) != (want != nil) || (err != nil && !errors.Is(err, ErrFilter)) {
			t.Errorf("%.60s is %q, %v; want %q", text, terms, err, want)
		}
	}
}

func TestPaths(t *testing.T) {
	for text, want := range map[string]*Path{
		"username":                            {Attribute: "userName"},
		"name.FamilyName":                     {Attribute: "name", Within: "familyName"},
		"emails":                              {Attribute: "emails"},
		`emails[type eq "work"]`:              {Attribute: "emails", Filter: &Term{"type", "work"}},
		`emails[type eq "work"].value`:        {Attribute: "emails", Filter: &Term{"type", "work"}, Within: "value"},
		`emails[type eq "a]\"b"].value`:       {Attribute: "emails", Filter: &Term{"type", `a]"b`}, Within: "value"},
		CoreUser + ":active":                  {Attribute: "active"},
		EnterpriseUser:                        {Attribute: EnterpriseUser},
		EnterpriseUser + ":department":        {Attribute: EnterpriseUser, Within: "department"},
		EnterpriseUser + ":manager.value":     {Attribute: EnterpriseUser, Within: "manager"},
		"":                                    nil,
		"id":                                  nil,
		"photos":                              nil,
		"name.":                               nil,
		"name.x":                              nil,
		"emails..value":                       nil,
		"emails.value.value":                  nil,
		`emails[type eq "work"`:               nil,
		`emails[type eq "work"].`:             nil,
		`emails[type eq "work"]value`:         nil,
		`emails[x eq "work"]`:                 nil,
		`emails[type eq "a" and type eq "b"]`: nil,
		`name[type eq "work"]`:                nil,
		EnterpriseUser + ":":                  nil,
		EnterpriseUser + ":x":                 nil,
	} {
		p, err := User.ParsePath(text)
		if !reflect.DeepEqual(p, want) || (err == nil) != (want != nil) {
			t.Errorf("%s is %+v, %v; want %+v", text, p, err, want)
		}
	}
}

const ann = `{"userName":"ann","active":true,"name":{"givenName":"Ann","familyName":"Example"},
	"emails":[{"value":"ann@acme.test","type":"work","primary":true}]}`

// TestPatches applies to a user what Okta and Entra ID send, and what RFC 7644 has besides.
func TestPatches(t *testing.T) {
	for operations, want := range map[string]string{
		`{"op":"replace","value":{"active":false}}`:                                   `"active":false`,
		`{"op":"Replace","path":"active","value":"False"}`:                            `"active":false`,
		`{"op":"Add","path":"title","value":"Pilot"}`:                                 `"title":"Pilot"`,
		`{"op":"Replace","path":"name.familyName","value":"Other"}`:                   `"name":{"familyName":"Other","givenName":"Ann"}`,
		`{"op":"add","path":"name","value":{"middleName":"B"}}`:                       `"name":{"familyName":"Example","givenName":"Ann","middleName":"B"}`,
		`{"op":"replace","path":"name","value":{"FAMILYNAME":"B"}}`:                   `"name":{"familyName":"B"}`,
		`{"op":"remove","path":"name"}`:                                               `-name`,
		`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"a@b.test"}`: `"emails":[{"primary":true,"type":"work","value":"a@b.test"}]`,
		`{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}`:    `"phoneNumbers":[{"type":"mobile","value":"1"}]`,
		`{"op":"Add","path":"roles[primary eq \"True\"].value","value":"r"}`:          `"roles":[{"primary":true,"value":"r"}]`,
		`{"op":"replace","path":"emails","value":[{"value":"x","display":"y"}]}`:      `"emails":[{"value":"x"}]`,
		`{"op":"replace","path":"emails","value":{"value":"x"}}`:                      `"emails":[{"value":"x"}]`,
		`{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"x"}}`:    `"emails":[{"value":"x"}]`,
		`{"op":"add","path":"emails","value":[{"value":"x"}]}`:                        `"emails":[{"primary":true,"type":"work","value":"ann@acme.test"},{"value":"x"}]`,
		`{"op":"remove","path":"emails[type eq \"work\"]"}`:                           `-emails`,
		`{"op":"remove","path":"emails[type eq \"work\"].type"}`:                      `"emails":[{"primary":true,"value":"ann@acme.test"}]`,
		`{"op":"remove","path":"emails[type eq \"home\"]"}`:                           `"emails":[{"primary":true,"type":"work","value":"ann@acme.test"}]`,
		`{"op":"Add","path":"` + EnterpriseUser + `:manager","value":"m-1"}`:          `"` + EnterpriseUser + `":{"manager":{"value":"m-1"}}`,
		`{"op":"Add","value":{"` + EnterpriseUser + `":{"department":"D"}}}`:          `"` + EnterpriseUser + `":{"department":"D"}`,
		`{"op":"add","path":"title","value":"a"},{"op":"remove","path":"title"}`:      `-title`,
		`{"op":"replace","value":{"name.givenName":"B","displayName":"B E"}}`:         `"displayName":"B E"`,
	} {
		var resource map[string]any
		if err := json.Unmarshal([]byte(ann), &resource); err != nil {
			t.Fatal(err)
		}
		all, err := User.ParsePatch([]byte(`{"schemas":["` + PatchOp + `"],"Operations":[` + operations + `]}`))
		if err != nil {
			t.Errorf("%s: %v", operations, err)
			continue
		}
		User.Apply(resource, all)
		raw, err := json.Marshal(resource)
		gone, without := strings.CutPrefix(want, "-")
		if err != nil || without == strings.Contains(string(raw), want) || without && resource[gone] != nil {
			t.Errorf("%s makes it %s, want %s", operations, raw, want)
		}
	}
}

func TestBadPatches(t *testing.T) {
	for body, want := range map[string]error{
		`{`:                 ErrPatch,
		`{"Operations":[]}`: ErrPatch,
		`{"Operations":{}}`: ErrPatch,
		`{"schemas":["x"],"Operations":[{"op":"add","path":"title","value":"x"}]}`:                                      ErrPatch,
		`{"Operations":[{"path":"title","value":"x"}]}`:                                                                 ErrOp,
		`{"Operations":[{"op":"move","path":"title","value":"x"}]}`:                                                     ErrOp,
		`{"Operations":[{"op":"remove","value":"x"}]}`:                                                                  ErrNone,
		`{"Operations":[{"op":"add","path":"title"}]}`:                                                                  ErrValue,
		`{"Operations":[{"op":"add","value":"x"}]}`:                                                                     ErrValue,
		`{"Operations":[{"op":"add","path":"title","value":7}]}`:                                                        ErrValue,
		`{"Operations":[{"op":"add","path":"active","value":"perhaps"}]}`:                                               ErrValue,
		`{"Operations":[{"op":"add","path":"name","value":"x"}]}`:                                                       ErrValue,
		`{"Operations":[{"op":"add","path":"emails","value":[null]}]}`:                                                  ErrValue,
		`{"Operations":[{"op":"add","path":"photos","value":"x"}]}`:                                                     ErrPath,
		`{"Operations":[{"op":"replace","value":{"id":"x"}}]}`:                                                          ErrPath,
		`{"Operations":[{"op":"remove","path":"userName"}]}`:                                                            ErrKept,
		`{"Operations":[{"op":"remove","path":"active"}]}`:                                                              ErrKept,
		`{"Operations":[{"op":"replace","path":"active","value":true},{"op":"replace","path":"active","value":false}]}`: ErrKept,
	} {
		if _, err := User.ParsePatch([]byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
}

// FuzzFilter: a filter that is understood means the same when it is written again.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`userName eq "x"`, `id eq "1" and members eq "\"2\\"`, `a eq "`, `a eq "" and `, "\x00", `a eq "\u00e9"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := ParseFilter(text)
		if err != nil {
			return
		}
		var written []string
		for _, term := range terms {
			value, err := json.Marshal(term.Value)
			if err != nil {
				t.Fatal(err)
			}
			written = append(written, term.Attribute+" eq "+string(value))
		}
		again := strings.Join(written, " and ")
		if len(again) > maxFilter {
			return
		}
		if got, err := ParseFilter(again); err != nil || !reflect.DeepEqual(got, terms) {
			t.Errorf("%q is %q, and written as %q it is %q, %v", text, terms, again, got, err)
		}
	})
}

// FuzzPatch: whatever is applied leaves a resource of the schema.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		`{"Operations":[{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}]}`,
		`{"Operations":[{"op":"replace","value":{"active":"False","name.givenName":"x"}}]}`,
		`{"Operations":[{"op":"remove","path":"addresses[primary eq \"true\"].region"},{"op":"add","path":"addresses","value":{}}]}`,
		`{"Operations":[{"op":"add","path":"` + EnterpriseUser + `:manager","value":"x"}]}`,
		`{"Operations":[{"op":"remove","path":"emails","value":[{}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, s := range []Schema{User, Group} {
			all, err := s.ParsePatch(body)
			if err != nil {
				continue
			}
			var resource map[string]any
			if err := json.Unmarshal([]byte(ann), &resource); err != nil {
				t.Fatal(err)
			}
			resource, _ = s.Clean(resource)
			s.Apply(resource, all)
			if clean, ok := s.Clean(resource); !ok || !reflect.DeepEqual(clean, resource) {
				t.Errorf("it leaves %v, which is %v", resource, clean)
			}
		}
	})
}
