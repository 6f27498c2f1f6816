package identitycenter

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/fakes/scim"
	"github.com/regiondrill/regiondrill/harness/names"
)

// scimCall is one request of a provider that has proven who it is.
type scimCall struct {
	*storeCall
	req  *http.Request
	id   string // of the user or group that the path names
	body []byte
}

// scimAnswer is what is said to one: a status, and a body where there is one.
type scimAnswer struct {
	status int
	body   any
}

// scimOperation is one of those that there are (IAM Identity Center SCIM Implementation Developer Guide, "Supported API
// operations").
type scimOperation struct {
	name, method, path string // of an {id} there is one
	do                 func(*scimCall) (*scimAnswer, error)
}

func scimOperations() []scimOperation {
	return []scimOperation{
		{"CreateUser", http.MethodPost, "Users", (*scimCall).createUser},
		{"ListUsers", http.MethodGet, "Users", (*scimCall).listUsers},
		{"GetUser", http.MethodGet, "Users/{id}", (*scimCall).getUser},
		{"PutUser", http.MethodPut, "Users/{id}", (*scimCall).putUser},
		{"PatchUser", http.MethodPatch, "Users/{id}", (*scimCall).patchUser},
		{"DeleteUser", http.MethodDelete, "Users/{id}", (*scimCall).deleteUser},
		{"CreateGroup", http.MethodPost, "Groups", (*scimCall).createGroup},
		{"ListGroups", http.MethodGet, "Groups", (*scimCall).listGroups},
		{"GetGroup", http.MethodGet, "Groups/{id}", (*scimCall).getGroup},
		{"PatchGroup", http.MethodPatch, "Groups/{id}", (*scimCall).patchGroup},
		{"DeleteGroup", http.MethodDelete, "Groups/{id}", (*scimCall).deleteGroup},
		{"ServiceProviderConfig", http.MethodGet, "ServiceProviderConfig", (*scimCall).config},
		{"ListResourceTypes", http.MethodGet, "ResourceTypes", (*scimCall).listResourceTypes},
		{"GetResourceType", http.MethodGet, "ResourceTypes/{id}", (*scimCall).getResourceType},
		{"ListSchemas", http.MethodGet, "Schemas", (*scimCall).listSchemas},
		{"GetSchema", http.MethodGet, "Schemas/{id}", (*scimCall).getSchema},
	}
}

// Limits of SCIM (IAM Identity Center User Guide, "IAM Identity Center quotas"; ServiceProviderConfig).
const (
	scimReadRate  = 40      // calls of an operation a second
	scimWriteRate = 25      // the same of those that write
	scimBody      = 1 << 20 // bytes of a request
)

// scimHosts are the primary's alone: additional Regions have no SCIM.
func scimHosts(c *Config) []string {
	if c.Region != c.Instance.Primary {
		return nil
	}
	return []string{names.SCIMHost(c.Region), names.DualStackSCIMHost(c.Region)}
}

// scimFault is a refusal by its status, for which AWS has one sentence each; and whose own, where there is another.
type scimFault struct {
	status int
	detail string
}

func (f *scimFault) Error() string { return f.detail }

// errSCIM is the refusal of what can't be read or isn't supported.
var errSCIM = &scimFault{status: http.StatusBadRequest}

// scimDetails are the sentences: AWS's own where they were seen in the field (400, 409), and for the others those of
// RFC 7644, table 8, of which AWS's are.
var scimDetails = map[int]string{
	http.StatusBadRequest:            "Request is unparsable, syntactically incorrect, or violates schema.",
	http.StatusUnauthorized:          "Authorization failure. The authorization header is invalid or missing.",
	http.StatusForbidden:             "Operation is not permitted based on the supplied authorization.",
	http.StatusNotFound:              "Specified resource (e.g., User) or endpoint does not exist.",
	http.StatusConflict:              "Refused to create a new, duplicate resource.",
	http.StatusRequestEntityTooLarge: "Request is unparsable, syntactically incorrect, or violates schema.",
	http.StatusTooManyRequests:       "Too many requests exceeded the limits.",
	http.StatusInternalServerError:   "Service failed to process the request.",
}

func (r *Replica) scimHandler(string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		id := newID()
		w.Header().Set("X-Amzn-Requestid", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		answer, err := r.scim(w, req)
		if err != nil {
			writeSCIMFault(w, asSCIMFault(err), id, r.now())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.status)
		if answer.body != nil {
			_ = json.NewEncoder(w).Encode(answer.body) // a reader that has gone is no concern of ours
		}
	})
}

