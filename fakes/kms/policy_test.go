package kms

import (
	"fmt"
	"strings"
	"testing"
)

func TestPolicyEvaluation(t *testing.T) {
	const arn = "arn:aws:kms:eu-west-1:" + account + ":key/mrk-1"
	ask := func(principal, action string) question {
		return question{principal, account, "kms:" + action, arn, instance}
	}
	stranger := "arn:aws:iam::999999999999:role/Admin"
	statement := func(effect, principal, action, resource, condition string) string {
		return fmt.Sprintf(`{"Effect": %q, "Principal": %s, "Action": %s, "Resource": %s, "Condition": {%s}}`,
			effect, principal, action, resource, condition)
	}
	everything := statement("Allow", `"*"`, `"kms:*"`, `"*"`, "")
	for name, c := range map[string]struct {
		statements string
		question   question
		want       bool
	}{
		"everybody":              {everything, ask(stranger, "Decrypt"), true},
		"another action":         {statement("Allow", `"*"`, `["kms:Encrypt", "kms:Generate*"]`, `"*"`, ""), ask(sso, "Decrypt"), false},
		"wild action":            {statement("Allow", `"*"`, `["kms:Encrypt", "kms:Generate*"]`, `"*"`, ""), ask(sso, "GenerateDataKey"), true},
		"service":                {statement("Allow", `{"Service": ["a.amazonaws.com", "sso.amazonaws.com"]}`, `"*"`, `"*"`, ""), ask(sso, "Decrypt"), true},
		"another service":        {statement("Allow", `{"Service": "a.amazonaws.com"}`, `"*"`, `"*"`, ""), ask(sso, "Decrypt"), false},
		"account":                {statement("Allow", `{"AWS": "`+account+`"}`, `"*"`, `"*"`, ""), ask(admin, "Decrypt"), true},
		"account, service":       {statement("Allow", `{"AWS": "`+account+`"}`, `"*"`, `"*"`, ""), ask(sso, "Decrypt"), false},
		"role":                   {statement("Allow", `{"AWS": "`+admin+`"}`, `"*"`, `"*"`, ""), ask(admin, "Decrypt"), true},
		"another role":           {statement("Allow", `{"AWS": "`+stranger+`"}`, `"*"`, `"*"`, ""), ask(admin, "Decrypt"), false},
		"Deny outweighs":         {everything + "," + statement("Deny", `"*"`, `"kms:Decrypt"`, `"*"`, ""), ask(admin, "Decrypt"), false},
		"Deny of another":        {everything + "," + statement("Deny", `"*"`, `"kms:Encrypt"`, `"*"`, ""), ask(admin, "Decrypt"), true},
		"one Region's ARN":       {statement("Allow", `"*"`, `"*"`, `"arn:aws:kms:us-east-1:*:key/mrk-1"`, ""), ask(sso, "Decrypt"), false},
		"any Region's ARN":       {statement("Allow", `"*"`, `"*"`, `"arn:aws:kms:*:`+account+`:key/mrk-?"`, ""), ask(sso, "Decrypt"), true},
		"source account":         {statement("Allow", `"*"`, `"*"`, `"*"`, `"StringEquals": {"aws:SourceAccount": "`+account+`"}`), ask(sso, "Decrypt"), true},
		"another source account": {statement("Allow", `"*"`, `"*"`, `"*"`, `"StringEquals": {"aws:SourceAccount": "999999999999"}`), ask(sso, "Decrypt"), false},
		"context":                {statement("Allow", `"*"`, `"*"`, `"*"`, `"ArnLike": {"kms:EncryptionContext:aws:sso:instance-arn": ["x", "arn:aws:sso:::instance/*"]}`), ask(sso, "Decrypt"), true},
		"no such context":        {statement("Allow", `"*"`, `"*"`, `"*"`, `"StringLike": {"kms:EncryptionContext:x": "*"}`), ask(sso, "Decrypt"), false},
		"IfExists":               {statement("Allow", `"*"`, `"*"`, `"*"`, `"StringLikeIfExists": {"kms:EncryptionContext:x": "y"}`), ask(sso, "Decrypt"), true},
		"context keys":           {statement("Allow", `"*"`, `"*"`, `"*"`, `"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:sso:instance-arn"}`), ask(sso, "Decrypt"), true},
		"all context keys":       {statement("Allow", `"*"`, `"*"`, `"*"`, `"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "x"}`), ask(sso, "Decrypt"), false},
		"unknown, allowing":      {statement("Allow", `"*"`, `"*"`, `"*"`, `"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}`), ask(sso, "Decrypt"), false},
		"unknown, denying":       {everything + "," + statement("Deny", `"*"`, `"*"`, `"*"`, `"Bool": {"aws:SecureTransport": false}`), ask(sso, "Decrypt"), false},
	} {
		p, err := parsePolicy(`{"Version": "2012-10-17", "Statement": [` + c.statements + `]}`)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.allows(c.question); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestBaselinePolicy allows what the two services do, and no more.
func TestBaselinePolicy(t *testing.T) {
	p, err := parsePolicy(BaselinePolicy(account))
	if err != nil {
		t.Fatal(err)
	}
	store := map[string]string{"aws:identitystore:identitystore-arn": "arn:aws:identitystore::" + account + ":identitystore/d-1"}
	for _, c := range []struct {
		principal, action string
		context           map[string]string
		want              bool
	}{
		{sso, "DescribeKey", nil, true},
		{sso, "Decrypt", instance, true},
		{sso, "GenerateDataKeyWithoutPlaintext", instance, true},
		{sso, "ReEncryptTo", instance, true},
		{sso, "Decrypt", store, false},
		{sso, "Decrypt", nil, false},
		{sso, "GenerateDataKey", instance, false},
		{sso, "ScheduleKeyDeletion", nil, false},
		{"identitystore.amazonaws.com", "Decrypt", store, true},
		{"identitystore.amazonaws.com", "Decrypt", instance, false},
		{"s3.amazonaws.com", "Decrypt", instance, false},
		{admin, "PutKeyPolicy", nil, true},
		{"arn:aws:iam::999999999999:role/Admin", "Decrypt", instance, false},
	} {
		q := question{c.principal, account, "kms:" + c.action, "arn:aws:kms:eu-west-1:" + account + ":key/mrk-1", c.context}
		if got := p.allows(q); got != c.want {
			t.Errorf("%s, %s, %v: %v", c.principal, c.action, c.context, got)
		}
	}
}

func TestMalformedPolicies(t *testing.T) {
	good := DefaultPolicy(account)
	for name, document := range map[string]string{
		"empty":        "",
		"not JSON":     "hello",
		"no statement": `{"Version": "2012-10-17"}`,
		"none":         `{"Statement": []}`,
		"effect":       strings.Replace(good, "Allow", "Perhaps", 1),
		"NotAction":    strings.Replace(good, `"Action"`, `"NotAction"`, 1),
		"no principal": strings.Replace(good, `"Principal": {"AWS": "arn:aws:iam::111122223333:root"},`, "", 1),
		"an object":    strings.Replace(good, `"kms:*"`, `{"kms": "*"}`, 1),
		"null":         strings.Replace(good, `"kms:*"`, `[null]`, 1),
		"behind":       good + "{}",
		"too long":     good + strings.Repeat(" ", maxPolicy),
	} {
		if _, err := parsePolicy(document); err == nil || !strings.HasPrefix(err.Error(), "MalformedPolicyDocumentException") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, document := range []string{good, BaselinePolicy(account), `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}`} {
		if _, err := parsePolicy(document); err != nil {
			t.Errorf("%v:\n%s", err, document)
		}
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
		{"abc", "abcd", false},
		{"a*", "ba", false},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := wild(c.pattern, c.text); got != c.want {
			t.Errorf("%.20q on %.20q: %v", c.pattern, c.text, got)
		}
	}
}

// FuzzPolicy asks whatever can be read.
func FuzzPolicy(f *testing.F) {
	f.Add(DefaultPolicy(account))
	f.Add(BaselinePolicy(account))
	f.Add(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": ["*", 1, true], "Resource": "?*", "Condition": {"Bool": {"a": true}}}}`)
	f.Fuzz(func(_ *testing.T, document string) {
		if p, err := parsePolicy(document); err == nil {
			p.allows(question{sso, account, "kms:Decrypt", "arn:aws:kms:eu-west-1:" + account + ":key/mrk-1", instance})
		}
	})
}
