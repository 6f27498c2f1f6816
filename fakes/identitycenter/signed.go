package identitycenter

import (
	"context"
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
)

// jsonRefusals are the codes of AWS's JSON protocol for what verify refuses (AWS General Reference, "Common errors").
var jsonRefusals = map[sigCause]string{
	sigMissing: "MissingAuthenticationTokenException", sigScope: "InvalidSignatureException",
	sigUnknown: "UnrecognizedClientException", sigExpired: "ExpiredTokenException",
	sigMismatch: "InvalidSignatureException",
}

// signed makes an operation of a service in AWS's JSON protocol one that must be signed, by somebody of the instance's
// account: a user of the configuration, or a role of a permission set there. The lab knows no policies: who is of the
// account may call everything, and of other accounts nobody anything. Who calls is callerOf the request's context. The
// service is the name that signatures are scoped to and that policies call it by.
func (r *Replica) signed(service, operation string, do awsjson.Operation) awsjson.Operation {
	return func(req *http.Request, body []byte) (any, error) {
		who, refused := r.verify(req, body, service)
		switch {
		case refused != nil && refused.cause == sigMissing:
			return nil, awsjson.NewFault(http.StatusBadRequest, jsonRefusals[sigMissing], "Missing Authentication Token")
		case refused != nil:
			return nil, awsjson.NewFault(http.StatusBadRequest, jsonRefusals[refused.cause], "%s", refused.message)
		case who.Account != r.cfg.Instance.Account:
			return nil, awsjson.NewFault(http.StatusForbidden, "AccessDeniedException",
				"User: %s is not authorized to perform: %s:%s", who.ARN, service, operation)
		}
		return do(req.WithContext(context.WithValue(req.Context(), callerKey{}, who)), body)
	}
}

type callerKey struct{}

// callerOf is who signed the request that the context is of; nobody where it needed no signature.
func callerOf(ctx context.Context) *callerIdentity {
	if who, ok := ctx.Value(callerKey{}).(*callerIdentity); ok {
		return who
	}
	return new(callerIdentity)
}
