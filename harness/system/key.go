package system

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
)

// key is the handle on a Region's replica of the key: a harness.Key. It asks whoever plays KMS, past all rules of the
// network.
type key struct {
	first    string // policy
	arn      string
	at       string // the URL of an endpoint, where the key outlives the run; empty: it dies with it
	region   string
	admin    *awskms.Client
	services []service
}

// service is one of those that use the key.
type service struct {
	client *awskms.Client
	about  map[string]string // the encryption context
}

// newKey is the handle on a key that the handler of the Region's KMS serves.
func (s *Site) newKey(region, arn string, served http.Handler) harness.Key {
	way := &http.Client{Transport: direct{served}}
	at := ""
	if s.Topology.KMS.Backend == KMSEndpoint {
		at = s.Topology.KMS.URL
	}
	account := strings.Split(arn+"::::", ":")[4]
	return &key{arn: arn, at: at, region: region, first: s.keyPolicy(region, account),
		admin:    identitycenter.NewKMS(region, AdminKey, way),
		services: s.services(region, way)}
}

// services are those that use the key, as they ask a Region's KMS.
func (d *Design) services(region string, way *http.Client) []service {
	var all []service
	for _, s := range identitycenter.Services(d.Instance) {
		all = append(all, service{identitycenter.NewKMS(region, s.AccessKey, way), s.Context})
	}
	return all
}

// direct brings requests to a handler without a network between.
type direct struct{ handler http.Handler }

// RoundTrip is the handler's answer.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	in.RequestURI = r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// Use lets each service seal something and open it again, as they do.
func (k *key) Use(ctx context.Context) error {
	for _, s := range k.services {
		if err := s.use(ctx, k.arn, once); err != nil {
			return err
		}
	}
	return nil
}

// use seals something and opens it again.
func (s service) use(ctx context.Context, arn string, how ...func(*awskms.Options)) error {
	sealed, err := s.seal(ctx, arn, how...)
	if err != nil {
		return err
	}
	return s.open(ctx, arn, sealed, how...)
}

// seal makes a data key, and keeps only what is sealed under the key.
func (s service) seal(ctx context.Context, arn string, how ...func(*awskms.Options)) ([]byte, error) {
	made, err := s.client.GenerateDataKeyWithoutPlaintext(ctx, &awskms.GenerateDataKeyWithoutPlaintextInput{
		KeyId: aws.String(arn), KeySpec: types.DataKeySpecAes256, EncryptionContext: s.about,
	}, how...)
	if err != nil {
		return nil, err
	}
	return made.CiphertextBlob, nil
}

// open opens what was sealed.
func (s service) open(ctx context.Context, arn string, sealed []byte, how ...func(*awskms.Options)) error {
	_, err := s.client.Decrypt(ctx, &awskms.DecryptInput{KeyId: aws.String(arn), CiphertextBlob: sealed,
		EncryptionContext: s.about}, how...)
	return err
}

// once lets the client ask a single time: who asks again knows when.
func once(o *awskms.Options) { o.RetryMaxAttempts = 1 }

// id is what administrators call it by: moto finds no key by its ARN when it is to disable one.
func (k *key) id() *string { return aws.String(idOf(k.arn)) }

// idOf is the key id in a key's ARN.
func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// Disable disables the replica in the Region, and no other.
func (k *key) Disable(ctx context.Context) error {
	_, err := k.admin.DisableKey(ctx, &awskms.DisableKeyInput{KeyId: k.id()})
	return k.said("disabling", err)
}

// Enable enables it.
func (k *key) Enable(ctx context.Context) error {
	_, err := k.admin.EnableKey(ctx, &awskms.EnableKeyInput{KeyId: k.id()})
	return k.said("enabling", err)
}

// ScheduleDeletion schedules its deletion in seven days, which makes it unusable at once. What is scheduled already
// stays.
func (k *key) ScheduleDeletion(ctx context.Context) error {
	_, err := k.admin.ScheduleKeyDeletion(ctx, &awskms.ScheduleKeyDeletionInput{KeyId: k.id(),
		PendingWindowInDays: aws.Int32(shortestWindow)})
	return k.said("scheduling the deletion of", err)
}

// CancelDeletion takes it off the schedule and enables it, as KMS leaves it disabled. One that isn't scheduled is
// enabled.
func (k *key) CancelDeletion(ctx context.Context) error {
	about, err := k.admin.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: k.id()})
	if err != nil {
		return k.said("describing", err)
	}
	if s := about.KeyMetadata.KeyState; s == types.KeyStatePendingDeletion || s == types.KeyStatePendingReplicaDeletion {
		if _, err := k.admin.CancelKeyDeletion(ctx, &awskms.CancelKeyDeletionInput{KeyId: k.id()}); err != nil {
			return k.said("cancelling the deletion of", err)
		}
	}
	return k.Enable(ctx)
}

// FirstPolicy is the one that it was made with.
func (k *key) FirstPolicy() string { return k.first }

// Policy is its key policy.
func (k *key) Policy(ctx context.Context) (string, error) {
	said, err := k.admin.GetKeyPolicy(ctx, &awskms.GetKeyPolicyInput{KeyId: k.id()})
	if err != nil {
		return "", k.said("reading the policy of", err)
	}
	return aws.ToString(said.Policy), nil
}

// SetPolicy replaces it.
func (k *key) SetPolicy(ctx context.Context, document string) error {
	_, err := k.admin.PutKeyPolicy(ctx, &awskms.PutKeyPolicyInput{KeyId: k.id(), Policy: aws.String(document)})
	return k.said("setting the policy of", err)
}

func (k *key) said(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s %s: %w", doing, k.arn, err)
	}
	return nil
}
