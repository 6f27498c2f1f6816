package system

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/regiondrill/regiondrill/harness"
)

// cause is what an SDK's error is about, without the account of attempts and requests that it begins with: the error
// of the API, or of the connection.
func cause(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && !named(api) {
			return fmt.Errorf("HTTP %d, and no error of KMS's (%w)", answer.HTTPStatusCode(), api)
		}
		return api
	}
	if sent, ok := errors.AsType[*url.Error](err); ok {
		return sent.Err
	}
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && answer.HTTPStatusCode() != 0 {
		return fmt.Errorf("HTTP %d, and no answer of KMS's", answer.HTTPStatusCode())
	}
	return err
}

// named tells whether an error has a code of the API, and not one that the SDK made up for an answer that it can't
// read.
func named(api smithy.APIError) bool {
	return api.ErrorCode() != "" && api.ErrorCode() != "UnknownError" && !strings.Contains(api.ErrorCode(), " ")
}

// unreachable says why an emulator doesn't answer, and what to do.
func (e *emulator) unreachable(err error) error {
	why := cause(err)
	says := func(sentence string, args ...any) error {
		return &harness.Lack{Sentence: "KMS at " + e.URL + " " + fmt.Sprintf(sentence, args...), Err: err}
	}
	var authority x509.UnknownAuthorityError
	switch refused := (*tls.CertificateVerificationError)(nil); {
	case errors.As(err, &authority):
		return says("has a certificate that this machine doesn't trust (%v): name the file of its CA in SSL_CERT_FILE, "+
			"or ask it over http", why)
	case errors.As(err, &refused):
		return says("has a certificate that can't be accepted (%v): ask it by a name that its certificate holds, "+
			"renew it, or ask it over http", why)
	case errors.Is(err, http.ErrSchemeMismatch):
		return says("speaks no TLS: write http:// in system.kms.url")
	case errors.Is(err, context.DeadlineExceeded):
		return says("says nothing within %v; is it overloaded, or something else than KMS?", answerLimit)
	}
	if _, answered := errors.AsType[smithy.APIError](err); answered {
		return says("doesn't answer ListKeys as KMS does: %v; is it another service, or has KMS been left out of it?", why)
	}
	return says("can't be asked (%v): nothing that answers as KMS does is there; start it, or set system.kms.backend "+
		"to embedded", why)
}

// unable says what an emulator can't do that every drill needs.
func (e *emulator) unable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("making the key: %w", err)
	}
	return &harness.Lack{Sentence: fmt.Sprintf("%s can't do what a system over several Regions needs: %v; set "+
		"system.kms.backend to embedded", e, operation(err)), Err: err}
}

// operation is the cause of an SDK's error, with the operation that was asked for.
func operation(err error) error {
	if o, ok := errors.AsType[*smithy.OperationError](err); ok {
		return fmt.Errorf("%s: %w", o.OperationName, cause(err))
	}
	return cause(err)
}
