// Package scenario is the first of the three records: what was asked. It reads the YAML as Go values, strictly: a drill
// that ran something other than what its author meant is worse than none, so every mistake of a file is told at once,
// with line and column and what was probably meant, before anything is started.
//
// What a kind of probe, fault or check has of its own stays a Block until the kind's struct reads it with Into; this
// package knows no kind. Whether Regions, vantages and targets exist is for the engine to say, through Block.Errorf.
package scenario

import (
	"fmt"
	"io"
	"time"
)

// SchemaVersion is the version of the language, the value of the key schema.
const SchemaVersion = "regiondrill.scenario/v1"

// Scenario is one file.
type Scenario struct {
	Schema  string   `yaml:"schema" required:"true" enum:"regiondrill.scenario/v1" doc:"version of the scenario language"`
	Extends string   `yaml:"extends" example:"primary-region-outage" doc:"a file, or a scenario that comes with the program, of which this one says what is different: blocks are joined key by key; probes, faults, actions and checks entry by entry, by their names, or a check without one by what it asks of whom, and an entry that is given another kind keeps nothing of the old one's own keys; any other list replaces the one there, and an empty one leaves out all"`
	Name    string   `yaml:"name" required:"true" form:"name" doc:"names the drill in its folder, its report and its metrics"`
	About   string   `yaml:"about" doc:"what the drill is to show, for whoever reads the report"`
	Tags    []string `yaml:"tags" form:"name" unique:"true" doc:"to run several scenarios at once: run tag:NAME"`
	Seed    uint64   `yaml:"seed" doc:"seeds people, keys, ids and jitter; the phase of each probe's schedule is drawn anew each run"`

	System   System    `yaml:"system" required:"true" doc:"what is provisioned: an instance of IAM Identity Center and its identity provider"`
	Vantages []Vantage `yaml:"vantages" required:"true" doc:"where people sit"`

	WarmUp time.Duration `yaml:"warm_up" max:"1h" doc:"people sign in this long before time zero; it must go well"`
	Settle time.Duration `yaml:"settle" max:"24h" doc:"people go on this long after the last fault has ended"`

	Probes  []Probe  `yaml:"probes" required:"true" doc:"who signs in, how and how often"`
	Faults  []Fault  `yaml:"faults" doc:"what is taken away, when and for how long"`
	Actions []Action `yaml:"actions" doc:"what an operator or an automation does, and when"`
	Checks  []Check  `yaml:"checks" doc:"the objectives"`

	AbortIf []AbortIf `yaml:"abort_if" example:"[{probe: staff, availability_below: 0.2, over: 10s}]" doc:"when to stop at once and heal everything: the drill is then unknown"`

	Repeat Repeat `yaml:"repeat" example:"{times: 20}|{times: 100, until: {confidence: 0.95, met: 0.9}}" doc:"how often the drill is run, each time by another seed and with its faults at another phase of whatever is periodic; if not said, once, with its faults as said. run --repeat says otherwise"`

	Vary []Draw `yaml:"vary" example:"[{path: probes.staff.steer.after, from: 1s, to: 5s}, {path: system.idp.dialect, one_of: [okta, entra]}]" doc:"what is drawn anew for each drill that is simulated; run has no part in it"`

	Block  Block             // the whole file
	Source []byte            // the file's bytes as given, before any --set
	File   string            // the name it was read under
	Sets   []Set             // the flags applied, in order
	Vars   map[string]string // the variables that stood in it, by their values

	// Unread are the lists, by their keys, that were not read whole, for a mistake that was told: whether they hold a name
	// that something refers to can't be said. So is "system" where its Regions were not.
	Unread map[string]bool
}

