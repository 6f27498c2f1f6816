package identitycenter

import "fmt"

// refusal is why a sign-in is refused: a stable token for probes and a detail for whoever repairs the provider.
type refusal struct {
	cause  cause
	detail string
}

func (r *refusal) Error() string { return string(r.cause) + ": " + r.detail }

func refuse(c cause, format string, args ...any) *refusal {
	return &refusal{cause: c, detail: fmt.Sprintf(format, args...)}
}

// cause is the value of data-error on an error page.
type cause string

const (
	causeTooLarge     cause = "saml_too_large"
	causeMalformed    cause = "saml_malformed"
	causeShape        cause = "saml_shape"
	causeSignature    cause = "saml_signature"
	causeVersion      cause = "saml_version"
	causeStatus       cause = "saml_status"
	causeIssuer       cause = "saml_issuer"
	causeDestination  cause = "saml_destination"
	causeRecipient    cause = "saml_recipient"
	causeAudience     cause = "saml_audience"
	causeExpired      cause = "saml_expired"
	causeNotYetValid  cause = "saml_not_yet_valid"
	causeConfirmation cause = "saml_confirmation"
	causeNameID       cause = "saml_name_id"
	causeInResponseTo cause = "saml_in_response_to"
	causeUnsolicited  cause = "saml_unsolicited"
	causeReplay       cause = "saml_replay"
	causeUnknownUser  cause = "user_unknown"
	causeDisabledUser cause = "user_disabled"
	causeKMS          cause = "kms"
	causeRequest      cause = "request"
	causeSession      cause = "session"
	causeApplication  cause = "application"
	causeNotReady     cause = "not_ready"
	causeFault        cause = "fault"
)
