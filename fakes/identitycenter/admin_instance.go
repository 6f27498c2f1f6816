package identitycenter

import (
	"context"
	"regexp"

	"github.com/regiondrill/regiondrill/fakes/records"
)

type regionMetadata struct {
	RegionName      string
	Status          string
	AddedDate       seconds
	IsPrimaryRegion bool
}

func (r *Replica) regionMetadata(of *Region) regionMetadata {
	return regionMetadata{of.Name, of.Status, seconds(of.Added), of.Name == r.cfg.Instance.Primary}
}

type instanceMetadata struct {
	InstanceArn      string
	IdentityStoreId  string
	IdentityStoreArn string
	OwnerAccountId   string
	Name             string `json:",omitempty"`
	CreatedDate      seconds
	Status           string
	PrimaryRegion    string
	Regions          []regionMetadata
}

func (r *Replica) instanceMetadata(c *configuration) instanceMetadata {
	i := r.cfg.Instance
	out := instanceMetadata{
		InstanceArn: i.ARN(), IdentityStoreId: i.DirectoryID, IdentityStoreArn: i.IdentityStoreARN(),
		OwnerAccountId: i.Account, Name: c.Instance.Name, CreatedDate: seconds(c.Instance.Created), Status: "ACTIVE",
		PrimaryRegion: i.Primary,
	}
	for _, region := range c.Regions {
		out.Regions = append(out.Regions, r.regionMetadata(&region))
	}
	return out
}

type listInstancesIn struct {
	paging
	RegionScope string
}

type listInstancesOut struct {
	Instances []instanceMetadata
	NextToken *string
}

// listInstances lists the instance where it is enabled: the default scope is what this Region has. A Region that it was
// not replicated to knows nothing of it.
func (r *Replica) listInstances(ctx context.Context, in *listInstancesIn) (*listInstancesOut, error) {
	if in.RegionScope != "" && !isOne(in.RegionScope, "CURRENT_REGION", "ALL_REGIONS") {
		return nil, invalid("RegionScope must be CURRENT_REGION or ALL_REGIONS.")
	}
	out := &listInstancesOut{Instances: []instanceMetadata{}}
	c, err := r.configuration(ctx)
	if err == errEmpty { //nolint:errorlint // it is never wrapped
		return out, nil
	}
	if err == nil {
		out.Instances = append(out.Instances, r.instanceMetadata(c))
	}
	return out, err
}

type instanceIn struct{ InstanceArn string }

type encryptionDetails struct {
	EncryptionStatus string
	KeyType          string
	KmsKeyArn        string `json:",omitempty"`
}

type describeInstanceOut struct {
	instanceMetadata
	EncryptionConfigurationDetails encryptionDetails
	PermissionSetsEnabled          bool
}

const (
	keyOfAWS    = "AWS_OWNED_KMS_KEY"
	keyCustomer = "CUSTOMER_MANAGED_KEY"
)

func (r *Replica) describeInstance(ctx context.Context, in *instanceIn) (*describeInstanceOut, error) {
	if err := r.ofInstance(in.InstanceArn); err != nil {
		return nil, err
	}
	c, err := r.configuration(ctx)
	if err != nil {
		return nil, err
	}
	key := encryptionDetails{c.Instance.EncryptionStatus, keyCustomer, c.Instance.KeyARN}
	if key.KmsKeyArn == "" {
		key.KeyType = keyOfAWS
	}
	return &describeInstanceOut{r.instanceMetadata(c), key, c.Instance.PermissionSets}, nil
}

type updateInstanceIn struct {
	InstanceArn             string
	Name                    *string
	PermissionSetsEnabled   *bool
	EncryptionConfiguration *struct {
		KeyType   string
		KmsKeyArn string
	}
}

var instanceName = regexp.MustCompile(`^[\w+=,.@-]{0,255}$`)

