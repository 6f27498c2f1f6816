package kms

import (
	"fmt"
	"net/http"
)

// httpClientFault is the status of client faults, whatever their type: clients go by the type.
const httpClientFault = http.StatusBadRequest

// failure is an error as KMS's clients see it.
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

func clientFault(name, format string, args ...any) error {
	return &failure{httpClientFault, name, fmt.Sprintf(format, args...)}
}

func notFound(arn string) error { return missing("Key '" + arn + "' does not exist") }

func missing(message string) error { return clientFault("NotFoundException", "%s", message) }

func invalidState(message string) error {
	return clientFault("KMSInvalidStateException", "%s", message)
}

func invalid(message string) error { return clientFault("ValidationException", "%s", message) }

// invalidMember is AWS's sentence on a value of a request that its model doesn't allow. An empty value is one that the
// sentence leaves out, as it does for what may be secret.
func invalidMember(value, member, constraint string) error {
	if value != "" {
		value = " '" + value + "'"
	}
	return invalid("1 validation error detected: Value" + value + " at '" + member + "' failed to satisfy constraint: " +
		"Member must " + constraint)
}

func required(member string) error {
	return invalid("1 validation error detected: Value null at '" + member + "' failed to satisfy constraint: " +
		"Member must not be null")
}

// within keeps a number to its range.
func within(n *int, member string, least, most int) error {
	switch {
	case n == nil:
	case *n < least:
		return invalidMember(fmt.Sprint(*n), member, fmt.Sprintf("have value greater than or equal to %d", least))
	case *n > most:
		return invalidMember(fmt.Sprint(*n), member, fmt.Sprintf("have value less than or equal to %d", most))
	}
	return nil
}

// length keeps a text or a list to its range. Texts are quoted where they are given.
func length(value string, n int, member string, least, most int) error {
	switch {
	case n < least:
		return invalidMember(value, member, fmt.Sprintf("have length greater than or equal to %d", least))
	case n > most:
		return invalidMember(value, member, fmt.Sprintf("have length less than or equal to %d", most))
	}
	return nil
}

func unsupported(message string) error {
	return clientFault("UnsupportedOperationException", "%s", message)
}

// notSupported is AWS's own sentence for what can be asked of AWS KMS and not of this one.
func notSupported(what string) error {
	return unsupported("The request was rejected because a specified parameter is not supported or a specified resource " +
		"is not valid for this operation: " + what)
}

func alreadyExists(what string) error {
	return clientFault("AlreadyExistsException", "%s already exists", what)
}

func malformedPolicy(message string) error {
	return clientFault("MalformedPolicyDocumentException", "%s", message)
}

// invalidCiphertext has no message: KMS tells nothing of what is wrong.
func invalidCiphertext() error { return clientFault("InvalidCiphertextException", "") }

func incorrectKey() error {
	return clientFault("IncorrectKeyException",
		"The key ID in the request does not identify a CMK that can perform this operation.")
}

func dryRun() error {
	return clientFault("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

// accessDenied says who may not do what, and whether a Deny says so. Of what a ciphertext was sealed under it doesn't
// tell the name.
func accessDenied(principal, action, resource string, answer effect) error {
	because := "because no resource-based policy allows the " + action + " action"
	if answer == denied {
		because = "with an explicit deny in a resource-based policy"
	}
	on := "on resource: " + resource
	if action == "kms:Decrypt" || action == "kms:ReEncryptFrom" {
		on = "on the resource associated with this ciphertext"
	}
	return clientFault("AccessDeniedException", "User: %s is not authorized to perform: %s %s %s", principal, action,
		on, because)
}

// unknownCiphertextKey hides whether a key exists from those who only hold a ciphertext.
func unknownCiphertextKey() error {
	return clientFault("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, "+
		"does not exist in this region, or you are not allowed to access.")
}
