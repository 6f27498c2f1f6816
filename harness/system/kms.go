package system

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Who plays AWS KMS. Whoever it is stands behind KMS's own names at the fabric's edge, so that replicas notice no
// difference and every rule acts from outside. What emulators leave out stays left out: LocalStack 4.14 and moto 5 hold
// no call of ours against a key policy; moto goes on decrypting with a key that is disabled or pending deletion, and can't
// decrypt at all under a multi-Region key (see usable). A drill of keys and policies wants the embedded one, which knows all that.
const (
	KMSEmbedded   = "embedded"
	KMSLocalStack = "localstack"
	KMSEndpoint   = "endpoint"
)

// KMSBackend is the URL of the emulator that plays KMS, nil where the fake of ours does. It is asked as AWS is: by its
// host name and with the Region in the scope of the credential, by which emulators know the Region. No signature of
// ours is one that AWS itself would accept.
func (d *Design) KMSBackend() (*url.URL, error) {
	s := d.Topology.KMS
	if s.Backend == "" || s.Backend == KMSEmbedded {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	backend, err := url.Parse(s.URL)
	if err != nil || backend.Host == "" || backend.Scheme != "http" && backend.Scheme != "https" {
		return nil, fmt.Errorf("asking KMS at %q: it is no http or https URL", s.URL)
	}
	return backend, nil
}

// relay sends requests to a backend wherever they are addressed to; their Host stays what it was, because it is signed.
type relay struct {
	backend   *url.URL
	transport *http.Transport
}

func newRelay(backend *url.URL) *relay {
	return &relay{backend, &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: time.Minute}}
}

// RoundTrip asks the backend.
func (t *relay) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	if out.Host == "" {
		out.Host = r.URL.Host
	}
	out.URL.Scheme, out.URL.Host = t.backend.Scheme, t.backend.Host
	out.URL = t.backend.JoinPath(out.URL.Path)
	out.URL.RawQuery = r.URL.RawQuery
	return t.transport.RoundTrip(out)
}

// handler serves the backend under another name.
func (t *relay) handler() http.Handler {
	return whole(&httputil.ReverseProxy{
		Transport: t,
		Rewrite:   func(p *httputil.ProxyRequest) { p.Out.Host = p.In.Host },
		ErrorLog:  log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "What plays KMS can't be reached.", http.StatusBadGateway)
		},
	})
}

// maxCall bounds the body of a call, in bytes: KMS takes less.
const maxCall = 1 << 20

// whole reads a call before it is passed on, for a backend that answers before it has read all would cut it short.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
		if err != nil {
			http.Error(w, "The call didn't come through.", http.StatusBadRequest)
			return
		}
		out := r.Clone(r.Context())
		out.ContentLength, out.TransferEncoding = int64(len(body)), nil
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, _ = out.GetBody() // never an error
		next.ServeHTTP(w, out)
	})
}

// serveKMS puts KMS up in every Region: by ours, or by the emulator where that is nil.
func (s *Site) serveKMS(ours http.Handler, back *rollback.Stack) error {
	backend, err := s.KMSBackend()
	if err != nil {
		return err
	}
	if backend != nil {
		proxy := newRelay(backend)
		if _, err := back.Push(rollback.Intent{}, func(context.Context) error { proxy.transport.CloseIdleConnections(); return nil }); err != nil {
			return err
		}
		s.System.Backend = &harness.Backend{URL: backend.String()}
		ours = proxy.handler()
	}
	s.kms = ours
	for _, region := range s.Topology.Regions() {
		if err := s.Serve(names.KMSHost(region), region, "kms", ours); err != nil {
			return err
		}
	}
	return nil
}

// The access key of who makes the key: somebody of the account.
const adminKey = "AKIALABADMINISTRATOR"

const (
	answerLimit   = 10 * time.Second       // for an emulator to answer at all
	creatingLimit = 30 * time.Second       // for a replica of the key to be there
	creatingLook  = 100 * time.Millisecond // between looks
)

