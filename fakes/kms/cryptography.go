package kms

import (
	"maps"
	"slices"
)

// Limits of KMS's cryptographic operations, in bytes.
const (
	maxPlaintext = 4096
	maxDataKey   = 1024
	maxContext   = 8192
)

// encryptionAlgorithms are those that AWS KMS knows; the first is that of the keys here.
var encryptionAlgorithms = []string{symmetric, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"}

// attestation is how a request from a Nitro enclave asks for its answer; there are no enclaves here.
type attestation struct {
	Recipient *struct{}
}

func (a attestation) check() error {
	if a.Recipient != nil {
		return notSupported("Recipient")
	}
	return nil
}

type encryptInput struct {
	KeyID               string `json:"KeyId"`
	Plaintext           []byte
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
	GrantTokens         []string
	DryRun              bool
}

type encryptOutput struct {
	CiphertextBlob      []byte
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
}

func (c *call) encrypt(in encryptInput) (any, error) {
	if err := length("", len(in.Plaintext), "plaintext", 1, maxPlaintext); err != nil {
		return nil, err
	}
	if err := algorithm(in.EncryptionAlgorithm, "encryptionAlgorithm"); err != nil {
		return nil, err
	}
	r, err := c.use(in.KeyID, ask{operation: "Encrypt", context: in.EncryptionContext, tokens: in.GrantTokens})
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, dryRun()
	}
	return encryptOutput{r.key.seal(in.Plaintext, in.EncryptionContext), symmetric, r.arn}, nil
}

type decryptInput struct {
	CiphertextBlob      []byte
	KeyID               string `json:"KeyId"`
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
	GrantTokens         []string
	dry
	attestation
}

type decryptOutput struct {
	EncryptionAlgorithm string
	KeyID               string `json:"KeyId"`
	KeyMaterialID       string `json:"KeyMaterialId"`
	Plaintext           []byte
}

// dry is how a request asks whether it would succeed.
type dry struct {
	DryRun          bool
	DryRunModifiers []string
}

const ignoreCiphertext = "IGNORE_CIPHERTEXT"

func (d dry) check() error {
	for _, modifier := range d.DryRunModifiers {
		if err := oneOf(modifier, "dryRunModifiers", []string{ignoreCiphertext}); err != nil {
			return err
		}
	}
	if len(d.DryRunModifiers) > 0 && !d.DryRun {
		return invalid("DryRunModifiers is valid only when DryRun is true.")
	}
	return nil
}

// withoutCiphertext tells whether the request only asks who may use which key.
func (d dry) withoutCiphertext() bool { return slices.Contains(d.DryRunModifiers, ignoreCiphertext) }

func (c *call) decrypt(in decryptInput) (any, error) {
	if err := algorithm(in.EncryptionAlgorithm, "encryptionAlgorithm"); err != nil {
		return nil, err
	}
	if err := in.dry.check(); err != nil {
		return nil, err
	}
	if err := in.attestation.check(); err != nil {
		return nil, err
	}
	a := ask{operation: "Decrypt", context: in.EncryptionContext, tokens: in.GrantTokens}
	if in.withoutCiphertext() {
		return nil, c.wouldUse(in.KeyID, a)
	}
	o, err := c.open(in.CiphertextBlob, in.KeyID, a)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, dryRun()
	}
	return decryptOutput{symmetric, o.arn, o.material, o.plaintext}, nil
}

// wouldUse answers a dry run that ignores the ciphertext: never with success, by its nature.
func (c *call) wouldUse(keyID string, a ask) error {
	if _, err := c.use(keyID, a); err != nil {
		return err
	}
	return dryRun()
}

// use is access to a key that is to encrypt.
func (c *call) use(keyID string, a ask) (*replica, error) {
	if err := checkContext(a.context); err != nil {
		return nil, err
	}
	alias := requestAlias(keyID)
	if a.request == nil {
		a.request = alias
	} else {
		maps.Copy(a.request, alias)
	}
	return c.access(keyID, a)
}

// opened is what was sealed, with who opened it.
type opened struct {
	*replica
	plaintext []byte
	material  string
}

// open decrypts a blob with the key that it names, in whichever Region it was sealed. A caller that names a key as
// well must name that one.
func (c *call) open(data []byte, keyID string, a ask) (opened, error) {
	if err := length("", len(data), "ciphertextBlob", 1, maxBlob); err != nil {
		return opened{}, err
	}
	if err := checkContext(a.context); err != nil {
		return opened{}, err
	}
	b, ok := parseBlob(data)
	if keyID != "" {
		named, err := c.resolve(keyID, a.operation)
		if err != nil {
			return opened{}, err
		}
		if ok && named.key.id != b.keyID {
			return opened{}, incorrectKey()
		}
		a.request = requestAlias(keyID)
	}
	if !ok {
		return opened{}, invalidCiphertext()
	}
	r, here := c.find(c.region, b.keyID)
	if !here {
		return opened{}, unknownCiphertextKey()
	}
	if err := c.authorize(r, a); err != nil {
		return opened{}, err
	}
	if err := r.inState(a.operation); err != nil {
		return opened{}, err
	}
	plaintext, material, ok := r.key.open(b, a.context)
	if !ok {
		return opened{}, invalidCiphertext()
	}
	return opened{r, plaintext, material}, nil
}

func algorithm(name, member string) error {
	if err := oneOf(name, member, encryptionAlgorithms); err != nil {
		return err
	}
	if name != "" && name != symmetric {
		return clientFault("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec %s.", name,
			symmetric)
	}
	return nil
}

func checkContext(context map[string]string) error {
	size := 0
	for name, value := range context {
		if name == "" {
			return invalid("The EncryptionContext has a pair with an empty key.")
		}
		size += len(name) + len(value)
	}
	if size > maxContext {
		return length("", size, "encryptionContext", 0, maxContext)
	}
	return nil
}
