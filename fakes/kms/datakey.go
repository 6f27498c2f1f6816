package kms

type dataKeyInput struct {
	KeyID             string `json:"KeyId"`
	KeySpec           string
	NumberOfBytes     *int
	EncryptionContext map[string]string
	GrantTokens       []string
	DryRun            bool
	attestation
}

type dataKeyOutput struct {
	CiphertextBlob []byte
	KeyID          string `json:"KeyId"`
	KeyMaterialID  string `json:"KeyMaterialId"`
	Plaintext      []byte `json:",omitempty"`
}

func (c *call) generateDataKey(in dataKeyInput) (any, error) {
	return c.dataKey(in, "GenerateDataKey", true)
}

func (c *call) generateDataKeyWithoutPlaintext(in dataKeyInput) (any, error) {
	in.Recipient = nil // not a member of this request
	return c.dataKey(in, "GenerateDataKeyWithoutPlaintext", false)
}

func (c *call) dataKey(in dataKeyInput, operation string, withPlaintext bool) (any, error) {
	size, err := in.size()
	if err != nil {
		return nil, err
	}
	if err := in.attestation.check(); err != nil {
		return nil, err
	}
	r, err := c.use(in.KeyID, ask{operation: operation, context: in.EncryptionContext, tokens: in.GrantTokens})
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, dryRun()
	}
	plaintext := randomBytes(size)
	out := dataKeyOutput{
		CiphertextBlob: r.key.seal(plaintext, in.EncryptionContext), KeyID: r.arn, KeyMaterialID: r.key.current().id,
	}
	if withPlaintext {
		out.Plaintext = plaintext
	}
	return out, nil
}

// size of the data key in bytes: KeySpec and NumberOfBytes each say it, and exactly one must.
func (in dataKeyInput) size() (int, error) {
	if err := oneOf(in.KeySpec, "keySpec", []string{"AES_256", "AES_128"}); err != nil {
		return 0, err
	}
	if err := within(in.NumberOfBytes, "numberOfBytes", 1, maxDataKey); err != nil {
		return 0, err
	}
	switch {
	case (in.KeySpec == "") == (in.NumberOfBytes == nil):
		return 0, invalid("Please specify either number of bytes or key spec.")
	case in.KeySpec == "AES_256":
		return 32, nil
	case in.KeySpec == "AES_128":
		return 16, nil
	}
	return *in.NumberOfBytes, nil
}
