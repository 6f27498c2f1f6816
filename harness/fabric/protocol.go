package fabric

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// protocol is one of AWS's ways to put calls and errors into HTTP (Smithy's documentation, "AWS Protocols").
type protocol interface {
	// operationOf tells which operation a request calls; empty where it is none that could be named.
	operationOf(s *service, r *http.Request) string
	request(ctx context.Context, host string, o operation) (*http.Request, error)
	// say answers a call with an error.
	say(w http.ResponseWriter, f failure, message, requestID string)
}

// maxOperation bounds the name of an operation that we don't know, in bytes.
const maxOperation = 64

// operationName is the name, or empty where it is none.
func operationName(name string) string {
	if len(name) > maxOperation || strings.ContainsFunc(name, notInName) {
		return ""
	}
	return name
}

func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// json11 is AWS JSON 1.1: the operation stands in X-Amz-Target, after a prefix.
type json11 struct{ target string }

func (p json11) operationOf(_ *service, r *http.Request) string {
	name, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), p.target)
	if !ours || r.Method != http.MethodPost {
		return ""
	}
	return operationName(name)
}

func (p json11) request(ctx context.Context, host string, o operation) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+host+"/", strings.NewReader("{}"))
	if err == nil {
		r.Header.Set("X-Amz-Target", p.target+o.name)
	}
	return r, err
}

func (json11) say(w http.ResponseWriter, f failure, message, _ string) {
	sayJSON(w, "application/x-amz-json-1.1", f, message)
}

// restJSON is AWS REST-JSON 1: the operation is a method and a path.
type restJSON struct{}

func (restJSON) operationOf(s *service, r *http.Request) string {
	path := "/" + strings.Trim(r.URL.Path, "/")
	for _, o := range s.operations {
		if o.method == r.Method && o.path == path {
			return o.name
		}
	}
	return ""
}

func (restJSON) request(ctx context.Context, host string, o operation) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, o.method, "https://"+host+o.path, nil)
}

func (restJSON) say(w http.ResponseWriter, f failure, message, _ string) {
	w.Header().Set("X-Amzn-Errortype", f.code)
	sayJSON(w, "application/json", f, message)
}

// oauthJSON is AWS REST-JSON 1 with errors that are those of OAuth 2.0 too (RFC 6749, 5.2).
type oauthJSON struct{ restJSON }

func (oauthJSON) say(w http.ResponseWriter, f failure, message, _ string) {
	w.Header().Set("X-Amzn-Errortype", f.code)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	// nobody to tell when the client is gone
	_ = json.NewEncoder(w).Encode(map[string]string{
		"__type": f.code, "error": oauthCode(f.code), "error_description": message,
	})
}

// oauthCode is OAuth's word for an exception: invalid_grant for InvalidGrantException.
func oauthCode(exception string) string {
	if exception == "InternalServerException" {
		return "server_error"
	}
	var word strings.Builder
	for i, c := range strings.TrimSuffix(exception, "Exception") {
		if i > 0 && unicode.IsUpper(c) {
			word.WriteByte('_')
		}
		word.WriteRune(unicode.ToLower(c))
	}
	return word.String()
}

func sayJSON(w http.ResponseWriter, kind string, f failure, message string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(f.status)
	// nobody to tell when the client is gone
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": f.code, "message": message})
}

// query is the AWS Query protocol: the operation stands in a form as Action, and errors are XML.
type query struct{ version, namespace string }

// queryForm is how much of a form is searched for its Action, in bytes. SDKs begin with it.
const queryForm = 64 << 10

func (query) operationOf(_ *service, r *http.Request) string {
	if name := r.URL.Query().Get("Action"); name != "" || r.Method != http.MethodPost || r.Body == nil {
		return operationName(name)
	}
	head, _ := io.ReadAll(io.LimitReader(r.Body, queryForm)) // an error shows again to who reads on
	r.Body = &unread{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	for field := range strings.SplitSeq(string(head), "&") {
		if name, found := strings.CutPrefix(field, "Action="); found {
			return operationName(name)
		}
	}
	return ""
}

// unread is a body of which the beginning has been read, and will be read again.
type unread struct {
	io.Reader
	io.Closer
}

func (p query) request(ctx context.Context, host string, o operation) (*http.Request, error) {
	form := url.Values{"Action": {o.name}, "Version": {p.version}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+host+"/", strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, err
}

// queryError is the body of an error.
type queryError struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Space   string   `xml:"xmlns,attr,omitempty"`
	Error   struct {
		Type    string
		Code    string
		Message string
	}
	RequestID string `xml:"RequestId"`
}

func (p query) say(w http.ResponseWriter, f failure, message, requestID string) {
	body := queryError{Space: p.namespace, RequestID: requestID}
	body.Error.Type, body.Error.Code, body.Error.Message = "Sender", f.code, message
	if f.status >= http.StatusInternalServerError {
		body.Error.Type = "Receiver"
	}
	sayXML(w, f.status, body)
}

func sayXML(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(body) // nobody to tell when the client is gone
}