// System is what is provisioned: one instance of IAM Identity Center, its Regions and its identity provider.
type System struct {
	Primary      string        `yaml:"primary" required:"true" form:"region" doc:"the instance's primary Region"`
	Additional   []string      `yaml:"additional" unique:"true" form:"region" doc:"Regions the instance is replicated to"`
	Standby      []string      `yaml:"standby" unique:"true" form:"region" doc:"Regions with a replica of the key, which the action add_region replicates the instance to"`
	Account      string        `yaml:"account" example:"111122223333" doc:"the management account, 12 digits; if not said, drawn by the seed"`
	Directory    Directory     `yaml:"directory" doc:"people and what they may use"`
	Applications []Application `yaml:"applications" example:"[{name: Wiki, region: us-east-1}]" doc:"tiles of everybody's portal, each connected to a Region"`
	IdP          IdP           `yaml:"idp" example:"{dialect: entra, mfa: totp}|{dialect: external, metadata: acme-idp.xml, passwords: passwords.txt, url: 'http://127.0.0.1:8080', hosts: [static.acme.test]}" doc:"the identity provider"`
	Replication  Replication   `yaml:"replication" doc:"from the primary to the additional Regions"`
	Instance     Instance      `yaml:"instance" example:"{session_duration: 1h, legacy_acs: true}" doc:"the instance of IAM Identity Center, as its administrator has set it up"`
	Vanity       Vanity        `yaml:"vanity" example:"{host: access.acme.test}|{host: access.acme.test, check_every: 10s, unhealthy_after: 3, ttl: 60s}" doc:"a host name of your own at which people start, and which leads them to the portal of a Region that is well; if not said, there is none"`
	Behaviour    Behaviour     `yaml:"behaviour" example:"{kms_cache: 5m, unsolicited: refuse}" doc:"what AWS does not document, and the lab therefore lets you say"`
	KMS          KMS           `yaml:"kms" example:"{backend: embedded, creating_for: 10s}|{backend: localstack, image: localstack/localstack:4.14.0}|{backend: endpoint, url: 'http://kms.test:4566'}" doc:"the key that encrypts the instance's data"`
}

// Regions are the primary, then the additional ones, then those that stand by.
func (s *System) Regions() []string {
	return append(append([]string{s.Primary}, s.Additional...), s.Standby...)
}

// Directory says how many of each the identity store has: user-001 and so on.
type Directory struct {
	Users          int `yaml:"users" min:"1" max:"100000" doc:"attempt k signs in as user 1 + k mod users"`
	Groups         int `yaml:"groups" min:"1" max:"10000" doc:"groups of users"`
	Accounts       int `yaml:"accounts" min:"1" max:"10000" doc:"AWS accounts"`
	PermissionSets int `yaml:"permission_sets" min:"1" max:"10000" doc:"permission sets"`

	People []Person `yaml:"people" example:"{leaver: {groups: [group-01]}}" doc:"more people, by name, whom only actions and probes with as use"`
}

// Person is somebody with a name of their own in a directory.
type Person struct {
	Name   string   `yaml:",key"`
	Groups []string `yaml:"groups" unique:"true" example:"[group-02]" doc:"those they are in: group-01 and so on; the first decides which account they must see; if not said, group-01"`

	Block Block
}

// Application is assigned to everybody and shown by the portals of all Regions; it begins in the one that it is
// connected to.
type Application struct {
	Name   string `yaml:"name" required:"true" example:"Wiki" doc:"what its tile says"`
	Region string `yaml:"region" required:"true" form:"region" doc:"the Region that it is connected to, and begins in"`
}

