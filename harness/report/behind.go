package report

import (
	"fmt"
	"strings"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// behind says, a sentence for each, how far behind Regions were when a fault came.
func (d *drill) behind() []string {
	var said []string
	for i := range d.RecoveryPoints {
		said = append(said, behindWords(&d.RecoveryPoints[i]))
	}
	return said
}

func behindWords(p *verdict.RecoveryPoint) string {
	said := fmt.Sprintf("%s at %s, %s: ", clean(p.Region), clean(p.Fault), clean(p.Of))
	switch {
	case p.Probe == "":
		said += "nothing was written that could be looked for"
	case p.Actual == nil:
		said += "nobody can say how far behind it was"
	case p.Stale == 0:
		said += fmt.Sprintf("it lacked nothing of %s; those of the last %s nobody looked for", plural(p.Writes, "write"),
			ceil(*p.Actual.Upper))
	default:
		said += fmt.Sprintf("it lacked %d of %s, the oldest acknowledged %s before", p.Stale, plural(p.Writes, "write"),
			bounds(p.Actual))
	}
	var also []string
	for _, n := range []struct {
		n    int
		what string
	}{{p.Lost, "lost for good"}, {p.Unknown, "of which nobody knows"},
		{p.ZombieLogins, "logins of people who were removed"}} {
		if n.n > 0 {
			also = append(also, fmt.Sprintf("%d %s", n.n, n.what))
		}
	}
	if len(also) > 0 {
		said += "; " + strings.Join(also, ", ")
	}
	return said
}

// concludeReplication adds how far behind Regions were, and how long each write took to them.
func (m *Metrics) concludeReplication(v *verdict.Verdict) {
	for i := range v.RecoveryPoints {
		p := &v.RecoveryPoints[i]
		if p.Actual == nil {
			continue
		}
		of := func(bound string, s verdict.Seconds) {
			m.point.WithLabelValues(m.scenario, label(p.Of), label(p.Region), bound).Observe(float64(s))
			m.lastPoint.WithLabelValues(m.scenario, label(p.Of), label(p.Region), bound).Set(float64(s))
		}
		of("lower", p.Actual.Lower)
		if p.Actual.Upper != nil {
			of("upper", *p.Actual.Upper)
		}
	}
	for _, lag := range verdict.Entries[verdict.ReplicationLag](&v.Measures, "replication_lags") {
		if lag.Fault != "" { // the one of all writes has these too
			continue
		}
		if lag.Max != nil && lag.Max.Upper != nil {
			m.lastLag.WithLabelValues(m.scenario, label(lag.From), label(lag.To)).Set(float64(*lag.Max.Upper))
		}
		for _, s := range lag.Samples {
			if s.Took.Upper != nil {
				m.lag.WithLabelValues(label(lag.From), label(lag.To), label(s.Of)).Observe(float64(*s.Took.Upper))
			}
		}
	}
}

// invariantWords is an invariant with what was seen first of what violates it, or why nobody can say.
func invariantWords(i *verdict.Invariant) string {
	said := fmt.Sprintf("%s: %s", clean(i.Name), plural(i.Violations, "violation"))
	if i.Detail != "" {
		said += ", " + clean(i.Detail)
	}
	return said
}
