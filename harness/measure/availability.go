package measure

import "github.com/regiondrill/regiondrill/harness/verdict"

// Availability is how much of the time between the first edge of a fault in force and its healing a probe's people were
// not failing: 1 less the outages' share of it. It counts time where a window's availability counts attempts, and it is
// no recovery time: people whom a fault makes wait and then lets in were never failing.
type Availability struct {
	Probe string        `json:"probe"`
	Fault string        `json:"fault"`
	Time  verdict.Share `json:"time"` // the lower bound takes each outage as long as it can have been
}

// timeAvailability is of the pairs whose fault was proven in force and then healed, and whose window was observed.
func timeAvailability(f *Found) any {
	all := []Availability{}
	for i := range f.Measures.Recoveries {
		r := &f.Measures.Recoveries[i]
		w := f.Measures.Window(r.Probe, r.Fault, verdict.Fault)
		if r.FirstEffective == nil || r.Healing == nil || *r.Healing <= *r.FirstEffective || w == nil || !w.Observed {
			continue
		}
		all = append(all, Availability{Probe: r.Probe, Fault: r.Fault,
			Time: served(r.Outages, *r.FirstEffective, *r.Healing)})
	}
	return all
}

// served bounds the share of a span in which there was no outage. An outage lasted at least from its first to its last
// failure, at most from the good arrival before to the one after.
func served(outages []verdict.Outage, since, until verdict.Seconds) verdict.Share {
	within := func(from, to verdict.Seconds) verdict.Seconds { return max(0, min(until, to)-max(since, from)) }
	least, most := verdict.Seconds(0), verdict.Seconds(0)
	for _, o := range outages {
		least += within(o.Since, o.Since+o.Lower)
		from, to, begun := since, until, o.Since
		if o.LastGood != nil {
			from, begun = *o.LastGood, *o.LastGood
		}
		if o.Upper != nil {
			to = begun + *o.Upper
		}
		most += within(from, to)
	}
	whole := until - since
	return verdict.Share{Lower: 1 - float64(min(most, whole)/whole), Upper: 1 - float64(least/whole)}
}