// IdP is the SAML identity provider as its administrator has set it up.
type IdP struct {
	Dialect   string   `yaml:"dialect" enum:"okta,entra,external" doc:"whose behaviour it shows: Okta's or Entra ID's; or external: a provider of your own signs people in"`
	ACS       []string `yaml:"acs" unique:"true" form:"acs" example:"[us-east-1, eu-west-1]|[us-east-1/legacy, eu-west-1/dual_stack]" doc:"Regions whose ACS URL is registered, the first is the default; behind a slash the form of the URL, if not ipv4: dual_stack, or legacy of the primary; if not said, all Regions"`
	Bookmarks []string `yaml:"bookmarks" unique:"true" form:"region" doc:"Regions whose portal has a bookmark on the IdP's dashboard"`
	MFA       string   `yaml:"mfa" enum:"none,totp" doc:"what people are asked for beside their password: nothing, or the code of an authenticator app"`

	AlwaysDefaultACS bool `yaml:"always_default_acs" example:"true" doc:"whether it answers at the default ACS whichever it is asked for, as some providers do"`
	Reauthenticate   bool `yaml:"reauthenticate" example:"true" doc:"whether people must sign in anew for each Region, because their session at the provider counts for nothing"`

	Metadata  string   `yaml:"metadata" doc:"of an external provider: the file with its SAML metadata, from the folder of this one"`
	Passwords string   `yaml:"passwords" doc:"of an external provider: the file with a line for each of directory.users: user-001@acme.test, a blank, their password there"`
	URL       string   `yaml:"url" doc:"of an external provider: where it is, if not at the host of its sign-in URL; what isn't on loopback must be confirmed by --allow"`
	Hosts     []string `yaml:"hosts" unique:"true" doc:"of an external provider: other hosts that its pages need, which must be confirmed by --allow"`

	Read struct{ Metadata, Passwords []byte } // what those files say; nil where they were not read
}

// Instance is what its administrator has decided.
type Instance struct {
	Alias           string        `yaml:"alias" form:"name" example:"acme" doc:"the portal's own name at awsapps.com, which the primary Region alone has: letters, digits and dashes"`
	SessionDuration time.Duration `yaml:"session_duration" min:"15m" max:"2160h" doc:"of the access portal's sessions; the provider's may end them sooner"`
	LegacyACS       bool          `yaml:"legacy_acs" example:"true" doc:"that it was enabled before February 2026, so that its primary Region asks for the older ACS URL"`
}

// Vanity is a host name of the company's own, by the pattern that AWS describes: Route 53 answers for it with the
// redirector of the primary Region or, while health checks of the primary's portal fail, with that of the first
// additional one; each redirects to the portal of its Region.
type Vanity struct {
	Host           string        `yaml:"host" required:"true" example:"access.acme.test" doc:"the host name, one that isn't AWS's"`
	CheckEvery     time.Duration `yaml:"check_every" min:"1s" max:"5m" doc:"how often a health checker asks for the primary's portal, from no Region: global"`
	UnhealthyAfter int           `yaml:"unhealthy_after" min:"1" max:"10" doc:"after so many bad answers in a row people are led elsewhere, and after so many good ones back"`
	TTL            time.Duration `yaml:"ttl" max:"1h" doc:"how long a place keeps an answer of DNS, whatever has come since"`
}

// Behaviour is of the service, where AWS's documentation is silent. The defaults are how it is believed to be.
type Behaviour struct {
	PrimaryOnlyError    string        `yaml:"primary_only_error" enum:"AccessDeniedException,ValidationException,UnsupportedOperationException" doc:"what an additional Region answers to calls that only the primary can do"`
	FailedAdd           time.Duration `yaml:"failed_add" min:"1s" max:"1h" doc:"how long a Region that gets nothing stays ADDING before it vanishes"`
	AddPace             time.Duration `yaml:"add_pace" max:"1m" doc:"how much longer adding a Region takes for each user, group, membership and so on"`
	AssignmentTime      time.Duration `yaml:"assignment_time" max:"1h" doc:"how long an assignment of a permission set takes to be made or deleted"`
	KMSCache            time.Duration `yaml:"kms_cache" example:"5m" max:"24h" doc:"how long a Region uses a data key that KMS has opened; 0s: every sign-in asks"`
	KMSFaultOnPortalAPI int           `yaml:"kms_fault_on_portal_api" min:"400" max:"599" doc:"status of the portal's API while KMS refuses"`
	Skew                time.Duration `yaml:"skew" max:"1h" doc:"by how much an assertion's clock may differ"`
	Unsolicited         string        `yaml:"unsolicited" enum:"accept,refuse" doc:"responses that answer no request, as in a sign-in that begins at the provider"`
	ExpiredCertificate  string        `yaml:"expired_certificate" enum:"refuse,accept" doc:"responses signed with a certificate of the provider that was imported and has expired since"`
	PortalACS           string        `yaml:"portal_acs" enum:"ipv4,dual_stack" doc:"the form of its ACS URL that a Region's portal asks for, <region>.signin.aws or <region>.sso.signin.aws; command lines ask for ipv4, and an instance with the older URL for that in its primary Region"`
	SessionHandOff      bool          `yaml:"session_hand_off" doc:"that a browser carries its session to the sign-in hosts of all Regions"`
	Quotas              bool          `yaml:"quotas" doc:"that APIs throttle who exceeds AWS's published rates"`
}

