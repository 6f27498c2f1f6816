package identitycenter

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
)

// identityStoreService is what Identity Store is called in signatures and policies; its operations are called by their
// names after identityStoreTarget.
const (
	identityStoreService = "identitystore"
	identityStoreTarget  = "AWSIdentityStore"
)

// identityStoreOperation is one of its operations (Identity Store API Reference, 2020-06-15).
type identityStoreOperation struct {
	name  string
	write bool // works in the primary Region alone
	do    func(*Replica) awsjson.Operation
}

// identityStoreOperations are all that there are. In additional Regions those that write are refused (IAM Identity
// Center User Guide, "API support in additional Regions").
func identityStoreOperations() []identityStoreOperation {
	return []identityStoreOperation{
		{"CreateUser", true, storeOperation((*storeCall).createUser)},
		{"DescribeUser", false, storeOperation((*storeCall).describeUser)},
		{"UpdateUser", true, storeOperation((*storeCall).updateUser)},
		{"DeleteUser", true, storeOperation((*storeCall).deleteUser)},
		{"ListUsers", false, storeOperation((*storeCall).listUsers)},
		{"GetUserId", false, storeOperation((*storeCall).getUserID)},
		{"CreateGroup", true, storeOperation((*storeCall).createGroup)},
		{"DescribeGroup", false, storeOperation((*storeCall).describeGroup)},
		{"UpdateGroup", true, storeOperation((*storeCall).updateGroup)},
		{"DeleteGroup", true, storeOperation((*storeCall).deleteGroup)},
		{"ListGroups", false, storeOperation((*storeCall).listGroups)},
		{"GetGroupId", false, storeOperation((*storeCall).getGroupID)},
		{"CreateGroupMembership", true, storeOperation((*storeCall).createMembership)},
		{"DescribeGroupMembership", false, storeOperation((*storeCall).describeMembership)},
		{"DeleteGroupMembership", true, storeOperation((*storeCall).deleteMembership)},
		{"GetGroupMembershipId", false, storeOperation((*storeCall).getMembershipID)},
		{"ListGroupMemberships", false, storeOperation((*storeCall).listMemberships)},
		{"ListGroupMembershipsForMember", false, storeOperation((*storeCall).listMembershipsOf)},
		{"IsMemberInGroups", false, storeOperation((*storeCall).isMember)},
		{"DescribeIdentityStore", false, storeOperation((*storeCall).describeStore)},
		{"ListIdentityStores", false, storeOperation((*storeCall).listStores)},
	}
}

// identityStoreRate is how many calls of each operation a second the store answers (IAM Identity Center User Guide,
// "IAM Identity Center quotas"). Each Region has its own.
const identityStoreRate = 20

func (r *Replica) identityStoreHandler(string) http.Handler {
	operations := map[string]awsjson.Operation{}
	for _, o := range identityStoreOperations() {
		operations[o.name] = r.signed(identityStoreService, o.name, r.storeGate(o))
	}
	return awsjson.Handler(identityStoreTarget, func(name string) awsjson.Operation { return operations[name] })
}

// storeGate refuses calls that are too many or in the wrong Region, and gives every fault the id of its request.
func (r *Replica) storeGate(o identityStoreOperation) awsjson.Operation {
	do := o.do(r)
	return func(req *http.Request, body []byte) (any, error) {
		var said any
		var err error
		switch {
		case r.cfg.Behaviour.Quotas && !r.quotas.take(identityStoreService+o.name, identityStoreRate, r.now()):
			err = &awsjson.Fault{Status: http.StatusTooManyRequests, Code: "ThrottlingException",
				Message: "Rate exceeded", More: map[string]any{"RetryAfterSeconds": 1}}
		case o.write && !r.primary():
			err = r.primaryOnly()
		default:
			said, err = do(req, body)
		}
		return said, withRequestID(asStoreFault(err))
	}
}

// storeCall is one call of Identity Store, by SCIM too.
type storeCall struct {
	*Replica
	keys records.Keys
	by   string // who is recorded to have made what it makes
}

// storeInput is what every operation but one is asked of.
type storeInput struct {
	IdentityStoreID string `json:"IdentityStoreId"`
}

func (i *storeInput) store() string { return i.IdentityStoreID }

// storeOperation makes an operation of a function with typed input. Identity Store's data key is opened for it, and
// Identity Center's isn't.
func storeOperation[A any, R any](do func(*storeCall, *A) (R, error)) func(*Replica) awsjson.Operation {
	return func(r *Replica) awsjson.Operation {
		return awsjson.To(func(req *http.Request, input *A) (none R, _ error) {
			if of, ok := any(input).(interface{ store() string }); ok {
				if id := of.store(); id != r.cfg.Instance.DirectoryID && id != r.cfg.Instance.IdentityStoreARN() {
					return none, noSuch("IDENTITY_STORE", id)
				}
			}
			c, err := r.storeCall(req.Context(), callerOf(req.Context()).ARN)
			if err != nil {
				return none, err
			}
			return do(c, input)
		})
	}
}

