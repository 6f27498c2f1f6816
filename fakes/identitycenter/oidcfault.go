package identitycenter

import (
	"errors"
	"net/http"

	"github.com/aws/smithy-go"
)

// oidcFault is an error of the OIDC API.
type oidcFault struct {
	kind        string // InvalidGrantException
	description string // for who develops the client
	reason      string // of KMS, where it is at fault
}

// oidcCode is how the wire calls a kind of error.
type oidcCode struct {
	code   string // of OAuth 2.0
	status int
}

// oidcCodes are the errors of the OIDC API (IAM Identity Center OIDC API Reference, "Errors" of each action).
var oidcCodes = map[string]oidcCode{
	"AccessDeniedException":          {"access_denied", http.StatusBadRequest},
	"AuthorizationPendingException":  {"authorization_pending", http.StatusBadRequest},
	"ExpiredTokenException":          {"expired_token", http.StatusBadRequest},
	"InternalServerException":        {"server_error", http.StatusInternalServerError},
	"InvalidClientException":         {"invalid_client", http.StatusUnauthorized},
	"InvalidClientMetadataException": {"invalid_client_metadata", http.StatusBadRequest},
	"InvalidGrantException":          {"invalid_grant", http.StatusBadRequest},
	"InvalidRedirectUriException":    {"invalid_redirect_uri", http.StatusBadRequest},
	"InvalidRequestException":        {"invalid_request", http.StatusBadRequest},
	"InvalidScopeException":          {"invalid_scope", http.StatusBadRequest},
	"SlowDownException":              {"slow_down", http.StatusBadRequest},
	"UnauthorizedClientException":    {"unauthorized_client", http.StatusBadRequest},
	"UnsupportedGrantTypeException":  {"unsupported_grant_type", http.StatusBadRequest},
}

// oidcFaultBody is an error as the wire has it.
type oidcFaultBody struct {
	Type        string `json:"__type"`
	Code        string `json:"error"`
	Description string `json:"error_description"`
	Reason      string `json:"reason,omitempty"`
}

func (f *oidcFault) write(w http.ResponseWriter) {
	of := oidcCodes[f.kind]
	w.Header().Set("X-Amzn-Errortype", f.kind)
	writeJSON(w, of.status, oidcFaultBody{f.kind, of.code, f.description, f.reason})
}

// The faults that several operations have. Descriptions of grants, tokens and clients are those seen in the field
// (aws-cli #8561, aws-toolkit-vscode #3498).
var (
	faultBody     = &oidcFault{kind: "InvalidRequestException", description: "Invalid request body"}
	faultMissing  = &oidcFault{kind: "InvalidRequestException", description: "A required parameter is missing"}
	faultStartURL = &oidcFault{kind: "InvalidRequestException", description: "Invalid start url provided"}
	faultClient   = &oidcFault{kind: "InvalidClientException", description: "Invalid client provided"}
	faultGrant    = &oidcFault{kind: "InvalidGrantException", description: "Invalid grant provided"}
	faultRefresh  = &oidcFault{kind: "InvalidGrantException", description: "Invalid refresh token provided"}
	faultPending  = &oidcFault{kind: "AuthorizationPendingException", description: "Authorization is pending"}
	faultExpired  = &oidcFault{kind: "ExpiredTokenException", description: "Device code has expired"}
	faultDenied   = &oidcFault{kind: "AccessDeniedException", description: "Access was denied by the user"}
	faultSlowDown = &oidcFault{kind: "SlowDownException", description: "Request rate is too high"}
	faultService  = &oidcFault{kind: "InternalServerException", description: "The service is at fault"}
	faultClientOf = &oidcFault{
		kind: "UnauthorizedClientException", description: "The client is not registered for this grant type",
	}
	faultGrantType = &oidcFault{kind: "UnsupportedGrantTypeException", description: "Unsupported grant type"}
)

// kmsReasons are what OIDC and sso-admin say of the errors of KMS that make them refuse a request.
var kmsReasons = map[string]string{
	"NotFoundException":        "KMS_NotFoundException",
	"InvalidKeyUsageException": "KMS_InvalidKeyUsageException",
	"KMSInvalidStateException": "KMS_InvalidStateException",
	"DisabledException":        "KMS_DisabledException",
}

// faultOf is what the API says of an error of the vault: KMS's own reason where KMS refuses, and else that the service
// is at fault.
func faultOf(err error) *oidcFault {
	var kms *errKMS
	var api smithy.APIError
	if !errors.As(err, &kms) || !errors.As(err, &api) {
		return faultService
	}
	if api.ErrorCode() == "AccessDeniedException" {
		return &oidcFault{"AccessDeniedException", deniedByKMS, "KMS_AccessDeniedException"}
	}
	if reason := kmsReasons[api.ErrorCode()]; reason != "" {
		return &oidcFault{"InvalidRequestException", "The KMS key of this Region can not be used", reason}
	}
	return faultService
}
