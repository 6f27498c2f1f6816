package kms

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// conditionKeys are the condition keys of which requests here may have values, by name in lower case (IAM User Guide,
// "AWS global condition context keys"; KMS Developer Guide, "AWS KMS condition keys"). An empty list is a request
// without the key.
var conditionKeys = map[string]func(*question) []string{
	"aws:currenttime":     func(q *question) []string { return one(q.now.UTC().Format(time.RFC3339)) },
	"aws:epochtime":       func(q *question) []string { return one(strconv.FormatInt(q.now.Unix(), 10)) },
	"aws:requestedregion": func(q *question) []string { return one(arnPart(q.resource, 3)) },
	"aws:securetransport": func(*question) []string { return one("true") },
	"aws:sourceip":        (*question).callersIP,
	"aws:viaawsservice":   func(*question) []string { return one("false") }, // services here call for themselves

	"aws:multifactorauthpresent": (*question).hardwareToken,
	"aws:principalaccount":       func(q *question) []string { return one(q.owner) },
	"aws:principalarn":           func(q *question) []string { return one(q.principalARN()) },
	"aws:principalisawsservice":  func(q *question) []string { return one(strconv.FormatBool(q.service)) },
	"aws:principalorgid":         (*question).principalOrganization,
	"aws:principalservicename":   func(q *question) []string { return onlyIf(q.service, q.principal) },
	"aws:principaltype":          func(q *question) []string { return one(q.principalType()) },
	"aws:username":               func(q *question) []string { return one(afterPart(q.principal, ":user/")) },

	"aws:resourceaccount": func(q *question) []string { return one(q.account) },
	"aws:resourceorgid":   func(q *question) []string { return one(organization(q.account)) },

	// Services here act for the account's own instance, which is therefore the source of their calls.
	"aws:sourceaccount": func(q *question) []string { return onlyIf(q.service, q.account) },
	"aws:sourceorgid":   func(q *question) []string { return onlyIf(q.service, organization(q.account)) },
	"aws:sourcearn":     (*question).sourceARN,

	"kms:calleraccount": func(q *question) []string {
		if q.service {
			return one(q.account)
		}
		return one(q.owner)
	},
	"kms:customermasterkeyspec":  func(*question) []string { return one(symmetric) },
	"kms:customermasterkeyusage": func(*question) []string { return one(encryptDecrypt) },
	"kms:encryptionalgorithm":    (*question).algorithm,
	"kms:encryptioncontextkeys":  (*question).contextKeys,
	"kms:resourcealiases":        ofReplica(func(r *replica) []string { return slices.Sorted(maps.Keys(r.aliases)) }),
	"kms:keyorigin":              func(*question) []string { return one("AWS_KMS") },
	"kms:keyspec":                func(*question) []string { return one(symmetric) },
	"kms:keyusage":               func(*question) []string { return one(encryptDecrypt) },
	"kms:multiregion":            ofReplica((*replica).isMultiRegion),
	"kms:multiregionkeytype":     ofReplica(func(r *replica) []string { return onlyIf(r.key.multiRegion, r.keyType()) }),
}

// requestKeys are condition keys that one operation or another has, told by that operation; and those that AWS has and
// no request here: calls through another service, from a VPC, with a hardware token, for keys that aren't symmetric.
// A key of which AWS has a value and this package doesn't know it must not be here: it is unknown.
var requestKeys = words(`
	kms:BypassPolicyLockoutSafetyCheck kms:GrantConstraintType kms:GrantIsForAWSResource kms:GrantOperations
	kms:GranteePrincipal kms:PrimaryRegion kms:ReplicaRegion kms:RequestAlias kms:RetiringPrincipal
	kms:RotationPeriodInDays kms:ScheduleKeyDeletionPendingWindowInDays aws:TagKeys

	kms:DataKeyPairSpec kms:ExpirationModel kms:KeyAgreementAlgorithm kms:MacAlgorithm kms:MessageType
	kms:SigningAlgorithm kms:ValidTo kms:ViaService kms:WrappingAlgorithm kms:WrappingKeySpec aws:CalledVia
	aws:CalledViaFirst aws:CalledViaLast aws:FederatedProvider aws:MultiFactorAuthAge aws:Referer aws:SourceIdentity
	aws:SourceVpc aws:SourceVpcArn aws:SourceVpce aws:VpcSourceIp aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths
	ec2:SourceInstanceArn`)

