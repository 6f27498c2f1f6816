package kms

import (
	"crypto/rand"
	"fmt"
)

// Limits of KMS's cryptographic operations, in bytes.
const (
	maxPlaintext = 4096
	maxDataKey   = 1024
	maxContext   = 8192
)

const symmetric = "SYMMETRIC_DEFAULT"

type encryptInput struct {
	KeyID               string `json:"KeyId"`
	Plaintext           []byte
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
}

type encryptOutput struct {
	CiphertextBlob      []byte
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
}

func (c *call) encrypt(in encryptInput) (any, error) {
	if len(in.Plaintext) == 0 || len(in.Plaintext) > maxPlaintext {
		return nil, invalid(fmt.Sprintf("Plaintext must have 1 to %d bytes", maxPlaintext))
	}
	if err := algorithm(in.EncryptionAlgorithm); err != nil {
		return nil, err
	}
	r, err := c.use(in.KeyID, "kms:Encrypt", in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return encryptOutput{r.key.seal(in.Plaintext, in.EncryptionContext), symmetric, r.arn}, nil
}

type decryptInput struct {
	CiphertextBlob      []byte
	KeyID               string `json:"KeyId"`
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
}

type decryptOutput struct {
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
	Plaintext           []byte
}

func (c *call) decrypt(in decryptInput) (any, error) {
	if err := algorithm(in.EncryptionAlgorithm); err != nil {
		return nil, err
	}
	r, plaintext, err := c.open(in.CiphertextBlob, in.KeyID, "kms:Decrypt", in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return decryptOutput{symmetric, r.arn, plaintext}, nil
}

type dataKeyInput struct {
	KeyID             string `json:"KeyId"`
	KeySpec           string
	NumberOfBytes     *int
	EncryptionContext map[string]string
}

type dataKeyOutput struct {
	CiphertextBlob []byte
	KeyID          string `json:"KeyId"`
	Plaintext      []byte `json:",omitempty"`
}

func (c *call) generateDataKey(in dataKeyInput) (any, error) {
	return c.dataKey(in, "kms:GenerateDataKey", true)
}

func (c *call) generateDataKeyWithoutPlaintext(in dataKeyInput) (any, error) {
	return c.dataKey(in, "kms:GenerateDataKeyWithoutPlaintext", false)
}

func (c *call) dataKey(in dataKeyInput, action string, withPlaintext bool) (any, error) {
	size, err := in.size()
	if err != nil {
		return nil, err
	}
	r, err := c.use(in.KeyID, action, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	plaintext := make([]byte, size)
	_, _ = rand.Read(plaintext) // never returns an error
	out := dataKeyOutput{CiphertextBlob: r.key.seal(plaintext, in.EncryptionContext), KeyID: r.arn}
	if withPlaintext {
		out.Plaintext = plaintext
	}
	return out, nil
}

// size of the data key in bytes: KeySpec and NumberOfBytes each say it, and exactly one must.
func (in dataKeyInput) size() (int, error) {
	switch {
	case (in.KeySpec == "") == (in.NumberOfBytes == nil):
		return 0, invalid("Please specify either number of bytes or key spec.")
	case in.KeySpec == "AES_256":
		return 32, nil
	case in.KeySpec == "AES_128":
		return 16, nil
	case in.KeySpec != "":
		return 0, invalid("KeySpec must be AES_128 or AES_256")
	case *in.NumberOfBytes < 1 || *in.NumberOfBytes > maxDataKey:
		return 0, invalid(fmt.Sprintf("NumberOfBytes must be 1 to %d", maxDataKey))
	}
	return *in.NumberOfBytes, nil
}

type reEncryptInput struct {
	CiphertextBlob               []byte
	SourceKeyID                  string `json:"SourceKeyId"`
	SourceEncryptionContext      map[string]string
	DestinationKeyID             string `json:"DestinationKeyId"`
	DestinationEncryptionContext map[string]string
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	KeyID                          string `json:"KeyId"`
	SourceKeyID                    string `json:"SourceKeyId"`
	SourceEncryptionAlgorithm      string
	DestinationEncryptionAlgorithm string
}

func (c *call) reEncrypt(in reEncryptInput) (any, error) {
	source, plaintext, err := c.open(in.CiphertextBlob, in.SourceKeyID, "kms:ReEncryptFrom", in.SourceEncryptionContext)
	if err != nil {
		return nil, err
	}
	destination, err := c.use(in.DestinationKeyID, "kms:ReEncryptTo", in.DestinationEncryptionContext)
	if err != nil {
		return nil, err
	}
	return reEncryptOutput{
		destination.key.seal(plaintext, in.DestinationEncryptionContext), destination.arn, source.arn, symmetric, symmetric,
	}, nil
}

// use is access to a key that can be used.
func (c *call) use(keyID, action string, context map[string]string) (*replica, error) {
	if err := checkContext(context); err != nil {
		return nil, err
	}
	r, err := c.access(keyID, action, context)
	if err != nil {
		return nil, err
	}
	return r, r.usable()
}

// open decrypts a blob with the key that it names, in whichever Region it was sealed. A caller that names a key as
// well must name that one.
func (c *call) open(data []byte, keyID, action string, context map[string]string) (*replica, []byte, error) {
	if len(data) == 0 || len(data) > maxBlob {
		return nil, nil, invalid(fmt.Sprintf("CiphertextBlob must have 1 to %d bytes", maxBlob))
	}
	if err := checkContext(context); err != nil {
		return nil, nil, err
	}
	b, ok := parseBlob(data)
	if !ok {
		return nil, nil, invalidCiphertext()
	}
	if err := c.named(keyID, b.keyID); err != nil {
		return nil, nil, err
	}
	r, ok := c.find(c.region, b.keyID)
	if !ok {
		return nil, nil, unknownCiphertextKey()
	}
	if err := c.authorize(r, action, context); err != nil {
		return nil, nil, err
	}
	if err := r.usable(); err != nil {
		return nil, nil, err
	}
	plaintext, ok := b.open(r.key.material, context)
	if !ok {
		return nil, nil, invalidCiphertext()
	}
	return r, plaintext, nil
}

// named compares the key that a caller asks to decrypt with, if it does, with the one that sealed.
func (c *call) named(keyID, sealedBy string) error {
	if keyID == "" {
		return nil
	}
	id, err := c.keyID(keyID)
	if err != nil {
		return err
	}
	if _, ok := c.find(c.region, id); !ok {
		return notFound(keyID)
	}
	if id != sealedBy {
		return clientFault("IncorrectKeyException",
			"The key ID in the request does not identify a CMK that can perform this operation.")
	}
	return nil
}

func algorithm(name string) error {
	if name != "" && name != symmetric {
		return clientFault("InvalidKeyUsageException", "The keys here are symmetric; the algorithm "+name+" is not for them.")
	}
	return nil
}

func checkContext(context map[string]string) error {
	size := 0
	for name, value := range context {
		if name == "" {
			return invalid("A key of the EncryptionContext is empty")
		}
		size += len(name) + len(value)
	}
	if size > maxContext {
		return invalid(fmt.Sprintf("The EncryptionContext is longer than %d bytes", maxContext))
	}
	return nil
}