func (r *Replica) storeCall(ctx context.Context, by string) (*storeCall, error) {
	if _, err := r.configuration(ctx); err != nil {
		return nil, err
	}
	key, err := r.vault.store.key(ctx)
	if err != nil {
		return nil, err
	}
	return &storeCall{r, records.Keys{keyStore: key}, by}, nil
}

func (c *storeCall) view(do func(*records.Tx) error) error { return c.Replica.store.View(c.keys, do) }

func (c *storeCall) change(do func(*records.Tx) error) error { return c.update(c.keys, do) }

// arn of what is in the store: a user, a group or a membership.
func (c *storeCall) arn(kind, id string) string { return c.cfg.Instance.IdentityARN(kind, id) }

// noSuch is what is said of what there is none of.
func noSuch(kind, id string) error {
	f := awsjson.NewFault(http.StatusNotFound, "ResourceNotFoundException", "%s not found.", kind)
	f.More = map[string]any{"ResourceType": kind}
	if id != "" {
		f.More["ResourceId"] = id
	}
	return f
}

// duplicate is what is said of what there may be one of.
func duplicate(message string) error {
	f := awsjson.NewFault(http.StatusConflict, "ConflictException", "%s", message)
	f.Reason = "UNIQUENESS_CONSTRAINT_VIOLATION"
	return f
}

// duplicates are what is told of a unique value that another has (IAM Identity Center User Guide, "Logging IAM Identity
// Center SCIM API calls", for that of groups; the others are like it).
var duplicates = map[string]string{
	kindUser + indexName: "Duplicate UserName", kindUser + indexEmail: "Duplicate Email",
	kindUser + indexExternal: "Duplicate ExternalId", kindGroup + indexName: "Duplicate GroupDisplayName",
	kindGroup + indexExternal:  "Duplicate ExternalId",
	kindMembership + indexPair: "Member and Group relationship already exists.",
}

// storeReasons spells what is wrong with a key as Identity Store does, who spells it otherwise than Identity Center.
var storeReasons = map[string]string{
	"KMS_AccessDeniedException": "KMS_ACCESS_DENIED", "KMS_ThrottlingException": "KMS_THROTTLING",
	"KMS_NotFoundException": "KMS_KEY_NOT_FOUND", "KMS_DisabledException": "KMS_DISABLED",
	"KMS_InvalidStateException": "KMS_INVALID_STATE", "KMS_InvalidKeyUsageException": "KMS_INVALID_KEY_USAGE",
	"KMS_InvalidArnException": "KMS_INVALID_ARN",
}

// asStoreFault is how Identity Store says what went wrong.
func asStoreFault(err error) error {
	var kms *errKMS
	var taken *records.ErrTaken
	f := new(awsjson.Fault)
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.As(err, &kms) && kms.refused && errors.As(keyFault(kms.err), &f):
		f.Reason = storeReasons[f.Reason]
		return f
	case errors.As(err, &taken):
		return duplicate(duplicates[taken.Kind+taken.Index])
	case errors.Is(err, errEmpty):
		return noSuch("IDENTITY_STORE", "")
	}
	f = awsjson.NewFault(http.StatusInternalServerError, "InternalServerException", "The service is at fault.")
	f.More = map[string]any{"RetryAfterSeconds": 1}
	return f
}

// withRequestID gives a fault the id of its request.
func withRequestID(err error) error {
	f := new(awsjson.Fault)
	if !errors.As(err, &f) {
		return err
	}
	with := *f
	with.More = map[string]any{"RequestId": newID()}
	for k, v := range f.More {
		with.More[k] = v
	}
	return &with
}

// newID is a UUID of random bits (RFC 9562, version 4).
func newID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return uuidOf(b)
}

// resource is the id of something that was named by its id or by its ARN.
func resource(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name[strings.LastIndexByte(name, '/')+1:]
	}
	return name
}

// storeDescription is the answer of DescribeIdentityStore; the lab's store takes calls from every network.
type storeDescription struct {
	IdentityStoreARN     string          `json:"IdentityStoreArn"`
	IdentityStoreID      string          `json:"IdentityStoreId"`
	NetworkConfiguration map[string]bool `json:"NetworkConfiguration,omitempty"`
}

func (c *storeCall) describeStore(*storeInput) (*storeDescription, error) {
	return &storeDescription{c.cfg.Instance.IdentityStoreARN(), c.cfg.Instance.DirectoryID,
		map[string]bool{"VpceAccessRequired": false}}, nil
}

type storeList struct{ IdentityStores []storeDescription }

func (c *storeCall) listStores(*storePaging) (*storeList, error) {
	i := c.cfg.Instance
	return &storeList{[]storeDescription{{IdentityStoreARN: i.IdentityStoreARN(), IdentityStoreID: i.DirectoryID}}}, nil
}
