package identitycenter

import (
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// Streams by which Regions replicate: who may write to which is in writers (IAM Identity Center User Guide, "Replicate
// IAM Identity Center to an additional Region").
const (
	StreamIdentities     = "identities"      // users, groups and memberships, from the primary
	StreamPermissionSets = "permission_sets" // permission sets, assignments and the accounts they are in, from the primary
	StreamConfiguration  = "configuration"   // the instance, its Regions, the identity provider, from the primary
	StreamApplications   = "applications"    // applications and who may use them, from the Region each is connected to
	StreamSessions       = "sessions"        // sessions, sign-outs and revocations, from where they happened
)

// Streams lists them. CLI authorizations are in none: they stay in their Region.
func Streams() []string {
	return []string{StreamConfiguration, StreamIdentities, StreamPermissionSets, StreamApplications, StreamSessions}
}

// fromPrimary tells whether a stream comes from the primary Region alone.
func fromPrimary(stream string) bool { return stream != StreamApplications && stream != StreamSessions }

// The data keys: what Identity Store keeps is under one of its own.
const (
	keyStore  = "identity store"
	keyCenter = "identity center"
)

// The kinds of records.
const (
	kindUser       = "user"
	kindGroup      = "group"
	kindMembership = "membership"
	kindSCIMToken  = "SCIM token" // serves where SCIM is, in the primary

	kindAccount       = "account"
	kindPermissionSet = "permission set"
	kindAssignment    = "assignment"

	kindInstance = "instance"
	kindRegion   = "region"
	kindProvider = "identity provider"

	kindApplication           = "application"
	kindApplicationAssignment = "application assignment"

	kindSession       = "session"
	kindSessionEnd    = "session end"
	kindRevocation    = "revocation"
	kindToken         = "portal token" // is valid in its Region alone
	kindClient        = "client"       // of the OIDC API, as all that it was allowed is valid in its Region alone
	kindAuthorization = "authorization"
	kindClientToken   = "client token"

	kindOperation = "operation" // that takes a while, in the primary
)

func kinds() []records.Kind {
	return []records.Kind{
		{Name: kindUser, Stream: StreamIdentities, Key: keyStore},
		{Name: kindGroup, Stream: StreamIdentities, Key: keyStore},
		{Name: kindMembership, Stream: StreamIdentities, Key: keyStore},
		{Name: kindSCIMToken, Key: keyStore},
		{Name: kindAccount, Stream: StreamPermissionSets, Key: keyCenter},
		{Name: kindPermissionSet, Stream: StreamPermissionSets, Key: keyCenter},
		{Name: kindAssignment, Stream: StreamPermissionSets, Key: keyCenter},
		{Name: kindInstance, Stream: StreamConfiguration, Key: keyCenter},
		{Name: kindRegion, Stream: StreamConfiguration, Key: keyCenter},
		{Name: kindProvider, Stream: StreamConfiguration, Key: keyCenter},
		{Name: kindApplication, Stream: StreamApplications, Key: keyCenter},
		{Name: kindApplicationAssignment, Stream: StreamApplications, Key: keyCenter},
		{Name: kindSession, Stream: StreamSessions, Key: keyCenter},
		{Name: kindSessionEnd, Stream: StreamSessions, Key: keyCenter},
		{Name: kindRevocation, Stream: StreamSessions, Key: keyCenter},
		{Name: kindToken, Key: keyCenter},
		{Name: kindClient, Key: keyCenter},
		{Name: kindAuthorization, Key: keyCenter},
		{Name: kindClientToken, Key: keyCenter},
		{Name: kindOperation, Key: keyCenter},
	}
}

// Indexes by which records are found.
const (
	indexName      = "name"       // of a user, in lower case, or a group, unique
	indexEmail     = "email"      // of users, in lower case, unique
	indexExternal  = "external"   // of users or groups: issuer and id, unique
	indexToken     = "token"      // of SCIM tokens, unique
	indexMember    = "member"     // of memberships: the user
	indexGroup     = "group"      // of memberships
	indexPrincipal = "principal"  // of assignments
	indexSet       = "set"        // of assignments
	indexPair      = "membership" // of memberships: group and user, unique

	indexApplication = "application" // of their assignments
)

// the is the id of what there is one of.
const the = "1"

// Membership is one user's being in one group.
type Membership struct {
	ID    string `json:"id"`
	Group string `json:"group"` // its ID
	User  string `json:"user"`  // its ID
	Stamp
}

// Region is one of the instance's Regions.
type Region struct {
	Name   string    `json:"name"`
	Status string    `json:"status"`
	Added  time.Time `json:"added"`
}

// RegionStatus as the API has it. There is none for a Region that could not be added.
const (
	RegionActive   = "ACTIVE"
	RegionAdding   = "ADDING"
	RegionRemoving = "REMOVING"
)

// putUser and the others write a record with what it is found by.
func putUser(tx *records.Tx, u *User) error {
	found := []records.Index{{Name: indexName, Value: strings.ToLower(u.Name), Unique: true}}
	for _, e := range u.Emails {
		found = append(found, records.Index{Name: indexEmail, Value: strings.ToLower(e.Value), Unique: true})
	}
	return tx.Put(kindUser, u.ID, u, append(found, externally(u.ExternalIDs)...)...)
}

func putGroup(tx *records.Tx, g *Group) error {
	bare := *g
	bare.Members = nil // each is a record of its own
	found := []records.Index{{Name: indexName, Value: g.Name, Unique: true}}
	return tx.Put(kindGroup, g.ID, bare, append(found, externally(g.ExternalIDs)...)...)
}

func externally(ids []ExternalID) (found []records.Index) {
	for _, e := range ids {
		found = append(found, records.Index{Name: indexExternal, Value: e.index(), Unique: true})
	}
	return found
}

func (e *ExternalID) index() string { return e.Issuer + "\x00" + e.ID }

func putMembership(tx *records.Tx, m *Membership) error {
	return tx.Put(kindMembership, m.ID, m,
		records.Index{Name: indexPair, Value: m.Group + " " + m.User, Unique: true},
		records.Index{Name: indexGroup, Value: m.Group}, records.Index{Name: indexMember, Value: m.User})
}

func putAssignment(tx *records.Tx, a *Assignment) error {
	return tx.Put(kindAssignment, a.id(), a, records.Index{Name: indexPrincipal, Value: a.Principal},
		records.Index{Name: indexSet, Value: a.PermissionSet})
}

func (a *Assignment) id() string { return a.Account + "/" + a.PermissionSet + "/" + a.Principal }

// get reads a record that must be there.
func get[T any](tx *records.Tx, kind, id string) (*T, error) {
	v := new(T)
	found, err := tx.Get(kind, id, v)
	if err == nil && !found {
		err = fmt.Errorf("there is no %s %q", kind, id)
	}
	return v, err
}
