package kms

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func encrypt(in sdk.EncryptInput) func(*kit) error {
	return func(k *kit) error {
		in.KeyId = k.key()
		_, err := k.virginia.Encrypt(k.ctx(), &in)
		return err
	}
}

func dataKey(in sdk.GenerateDataKeyInput) func(*kit) error {
	return func(k *kit) error {
		in.KeyId = k.key()
		_, err := k.virginia.GenerateDataKey(k.ctx(), &in)
		return err
	}
}

func random(in sdk.GenerateRandomInput) func(*kit) error {
	return func(k *kit) error {
		_, err := k.virginia.GenerateRandom(k.ctx(), &in)
		return err
	}
}

// decryptAs seals under a key with a context and lets the request be changed.
func decryptAs(change func(k *kit, in *sdk.DecryptInput)) func(*kit) error {
	return func(k *kit) error {
		keyID := k.key()
		in := &sdk.DecryptInput{KeyId: keyID, CiphertextBlob: k.sealed(keyID, instance), EncryptionContext: instance}
		change(k, in)
		_, err := k.virginia.Decrypt(k.ctx(), in)
		return err
	}
}

const (
	wouldSucceed   = "DryRunOperationException"
	wouldSucceedIn = "The request would have succeeded, but the DryRun option is set."
)

var secret = []byte("secret")

