package identitycenter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/harness/names"
)

// whoIs lets an unmodified SDK ask a Region's STS whose credentials these are.
func whoIs(t *testing.T, w *world, region string, c credentials) (*sts.GetCallerIdentityOutput, error) {
	t.Helper()
	client := sts.New(sts.Options{Region: region, HTTPClient: &http.Client{Transport: w.net}, Retryer: aws.NopRetryer{},
		Credentials: awscredentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)})
	return client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
}

func issued(t *testing.T, w *world, region string) credentials {
	t.Helper()
	b := w.browser()
	page, _ := b.signIn(w, region, "ann@acme.test")
	a := b.get("https://"+names.PortalAPIHost(region)+"/federation/credentials?account_id=444455556666&role_name=Admin",
		headerToken, page.token())
	a.want(t, 200)
	var got struct{ RoleCredentials credentials }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	return got.RoleCredentials
}

// TestCallerIdentity: STS knows in every Region whose credentials the portal's API gave out, until they expire.
func TestCallerIdentity(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := issued(t, w, west)
		for _, region := range []string{west, east} {
			who, err := whoIs(t, w, region, c)
			if err != nil {
				t.Fatal(err)
			}
			arn := aws.ToString(who.Arn)
			const role = "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_Admin_"
			if aws.ToString(who.Account) != "444455556666" || !strings.HasPrefix(arn, role) ||
				!strings.HasSuffix(arn, "/ann@acme.test") || !strings.HasPrefix(aws.ToString(who.UserId), "AROA") {
				t.Errorf("in %s they are %s, %s", region, arn, aws.ToString(who.UserId))
			}
		}
		time.Sleep(credentialsLife)
		if _, err := whoIs(t, w, east, c); code(err) != "ExpiredToken" {
			t.Errorf("expired, they are told %v", err)
		}
	})
}

func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// TestWhoIsNobody: what STS can't know it refuses in AWS's codes.
func TestWhoIsNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		good := issued(t, w, east)
		other := issued(t, w, east)
		for name, c := range map[string]struct {
			change func(*credentials)
			code   string
		}{
			"another secret":    {func(c *credentials) { c.SecretAccessKey = other.SecretAccessKey }, "SignatureDoesNotMatch"},
			"another's token":   {func(c *credentials) { c.SessionToken = other.SessionToken }, "InvalidClientTokenId"},
			"a token of nobody": {func(c *credentials) { c.SessionToken = "bm9ib2R5" }, "InvalidClientTokenId"},
			"no token":          {func(c *credentials) { c.SessionToken = "" }, "InvalidClientTokenId"},
		} {
			bad := good
			c.change(&bad)
			if _, err := whoIs(t, w, east, bad); code(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		for form, want := range map[string]string{
			"Action=GetCallerIdentity&Version=2011-06-15": "MissingAuthenticationToken",
			"Action=AssumeRole&Version=2011-06-15":        "InvalidAction",
			"":                                            "InvalidAction",
		} {
			endpoint := "https://" + names.STSHost(east) + "/"
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(form))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := w.net.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body := make([]byte, 1000)
			n, _ := resp.Body.Read(body)
			if !strings.Contains(string(body[:n]), "<Code>"+want+"</Code>") {
				t.Errorf("%q is answered %s", form, body[:n])
			}
		}
	})
}

// TestUserIdentity: STS knows in every Region the users whose access keys it was given, by their secrets and without a
// token.
func TestUserIdentity(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:user/Operator"
	known := credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}
	inWorld(t, func(t *testing.T, w *world) {
		for _, region := range []string{east, west} {
			who, err := whoIs(t, w, region, known)
			if err != nil {
				t.Fatal(err)
			}
			got, account, id := aws.ToString(who.Arn), aws.ToString(who.Account), aws.ToString(who.UserId)
			if got != arn || account != w.instance.Account || !strings.HasPrefix(id, "AIDA") {
				t.Errorf("in %s it is %s of %s, %s", region, got, account, id)
			}
		}
		session := issued(t, w, east)
		for name, c := range map[string]struct {
			credentials
			code string
		}{
			"another secret": {credentials{AccessKeyID: known.AccessKeyID, SecretAccessKey: "other"}, "SignatureDoesNotMatch"},
			"another key": {credentials{AccessKeyID: "AKIASOMEBODYELSE0000", SecretAccessKey: "secret"},
				"InvalidClientTokenId"},
			"a session's token": {credentials{AccessKeyID: known.AccessKeyID, SecretAccessKey: "secret",
				SessionToken: session.SessionToken}, "InvalidClientTokenId"},
		} {
			if _, err := whoIs(t, w, east, c.credentials); code(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
	}, func(c *Config) { c.AccessKeys = []AccessKey{{known.AccessKeyID, known.SecretAccessKey, arn}} })
}

// TestScopeOfASignature: good credentials are refused that sign for another service, another Region or another time.
func TestScopeOfASignature(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := issued(t, w, east)
		by := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
		const form = "Action=GetCallerIdentity&Version=2011-06-15"
		sum := sha256.Sum256([]byte(form))
		for name, signed := range map[string]struct {
			service, region string
			late            time.Duration
			want            string
		}{
			"as it should be": {"sts", east, 0, "<Arn>"},
			"of S3":           {"s3", east, 0, "Credential should be scoped to correct service: &#39;sts&#39;."},
			"of elsewhere":    {"sts", west, 0, "Credential should be scoped to a valid region."},
			"just in time":    {"sts", east, -15 * time.Minute, "<Arn>"},
			"old":             {"sts", east, -16 * time.Minute, "Signature expired: "},
			"to come":         {"sts", east, 16 * time.Minute, "Signature not yet current: "},
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+names.STSHost(east)+"/",
				strings.NewReader(form))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if err := v4.NewSigner().SignHTTP(t.Context(), by, req, hex.EncodeToString(sum[:]), signed.service,
				signed.region, time.Now().Add(signed.late)); err != nil {
				t.Fatal(err)
			}
			resp, err := w.net.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || !strings.Contains(string(body), signed.want) {
				t.Errorf("%s: it is answered %s, %v", name, body, err)
			}
		}
	})
}
