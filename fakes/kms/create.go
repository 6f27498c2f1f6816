package kms

import (
	"cmp"
	"slices"
	"strings"
)

const (
	symmetric      = "SYMMETRIC_DEFAULT"
	encryptDecrypt = "ENCRYPT_DECRYPT"
	maxDescription = 8192
)

// What AWS KMS knows of keys besides.
var (
	keySpecs = []string{
		symmetric, "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
		"ECC_NIST_EDWARDS25519", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87",
		"ML_KEM_512", "ML_KEM_768", "ML_KEM_1024",
	}
	keyUsages = []string{encryptDecrypt, "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "KEY_ENCAPSULATION"}
	origins   = []string{"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"}
)

type createKeyInput struct {
	CustomKeyStoreID      string `json:"CustomKeyStoreId"`
	CustomerMasterKeySpec string
	Description           string
	KeySpec               string
	KeyUsage              string
	MultiRegion           bool
	Origin                string
	Policy                string
	Tags                  []tag
	XksKeyID              string `json:"XksKeyId"`
	lockout
}

func (c *call) createKey(in createKeyInput) (any, error) {
	if err := c.administrator("CreateKey"); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	tags, err := tagged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	r := c.newKey(c.region, in.MultiRegion)
	r.description, r.tags = in.Description, tags
	if r.policy, err = c.newPolicy(in.Policy, r, in.lockout); err != nil {
		return nil, err
	}
	c.keys[r.key.id] = r.key
	return keyOutput{c.metadata(r)}, nil
}

// check refuses what AWS KMS refuses, and then the keys that aren't modelled: all but symmetric ones of its own making.
func (in *createKeyInput) check() error {
	if in.KeySpec != "" && in.CustomerMasterKeySpec != "" {
		return invalid("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. " +
			"CustomerMasterKeySpec is deprecated.")
	}
	spec := cmp.Or(in.KeySpec, in.CustomerMasterKeySpec, symmetric)
	for _, member := range []struct {
		value, name string
		set         []string
	}{{spec, "keySpec", keySpecs}, {in.KeyUsage, "keyUsage", keyUsages}, {in.Origin, "origin", origins}} {
		if err := oneOf(member.value, member.name, member.set); err != nil {
			return err
		}
	}
	if err := length("", len(in.Description), "description", 0, maxDescription); err != nil {
		return err
	}
	switch {
	case spec != symmetric && in.KeyUsage == "":
		return invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	case spec != symmetric:
		return notSupported("KeySpec " + spec)
	case cmp.Or(in.KeyUsage, encryptDecrypt) != encryptDecrypt:
		return invalid("KeyUsage " + in.KeyUsage + " is not compatible with KeySpec " + spec)
	}
	return in.checkOrigin()
}

func (in *createKeyInput) checkOrigin() error {
	origin := cmp.Or(in.Origin, "AWS_KMS")
	switch {
	case in.XksKeyID != "" && origin != "EXTERNAL_KEY_STORE":
		return invalid("XksKeyId is only valid for KMS keys with an Origin of EXTERNAL_KEY_STORE")
	case in.CustomKeyStoreID != "" && (origin == "AWS_KMS" || origin == "EXTERNAL") && in.Origin != "":
		return invalid("CustomKeyStoreId is not valid for KMS keys with an Origin of " + origin)
	case in.CustomKeyStoreID != "":
		return noCustomKeyStore(in.CustomKeyStoreID)
	case origin == "AWS_CLOUDHSM" || origin == "EXTERNAL_KEY_STORE":
		return invalid("CustomKeyStoreId is required for KMS keys with an Origin of " + origin)
	case origin != "AWS_KMS":
		return notSupported("Origin " + origin)
	}
	return nil
}

// noCustomKeyStore is true of all: nobody has made one here.
func noCustomKeyStore(id string) error {
	return clientFault("CustomKeyStoreNotFoundException", "Custom key store with ID '%s' does not exist", id)
}

// oneOf keeps a value, where there is one, to a set.
func oneOf(value, member string, set []string) error {
	if value == "" || slices.Contains(set, value) {
		return nil
	}
	return invalidMember(value, member, "satisfy enum value set: ["+strings.Join(set, ", ")+"]")
}
