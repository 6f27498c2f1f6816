package kms

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// maxPolicy is the longest key policy, in bytes.
const maxPolicy = 32 << 10

// policy is a key policy, read once and asked often.
type policy struct {
	document   string // as it was given
	statements []statement
}

// statement is one of a policy. NotPrincipal, NotAction and NotResource are refused rather than misread.
type statement struct {
	Sid       string
	Effect    string
	Principal principals
	Action    texts
	Resource  texts
	Condition map[string]map[string]texts
}

// texts is a JSON string or a list of them; numbers and booleans are taken as they are written.
type texts []string

// principals are those of a statement by kind (AWS, Service); a lone "*" is everybody.
type principals map[string]texts

func (t *texts) UnmarshalJSON(data []byte) error {
	if data[0] != '[' {
		data = bytes.Join([][]byte{{'['}, data, {']'}}, nil)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	for _, r := range raw {
		text := string(r)
		switch {
		case r[0] == '"':
			if err := json.Unmarshal(r, &text); err != nil {
				return err
			}
		case r[0] == '{' || r[0] == '[' || text == "null":
			return errors.New("a string is expected")
		}
		*t = append(*t, text)
	}
	return nil
}

func (p *principals) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	var kinds map[string]texts
	if err := json.Unmarshal(data, &kinds); err != nil {
		return err
	}
	*p = kinds
	return nil
}

func parsePolicy(document string) (*policy, error) {
	if len(document) > maxPolicy {
		return nil, malformedPolicy("The policy is longer than 32 KB.")
	}
	var outer struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := strictly([]byte(document), &outer); err != nil {
		return nil, malformedPolicy("The policy is not valid: " + err.Error())
	}
	list := bytes.TrimSpace(outer.Statement)
	if len(list) > 0 && list[0] != '[' { // a lone statement needs no list
		list = bytes.Join([][]byte{{'['}, list, {']'}}, nil)
	}
	p := &policy{document: document}
	if err := strictly(list, &p.statements); err != nil {
		return nil, malformedPolicy("The policy's statements are not valid: " + err.Error())
	}
	if len(p.statements) == 0 {
		return nil, malformedPolicy("The policy has no statement.")
	}
	for _, st := range p.statements {
		if st.Effect != "Allow" && st.Effect != "Deny" || len(st.Principal) == 0 || len(st.Action) == 0 || len(st.Resource) == 0 {
			return nil, malformedPolicy("A statement needs an Effect of Allow or Deny, a Principal, an Action and a Resource.")
		}
	}
	return p, nil
}

func strictly(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind its end")
	}
	return nil
}

// question is what a policy is asked: may the principal do it to the key?
type question struct {
	principal string
	account   string
	action    string // kms:Decrypt
	resource  string // key ARN
	context   map[string]string
}

// allows answers it: a Deny that applies outweighs every Allow, and what nobody allows is denied. Identity policies of
// IAM are not modelled: where a key policy leaves the matter to the account, the account's principals are allowed.
func (p *policy) allows(q question) bool {
	allowed := false
	for i := range p.statements {
		st := &p.statements[i]
		if !st.applies(q) {
			continue
		}
		if st.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (st *statement) applies(q question) bool {
	return st.Principal.include(q) && st.Action.match(q.action) && st.Resource.match(q.resource) && st.conditions(q)
}

func (p principals) include(q question) bool {
	if isService(q.principal) {
		return slices.Contains(p["Service"], q.principal) || slices.Contains(p["AWS"], "*")
	}
	ours := inAccount(q.principal, q.account)
	for _, who := range p["AWS"] {
		if who == "*" || who == q.principal || ours && (who == q.account || who == rootARN(q.account)) {
			return true
		}
	}
	return false
}

func isService(principal string) bool { return strings.HasSuffix(principal, ".amazonaws.com") }

func inAccount(principal, account string) bool {
	parts := strings.SplitN(principal, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[4] == account
}

func rootARN(account string) string { return "arn:aws:iam::" + account + ":root" }

// match tells whether one of the patterns fits. Actions are compared without regard to case in AWS; nobody writes them
// in another.
func (t texts) match(text string) bool {
	for _, pattern := range t {
		if wild(pattern, text) {
			return true
		}
	}
	return false
}

// wild matches a pattern in which * stands for any characters and ? for one. It never looks back beyond the last *,
// so it takes at most the product of both lengths.
func wild(pattern, text string) bool {
	p, star, mark := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[i]):
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
