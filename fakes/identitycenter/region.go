package identitycenter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/harness/names"
)

// The faults of adding and removing Regions (IAM Identity Center API Reference, AddRegion and RemoveRegion).
func conflict(format string, args ...any) error {
	return awsjson.NewFault(http.StatusConflict, "ConflictException", format, args...)
}

func invalid(format string, args ...any) error {
	return awsjson.NewFault(http.StatusBadRequest, "ValidationException", format, args...)
}

func notFound(format string, args ...any) error {
	return awsjson.NewFault(http.StatusNotFound, "ResourceNotFoundException", format, args...)
}

// AddRegion begins to replicate to another Region, which is ADDING until it has everything. Its preconditions: the
// Region is of the instance's partition and not one of its own yet, there are fewer than the quota, no other change of
// Regions is under way, and both services may use the key's replica there.
func (r *Replica) AddRegion(ctx context.Context, name string) (Region, error) {
	keys, c, err := r.changing(ctx)
	if err != nil {
		return Region{}, err
	}
	known, exists := names.RegionOf(name)
	switch {
	case !exists || names.PartitionOf(known.Code) != names.PartitionOf(r.cfg.Region):
		return Region{}, invalid("IAM Identity Center can't be replicated to the Region %s.", name)
	case c.region(name) != nil:
		return Region{}, conflict("The Region %s is one of the instance's already.", name)
	case len(c.Regions) >= r.cfg.Behaviour.MaxRegions:
		return Region{}, awsjson.NewFault(http.StatusPaymentRequired, "ServiceQuotaExceededException",
			"The instance has %d Regions, which is the most that it may have.", len(c.Regions))
	}
	if err := r.usableIn(ctx, name, c.Instance.KeyARN); err != nil {
		return Region{}, withoutReplica(err)
	}
	added := Region{Name: name, Status: RegionAdding, Added: r.now()}
	return added, r.changeRegion(keys, name, nil, &added)
}

// RemoveRegion begins to take a Region out of the instance, which is REMOVING until it has forgotten everything.
func (r *Replica) RemoveRegion(ctx context.Context, name string) (Region, error) {
	keys, c, err := r.changing(ctx)
	if err != nil {
		return Region{}, err
	}
	have := c.region(name)
	switch {
	case have == nil:
		return Region{}, notFound("The Region %s is none of the instance's.", name)
	case name == r.cfg.Instance.Primary:
		return Region{}, invalid("The primary Region can't be removed.")
	}
	gone := *have
	gone.Status = RegionRemoving
	return gone, r.changeRegion(keys, name, have, &gone)
}

