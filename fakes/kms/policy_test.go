package kms

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	aKey     = "arn:aws:kms:eu-west-1:" + account + ":key/mrk-1"
	stranger = "arn:aws:iam::999999999999:role/Admin"
	store    = "identitystore.amazonaws.com"
)

// identityStore is the encryption context that Identity Store gives.
var identityStore = map[string]string{
	"aws:identitystore:identitystore-arn": "arn:aws:identitystore::" + account + ":identitystore/d-1",
}

func by(principal, action string) *question {
	return &question{
		caller: newCaller(principal), account: account, action: "kms:" + action,
		lower: "kms:" + strings.ToLower(action), resource: aKey, context: instance,
		sourceIP: "10.1.2.3", now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC),
	}
}

// allow and deny are statements; each part is JSON: "Principal": "*".
func allow(parts ...string) string { return statementOf("Allow", parts) }
func deny(parts ...string) string  { return statementOf("Deny", parts) }

// statementOf is about everybody, everything and every key, but for the parts that say otherwise.
func statementOf(effect string, parts []string) string {
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, name+`":`) }) {
			parts = append(parts, `"`+name+`": "*"`)
		}
	}
	return `{"Effect": "` + effect + `", ` + strings.Join(parts, ", ") + `}`
}

func when(operator, key, value string) string {
	return fmt.Sprintf(`"Condition": {%q: {%q: %s}}`, operator, key, value)
}

func document(version string, statements ...string) string {
	return `{"Version": "` + version + `", "Statement": [` + strings.Join(statements, ", ") + `]}`
}

// TestPolicyEvaluation has a statement or two, a question, and what AWS answers.
func TestPolicyEvaluation(t *testing.T) {
	session := "arn:aws:sts::" + account + ":assumed-role/Admin/ann"
	for name, c := range map[string]struct {
		statements []string
		question   *question
		want       bool
	}{
		"everybody":         {[]string{allow()}, by(stranger, "Decrypt"), true},
		"everybody, as AWS": {[]string{allow(`"Principal": {"AWS": "*"}`)}, by(sso, "Decrypt"), true},
		"service": {[]string{allow(`"Principal": {"Service": ["a.amazonaws.com", "sso.amazonaws.com"]}`)},
			by(sso, "Decrypt"), true},
		"another service": {[]string{allow(`"Principal": {"Service": "a.amazonaws.com"}`)}, by(sso, "Decrypt"),
			false},
		"account":          {[]string{allow(`"Principal": {"AWS": "` + account + `"}`)}, by(admin, "Decrypt"), true},
		"account, service": {[]string{allow(`"Principal": {"AWS": "` + account + `"}`)}, by(sso, "Decrypt"), false},
		"role":             {[]string{allow(`"Principal": {"AWS": "` + admin + `"}`)}, by(admin, "Decrypt"), true},
		"session of role":  {[]string{allow(`"Principal": {"AWS": "` + admin + `"}`)}, by(session, "Decrypt"), true},
		"another role":     {[]string{allow(`"Principal": {"AWS": "` + stranger + `"}`)}, by(admin, "Decrypt"), false},
		"NotPrincipal spares the role and its account": {[]string{allow(),
			deny(`"NotPrincipal": {"AWS": ["` + admin + `", "` + account + `"]}`)}, by(admin, "Decrypt"), true},
		"NotPrincipal without the account": {[]string{allow(),
			deny(`"NotPrincipal": {"AWS": "` + admin + `"}`)}, by(admin, "Decrypt"), false},
		"NotPrincipal, somebody else": {[]string{allow(),
			deny(`"NotPrincipal": {"AWS": ["` + admin + `", "` + account + `"]}`)}, by(sso, "Decrypt"), false},
		"NotPrincipal spares a service": {[]string{allow(),
			deny(`"NotPrincipal": {"Service": "sso.amazonaws.com"}`)}, by(sso, "Decrypt"), true},

		"another action": {[]string{allow(`"Action": ["kms:Encrypt", "kms:Generate*"]`)}, by(sso, "Decrypt"),
			false},
		"wild action": {[]string{allow(`"Action": ["kms:Encrypt", "kms:Generate*"]`)}, by(sso,
			"GenerateDataKey"), true},
		"action in any case": {[]string{allow(`"Action": "KMS:deCRYPT"`)}, by(sso, "Decrypt"), true},
		"NotAction":          {[]string{allow(`"NotAction": "kms:encrypt"`)}, by(sso, "Decrypt"), true},
		"NotAction, named":   {[]string{allow(`"NotAction": "kms:d*"`)}, by(sso, "Decrypt"), false},

		"one Region's ARN": {[]string{allow(`"Resource": "arn:aws:kms:us-east-1:*:key/mrk-1"`)}, by(sso,
			"Decrypt"), false},
		"any Region's ARN": {[]string{allow(`"Resource": "arn:aws:kms:*:` + account + `:key/mrk-?"`)}, by(sso,
			"Decrypt"), true},
		"ARN with a variable": {[]string{
			allow(`"Resource": "arn:aws:kms:${aws:RequestedRegion}:${aws:ResourceAccount}:key/*"`)}, by(sso, "Decrypt"), true},
		"NotResource": {[]string{allow(`"NotResource": "` + aKey + `"`)}, by(sso, "Decrypt"), false},

		"Deny outweighs":  {[]string{allow(), deny(`"Action": "kms:Decrypt"`)}, by(admin, "Decrypt"), false},
		"Deny of another": {[]string{allow(), deny(`"Action": "kms:Encrypt"`)}, by(admin, "Decrypt"), true},
		"lone statement":  {[]string{allow()}, by(sso, "Decrypt"), true},
	} {
		check(t, name, document(version2012, c.statements...), c.question, c.want)
	}
}

