package identitycenter

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

// kmsLimit bounds one question to KMS.
const kmsLimit = 3 * time.Second

// KMS is the part of *kms.Client that a replica uses: the operations that AWS's baseline key policy grants the
// service (IAM Identity Center User Guide, "baseline KMS key policy").
type KMS interface {
	GenerateDataKeyWithoutPlaintext(context.Context, *kms.GenerateDataKeyWithoutPlaintextInput, ...func(*kms.Options)) (*kms.GenerateDataKeyWithoutPlaintextOutput, error)
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

// vault keeps the directory encrypted at rest under a data key, which itself is only kept encrypted under the Region's
// replica of the KMS key. Reading anything needs KMS, in this Region.
type vault struct {
	kms     KMS
	keyID   string
	context map[string]string // the encryption context
	cache   time.Duration     // how long an opened data key is kept
	now     func() time.Time

	mu       sync.Mutex
	dataKey  []byte // encrypted
	opened   []byte
	openedAt time.Time
	version  uint64
	people   map[[sha256.Size]byte][]byte // sealed; by the keyed hash of the user name
}

// errKMS is a refusal of KMS, or its silence.
type errKMS struct {
	refused bool // KMS answered and refused
	err     error
}

func (e *errKMS) Error() string { return "asking KMS: " + e.err.Error() }
func (e *errKMS) Unwrap() error { return e.err }

func newErrKMS(err error) *errKMS {
	var api smithy.APIError
	refused := errors.As(err, &api) && api.ErrorFault() != smithy.FaultServer
	return &errKMS{refused: refused, err: err}
}

// key opens the data key: one call of KMS unless the cache holds it.
func (v *vault) key(ctx context.Context) ([]byte, error) {
	v.mu.Lock()
	sealed, opened, at := v.dataKey, v.opened, v.openedAt
	v.mu.Unlock()
	if age := v.now().Sub(at); opened != nil && age >= 0 && age < v.cache {
		return opened, nil
	}
	if sealed == nil {
		return nil, errEmpty
	}
	ctx, cancel := context.WithTimeout(ctx, kmsLimit)
	defer cancel()
	out, err := v.kms.Decrypt(ctx, &kms.DecryptInput{
		CiphertextBlob: sealed, KeyId: aws.String(v.keyID), EncryptionContext: v.context,
	})
	if err != nil {
		return nil, newErrKMS(err)
	}
	if v.cache > 0 {
		v.mu.Lock()
		v.opened, v.openedAt = out.Plaintext, v.now()
		v.mu.Unlock()
	}
	return out.Plaintext, nil
}

var errEmpty = errors.New("the directory has not been replicated yet")

// activate gets the Region's data key where it has none yet.
func (v *vault) activate(ctx context.Context) error {
	v.mu.Lock()
	have := v.dataKey != nil
	v.mu.Unlock()
	if have {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, kmsLimit)
	defer cancel()
	out, err := v.kms.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
		KeyId: aws.String(v.keyID), KeySpec: types.DataKeySpecAes256, EncryptionContext: v.context,
	})
	if err != nil {
		return newErrKMS(err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.dataKey == nil {
		v.dataKey = out.CiphertextBlob
	}
	return nil
}

// store encrypts the directory, if the version is news, and returns it sealed as a whole; nil where it was no news.
func (v *vault) store(ctx context.Context, version uint64, d *Directory) ([]byte, error) {
	if v.have() >= version {
		return nil, nil
	}
	if err := v.activate(ctx); err != nil {
		return nil, err
	}
	key, err := v.key(ctx)
	if err != nil {
		return nil, err
	}
	people := make(map[[sha256.Size]byte][]byte, len(d.Users))
	for _, p := range d.people() {
		if people[index(key, p.User.Name)], err = seal(key, p); err != nil {
			return nil, err
		}
	}
	snapshot, err := seal(key, d)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.version >= version {
		return nil, nil
	}
	v.version, v.people = version, people
	return snapshot, nil
}

func (v *vault) have() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.version
}

// person finds a user by exact name; nil where there is none.
func (v *vault) person(ctx context.Context, name string) (*person, error) {
	key, err := v.key(ctx)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	sealed, ok := v.people[index(key, name)]
	v.mu.Unlock()
	if !ok {
		return nil, nil
	}
	p := new(person)
	if err := open(key, sealed, p); err != nil {
		return nil, err
	}
	return p, nil
}

// unseal opens what store has sealed.
func (v *vault) unseal(ctx context.Context, sealed []byte) (json.RawMessage, error) {
	key, err := v.key(ctx)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	err = open(key, sealed, &raw)
	return raw, err
}

// index is where a user's record lies; without the data key nobody learns who is in the directory.
func index(key []byte, name string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("user name\x00" + name))
	return [sha256.Size]byte(mac.Sum(nil))
}

func seal(key []byte, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding a record: %w", err)
	}
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, nil), nil
}

func open(key, sealed []byte, into any) error {
	aead, err := gcm(key)
	if err != nil {
		return err
	}
	if len(sealed) < aead.NonceSize() {
		return errEmpty
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return fmt.Errorf("opening a record: %w", err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("decoding a record: %w", err)
	}
	return nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("using the data key: %w", err)
	}
	return cipher.NewGCM(block)
}
