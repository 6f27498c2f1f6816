package history

import "slices"

// Audited is recorded of each answer to what is asked of a system that stands again when a drill has settled: whether
// what must never be is so.
const Audited Kind[Audit] = "audit"

// Audit is one answer.
type Audit struct {
	Invariant string    `json:"invariant"`
	Region    string    `json:"region,omitempty"`
	Is        AuditedAs `json:"is"`
	Detail    string    `json:"detail,omitempty"` // what was seen, no secret in it
}

// AuditedAs is what was seen.
type AuditedAs string

// Kept is that it isn't so, Violated that it is; Untold that nobody can say.
const (
	AuditKept     AuditedAs = "kept"
	AuditViolated AuditedAs = "violated"
	AuditUntold   AuditedAs = "untold"
)

// The invariants: what must never be, whatever fails.
const (
	NoLoginAfterRevocation = "no_login_after_revocation" // nobody signs in who may no longer, longer after than a bound
	NoReplayedAssertion    = "no_replayed_assertion"     // no Region takes an assertion twice
	NoForeignAssertion     = "no_foreign_assertion"      // or one that was made for another's ACS
	NoExpiredAssertion     = "no_expired_assertion"      // or one that has expired
	NoWrongAudience        = "no_wrong_audience"         // or one for another audience
	NoForeignToken         = "no_foreign_token"          // no Region honours a token of another
	NoRecordElsewhere      = "no_record_elsewhere"       // no identities are known where the instance isn't
	NoSecretInArtifacts    = "no_secret_in_artifacts"    // what the drill leaves holds no secret
)

// InvariantNames lists them all.
func InvariantNames() []string {
	return []string{NoLoginAfterRevocation, NoReplayedAssertion, NoForeignAssertion, NoExpiredAssertion, NoWrongAudience,
		NoForeignToken, NoRecordElsewhere, NoSecretInArtifacts}
}

// Askable are those of which the system of a plan can be asked.
func (p *Plan) Askable() []string {
	return slices.DeleteFunc(InvariantNames(), func(name string) bool {
		return name == NoRecordElsewhere && len(p.Outside) == 0
	})
}

// Invariants are what a plan asks about them.
type Invariants struct {
	Only  []string `json:"only"`  // which
	Bound Instant  `json:"bound"` // how long after a revocation somebody may still be let in
}
