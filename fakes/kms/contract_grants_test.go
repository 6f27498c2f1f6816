package kms

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const guest = "arn:aws:iam::999999999999:role/Guest"

func (k *kit) grant(in sdk.CreateGrantInput) *sdk.CreateGrantOutput {
	k.Helper()
	in.GranteePrincipal = aws.String(guest)
	out, err := k.virginia.CreateGrant(k.ctx(), &in)
	k.must(err)
	return out
}

func createGrant(in sdk.CreateGrantInput) func(*kit) error {
	return func(k *kit) error {
		in.KeyId = k.key()
		_, err := k.virginia.CreateGrant(k.ctx(), &in)
		return err
	}
}

// byGuest decrypts as a principal of another account, who has nothing but grants.
func (k *kit) byGuest(blob []byte, context map[string]string) error {
	_, err := k.client(virginia, "GUEST").Decrypt(k.ctx(), &sdk.DecryptInput{CiphertextBlob: blob,
		EncryptionContext: context})
	return err
}

var (
	decryptOnly = []types.GrantOperation{types.GrantOperationDecrypt}
	me          = aws.String(admin)
)

// grantContracts are about grants. Who a grantee is, endpoints of others don't tell.
var grantContracts = []contract{
	{name: "a grant, and its end", ours: true, do: func(k *kit) error {
		id := k.key()
		blob := k.sealed(id, instance)
		k.want(code(k.byGuest(blob, instance)) == "AccessDeniedException", "without a grant")
		g := k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly, Name: aws.String("mine")})
		k.must(k.byGuest(blob, instance))
		_, err := k.client(virginia, "GUEST").Encrypt(k.ctx(), &sdk.EncryptInput{KeyId: id, Plaintext: blob})
		k.want(code(err) == "AccessDeniedException", "another operation: %v", err)
		again := k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly, Name: aws.String("mine")})
		k.want(*again.GrantId == *g.GrantId && *again.GrantToken != *g.GrantToken, "asked again: %s, %s",
			*again.GrantId, *g.GrantId)
		_, err = k.virginia.Encrypt(k.ctx(), &sdk.EncryptInput{KeyId: id, Plaintext: blob,
			GrantTokens: []string{*g.GrantToken}})
		k.must(err)
		_, err = k.virginia.RevokeGrant(k.ctx(), &sdk.RevokeGrantInput{KeyId: id, GrantId: g.GrantId,
			DryRun: aws.Bool(true)})
		k.want(code(err) == "DryRunOperationException", "a dry run: %v", err)
		k.must(k.byGuest(blob, instance))
		_, err = k.virginia.RevokeGrant(k.ctx(), &sdk.RevokeGrantInput{KeyId: id, GrantId: g.GrantId})
		k.must(err)
		return k.byGuest(blob, instance)
	}, code: "AccessDeniedException"},
	{name: "a grant within an encryption context", ours: true, do: func(k *kit) error {
		id := k.key()
		wide := maps.Clone(instance)
		wide["more"] = "x"
		k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly,
			Constraints: &types.GrantConstraints{EncryptionContextSubset: instance}})
		k.must(k.byGuest(k.sealed(id, wide), wide))
		return k.byGuest(k.sealed(id, nil), nil)
	}, code: "AccessDeniedException"},
	{name: "a grant for one encryption context", ours: true, do: func(k *kit) error {
		id := k.key()
		wide := maps.Clone(instance)
		wide["more"] = "x"
		k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly,
			Constraints: &types.GrantConstraints{EncryptionContextEquals: instance}})
		k.must(k.byGuest(k.sealed(id, instance), instance))
		return k.byGuest(k.sealed(id, wide), wide)
	}, code: "AccessDeniedException"},
	{name: "a grant against a Deny", ours: true, do: func(k *kit) error {
		id := k.key()
		k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly})
		blob := k.sealed(id, nil)
		k.must(k.SetPolicy(virginia, *id, document(version2012, allow(), deny(`"Principal": {"AWS": "`+guest+`"}`))))
		return k.byGuest(blob, nil)
	}, code: "AccessDeniedException", says: "with an explicit deny in a resource-based policy"},
	{name: "a grant is one Region's", ours: true, do: func(k *kit) error {
		id := k.pair()
		k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly})
		_, err := k.client(ireland, "GUEST").Decrypt(k.ctx(), &sdk.DecryptInput{CiphertextBlob: k.sealed(id, nil)})
		return err
	}, code: "AccessDeniedException"},
	{name: "a grant by grant", ours: true, do: func(k *kit) error {
		id := k.key()
		k.grant(sdk.CreateGrantInput{KeyId: id, Operations: slices.Concat(decryptOnly,
			[]types.GrantOperation{types.GrantOperationCreateGrant})})
		_, err := k.client(virginia, "GUEST").CreateGrant(k.ctx(), &sdk.CreateGrantInput{KeyId: id,
			Operations: decryptOnly, GranteePrincipal: me})
		k.must(err)
		_, err = k.client(virginia, "GUEST").CreateGrant(k.ctx(), &sdk.CreateGrantInput{KeyId: id, GranteePrincipal: me,
			Operations: []types.GrantOperation{types.GrantOperationEncrypt}})
		return err
	}, code: "AccessDeniedException"},
	{name: "retired by its grantee", ours: true, do: func(k *kit) error {
		id := k.key()
		g := k.grant(sdk.CreateGrantInput{KeyId: id, Operations: slices.Concat(decryptOnly,
			[]types.GrantOperation{types.GrantOperationRetireGrant})})
		other := k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly})
		_, err := k.client(virginia, "GUEST").RetireGrant(k.ctx(), &sdk.RetireGrantInput{GrantToken: g.GrantToken})
		k.must(err)
		_, err = k.client(virginia, "GUEST").RetireGrant(k.ctx(), &sdk.RetireGrantInput{KeyId: id,
			GrantId: other.GrantId})
		return err
	}, code: "AccessDeniedException"},
	{name: "grants that one may retire", ours: true, do: func(k *kit) error {
		id := k.key()
		g := k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly, RetiringPrincipal: me})
		k.grant(sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly})
		out, err := k.virginia.ListRetirableGrants(k.ctx(), &sdk.ListRetirableGrantsInput{RetiringPrincipal: me})
		k.must(err)
		k.want(len(out.Grants) == 1 && *out.Grants[0].GrantId == *g.GrantId, "%+v", out.Grants)
		seen := 0
		pages := sdk.NewListGrantsPaginator(k.virginia, &sdk.ListGrantsInput{KeyId: id, Limit: aws.Int32(1)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(k.ctx())
			k.must(err)
			seen += len(page.Grants)
		}
		k.want(seen == 2, "%d grants, want 2", seen)
		_, err = k.virginia.RetireGrant(k.ctx(), &sdk.RetireGrantInput{KeyId: id, GrantId: g.GrantId})
		k.must(err)
		_, err = k.virginia.ListGrants(k.ctx(), &sdk.ListGrantsInput{KeyId: id, GrantId: g.GrantId})
		return err
	}, code: "NotFoundException", says: "Grant ID "},
	{name: "a grant on a disabled key", do: func(k *kit) error {
		id := k.key()
		k.disable(id)
		_, err := k.virginia.CreateGrant(k.ctx(), &sdk.CreateGrantInput{KeyId: id, Operations: decryptOnly,
			GranteePrincipal: me})
		return err
	}, code: "DisabledException", says: " is disabled.", ours: true},
	{name: "a grant for nobody", do: createGrant(sdk.CreateGrantInput{Operations: decryptOnly}),
		code: "ValidationException", ours: true},
	{name: "a grant for who is no principal", do: createGrant(sdk.CreateGrantInput{Operations: decryptOnly,
		GranteePrincipal: aws.String("ann")}),
		code: "InvalidArnException", ours: true},
	{name: "a grant to sign",
		do: createGrant(sdk.CreateGrantInput{Operations: []types.GrantOperation{types.GrantOperationSign},
			GranteePrincipal: me}),
		code: "ValidationException", says: "Sign", ours: true},
	{name: "a grant for what is no operation",
		do:   createGrant(sdk.CreateGrantInput{Operations: []types.GrantOperation{"Guess"}, GranteePrincipal: me}),
		code: "ValidationException", says: "Value 'Guess' at 'operations'", ours: true},
	{name: "a grant for a service", do: createGrant(sdk.CreateGrantInput{Operations: decryptOnly,
		GranteeServicePrincipal: aws.String(sso)}),
		code: "ValidationException", says: "SourceArn", ours: true},
	{name: "a dry run of a grant", do: createGrant(sdk.CreateGrantInput{Operations: decryptOnly, GranteePrincipal: me,
		DryRun: aws.Bool(true)}),
		code: "DryRunOperationException", ours: true},
	{name: "no such grant", do: func(k *kit) error {
		_, err := k.virginia.RevokeGrant(k.ctx(), &sdk.RevokeGrantInput{KeyId: k.key(), GrantId: aws.String("none")})
		return err
	}, code: "NotFoundException", says: "Grant ID none not found", ours: true},
}