// scim answers a request. Who asks is found out before what is asked.
func (r *Replica) scim(w http.ResponseWriter, req *http.Request) (*scimAnswer, error) {
	tenant, path, ours := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/scim/v2/")
	scheme, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if !ours || tenant != r.cfg.Instance.UUID || !strings.EqualFold(scheme, "Bearer") {
		return nil, &scimFault{status: http.StatusUnauthorized}
	}
	c, err := r.storeCall(req.Context(), r.scimIssuer())
	if err != nil {
		return nil, err
	}
	if err := c.bearer(token); err != nil {
		return nil, err
	}
	o, id, err := scimOperationOf(req.Method, strings.Trim(path, "/"))
	if err != nil {
		return nil, err
	}
	rate := scimReadRate
	if req.Method != http.MethodGet {
		rate = scimWriteRate
	}
	if r.cfg.Behaviour.Quotas && !r.quotas.take("scim"+o.name, rate, r.now()) {
		return nil, &scimFault{status: http.StatusTooManyRequests}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, scimBody))
	if err != nil {
		return nil, &scimFault{status: http.StatusRequestEntityTooLarge}
	}
	return o.do(&scimCall{c, req, id, body})
}

// scimOperationOf finds the operation: 404 where the path is none's, 400 where none has this method there.
func scimOperationOf(method, path string) (*scimOperation, string, error) {
	head, id, named := strings.Cut(path, "/")
	fault := &scimFault{status: http.StatusNotFound}
	for _, o := range scimOperations() {
		resource, of := strings.CutSuffix(o.path, "/{id}")
		switch {
		case resource != head || of != named || strings.Contains(id, "/"):
		case o.method == method:
			return &o, id, nil
		default:
			fault = errSCIM
		}
	}
	return nil, "", fault
}

// scimIssuer is the issuer of the ids that come by SCIM, as seen in the field.
func (r *Replica) scimIssuer() string { return "https://scim.aws.com/" + r.cfg.Instance.UUID }

// asSCIMFault is how SCIM says what went wrong. What it says of a KMS key AWS doesn't document.
func asSCIMFault(err error) *scimFault {
	f := new(scimFault)
	if errors.As(err, &f) {
		return f
	}
	var store *awsjson.Fault
	switch errors.As(asStoreFault(err), &store); {
	case store.Reason != "" && strings.HasPrefix(store.Reason, "KMS_") && store.Status != http.StatusTooManyRequests:
		return &scimFault{status: http.StatusForbidden}
	case scimDetails[store.Status] == "":
		return &scimFault{status: http.StatusInternalServerError}
	}
	return &scimFault{status: store.Status}
}

// writeSCIMFault says it in the body that AWS has for it.
func writeSCIMFault(w http.ResponseWriter, f *scimFault, id string, now time.Time) {
	detail := f.detail
	if detail == "" {
		detail = scimDetails[f.status]
	}
	writeJSON(w, f.status, map[string]any{
		"schema": []string{scim.Error}, "schemas": []string{scim.Error}, "detail": detail,
		"status": strconv.Itoa(f.status), "exceptionRequestId": id,
		"timeStamp": now.UTC().Format("2006-01-02 15:04:05.000"),
	})
}

// object reads the body as a resource.
func (c *scimCall) object() (map[string]any, error) {
	var all map[string]any
	if json.Unmarshal(c.body, &all) != nil || all == nil {
		return nil, errSCIM
	}
	return all, nil
}

// meta is what a resource says of itself.
func (c *scimCall) meta(kind string, s *Stamp) map[string]any {
	var instance time.Time
	if known := c.known.Load(); known != nil {
		instance = known.Instance.Created
	}
	created, updated := s.since(instance)
	return map[string]any{"resourceType": kind, "created": created.UTC().Format(time.RFC3339),
		"lastModified": updated.UTC().Format(time.RFC3339)}
}

// externalID is what the provider calls something, empty where it has no name of its own for it.
func (c *scimCall) externalID(ids []ExternalID) string {
	for _, e := range ids {
		if e.Issuer == c.scimIssuer() {
			return e.ID
		}
	}
	return ""
}

// withExternalID has the provider's id in the place of the one before.
func (c *scimCall) withExternalID(ids []ExternalID, id string) (next []ExternalID) {
	for _, e := range ids {
		if e.Issuer != c.scimIssuer() {
			next = append(next, e)
		}
	}
	if id != "" {
		next = append(next, ExternalID{c.scimIssuer(), id})
	}
	return next
}

// has tells whether there is a record.
func has(tx *records.Tx, kind, id string) error {
	if !tx.Has(kind, id) {
		return &scimFault{status: http.StatusNotFound}
	}
	return nil
}
