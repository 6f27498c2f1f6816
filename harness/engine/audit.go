package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// auditLimit is how long one audit may take.
const auditLimit = 20 * time.Second

// audit asks the system, when everybody has gone and nothing is harmed any more, whether what must never be is so. What
// it asks disturbs no measurement: those are over.
func (r *run) audit(ctx context.Context, sys *harness.System) {
	asked := r.plan.Record.Invariants
	if asked == nil || ctx.Err() != nil {
		return
	}
	r.writer.flush()
	for _, k := range r.plan.audits {
		if !slices.Contains(asked.Only, k.Name) {
			continue
		}
		tell := func(region string, is history.AuditedAs, detail string) {
			r.record(history.Audited.Event(r.at(time.Now()),
				history.Audit{Invariant: k.Name, Region: region, Is: is, Detail: detail}))
		}
		a := &harness.Audit{System: sys, From: r.vantage(sys), Regions: r.plan.Topology.Enabled(),
			Outside: r.plan.Record.Outside, Back: r.back, Tell: tell}
		if r.opts.Folder != nil {
			a.Folder = r.opts.Folder.Path
		}
		err := r.look(ctx, k, a)
		if err != nil {
			tell("", history.AuditUntold, err.Error())
		}
		if errors.Is(err, harness.ErrPanic) {
			r.stop(Stop{Reason: history.Broken, Detail: err.Error()})
		}
	}
}

func (r *run) look(ctx context.Context, k harness.AuditKind, a *harness.Audit) error {
	ctx, cancel := context.WithTimeout(ctx, auditLimit)
	defer cancel()
	return harness.Guard("an audit", func() error { return k.Ask(ctx, a) })
}

// vantage is where people sit, the first there is.
func (r *run) vantage(sys *harness.System) *harness.Place {
	for _, v := range r.plan.Topology.Vantages {
		if p := sys.Place(v.Name); p != nil {
			return p
		}
	}
	return sys.Place(r.plan.Topology.Primary)
}

// outside are the Regions that stand by and that no action names, which might have added them.
func (p *Plan) outside() []string {
	return slices.DeleteFunc(slices.Clone(p.Topology.Standby), func(region string) bool {
		return slices.ContainsFunc(p.actions, func(a plannedAction) bool { return a.aim.Region == region })
	})
}