// makeKey makes the multi-Region key and its replicas, each with the policy that Identity Center needs. It asks KMS as an operator would, by its names, whoever plays it. What outlives this process is
// scheduled for deletion by the way back; what finds it again is its description.
func (s *Site) makeKey(ctx context.Context, back *rollback.Stack) error {
	made := keys{Mark: "regiondrill " + rand.Text(), Regions: s.Topology.Regions()}
	if s.System.Backend != nil {
		if err := s.answers(ctx); err != nil {
			return err
		}
	}
	if s.Topology.KMS.Backend == KMSEndpoint {
		made.URL = s.Topology.KMS.URL
		args, err := json.Marshal(made)
		if err != nil {
			return fmt.Errorf("making the key: %w", err)
		}
		if _, err := back.Push(rollback.Intent{Kind: kindKeys, Args: args}, made.scheduleDeletion); err != nil {
			return err
		}
	}
	arns, err := s.replicated(ctx, made.Mark)
	if err == nil && s.System.Backend != nil {
		arns, err = s.usable(ctx, made.Mark, arns)
	}
	if err != nil {
		return fmt.Errorf("making the key: %w", err)
	}
	s.System.Key = map[string]harness.Key{}
	for region, arn := range arns {
		s.System.Key[region] = s.newKey(region, arn, s.kms)
	}
	s.Keys = arns
	return nil
}

// usable tries the key at an emulator, and makes one for each Region alone where replicas can't open what they have
// sealed: moto 5 cuts the ids of multi-Region keys short in what it encrypts. Identity Center notices no difference, as
// each Region seals with its own; that a disabled primary or a forgotten replica can't be seen then is said in the notes.
func (s *Site) usable(ctx context.Context, mark string, arns map[string]string) (map[string]string, error) {
	var broken error
	for region, arn := range arns {
		if broken = s.roundTrip(ctx, region, arn); broken != nil {
			break
		}
	}
	if broken == nil {
		return arns, nil
	}
	single := map[string]string{}
	for region := range arns {
		key, err := identitycenter.NewKMS(region, adminKey, s.Client(region)).CreateKey(ctx, &awskms.CreateKeyInput{Description: aws.String(mark)})
		if err != nil {
			return nil, errors.Join(broken, err)
		}
		single[region] = aws.ToString(key.KeyMetadata.Arn)
		if err := s.roundTrip(ctx, region, single[region]); err != nil {
			return nil, errors.Join(broken, err)
		}
	}
	s.System.Notes = append(s.System.Notes, fmt.Sprintf("KMS at %s can't decrypt under multi-Region keys, so each Region has a key of its own (%v)", s.System.Backend.URL, broken))
	return single, nil
}

// roundTrip does in a Region what Identity Center will do.
func (s *Site) roundTrip(ctx context.Context, region, arn string) error {
	for _, service := range s.services(region, s.Client(region)) {
		if err := service.use(ctx, arn); err != nil {
			return fmt.Errorf("in %s: %w", region, err)
		}
	}
	return nil
}

// answers makes sure that an emulator is there, before anything is done that must be undone at it.
func (s *Site) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	primary := s.Topology.Primary
	_, err := identitycenter.NewKMS(primary, adminKey, s.Client(primary)).ListKeys(ctx, &awskms.ListKeysInput{Limit: aws.Int32(1)})
	if err != nil {
		return &harness.Lack{Sentence: fmt.Sprintf("nothing at %s answers as KMS does; start it, or set system.kms.backend to embedded", s.System.Backend.URL), Err: err}
	}
	return nil
}

