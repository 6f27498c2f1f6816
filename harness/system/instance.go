package system

import (
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

// addLimit is how long an administrator waits for an answer.
const addLimit = 10 * time.Second

// AddRegion replicates the instance to another Region, and waits until that is ACTIVE.
func (i *instanceHandle) AddRegion(ctx context.Context, from, region string) error {
	admin, primary := i.site.Administrator(), i.site.Topology.Primary
	ask := ssoadmin.New(ssoadmin.Options{Region: primary, HTTPClient: i.site.fresh(from), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(admin.ID, admin.Secret, "")})
	limited, cancel := context.WithTimeout(ctx, addLimit)
	defer cancel()
	_, err := ask.AddRegion(limited, &ssoadmin.AddRegionInput{InstanceArn: aws.String(i.site.Instance.ARN()),
		RegionName: aws.String(region)})
	if err != nil {
		return &harness.Refusal{Err: err}
	}
	return i.primary.Call(ctx, "region_added", region, nil)
}

// RemoveRegion takes a Region out of the instance, and waits until it is gone.
func (i *instanceHandle) RemoveRegion(ctx context.Context, region string) error {
	return i.primary.Call(ctx, "remove_region", region, nil)
}
