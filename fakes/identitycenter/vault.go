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

	"github.com/regiondrill/regiondrill/harness/names"
)

// kmsLimit bounds one question to KMS.
const kmsLimit = 3 * time.Second

// KMS is the part of *kms.Client that a replica uses: the operations that AWS's baseline key policy grants the
// service (IAM Identity Center User Guide, "baseline KMS key policy").
type KMS interface {
	GenerateDataKeyWithoutPlaintext(context.Context, *kms.GenerateDataKeyWithoutPlaintextInput,
		...func(*kms.Options)) (*kms.GenerateDataKeyWithoutPlaintextOutput, error)
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

// The access key ids by which the two services ask KMS. Each is a service principal of its own. Config.KMS asks as
// Identity Center.
const (
	CenterAccessKey        = "AKIALABIDENTITYCENTR"
	IdentityStoreAccessKey = "AKIALABIDENTITYSTORE"
)

// Service is one of the two that ask KMS, and what it says that it asks for.
type Service struct {
	Principal string // sso.amazonaws.com
	AccessKey string
	Context   map[string]string // the encryption context
}

// Services are those of an instance: Identity Store, which is asked first, and Identity Center (IAM Identity Center
// User Guide, "Encryption at rest").
func Services(i names.Instance) []Service {
	return []Service{
		{"identitystore.amazonaws.com", IdentityStoreAccessKey,
			map[string]string{"tenant-key-id": i.UUID, "aws:identitystore:identitystore-arn": i.IdentityStoreARN()}},
		{"sso.amazonaws.com", CenterAccessKey,
			map[string]string{"tenant-key-id": i.ID, "aws:sso:instance-arn": i.ARN()}},
	}
}

var identityStore = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID: IdentityStoreAccessKey, SecretAccessKey: "who plays KMS here verifies no signature",
	}, nil
})

// asIdentityStore signs a call as Identity Store.
func asIdentityStore(o *kms.Options) { o.Credentials = identityStore }

// vault keeps the directory encrypted at rest: who people are under a data key of Identity Store, and what they may use
// under one of Identity Center. Both data keys are only kept encrypted under the Region's replica of the KMS key.
// Reading a person needs both services to be let in by KMS, in this Region.
type vault struct {
	center, store *envelope

	mu      sync.Mutex
	version uint64
	people  map[[sha256.Size]byte]sealedPerson // by the keyed hash of the user name
}

// sealedPerson is a person's record at rest.
type sealedPerson struct {
	user     []byte // by Identity Store
	accounts []byte // by Identity Center
}

// envelope is the data key of a service, which it alone has KMS open.
type envelope struct {
	kms     KMS
	as      []func(*kms.Options)
	keyID   string
	context map[string]string // the encryption context
	cache   time.Duration     // how long an opened data key is kept
	now     func() time.Time

	mu       sync.Mutex
	dataKey  []byte // encrypted
	opened   []byte
	openedAt time.Time
}

// newVault has the envelope of each service.
func newVault(cfg *Config, deps Deps) *vault {
	newEnvelope := func(context map[string]string, as ...func(*kms.Options)) *envelope {
		return &envelope{
			kms: deps.KMS, as: as, keyID: cfg.KeyID, context: context, cache: cfg.Behaviour.KMSCache, now: deps.Now,
		}
	}
	services := Services(cfg.Instance)
	return &vault{store: newEnvelope(services[0].Context, asIdentityStore), center: newEnvelope(services[1].Context)}
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
func (e *envelope) key(ctx context.Context) ([]byte, error) {
	e.mu.Lock()
	sealed, opened, at := e.dataKey, e.opened, e.openedAt
	e.mu.Unlock()
	if age := e.now().Sub(at); opened != nil && age >= 0 && age < e.cache {
		return opened, nil
	}
	if sealed == nil {
		return nil, errEmpty
	}
	ctx, cancel := context.WithTimeout(ctx, kmsLimit)
	defer cancel()
	out, err := e.kms.Decrypt(ctx, &kms.DecryptInput{
		CiphertextBlob: sealed, KeyId: aws.String(e.keyID), EncryptionContext: e.context,
	}, e.as...)
	if err != nil {
		return nil, newErrKMS(err)
	}
	if e.cache > 0 {
		e.mu.Lock()
		e.opened, e.openedAt = out.Plaintext, e.now()
		e.mu.Unlock()
	}
	return out.Plaintext, nil
}

var errEmpty = errors.New("the directory has not been replicated yet")

// activate gets the service's data key where it has none yet.
func (e *envelope) activate(ctx context.Context) error {
	e.mu.Lock()
	have := e.dataKey != nil
	e.mu.Unlock()
	if have {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, kmsLimit)
	defer cancel()
	out, err := e.kms.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
		KeyId: aws.String(e.keyID), KeySpec: types.DataKeySpecAes256, EncryptionContext: e.context,
	}, e.as...)
	if err != nil {
		return newErrKMS(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dataKey == nil {
		e.dataKey = out.CiphertextBlob
	}
	return nil
}

// keys opens both data keys: Identity Store is asked who it is before Identity Center looks for what they may use.
func (v *vault) keys(ctx context.Context) (center, store []byte, err error) {
	if store, err = v.store.key(ctx); err != nil {
		return nil, nil, err
	}
	center, err = v.center.key(ctx)
	return center, store, err
}

// put encrypts the directory, if the version is news, and returns it sealed as a whole; nil where it was no news.
func (v *vault) put(ctx context.Context, version uint64, d *Directory) ([]byte, error) {
	if v.have() >= version {
		return nil, nil
	}
	for _, e := range []*envelope{v.center, v.store} {
		if err := e.activate(ctx); err != nil {
			return nil, err
		}
	}
	center, store, err := v.keys(ctx)
	if err != nil {
		return nil, err
	}
	people := make(map[[sha256.Size]byte]sealedPerson, len(d.Users))
	for _, p := range d.people() {
		var sealed sealedPerson
		if sealed.user, err = seal(store, p.User); err != nil {
			return nil, err
		}
		if sealed.accounts, err = seal(center, p.Accounts); err != nil {
			return nil, err
		}
		people[index(store, p.User.Name)] = sealed
	}
	snapshot, err := seal(center, d)
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
	center, store, err := v.keys(ctx)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	sealed, ok := v.people[index(store, name)]
	v.mu.Unlock()
	if !ok {
		return nil, nil
	}
	p := new(person)
	if err := open(store, sealed.user, &p.User); err != nil {
		return nil, err
	}
	if err := open(center, sealed.accounts, &p.Accounts); err != nil {
		return nil, err
	}
	return p, nil
}

// unseal opens what put has sealed.
func (v *vault) unseal(ctx context.Context, sealed []byte) (json.RawMessage, error) {
	key, err := v.center.key(ctx)
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
