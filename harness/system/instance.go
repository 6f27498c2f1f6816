package system

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/harness"
)

// instanceHandle is the handle on the Identity Center instance, as its administrator has it: a harness.Instance.
type instanceHandle struct {
	site    *Site
	primary control.Caller
}

// askLimit is how long an administrator waits for an answer.
const askLimit = 10 * time.Second

// AddRegion replicates the instance to another Region, and waits until that is ACTIVE.
func (i *instanceHandle) AddRegion(ctx context.Context, a harness.Asked, region string) error {
	err := i.ask(ctx, a, func(ctx context.Context, admin *ssoadmin.Client, instance *string) error {
		_, err := admin.AddRegion(ctx, &ssoadmin.AddRegionInput{InstanceArn: instance, RegionName: aws.String(region)})
		return err
	})
	if err != nil {
		return err
	}
	return i.primary.Call(ctx, "region_added", region, nil)
}

// RemoveRegion takes a Region out of the instance, and waits until it is gone.
func (i *instanceHandle) RemoveRegion(ctx context.Context, a harness.Asked, region string) error {
	err := i.ask(ctx, a, func(ctx context.Context, admin *ssoadmin.Client, instance *string) error {
		_, err := admin.RemoveRegion(ctx, &ssoadmin.RemoveRegionInput{InstanceArn: instance, RegionName: aws.String(region)})
		return err
	})
	if err != nil {
		return err
	}
	return i.TakeOut(ctx, region)
}

// ask asks a Region's API once, as its administrator from a vantage. That it isn't done is a refusal.
func (i *instanceHandle) ask(
	ctx context.Context, a harness.Asked, call func(context.Context, *ssoadmin.Client, *string) error,
) error {
	admin, at := i.site.Administrator(), cmp.Or(a.At, i.site.Topology.Primary)
	client := ssoadmin.New(ssoadmin.Options{Region: at, HTTPClient: i.site.fresh(a.From), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(admin.ID, admin.Secret, "")})
	limited, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	if err := call(limited, client, aws.String(i.site.Instance.ARN())); err != nil {
		return &harness.Refusal{Err: err}
	}
	return nil
}

// TakeOut takes a Region out of the instance, and waits until it is gone.
func (i *instanceHandle) TakeOut(ctx context.Context, region string) error {
	return i.primary.Call(ctx, "remove_region", region, nil)
}

// PutIn makes a Region one of the instance's, and waits until it serves people.
func (i *instanceHandle) PutIn(ctx context.Context, region string) error {
	return i.primary.Call(ctx, "add_region", region, nil)
}