// changing is what a change of Regions begins with; its error says that another is under way.
func (r *Replica) changing(ctx context.Context) (records.Keys, *configuration, error) {
	keys, err := r.vault.keys(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := r.configuration(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, region := range c.Regions {
		if region.Status != RegionActive {
			return nil, nil, otherChange(&region)
		}
	}
	return keys, c, nil
}

func otherChange(of *Region) error {
	return conflict("The Region %s is %s, and one Region at a time can be changed.", of.Name, of.Status)
}

// changeRegion writes what becomes of a Region, nil for nothing, if it still is as it was and no other is being
// changed.
func (r *Replica) changeRegion(keys records.Keys, name string, from, to *Region) error {
	return r.update(keys, func(tx *records.Tx) error {
		err := each(tx, kindRegion, func(_ string, other *Region) error {
			if other.Name != name && other.Status != RegionActive {
				return otherChange(other)
			}
			return nil
		})
		if err != nil {
			return err
		}
		var now Region
		found, err := tx.Get(kindRegion, name, &now)
		switch {
		case err != nil:
			return err
		case found != (from != nil) || found && now.Status != from.Status:
			return conflict("Another change of the Region %s is under way.", name)
		case to == nil:
			return tx.Delete(kindRegion, name)
		}
		return tx.Put(kindRegion, name, to)
	})
}

// usableIn tells why the key's replica in another Region can't be used by both services, if it can't.
func (r *Replica) usableIn(ctx context.Context, region, arn string) error {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 {
		return invalid("The instance has no customer managed key, which replication needs.")
	}
	parts[3] = region
	for _, s := range Services(r.cfg.Instance) {
		ctx, cancel := context.WithTimeout(ctx, kmsLimit)
		defer cancel()
		_, err := NewKMS(region, s.AccessKey, r.deps.HTTP).GenerateDataKeyWithoutPlaintext(ctx,
			&kms.GenerateDataKeyWithoutPlaintextInput{KeyId: aws.String(strings.Join(parts, ":")),
				KeySpec: types.DataKeySpecAes256, EncryptionContext: s.Context})
		if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound { // the lab has nothing of that Region
			return notFound("The key has no replica in the Region %s.", region)
		}
		if err != nil {
			return keyFault(err)
		}
	}
	return nil
}

// withoutReplica is the answer of AddRegion, which declares no ResourceNotFoundException, where the key has no replica.
// That it is this one is inferred.
func withoutReplica(err error) error {
	var f *awsjson.Fault
	if errors.As(err, &f) && f.Code == "ResourceNotFoundException" {
		return invalid("%s", f.Message)
	}
	return err
}

// keyFault is what an API says of a KMS key that can't be used (IAM Identity Center API Reference, the reasons of each
// exception).
func keyFault(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return awsjson.NewFault(http.StatusInternalServerError, "InternalServerException", "KMS does not answer.")
	}
	f := awsjson.NewFault(http.StatusBadRequest, "ValidationException", "%s", api.ErrorMessage())
	f.Reason = kmsReasons[api.ErrorCode()]
	switch api.ErrorCode() {
	case "AccessDeniedException":
		f.Status, f.Code, f.Reason = http.StatusForbidden, "AccessDeniedException", "KMS_AccessDeniedException"
		f.Message = deniedByKMS
	case "ThrottlingException":
		f.Status, f.Code, f.Reason = http.StatusTooManyRequests, "ThrottlingException", "KMS_ThrottlingException"
	case "NotFoundException":
		f.Status, f.Code = http.StatusNotFound, "ResourceNotFoundException"
	case "InvalidArnException":
		f.Reason = "KMS_InvalidArnException"
	}
	return f
}

// settled waits until no change of Regions is under way.
func (r *Replica) settled(ctx context.Context) error {
	for {
		c, err := r.configuration(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(c.Regions, func(r Region) bool { return r.Status != RegionActive }) {
			return nil
		}
		if !pause(ctx, changeLook) {
			return fmt.Errorf("waiting for a change of Regions: %w", ctx.Err())
		}
	}
}

// told tells whether another Region has all that there is of the configuration.
func (r *Replica) told(region string) bool {
	r.mu.Lock()
	s := r.sending[[2]string{StreamConfiguration, region}]
	r.mu.Unlock()
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked >= r.store.Head(StreamConfiguration)
}

// carryOn works at the changes of Regions that are under way, in the primary; after a restart too.
func (r *Replica) carryOn(ctx context.Context) {
	c := r.known.Load()
	if c == nil || !r.primary() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, region := range c.Regions {
		if region.Status == RegionActive || r.changes[region.Name] {
			continue
		}
		r.changes[region.Name] = true
		if r.closed {
			return
		}
		r.running.Go(func() {
			if region.Status == RegionAdding {
				r.finishAdding(ctx, &region)
			} else {
				r.finishRemoving(ctx, &region)
			}
		})
	}
}

// changeLook is how often it is looked how far a change of Regions is.
const changeLook = 100 * time.Millisecond

// finishAdding makes a Region active once it has all that there is, or lets it vanish where it gets nothing for so long
// that adding it has failed.
func (r *Replica) finishAdding(ctx context.Context, region *Region) {
	to := *region
	to.Status = RegionActive
	next := &to
	var had uint64
	wanted := records.Heads{} // what there was when it began; what has come since has its ordinary lag
	for _, stream := range Streams() {
		wanted[stream] = r.store.Head(stream)
	}
	for since := time.Now(); ; {
		complete, has := r.isComplete(region.Name, wanted)
		if has != had {
			had, since = has, time.Now()
		}
		if complete {
			break
		}
		if time.Since(since) >= r.cfg.Behaviour.FailedAdd {
			next = nil
			break
		}
		if !pause(ctx, changeLook) {
			return
		}
	}
	if next == nil {
		// What it has got so far must not stay there. Where it can't be told, that is why it failed.
		_ = r.tellRemoved(ctx, region.Name)
	}
	r.conclude(ctx, region, next)
}

// isComplete tells whether a Region has what is wanted of the primary's streams, and a number that grows as it gets
// more.
func (r *Replica) isComplete(region string, wanted records.Heads) (complete bool, has uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	complete = true
	for _, stream := range Streams() {
		s := r.sending[[2]string{stream, region}]
		if s == nil {
			return false, 0
		}
		s.mu.Lock()
		complete = complete && s.acked >= wanted[stream]
		has += s.acked + s.parts
		s.mu.Unlock()
	}
	return complete, has
}

// conclude writes how a change of Regions ended, as soon as KMS lets it.
func (r *Replica) conclude(ctx context.Context, from, to *Region) {
	for {
		keys, err := r.vault.keys(ctx)
		if err == nil {
			r.mu.Lock()
			delete(r.changes, from.Name)
			r.mu.Unlock()
			err = r.changeRegion(keys, from.Name, from, to)
		}
		var fault *awsjson.Fault
		if err == nil || errors.As(err, &fault) || !pause(ctx, retryLast) {
			return
		}
	}
}

// removal is what the primary tells a Region that it takes out.
type removal struct {
	Origin string `json:"origin"`
	Region string `json:"region"`
}

// finishRemoving tells the Region, for as long as a failed change takes, and strikes it from the list.
func (r *Replica) finishRemoving(ctx context.Context, region *Region) {
	if !pause(ctx, r.cfg.Behaviour.RemoveTime) {
		return
	}
	for since := time.Now(); r.tellRemoved(ctx, region.Name) != nil && time.Since(since) < r.cfg.Behaviour.FailedAdd; {
		if !pause(ctx, retryLast) {
			return
		}
	}
	r.conclude(ctx, region, nil)
}

func (r *Replica) tellRemoved(ctx context.Context, region string) error {
	_, err := r.post(ctx, region, "removed", removal{r.cfg.Region, region}, http.StatusNoContent)
	return err
}

// answerRemoval forgets everything but what was made in this Region: its applications come back with it.
func (r *Replica) answerRemoval(w http.ResponseWriter, req *http.Request) {
	var told removal
	if !r.readPush(w, req, &told) {
		return
	}
	if told.Origin != r.cfg.Instance.Primary || told.Region != r.cfg.Region || r.primary() {
		http.Error(w, "not a removal of this Region", http.StatusBadRequest)
		return
	}
	if err := r.leave(); err != nil {
		http.Error(w, "the records can't be removed", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *Replica) leave() error {
	streams := slices.DeleteFunc(Streams(), func(s string) bool { return s == StreamApplications })
	err := errors.Join(r.forgetOthersApplications(), r.store.Forget(streams...))
	for _, stream := range streams {
		err = errors.Join(err, r.store.PutPlain(plainEpoch+stream, []byte(newSecret())))
	}
	r.reading.Lock()
	r.known.Store(nil)
	r.reading.Unlock()
	r.stores.forget()
	r.mu.Lock()
	ctx := r.context
	r.mu.Unlock()
	if ctx != nil {
		r.senders(ctx)
	}
	return err
}

// forgetOthersApplications removes those that are connected to other Regions. It needs the key, as it was opened last:
// whoever has taken the key away as well leaves records that nobody can read.
func (r *Replica) forgetOthersApplications() (err error) {
	keys, c := r.vault.sessionKeys(), r.known.Load()
	if keys[keyCenter] == nil || c == nil {
		return nil
	}
	for _, region := range c.Regions {
		if region.Name != r.cfg.Region {
			_, failed := r.store.ApplySnapshot(keys, records.Log{Origin: region.Name, Stream: StreamApplications}, 0, nil)
			err = errors.Join(err, failed)
		}
	}
	return err
}
