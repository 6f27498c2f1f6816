package identitycenter

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
)

// administrator is a user whom the configuration of a test knows.
var administrator = AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "secret", ARN: "arn:aws:iam::111122223333:user/Operator"}

func withAdministrator(c *Config) { c.AccessKeys = []AccessKey{administrator} }

// signedCall is a call of an operation in AWS's JSON protocol.
type signedCall struct {
	by              credentials
	service, region string
	late            time.Duration
	unsigned        bool
}

func (s signedCall) request(t *testing.T, host, target, body string) *http.Request {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+host+"/", bytes.NewBufferString(body))
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", target)
	if s.unsigned {
		return req
	}
	sum := sha256.Sum256([]byte(body))
	by := aws.Credentials{AccessKeyID: s.by.AccessKeyID, SecretAccessKey: s.by.SecretAccessKey, SessionToken: s.by.SessionToken}
	err := v4.NewSigner().SignHTTP(t.Context(), by, req, hex.EncodeToString(sum[:]), s.service, s.region, time.Now().Add(s.late))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// TestSignedOperations: an operation is called by who signed it for its service, Region and time and is of the
// instance's account; everybody else is told why not in the codes of AWS's JSON protocol.
func TestSignedOperations(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var who string
		handler := awsjson.Handler("Some", func(string) awsjson.Operation {
			return w.replicas[east].signed("some", "Do", func(req *http.Request, _ []byte) (any, error) {
				who = callerOf(req.Context()).ARN
				return struct{}{}, nil
			})
		})
		admin := credentials{AccessKeyID: administrator.ID, SecretAccessKey: administrator.Secret}
		member := issued(t, w, east) // of an account that is not the instance's
		role := must[credentials](t)(w.replicas[east].issue(w.instance.Account, "ReadOnly", "ann@acme.test", credentialsLife))
		for name, c := range map[string]struct {
			signedCall
			code string
		}{
			"as it should be":     {signedCall{admin, "some", east, 0, false}, ""},
			"by a role there":     {signedCall{role, "some", east, 0, false}, ""},
			"unsigned":            {signedCall{unsigned: true}, "MissingAuthenticationTokenException"},
			"of another service":  {signedCall{admin, "sts", east, 0, false}, "InvalidSignatureException"},
			"of another Region":   {signedCall{admin, "some", west, 0, false}, "InvalidSignatureException"},
			"old":                 {signedCall{admin, "some", east, -16 * time.Minute, false}, "InvalidSignatureException"},
			"by nobody":           {signedCall{credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, "some", east, 0, false}, "UnrecognizedClientException"},
			"with another secret": {signedCall{credentials{AccessKeyID: administrator.ID, SecretAccessKey: "x"}, "some", east, 0, false}, "InvalidSignatureException"},
			"by another account":  {signedCall{member, "some", east, 0, false}, "AccessDeniedException"},
		} {
			who = ""
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, c.request(t, "some.test", "Some.Do", "{}"))
			got := rec.Header().Get("X-Amzn-Errortype")
			if got != c.code || (c.code == "") != (who != "") || c.by == admin && c.code == "" && who != administrator.ARN {
				t.Errorf("%s: %q by %q, want %q: %s", name, got, who, c.code, rec.Body)
			}
		}
		time.Sleep(credentialsLife)
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, signedCall{member, "some", east, 0, false}.request(t, "some.test", "Some.Do", "{}"))
		if got := rec.Header().Get("X-Amzn-Errortype"); got != "ExpiredTokenException" {
			t.Errorf("with expired credentials: %q", got)
		}
	}, withAdministrator)
}
