package fabric

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

// service is an API of AWS as it looks from outside: where it is, how a request tells its operation, and how it says
// that something went wrong. Clients go by these shapes when they choose an error type and whether to try again.
type service struct {
	name       string // as a scenario calls it
	localstack string // as LocalStack's chaos API calls it
	host       string // what comes before the Region
	target     string // of X-Amz-Target in JSON 1.1; empty: REST-JSON, which goes by method and path
	operations []operation
	failure    failure // what it says when it is at fault itself
	throttled  failure // what it says to those who ask too often
	codes      []failure
}

// operation of a service; REST-JSON ones have a method and a path.
type operation struct{ name, method, path string }

// failure is an error as its clients tell it apart.
type failure struct {
	code   string
	status int
}

// services are those whose calls the fabric understands. Operations and errors are those of AWS's API references:
// "AWS Key Management Service API Reference" and "AWS IAM Identity Center Portal API Reference",
// each with "Common errors".
func services() []*service {
	return []*service{
		{
			name: "kms", localstack: "kms", host: "kms.", target: "TrentService.", operations: kmsOperations(),
			failure: failure{"KMSInternalException", 500}, throttled: failure{"ThrottlingException", 400},
			codes: []failure{
				{"KMSInternalException", 500}, {"KeyUnavailableException", 500}, {"DependencyTimeoutException", 503},
				{"ValidationException", 400}, {"AccessDeniedException", 400},
			},
		},
		{
			name: "portal_api", localstack: "sso", host: "portal.sso.", operations: []operation{
				{"ListAccounts", http.MethodGet, "/assignment/accounts"},
				{"ListAccountRoles", http.MethodGet, "/assignment/roles"},
				{"GetRoleCredentials", http.MethodGet, "/federation/credentials"},
				{"Logout", http.MethodPost, "/logout"},
			},
			failure: failure{"ServiceUnavailable", 503}, throttled: failure{"TooManyRequestsException", 429},
			codes: []failure{
				{"InvalidRequestException", 400}, {"UnauthorizedException", 401}, {"AccessDeniedException", 403},
				{"ForbiddenException", 403}, {"ResourceNotFoundException", 404}, {"TooManyRequestsException", 429},
			},
		},
	}
}

func kmsOperations() []operation {
	const all = `Decrypt CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateGrant CreateKey
DeleteAlias DeleteCustomKeyStore DeleteImportedKeyMaterial DeriveSharedSecret DescribeCustomKeyStores DescribeKey DisableKey
DisableKeyRotation DisconnectCustomKeyStore EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair
GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom GetKeyLastUsage GetKeyPolicy
GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial ListAliases ListGrants ListKeyPolicies
ListKeyRotations ListKeys ListResourceTags ListRetirableGrants PutKeyPolicy ReEncrypt ReplicateKey RetireGrant RevokeGrant
RotateKeyOnDemand ScheduleKeyDeletion Sign TagResource UntagResource UpdateAlias UpdateCustomKeyStore UpdateKeyDescription
UpdatePrimaryRegion Verify VerifyMac`
	var found []operation
	for _, name := range strings.Fields(all) {
		found = append(found, operation{name: name})
	}
	return found
}

// common are the codes that every service has.
func common() []failure {
	return []failure{
		{"ServiceUnavailable", 503}, {"InternalFailure", 500}, {"ThrottlingException", 400}, {"AccessDeniedException", 400},
		{"RequestExpired", 400}, {"OptInRequired", 403}, {"UnrecognizedClientException", 403},
	}
}

// Operations lists the services whose calls the fabric understands, each with its operations.
func Operations() map[string][]string {
	known := map[string][]string{}
	for _, s := range services() {
		for _, o := range s.operations {
			known[s.name] = append(known[s.name], o.name)
		}
		slices.Sort(known[s.name])
	}
	return known
}

// locate tells whose API a host name is, and in which Region; nil where it is none.
func locate(host string) (*service, string) {
	for _, s := range services() {
		rest, ours := strings.CutPrefix(host, s.host)
		if region, aws := strings.CutSuffix(rest, ".amazonaws.com"); ours && aws && names.IsRegion(region) {
			return s, region
		}
		if region, dual := strings.CutSuffix(rest, ".api.aws"); ours && dual && names.IsRegion(region) {
			return s, region
		}
	}
	return nil, ""
}

// maxOperation bounds the name of an operation that we don't know, in bytes.
const maxOperation = 64

// operationOf tells which operation a request calls; empty where it is none that could be named.
func (s *service) operationOf(method, path, target string) string {
	if s.target != "" {
		name, ours := strings.CutPrefix(target, s.target)
		if !ours || method != http.MethodPost || len(name) > maxOperation || strings.ContainsFunc(name, notInName) {
			return ""
		}
		return name
	}
	path = "/" + strings.Trim(path, "/")
	for _, o := range s.operations {
		if o.method == method && o.path == path {
			return o.name
		}
	}
	return ""
}

func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// complete gives a status its code and a code its status, as the service does; both where neither is said.
func (s *service) complete(f failure) failure {
	if f.code == "" && f.status == 0 {
		return s.failure
	}
	for _, known := range slices.Concat([]failure{s.failure}, s.codes, []failure{s.throttled}, common()) {
		if f.code == known.code && f.status == 0 {
			f.status = known.status
		}
		if f.status == known.status && f.code == "" {
			f.code = known.code
		}
	}
	if f.status == 0 {
		f.status = http.StatusBadRequest
	}
	if f.code == "" {
		f.code = "InternalFailure"
		if f.status < http.StatusInternalServerError {
			f.code = "ValidationException"
		}
	}
	return f
}

// say answers a call with an error in the service's shape.
func (s *service) say(w http.ResponseWriter, f failure, message string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if s.target != "" {
		h.Set("Content-Type", "application/x-amz-json-1.1")
	} else {
		h.Set("Content-Type", "application/json")
		h.Set("X-Amzn-Errortype", f.code)
	}
	body, err := json.Marshal(map[string]string{"__type": f.code, "message": message})
	if err != nil { // strings always marshal
		body = []byte("{}")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // nobody to tell when the client is gone
}
