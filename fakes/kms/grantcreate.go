package kms

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Limits of grants, in pieces and characters.
const (
	maxGrantTokens     = 10
	maxConstraintPairs = 8
	maxConstraintValue = 384
	maxGrantName       = 256
)

var (
	grantNames = regexp.MustCompile(`^[a-zA-Z0-9:/_-]+$`)

	grantOperations = []string{
		"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
		"CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
	}
	otherGrantOperations = []string{ // of keys that aren't symmetric
		"Sign", "Verify", "GetPublicKey", "GenerateMac", "VerifyMac", "DeriveSharedSecret", "Encapsulate", "Decapsulate",
	}
)

type createGrantInput struct {
	KeyID                    string `json:"KeyId"`
	GranteePrincipal         string
	GranteeServicePrincipal  string
	RetiringPrincipal        string
	RetiringServicePrincipal string
	Operations               []string
	Constraints              grantConstraints
	GrantTokens              []string
	Name                     string
	DryRun                   bool
}

type createGrantOutput struct {
	GrantID    string `json:"GrantId"`
	GrantToken string
}

func (c *call) createGrant(in createGrantInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	g := &grant{
		id: randomHex(), name: in.Name, created: c.now(), operations: in.Operations, constraints: in.Constraints,
		grantee:  cmp.Or(in.GranteePrincipal, in.GranteeServicePrincipal),
		retiring: cmp.Or(in.RetiringPrincipal, in.RetiringServicePrincipal),
	}
	a := ask{operation: "CreateGrant", tokens: in.GrantTokens, request: map[string][]string{
		"kms:grantoperations": in.Operations, "kms:granteeprincipal": one(g.grantee),
		"kms:retiringprincipal":   one(g.retiring),
		"kms:grantconstrainttype": in.Constraints.types(), "kms:grantisforawsresource": {fmt.Sprint(c.service)},
	}}
	r, err := c.access(in.KeyID, a)
	if err != nil {
		return nil, err
	}
	if err := c.mayPassOn(r, a, g); err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, dryRun()
	}
	if i := slices.IndexFunc(r.grants, g.same); i >= 0 {
		g = r.grants[i]
	} else {
		r.grants = append(r.grants, g)
	}
	token := "AQ" + randomHex()
	c.tokens[token] = grantOf{r, g}
	return createGrantOutput{g.id, token}, nil
}

// mayPassOn keeps who may create grants by a grant alone from creating a wider one.
func (c *call) mayPassOn(r *replica, a ask, g *grant) error {
	q := c.question(r, a)
	if r.policy.allows(q) || slices.ContainsFunc(r.grants, func(mine *grant) bool {
		return mine.permits(q, a.operation) && mine.passOn(g)
	}) {
		return nil
	}
	return accessDenied(c.principal, q.action, r.arn, unmentioned)
}

func (in *createGrantInput) check() error {
	if (in.GranteePrincipal == "") == (in.GranteeServicePrincipal == "") {
		return invalid("You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
	}
	if in.RetiringPrincipal != "" && in.RetiringServicePrincipal != "" {
		return invalid("You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
	}
	if in.GranteeServicePrincipal != "" &&
		(in.Constraints.SourceArn == "" || in.RetiringPrincipal == "" && in.RetiringServicePrincipal == "") {
		return invalid("When you specify a GranteeServicePrincipal, you must also specify a SourceArn grant constraint " +
			"and either a RetiringPrincipal or a RetiringServicePrincipal.")
	}
	for _, principal := range []string{in.GranteePrincipal, in.RetiringPrincipal} {
		if principal != "" && !isService(principal) && (!strings.HasPrefix(principal,
			"arn:") || !iamPrincipal.MatchString(principal)) {
			return clientFault("InvalidArnException", "ARN does not refer to a valid principal: %s", principal)
		}
	}
	for _, principal := range []string{in.GranteeServicePrincipal, in.RetiringServicePrincipal} {
		if principal != "" && !isService(principal) {
			return invalid("The service principal is not valid: " + principal)
		}
	}
	if in.Name != "" {
		if err := length(in.Name, len(in.Name), "name", 1, maxGrantName); err != nil {
			return err
		}
		if !grantNames.MatchString(in.Name) {
			return invalidMember(in.Name, "name", "satisfy regular expression pattern: "+grantNames.String())
		}
	}
	return cmp.Or(checkGrantOperations(in.Operations), in.Constraints.check())
}

func checkGrantOperations(operations []string) error {
	if operations == nil {
		return required("operations")
	}
	for _, operation := range operations {
		if err := oneOf(operation, "operations", slices.Concat(grantOperations, otherGrantOperations)); err != nil {
			return err
		}
		if !slices.Contains(grantOperations, operation) {
			return invalid("Operation " + operation + " is not supported for KMS keys with KeySpec " + symmetric)
		}
	}
	return nil
}

func (c grantConstraints) check() error {
	for member, pairs := range map[string]map[string]string{
		"constraints.encryptionContextEquals": c.EncryptionContextEquals,
		"constraints.encryptionContextSubset": c.EncryptionContextSubset,
	} {
		if err := length("", len(pairs), member, 0, maxConstraintPairs); err != nil {
			return err
		}
		for _, value := range pairs {
			if err := length("", len(value), member, 0, maxConstraintValue); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c grantConstraints) types() []string {
	var types []string
	if c.EncryptionContextEquals != nil {
		types = append(types, "EncryptionContextEquals")
	}
	if c.EncryptionContextSubset != nil {
		types = append(types, "EncryptionContextSubset")
	}
	return types
}

func randomHex() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never returns an error
	return hex.EncodeToString(random[:])
}
