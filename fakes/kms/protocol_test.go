package kms

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const signedBySSO = "AWS4-HMAC-SHA256 Credential=SSO/20261123/eu-west-1/kms/aws4_request, " +
	"SignedHeaders=host, Signature=0"

// TestProtocol is what no SDK would send.
func TestProtocol(t *testing.T) {
	h := New(Config{Account: account, Principals: map[string]string{"SSO": sso}}, Deps{}).Handler(ireland)
	for name, c := range map[string]struct{ method, target, authorization, body, want string }{
		"a GET":         {"GET", "TrentService.Decrypt", signedBySSO, "", "UnknownOperationException"},
		"no target":     {"POST", "", signedBySSO, "{}", "UnknownOperationException"},
		"not an action": {"POST", "TrentService.Decrypt2", signedBySSO, "{}", "UnknownOperationException"},
		"unsigned":      {"POST", "TrentService.Decrypt", "", "{}", "MissingAuthenticationTokenException"},
		"no credential": {"POST", "TrentService.Decrypt", "AWS4-HMAC-SHA256 Signature=0", "{}",
			"IncompleteSignatureException"},
		"for elsewhere": {"POST", "TrentService.Decrypt", strings.Replace(signedBySSO, ireland, virginia, 1), "{}",
			"InvalidSignatureException"},
		"not JSON":       {"POST", "TrentService.Decrypt", signedBySSO, "{", "SerializationException"},
		"nothing sealed": {"POST", "TrentService.Decrypt", signedBySSO, "{}", "ValidationException"},
		"a body too long": {"POST", "TrentService.Decrypt", signedBySSO, strings.Repeat(" ", maxBody+1),
			"SerializationException"},
	} {
		w := post(h, c.method, c.target, c.authorization, []byte(c.body))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"__type":"`+c.want+`"`) {
			t.Errorf("%s: %d %s, want %s", name, w.Code, w.Body, c.want)
		}
	}
}

// TestSerialization has members of the wrong kind, and what AWS's reader says of them.
func TestSerialization(t *testing.T) {
	h := New(Config{Account: account, Principals: map[string]string{"SSO": admin}}, Deps{}).Handler(ireland)
	for _, c := range []struct{ operation, body, says string }{
		{"Decrypt", `[]`, "Start of list found where not expected"},
		{"Decrypt", `{"KeyId": {}}`, "Start of structure or map found where not expected."},
		{"Decrypt", `{"KeyId": 1}`, "NUMBER_VALUE can not be converted to a String"},
		{"Decrypt", `{"DryRun": "yes"}`, "STRING_VALUE can not be converted to a Boolean"},
		{"Decrypt", `{"CiphertextBlob": 1}`, "NUMBER_VALUE can not be converted to a Blob"},
		{"Decrypt", `{"EncryptionContext": "a"}`, "STRING_VALUE can not be converted to a Map"},
		{"Decrypt", `{"GrantTokens": "a"}`, "STRING_VALUE can not be converted to a List"},
		{"ListKeys", `{"Limit": "all"}`, "STRING_VALUE can not be converted to an Integer"},
		{"ListKeys", `{"Limit": 1.5}`, "NUMBER_VALUE can not be converted to an Integer"},
		{"CreateKey", `{"Tags": ["a"]}`, "STRING_VALUE can not be converted to a Structure"},
	} {
		w := post(h, http.MethodPost, targetPrefix+c.operation, signedBySSO, []byte(c.body))
		if want := `{"__type":"SerializationException","message":"` + c.says + `"}`; w.Body.String() != want {
			t.Errorf("%s %s: %s, want %s", c.operation, c.body, w.Body, want)
		}
	}
	w := post(h, http.MethodPost, targetPrefix+"ListKeys", signedBySSO, []byte(`{"NoSuchMember": [1]}`))
	if w.Code != http.StatusOK {
		t.Errorf("an unknown member: %d %s", w.Code, w.Body)
	}
}

func post(h http.Handler, method, target, authorization string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// FuzzBody gives every operation whatever body: the answer is JSON, and never a fault of the server.
func FuzzBody(f *testing.F) {
	s := New(Config{Account: account, Principals: map[string]string{"SSO": admin}}, Deps{})
	keyID, err := s.CreateKey(ireland, "")
	if err != nil {
		f.Fatal(err)
	}
	h := s.Handler(ireland)
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"KeyId": "` + keyID + `"}`, `{"KeyId": "` + keyID + `", "Plaintext": "aGk="}`,
		`{"CiphertextBlob": "AQE=", "EncryptionContext": {"": ""}}`, `{"KeyId": "` + keyID + `", "NumberOfBytes": -1}`,
		`{"KeyId": "` + keyID + `", "Policy": "{}"}`, `{"KeyId": "` + keyID + `", "ReplicaRegion": "eu-west-2"}`,
		`{"Limit": 0}`, `{"KeyId": "` + keyID + `", "PendingWindowInDays": 7}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for name := range operations() {
			w := post(h, http.MethodPost, targetPrefix+name, signedBySSO, body)
			if w.Code >= 500 || w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	})
}

// FuzzBlob takes ciphertext blobs apart, and opens none that this key has not sealed.
func FuzzBlob(f *testing.F) {
	s := New(Config{Account: account}, Deps{})
	keyID, err := s.CreateKey(ireland, "")
	if err != nil {
		f.Fatal(err)
	}
	k := s.keys[keyID]
	f.Add(k.seal([]byte("secret"), nil))
	f.Add(k.seal(nil, instance)[:40])
	f.Add([]byte{blobVersion, 0, 0, 255})
	f.Add([]byte{})
	other := &key{materials: []material{newMaterial(time.Time{}, false)}}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, ok := parseBlob(data)
		if !ok {
			return
		}
		if len(b.header)+len(b.rest) != len(data) {
			t.Fatalf("%d and %d of %d bytes", len(b.header), len(b.rest), len(data))
		}
		if plaintext, _, ok := other.open(b, instance); ok {
			t.Fatalf("opened: %x", plaintext)
		}
	})
}

// BenchmarkDecrypt is the handler alone, which sits in every sign-in.
func BenchmarkDecrypt(b *testing.B) {
	s := New(Config{Account: account, Principals: map[string]string{"SSO": sso}}, Deps{})
	keyID, err := s.CreateKey(virginia, BaselinePolicy(virginia, account))
	if err == nil {
		err = s.ReplicateKey(keyID, ireland, BaselinePolicy(virginia, account))
	}
	if err != nil {
		b.Fatal(err)
	}
	body, err := json.Marshal(decryptInput{
		CiphertextBlob: s.keys[keyID].seal(make([]byte, 32), instance), EncryptionContext: instance,
	})
	if err != nil {
		b.Fatal(err)
	}
	h := s.Handler(ireland)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if w := post(h, http.MethodPost, "TrentService.Decrypt", signedBySSO, body); w.Code != http.StatusOK {
				b.Error(w.Body)
			}
		}
	})
}
