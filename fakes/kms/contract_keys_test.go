package kms

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func create(in sdk.CreateKeyInput) func(*kit) error {
	return func(k *kit) error {
		_, err := k.virginia.CreateKey(k.ctx(), &in)
		return err
	}
}

func described(keyID func(k *kit) string) func(*kit) error {
	return func(k *kit) error {
		_, err := k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: aws.String(keyID(k))})
		return err
	}
}

func fixed(text string) func(*kit) string { return func(*kit) string { return text } }

// keyContracts are about making, replicating and ending keys.
var keyContracts = []contract{
	{name: "a key", do: func(k *kit) error {
		out, err := k.virginia.CreateKey(k.ctx(), &sdk.CreateKeyInput{KeySpec: types.KeySpecSymmetricDefault,
			KeyUsage: types.KeyUsageTypeEncryptDecrypt, Origin: types.OriginTypeAwsKms, Tags: []types.Tag{aTag("a",
				"b")}})
		k.must(err)
		k.want(out.KeyMetadata.KeyState == types.KeyStateEnabled && !aws.ToBool(out.KeyMetadata.MultiRegion), "%+v",
			out.KeyMetadata)
		return nil
	}},
	{name: "both specs", do: create(sdk.CreateKeyInput{KeySpec: types.KeySpecSymmetricDefault,
		CustomerMasterKeySpec: types.CustomerMasterKeySpecSymmetricDefault}), //nolint:staticcheck // AWS refuses it
		code: "ValidationException", says: "deprecated"},
	{name: "a spec that is none", do: create(sdk.CreateKeyInput{KeySpec: "HMAC_random"}), code: "ValidationException",
		says: "1 validation error detected: Value 'HMAC_random' at 'keySpec' " + ofMember + "satisfy enum value set: ["},
	{name: "a usage that is none", do: create(sdk.CreateKeyInput{KeyUsage: "RANDOM"}), code: "ValidationException",
		says: "Value 'RANDOM' at 'keyUsage' " + ofMember + "satisfy enum value set: ["},
	{name: "HMAC without usage", do: create(sdk.CreateKeyInput{KeySpec: types.KeySpecHmac256}),
		code: "ValidationException",
		says: "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."},
	{name: "HMAC", ours: true, do: create(sdk.CreateKeyInput{KeySpec: types.KeySpecHmac256,
		KeyUsage: types.KeyUsageTypeGenerateVerifyMac}),
		code: "UnsupportedOperationException", says: "HMAC_256"},
	{name: "RSA by the old name", ours: true,
		do: create(sdk.CreateKeyInput{
			CustomerMasterKeySpec: types.CustomerMasterKeySpecRsa2048,   //nolint:staticcheck // clients send it
			KeyUsage:              types.KeyUsageTypeSignVerify}), code: "UnsupportedOperationException", says: "RSA_2048"},
	{name: "a usage for others", do: create(sdk.CreateKeyInput{KeyUsage: types.KeyUsageTypeSignVerify}),
		code: "ValidationException",
		says: "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT"},
	{name: "imported material", ours: true, do: create(sdk.CreateKeyInput{Origin: types.OriginTypeExternal}),
		code: "UnsupportedOperationException"},
	{name: "a key store", ours: true, do: create(sdk.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm,
		CustomKeyStoreId: aws.String("cks-1")}),
		code: "CustomKeyStoreNotFoundException", says: "cks-1"},
	{name: "an external key", ours: true, do: create(sdk.CreateKeyInput{XksKeyId: aws.String("x")}),
		code: "ValidationException"},
	{name: "a long description", do: create(sdk.CreateKeyInput{Description: aws.String(strings.Repeat("x", 8193))}),
		code: "ValidationException", says: ofMember + "have length less than or equal to 8192"},
	{name: "a bad policy", do: create(sdk.CreateKeyInput{Policy: aws.String("{")}),
		code: "MalformedPolicyDocumentException"},
	{name: "locked out", ours: true, do: create(sdk.CreateKeyInput{Policy: aws.String(document(version2012,
		allow(`"Action": "kms:Decrypt"`)))}),
		code: "MalformedPolicyDocumentException",
		says: "The new key policy will not allow you to update the key policy in the future."},
	{name: "locked out on purpose", ours: true, do: create(sdk.CreateKeyInput{BypassPolicyLockoutSafetyCheck: true,
		Policy: aws.String(document(version2012, allow(`"Action": "kms:Decrypt"`)))})},
	{name: "perhaps locked out", ours: true, do: create(sdk.CreateKeyInput{
		Policy: aws.String(document(version2012, allow(when("StringEquals", "aws:NoSuchKey", `"x"`))))})},

	{name: "no such key", do: described(fixed("mrk-d3b95762d3b95762d3b95762d3b95762")), code: "NotFoundException",
		says: ":key/mrk-d3b95762d3b95762d3b95762d3b95762' does not exist"},
	{name: "no key id", do: described(fixed("fake-key-id")), code: "NotFoundException",
		says: "Invalid keyId 'fake-key-id'"},
	{name: "no multi-Region key id", do: described(fixed("mrk-fake-key-id")), code: "NotFoundException",
		says: "Invalid keyId 'mrk-fake-key-id'"},
	{name: "another Region's ARN", ours: true, do: described(func(k *kit) string {
		return "arn:aws:kms:eu-west-1:" + account + ":key/" + *k.pair()
	}), code: "NotFoundException", says: "Invalid arn eu-west-1"},
	{name: "another service's ARN", do: described(fixed("arn:aws:s3:::bucket")), code: "NotFoundException",
		says: "Invalid arn", ours: true},
	{name: "another account's ARN",
		do:   described(fixed("arn:aws:kms:us-east-1:999999999999:key/mrk-d3b95762d3b95762d3b95762d3b95762")),
		code: "NotFoundException", ours: true},

	{name: "a replica", do: func(k *kit) error {
		id := k.pair()
		out, err := k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		k.must(err)
		about := out.KeyMetadata.MultiRegionConfiguration
		k.want(len(about.ReplicaKeys) == 1 && aws.ToString(about.ReplicaKeys[0].Region) == ireland, "%+v", about)
		return nil
	}},
	{name: "a second replica", do: func(k *kit) error {
		_, err := k.virginia.ReplicateKey(k.ctx(), &sdk.ReplicateKeyInput{KeyId: k.pair(),
			ReplicaRegion: aws.String(ireland)})
		return err
	}, code: "AlreadyExistsException"},
	{name: "a replica of a replica", do: func(k *kit) error {
		_, err := k.ireland.ReplicateKey(k.ctx(), &sdk.ReplicateKeyInput{KeyId: k.pair(),
			ReplicaRegion: aws.String("eu-west-2")})
		return err
	}, code: "UnsupportedOperationException"},
	{name: "a replica of a single-Region key", do: func(k *kit) error {
		_, err := k.virginia.ReplicateKey(k.ctx(), &sdk.ReplicateKeyInput{KeyId: k.key(),
			ReplicaRegion: aws.String(ireland)})
		return err
	}, code: "UnsupportedOperationException"},
	{name: "a replica of a disabled key", do: func(k *kit) error {
		id := k.pair()
		k.disable(id)
		_, err := k.virginia.ReplicateKey(k.ctx(), &sdk.ReplicateKeyInput{KeyId: id,
			ReplicaRegion: aws.String("eu-west-2")})
		return err
	}, code: "DisabledException", says: " is disabled."},
	{name: "a replica nowhere", ours: true, do: func(k *kit) error {
		_, err := k.virginia.ReplicateKey(k.ctx(), &sdk.ReplicateKeyInput{KeyId: k.pair(),
			ReplicaRegion: aws.String("eu-weast-1")})
		return err
	}, code: "ValidationException", says: "Value 'eu-weast-1' at 'replicaRegion'"},
	{name: "while creating", ours: true, do: func(k *kit) error {
		id := k.pair()
		k.must(k.SetState(ireland, *id, Creating))
		_, err := k.ireland.PutKeyPolicy(k.ctx(), &sdk.PutKeyPolicyInput{KeyId: id,
			Policy: aws.String(DefaultPolicy(virginia, account))})
		k.must(err) // as the table of key states has it
		_, err = k.ireland.DisableKey(k.ctx(), &sdk.DisableKeyInput{KeyId: id})
		return err
	}, code: "KMSInvalidStateException", says: " is creating."},
	{name: "replicate again while creating", ours: true, do: func(k *kit) error {
		id := k.pair()
		k.must(k.SetState(ireland, *id, Creating))
		_, err := k.virginia.ReplicateKey(k.ctx(), &sdk.ReplicateKeyInput{KeyId: id,
			ReplicaRegion: aws.String(ireland)})
		return err
	}, code: "AlreadyExistsException", says: " already exists"},

	{name: "another primary", do: func(k *kit) error {
		id := k.pair()
		_, err := k.virginia.UpdatePrimaryRegion(k.ctx(), &sdk.UpdatePrimaryRegionInput{KeyId: id,
			PrimaryRegion: aws.String(ireland)})
		k.must(err)
		out, err := k.ireland.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		k.must(err)
		about := out.KeyMetadata.MultiRegionConfiguration
		k.want(about.MultiRegionKeyType == types.MultiRegionKeyTypePrimary &&
			aws.ToString(about.ReplicaKeys[0].Region) == virginia, "%+v", about)
		return nil
	}, ours: true},
	{name: "another primary, by a replica", ours: true, do: func(k *kit) error {
		_, err := k.ireland.UpdatePrimaryRegion(k.ctx(), &sdk.UpdatePrimaryRegionInput{KeyId: k.pair(),
			PrimaryRegion: aws.String(ireland)})
		return err
	}, code: "UnsupportedOperationException"},
	{name: "another primary, without a replica", ours: true, do: func(k *kit) error {
		_, err := k.virginia.UpdatePrimaryRegion(k.ctx(), &sdk.UpdatePrimaryRegionInput{KeyId: k.pair(),
			PrimaryRegion: aws.String("eu-west-2")})
		return err
	}, code: "NotFoundException", says: "Key 'arn:aws:kms:eu-west-2:"},
	{name: "while updating", ours: true, do: func(k *kit) error {
		id := k.pair()
		k.Service.updatingFor = time.Second
		_, err := k.virginia.UpdatePrimaryRegion(k.ctx(), &sdk.UpdatePrimaryRegionInput{KeyId: id,
			PrimaryRegion: aws.String(ireland)})
		k.must(err)
		k.sealed(id, nil) // goes on
		_, err = k.virginia.DisableKey(k.ctx(), &sdk.DisableKeyInput{KeyId: id})
		k.want(code(err) == "KMSInvalidStateException" && strings.Contains(err.Error(), " is updating."), "%v", err)
		k.after(1)
		_, err = k.virginia.DisableKey(k.ctx(), &sdk.DisableKeyInput{KeyId: id})
		return err
	}},

	{name: "a short window", do: func(k *kit) error {
		_, err := k.virginia.ScheduleKeyDeletion(k.ctx(), &sdk.ScheduleKeyDeletionInput{KeyId: k.key(),
			PendingWindowInDays: aws.Int32(6)})
		return err
	}, code: "ValidationException", ours: true,
		says: "Value '6' at 'pendingWindowInDays' " + ofMember + "have value greater than or equal to 7"},
	{name: "deleted twice", do: func(k *kit) error {
		id := k.key()
		k.end(id)
		_, err := k.virginia.ScheduleKeyDeletion(k.ctx(), &sdk.ScheduleKeyDeletionInput{KeyId: id})
		return err
	}, code: "KMSInvalidStateException", says: " is pending deletion."},
	{name: "nothing to cancel", do: func(k *kit) error {
		_, err := k.virginia.CancelKeyDeletion(k.ctx(), &sdk.CancelKeyDeletionInput{KeyId: k.key()})
		return err
	}, code: "KMSInvalidStateException", says: " is not pending deletion.", ours: true},
	{name: "disabled while pending deletion", do: func(k *kit) error {
		id := k.key()
		k.end(id)
		_, err := k.virginia.DisableKey(k.ctx(), &sdk.DisableKeyInput{KeyId: id})
		return err
	}, code: "KMSInvalidStateException", says: " is pending deletion."},
	{name: "a policy while pending deletion", do: func(k *kit) error {
		id := k.key()
		k.end(id)
		_, err := k.virginia.PutKeyPolicy(k.ctx(), &sdk.PutKeyPolicyInput{KeyId: id,
			Policy: aws.String(DefaultPolicy(virginia, account))})
		return err
	}, ours: true},
	{name: "another policy's name", do: func(k *kit) error {
		_, err := k.virginia.GetKeyPolicy(k.ctx(), &sdk.GetKeyPolicyInput{KeyId: k.key(),
			PolicyName: aws.String("mine")})
		return err
	}, code: "NotFoundException", says: "No such policy exists"},
	{name: "policies", do: func(k *kit) error {
		out, err := k.virginia.ListKeyPolicies(k.ctx(), &sdk.ListKeyPoliciesInput{KeyId: k.key()})
		k.must(err)
		k.want(len(out.PolicyNames) == 1 && out.PolicyNames[0] == "default" && !out.Truncated, "%+v", out)
		return nil
	}},
	{name: "a description", do: func(k *kit) error {
		id := k.key()
		_, err := k.virginia.UpdateKeyDescription(k.ctx(), &sdk.UpdateKeyDescriptionInput{KeyId: id,
			Description: aws.String("new")})
		k.must(err)
		out, err := k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		k.must(err)
		k.want(aws.ToString(out.KeyMetadata.Description) == "new", "%s", aws.ToString(out.KeyMetadata.Description))
		return nil
	}},
	{name: "a marker that is none", ours: true, do: func(k *kit) error {
		_, err := k.virginia.ListKeys(k.ctx(), &sdk.ListKeysInput{Marker: aws.String("here")})
		return err
	}, code: "InvalidMarkerException", says: "marker"},
	{name: "a page of none", do: func(k *kit) error {
		_, err := k.virginia.ListKeys(k.ctx(), &sdk.ListKeysInput{Limit: aws.Int32(0)})
		return err
	}, code: "ValidationException", ours: true,
		says: "Value '0' at 'limit' " + ofMember + "have value greater than or equal to 1"},
}
