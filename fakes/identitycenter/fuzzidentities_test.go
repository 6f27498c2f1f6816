package identitycenter

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/harness/names"
)

// FuzzIdentityStore: whatever bodies its operations are called with, they answer as the service, and are not at fault.
func FuzzIdentityStore(f *testing.F) {
	w := newWorld(f, withAdministrator, func(c *Config) { c.Behaviour.Quotas = false })
	defer w.close()
	w.start()
	operations := identityStoreOperations()
	for i := range operations {
		f.Add(i, []byte(`{"IdentityStoreId":"d-0123456789","UserId":"u-1","GroupId":"g-1","MemberId":{"UserId":"u-2"},"GroupIds":["g-1"],"UserName":"x",
			"DisplayName":"x","Name":{"GivenName":"x","FamilyName":"y"},"Operations":[{"AttributePath":"name.givenName","AttributeValue":"z"}],
			"AlternateIdentifier":{"UniqueAttribute":{"AttributePath":"userName","AttributeValue":"x"}},"MaxResults":1,"NextToken":"x"}`))
	}
	f.Fuzz(func(t *testing.T, i int, body []byte) {
		do := w.replicas[east].storeGate(operations[uint(i)%uint(len(operations))])
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		_, err := do(req, body)
		var fault *awsjson.Fault
		if err != nil && (!errors.As(err, &fault) || fault.Status >= 500 || fault.More["RequestId"] == nil) {
			t.Errorf("%s: %v", operations[uint(i)%uint(len(operations))].name, err)
		}
	})
}

// FuzzSCIM: whatever a provider sends, SCIM answers it, and is not at fault.
func FuzzSCIM(f *testing.F) {
	w := newWorld(f, withSCIM, func(c *Config) { c.Behaviour.Quotas = false })
	defer w.close()
	w.start()
	handler := w.replicas[east].Handlers()[names.SCIMHost(east)]
	for _, seed := range [][3]string{
		{"GET", "Users?filter=userName%20eq%20%22x%22&cursor", ""}, {"POST", "Users", scimUser("x")}, {"PUT", "Users/u-1", scimUser("x")},
		{"PATCH", "Users/u-1", patch(`{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}`)},
		{"PATCH", "Groups/g-1", patch(`{"op":"remove","path":"members[value eq \"u-1\"]"}`)}, {"POST", "Groups", `{"displayName":"x","members":[{"value":"u-1"}]}`},
		{"DELETE", "Groups/g-1", ""}, {"GET", "Schemas/x", ""},
	} {
		f.Add(seed[0], seed[1], []byte(seed[2]))
	}
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		req, err := http.NewRequestWithContext(t.Context(), method, w.instance.SCIMURL()+"/"+path, bytes.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Authorization", "Bearer "+scimSecret)
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		if rec.Code >= 500 {
			t.Errorf("%s %s: %d: %s", method, path, rec.Code, rec.Body)
		}
	})
}
