package fabric

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestOperationsOfSCIM: they are known by method and path, whoever the tenant is, and a canary calls what it means to.
func TestOperationsOfSCIM(t *testing.T) {
	at := locate("scim.us-east-1.amazonaws.com")
	if at == nil || at.service.name != "scim" || at.region != "us-east-1" || locate("scim.eu-west-1.api.aws") == nil {
		t.Fatalf("its host is %+v", at)
	}
	s := at.service
	for request, want := range map[string]string{
		"GET /t/scim/v2/Users": "ListUsers", "GET /t/scim/v2/Users/": "ListUsers", "POST /t/scim/v2/Users": "CreateUser",
		"PATCH /t/scim/v2/Users/u-1": "PatchUser", "PATCH /t/scim/v2/Groups/g-1": "PatchGroup", "PUT /t/scim/v2/Users/u": "PutUser",
		"DELETE /t/scim/v2/Groups/g": "DeleteGroup", "GET /t/scim/v2/Schemas/urn:x:y": "GetSchema",
		"GET /t/scim/v2/Users/a/b": "", "PUT /t/scim/v2/Groups/g": "", "GET /Users": "", "GET /t/scim/v2": "", "POST /t/scim/v2/Bulk": "",
	} {
		var method, path string
		for i := range request {
			if request[i] == ' ' {
				method, path = request[:i], request[i+1:]
			}
		}
		if got := s.protocol.operationOf(s, httptest.NewRequest(method, path, nil)); got != want {
			t.Errorf("%s is %q, want %q", request, got, want)
		}
	}
	for _, o := range s.operations {
		r, err := s.protocol.request(t.Context(), "scim.us-east-1.amazonaws.com", o)
		if err != nil || s.protocol.operationOf(s, r) != o.name {
			t.Errorf("a canary of %s: %v", o.name, err)
		}
	}
	rec := httptest.NewRecorder()
	s.protocol.say(rec, s.throttled, "so", "r-1")
	var said scimError
	if err := json.Unmarshal(rec.Body.Bytes(), &said); err != nil || rec.Code != http.StatusTooManyRequests || said.Status != "429" ||
		said.Detail != "so" || said.Request != "r-1" || len(said.Schema) != 1 || len(said.Schemas) != 1 {
		t.Errorf("throttled: %d %s, %v", rec.Code, rec.Body, err)
	}
}
