// Package faults holds what can be done to a system, one kind a file. A fault is a small struct whose fields are its
// configuration. It lays a rule or pulls a handle, gives back the undo with the deed, and proves that it bites.
package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Table lists the kinds of faults. A new one is a file and a line here.
func Table() []harness.FaultKind {
	return []harness.FaultKind{
		{Name: "region_outage", Doc: "every link to and from a Region is cut: portal, APIs, KMS, outgoing replication",
			New: newRegionOutage},
		{Name: "link", Doc: "links get slow: latency, jitter, bandwidth", New: newLink},
		{Name: "api_errors", Doc: "an API of AWS answers with errors of its own", Calls: true, New: newAPIErrors},
		{Name: "api_latency", Doc: "an API of AWS is slow to answer, while the links to it are not", Calls: true,
			New: newAPILatency},
		{Name: "throttle", Doc: "an API of AWS says that it is called too often", Calls: true, New: newThrottle},
		{Name: "process", Doc: "the process of a Region's replica is killed, paused or restarted", Replica: true,
			New: newProcess},
		{Name: "network_disconnect", Doc: "a Region's replica is taken off its network, and runs on alone", Replica: true,
			New: newNetworkDisconnect},
	}
}

// laid is the rule that a fault has in force, shared by its Inject, Prove and Verify.
type laid struct{ rule harness.Laid }

// lay puts the rule in force. The rule dies with this process, so no other needs to know how to undo it.
func (l *laid) lay(ctx context.Context, hit harness.Hit, rule harness.Rule, back *rollback.Stack) (rollback.Undo, error) {
	rule.Name, rule.Edges, rule.Hosts, rule.Lease = hit.Fault, hit.Edges, hit.Hosts, hit.Lease
	return l.push(hit, back, func() (harness.Laid, error) { return hit.Network.Lay(ctx, rule) })
}

// push remembers the way back, then has the rule laid.
func (l *laid) push(hit harness.Hit, back *rollback.Stack, lay func() (harness.Laid, error)) (rollback.Undo, error) {
	undo, err := back.Push(rollback.Intent{}, func(context.Context) error {
		if l.rule != nil {
			l.rule.Lift()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if l.rule, err = lay(); err != nil {
		return undo, fmt.Errorf("laying the rule of %s: %w", hit.Fault, err)
	}
	return undo, nil
}

// Prove asks the fabric's canaries.
func (l *laid) Prove(ctx context.Context, _ harness.Hit, inForce bool) ([]harness.Proof, error) {
	if l.rule == nil {
		return nil, errors.New("no rule was laid")
	}
	return l.rule.Prove(ctx, inForce)
}

// Verify asks what the fabric would do to a new connection, or to a new call.
func (l *laid) Verify(ctx context.Context, _ harness.Hit) ([]harness.Sighting, error) {
	if l.rule == nil {
		return nil, errors.New("no rule was laid")
	}
	return l.rule.Verify(ctx)
}

// Truth is the fabric's own log of the rule, which only calibration looks at.
func (l *laid) Truth() (injected, lifted time.Time, expired bool) {
	if l.rule == nil {
		return time.Time{}, time.Time{}, false
	}
	return l.rule.Truth()
}

// Expired tells whether the fabric has lifted the rule by itself.
func (l *laid) Expired() (at time.Time, expired bool) {
	_, at, expired = l.Truth()
	return at, expired
}

// needsNetwork is what every fault of this file's kind needs.
func needsNetwork(can harness.Capabilities) error {
	if !can.Network {
		return errors.New("it can't lay rules on links")
	}
	return nil
}
