package identitycenter

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/regiondrill/regiondrill/harness/names"
)

// roleSession is what credentials of a role stand for. It travels within the session token, so that STS knows it in
// every Region, whatever has become of the Region that gave it out.
type roleSession struct {
	AccessKeyID string
	Account     string
	Role        string // of the permission set
	User        string
	Expires     time.Time
}

// roleKey authenticates the sessions of an instance. All of its Regions have it.
func (r *Replica) roleKey() []byte {
	sum := sha256.Sum256([]byte("role credentials of " + r.cfg.Instance.UUID + r.cfg.Instance.ID))
	return sum[:]
}

func (r *Replica) sum(text []byte) []byte {
	h := hmac.New(sha256.New, r.roleKey())
	h.Write(text)
	return h.Sum(nil)
}

// issue gives out credentials of a role in AWS's form, which STS takes until they expire.
func (r *Replica) issue(account, role, user string, life time.Duration) (credentials, error) {
	id := make([]byte, 10)
	rand.Read(id)
	s := roleSession{"ASIA" + base32.StdEncoding.EncodeToString(id), account, role, user, r.now().Add(life)}
	text, err := json.Marshal(s)
	if err != nil {
		return credentials{}, err
	}
	return credentials{
		AccessKeyID: s.AccessKeyID, SecretAccessKey: r.secretOf(s.AccessKeyID),
		SessionToken: base64.StdEncoding.EncodeToString(append(r.sum(text), text...)), Expiration: s.Expires.UnixMilli(),
	}, nil
}

func (r *Replica) secretOf(accessKeyID string) string {
	return base64.StdEncoding.EncodeToString(r.sum([]byte("secret of " + accessKeyID))[:30])
}

// sessionOf reads a session token of this instance, nil where it is none.
func (r *Replica) sessionOf(token string) *roleSession {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < sha256.Size || !hmac.Equal(raw[:sha256.Size], r.sum(raw[sha256.Size:])) {
		return nil
	}
	var s roleSession
	if json.Unmarshal(raw[sha256.Size:], &s) != nil {
		return nil
	}
	return &s
}

const (
	stsVersion   = "2011-06-15"
	stsNamespace = "https://sts.amazonaws.com/doc/" + stsVersion + "/"
	stsBody      = 64 << 10 // bytes of a request
)

// AccessKey is long-term credentials of an IAM user.
type AccessKey struct {
	ID, Secret string
	ARN        string // of the user, in the instance's account
}

// stsHandler serves AWS STS to who has credentials that the portal's API gave out, and to the users whose access keys
// the configuration has: GetCallerIdentity, and no other operation (AWS Security Token Service API Reference).
func (r *Replica) stsHandler(string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, stsBody))
		if err != nil {
			writeSTSFault(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request is too long")
			return
		}
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		action, version := req.FormValue("Action"), req.FormValue("Version")
		if action != "GetCallerIdentity" || version != stsVersion {
			writeSTSFault(w, http.StatusBadRequest, "InvalidAction",
				"Could not find operation "+action+" for version "+version)
			return
		}
		who, kind, message := r.caller(req, body)
		if who == nil {
			writeSTSFault(w, http.StatusForbidden, kind, message)
			return
		}
		writeXML(w, http.StatusOK, who)
	})
}

// caller finds out whose credentials signed the request, or says in AWS's words why not.
func (r *Replica) caller(req *http.Request, body []byte) (who *callerIdentity, kind, message string) {
	sig, ok := sigV4Of(req)
	if !ok {
		return nil, "MissingAuthenticationToken", "Request is missing Authentication Token"
	}
	if message := r.outOfScope(sig); message != "" {
		return nil, "SignatureDoesNotMatch", message
	}
	who, secret, expires := r.holder(sig.accessKeyID, req.Header.Get("X-Amz-Security-Token"))
	switch {
	case who == nil:
		return nil, "InvalidClientTokenId", "The security token included in the request is invalid"
	case !expires.IsZero() && !r.now().Before(expires):
		return nil, "ExpiredToken", "The security token included in the request is expired"
	case !sig.of(req, body, secret):
		return nil, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you " +
			"provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	}
	return who, "", ""
}

// sigV4Slack is by how much a request's date may differ from the server's clock (IAM User Guide, "Troubleshoot signed
// requests for AWS APIs").
const sigV4Slack = 15 * time.Minute

// outOfScope says why a signature isn't for this service of this Region at this time, empty where it is.
func (r *Replica) outOfScope(sig *signature) string {
	const basic = "20060102T150405Z"
	now, at := r.now().UTC(), sig.at.Format(basic)
	switch {
	case sig.service != "sts":
		return "Credential should be scoped to correct service: 'sts'."
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

// callerIdentity is the answer of GetCallerIdentity.
type callerIdentity struct {
	XMLName   xml.Name `xml:"GetCallerIdentityResponse"`
	Space     string   `xml:"xmlns,attr"`
	ARN       string   `xml:"GetCallerIdentityResult>Arn"`
	UserID    string   `xml:"GetCallerIdentityResult>UserId"`
	Account   string   `xml:"GetCallerIdentityResult>Account"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

// identity is that of a role which Identity Center made for a permission set. Its suffix and its id follow from its
// name.
func (s *roleSession) identity(region string) *callerIdentity {
	sum := sha256.Sum256([]byte(s.Account + s.Role))
	role := "AWSReservedSSO_" + s.Role + "_" + hex.EncodeToString(sum[:8])
	arn := names.PartitionOf(region).ARN("sts", "", s.Account, "assumed-role/"+role+"/"+s.User)
	return identified(s.Account, arn,
		uniqueID("AROA", sum[8:])+":"+s.User)
}

// identity is that of the user, who is of the account. Its id follows from its name.
func (k *AccessKey) identity(account string) *callerIdentity {
	sum := sha256.Sum256([]byte(k.ARN))
	return identified(account, k.ARN, uniqueID("AIDA", sum[:]))
}

// uniqueID is an id of IAM: what kind of thing it is of, and ten bytes in base 32.
func uniqueID(prefix string, from []byte) string {
	return prefix + base32.StdEncoding.EncodeToString(from[:10])
}

func identified(account, arn, userID string) *callerIdentity {
	return &callerIdentity{Space: stsNamespace, ARN: arn, UserID: userID, Account: account, RequestID: rand.Text()}
}

// stsFault is an error of the AWS Query protocol.
type stsFault struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Space     string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func writeSTSFault(w http.ResponseWriter, status int, code, message string) {
	writeXML(w, status, stsFault{
		Space: stsNamespace, Type: "Sender", Code: code, Message: message, RequestID: rand.Text(),
	})
}

func writeXML(w http.ResponseWriter, status int, body any) {
	raw, err := xml.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a reader that has gone is no concern of ours
}
