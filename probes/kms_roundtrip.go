package probes

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// KMSRoundTrip are who has a data key made under the home Region's replica of the key, and has it opened again, there
// or by the replica of another Region: what Identity Center does at a sign-in, without the sign-in around it, so that a
// replica that nobody may use is found before anybody needs it.
type KMSRoundTrip struct {
	User      string `yaml:"user" enum:"identity_center,identity_store,operator" doc:"who asks: one of the two services, as at a sign-in, or an administrator of the account"`
	DecryptIn string `yaml:"decrypt_in" form:"region" doc:"the Region whose replica opens what home has sealed; if not said, home"`

	world *harness.World
	user  harness.KeyUser
}

// NewKMSRoundTrip asks as Identity Center does.
func NewKMSRoundTrip() harness.Probe { return &KMSRoundTrip{User: harness.KeyOfCenter} }

// Journey of it: what was sealed is open again.
func (p *KMSRoundTrip) Journey() history.Journey { return history.KMSRoundTrip }

// Needs nothing but this process.
func (p *KMSRoundTrip) Needs() []string { return nil }

// Problems of its settings.
func (p *KMSRoundTrip) Problems(t harness.Topology) []harness.Problem {
	if p.DecryptIn == "" || slices.Contains(t.Regions(), p.DecryptIn) {
		return nil
	}
	return []harness.Problem{{Key: "decrypt_in", What: "Region of the system", Unknown: p.DecryptIn, Among: t.Regions()}}
}

// Open finds out who asks.
func (p *KMSRoundTrip) Open(_ context.Context, world *harness.World) error {
	p.world = world
	for _, user := range world.KeyUsers {
		if user.Name == p.User {
			p.user = user
		}
	}
	return nil
}

// Close has nothing to close.
func (p *KMSRoundTrip) Close() error { return nil }

// Try goes there and back once.
func (p *KMSRoundTrip) Try(ctx context.Context, a *harness.Attempt) error {
	transport := newTransport(p.world, a.From)
	defer transport.CloseIdleConnections()
	u, err := newPerson(p.world, a, transport)
	if err != nil {
		return err
	}
	u.conclude(ctx, p.goAndReturn(ctx, u))
	return nil
}

func (p *KMSRoundTrip) goAndReturn(ctx context.Context, u *person) *failure {
	at := cmp.Or(p.DecryptIn, u.a.Home)
	made, err := p.client(u, u.a.Home).GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
		KeyId: aws.String(p.world.Keys[u.a.Home]), KeySpec: types.DataKeySpecAes256, EncryptionContext: p.user.Context})
	if err != nil {
		return u.unsealed(err)
	}
	opened, err := p.client(u, at).Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String(p.world.Keys[at]),
		CiphertextBlob: made.CiphertextBlob, EncryptionContext: p.user.Context})
	if err != nil {
		return u.unsealed(err)
	}
	const aes256 = 32 // bytes
	if len(opened.Plaintext) != aes256 {
		return &failure{history.ClassWrongContent, "KMS of " + at + " gives what can be no data key"}
	}
	u.region = at
	return nil
}

// client asks KMS in a Region.
func (p *KMSRoundTrip) client(u *person, region string) *kms.Client {
	return kms.New(kms.Options{Region: region, HTTPClient: asking{u}, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(p.user.AccessKeyID, p.user.Secret, "")})
}

// unsealed is why KMS didn't do it, by its own code.
func (u *person) unsealed(err error) *failure {
	failed, _ := u.unserved(err)
	if said, named := errors.AsType[smithy.APIError](err); named && u.last != nil {
		failed.detail += " (" + said.ErrorCode() + ")"
	}
	return failed
}
