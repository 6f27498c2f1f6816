package probes

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// Marker is an administrator who changes who is in a group, so that it can be told what the other Regions know of it.
// An attempt puts a user into a group of its own, to which nothing is assigned, and every other attempt takes an
// earlier one out again; it does so at home, which must be the primary Region, for the others refuse it. Meanwhile it
// asks every Region who is in the group. An attempt is good when what it changed was acknowledged; what the Regions
// have is recorded beside it, as Jepsen's set-full has it.
type Marker struct {
	world *harness.World
	set   markerSet

	making chan struct{} // held by the attempt that makes the group
	mu     sync.Mutex
	from   *harness.Place // where the group was made from
	home   string
	group  string // its id; empty: it isn't made yet
}

// NewMarker makes one.
func NewMarker() harness.Probe {
	return &Marker{making: make(chan struct{}, 1), set: newMarkerSet()}
}

// leastUsers is how many users it takes for some to be in the group for long and others to come and go.
const leastUsers = 4

// Journey of the administrator.
func (p *Marker) Journey() history.Journey { return history.Administer }

// Needs nothing but this process.
func (p *Marker) Needs() []string { return nil }

// Problems of the system: it needs users.
func (p *Marker) Problems(t harness.Topology) []harness.Problem {
	if t.Directory.Users >= leastUsers {
		return nil
	}
	return []harness.Problem{{Key: "kind", Sentence: "system.directory has too few users to put into a group and take " +
		"out of it again: it takes 4"}}
}

// Open keeps the world.
func (p *Marker) Open(_ context.Context, w *harness.World) error {
	p.world = w
	return nil
}

// closeLimit is how long the group may take to go.
const closeLimit = 5 * time.Second

// Close removes the group, and with it who is in it.
func (p *Marker) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.group == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	client, done := newClient(p.world, p.from)
	defer done()
	_, err := p.api(p.home, client).DeleteGroup(ctx, &identitystore.DeleteGroupInput{
		IdentityStoreId: aws.String(p.world.Operator.IdentityStore), GroupId: aws.String(p.group)})
	if gone, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && gone.HTTPStatusCode() == http.StatusNotFound {
		return nil
	}
	return err
}

// Try changes the group at home and asks every Region for it at the same time. It is over for its people when the last
// change was acknowledged, and returns when all Regions have answered.
func (p *Marker) Try(ctx context.Context, a *harness.Attempt) error {
	transport := newTransport(p.world, a.From)
	defer transport.CloseIdleConnections()
	u, err := newPerson(p.world, a, transport)
	if err != nil {
		return err
	}
	group, failed := p.ensure(ctx, u)
	if failed != nil {
		u.conclude(ctx, failed)
		return nil
	}
	var reading sync.WaitGroup
	for _, place := range p.world.Places {
		if place.Region {
			reading.Go(func() { p.read(ctx, a, place.Name, group) })
		}
	}
	defer reading.Wait()
	add, remove := p.set.next(a.Seq)
	if add == nil && remove == nil {
		a.GiveUp(history.ClassHarness, "of no user it is known any more whether they are in the group")
		return nil
	}
	failed = p.write(ctx, u, group, add, remove)
	u.conclude(ctx, failed)
	a.Ended = time.Now()
	return nil
}

// write makes the changes of one attempt.
func (p *Marker) write(ctx context.Context, u *person, group string, add, remove *membership) (failed *failure) {
	store := aws.String(p.world.Operator.IdentityStore)
	if add != nil {
		failed = p.change(ctx, u, history.MarkerAdd, add, func(ctx context.Context, api *identitystore.Client) error {
			said, err := api.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{IdentityStoreId: store,
				GroupId: aws.String(group), MemberId: &types.MemberIdMemberUserId{Value: add.user}})
			if err == nil {
				add.id = aws.ToString(said.MembershipId)
			}
			return err
		})
	}
	if remove == nil {
		return failed
	}
	also := p.change(ctx, u, history.MarkerRemove, remove, func(ctx context.Context, api *identitystore.Client) error {
		_, err := api.DeleteGroupMembership(ctx, &identitystore.DeleteGroupMembershipInput{IdentityStoreId: store,
			MembershipId: aws.String(remove.id)})
		return err
	})
	if failed == nil {
		failed = also
	}
	return failed
}

