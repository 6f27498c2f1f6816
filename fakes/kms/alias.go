package kms

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// alias is another name of a key, in one Region.
type alias struct {
	name             string // alias/ and what the customer calls it
	created, updated time.Time
}

const maxAlias = 256

var aliasNames = regexp.MustCompile(`^[a-zA-Z0-9:/_-]+$`)

// ofAlias finds the key that an alias names in the call's Region.
func (c *call) ofAlias(name string) (*replica, error) {
	for _, k := range c.keys {
		r, here := k.replicas[c.region]
		if !here || r.aliases[name] == nil {
			continue
		}
		if r, here = c.find(c.region, k.id); here { // it may have been deleted just now
			return r, nil
		}
	}
	return nil, missing("Alias " + c.aliasARN(name) + " is not found.")
}

func (c *call) aliasARN(name string) string {
	return names.PartitionOf(c.region).ARN("kms", c.region, c.account, name)
}

// requestAlias is the condition key of a request that names a key by an alias.
func requestAlias(keyID string) map[string][]string {
	if _, name, found := strings.Cut(":"+keyID, ":alias/"); found {
		return map[string][]string{"kms:requestalias": {"alias/" + name}}
	}
	return nil
}

type aliasInput struct {
	AliasName   string
	TargetKeyID string `json:"TargetKeyId"`
}

// check tells what is wrong with the name of an alias that is to be made or changed.
func (in aliasInput) check() error {
	switch {
	case in.AliasName == "":
		return required("aliasName")
	case len(in.AliasName) > maxAlias:
		return length(in.AliasName, len(in.AliasName), "aliasName", 1, maxAlias)
	case !aliasNames.MatchString(in.AliasName):
		return invalidMember(in.AliasName, "aliasName", "satisfy regular expression pattern: "+aliasNames.String())
	case !strings.HasPrefix(in.AliasName, "alias/"):
		return invalid(`Alias must start with the prefix "alias/". ` +
			`Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
	case strings.HasPrefix(in.AliasName, "alias/aws/"):
		return clientFault("NotAuthorizedException", "")
	case in.AliasName == "alias/" || strings.Contains(in.AliasName, ":"):
		return clientFault("InvalidAliasNameException", "%s contains invalid characters for an alias", in.AliasName)
	}
	return nil
}

// target tells what is wrong with the key that an alias is to name.
func (in aliasInput) target() error {
	switch {
	case in.TargetKeyID == "":
		return required("targetKeyId")
	case strings.HasPrefix(in.TargetKeyID, "alias/"):
		return invalid("Aliases must refer to keys. Not aliases")
	}
	return nil
}

func (c *call) createAlias(in aliasInput) (any, error) {
	if err := cmp.Or(in.check(), in.target()); err != nil {
		return nil, err
	}
	r, err := c.access(in.TargetKeyID, ask{operation: "CreateAlias"})
	if err != nil {
		return nil, err
	}
	if _, err := c.ofAlias(in.AliasName); err == nil {
		return nil, alreadyExists("An alias with the name " + c.aliasARN(in.AliasName))
	}
	r.name(&alias{in.AliasName, c.now(), c.now()})
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

func (r *replica) name(a *alias) {
	if r.aliases == nil {
		r.aliases = map[string]*alias{}
	}
	r.aliases[a.name] = a
}

// updateAlias gives an alias to another key. The caller must be allowed to do it to both.
func (c *call) updateAlias(in aliasInput) (any, error) {
	if err := cmp.Or(in.check(), in.target()); err != nil {
		return nil, err
	}
	from, err := c.ofAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	to, err := c.access(in.TargetKeyID, ask{operation: "UpdateAlias"})
	if err != nil {
		return nil, err
	}
	if err := c.authorize(from, ask{operation: "UpdateAlias"}); err != nil {
		return nil, err
	}
	a := from.aliases[in.AliasName]
	delete(from.aliases, in.AliasName)
	a.updated = c.now()
	to.name(a)
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

func (c *call) deleteAlias(in aliasInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	r, err := c.ofAlias(in.AliasName)
	if err != nil {
		return nil, err
	}
	if err := c.authorize(r, ask{operation: "DeleteAlias"}); err != nil {
		return nil, err
	}
	delete(r.aliases, in.AliasName)
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

type listAliasesOutput struct {
	Aliases    []aliasListEntry
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

type aliasListEntry struct {
	AliasArn        string
	AliasName       string
	CreationDate    float64
	LastUpdatedDate float64
	TargetKeyID     string `json:"TargetKeyId"`
}

// listAliases lists those of a key, or all of the Region.
func (c *call) listAliases(in listInput) (any, error) {
	if err := c.administrator("ListAliases"); err != nil {
		return nil, err
	}
	of := slices.Sorted(maps.Keys(c.keys))
	if in.KeyID != "" {
		r, err := c.resolve(in.KeyID, "ListAliases")
		if err != nil {
			return nil, err
		}
		of = []string{r.key.id}
	}
	var all []aliasListEntry
	for _, id := range of {
		r, here := c.find(c.region, id)
		if !here {
			continue
		}
		for name, a := range r.aliases {
			all = append(all, aliasListEntry{c.aliasARN(name), name, epoch(a.created), epoch(a.updated), id})
		}
	}
	slices.SortFunc(all, func(a, b aliasListEntry) int { return strings.Compare(a.AliasName, b.AliasName) })
	aliases, next, err := page(all, func(a aliasListEntry) string { return a.AliasName }, in.paging, upTo{50, 100})
	if err != nil {
		return nil, err
	}
	return listAliasesOutput{aliases, next, next != ""}, nil
}