// Replication is asynchronous: each change arrives after lag and up to jitter more.
type Replication struct {
	Lag    time.Duration `yaml:"lag" max:"1h" doc:"a change takes this long to the other Regions"`
	Jitter time.Duration `yaml:"jitter" max:"1h" doc:"and up to this much more"`
}

// KMS is where the keys are.
type KMS struct {
	Backend string `yaml:"backend" enum:"embedded,localstack,endpoint" doc:"who plays AWS KMS"`
	URL     string `yaml:"url" doc:"of the endpoint; run must confirm its host by --allow"`
	Image   string `yaml:"image" doc:"of LocalStack; if not said, the last one that needs no token"`
	Policy  string `yaml:"policy" example:"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"kms:*\", \"Resource\": \"*\"}]}" doc:"the key policy of every replica, in JSON; if not said, AWS's baseline policy for IAM Identity Center"`

	Policies map[string]string `yaml:"policies" example:"{eu-west-1: '{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"kms:*\", \"Resource\": \"*\"}]}'}" doc:"by Region, the key policy of the replica there, instead of policy"`

	CreatingFor time.Duration `yaml:"creating_for" max:"15m" doc:"how long new replicas are Creating, for which a drill waits; embedded only"`
}

// Vantage is a place where people sit.
type Vantage struct {
	Name string                   `yaml:",key"`
	RTT  map[string]time.Duration `yaml:"rtt" max:"1m" doc:"round-trip time to each Region, to the IdP (idp) and to what is in no Region (global); 0s if not said"`

	Block Block
}

// Probe is a stream of people who sign in, one every Every, whatever becomes of the others.
type Probe struct {
	Name  string        `yaml:"name" required:"true" form:"name" doc:"names it in checks, reports and metrics"`
	Kind  string        `yaml:"kind" required:"true" doc:"how they sign in"`
	From  string        `yaml:"from" required:"true" doc:"the vantage where they sit"`
	Home  string        `yaml:"home" required:"true" form:"region" doc:"the Region whose portal they open first"`
	Every time.Duration `yaml:"every" required:"true" min:"1ms" max:"1h" doc:"how often a person arrives"`
	Limit time.Duration `yaml:"limit" required:"true" min:"1ms" max:"1h" doc:"who is not signed in this long after arriving has failed"`
	As    string        `yaml:"as" example:"leaver" doc:"a person of system.directory.people; if not said, each attempt is the next of its users"`

	Block Block `yaml:",open"`
}