// cryptographyContracts are about using keys.
var cryptographyContracts = []contract{
	{name: "there and back", do: decryptAs(func(*kit, *sdk.DecryptInput) {})},
	{name: "too much plaintext", do: encrypt(sdk.EncryptInput{Plaintext: make([]byte, 4097)}),
		code: "ValidationException",
		says: "1 validation error detected: Value at 'plaintext' " + ofMember + "have length less than or equal to 4096"},
	{name: "an algorithm for others", do: encrypt(sdk.EncryptInput{Plaintext: secret,
		EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1}),
		code: "InvalidKeyUsageException",
		says: "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.", ours: true},
	{name: "an algorithm that is none", do: encrypt(sdk.EncryptInput{Plaintext: secret, EncryptionAlgorithm: "ROT13"}),
		code: "ValidationException", says: "Value 'ROT13' at 'encryptionAlgorithm'", ours: true},
	{name: "a dry run of Encrypt", do: encrypt(sdk.EncryptInput{Plaintext: secret, DryRun: aws.Bool(true)}),
		code: wouldSucceed, says: wouldSucceedIn},
	{name: "a grant token that is none", do: encrypt(sdk.EncryptInput{Plaintext: secret, GrantTokens: []string{"x"}}),
		code: "InvalidGrantTokenException", ours: true},
	{name: "another context", do: decryptAs(func(_ *kit, in *sdk.DecryptInput) { in.EncryptionContext = nil }),
		code: "InvalidCiphertextException"},
	{name: "tampered", do: decryptAs(func(_ *kit,
		in *sdk.DecryptInput) {
		in.CiphertextBlob[len(in.CiphertextBlob)-1] ^= 1
	}),
		code: "InvalidCiphertextException"},
	{name: "garbage", do: decryptAs(func(_ *kit, in *sdk.DecryptInput) {
		in.CiphertextBlob,
			in.KeyId = []byte("garbage"), nil
	}),
		code: "InvalidCiphertextException"},
	{name: "another key", do: decryptAs(func(k *kit, in *sdk.DecryptInput) { in.KeyId = k.key() }),
		code: "IncorrectKeyException",
		says: "The key ID in the request does not identify a CMK that can perform this operation."},
	{name: "disabled", do: decryptAs(func(k *kit, in *sdk.DecryptInput) { k.disable(in.KeyId) }),
		code: "DisabledException", says: " is disabled."},
	{name: "pending deletion", do: decryptAs(func(k *kit, in *sdk.DecryptInput) { k.end(in.KeyId) }),
		code: "KMSInvalidStateException",
		says: " is pending deletion."},
	{name: "a dry run of Decrypt", do: decryptAs(func(_ *kit, in *sdk.DecryptInput) { in.DryRun = aws.Bool(true) }),
		code: wouldSucceed, says: wouldSucceedIn},
	{name: "a dry run without ciphertext", ours: true, do: decryptAs(func(_ *kit, in *sdk.DecryptInput) {
		in.CiphertextBlob, in.DryRun = nil, aws.Bool(true)
		in.DryRunModifiers = []types.DryRunModifierType{types.DryRunModifierTypeIgnoreCiphertext}
	}), code: wouldSucceed, says: wouldSucceedIn},
	{name: "no ciphertext, no dry run", ours: true, do: decryptAs(func(_ *kit, in *sdk.DecryptInput) {
		in.DryRunModifiers = []types.DryRunModifierType{types.DryRunModifierTypeIgnoreCiphertext}
	}), code: "ValidationException", says: "DryRun"},
	{name: "an enclave", ours: true, do: decryptAs(func(_ *kit, in *sdk.DecryptInput) {
		in.Recipient = &types.RecipientInfo{AttestationDocument: secret}
	}), code: "UnsupportedOperationException", says: "Recipient"},
	{name: "single-Region key elsewhere", do: func(k *kit) error {
		_, err := k.ireland.Decrypt(k.ctx(), &sdk.DecryptInput{CiphertextBlob: k.sealed(k.key(), nil)})
		return err
	}, code: "AccessDeniedException", ours: true,
		says: "The ciphertext refers to a customer master key that does not exist"},

	{name: "a dry run of ReEncrypt", ours: true, do: func(k *kit) error {
		from, to := k.key(), k.key()
		in := &sdk.ReEncryptInput{CiphertextBlob: k.sealed(from, instance), SourceEncryptionContext: instance,
			DestinationKeyId: to, DryRun: aws.Bool(true)}
		_, err := k.virginia.ReEncrypt(k.ctx(), in)
		k.want(code(err) == wouldSucceed, "with a ciphertext: %v", err)
		in.SourceKeyId, in.DryRunModifiers = to, []types.DryRunModifierType{types.DryRunModifierTypeIgnoreCiphertext}
		_, err = k.virginia.ReEncrypt(k.ctx(), in)
		k.want(code(err) == wouldSucceed, "without: %v", err)
		k.disable(to)
		_, err = k.virginia.ReEncrypt(k.ctx(), in)
		return err
	}, code: "DisabledException"},
	{name: "re-encrypted by another algorithm", ours: true, do: func(k *kit) error {
		id := k.key()
		_, err := k.virginia.ReEncrypt(k.ctx(), &sdk.ReEncryptInput{CiphertextBlob: k.sealed(id, nil), DestinationKeyId: id,
			DestinationEncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha256})
		return err
	}, code: "InvalidKeyUsageException", says: "Algorithm RSAES_OAEP_SHA_256 is incompatible"},

	{name: "a data key", do: dataKey(sdk.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes256})},
	{name: "a data key of no size", do: dataKey(sdk.GenerateDataKeyInput{}), code: "ValidationException",
		says: "Please specify either number of bytes or key spec."},
	{name: "a data key of two sizes", do: dataKey(sdk.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes128,
		NumberOfBytes: aws.Int32(16)}),
		code: "ValidationException", says: "Please specify either number of bytes or key spec.", ours: true},
	{name: "a data key of another kind", do: dataKey(sdk.GenerateDataKeyInput{KeySpec: "AES_512"}),
		code: "ValidationException",
		says: "Value 'AES_512' at 'keySpec' " + ofMember + "satisfy enum value set: [", ours: true},
	{name: "a long data key", do: dataKey(sdk.GenerateDataKeyInput{NumberOfBytes: aws.Int32(1025)}),
		code: "ValidationException",
		says: "Value '1025' at 'numberOfBytes' " + ofMember + "have value less than or equal to 1024", ours: true},
	{name: "a dry run of a data key", do: dataKey(sdk.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes256,
		DryRun: aws.Bool(true)}),
		code: wouldSucceed, says: wouldSucceedIn},

	{name: "random", do: random(sdk.GenerateRandomInput{NumberOfBytes: aws.Int32(12)})},
	{name: "random of no size", do: random(sdk.GenerateRandomInput{}), code: "ValidationException",
		says: "NumberOfBytes is required."},
	{name: "random, none", do: random(sdk.GenerateRandomInput{NumberOfBytes: aws.Int32(0)}),
		code: "ValidationException",
		says: "1 validation error detected: Value '0' at 'numberOfBytes' " + ofMember +
			"have value greater than or equal to 1"},
	{name: "random, too much", do: random(sdk.GenerateRandomInput{NumberOfBytes: aws.Int32(1025)}),
		code: "ValidationException",
		says: "1 validation error detected: Value '1025' at 'numberOfBytes' " + ofMember +
			"have value less than or equal to 1024"},
	{name: "random of a key store", ours: true, do: random(sdk.GenerateRandomInput{NumberOfBytes: aws.Int32(1),
		CustomKeyStoreId: aws.String("cks-1")}),
		code: "CustomKeyStoreNotFoundException"},

	{name: "a MAC by such a key", do: func(k *kit) error {
		_, err := k.virginia.GenerateMac(k.ctx(), &sdk.GenerateMacInput{KeyId: k.key(), Message: secret,
			MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}, code: "InvalidKeyUsageException", says: " key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac."},
	{name: "material for such a key", do: func(k *kit) error {
		_, err := k.virginia.GetParametersForImport(k.ctx(), &sdk.GetParametersForImportInput{KeyId: k.key(),
			WrappingAlgorithm: types.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: types.WrappingKeySpecRsa2048})
		return err
	}, code: "UnsupportedOperationException", says: " origin is AWS_KMS which is not valid for this operation."},

	{name: "a service without leave", ours: true, do: func(k *kit) error {
		id := k.key()
		_, err := k.client(virginia, "SSO").Decrypt(k.ctx(), &sdk.DecryptInput{CiphertextBlob: k.sealed(id, instance),
			EncryptionContext: instance})
		return err
	}, code: "AccessDeniedException",
		says: "User: sso.amazonaws.com is not authorized to perform: kms:Decrypt on the resource " +
			"associated with this ciphertext because no resource-based policy allows the kms:Decrypt action"},
	{name: "a service without its context", ours: true, do: func(k *kit) error {
		id, err := k.CreateKey(virginia, BaselinePolicy(virginia, account))
		k.must(err)
		_, err = k.client(virginia, "SSO").Decrypt(k.ctx(), &sdk.DecryptInput{CiphertextBlob: k.sealed(&id, nil)})
		return err
	}, code: "AccessDeniedException"},
	{name: "an access key of nobody", ours: true, do: func(k *kit) error {
		_, err := k.client(virginia, "STRANGER").DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: k.key()})
		return err
	}, code: "UnrecognizedClientException", says: "The security token included in the request is invalid."},
	{name: "a service that is denied", ours: true, do: func(k *kit) error {
		id := k.key()
		k.must(k.SetPolicy(virginia, *id, document(version2012, allow(), deny(`"Action": "kms:describekey"`))))
		_, err := k.client(virginia, "SSO").DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		return err
	}, code: "AccessDeniedException", says: "with an explicit deny in a resource-based policy"},
	{name: "a policy that forgets Identity Store", ours: true, do: func(k *kit) error {
		id := k.pair()
		k.must(k.SetPolicy(virginia, *id, strings.ReplaceAll(BaselinePolicy(virginia, account),
			`"identitystore.amazonaws.com", `, "")))
		for who, context := range map[string]map[string]string{"SSO": instance, "STORE": identityStore} {
			_, err := k.client(virginia, who).GenerateDataKeyWithoutPlaintext(k.ctx(),
				&sdk.GenerateDataKeyWithoutPlaintextInput{
					KeyId: id, KeySpec: types.DataKeySpecAes256, EncryptionContext: context})
			k.want((err == nil) == (who == "SSO"), "%s: %v", who, err)
		}
		return nil
	}},
}
