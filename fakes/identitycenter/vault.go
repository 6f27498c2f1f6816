package identitycenter

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/fakes/records"
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

// vault has the two data keys under which a Region's records lie: Identity Store's for who people are and Identity
// Center's for all else. Both are only kept encrypted under the Region's replica of the KMS key. Reading a person needs
// both services to be let in by KMS, in this Region.
type vault struct {
	center, store *envelope
}

// envelope is the data key of a service, which it alone has KMS open.
type envelope struct {
	kms     KMS
	as      []func(*kms.Options)
	name    string // under which the records know it
	records *records.Store
	keyID   string
	context map[string]string // the encryption context
	cache   time.Duration     // how long an opened data key serves
	keep    bool              // whether it is kept beyond that, for sessions
	now     func() time.Time

	mu       sync.Mutex
	opened   []byte
	openedAt time.Time
}

// newVault has the envelope of each service, whose encrypted data keys are among the records.
func newVault(cfg *Config, deps Deps, store *records.Store) *vault {
	newEnvelope := func(name string, context map[string]string, as ...func(*kms.Options)) *envelope {
		return &envelope{
			kms: deps.KMS, as: as, name: name, records: store, keyID: cfg.KeyID, context: context,
			cache: cfg.Behaviour.KMSCache, now: deps.Now,
		}
	}
	services := Services(cfg.Instance)
	v := &vault{
		store:  newEnvelope(keyStore, services[0].Context, asIdentityStore),
		center: newEnvelope(keyCenter, services[1].Context),
	}
	v.center.keep = true
	return v
}

// deniedByKMS is what APIs say of a key that a service may not use (IAM Identity Center User Guide, "Customer managed
// KMS keys").
const deniedByKMS = "The service is not authorized to perform: kms:Decrypt on the resource associated with " +
	"this ciphertext"

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
	opened, at := e.opened, e.openedAt
	e.mu.Unlock()
	if age := e.now().Sub(at); opened != nil && age >= 0 && age < e.cache {
		return opened, nil
	}
	sealed := e.records.Plain(e.name)
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
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cache > 0 || e.keep {
		e.opened, e.openedAt = out.Plaintext, e.now()
	}
	return out.Plaintext, nil
}

// last is the data key as it was opened last, nil before. What is done to sessions goes by it, so that a fault of the
// key ends nobody's session (IAM Identity Center User Guide, "Customer managed KMS keys": active sessions stay).
func (e *envelope) last() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.opened
}

var errEmpty = errors.New("IAM Identity Center has not been replicated to this Region yet")

// activate gets the service's data key where it has none yet.
func (e *envelope) activate(ctx context.Context) error {
	if e.records.Plain(e.name) != nil {
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
	if e.records.Plain(e.name) != nil {
		return nil
	}
	e.opened = nil
	return e.records.PutPlain(e.name, out.CiphertextBlob)
}

// keys opens both data keys: Identity Store is asked who it is before Identity Center looks for what they may use.
func (v *vault) keys(ctx context.Context) (records.Keys, error) {
	store, err := v.store.key(ctx)
	if err != nil {
		return nil, err
	}
	center, err := v.center.key(ctx)
	if err != nil {
		return nil, err
	}
	return records.Keys{keyStore: store, keyCenter: center}, nil
}

// activate makes the data keys that aren't there yet, and opens both.
func (v *vault) activate(ctx context.Context) (records.Keys, error) {
	for _, e := range []*envelope{v.store, v.center} {
		if err := e.activate(ctx); err != nil {
			return nil, err
		}
	}
	return v.keys(ctx)
}

// sessionKeys are those that sessions are written with.
func (v *vault) sessionKeys() records.Keys { return records.Keys{keyCenter: v.center.last()} }