func check(t *testing.T, name, policy string, q *question, want bool) {
	t.Helper()
	p, err := parsePolicy(policy)
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, policy)
		return
	}
	if got := p.allows(q); got != want {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
}

const (
	contextARN  = "kms:EncryptionContext:aws:sso:instance-arn"
	instanceARN = `"arn:aws:sso:::instance/ssoins-0123456789abcdef"`
)

// conditions are what must hold, in an Allow that is the whole policy.
var conditions = map[string]struct {
	operator, key, value string
	want                 bool
}{
	"source account":       {"StringEquals", "aws:SourceAccount", `"` + account + `"`, true},
	"as a number":          {"StringEquals", "aws:SourceAccount", account, true},
	"another":              {"StringEquals", "aws:SourceAccount", `"999999999999"`, false},
	"key in any case":      {"stringequals", "AWS:sourceACCOUNT", `"` + account + `"`, true},
	"Not":                  {"StringNotEquals", "aws:SourceAccount", `"999999999999"`, true},
	"Not, of several":      {"StringNotEquals", "aws:SourceAccount", `["9", "` + account + `"]`, false},
	"Not, without the key": {"StringNotEquals", "kms:ViaService", `"x"`, true},
	"IgnoreCase": {"StringEqualsIgnoreCase", contextARN,
		`"ARN:aws:SSO:::instance/SSOINS-0123456789abcdef"`, true},
	"NotIgnoreCase": {"StringNotEqualsIgnoreCase", contextARN,
		`"ARN:aws:SSO:::instance/SSOINS-0123456789abcdef"`, false},
	"Equals has no wildcard": {"StringEquals", contextARN, `"arn:*"`, false},
	"Like":                   {"StringLike", contextARN, `["x", "arn:*instance/ssoins-????????????????"]`, true},
	"NotLike":                {"StringNotLike", contextARN, `"arn:*"`, false},
	"context in any case":    {"StringEquals", "kms:encryptioncontext:AWS:SSO:instance-ARN", instanceARN, true},
	"no such context":        {"StringLike", "kms:EncryptionContext:x", `"*"`, false},
	"IfExists, missing":      {"StringLikeIfExists", "kms:EncryptionContext:x", `"y"`, true},
	"IfExists, there":        {"StringEqualsIfExists", contextARN, `"y"`, false},

	"ArnLike":         {"ArnLike", contextARN, `"arn:aws:sso:*:*:instance/*"`, true},
	"Arn parts apart": {"ArnEquals", contextARN, `"arn:aws:sso:*:instance/*:"`, false},
	"ArnNotLike":      {"ArnNotLike", contextARN, `"arn:aws:sso:::instance/*"`, false},
	"SourceArn":       {"ArnLike", "aws:SourceArn", `"arn:aws:sso:::instance/*"`, true},
	"not even an ARN": {"ArnLike", contextARN, `"*"`, false},

	"any context key": {"ForAnyValue:StringEquals", "kms:EncryptionContextKeys",
		`["aws:sso:instance-arn", "x"]`, true},
	"any, missing":          {"ForAnyValue:StringEquals", "aws:TagKeys", `"x"`, false},
	"any other context key": {"ForAnyValue:StringNotEquals", "kms:EncryptionContextKeys", `"x"`, true},
	"any other, missing":    {"ForAnyValue:StringNotEquals", "aws:TagKeys", `"x"`, false},
	"all context keys":      {"ForAllValues:StringLike", "kms:EncryptionContextKeys", `"aws:sso:*"`, true},
	"all context keys, not": {"ForAllValues:StringEquals", "kms:EncryptionContextKeys", `"x"`, false},
	"all, missing":          {"ForAllValues:StringEquals", "aws:TagKeys", `"x"`, true},
	"none of the context keys": {"ForAllValues:StringNotEquals", "kms:EncryptionContextKeys",
		`"aws:sso:instance-arn"`, false},

	"Bool":                    {"Bool", "aws:PrincipalIsAWSService", `"true"`, true},
	"Bool, as one":            {"Bool", "aws:PrincipalIsAWSService", `true`, true},
	"Bool, false":             {"Bool", "aws:ViaAWSService", `true`, false},
	"Null, missing":           {"Null", "kms:ViaService", `"true"`, true},
	"Null, there":             {"Null", "aws:SourceAccount", `true`, false},
	"not Null":                {"Null", "aws:SourceAccount", `"false"`, true},
	"Numeric":                 {"NumericLessThan", "aws:EpochTime", `"4102444800"`, true},
	"Numeric, not":            {"NumericGreaterThanEquals", "aws:EpochTime", `4102444800`, false},
	"NumericNotEquals":        {"NumericNotEquals", "aws:EpochTime", `1`, true},
	"Date":                    {"DateGreaterThan", "aws:CurrentTime", `"2026-11-27T11:59:59Z"`, true},
	"Date, as seconds":        {"DateLessThan", "aws:CurrentTime", `"1"`, false},
	"Date, of a day":          {"DateNotEquals", "aws:CurrentTime", `"2026-11-27"`, true},
	"IpAddress, of a service": {"IpAddress", "aws:SourceIp", `"10.0.0.0/8"`, false},

	"variable":             {"StringEquals", "aws:SourceAccount", `"${aws:ResourceAccount}"`, true},
	"variable in any case": {"StringEquals", "aws:SourceAccount", `"${AWS:resourceaccount}"`, true},
	"variable within": {"StringLike", "aws:PrincipalServiceName", `"sso.${kms:EncryptionContext:none}*"`,
		false},
	"variable in an ARN":      {"ArnLike", contextARN, `"arn:${aws:SourceAccount}:sso:::instance/*"`, false},
	"without value":           {"StringEquals", "aws:SourceAccount", `"${aws:username}"`, false},
	"without value, Not":      {"StringNotEquals", "aws:SourceAccount", `"${aws:username}"`, false},
	"without value, and more": {"StringEquals", "aws:SourceAccount", `["${aws:username}", "` + account + `"]`, true},
	"fallback":                {"StringEquals", "aws:SourceAccount", `"${aws:username, '` + account + `'}"`, true},
	"literal star":            {"StringLike", "aws:SourceAccount", `"1${*}"`, false},
	"literal dollar":          {"StringEquals", "aws:SourceAccount", `"${$}"`, false},
	"no variable in Bool":     {"Bool", "aws:SecureTransport", `"${aws:SecureTransport}"`, false},

	"unknown key":      {"StringNotEquals", "aws:NoSuchKey", `"x"`, false},
	"unknown operator": {"StringResembles", "aws:SourceAccount", `"` + account + `"`, false},
	"unknown variable": {"StringNotEquals", "aws:SourceAccount", `"${aws:NoSuchKey}"`, false},
	"several values":   {"StringNotEquals", "aws:SourceAccount", `"${kms:EncryptionContextKeys}"`, false},
	"not a number":     {"NumericNotEquals", "aws:EpochTime", `"soon"`, false},
}

