package kms

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"
)

// ofMember is in AWS's words on what its model doesn't allow.
const ofMember = "failed to satisfy constraint: Member must "

// contract is a request and what AWS KMS does.
type contract struct {
	name string
	do   func(k *kit) error
	code string // of the error; empty: it succeeds
	says string // part of the error's message
	ours bool   // not for an endpoint of others: it wants a clock, principals by access key, or a knob
}

// kit is what a contract has: clients of the administrator in two Regions, and keys of its own.
type kit struct {
	*testing.T
	*bench            // nil at an endpoint of others
	virginia, ireland *sdk.Client
}

func (k *kit) ctx() context.Context { return k.Context() }

// must ends the contract where its preparation fails.
func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal("preparing: ", err)
	}
}

// want notes what a success got wrong.
func (k *kit) want(ok bool, what string, args ...any) {
	k.Helper()
	if !ok {
		k.Errorf(what, args...)
	}
}

// key is one of Virginia's alone.
func (k *kit) key() *string {
	k.Helper()
	out, err := k.virginia.CreateKey(k.ctx(), &sdk.CreateKeyInput{})
	k.must(err)
	return out.KeyMetadata.KeyId
}

// pair is a multi-Region key with its primary in Virginia and a replica in Ireland.
func (k *kit) pair() *string {
	k.Helper()
	out, err := k.virginia.CreateKey(k.ctx(), &sdk.CreateKeyInput{MultiRegion: aws.Bool(true)})
	k.must(err)
	_, err = k.virginia.ReplicateKey(k.ctx(), &sdk.ReplicateKeyInput{KeyId: out.KeyMetadata.KeyId,
		ReplicaRegion: aws.String(ireland)})
	k.must(err)
	return out.KeyMetadata.KeyId
}

func (k *kit) sealed(keyID *string, context map[string]string) []byte {
	k.Helper()
	out, err := k.virginia.Encrypt(k.ctx(), &sdk.EncryptInput{KeyId: keyID, Plaintext: []byte("secret"),
		EncryptionContext: context})
	k.must(err)
	return out.CiphertextBlob
}

// end schedules the key's deletion in Virginia.
func (k *kit) end(keyID *string) {
	k.Helper()
	_, err := k.virginia.ScheduleKeyDeletion(k.ctx(), &sdk.ScheduleKeyDeletionInput{KeyId: keyID,
		PendingWindowInDays: aws.Int32(7)})
	k.must(err)
}

func (k *kit) disable(keyID *string) {
	k.Helper()
	_, err := k.virginia.DisableKey(k.ctx(), &sdk.DisableKeyInput{KeyId: keyID})
	k.must(err)
}

// TestContract holds the embedded KMS to what AWS documents, and the one at REGIONDRILL_KMS_ENDPOINT too where that is
// set (http://127.0.0.1:4566): an emulator, or a proxy that signs. There the words of errors are only logged.
func TestContract(t *testing.T) {
	for _, c := range slices.Concat(keyContracts, cryptographyContracts, namesContracts, rotationContracts,
		grantContracts) {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 0)
			c.hold(&kit{t, b, b.client(virginia, "ADMIN"), b.client(ireland, "ADMIN")})
		})
		endpoint := os.Getenv("REGIONDRILL_KMS_ENDPOINT")
		if endpoint == "" || c.ours {
			continue
		}
		t.Run(c.name+", at the endpoint", func(t *testing.T) {
			c.hold(&kit{t, nil, at(endpoint, virginia), at(endpoint, ireland)})
		})
	}
}

func (c contract) hold(k *kit) {
	err := c.do(k)
	if code(err) != c.code {
		k.Fatalf("%v, want %q", err, c.code)
	}
	var api smithy.APIError
	if !errors.As(err, &api) || strings.Contains(api.ErrorMessage(), c.says) {
		return
	}
	say := k.Errorf
	if k.bench == nil { // clients go by the code
		say = k.Logf
	}
	say("it says %q, want %q", api.ErrorMessage(), c.says)
}

func at(endpoint, region string) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: region, BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// after lets days pass.
func (k *kit) after(days int) { k.now = k.now.Add(time.Duration(days) * day) }
