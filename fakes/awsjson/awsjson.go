// Package awsjson speaks AWS's JSON protocol as a server: one endpoint, the operation in X-Amz-Target, a JSON object as
// the body, and errors whose type clients take from __type.
package awsjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxBody bounds a request, in bytes.
const maxBody = 1 << 20

// Fault is an error as the service's clients know it.
type Fault struct {
	Status  int
	Code    string // ResourceNotFoundException
	Message string
	Reason  string         // a KMS fault's; empty else
	More    map[string]any // members of its own, such as RetryAfterSeconds
}

// NewFault makes one, whose message is made as fmt makes it.
func NewFault(status int, code, format string, args ...any) *Fault {
	return &Fault{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error is its code and its message.
func (f *Fault) Error() string { return f.Code + ": " + f.Message }

// Operation answers one. Its error is a *Fault, or the service is at fault.
type Operation func(req *http.Request, body []byte) (any, error)

// To makes an operation of a function with typed input. Members that the type doesn't have are passed over, as AWS
// does; those of the wrong type are refused.
func To[A, R any](do func(*http.Request, *A) (R, error)) Operation {
	return func(req *http.Request, body []byte) (any, error) {
		input := new(A)
		if len(body) == 0 { // an operation without input is called so, too
			body = []byte("{}")
		}
		if err := json.Unmarshal(body, input); err != nil {
			return nil, Malformed(err)
		}
		return do(req, input)
	}
}

// Malformed is the answer to a body that can't be read.
func Malformed(err error) *Fault {
	message := "The request body is not a JSON object of this operation's shape."
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		message = "The member " + kind.Field + " can't be of JSON type " + kind.Value + "."
	}
	return NewFault(http.StatusBadRequest, "SerializationException", "%s", message)
}

// Handler serves a service's operations, which are called by their names after the prefix (SWBExternalService).
// An operation that there is none of is nil.
func Handler(prefix string, operation func(name string) Operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		name, ours := strings.CutPrefix(req.Header.Get("X-Amz-Target"), prefix+".")
		if req.Method != http.MethodPost || req.URL.Path != "/" {
			write(w, nil, NewFault(http.StatusNotFound, "UnknownOperationException", "Operations are called by POST at /."))
			return
		}
		do := operation(name)
		if !ours || do == nil {
			write(w, nil, NewFault(http.StatusBadRequest, "UnknownOperationException", "This lab has no such operation."))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			write(w, nil, NewFault(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException",
				"The request is too long."))
			return
		case err != nil:
			return // who asked has gone
		}
		said, err := do(req, body)
		write(w, said, err)
	})
}

func write(w http.ResponseWriter, said any, err error) {
	status := http.StatusOK
	if err != nil {
		f := new(Fault)
		if !errors.As(err, &f) {
			f = NewFault(http.StatusInternalServerError, "InternalServerException", "The service is at fault.")
		}
		status = f.Status
		w.Header().Set("X-Amzn-Errortype", f.Code)
		said = f.body()
	}
	raw, err := json.Marshal(said)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"__type":"InternalServerException"}`)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a reader that has gone is no concern of ours
}

func (f *Fault) body() map[string]any {
	out := map[string]any{"__type": f.Code, "Message": f.Message, "message": f.Message}
	if f.Reason != "" {
		out["Reason"] = f.Reason
	}
	for k, v := range f.More {
		out[k] = v
	}
	return out
}