// replicated makes a key and its replicas, and tells their ARNs by Region.
func (s *Site) replicated(ctx context.Context, mark string) (map[string]string, error) {
	primary := s.Topology.Primary
	ask := identitycenter.NewKMS(primary, adminKey, s.Client(primary))
	key, err := ask.CreateKey(ctx, &awskms.CreateKeyInput{MultiRegion: aws.Bool(true), Description: aws.String(mark)})
	if err != nil {
		return nil, err
	}
	arns := map[string]string{primary: aws.ToString(key.KeyMetadata.Arn)}
	account := aws.ToString(key.KeyMetadata.AWSAccountId)
	policy := aws.String(s.keyPolicy(primary, account))
	if _, err := ask.PutKeyPolicy(ctx, &awskms.PutKeyPolicyInput{KeyId: key.KeyMetadata.KeyId, PolicyName: aws.String("default"), Policy: policy}); err != nil {
		return nil, err
	}
	for _, region := range s.Topology.Additional {
		replica, err := ask.ReplicateKey(ctx, &awskms.ReplicateKeyInput{
			KeyId: key.KeyMetadata.KeyId, ReplicaRegion: aws.String(region), Policy: aws.String(s.keyPolicy(region, account)), Description: aws.String(mark),
		})
		if err != nil {
			return nil, fmt.Errorf("in %s: %w", region, err)
		}
		arns[region] = names.KeyARN(region, aws.ToString(key.KeyMetadata.AWSAccountId), aws.ToString(key.KeyMetadata.KeyId))
		if replica.ReplicaKeyMetadata.KeyState == types.KeyStateCreating {
			if err := created(ctx, identitycenter.NewKMS(region, adminKey, s.Client(region)), arns[region]); err != nil {
				return nil, fmt.Errorf("in %s: %w", region, err)
			}
		}
	}
	return arns, nil
}

// created waits until a replica can be used.
func created(ctx context.Context, ask *awskms.Client, arn string) error {
	ctx, cancel := context.WithTimeout(ctx, creatingLimit)
	defer cancel()
	for {
		key, err := ask.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: aws.String(arn)})
		if err != nil || key.KeyMetadata.KeyState != types.KeyStateCreating {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the replica: %w", ctx.Err())
		case <-time.After(creatingLook):
		}
	}
}

// kindKeys is the intent of keys that outlive the process that made them.
const kindKeys = "kms_keys"

// keys is what another process needs to find the replicas of a key again, and to be sure that they are the run's.
type keys struct {
	URL     string   `json:"url"`
	Mark    string   `json:"mark"` // their description
	Regions []string `json:"regions"`
}

// Undoers take back what a lab did to what outlives it, from another process.
func Undoers() rollback.Undoers {
	return rollback.Undoers{kindKeys: func(ctx context.Context, args json.RawMessage) error {
		var k keys
		if err := json.Unmarshal(args, &k); err != nil || k.URL == "" || k.Mark == "" {
			return errors.Join(errors.New("the intent doesn't say which keys"), err)
		}
		return k.scheduleDeletion(ctx)
	}}
}

// shortestWindow is the days after which KMS deletes a key at the earliest.
const shortestWindow = 7

// scheduleDeletion schedules the deletion of all that bears the mark: replicas first, as a primary waits for them.
func (k keys) scheduleDeletion(ctx context.Context) error {
	backend, err := url.Parse(k.URL)
	if err != nil {
		return fmt.Errorf("deleting keys: %w", err)
	}
	way := newRelay(backend)
	defer way.transport.CloseIdleConnections()
	var errs []error
	for i := len(k.Regions) - 1; i >= 0; i-- {
		ask := identitycenter.NewKMS(k.Regions[i], adminKey, &http.Client{Transport: way})
		if err := k.scheduleIn(ctx, ask); err != nil {
			errs = append(errs, fmt.Errorf("deleting the key in %s: %w", k.Regions[i], err))
		}
	}
	return errors.Join(errs...)
}

func (k keys) scheduleIn(ctx context.Context, ask *awskms.Client) error {
	pages := awskms.NewListKeysPaginator(ask, &awskms.ListKeysInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, key := range page.Keys {
			if err := k.schedule(ctx, ask, key.KeyId); err != nil {
				return err
			}
		}
	}
	return nil
}

// schedule leaves alone what isn't ours, and what is on its way already.
func (k keys) schedule(ctx context.Context, ask *awskms.Client, id *string) error {
	found, err := ask.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: id})
	if err != nil {
		if _, gone := errors.AsType[*types.NotFoundException](err); gone {
			return nil
		}
		return err
	}
	about := found.KeyMetadata
	if aws.ToString(about.Description) != k.Mark || about.KeyState == types.KeyStatePendingDeletion || about.KeyState == types.KeyStatePendingReplicaDeletion {
		return nil
	}
	_, err = ask.ScheduleKeyDeletion(ctx, &awskms.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(shortestWindow)})
	return err
}
