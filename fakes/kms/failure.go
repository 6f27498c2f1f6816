package kms

import "net/http"

// failure is an error as KMS's clients see it. Client faults have the status 400 whatever their type: clients go by
// the type.
type failure struct {
	status  int
	name    string // __type
	message string
}

func (f *failure) Error() string {
	if f.message == "" {
		return f.name
	}
	return f.name + ": " + f.message
}

func clientFault(name, message string) error {
	return &failure{http.StatusBadRequest, name, message}
}

func notFound(what string) error {
	return clientFault("NotFoundException", "Key '"+what+"' does not exist")
}

func disabled(arn string) error { return clientFault("DisabledException", arn+" is disabled.") }

func invalidState(message string) error { return clientFault("KMSInvalidStateException", message) }

func invalid(message string) error { return clientFault("ValidationException", message) }

func unsupported(message string) error { return clientFault("UnsupportedOperationException", message) }

func alreadyExists(arn string) error {
	return clientFault("AlreadyExistsException", arn+" already exists.")
}

func malformedPolicy(message string) error {
	return clientFault("MalformedPolicyDocumentException", message)
}

// invalidCiphertext has no message: KMS tells nothing of what is wrong.
func invalidCiphertext() error { return clientFault("InvalidCiphertextException", "") }

func accessDenied(principal, action, resource string) error {
	return clientFault("AccessDeniedException", "User: "+principal+" is not authorized to perform: "+action+
		" on resource: "+resource+" because no resource-based policy allows the "+action+" action")
}

// unknownCiphertextKey hides whether a key exists from those who only hold a ciphertext.
func unknownCiphertextKey() error {
	return clientFault("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, "+
		"does not exist in this region, or you are not allowed to access.")
}
