package fabric

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const signedBy = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261127/"

// TestErrorsInEveryProtocol: an error is said as the service would say it, as far as the request tells.
func TestErrorsInEveryProtocol(t *testing.T) {
	const form, code, message = "application/x-www-form-urlencoded; charset=utf-8", "Missing", "it isn't <there>"
	inXML := "<Code>Missing</Code><Message>it isn&#39;t &lt;there&gt;</Message>"
	inResponse := "<ErrorResponse><Error><Type>Sender</Type>" + inXML + "</Error><RequestId>R</RequestId></ErrorResponse>"
	inJSON := `{"__type":"Missing","message":"it isn't \u003cthere\u003e"}`
	for name, c := range map[string]struct {
		url, scope string
		header     [2]string
		kind       string
		body       string // with R for the request's id
	}{
		"AWS JSON": {"https://dynamodb.us-east-1.amazonaws.com/", "dynamodb",
			[2]string{"X-Amz-Target", "DynamoDB_20120810.ListTables"},
			"application/x-amz-json-1.1", inJSON + "\n"},
		"REST-JSON": {"https://lambda.us-east-1.amazonaws.com/2015-03-31/functions", "lambda", [2]string{},
			"application/json", inJSON + "\n"},
		"REST-JSON with a body": {"https://oidc.us-east-1.amazonaws.com/client/register", "",
			[2]string{"Content-Type", "application/json"},
			"application/json", inJSON + "\n"},
		"query": {"https://iam.amazonaws.com/", "iam", [2]string{"Content-Type", form},
			"text/xml", inResponse},
		"EC2's query": {"https://ec2.us-east-1.amazonaws.com/", "ec2", [2]string{"Content-Type", form},
			"text/xml", "<Response><Errors><Error>" + inXML + "</Error></Errors><RequestID>R</RequestID></Response>"},
		"S3": {"https://s3.us-east-1.amazonaws.com/", "s3", [2]string{},
			"text/xml", "<Error>" + inXML + "<RequestId>R</RequestId></Error>"},
		"S3's bucket, unsigned": {"https://photos.s3.amazonaws.com/a.jpg", "", [2]string{"Content-Type", "application/json"},
			"text/xml", "<Error>" + inXML + "<RequestId>R</RequestId></Error>"},
		"REST-XML": {"https://route53.amazonaws.com/2013-04-01/hostedzone", "route53", [2]string{},
			"text/xml", inResponse},
		"RPC v2 CBOR": {"https://monitoring.us-east-1.amazonaws.com/", "monitoring",
			[2]string{"Smithy-Protocol", "rpc-v2-cbor"},
			"application/cbor", "\xa2\x79\x00\x06__type\x79\x00\x07Missing\x79\x00\x07message\x79\x00\x10it isn't <there>"},
	} {
		r := httptest.NewRequest(http.MethodPost, c.url, nil)
		if c.scope != "" {
			r.Header.Set("Authorization", signedBy+"us-east-1/"+c.scope+"/aws4_request, SignedHeaders=host, Signature=0")
		}
		if c.header[0] != "" {
			r.Header.Set(c.header[0], c.header[1])
		}
		w := httptest.NewRecorder()
		SayError(w, r, code, message)
		h, id := w.Header(), w.Header().Get("X-Amzn-Requestid")
		if w.Code != http.StatusBadRequest || h.Get("Content-Type") != c.kind ||
			h.Get("X-Amzn-Errortype") != code || id == "" {
			t.Errorf("%s: %d, %v", name, w.Code, h)
		}
		if got := strings.ReplaceAll(w.Body.String(), id, "R"); got != c.body {
			t.Errorf("%s: said\n%q, want\n%q", name, got, c.body)
		}
	}
}

// TestScopes: what a request is signed for counts, and the name of the endpoint where it isn't signed.
func TestScopes(t *testing.T) {
	for url, want := range map[string]Scope{
		"https://kms.us-east-1.amazonaws.com/":                                      {"kms", "us-east-1"},
		"https://KMS.us-east-1.amazonaws.com:443/":                                  {"kms", "us-east-1"},
		"https://portal.sso.ap-south-1.amazonaws.com/":                              {"portal.sso", "ap-south-1"},
		"https://sts.eu-west-1.api.aws/":                                            {"sts", "eu-west-1"},
		"https://iam.amazonaws.com/":                                                {"iam", ""},
		"https://photos.s3.us-west-2.amazonaws.com/":                                {"photos.s3", "us-west-2"},
		"https://ssoins-1.portal.us-east-1.app.aws/start":                           {"ssoins-1.portal", "us-east-1"},
		"https://api.aws/":                                                          {"api.aws", ""},
		"https://a/?X-Amz-Credential=AK%2F20261127%2Fus-west-2%2Fs3%2Faws4_request": {"s3", "us-west-2"},
		"https://sts.amazonaws.com/?X-Amz-Credential=AK%2Fus-west-2%2Fs3":           {"sts", ""},
	} {
		if got := ScopeOf(httptest.NewRequest(http.MethodGet, url, nil)); got != want {
			t.Errorf("%s: %+v, want %+v", url, got, want)
		}
	}
	for credential, want := range map[string]Scope{
		signedBy + "eu-west-1/sso/aws4_request, SignedHeaders=host":            {"sso", "eu-west-1"},
		signedBy + "eu-west-1/sso/aws4_request":                                {"sso", "eu-west-1"},
		signedBy + "eu-west-1/sso/aws4, SignedHeaders=host":                    {"kms", "us-east-1"},
		signedBy + "eu-west-1/" + strings.Repeat("a", 65) + "/aws4_request, S": {"kms", "us-east-1"},
		"Bearer token": {"kms", "us-east-1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "https://kms.us-east-1.amazonaws.com/", nil)
		r.Header.Set("Authorization", credential)
		if got := ScopeOf(r); got != want {
			t.Errorf("%s: %+v, want %+v", credential, got, want)
		}
	}
}
