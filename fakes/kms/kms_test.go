package kms

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

const (
	account  = "111122223333"
	virginia = "us-east-1"
	ireland  = "eu-west-1"
	admin    = "arn:aws:iam::" + account + ":role/Admin"
	sso      = "sso.amazonaws.com"
)

// instance is the encryption context that IAM Identity Center gives.
var instance = map[string]string{"aws:sso:instance-arn": "arn:aws:sso:::instance/ssoins-0123456789abcdef"}

// bench is a service on a clock, with real clients of two Regions.
type bench struct {
	*Service
	now       time.Time
	endpoints map[string]string
}

func newBench(tb testing.TB, creatingFor time.Duration) *bench {
	tb.Helper()
	b := &bench{now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), endpoints: map[string]string{}}
	b.Service = New(Config{
		Account: account, CreatingFor: creatingFor,
		Principals: map[string]string{"ADMIN": admin, "SSO": sso, "STORE": store, "GUEST": guest},
	}, Deps{Now: func() time.Time { return b.now }})
	for _, region := range []string{virginia, ireland} {
		server := httptest.NewServer(b.Handler(region))
		tb.Cleanup(server.Close)
		b.endpoints[region] = server.URL
	}
	return b
}

func (b *bench) client(region, accessKey string) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: region, BaseEndpoint: aws.String(b.endpoints[region]), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, "secret", ""),
	})
}

// replicated is a key with the baseline policy in both Regions.
func (b *bench) replicated(tb testing.TB) (keyID string) {
	tb.Helper()
	keyID, err := b.CreateKey(virginia, BaselinePolicy(virginia, account))
	if err == nil {
		err = b.ReplicateKey(keyID, ireland, BaselinePolicy(virginia, account))
	}
	if err != nil {
		tb.Fatal(err)
	}
	return keyID
}

func (b *bench) dataKey(tb testing.TB, region, keyID string) []byte {
	tb.Helper()
	out, err := b.client(region, "SSO").GenerateDataKeyWithoutPlaintext(context.Background(),
		&sdk.GenerateDataKeyWithoutPlaintextInput{KeyId: &keyID, KeySpec: types.DataKeySpecAes256,
			EncryptionContext: instance})
	if err != nil {
		tb.Fatal(err)
	}
	return out.CiphertextBlob
}

func (b *bench) decrypt(region string, blob []byte) (*sdk.DecryptOutput, error) {
	return b.client(region, "SSO").Decrypt(context.Background(),
		&sdk.DecryptInput{CiphertextBlob: blob, EncryptionContext: instance})
}

// code is the type of an error as AWS spells it; empty without an error.
func code(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return "not an API error: " + err.Error()
}

func TestEveryRegionDecryptsWhatOneSealed(t *testing.T) {
	b := newBench(t, 0)
	keyID := b.replicated(t)
	if !strings.HasPrefix(keyID, "mrk-") || len(keyID) != 36 {
		t.Errorf("key id %q", keyID)
	}
	blob := b.dataKey(t, virginia, keyID)
	here, err := b.decrypt(virginia, blob)
	if err != nil {
		t.Fatal(err)
	}
	there, err := b.decrypt(ireland, blob)
	if err != nil {
		t.Fatal(err)
	}
	if len(here.Plaintext) != 32 || string(here.Plaintext) != string(there.Plaintext) {
		t.Errorf("data keys differ: %x, %x", here.Plaintext, there.Plaintext)
	}
	if want := "arn:aws:kms:eu-west-1:" + account + ":key/" + keyID; *there.KeyId != want {
		t.Errorf("decrypted by %s, want %s", *there.KeyId, want)
	}
}

func TestStateIsTheReplicasOwn(t *testing.T) {
	for state, want := range map[State]string{
		Enabled: "", Updating: "", Disabled: "DisabledException", PendingDeletion: "KMSInvalidStateException",
		PendingReplicaDeletion: "KMSInvalidStateException", Creating: "KMSInvalidStateException",
		Unavailable: "KMSInvalidStateException",
	} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench(t, 0)
			keyID := b.replicated(t)
			blob := b.dataKey(t, virginia, keyID)
			if err := b.SetState(ireland, keyID, state); err != nil {
				t.Fatal(err)
			}
			if _, err := b.decrypt(ireland, blob); code(err) != want {
				t.Errorf("Ireland: %v, want %q", err, want)
			}
			if _, err := b.decrypt(virginia, blob); err != nil {
				t.Errorf("Virginia: %v", err)
			}
			if err := b.SetState(ireland, keyID, Enabled); err != nil {
				t.Fatal(err)
			}
			if _, err := b.decrypt(ireland, blob); err != nil {
				t.Errorf("Ireland, enabled again: %v", err)
			}
		})
	}
}

