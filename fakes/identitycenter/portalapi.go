package identitycenter

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// headerToken carries the bearer token of the portal's API.
const headerToken = "x-amz-sso_bearer_token"

const (
	maxPage         = 100       // items of a page, and how many there are unless max_result says fewer
	credentialsLife = time.Hour // of role credentials where the permission set says nothing
)

// portalAPIHandler serves the AWS access portal's API (IAM Identity Center Portal API Reference) to this Region's
// portal and to clients that are no browsers.
func (r *Replica) portalAPIHandler(string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assignment/accounts", r.withPerson(r.listAccounts))
	mux.HandleFunc("GET /assignment/roles", r.withPerson(r.listAccountRoles))
	mux.HandleFunc("GET /federation/credentials", r.withPerson(r.getRoleCredentials))
	mux.HandleFunc("POST /logout", r.logout)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, http.StatusNotFound, "ResourceNotFoundException", "No such operation")
	})
	return r.forOwnPortal(mux)
}

// forOwnPortal answers the browser's questions of origin: the portals of this Region may, nobody else.
func (r *Replica) forOwnPortal(next http.Handler) http.Handler {
	in, region := r.cfg.Instance, r.cfg.Region
	origins := []string{"https://" + in.PortalHost(region), "https://" + in.AlternativePortalHost(region)}
	if r.primary() {
		for host := range in.ClassicPortals() {
			origins = append(origins, "https://"+host)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Add("Vary", "Origin")
		origin := req.Header.Get("Origin")
		if origin != "" && !slices.Contains(origins, origin) {
			writeFault(w, http.StatusForbidden, "AccessDeniedException", "Origin is not a portal of this Region")
			return
		}
		if origin != "" {
			h.Set("Access-Control-Allow-Origin", origin)
		}
		if req.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", headerToken)
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, req)
	})
}

// withPerson finds out who asks.
func (r *Replica) withPerson(serve func(http.ResponseWriter, *http.Request, *person)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if !r.inService(w, req) {
			return
		}
		token := req.Header.Get(headerToken)
		n := r.bearer(token)
		if n == nil {
			writeUnauthorized(w)
			return
		}
		if each := r.cfg.Behaviour.PortalAPIRate; each > 0 && !r.quotas.take("token"+token, each, r.now()) {
			writeFault(w, http.StatusTooManyRequests, "TooManyRequestsException", "HTTP 429 Unknown Code")
			return
		}
		p, err := r.personOf(req.Context(), n)
		var kms *errKMS
		switch {
		case errors.As(err, &kms):
			control.Visit{Person: n.User, Why: string(causeKMS) + ": " + kms.Error()}.Tell(req.Context())
			r.writeDenied(w)
		case err != nil:
			writeFault(w, http.StatusInternalServerError, "InternalServerException", "The service is at fault")
		case p == nil:
			writeUnauthorized(w)
		default:
			serve(w, req, p)
		}
	}
}

// inService tells whether the Region serves anybody; where it doesn't it has said so.
func (r *Replica) inService(w http.ResponseWriter, req *http.Request) bool {
	_, err := r.configuration(req.Context())
	var kms *errKMS
	switch {
	case err == nil:
		return true
	case errors.As(err, &kms):
		r.writeDenied(w)
	default:
		writeUnauthorized(w)
	}
	return false
}

// writeDenied is the answer while KMS refuses or is silent.
func (r *Replica) writeDenied(w http.ResponseWriter) {
	writeFault(w, r.cfg.Behaviour.KMSFaultStatus, "AccessDeniedException", deniedByKMS)
}

type accountInfo struct {
	ID    string `json:"accountId"`
	Name  string `json:"accountName"`
	Email string `json:"emailAddress"`
}

type accountList struct {
	Accounts  []accountInfo `json:"accountList"`
	NextToken *string       `json:"nextToken"`
}

func (r *Replica) listAccounts(w http.ResponseWriter, req *http.Request, p *person) {
	from, to, next, ok := page(req, len(p.Accounts))
	if !ok {
		writeBadPage(w)
		return
	}
	out := accountList{Accounts: make([]accountInfo, 0, to-from), NextToken: next}
	for _, a := range p.Accounts[from:to] {
		out.Accounts = append(out.Accounts, accountInfo{a.ID, a.Name, a.Email})
	}
	if from == 0 {
		control.Visit{Person: p.User.Name, Served: "the account list"}.Tell(req.Context())
	}
	writeJSON(w, http.StatusOK, out)
}

