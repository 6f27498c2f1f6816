package fabric

import (
	"net/http"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

// service is an API of AWS as it looks from outside: where it is, how a request tells its operation, and how it says
// that something went wrong. Clients go by these shapes when they choose an error type and whether to try again. A row
// of services is all that the fabric needs of one.
type service struct {
	name       string // as a scenario calls it
	localstack string // as LocalStack's chaos API calls it
	host       string // what comes before the Region
	protocol   protocol
	operations []operation
	failure    failure // what it says when it is at fault itself
	throttled  failure // what it says to those who ask too often
	codes      []failure
}

// api is a host's service and Region.
type api struct {
	service *service
	region  string
}

// operation of a service; REST-JSON ones have a method and a path.
type operation struct{ name, method, path string }

// failure is an error as its clients tell it apart.
type failure struct {
	code   string
	status int
}

// services are those whose calls the fabric understands. Operations and errors are those of AWS's API references, each
// with its "Common errors": of KMS, of IAM Identity Center, its portal, its OIDC, its directory and its SCIM, and of
// STS.
func services() []*service {
	return []*service{
		{
			name: "kms", localstack: "kms", host: "kms.", protocol: json11{"TrentService."}, operations: named(kmsOperations),
			failure: failure{"KMSInternalException", 500}, throttled: failure{"ThrottlingException", 400},
			codes: []failure{
				{"KMSInternalException", 500}, {"KeyUnavailableException", 500}, {"DependencyTimeoutException", 503},
				{"ValidationException", 400}, {"AccessDeniedException", 400},
			},
		},
		{
			name: "portal_api", localstack: "sso", host: "portal.sso.", protocol: restJSON{}, operations: []operation{
				{"ListAccounts", http.MethodGet, "/assignment/accounts"},
				{"ListAccountRoles", http.MethodGet, "/assignment/roles"},
				{"GetRoleCredentials", http.MethodGet, "/federation/credentials"},
				{"Logout", http.MethodPost, "/logout"},
			},
			failure: failure{"ServiceUnavailable", 503}, throttled: failure{"TooManyRequestsException", 429},
			codes: []failure{
				{"InvalidRequestException", 400}, {"UnauthorizedException", 401}, {"AccessDeniedException", 403},
				{"ForbiddenException", 403}, {"ResourceNotFoundException", 404}, {"TooManyRequestsException", 429},
			},
		},
		identityStoreService(),
		scimService(),
		oidcService(),
		{
			name: "sso_admin", localstack: "sso-admin", host: "sso.", protocol: json11{"SWBExternalService."},
			operations: named(ssoAdminOperations),
			failure:    failure{"InternalServerException", 500}, throttled: failure{"ThrottlingException", 429},
			codes: []failure{
				{"InternalServerException", 500}, {"ThrottlingException", 429}, {"AccessDeniedException", 403},
				{"ConflictException", 409}, {"ResourceNotFoundException", 404}, {"ServiceQuotaExceededException", 402},
				{"ValidationException", 400},
			},
		},
		{
			name: "sts", localstack: "sts", host: "sts.", operations: named(stsOperations),
			protocol: query{version: "2011-06-15", namespace: "https://sts.amazonaws.com/doc/2011-06-15/"},
			failure:  failure{"ServiceUnavailable", 503}, throttled: failure{"Throttling", 400},
			codes: []failure{
				{"ValidationError", 400}, {"AccessDenied", 403}, {"ExpiredTokenException", 400}, {"IDPCommunicationError", 400},
				{"IDPRejectedClaim", 403}, {"InvalidAuthorizationMessageException", 400}, {"InvalidClientTokenId", 403},
				{"InvalidIdentityToken", 400}, {"MalformedPolicyDocument", 400}, {"PackedPolicyTooLarge", 400},
				{"RegionDisabledException", 403}, {"SignatureDoesNotMatch", 403},
			},
		},
	}
}

// identityStoreService is IAM Identity Center's directory (Identity Store API Reference).
func identityStoreService() *service {
	return &service{
		name: "identity_store", localstack: "identitystore", host: "identitystore.",
		protocol: json11{"AWSIdentityStore."}, operations: named(identityStoreOperations),
		failure: failure{"InternalServerException", 500}, throttled: failure{"ThrottlingException", 429},
		codes: []failure{
			{"AccessDeniedException", 403}, {"ConflictException", 409}, {"ResourceNotFoundException", 404},
			{"ServiceQuotaExceededException", 402}, {"ValidationException", 400},
		},
	}
}

// scimService is that by which providers bring users and groups (IAM Identity Center SCIM Implementation Developer
// Guide). What it says when it is at fault has no code, but for those who log it.
func scimService() *service {
	return &service{
		name: "scim", localstack: "identitystore-scim", host: "scim.", protocol: scimJSON{}, operations: []operation{
			{"ServiceProviderConfig", http.MethodGet, "/ServiceProviderConfig"},
			{"ListUsers", http.MethodGet, "/Users"}, {"CreateUser", http.MethodPost, "/Users"},
			{"GetUser", http.MethodGet, "/Users/{id}"}, {"PutUser", http.MethodPut, "/Users/{id}"},
			{"PatchUser", http.MethodPatch, "/Users/{id}"}, {"DeleteUser", http.MethodDelete, "/Users/{id}"},
			{"ListGroups", http.MethodGet, "/Groups"}, {"CreateGroup", http.MethodPost, "/Groups"},
			{"GetGroup", http.MethodGet, "/Groups/{id}"}, {"PatchGroup", http.MethodPatch, "/Groups/{id}"},
			{"DeleteGroup", http.MethodDelete, "/Groups/{id}"},
			{"ListSchemas", http.MethodGet, "/Schemas"}, {"GetSchema", http.MethodGet, "/Schemas/{id}"},
			{"ListResourceTypes", http.MethodGet, "/ResourceTypes"},
			{"GetResourceType", http.MethodGet, "/ResourceTypes/{id}"},
		},
		failure: failure{"InternalServerException", 500}, throttled: failure{"ThrottlingException", 429},
		codes: []failure{
			{"ValidationException", 400}, {"UnauthorizedException", 401}, {"AccessDeniedException", 403},
			{"ResourceNotFoundException", 404}, {"ConflictException", 409},
		},
	}
}

// oidcService is IAM Identity Center's OIDC. Authorize is no operation of AWS's reference but the endpoint to which
// clients send browsers.
func oidcService() *service {
	return &service{
		name: "oidc", localstack: "sso-oidc", host: "oidc.", protocol: oauthJSON{}, operations: []operation{
			{"RegisterClient", http.MethodPost, "/client/register"},
			{"StartDeviceAuthorization", http.MethodPost, "/device_authorization"},
			{"CreateToken", http.MethodPost, "/token"},
			{"Authorize", http.MethodGet, "/authorize"},
		},
		failure: failure{"InternalServerException", 500}, throttled: failure{"SlowDownException", 400},
		codes: []failure{
			{"InvalidRequestException", 400}, {"InvalidClientException", 401}, {"InvalidGrantException", 400},
			{"AccessDeniedException", 400}, {"AuthorizationPendingException", 400}, {"ExpiredTokenException", 400},
			{"UnauthorizedClientException", 400}, {"UnsupportedGrantTypeException", 400}, {"InvalidScopeException", 400},
			{"InvalidClientMetadataException", 400}, {"InvalidRedirectUriException", 400},
		},
	}
}

// Names of operations, that with which a canary calls first.
const (
	kmsOperations = `Decrypt CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateGrant CreateKey
Decapsulate DeleteAlias DeleteCustomKeyStore DeleteImportedKeyMaterial DeriveSharedSecret
DescribeCustomKeyStores DescribeKey DisableKey DisableKeyRotation DisconnectCustomKeyStore EnableKey
EnableKeyRotation Encapsulate Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext
GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus
GetParametersForImport GetPublicKey ImportKeyMaterial ListAliases ListGrants ListKeyPolicies ListKeyRotations
ListKeys ListResourceTags ListRetirableGrants PutKeyPolicy ReEncrypt ReplicateKey RetireGrant RevokeGrant
RotateKeyOnDemand ScheduleKeyDeletion Sign TagResource UntagResource UpdateAlias UpdateCustomKeyStore
UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac`
	identityStoreOperations = `ListUsers CreateGroup CreateGroupMembership CreateUser DeleteGroup DeleteGroupMembership
DeleteUser DescribeGroup DescribeGroupMembership DescribeIdentityStore DescribeUser GetGroupId GetGroupMembershipId
GetUserId IsMemberInGroups ListGroupMemberships ListGroupMembershipsForMember ListGroups ListIdentityStores
UpdateGroup UpdateIdentityStore UpdateUser`
	ssoAdminOperations = `ListInstances AddRegion AttachCustomerManagedPolicyReferenceToPermissionSet
AttachManagedPolicyToPermissionSet CreateAccountAssignment CreateApplication CreateApplicationAssignment
CreateInstance CreateInstanceAccessControlAttributeConfiguration CreatePermissionSet
CreateTrustedTokenIssuer DeleteAccountAssignment DeleteApplication DeleteApplicationAccessScope
DeleteApplicationAssignment DeleteApplicationAuthenticationMethod DeleteApplicationGrant
DeleteInlinePolicyFromPermissionSet DeleteInstance DeleteInstanceAccessControlAttributeConfiguration
DeletePermissionSet DeletePermissionsBoundaryFromPermissionSet DeleteTrustedTokenIssuer
DescribeAccountAssignmentCreationStatus DescribeAccountAssignmentDeletionStatus DescribeApplication
DescribeApplicationAssignment DescribeApplicationProvider DescribeInstance
DescribeInstanceAccessControlAttributeConfiguration DescribePermissionSet
DescribePermissionSetProvisioningStatus DescribeRegion DescribeTrustedTokenIssuer
DetachCustomerManagedPolicyReferenceFromPermissionSet DetachManagedPolicyFromPermissionSet
GetApplicationAccessScope GetApplicationAssignmentConfiguration GetApplicationAuthenticationMethod
GetApplicationGrant GetApplicationSessionConfiguration GetInlinePolicyForPermissionSet
GetPermissionsBoundaryForPermissionSet ListAccountAssignmentCreationStatus
ListAccountAssignmentDeletionStatus ListAccountAssignments ListAccountAssignmentsForPrincipal
ListAccountsForProvisionedPermissionSet ListApplicationAccessScopes ListApplicationAssignments
ListApplicationAssignmentsForPrincipal ListApplicationAuthenticationMethods ListApplicationGrants
ListApplicationProviders ListApplications ListCustomerManagedPolicyReferencesInPermissionSet
ListManagedPoliciesInPermissionSet ListPermissionSetProvisioningStatus ListPermissionSets
ListPermissionSetsProvisionedToAccount ListRegions ListTagsForResource ListTrustedTokenIssuers
ProvisionPermissionSet PutApplicationAccessScope PutApplicationAssignmentConfiguration
PutApplicationAuthenticationMethod PutApplicationGrant PutApplicationSessionConfiguration
PutInlinePolicyToPermissionSet PutPermissionsBoundaryToPermissionSet RemoveRegion TagResource UntagResource
UpdateApplication UpdateInstance UpdateInstanceAccessControlAttributeConfiguration UpdatePermissionSet
UpdateTrustedTokenIssuer`
	stsOperations = `GetCallerIdentity AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot
DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken GetFederationToken GetSessionToken
GetWebIdentityToken`
)

func named(list string) []operation {
	var found []operation
	for _, name := range strings.Fields(list) {
		found = append(found, operation{name: name})
	}
	return found
}

// common are the codes that every service has.
func common() []failure {
	return []failure{
		{"ServiceUnavailable", 503}, {"InternalFailure", 500}, {"ThrottlingException", 400}, {"AccessDeniedException", 400},
		{"RequestExpired", 400}, {"OptInRequired", 403}, {"UnrecognizedClientException", 403},
	}
}

// Operations lists the services whose calls the fabric understands, each with its operations.
func Operations() map[string][]string {
	known := map[string][]string{}
	for _, s := range services() {
		for _, o := range s.operations {
			known[s.name] = append(known[s.name], o.name)
		}
		slices.Sort(known[s.name])
	}
	return known
}

// locate tells whose API a host name is, and in which Region; nil where it is none.
func locate(host string) *api {
	for _, s := range services() {
		rest, ours := strings.CutPrefix(host, s.host)
		for _, domain := range names.Domains() {
			if region, aws := strings.CutSuffix(rest, "."+domain); ours && aws && names.IsRegion(region) {
				return &api{s, region}
			}
		}
	}
	return nil
}

// complete gives a status its code and a code its status, as the service does; both where neither is said.
func (s *service) complete(f failure) failure {
	if f.code == "" && f.status == 0 {
		return s.failure
	}
	for _, known := range slices.Concat([]failure{s.failure}, s.codes, []failure{s.throttled}, common()) {
		if f.code == known.code && f.status == 0 {
			f.status = known.status
		}
		if f.status == known.status && f.code == "" {
			f.code = known.code
		}
	}
	if f.status == 0 {
		f.status = http.StatusBadRequest
	}
	if f.code == "" {
		f.code = "InternalFailure"
		if f.status < http.StatusInternalServerError {
			f.code = "ValidationException"
		}
	}
	return f
}