func TestConditions(t *testing.T) {
	for name, c := range conditions {
		check(t, name, document(version2012, allow(when(c.operator, c.key, c.value))), by(sso, "Decrypt"), c.want)
	}
	check(t, "a person's address", document(version2012, allow(when("IpAddress", "aws:SourceIp", `["10.1.0.0/16"]`))),
		by(admin, "Decrypt"), true)
	check(t, "another's address", document(version2012, allow(when("NotIpAddress", "aws:SourceIp", `"10.1.2.3"`))),
		by(admin, "Decrypt"), false)
}

// TestPrincipalKeys has condition keys about callers, and their values for one or the other.
func TestPrincipalKeys(t *testing.T) {
	session := "arn:aws:sts::" + account + ":assumed-role/Admin/ann"
	user := "arn:aws:iam::" + account + ":user/ann"
	for _, name := range []string{"kms:ReEncryptOnSameKey", "aws:PrincipalOrgPaths", "aws:TokenIssueTime"} {
		if _, known := conditionKey(name); known {
			t.Errorf("%s has values at AWS that are not known here", name)
		}
	}
	for _, c := range []struct{ key, principal, value string }{
		{"aws:PrincipalArn", session, admin},
		{"aws:PrincipalArn", user, user},
		{"aws:PrincipalArn", sso, ""},
		{"aws:PrincipalAccount", session, account},
		{"aws:PrincipalAccount", sso, ""},
		{"aws:PrincipalType", user, "User"},
		{"aws:PrincipalType", session, "AssumedRole"},
		{"aws:PrincipalType", rootOf(account), "Account"},
		{"aws:PrincipalType", sso, "Service"},
		{"aws:PrincipalOrgID", user, "o-" + account},
		{"aws:PrincipalOrgID", stranger, ""},
		{"aws:PrincipalIsAWSService", user, "false"},
		{"aws:PrincipalServiceName", sso, sso},
		{"aws:PrincipalServiceName", user, ""},
		{"aws:MultiFactorAuthPresent", admin, "false"},
		{"aws:MultiFactorAuthPresent", user, ""},
		{"aws:username", user, "ann"},
		{"kms:EncryptionAlgorithm", sso, "SYMMETRIC_DEFAULT"},
		{"kms:ViaService", sso, ""},
		{"aws:SourceAccount", user, ""},
		{"aws:SourceOrgID", sso, "o-" + account},
		{"aws:SourceArn", user, ""},
		{"kms:CallerAccount", stranger, "999999999999"},
		{"kms:CallerAccount", sso, account},
		{"aws:RequestedRegion", sso, ireland},
		{"aws:ResourceOrgID", stranger, "o-" + account},
		{"kms:KeyOrigin", sso, "AWS_KMS"},
		{"kms:MultiRegionKeyType", sso, ""}, // of a key that is not there yet
	} {
		values, known := conditionKey(c.key)
		if !known {
			t.Errorf("%s is not known", c.key)
			continue
		}
		if got := strings.Join(values(by(c.principal, "Decrypt")), " "); got != c.value {
			t.Errorf("%s of %s: %q, want %q", c.key, c.principal, got, c.value)
		}
	}
}

