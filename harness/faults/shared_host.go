package faults

import (
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
)

// sharedHostCases are its contract: nobody gets to the console by any Region, and all else goes on.
var sharedHostCases = []harness.Case{
	{Where: atGlobal, Settings: `{"mode": "blackhole"}`, Breaks: consoleless(history.ClassTimeout)},
	{Where: atGlobal, Settings: `{"mode": "refuse"}`, Breaks: consoleless(history.ClassRefused)},
	{Where: atGlobal, Settings: `{"mode": "reset"}`, Breaks: consoleless(history.ClassReset)},
	{Where: atGlobal, Settings: `{"mode": "http_503"}`, Breaks: consoleless(history.ClassHTTP5xx)},
	{Where: atGlobal, Settings: `{"mode": "dns"}`, Breaks: consoleless(history.ClassDNS)},
}

// atGlobal is where what is in no Region is.
var atGlobal = harness.Where{Place: "global"}

// consoleless is what people meet who want to the console.
func consoleless(class history.Class) []harness.Break {
	return []harness.Break{harness.Fail(harness.Anywhere, class, history.Console)}
}

// SharedHost cuts people off the host that signs them in to AWS's console, which all Regions share: who has come to the
// portal of a healthy Region sees their accounts there and gets into none. It was so in 2023 and 2025, while us-east-1
// was ill and people elsewhere were not.
type SharedHost struct {
	outage `yaml:",inline"`
}

// Aim takes the host's links, from everywhere or, with from, as a firewall does that forgets it, from one place.
func (f *SharedHost) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Shared(w, s)
	return f.of(f.inward(a), problems)
}
