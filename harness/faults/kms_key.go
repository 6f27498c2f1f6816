package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The modes of a fault of a key.
const (
	modeDisabled        = "disabled"
	modePendingDeletion = "pending_deletion"
	modePolicyDenies    = "policy_denies"
)

// keyless is what people meet of a Region whose key can't be used: nobody signs in, and who has a session goes on until
// the Region's view of their data is out of date.
var keyless = []harness.Break{
	harness.Fail(harness.Here, history.ClassACSRejected, harness.SigningIn...),
	harness.Fail(harness.Here, history.ClassPortalError, harness.WithSession...),
}

// throttledKey is what people meet of a Region whose calls of KMS are throttled: it tries again, in vain.
var throttledKey = []harness.Break{
	{At: harness.Here, Class: history.ClassACSRejected, Or: history.ClassTimeout, Journeys: harness.SigningIn},
	{At: harness.Here, Class: history.ClassPortalError, Or: history.ClassTimeout, Journeys: harness.WithSession},
}

// sealed is what they meet who use the key themselves.
var sealed = harness.Fail(harness.Here, history.ClassHTTP4xx, history.KMSRoundTrip)

// kmsKeyCases are its contract.
var kmsKeyCases = []harness.Case{
	{Settings: `{"mode": "disabled"}`, Breaks: append(keyless, sealed)},
	{Settings: `{"mode": "pending_deletion"}`, Breaks: append(keyless, sealed)},
	{Settings: `{"mode": "policy_denies"}`, Breaks: append(keyless, sealed)},
	{Settings: `{"mode": "throttled"}`, Breaks: throttledKey}, // as the Region alone meets it,
	{Settings: `{"mode": "unreachable"}`,
		Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout, harness.OfThePortal...)}},
}

// KMSKey makes a Region's replica of the key under which Identity Center keeps its data unusable, as an administrator
// may do by mistake: KMS's own API is called. Each replica has its own state and policy, so the other Regions go on.
type KMSKey struct {
	Mode string `yaml:"mode" enum:"disabled,pending_deletion,policy_denies,throttled,unreachable" doc:"disabled: it is disabled; pending_deletion: its deletion is scheduled; policy_denies: its policy denies the services of Identity Center; throttled, unreachable: KMS says to the Region's own services that they ask too often, or nothing at all"`
}

// Needs the key, or the way to it.
func (f *KMSKey) Needs() []string {
	if f.byRule() {
		return network{}.Needs()
	}
	return []string{"key"}
}

// Aim takes the key of a Region. Who has a session goes on, so the Region is left to some.
func (f *KMSKey) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	if f.byRule() {
		return f.ruleAim(w, s)
	}
	a, problems := aim.Key(w, s)
	what := map[string]string{modeDisabled: "disabled", modePendingDeletion: "pending deletion",
		modePolicyDenies: "denied to Identity Center by its policy"}[f.Mode]
	a.Summary = "the key in " + a.Summary + " is " + what
	return a, problems
}

// honoured is what an emulator must honour for each mode, and the operation that it must heed.
var honoured = map[string]struct{ what, operation string }{
	modeDisabled:        {harness.HonoursDisabled, "DisableKey"},
	modePendingDeletion: {harness.HonoursDeletion, "ScheduleKeyDeletion"},
	modePolicyDenies:    {harness.HonoursPolicies, "PutKeyPolicy"},
}

// Ready refuses an emulator that goes on using such a key: nothing would be harmed.
func (f *KMSKey) Ready(_ context.Context, h *harness.Handles, a harness.Aim) error {
	needs := honoured[f.Mode]
	if h.Backend == nil || f.byRule() || slices.Contains(h.Backend.Honours, needs.what) {
		return nil
	}
	return &harness.Lack{Sentence: fmt.Sprintf("%s can't carry %s (mode: %s): it doesn't heed %s, as a throw-away key "+
		"showed (it ignores %s); set system.kms.backend to embedded", h.Backend, a.Name, f.Mode, needs.operation,
		needs.what)}
}

// Inject changes the key, and leaves alone what is so already: it is somebody else's, and stays.
func (f *KMSKey) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	if f.byRule() {
		return f.lay(ctx, h, a, back)
	}
	key := h.Key[a.Region]
	c := change{what: "the key in " + a.Region, ask: key.Use, refused: refusedByKMS, unmade: unmadeByKMS}
	made, do, err := f.change(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", a.Name, c.what, err)
	}
	if do == nil {
		c.do = func(context.Context) error { return nil }
		c.undo = c.do
		return pull(ctx, a, back, c)
	}
	c.intent, c.do = key.TakingBack(made), do
	c.undo = func(ctx context.Context) error { return key.TakeBack(ctx, made) }
	return pull(ctx, a, back, c)
}

// change looks at how the key is, and tells what to do to it: nil where that is done already.
func (f *KMSKey) change(ctx context.Context, key harness.Key) (
	made harness.KeyChange, do func(context.Context) error, err error,
) {
	if f.Mode == modePolicyDenies {
		if made.Before, err = key.Policy(ctx); err != nil {
			return made, nil, err
		}
		if made.Put, err = denied(made.Before); err != nil {
			return made, nil, err
		}
		return made, func(ctx context.Context) error { return key.SetPolicy(ctx, made.Put) }, nil
	}
	if made.Was, err = key.State(ctx); err != nil {
		return made, nil, err
	}
	switch {
	case strings.HasPrefix(made.Was, "Pending"):
		return made, nil, nil
	case f.Mode == modePendingDeletion:
		made.Scheduled, do = true, key.ScheduleDeletion
	case made.Was == harness.KeyEnabled:
		made.Disabled, do = true, key.Disable
	}
	return made, do, nil
}

// refusedByKMS tells an answer of KMS from an emulator that is slow or gone.
func refusedByKMS(err error) bool {
	var api interface { // smithy's APIError
		error
		ErrorCode() string
	}
	return errors.As(err, &api)
}

// unmadeByKMS tells an answer by which KMS has changed nothing. By one of its own failures, or of who stands before it,
// it may have; and that the key is in no state for it may be what an earlier try, whose answer was lost, has made of
// it.
func unmadeByKMS(err error) bool {
	var answer interface { // the SDK's ResponseError
		error
		HTTPStatusCode() int
	}
	var api interface {
		error
		ErrorCode() string
	}
	if !errors.As(err, &answer) || !errors.As(err, &api) {
		return false
	}
	status := answer.HTTPStatusCode()
	return status >= 400 && status < 500 && api.ErrorCode() != "KMSInvalidStateException"
}

// denied is a policy that says what it said, and denies the key to the services of Identity Center. The account keeps
// its rights, without which nobody could change the policy back.
func denied(document string) (string, error) {
	var policy map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return "", fmt.Errorf("reading the policy: %w", err)
	}
	var statements []json.RawMessage
	if err := json.Unmarshal(policy["Statement"], &statements); err != nil {
		statements = []json.RawMessage{policy["Statement"]} // a lone one needs no list
	}
	statements = append(statements, json.RawMessage(`{"Sid": "`+harness.DenySid+`", "Effect": "Deny", "Principal":
{"Service": ["sso.amazonaws.com", "identitystore.amazonaws.com"]}, "Action": "kms:*", "Resource": "*"}`))
	list, err := json.Marshal(statements)
	if err != nil {
		return "", err
	}
	policy["Statement"] = list
	said, err := json.Marshal(policy)
	return string(said), err
}
