package kms

import "crypto/rand"

type generateRandomInput struct {
	NumberOfBytes    *int
	CustomKeyStoreID string `json:"CustomKeyStoreId"`
	attestation
}

type generateRandomOutput struct {
	Plaintext []byte
}

func (c *call) generateRandom(in generateRandomInput) (any, error) {
	if err := c.administrator("GenerateRandom"); err != nil {
		return nil, err
	}
	if in.NumberOfBytes == nil {
		return nil, invalid("NumberOfBytes is required.")
	}
	if err := within(in.NumberOfBytes, "numberOfBytes", 1, maxDataKey); err != nil {
		return nil, err
	}
	if in.CustomKeyStoreID != "" {
		return nil, noCustomKeyStore(in.CustomKeyStoreID)
	}
	if err := in.attestation.check(); err != nil {
		return nil, err
	}
	return generateRandomOutput{randomBytes(*in.NumberOfBytes)}, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never returns an error
	return b
}