type roleInfo struct {
	Account string `json:"accountId"`
	Name    string `json:"roleName"`
}

type roleList struct {
	Roles     []roleInfo `json:"roleList"`
	NextToken *string    `json:"nextToken"`
}

func (r *Replica) listAccountRoles(w http.ResponseWriter, req *http.Request, p *person) {
	id := req.URL.Query().Get("account_id")
	account := p.account(id)
	if id == "" {
		writeFault(w, http.StatusBadRequest, "InvalidRequestException", "account_id is missing")
		return
	}
	if account == nil {
		writeFault(w, http.StatusNotFound, "ResourceNotFoundException", "No access to this account")
		return
	}
	from, to, next, ok := page(req, len(account.Roles))
	if !ok {
		writeBadPage(w)
		return
	}
	out := roleList{Roles: make([]roleInfo, 0, to-from), NextToken: next}
	for _, role := range account.Roles[from:to] {
		out.Roles = append(out.Roles, roleInfo{account.ID, role.Name})
	}
	writeJSON(w, http.StatusOK, out)
}

func (p *person) account(id string) *personsAccount {
	i := slices.IndexFunc(p.Accounts, func(a personsAccount) bool { return a.ID == id })
	if i < 0 {
		return nil
	}
	return &p.Accounts[i]
}

type credentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	Expiration      int64  `json:"expiration"` // milliseconds since 1970
}

// getRoleCredentials gives out credentials that STS takes.
func (r *Replica) getRoleCredentials(w http.ResponseWriter, req *http.Request, p *person) {
	q := req.URL.Query()
	account, role := p.account(q.Get("account_id")), q.Get("role_name")
	if q.Get("account_id") == "" || role == "" {
		writeFault(w, http.StatusBadRequest, "InvalidRequestException", "account_id or role_name is missing")
		return
	}
	if account == nil || account.life(role) == 0 {
		writeFault(w, http.StatusForbidden, "ForbiddenException", "No access")
		return
	}
	issued, err := r.issue(account.ID, role, p.User.Name, account.life(role))
	if err != nil {
		writeFault(w, http.StatusInternalServerError, "InternalServerException", "The service is at fault")
		return
	}
	control.Visit{Person: p.User.Name, Served: "credentials of " + role}.Tell(req.Context())
	writeJSON(w, http.StatusOK, map[string]credentials{"roleCredentials": issued})
}

// life is how long credentials of the role last; 0 where there is no such role.
func (a *personsAccount) life(role string) time.Duration {
	i := slices.IndexFunc(a.Roles, func(r personsRole) bool { return r.Name == role })
	if i < 0 {
		return 0
	}
	return a.Roles[i].Duration
}

// logout ends the session in all Regions. It needs nothing of the directory, so that it works without KMS.
func (r *Replica) logout(w http.ResponseWriter, req *http.Request) {
	if !r.inService(w, req) {
		return
	}
	n := r.bearer(req.Header.Get(headerToken))
	if n == nil {
		writeUnauthorized(w)
		return
	}
	if err := r.closeSession(n); err != nil {
		writeFault(w, http.StatusInternalServerError, "InternalServerException", "The service is at fault")
		return
	}
	w.WriteHeader(http.StatusOK)
}

// page is the range of items that max_result (1 to 100) and next_token ask for, and the token of the next range.
func page(req *http.Request, items int) (from, to int, next *string, ok bool) {
	q := req.URL.Query()
	size := maxPage
	if s := q.Get("max_result"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxPage {
			return 0, 0, nil, false
		}
		size = n
	}
	if s := q.Get("next_token"); s != "" {
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			return 0, 0, nil, false
		}
		if from, err = strconv.Atoi(string(raw)); err != nil || from < 0 || from > items {
			return 0, 0, nil, false
		}
	}
	to = min(from+size, items)
	if to < items {
		token := base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
		next = &token
	}
	return from, to, next, true
}

func encodeShort(b []byte) string { return base64.RawURLEncoding.EncodeToString(b[:16]) }

func writeBadPage(w http.ResponseWriter) {
	writeFault(w, http.StatusBadRequest, "InvalidRequestException", "max_result or next_token is not valid")
}

func writeUnauthorized(w http.ResponseWriter) {
	writeFault(w, http.StatusUnauthorized, "UnauthorizedException", "Session token not found or invalid")
}

// writeFault answers with an error of AWS's REST-JSON protocol.
func writeFault(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	writeJSON(w, status, map[string]string{"__type": kind, "message": message})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a reader that has gone is no concern of ours
}
