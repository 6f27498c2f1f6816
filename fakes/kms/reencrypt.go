package kms

type reEncryptInput struct {
	CiphertextBlob                 []byte
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceEncryptionContext        map[string]string
	SourceEncryptionAlgorithm      string
	DestinationKeyID               string `json:"DestinationKeyId"`
	DestinationEncryptionContext   map[string]string
	DestinationEncryptionAlgorithm string
	GrantTokens                    []string
	dry
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	DestinationEncryptionAlgorithm string
	DestinationKeyMaterialID       string `json:"DestinationKeyMaterialId"`
	KeyID                          string `json:"KeyId"`
	SourceEncryptionAlgorithm      string
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceKeyMaterialID            string `json:"SourceKeyMaterialId"`
}

func (c *call) reEncrypt(in reEncryptInput) (any, error) {
	if err := algorithm(in.SourceEncryptionAlgorithm, "sourceEncryptionAlgorithm"); err != nil {
		return nil, err
	}
	if err := algorithm(in.DestinationEncryptionAlgorithm, "destinationEncryptionAlgorithm"); err != nil {
		return nil, err
	}
	if err := in.dry.check(); err != nil {
		return nil, err
	}
	from := ask{operation: "ReEncryptFrom", context: in.SourceEncryptionContext, tokens: in.GrantTokens}
	to := ask{operation: "ReEncryptTo", context: in.DestinationEncryptionContext, tokens: in.GrantTokens}
	if in.withoutCiphertext() {
		if _, err := c.use(in.SourceKeyID, from); err != nil {
			return nil, err
		}
		return nil, c.wouldUse(in.DestinationKeyID, to)
	}
	o, err := c.open(in.CiphertextBlob, in.SourceKeyID, from)
	if err != nil {
		return nil, err
	}
	destination, err := c.use(in.DestinationKeyID, to)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, dryRun()
	}
	return reEncryptOutput{
		destination.key.seal(o.plaintext, in.DestinationEncryptionContext), symmetric, destination.key.current().id,
		destination.arn, symmetric, o.arn, o.material,
	}, nil
}
