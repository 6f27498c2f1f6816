package kms

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
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
	region    string
	principal string
}

// operations are all that the fake knows, by the name in X-Amz-Target.
func operations() map[string]operation {
	return map[string]operation{
		"CancelKeyDeletion":               answer((*call).cancelKeyDeletion),
		"CreateKey":                       answer((*call).createKey),
		"Decrypt":                         answer((*call).decrypt),
		"DescribeKey":                     answer((*call).describeKey),
		"DisableKey":                      answer((*call).disableKey),
		"EnableKey":                       answer((*call).enableKey),
		"Encrypt":                         answer((*call).encrypt),
		"GenerateDataKey":                 answer((*call).generateDataKey),
		"GenerateDataKeyWithoutPlaintext": answer((*call).generateDataKeyWithoutPlaintext),
		"GetKeyPolicy":                    answer((*call).getKeyPolicy),
		"ListKeys":                        answer((*call).listKeys),
		"PutKeyPolicy":                    answer((*call).putKeyPolicy),
		"ReEncrypt":                       answer((*call).reEncrypt),
		"ReplicateKey":                    answer((*call).replicateKey),
		"ScheduleKeyDeletion":             answer((*call).scheduleKeyDeletion),
	}
}

// answer makes an operation of a method. It runs alone: operations take microseconds, and a lock for all of them is
// easier to be sure of than one for each key.
func answer[In any](do func(*call, In) (any, error)) operation {
	return func(c *call, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, clientFault("SerializationException", err.Error())
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return do(c, in)
	}
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

func (s *Service) serve(known map[string]operation, region string, w http.ResponseWriter, r *http.Request) (any, error) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	do, there := known[name]
	if r.Method != http.MethodPost || !ok || !there {
		return nil, clientFault("UnknownOperationException", "")
	}
	principal, err := s.caller(r.Header.Get("Authorization"), region)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, clientFault("SerializationException", err.Error())
	}
	return do(&call{s, region, principal}, body)
}

// caller is the principal of a request by the credential of its Signature Version 4. The credential must be scoped to
// KMS in this Region, which tells a client that signs for another Region's endpoint.
func (s *Service) caller(authorization, region string) (string, error) {
	parameters, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 ")
	if !ok {
		return "", clientFault("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	for parameter := range strings.SplitSeq(parameters, ",") {
		credential, ok := strings.CutPrefix(strings.TrimSpace(parameter), "Credential=")
		if !ok {
			continue
		}
		scope := strings.Split(credential, "/")
		if len(scope) != 5 || scope[2] != region || scope[3] != "kms" {
			return "", clientFault("InvalidSignatureException", "Credential should be scoped to a valid region.")
		}
		if principal, known := s.principals[scope[0]]; known {
			return principal, nil
		}
		return "", clientFault("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	return "", clientFault("IncompleteSignatureException", "Authorization header requires 'Credential' parameter.")
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