// Fault is one change for the worse, with an end.
type Fault struct {
	Name  string        `yaml:"name" required:"true" form:"name" doc:"names it in checks, reports and metrics"`
	Kind  string        `yaml:"kind" required:"true" doc:"what happens"`
	Where Where         `yaml:"where" example:"{region: us-east-1}|{place: idp}|{region: us-east-1, service: portal}|{region: us-east-1, service: kms, operation: Decrypt}|{region: us-east-1, from: new-york}" doc:"what is hit"`
	At    At            `yaml:"at" required:"true" example:"10s|virginia-dark.effective + 5s|virginia-dark.healed + 2s" doc:"a duration after the warm-up, or NAME.effective + 5s, or NAME.healed + 2s of another fault"`
	For   time.Duration `yaml:"for" required:"true" min:"1ms" max:"24h" doc:"how long; every fault ends"`
	Every time.Duration `yaml:"every" min:"1ms" max:"24h" example:"45s" doc:"of a fault that comes again: how long from one beginning to the next, longer than for; if not said, twice as long as for"`
	Times int           `yaml:"times" min:"2" max:"100" example:"3" doc:"how often it comes, twice if only every is said, and five times with a ramp; each time is a fault of its own, called NAME, NAME-2 and so on, and a check of NAME is one of each"`
	Ramp  Ramp          `yaml:"ramp" example:"{latency: 2s, jitter: 200ms}" doc:"settings of its kind, numbers and durations, with what they are the last time that it comes; the first time they are what the fault says, and in between they rise or fall in equal steps"`

	Again bool // it is a further time of the fault before it

	Block Block `yaml:",open"`
}

// Where selects what a fault hits; all that is said must hold.
type Where struct {
	Region    string `yaml:"region" form:"region" doc:"a Region of the system"`
	Place     string `yaml:"place" doc:"a vantage, a Region, idp, or global, where is what AWS has once for all Regions"`
	Service   string `yaml:"service" enum:"portal,signin,oidc,portal_api,sso_admin,identity_store,scim,events,replication,sts,kms,idp,vanity,console" doc:"narrows it to the names of one service"`
	Operation string `yaml:"operation" doc:"narrows it to one API operation"`
	Name      string `yaml:"name" doc:"one host name"`
	From      string `yaml:"from" doc:"a place: only what comes from there"`
}

// Action is one thing that an operator or an automation does. What it changes is changed back when the run ends.
type Action struct {
	Name string        `yaml:"name" required:"true" form:"name" doc:"names it in reports and metrics"`
	Kind string        `yaml:"kind" required:"true" doc:"what is done"`
	At   At            `yaml:"at" required:"true" example:"10s|virginia-dark.effective + 5s|virginia-dark.healed + 2s" doc:"a duration after the warm-up, or NAME.effective + 5s, or NAME.healed + 2s of a fault"`
	For  time.Duration `yaml:"for" min:"1ms" max:"24h" example:"20s" doc:"how long until it is taken back; if not said, until the run ends"`

	Block Block `yaml:",open"`
}

// Check is one objective.
type Check struct {
	Name string `yaml:"name" example:"people are back in time" doc:"names the finding; if not said, made of its kind, probe and fault"`
	Kind string `yaml:"kind" required:"true" doc:"what is held against the objective"`

	Again bool // it is of a further time of a fault that flaps

	Block Block `yaml:",open"`
}

// AbortIf is a condition under which a drill does too much harm to go on.
type AbortIf struct {
	Probe string        `yaml:"probe" required:"true" doc:"whose attempts are watched"`
	Below float64       `yaml:"availability_below" required:"true" min:"0.001" max:"1" doc:"of the attempts that ended within over, the share that was good; the drill stops when it is less"`
	Over  time.Duration `yaml:"over" required:"true" min:"1s" max:"1h" doc:"how far back is looked; before so much time has passed nothing is judged"`

	Block Block
}

// Repeat says how often a drill is run.
type Repeat struct {
	Times int   `yaml:"times" required:"true" min:"1" max:"10000" doc:"how often, at most"`
	Until Until `yaml:"until" example:"{confidence: 0.95, met: 0.9}" doc:"what to know before it stops sooner: whether every objective is met with at least a probability"`
}

// Until is a question that repeating answers.
type Until struct {
	Confidence float64 `yaml:"confidence" min:"0.5" max:"0.9999" doc:"with which the answer is right, whichever it is"`
	Met        float64 `yaml:"met" required:"true" min:"0.01" max:"0.9999" doc:"the probability; with 0.9 and a confidence of 0.95, 29 drills without a miss are enough"`
}