// updateInstance changes the name, the key, or whether there are permission sets: of the last two one in a call, and
// permission sets that are there stay. A key is checked when it is configured, and never again.
func (r *Replica) updateInstance(ctx context.Context, in *updateInstanceIn) (struct{}, error) {
	none := struct{}{}
	key := in.EncryptionConfiguration
	switch {
	case key != nil && in.PermissionSetsEnabled != nil:
		return none, invalid("EncryptionConfiguration and PermissionSetsEnabled can't be changed in one call.")
	case in.PermissionSetsEnabled != nil && !*in.PermissionSetsEnabled:
		return none, invalid("Permission sets can't be disabled.")
	case key != nil && !isOne(key.KeyType, keyOfAWS, keyCustomer):
		return none, invalid("KeyType must be %s or %s.", keyOfAWS, keyCustomer)
	case in.Name != nil && !instanceName.MatchString(*in.Name):
		return none, invalid("Name must be at most 255 letters, digits or characters of +=,.@-_.")
	}
	if key != nil {
		if err := r.checkNewKey(ctx, key.KeyType, key.KmsKeyArn); err != nil {
			return none, err
		}
	}
	return none, r.change(ctx, in.InstanceArn, func(tx *records.Tx) error {
		i, err := get[instanceState](tx, kindInstance, the)
		if err != nil {
			return err
		}
		if in.Name != nil {
			i.Name = *in.Name
		}
		if in.PermissionSetsEnabled != nil {
			i.PermissionSets = true
		}
		if key != nil {
			i.KeyARN, i.EncryptionStatus = key.KmsKeyArn, "ENABLED"
		}
		return tx.Put(kindInstance, the, i)
	})
}

// checkNewKey refuses a key that one of the Regions' services can't use: the old one stays then.
func (r *Replica) checkNewKey(ctx context.Context, kind, arn string) error {
	c, err := r.configuration(ctx)
	switch {
	case err != nil:
		return err
	case kind == keyOfAWS && len(c.Regions) > 1:
		return invalid("An instance of several Regions needs a customer managed multi-Region key.")
	case kind == keyOfAWS:
		return invalid("An instance that has a customer managed key in this lab keeps one.")
	}
	for _, region := range c.Regions {
		if err := r.usableIn(ctx, region.Name, arn); err != nil {
			return err
		}
	}
	if arn != c.Instance.KeyARN {
		return invalid("The key of a lab is made with it, and can't be another.")
	}
	return nil
}

type regionIn struct{ InstanceArn, RegionName string }

type regionStatus struct{ Status string }

func (r *Replica) addRegion(ctx context.Context, in *regionIn) (*regionStatus, error) {
	if err := r.ofInstance(in.InstanceArn); err != nil {
		return nil, err
	}
	region, err := r.AddRegion(ctx, in.RegionName)
	return &regionStatus{region.Status}, err
}

func (r *Replica) removeRegion(ctx context.Context, in *regionIn) (*regionStatus, error) {
	if err := r.ofInstance(in.InstanceArn); err != nil {
		return nil, err
	}
	region, err := r.RemoveRegion(ctx, in.RegionName)
	return &regionStatus{region.Status}, err
}

func (r *Replica) describeRegion(ctx context.Context, in *regionIn) (*regionMetadata, error) {
	if err := r.ofInstance(in.InstanceArn); err != nil {
		return nil, err
	}
	c, err := r.configuration(ctx)
	if err != nil {
		return nil, err
	}
	region := c.region(in.RegionName)
	if region == nil {
		return nil, notFound("The Region %s is none of the instance's.", in.RegionName)
	}
	out := r.regionMetadata(region)
	return &out, nil
}

type listRegionsIn struct {
	paging
	InstanceArn string
}

type listRegionsOut struct {
	Regions   []regionMetadata
	NextToken string `json:",omitempty"`
}

func (r *Replica) listRegions(ctx context.Context, in *listRegionsIn) (*listRegionsOut, error) {
	out := &listRegionsOut{Regions: []regionMetadata{}}
	return out, r.read(ctx, in.InstanceArn, func(tx *records.Tx) (err error) {
		out.NextToken, err = listed(tx, &in.paging, kindRegion, nil, func(_ string, region *Region) {
			out.Regions = append(out.Regions, r.regionMetadata(region))
		})
		return err
	})
}
