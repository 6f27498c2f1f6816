package fabric

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// scimJSON is SCIM 2.0 as AWS has it: the operation is a method and a path, after the tenant's id and the version.
type scimJSON struct{}

// scimRoot stands between the tenant's id and what an operation's path begins with.
const scimRoot = "/scim/v2"

func (scimJSON) operationOf(s *service, r *http.Request) string {
	_, path, ours := strings.Cut(r.URL.Path, scimRoot)
	head, id, named := strings.Cut(strings.Trim(path, "/"), "/")
	for _, o := range s.operations {
		of, one := strings.CutSuffix(o.path, "/{id}")
		if ours && o.method == r.Method && of == "/"+head && one == named && !strings.Contains(id, "/") {
			return o.name
		}
	}
	return ""
}

// request is of a tenant that there is none of: it is answered that it may not ask.
func (scimJSON) request(ctx context.Context, host string, o operation) (*http.Request, error) {
	path := "/canary" + scimRoot + strings.Replace(o.path, "{id}", "canary", 1)
	return http.NewRequestWithContext(ctx, o.method, "https://"+host+path, nil)
}

// scimError is the body of an error.
type scimError struct {
	Schema  []string `json:"schema"`
	Schemas []string `json:"schemas"`
	Detail  string   `json:"detail"`
	Status  string   `json:"status"`
	Request string   `json:"exceptionRequestId"`
	Time    string   `json:"timeStamp"`
}

func (scimJSON) say(w http.ResponseWriter, f failure, message, requestID string) {
	kind := []string{"urn:ietf:params:scim:api:messages:2.0:Error"}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	// nobody to tell when the client is gone
	_ = json.NewEncoder(w).Encode(scimError{kind, kind, message, strconv.Itoa(f.status), requestID,
		time.Now().UTC().Format("2006-01-02 15:04:05.000")})
}