func rootOf(account string) string { return "arn:aws:iam::" + account + ":root" }

// TestWildcardsInValuesAreText has values of a request that look like patterns.
func TestWildcardsInValuesAreText(t *testing.T) {
	q := by(sso, "Decrypt")
	q.context = map[string]string{"a": "*", "b": "anything", "c": "*"}
	like := func(key, value string) string {
		return document(version2012, allow(when("StringLike", "kms:EncryptionContext:"+key, value)))
	}
	check(t, "a star by variable", like("b", `"${kms:EncryptionContext:a}"`), q, false)
	check(t, "the same star", like("c", `"${kms:EncryptionContext:a}"`), q, true)
	check(t, "a star as text", like("c", `"${*}"`), q, true)
	check(t, "a star as text, and something else", like("b", `"${*}"`), q, false)
}

// TestOldPoliciesHaveNoVariables reads the version of 2008, which is also that of a policy without one.
func TestOldPoliciesHaveNoVariables(t *testing.T) {
	same := allow(when("StringEquals", "aws:SourceAccount", `"${aws:ResourceAccount}"`))
	check(t, "2012", document(version2012, same), by(sso, "Decrypt"), true)
	check(t, "2008", document(version2008, same), by(sso, "Decrypt"), false)
	check(t, "none", `{"Statement": `+same+`}`, by(sso, "Decrypt"), false)
}

