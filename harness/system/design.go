// Package system is the system under test: its design on paper, the network that it stands on, and how it is
// provisioned, whatever runs its parts. A target says who runs them: this process or containers.
package system

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Design is a system on paper: its ids, its people and how each part is set up. Whatever runs the parts, in this
// process or elsewhere, it is the same system for the same topology.
type Design struct {
	Topology  harness.Topology
	Instance  names.Instance
	People    []harness.Person
	Named     []harness.Person
	Directory identitycenter.Directory

	replicationKey []byte
}

// NewDesign draws a system from the topology's seed, all but the passwords and the key that its Regions share.
func NewDesign(t harness.Topology) *Design {
	org := newOrganization(t)
	return &Design{Topology: t, Instance: instance(t), People: org.people, Named: org.named, Directory: org.directory,
		replicationKey: []byte(rand.Text())}
}

// AdminKey is the access key of the account's administrator.
const AdminKey = "AKIALABADMINISTRATOR"

// Administrator is who makes the key and, in a lab that is kept standing, uses it: a user of the account with all that
// goes with that. The secret is no secret, for a lab is reached by nobody but who started it.
func (d *Design) Administrator() identitycenter.AccessKey {
	return identitycenter.AccessKey{ID: AdminKey, Secret: "administrator-of-a-regiondrill-lab-only",
		ARN: names.PartitionOf(d.Instance.Primary).ARN("iam", "", d.Instance.Account, "user/Operator")}
}

// KeyUsers are who asks KMS. Whoever plays it here tells them apart by their access keys, and verifies no signature.
func (d *Design) KeyUsers() []harness.KeyUser {
	admin := d.Administrator()
	users := []harness.KeyUser{{Name: harness.KeyOfOperator, AccessKeyID: admin.ID, Secret: admin.Secret}}
	for _, s := range identitycenter.Services(d.Instance) {
		name := harness.KeyOfCenter
		if s.AccessKey == identitycenter.IdentityStoreAccessKey {
			name = harness.KeyOfStore
		}
		users = append(users, harness.KeyUser{Name: name, AccessKeyID: s.AccessKey, Secret: "none", Context: s.Context})
	}
	return users
}

// SCIMToken is the token that the provider provisions with. Like the administrator's secret it is no secret: the lab is
// reached by nobody but who started it.
func (d *Design) SCIMToken() string { return "scim-of-a-regiondrill-lab-only-" + d.Instance.UUID }

// KMS is whose keys there are, and who asks for them.
func (d *Design) KMS() kms.Config {
	admin := d.Administrator()
	principals := map[string]string{admin.ID: admin.ARN}
	for _, s := range identitycenter.Services(d.Instance) {
		principals[s.AccessKey] = s.Principal
	}
	return kms.Config{Account: d.Instance.Account, CreatingFor: d.Topology.KMS.CreatingFor, Principals: principals}
}

// keyPolicy is the policy of the key's replica in a Region, in the account of whoever plays KMS.
func (d *Design) keyPolicy(region, account string) string {
	k := d.Topology.KMS
	return cmp.Or(k.Policies[region], k.Policy, kms.BaselinePolicy(region, account))
}

// IdP is the provider as its administrator has set it up: the ACS URLs registered, the bookmarks assigned.
func (d *Design) IdP(signer *pki.Signer) idp.Config {
	app := idp.App{Issuer: d.Instance.Issuer(), ACS: d.acs(d.Topology.IdP.ACS)}
	for _, region := range d.Topology.IdP.Bookmarks {
		app.Bookmarks = append(app.Bookmarks, idp.Bookmark{
			Region: region, Label: "AWS access portal", URL: d.Instance.PortalURL(region),
		})
	}
	var people []idp.Person
	for _, p := range slices.Concat(d.People, d.Named) {
		people = append(people, idp.Person{UserName: p.UserName, Password: p.Password, Secret: p.Secret})
	}
	set := d.Topology.IdP
	return idp.Config{Dialect: set.Dialect, Host: names.IdPHost(set.Dialect), Signer: signer, App: app, People: people,
		AlwaysDefaultACS: set.AlwaysDefaultACS, Reauthenticate: set.Reauthenticate}
}

// acs are assertion consumer services, as a scenario names them, as the provider knows them.
func (d *Design) acs(entries []string) []idp.ACS {
	var list []idp.ACS
	for i, entry := range entries {
		list = append(list, idp.ACS{URL: d.Instance.ACSOf(entry), Index: i})
	}
	return list
}

// Replica is the configuration of the i-th Region, all but the clients with which it reaches others. The key's ARN is
// that of its replica there.
func (d *Design) Replica(i int, trust identitycenter.IdPTrust, keyARN string) identitycenter.Config {
	t := d.Topology
	region := t.Regions()[i]
	return identitycenter.Config{
		Instance: d.Instance, Name: "acme", Region: region, Regions: t.Enabled(), IdP: trust,
		KeyID: keyARN, AccessKeys: []identitycenter.AccessKey{d.Administrator()}, SCIMToken: d.SCIMToken(),
		ReplicationKey: d.replicationKey,
		Seed:           t.Seed + uint64(i), Lag: t.Replication.Lag, Jitter: t.Replication.Jitter,
		Behaviour: behaviour(t),
	}
}

// behaviour is the service's as the topology has it.
func behaviour(t harness.Topology) identitycenter.Behaviour {
	b := identitycenter.Default()
	b.LegacyACS = t.Instance.LegacyACS
	b.SessionDuration = cmp.Or(t.Instance.SessionDuration, b.SessionDuration)
	said := t.Behaviour
	if said == (harness.BehaviourSettings{}) {
		return b
	}
	b.PrimaryOnlyError, b.KMSFaultStatus = said.PrimaryOnlyError, said.KMSFaultOnPortalAPI
	b.FailedAdd, b.AddPace, b.AssignmentTime, b.KMSCache = said.FailedAdd, said.AddPace, said.AssignmentTime, said.KMSCache
	b.Skew, b.Unsolicited, b.Expired = said.Skew, said.Unsolicited != "refuse", said.ExpiredCertificate == "accept"
	b.DualStackACS = said.PortalACS == names.ACSDualStack
	b.SessionHandOff, b.Quotas = said.SessionHandOff, said.Quotas
	return b
}

// Services are the services whose names are served.
func Services() []string {
	return append(identitycenter.ServiceNames(), "kms", "idp", names.VanityService, names.ConsoleService)
}

// Calls are the services of those whose calls rules can act on, each with its operations.
func Calls() map[string][]string {
	calls, served := fabric.Operations(), Services()
	maps.DeleteFunc(calls, func(service string, _ []string) bool { return !slices.Contains(served, service) })
	return calls
}
