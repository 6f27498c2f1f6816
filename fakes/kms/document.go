package kms

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxPolicy is the longest key policy, in bytes.
const maxPolicy = 32 << 10

// The versions of the policy language. Only the newer one has policy variables. A policy without Version is of the
// older one.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

var errSyntax = malformedPolicy("Syntax errors in policy.")

// beyondPolicies are the characters that a key policy may not have (AWS KMS API Reference, "PutKeyPolicy").
func beyondPolicies(r rune) bool { return r > 0xFF || r < ' ' && r != '\t' && r != '\n' && r != '\r' }

// parsePolicy reads a key policy. Its errors are MalformedPolicyDocumentException, as a rule.
func parsePolicy(document string) (*policy, error) {
	if len(document) > maxPolicy {
		return nil, &failure{httpClientFault, "LimitExceededException",
			fmt.Sprintf("Policy exceeds the limit of %d bytes.", maxPolicy)}
	}
	if strings.ContainsFunc(document, beyondPolicies) {
		return nil, invalidMember("", "policy", "satisfy regular expression pattern: "+
			`[\u0009\u000A\u000D\u0020-\u00FF]+`)
	}
	outer, err := object([]byte(document))
	if err != nil {
		return nil, errSyntax
	}
	version := version2008
	for name, value := range outer {
		switch name {
		case "Version":
			if json.Unmarshal(value, &version) != nil || version != version2008 && version != version2012 {
				return nil, malformedPolicy("The policy's version must be 2012-10-17 or 2008-10-17.")
			}
		case "Id", "Statement":
		default:
			return nil, errSyntax
		}
	}
	list, err := several(outer["Statement"])
	if err != nil || len(list) == 0 {
		return nil, malformedPolicy("Missing required field Statement")
	}
	p := &policy{document: document}
	sids := map[string]bool{}
	for i, raw := range list {
		st, err := parseStatement(raw, version == version2012)
		if err != nil {
			return nil, err
		}
		if sids[st.sid] {
			return nil, malformedPolicy("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[st.sid] = st.sid != ""
		st.number = i + 1
		p.statements = append(p.statements, st)
	}
	slices.SortStableFunc(p.statements, func(a, b statement) int { return cmp.Compare(a.order(), b.order()) })
	return p, nil
}

func (st *statement) order() int {
	if st.deny {
		return 0
	}
	return 1
}

// element is what a statement says by a name or by its negation, of which it must have one.
func element(members map[string]json.RawMessage, name string) (value json.RawMessage, not bool, err error) {
	value, plain := members[name]
	negated, not := members["Not"+name]
	switch {
	case plain && not:
		return nil, false, errSyntax
	case !plain && !not:
		return nil, false, malformedPolicy("Missing required field " + name)
	case not:
		return negated, true, nil
	}
	return value, false, nil
}

func parseStatement(data []byte, variables bool) (st statement, err error) {
	members, err := object(data)
	if err != nil {
		return st, errSyntax
	}
	for name, value := range members {
		switch name {
		case "Sid":
			if json.Unmarshal(value, &st.sid) != nil {
				return st, errSyntax
			}
		case "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition":
		default:
			return st, errSyntax
		}
	}
	if st.deny, err = parseEffect(members["Effect"]); err != nil {
		return st, err
	}
	if st.principals, err = parsePrincipals(members); err != nil {
		return st, err
	}
	if st.actions, err = parsePatterns(members, "Action", variables); err != nil {
		return st, err
	}
	if st.resources, err = parsePatterns(members, "Resource", variables); err != nil {
		return st, err
	}
	st.conditions, err = parseConditions(members["Condition"], variables)
	return st, err
}

func parseEffect(data []byte) (deny bool, err error) {
	if data == nil {
		return false, malformedPolicy("Missing required field Effect")
	}
	var effect string
	if json.Unmarshal(data, &effect) != nil || effect != "Allow" && effect != "Deny" {
		return false, malformedPolicy("Invalid effect: " + effect)
	}
	return effect == "Deny", nil
}

// parsePrincipals reads those of a statement by kind; a lone "*" is everybody.
func parsePrincipals(members map[string]json.RawMessage) (principals, error) {
	value, not, err := element(members, "Principal")
	if err != nil {
		return principals{}, err
	}
	if string(value) == `"*"` {
		return principals{not: not, everyone: true}, nil
	}
	kinds, err := object(value)
	if err != nil || len(kinds) == 0 {
		return principals{}, errSyntax
	}
	read := map[string][]string{}
	for kind, raw := range kinds {
		if read[kind], err = texts(raw); err != nil || len(read[kind]) == 0 {
			return principals{}, errSyntax
		}
	}
	return newPrincipals(read, not)
}

// parsePatterns reads Action or Resource, or its negation. Actions are prefixed with a service, and have no variables.
func parsePatterns(members map[string]json.RawMessage, name string, variables bool) (patterns, error) {
	value, not, err := element(members, name)
	if err != nil {
		return patterns{}, err
	}
	list, err := texts(value)
	if err != nil || len(list) == 0 {
		return patterns{}, errSyntax
	}
	if name == "Resource" {
		return newPatterns(list, not, false, variables), nil
	}
	for _, action := range list {
		if action != "*" && !bytes.ContainsRune([]byte(action), ':') {
			return patterns{}, malformedPolicy("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	return newPatterns(list, not, true, false), nil
}

func parseConditions(data []byte, variables bool) ([]condition, error) {
	if data == nil {
		return nil, nil
	}
	operators, err := object(data)
	if err != nil {
		return nil, errSyntax
	}
	var conditions []condition
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, err := object(operators[operator])
		if err != nil {
			return nil, errSyntax
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			wanted, err := texts(keys[key])
			if err != nil {
				return nil, errSyntax
			}
			conditions = append(conditions, newCondition(operator, key, wanted, variables))
		}
	}
	return conditions, nil
}

// object reads an object of JSON. Unlike encoding/json it takes names as they are written, and none twice.
func object(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(errSyntax, err)
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		text, ok := name.(string)
		if _, twice := members[text]; !ok || twice {
			return nil, errSyntax
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		members[text] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errSyntax
	}
	return members, nil
}

// several reads a list, or one that stands for a list of it.
func several(data []byte) ([]json.RawMessage, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return nil, nil
	}
	if data[0] != '[' {
		return []json.RawMessage{data}, nil
	}
	var list []json.RawMessage
	err := json.Unmarshal(data, &list)
	return list, err
}

// texts reads a string or a list of them; numbers and booleans are taken as they are written.
func texts(data []byte) ([]string, error) {
	list, err := several(data)
	if err != nil {
		return nil, err
	}
	read := make([]string, 0, len(list))
	for _, raw := range list {
		text := string(raw)
		switch {
		case raw[0] == '"':
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, err
			}
		case raw[0] == '{' || raw[0] == '[' || text == "null":
			return nil, errSyntax
		}
		read = append(read, text)
	}
	return read, nil
}
