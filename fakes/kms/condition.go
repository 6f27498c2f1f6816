package kms

import (
	"maps"
	"slices"
	"strings"
)

// conditions tells whether all conditions of the statement hold. The operators that key policies of IAM Identity
// Center use are known, with ForAnyValue, ForAllValues and IfExists; what is not known is taken for the worst: in an
// Allow it doesn't hold, in a Deny it does.
func (st *statement) conditions(q question) bool {
	for operator, keys := range st.Condition {
		for key, wanted := range keys {
			holds, known := condition(operator, q.values(key), wanted)
			if !known {
				holds = st.Effect == "Deny"
			}
			if !holds {
				return false
			}
		}
	}
	return true
}

func condition(operator string, values, wanted []string) (holds, known bool) {
	operator, forAll := strings.CutPrefix(operator, "ForAllValues:")
	operator, _ = strings.CutPrefix(operator, "ForAnyValue:")
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	var fits func(value string) bool
	switch operator {
	case "StringEquals":
		fits = func(value string) bool { return slices.Contains(wanted, value) }
	case "StringLike", "ArnLike", "ArnEquals":
		fits = texts(wanted).match
	default:
		return false, false
	}
	switch {
	case len(values) == 0:
		return ifExists || forAll, true
	case forAll:
		return !slices.ContainsFunc(values, func(v string) bool { return !fits(v) }), true
	}
	return slices.ContainsFunc(values, fits), true
}

// values are those of a condition key for the request; none where the request has no such key. Services act for the
// account's own instance, so that is their source account.
func (q question) values(key string) []string {
	const context = "kms:EncryptionContext:"
	switch {
	case key == "aws:SourceAccount" && isService(q.principal), key == "kms:CallerAccount":
		return []string{q.account}
	case key == "aws:PrincipalArn" && !isService(q.principal):
		return []string{q.principal}
	case key == "kms:EncryptionContextKeys":
		return slices.Collect(maps.Keys(q.context))
	case strings.HasPrefix(key, context):
		if value, ok := q.context[key[len(context):]]; ok {
			return []string{value}
		}
	}
	return nil
}
