package identitycenter

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// sigCause is why a request isn't taken for one that somebody signed. Each protocol has its own code for it.
type sigCause int

const (
	sigMissing  sigCause = iota // there is no signature that can be read
	sigScope                    // it is for another service, Region or time
	sigUnknown                  // nobody has the access key, or not with this session token
	sigExpired                  // the credentials have expired
	sigMismatch                 // somebody else signed, or signed something else
)

// unverified is the refusal, with AWS's words.
type unverified struct {
	cause   sigCause
	message string
}

// verify finds out whose credentials signed the request for a service of this Region (AWS General Reference,
// "Signature Version 4"): a user's whom the configuration knows, or those of a role that the portal's API gave out.
// The body is the whole one, as it came.
func (r *Replica) verify(req *http.Request, body []byte, service string) (*callerIdentity, *unverified) {
	sig, ok := sigV4Of(req)
	if !ok {
		return nil, &unverified{sigMissing, "Request is missing Authentication Token"}
	}
	if message := r.outOfScope(sig, service); message != "" {
		return nil, &unverified{sigScope, message}
	}
	who, secret, expires := r.holder(sig.accessKeyID, req.Header.Get("X-Amz-Security-Token"))
	switch {
	case who == nil:
		return nil, &unverified{sigUnknown, "The security token included in the request is invalid"}
	case !expires.IsZero() && !r.now().Before(expires):
		return nil, &unverified{sigExpired, "The security token included in the request is expired"}
	case !sig.of(req, body, secret):
		return nil, &unverified{sigMismatch, "The request signature we calculated does not match the signature you " +
			"provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	}
	return who, nil
}

// sigV4Slack is by how much a request's date may differ from the server's clock (IAM User Guide, "Troubleshoot signed
// requests for AWS APIs").
const sigV4Slack = 15 * time.Minute

// outOfScope says why a signature isn't for the service of this Region at this time, empty where it is.
func (r *Replica) outOfScope(sig *signature, service string) string {
	const basic = "20060102T150405Z"
	now, at := r.now().UTC(), sig.at.Format(basic)
	switch {
	case sig.service != service:
		return "Credential should be scoped to correct service: '" + service + "'."
	case sig.region != r.cfg.Region:
		return "Credential should be scoped to a valid region."
	case sig.at.Before(now.Add(-sigV4Slack)):
		return fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)", at,
			now.Add(-sigV4Slack).Format(basic), now.Format(basic))
	case sig.at.After(now.Add(sigV4Slack)):
		return fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)", at,
			now.Add(sigV4Slack).Format(basic), now.Format(basic))
	}
	return ""
}

// holder is who has an access key, nil where nobody does: a user without a session token, or a session of a role. Keys
// of users never expire.
func (r *Replica) holder(accessKeyID, token string) (who *callerIdentity, secret string, expires time.Time) {
	i := slices.IndexFunc(r.cfg.AccessKeys, func(k AccessKey) bool { return k.ID == accessKeyID && token == "" })
	if i >= 0 {
		return r.cfg.AccessKeys[i].identity(r.cfg.Instance.Account), r.cfg.AccessKeys[i].Secret, time.Time{}
	}
	s := r.sessionOf(token)
	if s == nil || s.AccessKeyID != accessKeyID {
		return nil, "", time.Time{}
	}
	return s.identity(r.cfg.Region), r.secretOf(accessKeyID), s.Expires
}

// signature is an Authorization header of AWS Signature Version 4 (AWS General Reference, "Signature Version 4").
type signature struct {
	accessKeyID, region, service string
	headers                      []string // that are signed
	value                        string
	at                           time.Time
}

func sigV4Of(req *http.Request) (*signature, bool) {
	fields, ok := strings.CutPrefix(req.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	at, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
	if !ok || err != nil {
		return nil, false
	}
	s := &signature{at: at}
	for _, field := range strings.Split(fields, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch key {
		case "Credential":
			scope := strings.Split(value, "/")
			if len(scope) != 5 {
				return nil, false
			}
			s.accessKeyID, s.region, s.service = scope[0], scope[2], scope[3]
		case "SignedHeaders":
			s.headers = strings.Split(value, ";")
		case "Signature":
			s.value = value
		}
	}
	return s, s.accessKeyID != "" && s.value != ""
}

// of tells whether the secret signed the request: it is signed again and compared.
func (s *signature) of(req *http.Request, body []byte, secret string) bool {
	again := req.Clone(req.Context())
	again.Header, again.ContentLength = http.Header{}, 0
	again.URL.Scheme, again.URL.Host = "https", cmp.Or(req.URL.Host, req.Host)
	for _, name := range s.headers {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = int64(len(body))
		case "x-amz-date", "x-amz-security-token": // the signer sets them
		default:
			again.Header[http.CanonicalHeaderKey(name)] = req.Header.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	by := aws.Credentials{AccessKeyID: s.accessKeyID, SecretAccessKey: secret,
		SessionToken: req.Header.Get("X-Amz-Security-Token")}
	err := v4.NewSigner().SignHTTP(context.WithoutCancel(req.Context()), by, again, hex.EncodeToString(sum[:]),
		s.service, s.region, s.at)
	if err != nil {
		return false
	}
	made, ok := sigV4Of(again)
	return ok && subtle.ConstantTimeCompare([]byte(made.value), []byte(s.value)) == 1
}