// TestWorstCase takes what isn't known for the worst, in an Allow as in a Deny, and says so.
func TestWorstCase(t *testing.T) {
	for name, c := range map[string]struct {
		part string
		want Remark
	}{
		"key": {when("StringEquals", "aws:NoSuchKey", `"x"`), Remark{Kind: UnknownKey, Name: "aws:NoSuchKey"}},
		"operator": {when("StringResembles", "aws:SourceAccount", `"x"`), Remark{Kind: UnknownOperator,
			Name: "StringResembles"}},
		"binary": {when("BinaryEquals", "aws:SourceAccount", `"eA=="`), Remark{Kind: UnknownOperator,
			Name: "BinaryEquals"}},
		"value": {when("NumericEquals", "aws:EpochTime", `"soon"`), Remark{Kind: UnknownValue, Name: "soon"}},
		"variable": {when("StringEquals", "aws:SourceAccount", `"${aws:NoSuchKey}"`), Remark{Kind: UnknownVariable,
			Name: "aws:NoSuchKey"}},
		"resource": {`"Resource": "arn:${aws:NoSuchKey}"`, Remark{Kind: UnknownVariable, Name: "aws:NoSuchKey"}},
		"principal": {`"Principal": {"Federated": "cognito-identity.amazonaws.com"}`, Remark{Kind: UnknownPrincipal,
			Name: "Federated"}},
		"Not": {`"NotPrincipal": {"Federated": "cognito-identity.amazonaws.com"}`,
			Remark{Kind: UnknownPrincipal, Name: "Federated"}},
	} {
		named := `"Sid": "Odd", ` + c.part
		if !strings.Contains(c.part, "Principal") {
			named += `, "Principal": "*"`
		}
		check(t, name+", allowing", document(version2012, allow(named)), by(sso, "Decrypt"), false)
		denies := document(version2012, allow(), deny(named))
		check(t, name+", denying", denies, by(sso, "Decrypt"), false)
		c.want.Statement, c.want.Sid, c.want.Deny = 2, "Odd", true
		remarks, err := Review(denies)
		if err != nil || !slices.Equal(remarks, []Remark{c.want}) {
			t.Errorf("%s: %v, %v", name, remarks, err)
		}
		if said := fmt.Sprint(remarks); !strings.Contains(said, "statement 2 (Odd)") || !strings.Contains(said,
			c.want.Name) {
			t.Errorf("%s: %s", name, said)
		}
	}
	check(t, "a Deny of somebody else", document(version2012, allow(), deny(`"Principal": {"AWS": "`+admin+`"}`,
		when("StringEquals", "aws:NoSuchKey", `"x"`))), by(sso, "Decrypt"), true)
	check(t, "a Deny that fails otherwise", document(version2012, allow(), deny(
		`"Condition": {"Bool": {"aws:SecureTransport": false, "aws:NoSuchKey": true}}`)), by(sso, "Decrypt"), true)
}

