package system

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// access is the handle on who may sign in: a harness.Access.
type access struct {
	site     *Site
	idp      control.Caller          // nil where the provider is an external one
	replicas map[string]control.Fake // by Region; filled before anything is asked
	push     *idp.Push
}

func newAccess(s *Site, provider control.Caller, replicas map[string]control.Fake) *access {
	dialect := s.Topology.IdP.Dialect
	if s.Topology.IdP.External != nil {
		dialect = ""
	}
	return &access{site: s, idp: provider, replicas: replicas, push: &idp.Push{Dialect: dialect,
		Client: s.fresh(names.IdPPlace), Base: s.Instance.SCIMURL(), Token: s.SCIMToken()}}
}

// fresh is a client from a place that connects anew for each request, so that it meets what the network does now.
func (s *Site) fresh(place string) *http.Client {
	client := s.Client(place)
	client.Transport.(*http.Transport).DisableKeepAlives = true
	return client
}

// Disable deactivates somebody at the identity provider.
func (a *access) Disable(ctx context.Context, person string, disabled bool) (bool, error) {
	if a.idp == nil {
		return false, &harness.Refusal{Err: errors.New("an external identity provider is its administrators' to change")}
	}
	var before idp.Disablement
	asked := idp.Disablement{UserName: person + names.UserDomain, Disabled: disabled}
	err := a.idp.Call(ctx, "disable_user", asked, &before)
	return before.Disabled, err
}

// askPushEvery is how soon a push goes on after whatever has stopped it is gone.
const askPushEvery = 50 * time.Millisecond

// AwaitPush asks the provider again and again.
func (a *access) AwaitPush(ctx context.Context) error {
	if a.idp == nil {
		return nil
	}
	ticks := time.NewTicker(askPushEvery)
	defer ticks.Stop()
	for {
		var stopped []string
		if err := a.idp.Call(ctx, "stopped", nil, &stopped); err == nil && len(stopped) == 0 {
			return nil
		} else if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return &harness.Refusal{Err: errors.New("the identity provider's push was stopped to the end")}
		}
	}
}

// Provision pushes by SCIM that somebody is active, or isn't.
func (a *access) Provision(ctx context.Context, person string, active bool) error {
	if err := a.push.Enable(ctx, person+names.UserDomain, active); err != nil {
		return &harness.Refusal{Err: err}
	}
	return nil
}

// Revoke ends somebody's sessions. A Region that isn't of the instance, or whose replica is away, does it for nobody.
func (a *access) Revoke(ctx context.Context, region, person string) error {
	if a.replicas[region] == nil {
		return fmt.Errorf("there is no Region %s", region)
	}
	if err := a.replicas[region].Call(ctx, "revoke", person+names.UserDomain, nil); err != nil {
		return &harness.Refusal{Err: fmt.Errorf("revoking sessions on the pages of %s: %w", region, err)}
	}
	return nil
}

// Enter asks STS whom the administrator's access key is.
func (a *access) Enter(ctx context.Context, from, region string) error {
	admin := a.site.Administrator()
	ask := sts.New(sts.Options{Region: region, HTTPClient: a.site.fresh(from), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(admin.ID, admin.Secret, "")})
	if _, err := ask.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		return &harness.Refusal{Err: err}
	}
	return nil
}
