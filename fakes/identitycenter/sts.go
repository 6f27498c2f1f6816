package identitycenter

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"time"

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
type roleKey [sha256.Size]byte

func roleKeyOf(i names.Instance) roleKey {
	return sha256.Sum256([]byte("role credentials of " + i.UUID + i.ID))
}

func (k roleKey) sum(text []byte) []byte {
	h := hmac.New(sha256.New, k[:])
	h.Write(text)
	return h.Sum(nil)
}

// seal makes a token of something for a purpose; open reads it again, where it is one.
func (k roleKey) seal(purpose string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(append(k.sum(append([]byte(purpose), text...)), text...)), nil
}

func (k roleKey) open(purpose, token string, v any) bool {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < sha256.Size {
		return false
	}
	text := raw[sha256.Size:]
	return hmac.Equal(raw[:sha256.Size], k.sum(append([]byte(purpose), text...))) && json.Unmarshal(text, v) == nil
}

// issue gives out credentials of a role in AWS's form, which STS takes until they expire.
func (r *Replica) issue(account, role, user string, life time.Duration) (credentials, error) {
	id := make([]byte, 10)
	rand.Read(id)
	s := roleSession{"ASIA" + base32.StdEncoding.EncodeToString(id), account, role, user, r.now().Add(life)}
	token, err := roleKeyOf(r.cfg.Instance).seal("", s)
	if err != nil {
		return credentials{}, err
	}
	return credentials{
		AccessKeyID: s.AccessKeyID, SecretAccessKey: r.secretOf(s.AccessKeyID), SessionToken: token,
		Expiration: s.Expires.UnixMilli(),
	}, nil
}

func (r *Replica) secretOf(accessKeyID string) string {
	return roleKeyOf(r.cfg.Instance).secretOf(accessKeyID)
}

func (k roleKey) secretOf(accessKeyID string) string {
	return base64.StdEncoding.EncodeToString(k.sum([]byte("secret of " + accessKeyID))[:30])
}

// sessionOf reads a session token of this instance, nil where it is none.
func (r *Replica) sessionOf(token string) *roleSession {
	return roleKeyOf(r.cfg.Instance).sessionOf(token)
}

func (k roleKey) sessionOf(token string) *roleSession {
	var s roleSession
	if !k.open("", token, &s) {
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
		who, refused := r.verify(req, body, "sts")
		if refused != nil {
			writeSTSFault(w, http.StatusForbidden, stsRefusals[refused.cause], refused.message)
			return
		}
		writeXML(w, http.StatusOK, who)
	})
}

// stsRefusals are the codes of the AWS Query protocol for what verify refuses.
var stsRefusals = map[sigCause]string{
	sigMissing: "MissingAuthenticationToken", sigScope: "SignatureDoesNotMatch", sigUnknown: "InvalidClientTokenId",
	sigExpired: "ExpiredToken", sigMismatch: "SignatureDoesNotMatch",
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