// TestBaselinePolicy allows what the two services do, and no more.
func TestBaselinePolicy(t *testing.T) {
	policy := BaselinePolicy(virginia, account)
	if remarks, err := Review(policy); err != nil || len(remarks) > 0 {
		t.Errorf("%v, %v", remarks, err)
	}
	for _, c := range []struct {
		principal, action string
		context           map[string]string
		want              bool
	}{
		{sso, "DescribeKey", nil, true},
		{sso, "Decrypt", instance, true},
		{sso, "GenerateDataKeyWithoutPlaintext", instance, true},
		{sso, "ReEncryptTo", instance, true},
		{sso, "Decrypt", nil, false},
		{sso, "GenerateDataKey", instance, false},
		{sso, "ScheduleKeyDeletion", nil, false},
		{store, "DescribeKey", nil, true},
		{store, "Decrypt", identityStore, true},
		{"s3.amazonaws.com", "Decrypt", instance, false},
		{admin, "PutKeyPolicy", nil, true},
		{stranger, "Decrypt", instance, false},
	} {
		q := by(c.principal, c.action)
		q.context = c.context
		check(t, fmt.Sprintf("%s, %s, %v", c.principal, c.action, c.context), policy, q, c.want)
	}
}

// TestAdvancedPolicies are statements of AWS's page "Advanced KMS key policy statements".
func TestAdvancedPolicies(t *testing.T) {
	narrow := strings.Replace(BaselinePolicy(virginia, account),
		`"Action": ["kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKeyWithoutPlaintext"],
      "Resource": "*",
      "Condition": {`, `"Action": ["kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom",
	"kms:GenerateDataKeyWithoutPlaintext"],
      "Resource": "*",
      "Condition": {
        "ArnEquals": {"aws:SourceArn": "arn:aws:sso:::instance/ssoins-0123456789abcdef"},`, 1)
	check(t, "this instance", narrow, by(sso, "Decrypt"), true)
	other := by(sso, "Decrypt")
	other.context = map[string]string{"aws:sso:instance-arn": "arn:aws:sso:::instance/ssoins-fedcba9876543210"}
	check(t, "another instance", narrow, other, false)
	check(t, "the same, without", BaselinePolicy(virginia, account), other, true)
}