// keyPrefixes are condition keys whose names go on with a name of the customer's, which is compared as it is.
var keyPrefixes = map[string]func(q *question, rest string) []string{
	"kms:encryptioncontext:":    func(q *question, rest string) []string { return entry(q.context, rest) },
	"kms:recipientattestation:": func(*question, string) []string { return nil }, // nobody here calls from an enclave
	"aws:principaltag/":         func(*question, string) []string { return nil }, // principals here have no tags
	"aws:requesttag/":           func(q *question, rest string) []string { return q.request["aws:requesttag/"+rest] },
	"aws:resourcetag/": func(q *question, rest string) []string {
		if q.replica == nil {
			return nil
		}
		return entry(q.replica.tags, rest)
	},
}

// conditionKey finds a key, whatever the case of its name.
func conditionKey(name string) (values func(*question) []string, known bool) {
	lower := strings.ToLower(name)
	if values, known = conditionKeys[lower]; known {
		return values, true
	}
	if requestKeys[lower] {
		return func(q *question) []string { return q.request[lower] }, true
	}
	for prefix, of := range keyPrefixes {
		if strings.HasPrefix(lower, prefix) && len(name) > len(prefix) {
			rest := name[len(prefix):]
			return func(q *question) []string { return of(q, rest) }, true
		}
	}
	return nil, false
}

// severalValues tells of which keys a request may have more than one value.
func severalValues(name string) bool {
	switch strings.ToLower(name) {
	case "kms:encryptioncontextkeys", "kms:grantoperations", "kms:resourcealiases", "aws:tagkeys", "aws:calledvia":
		return true
	}
	return false
}

// algorithm is that of a request that uses the key.
func (q *question) algorithm() []string {
	return onlyIf(slices.Equal(refusedIn[strings.TrimPrefix(q.action, "kms:")], cryptography), symmetric)
}

func (q *question) contextKeys() []string {
	names := make([]string, 0, len(q.context))
	for name := range q.context {
		names = append(names, name)
	}
	return names
}

// sourceARN is what a service acts for: the instance, or the identity store, that its encryption context names.
func (q *question) sourceARN() []string {
	if !q.service {
		return nil
	}
	for _, name := range []string{"aws:sso:instance-arn", "aws:identitystore:identitystore-arn"} {
		if arn, ok := q.context[name]; ok {
			return one(arn)
		}
	}
	return nil
}

// principalARN is that of an IAM principal; of a session, that of its role.
func (q *question) principalARN() string {
	if q.role != "" {
		return q.role
	}
	if q.service {
		return ""
	}
	return q.principal
}

// hardwareToken is of a session alone; nobody here has shown one.
func (q *question) hardwareToken() []string { return onlyIf(q.principalType() == assumedRole, "false") }

const assumedRole = "AssumedRole"

// callersIP is where a call comes from; those of services come from AWS's own network, which no policy sees.
func (q *question) callersIP() []string {
	return onlyIf(q.sourceIP != "" && !q.service, q.sourceIP)
}

func (q *question) principalType() string {
	switch {
	case q.service:
		return "Service"
	case strings.HasSuffix(q.principal, ":root"):
		return "Account"
	case strings.Contains(q.principal, ":user/"):
		return "User"
	}
	return assumedRole
}

func (q *question) principalOrganization() []string {
	return onlyIf(q.owner == q.account, organization(q.account))
}

// organization is the id of the organization that the account manages. No other account here is in one.
func organization(account string) string { return "o-" + account }

func (r *replica) isMultiRegion() []string { return one(strconv.FormatBool(r.key.multiRegion)) }

// ofReplica asks the key, where there is one already.
func ofReplica(values func(*replica) []string) func(*question) []string {
	return func(q *question) []string {
		if q.replica == nil {
			return nil
		}
		return values(q.replica)
	}
}

// one is a list of the value; none where it is empty.
func one(value string) []string { return onlyIf(value != "", value) }

func onlyIf(has bool, value string) []string {
	if !has {
		return nil
	}
	return []string{value}
}

// entry finds values by name, whose case doesn't matter in a condition key.
func entry(m map[string]string, name string) []string {
	if value, has := m[name]; has {
		return []string{value}
	}
	var values []string
	for key, value := range m {
		if strings.EqualFold(key, name) {
			values = append(values, value)
		}
	}
	return values
}

func arnPart(arn string, i int) string {
	parts := strings.SplitN(arn, ":", arnParts)
	if len(parts) != arnParts {
		return ""
	}
	return parts[i]
}

func afterPart(text, part string) string {
	_, after, _ := strings.Cut(text, part)
	return after
}

// words is a set of words in lower case.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[strings.ToLower(word)] = true
	}
	return set
}
