package kms

// State is the key state of one replica (KMS Developer Guide, "Key states of AWS KMS keys").
type State string

// The key states that replicas here can be in.
const (
	Creating               State = "Creating"
	Enabled                State = "Enabled"
	Disabled               State = "Disabled"
	PendingDeletion        State = "PendingDeletion"
	PendingReplicaDeletion State = "PendingReplicaDeletion"
	Unavailable            State = "Unavailable"
	Updating               State = "Updating"
)

func states() []State {
	return []State{Creating, Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, Unavailable, Updating}
}

// What refuses operations, by the columns of the table in "Key states of AWS KMS keys".
var (
	deletion     = []State{PendingDeletion, PendingReplicaDeletion}
	cryptography = []State{Disabled, PendingDeletion, PendingReplicaDeletion, Unavailable, Creating}
	turning      = []State{PendingDeletion, PendingReplicaDeletion, Creating, Updating}
	rotating     = []State{Disabled, PendingDeletion, PendingReplicaDeletion, Creating}
)

// refusedIn are the key states in which an operation is refused. One that isn't here works in every state.
var refusedIn = map[string][]State{
	"Encrypt": cryptography, "Decrypt": cryptography, "ReEncryptFrom": cryptography, "ReEncryptTo": cryptography,
	"GenerateDataKey": cryptography, "GenerateDataKeyWithoutPlaintext": cryptography,

	"EnableKey": turning, "DisableKey": turning,
	"ReplicateKey":        {Disabled, PendingDeletion, PendingReplicaDeletion, Creating, Updating},
	"UpdatePrimaryRegion": {Disabled, PendingDeletion, PendingReplicaDeletion, Creating},
	"ScheduleKeyDeletion": {PendingDeletion, PendingReplicaDeletion, Updating},
	"CancelKeyDeletion":   {Enabled, Disabled, Unavailable, Creating, Updating},

	"CreateGrant": {Disabled, PendingDeletion, PendingReplicaDeletion, Creating},
	"CreateAlias": deletion, "UpdateAlias": deletion,
	"TagResource": deletion, "UntagResource": deletion, "UpdateKeyDescription": deletion,

	"EnableKeyRotation": rotating, "DisableKeyRotation": rotating, "RotateKeyOnDemand": rotating,
}

// inState tells why the key's state refuses the operation, if it does.
func (r *replica) inState(operation string) error {
	for _, s := range refusedIn[operation] {
		if s == r.state {
			return r.refusal(operation)
		}
	}
	return nil
}

func (r *replica) refusal(operation string) error {
	if operation == "CancelKeyDeletion" {
		return invalidState(r.arn + " is not pending deletion.")
	}
	switch r.state {
	case Disabled:
		return clientFault("DisabledException", "%s is disabled.", r.arn)
	case Creating:
		return invalidState(r.arn + " is creating.")
	case PendingDeletion:
		return invalidState(r.arn + " is pending deletion.")
	case PendingReplicaDeletion:
		return invalidState(r.arn + " is pending replica deletion.")
	case Updating:
		return invalidState(r.arn + " is updating.")
	}
	return invalidState(r.arn + " is unavailable.")
}