func TestReplicaWithoutPolicyIsTheTrap(t *testing.T) {
	b := newBench(t, 0)
	keyID, err := b.CreateKey(virginia, BaselinePolicy(virginia, account))
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.client(virginia, "ADMIN").ReplicateKey(t.Context(),
		&sdk.ReplicateKeyInput{KeyId: &keyID, ReplicaRegion: aws.String(ireland)})
	if err != nil {
		t.Fatal(err)
	}
	if *out.ReplicaPolicy != DefaultPolicy(virginia, account) {
		t.Errorf("policy %s", *out.ReplicaPolicy)
	}
	blob := b.dataKey(t, virginia, keyID)
	_, err = b.decrypt(ireland, blob)
	if code(err) != "AccessDeniedException" || !strings.Contains(err.Error(),
		"not authorized to perform: kms:Decrypt") {
		t.Errorf("with the default policy: %v", err)
	}
	_, err = b.client(ireland, "ADMIN").PutKeyPolicy(t.Context(),
		&sdk.PutKeyPolicyInput{KeyId: &keyID, Policy: aws.String(BaselinePolicy(virginia, account))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.decrypt(ireland, blob); err != nil {
		t.Errorf("with the baseline policy: %v", err)
	}
}

func TestReplicaIsCreatingForAWhile(t *testing.T) {
	b := newBench(t, 3*time.Second)
	keyID := b.replicated(t)
	blob := b.dataKey(t, virginia, keyID)
	_, err := b.decrypt(ireland, blob)
	var state *types.KMSInvalidStateException
	if !errors.As(err, &state) || !strings.HasSuffix(state.ErrorMessage(), " is creating.") {
		t.Errorf("while creating: %v", err)
	}
	b.now = b.now.Add(3 * time.Second)
	if _, err := b.decrypt(ireland, blob); err != nil {
		t.Errorf("once created: %v", err)
	}
	if state, err := b.State(ireland, keyID); state != Enabled || err != nil {
		t.Errorf("state %s, %v", state, err)
	}
}

func TestPrimaryWaitsForItsReplicas(t *testing.T) {
	b := newBench(t, 0)
	keyID := b.replicated(t)
	days := int32(7)
	schedule := func(region string) *sdk.ScheduleKeyDeletionOutput {
		out, err := b.client(region, "ADMIN").ScheduleKeyDeletion(t.Context(),
			&sdk.ScheduleKeyDeletionInput{KeyId: &keyID, PendingWindowInDays: &days})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := schedule(virginia); out.KeyState != types.KeyStatePendingReplicaDeletion || out.DeletionDate != nil {
		t.Errorf("primary: %s, %v", out.KeyState, out.DeletionDate)
	}
	if out := schedule(ireland); out.KeyState != types.KeyStatePendingDeletion ||
		!out.DeletionDate.Equal(b.now.Add(7*day)) {
		t.Errorf("replica: %s, %v", out.KeyState, out.DeletionDate)
	}
	b.now = b.now.Add(7 * day)
	if _, err := b.State(ireland, keyID); err == nil {
		t.Error("the replica is still there")
	}
	if state, err := b.State(virginia, keyID); state != PendingDeletion || err != nil {
		t.Errorf("the primary once its replica is gone: %s, %v", state, err)
	}
	b.now = b.now.Add(7 * day)
	if _, err := b.State(virginia, keyID); err == nil {
		t.Error("the primary is still there")
	}
}

func TestDeletionCanBeCancelled(t *testing.T) {
	b := newBench(t, 0)
	keyID := b.replicated(t)
	c := b.client(ireland, "ADMIN")
	if _, err := c.CancelKeyDeletion(t.Context(),
		&sdk.CancelKeyDeletionInput{KeyId: &keyID}); code(err) != "KMSInvalidStateException" {
		t.Errorf("nothing to cancel: %v", err)
	}
	if _, err := c.ScheduleKeyDeletion(t.Context(), &sdk.ScheduleKeyDeletionInput{KeyId: &keyID}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CancelKeyDeletion(t.Context(), &sdk.CancelKeyDeletionInput{KeyId: &keyID}); err != nil {
		t.Fatal(err)
	}
	if state, err := b.State(ireland, keyID); state != Disabled || err != nil {
		t.Errorf("after cancelling: %s, %v", state, err)
	}
	if _, err := c.EnableKey(t.Context(), &sdk.EnableKeyInput{KeyId: &keyID}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.decrypt(ireland, b.dataKey(t, virginia, keyID)); err != nil {
		t.Errorf("enabled again: %v", err)
	}
}

func TestKeyMetadata(t *testing.T) {
	b := newBench(t, time.Second)
	created, err := b.client(virginia, "ADMIN").CreateKey(t.Context(),
		&sdk.CreateKeyInput{MultiRegion: aws.Bool(true), Description: aws.String("identity center")})
	if err != nil {
		t.Fatal(err)
	}
	keyID := created.KeyMetadata.KeyId
	replica, err := b.client(virginia, "ADMIN").ReplicateKey(t.Context(),
		&sdk.ReplicateKeyInput{KeyId: keyID, ReplicaRegion: aws.String(ireland)})
	if err != nil {
		t.Fatal(err)
	}
	m := replica.ReplicaKeyMetadata
	if m.KeyState != types.KeyStateCreating || m.Enabled || *m.KeyId != *keyID ||
		m.Description == nil || *m.Description != "" {
		t.Errorf("replica: %+v", m)
	}
	described, err := b.client(virginia, "ADMIN").DescribeKey(t.Context(),
		&sdk.DescribeKeyInput{KeyId: created.KeyMetadata.Arn})
	if err != nil {
		t.Fatal(err)
	}
	m = described.KeyMetadata
	regions := m.MultiRegionConfiguration
	if regions.MultiRegionKeyType != types.MultiRegionKeyTypePrimary || *regions.PrimaryKey.Region != virginia ||
		len(regions.ReplicaKeys) != 1 || *regions.ReplicaKeys[0].Region != ireland {
		t.Errorf("configuration: %+v", regions)
	}
	if !m.CreationDate.Equal(b.now) || *m.Description != "identity center" || !m.Enabled || !*m.MultiRegion {
		t.Errorf("primary: %+v", m)
	}
}

func describeKey(b *bench, keyID string) error {
	_, err := b.client(ireland, "ADMIN").DescribeKey(context.Background(), &sdk.DescribeKeyInput{KeyId: &keyID})
	return err
}

// TestTypedErrors proves that the SDK finds its own types.
func TestTypedErrors(t *testing.T) {
	b := newBench(t, 0)
	keyID := b.replicated(t)
	blob := b.dataKey(t, virginia, keyID)
	if _, err := b.client(ireland, "ADMIN").DisableKey(t.Context(), &sdk.DisableKeyInput{KeyId: &keyID}); err != nil {
		t.Fatal(err)
	}
	_, err := b.decrypt(ireland, blob)
	var disabled *types.DisabledException
	if !errors.As(err,
		&disabled) || disabled.ErrorMessage() != "arn:aws:kms:eu-west-1:"+account+":key/"+keyID+" is disabled." {
		t.Errorf("disabled: %v", err)
	}
	var missing *types.NotFoundException
	if err := describeKey(b, "mrk-0"); !errors.As(err, &missing) {
		t.Errorf("missing: %v", err)
	}
	var ciphertext *types.InvalidCiphertextException
	if _, err := b.decrypt(virginia, []byte("garbage")); !errors.As(err, &ciphertext) {
		t.Errorf("ciphertext: %v", err)
	}
}

func TestReEncryptMovesToAnotherKeyAndContext(t *testing.T) {
	b := newBench(t, 0)
	from, to := b.replicated(t), b.replicated(t)
	other := map[string]string{"aws:sso:instance-arn": "arn:aws:sso:::instance/ssoins-fedcba9876543210"}
	out, err := b.client(ireland, "SSO").ReEncrypt(t.Context(), &sdk.ReEncryptInput{
		CiphertextBlob: b.dataKey(t, virginia, from), SourceEncryptionContext: instance,
		DestinationKeyId: &to, DestinationEncryptionContext: other,
	})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := b.client(virginia, "SSO").Decrypt(t.Context(),
		&sdk.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: other, KeyId: &to})
	if err != nil || len(plain.Plaintext) != 32 {
		t.Errorf("decrypting: %v", err)
	}
}

func TestListKeysPages(t *testing.T) {
	b := newBench(t, 0)
	for range 5 {
		b.replicated(t)
	}
	pages := sdk.NewListKeysPaginator(b.client(ireland, "ADMIN"), &sdk.ListKeysInput{Limit: aws.Int32(2)})
	seen := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range page.Keys {
			seen[*k.KeyId] = true
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d keys, want 5", len(seen))
	}
	if _, err := b.client(ireland, "SSO").ListKeys(t.Context(),
		&sdk.ListKeysInput{}); code(err) != "AccessDeniedException" {
		t.Errorf("a service lists keys: %v", err)
	}
}
