package kms

// otherKeys are operations for keys that nobody can have here: with AWS KMS's own words of refusal for a symmetric key
// of its making.
func otherKeys() map[string]operation {
	all := map[string]operation{}
	for _, name := range []string{
		"Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret", "Encapsulate", "Decapsulate",
	} {
		all[name] = refuse(name, func(r *replica) error {
			return clientFault("InvalidKeyUsageException", "%s key usage is %s which is not valid for %s.", r.arn,
				encryptDecrypt, name)
		})
	}
	for _, name := range []string{"GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"} {
		all[name] = refuse(name, func(r *replica) error {
			return unsupported(r.arn + " origin is AWS_KMS which is not valid for this operation.")
		})
	}
	all["GetPublicKey"] = refuse("GetPublicKey", func(r *replica) error {
		return unsupported(r.arn + " key spec is " + symmetric + " which is not valid for this operation.")
	})
	for _, name := range []string{"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"} {
		all[name] = refuse(name, func(*replica) error { return notSupported("KeyPairSpec") })
	}
	return all
}

func refuse(name string, why func(*replica) error) operation {
	return answer(func(c *call, in keyInput) (any, error) {
		r, err := c.access(in.KeyID, ask{operation: name})
		if err != nil {
			return nil, err
		}
		return nil, why(r)
	})
}