// Draw is what a setting may be in one of many drills: anything between two values, or one of several.
type Draw struct {
	Path  string   `yaml:"path" required:"true" doc:"the setting, as --set names it"`
	From  Scalar   `yaml:"from" doc:"the least that is drawn: a duration or a number"`
	To    Scalar   `yaml:"to" doc:"the most"`
	OneOf []Scalar `yaml:"one_of" doc:"single values of any kind, each as likely as the others; a list or a block is written as text, such as '[us-east-1]'"`

	Block Block
}

// defaults is what a scenario says that says nothing.
func defaults() *Scenario {
	return &Scenario{
		Seed:   1,
		WarmUp: 5 * time.Second,
		Settle: 20 * time.Second,
		System: System{
			Directory:   Directory{Users: 40, Groups: 6, Accounts: 3, PermissionSets: 4},
			IdP:         IdP{Dialect: "okta", MFA: "none"},
			Replication: Replication{Lag: time.Second, Jitter: 500 * time.Millisecond},
			KMS:         KMS{Backend: "embedded"},
			Instance:    Instance{SessionDuration: 8 * time.Hour},
			Vanity:      Vanity{CheckEvery: 10 * time.Second, UnhealthyAfter: 3, TTL: time.Minute},
			Behaviour: Behaviour{
				PrimaryOnlyError: "AccessDeniedException", FailedAdd: time.Minute, Skew: 3 * time.Minute, Unsolicited: "accept",
				ExpiredCertificate: "refuse", PortalACS: "ipv4",
				KMSFaultOnPortalAPI: 403, SessionHandOff: true, Quotas: true, AddPace: 20 * time.Millisecond,
				AssignmentTime: 2 * time.Second,
			},
		},
	}
}

// later are the words of the language that stand for what isn't built yet: paths of keys, where * is any element, and
// values of keys behind an equals sign.
var later = map[string]bool{
	"matrix":              true,
	"faults.*.where.name": true,
}

// Read reads one scenario; name is what its errors call the file. The error is an Errors with every mistake in it, and
// what could be read is returned beside it, for Kinds.Check to find more; nil when the file is no YAML at all.
func Read(r io.Reader, name string) (*Scenario, error) { return ReadWith(r, name, With{}) }

// With is what a file is read with.
type With struct {
	Sets []Set             // applied in order before the file is checked, as if it said so itself
	Vars map[string]string // values of its variables, before those of the environment
	// Drawn says that Sets hold one draw of what varies, whose ends were tried before.
	Drawn bool
	// Getenv is the environment, "" for what it doesn't have; nil: there is none.
	Getenv func(name string) string
	// Open reads what a file extends, as that file names it, and tells what errors call it; nil: nothing can be.
	Open func(from, named string) (data []byte, name string, err error)
	// File reads a file that a key names, as the scenario's file from names it; nil: none is read, and what would be in
	// it isn't known.
	File func(from, named string) ([]byte, error)
}

// ReadWith is Read with more than the file.
func ReadWith(in io.Reader, name string, with With) (*Scenario, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	root, bad := parse(data)
	if bad != nil {
		bad.File = name
		return nil, Errors{bad}
	}
	r := &reader{src: newSource(name), unread: map[string]bool{}, vars: map[string]string{}}
	if root = r.extend(root, name, with); r.extended {
		if data, err = whole(root, name); err != nil {
			return nil, err
		}
	}
	for _, set := range with.Sets {
		r.apply(root, set)
	}
	r.substitute(root, with)
	s := defaults()
	s.Source, s.File, s.Sets, s.Vars = data, name, with.Sets, r.vars
	s.Unread = r.unread
	r.scenario(root, s)
	r.files(s, with)
	return s, r.errs.err()
}
