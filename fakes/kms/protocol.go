package kms

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"reflect"
	"strings"
)

const (
	targetPrefix = "TrentService."
	contentType  = "application/x-amz-json-1.1"
	maxBody      = 256 << 10
)

// operation answers a request whose caller is known.
type operation func(c *call, body []byte) (any, error)

// call is a request in a Region, by a principal.
type call struct {
	*Service
	caller
	region   string
	sourceIP string
}

// operations are all that the fake knows, by the name in X-Amz-Target.
func operations() map[string]operation {
	all := map[string]operation{
		"CancelKeyDeletion":               answer((*call).cancelKeyDeletion),
		"CreateAlias":                     answer((*call).createAlias),
		"CreateGrant":                     answer((*call).createGrant),
		"CreateKey":                       answer((*call).createKey),
		"Decrypt":                         answer((*call).decrypt),
		"DeleteAlias":                     answer((*call).deleteAlias),
		"DescribeKey":                     answer((*call).describeKey),
		"DisableKey":                      answer((*call).disableKey),
		"DisableKeyRotation":              answer((*call).disableKeyRotation),
		"EnableKey":                       answer((*call).enableKey),
		"EnableKeyRotation":               answer((*call).enableKeyRotation),
		"Encrypt":                         answer((*call).encrypt),
		"GenerateDataKey":                 answer((*call).generateDataKey),
		"GenerateDataKeyWithoutPlaintext": answer((*call).generateDataKeyWithoutPlaintext),
		"GenerateRandom":                  answer((*call).generateRandom),
		"GetKeyPolicy":                    answer((*call).getKeyPolicy),
		"GetKeyRotationStatus":            answer((*call).getKeyRotationStatus),
		"ListAliases":                     answer((*call).listAliases),
		"ListGrants":                      answer((*call).listGrants),
		"ListKeyPolicies":                 answer((*call).listKeyPolicies),
		"ListKeyRotations":                answer((*call).listKeyRotations),
		"ListKeys":                        answer((*call).listKeys),
		"ListResourceTags":                answer((*call).listResourceTags),
		"ListRetirableGrants":             answer((*call).listRetirableGrants),
		"PutKeyPolicy":                    answer((*call).putKeyPolicy),
		"ReEncrypt":                       answer((*call).reEncrypt),
		"ReplicateKey":                    answer((*call).replicateKey),
		"RetireGrant":                     answer((*call).retireGrant),
		"RevokeGrant":                     answer((*call).revokeGrant),
		"RotateKeyOnDemand":               answer((*call).rotateKeyOnDemand),
		"ScheduleKeyDeletion":             answer((*call).scheduleKeyDeletion),
		"TagResource":                     answer((*call).tagResource),
		"UntagResource":                   answer((*call).untagResource),
		"UpdateAlias":                     answer((*call).updateAlias),
		"UpdateKeyDescription":            answer((*call).updateKeyDescription),
		"UpdatePrimaryRegion":             answer((*call).updatePrimaryRegion),
	}
	maps.Copy(all, otherKeys())
	return all
}

// answer makes an operation of a method. It runs alone: operations take microseconds, and a lock for all of them is
// easier to be sure of than one for each key.
func answer[In any](do func(*call, In) (any, error)) operation {
	return func(c *call, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, serialization(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return do(c, in)
	}
}

// serialization says what of a body is not as the operation has it, in the words of AWS's own reader of JSON.
func serialization(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return clientFault("SerializationException", "")
	}
	kind, _, _ := strings.Cut(wrong.Value, " ")
	switch kind {
	case "object":
		return clientFault("SerializationException", "Start of structure or map found where not expected.")
	case "array":
		return clientFault("SerializationException", "Start of list found where not expected")
	}
	kinds := map[reflect.Kind]string{
		reflect.String: "a String", reflect.Int: "an Integer", reflect.Bool: "a Boolean", reflect.Map: "a Map",
		reflect.Slice: "a List", reflect.Struct: "a Structure",
	}
	to := kinds[wrong.Type.Kind()]
	if wrong.Type == reflect.TypeFor[[]byte]() {
		to = "a Blob"
	}
	return clientFault("SerializationException", "%s_VALUE can not be converted to %s", strings.ToUpper(kind), to)
}

// Handler serves the Region's endpoint.
func (s *Service) Handler(region string) http.Handler {
	known := operations()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := s.serve(known, region, w, r)
		status := http.StatusOK
		if err != nil {
			status, out = describe(err)
		}
		respond(w, status, out)
	})
}

func (s *Service) serve(known map[string]operation, region string, w http.ResponseWriter, r *http.Request) (any,
	error) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	do, there := known[name]
	if r.Method != http.MethodPost || !ok || !there {
		return nil, clientFault("UnknownOperationException", "")
	}
	who, err := s.caller(r.Header.Get("Authorization"), region)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, clientFault("SerializationException", "")
	}
	from, _, _ := net.SplitHostPort(r.RemoteAddr) // empty where the transport has no addresses
	return do(&call{s, who, region, from}, body)
}

// caller is the principal of a request by the credential of its Signature Version 4. The credential must be scoped to
// KMS in this Region, which tells a client that signs for another Region's endpoint.
func (s *Service) caller(authorization, region string) (caller, error) {
	parameters, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 ")
	if !ok {
		return caller{}, clientFault("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	for parameter := range strings.SplitSeq(parameters, ",") {
		credential, ok := strings.CutPrefix(strings.TrimSpace(parameter), "Credential=")
		if !ok {
			continue
		}
		scope := strings.Split(credential, "/")
		if len(scope) != 5 || scope[2] != region || scope[3] != "kms" {
			return caller{}, clientFault("InvalidSignatureException", "Credential should be scoped to a valid region.")
		}
		if who, known := s.callers[scope[0]]; known {
			return who, nil
		}
		return caller{}, clientFault("UnrecognizedClientException",
			"The security token included in the request is invalid.")
	}
	return caller{}, clientFault("IncompleteSignatureException",
		"Authorization header requires 'Credential' parameter.")
}

type fault struct {
	Type    string `json:"__type"`
	Message string `json:"message,omitempty"`
}

func describe(err error) (int, any) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{http.StatusInternalServerError, "KMSInternalException", err.Error()}
	}
	return f.status, fault{f.name, f.message}
}

func respond(w http.ResponseWriter, status int, out any) {
	body := []byte{}
	if out != nil {
		var err error
		if body, err = json.Marshal(out); err != nil {
			slog.Error("answering as kms", "error", err)
			status = http.StatusInternalServerError
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", rand.Text())
	w.WriteHeader(status)
	_, _ = w.Write(body) // nobody to tell when the client is gone
}