func TestMalformedPolicies(t *testing.T) {
	good := DefaultPolicy(virginia, account)
	change := func(old, to string) string {
		if !strings.Contains(good, old) {
			t.Errorf("%s is not there", old)
		}
		return strings.Replace(good, old, to, 1)
	}
	const alike = `{"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}`
	const root = `"Principal": {"AWS": "arn:aws:iam::111122223333:root"},`
	for name, c := range map[string]struct{ document, says string }{
		"empty":          {"", "Syntax errors"},
		"not JSON":       {"hello", "Syntax errors"},
		"no statement":   {`{"Version": "2012-10-17"}`, "Statement"},
		"none":           {`{"Statement": []}`, "Statement"},
		"version":        {change("2012-10-17", "2026-10-17"), "version"},
		"effect":         {change("Allow", "Perhaps"), "Perhaps"},
		"no effect":      {change(`"Effect": "Allow",`, ""), "Effect"},
		"no principal":   {change(root, ""), "Missing required field Principal"},
		"no action":      {change(`"Action": "kms:*",`, ""), "Missing required field Action"},
		"no resource":    {change(`"kms:*",`, `"kms:*"`)[:strings.Index(good, `"Resource"`)-1] + "}]}", ""},
		"two principals": {change(root, root+`"NotPrincipal": "*",`), "Syntax errors"},
		"twice the same": {change(root, root+root), "Syntax errors"},
		"another field":  {change(root, root+`"Comment": "none",`), "Syntax errors"},
		"action, bare":   {change("kms:*", "Decrypt"), "vendor"},
		"an object":      {change(`"kms:*"`, `{"kms": "*"}`), "Syntax errors"},
		"null":           {change(`"kms:*"`, `[null]`), "Syntax errors"},
		"behind":         {good + "{}", "Syntax errors"},
		"wild principal": {change("111122223333:root", "*:root"), "invalid principals"},
		"a group":        {change("111122223333:root", "111122223333:group/all"), "invalid principals"},
		"no service": {change(`{"AWS": "arn:aws:iam::111122223333:root"}`, `{"Service": "sso"}`),
			"invalid principals"},
		"unknown kind": {change(`"AWS"`, `"Azure"`), "Syntax errors"},
		"two alike":    {`{"Statement": [` + alike + "," + alike + `]}`, "Statement IDs (SID) in a single policy must be unique"},
	} {
		_, err := parsePolicy(c.document)
		if err == nil || !strings.HasPrefix(err.Error(), "MalformedPolicyDocumentException: ") ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if _, again := Review(c.document); fmt.Sprint(again) != fmt.Sprint(err) {
			t.Errorf("%s: Review says %v", name, again)
		}
	}
	if _, err := parsePolicy(change("Enable", "Ермолай")); err == nil || !strings.HasPrefix(err.Error(), "ValidationException: ") {
		t.Errorf("letters that a policy can't have: %v", err)
	}
	if _, err := parsePolicy(good + strings.Repeat(" ", maxPolicy)); err == nil || !strings.HasPrefix(err.Error(),
		"LimitExceededException") {
		t.Errorf("too long: %v", err)
	}
}

func TestWild(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"*", "", true},
		{"?", "", false},
		{"a*b*c", "aXbYc", true},
		{"a*b*c", "acb", false},
		{"**a", "bca", true},
		{"a?c", "abc", true},
		{"a?c", "aäc", true},
		{"*??bc", "€bc", false},
		{"*?bc", "a€bc", true},
		{"abc", "abcd", false},
		{"a*", "ba", false},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := wild(wildcards.Replace(c.pattern), c.text); got != c.want {
			t.Errorf("%.20q on %.20q: %v", c.pattern, c.text, got)
		}
	}
}

// FuzzPolicy asks whatever can be read. What Review has no remark on is read in one way only.
func FuzzPolicy(f *testing.F) {
	f.Add(DefaultPolicy(virginia, account))
	f.Add(BaselinePolicy(virginia, account))
	f.Add(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": ["*", "a:b"], "Resource": "?*",
		"Condition": {"Bool": {"a": true}}}}`)
	f.Add(document(version2012, allow(when("ForAnyValue:StringNotLikeIfExists", "kms:EncryptionContext:${",
		`["${*}", "${a, 'b'}", 1]`))))
	f.Add(document(version2012, deny(`"NotPrincipal": {"Service": "a.amazonaws.com"}`, `"NotAction": "kms:*"`,
		`"NotResource": "${aws:x"`)))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePolicy(text)
		remarks, again := Review(text)
		if (err == nil) != (again == nil) {
			t.Fatalf("parsePolicy says %v, Review %v", err, again)
		}
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatal("it is no JSON")
		}
		for _, q := range []*question{by(sso, "Decrypt"), by(admin, "PutKeyPolicy")} {
			if len(remarks) == 0 && p.evaluate(q, worst) != p.evaluate(q, best) {
				t.Fatal("it can be read in two ways, and Review has no remark")
			}
		}
	})
}