// change makes one change and records it.
func (p *Marker) change(
	ctx context.Context, u *person, what history.MarkerDo, m *membership,
	do func(context.Context, *identitystore.Client) error,
) *failure {
	began := time.Now()
	ctx, sent := tracing(ctx)
	err := do(ctx, p.api(u.a.Home, asking{u}))
	ended := time.Now()
	op := history.MarkerOp{Probe: u.a.Probe, Op: what, Marker: m.marker, Region: u.a.Home, Result: history.MarkerOK}
	var failed *failure
	if err != nil {
		failed, _ = u.unserved(err)
		op.Result, op.Detail = unwritten(err, sent.Load()), failed.detail
	}
	p.set.changed(what, m, op.Result)
	tell(u.a, op, began, ended)
	if failed == nil {
		u.region = u.a.Home
	}
	return failed
}

// unwritten is what became of a write that wasn't acknowledged. What was never sent, and what the service has refused
// for a reason of the caller's, has changed nothing; of all else nobody knows.
func unwritten(err error, sent bool) history.MarkerIs {
	answered, ok := errors.AsType[*smithyhttp.ResponseError](err)
	refused := ok && answered.HTTPStatusCode() >= http.StatusBadRequest &&
		answered.HTTPStatusCode() < http.StatusInternalServerError
	if !sent || refused {
		return history.MarkerFail
	}
	return history.MarkerInfo
}

// tracing tells afterwards whether anything of a request was sent.
func tracing(ctx context.Context) (context.Context, *atomic.Bool) {
	sent := new(atomic.Bool)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}), sent
}

// read asks a Region who is in the group and records it.
func (p *Marker) read(ctx context.Context, a *harness.Attempt, region, group string) {
	client, done := newClient(p.world, a.From)
	defer done()
	op := history.MarkerOp{Probe: a.Probe, Op: history.MarkerRead, Region: region, Result: history.MarkerOK}
	began := time.Now()
	pages := identitystore.NewListGroupMembershipsPaginator(p.api(region, client),
		&identitystore.ListGroupMembershipsInput{IdentityStoreId: aws.String(p.world.Operator.IdentityStore),
			GroupId: aws.String(group), MaxResults: aws.Int32(100)})
	var found []membership
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			op.Result, op.Detail = history.MarkerFail, unread(err)
			break
		}
		for _, m := range page.GroupMemberships {
			user, _ := m.MemberId.(*types.MemberIdMemberUserId)
			if user != nil {
				found = append(found, membership{id: aws.ToString(m.MembershipId), user: user.Value})
			}
		}
	}
	ended := time.Now()
	if op.Result == history.MarkerOK {
		op.Present = p.set.markers(found)
	} else if ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return // the run was stopped
	}
	tell(a, op, began, ended)
}

// unread says why a Region did not tell.
func unread(err error) string {
	if answered, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && answered.HTTPStatusCode() > 0 {
		return "it answered " + http.StatusText(answered.HTTPStatusCode())
	}
	_, what := classOf(err)
	return "it " + what
}

// tell records an operation.
func tell(a *harness.Attempt, op history.MarkerOp, began, ended time.Time) {
	if a.Tell == nil {
		return
	}
	a.Tell(func(at func(time.Time) history.Instant) history.Event {
		op.Began, op.Ended = at(began), at(ended)
		return history.Marked.Event(op.Ended, op)
	})
}

// api is the Identity Store of a Region.
func (p *Marker) api(region string, client identitystore.HTTPClient) *identitystore.Client {
	who := p.world.Operator
	return identitystore.New(identitystore.Options{Region: region, HTTPClient: client, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(who.AccessKeyID, who.Secret, "")})
}

// ensure makes the group, once. Who comes meanwhile waits for that.
func (p *Marker) ensure(ctx context.Context, u *person) (string, *failure) {
	select {
	case p.making <- struct{}{}:
		defer func() { <-p.making }()
	case <-ctx.Done():
		return "", &failure{history.ClassTimeout, "the group was not made in time"}
	}
	if group := p.made(); group != "" {
		return group, nil
	}
	api, store := p.api(u.a.Home, asking{u}), aws.String(p.world.Operator.IdentityStore)
	users, err := api.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: store, MaxResults: aws.Int32(100)})
	if err != nil {
		failed, _ := u.unserved(err)
		return "", failed
	}
	if len(users.Users) < leastUsers {
		return "", &failure{history.ClassWrongContent, "the identity store lists too few users"}
	}
	group, err := api.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: store,
		DisplayName: aws.String("regiondrill-" + u.a.Probe + "-" + rand.Text()[:8]),
		Description: aws.String("Made by a drill, which removes it when it ends. Nothing is assigned to it.")})
	if err != nil {
		failed, _ := u.unserved(err)
		return "", failed
	}
	for _, user := range users.Users {
		p.set.free = append(p.set.free, aws.ToString(user.UserId))
	}
	slices.Sort(p.set.free)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.group, p.from, p.home = aws.ToString(group.GroupId), u.a.From, u.a.Home
	return p.group, nil
}

func (p *Marker) made() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.group
}
