// Package faults holds what can be done to a system, one kind a file. A fault is a small struct whose fields are its
// configuration and never change. It says what it is aimed at, lays a rule or pulls a handle, and gives back what
// proves it and takes it back.
package faults

import (
	"github.com/regiondrill/regiondrill/harness"
)

// Table lists the kinds of faults. A new one is a file and a line here.
func Table() []harness.FaultKind {
	return []harness.FaultKind{
		{Name: "region_outage", Doc: "every link to and from a Region is cut: portal, APIs, KMS, outgoing replication",
			Examples: []string{`{"mode": "blackhole"}`, `{"mode": "blackhole", "hold": false}`, `{"mode": "refuse"}`, `{"mode": "reset"}`, `{"mode": "http_503"}`, `{"mode": "dns"}`},
			New:      func() harness.Fault { return &RegionOutage{Mode: modeBlackhole, Hold: true} }},
		{Name: "link", Doc: "links get slow: latency, jitter, bandwidth",
			Examples: []string{`{"latency": "40ms"}`, `{"jitter": "20ms", "bandwidth": 65536}`},
			New:      func() harness.Fault { return &Link{} }},
		{Name: "api_errors", Doc: "an API of AWS answers with errors of its own",
			Examples: []string{`{"status": 503}`, `{"code": "AccessDeniedException", "odds": 0.5}`},
			New:      func() harness.Fault { return &APIErrors{Odds: 1, Via: viaFabric} }},
		{Name: "api_latency", Doc: "an API of AWS is slow to answer, while the links to it are not",
			Examples: []string{`{"latency": "40ms"}`},
			New:      func() harness.Fault { return &APILatency{Odds: 1} }},
		{Name: "throttle", Doc: "an API of AWS says that it is called too often",
			New: func() harness.Fault { return &Throttle{Odds: 1} }},
		{Name: "kms_key",
			Doc:      "a Region's replica of the key is disabled, pending deletion, or its policy denies Identity Center",
			Examples: []string{`{"mode": "disabled"}`, `{"mode": "pending_deletion"}`, `{"mode": "policy_denies"}`},
			New:      func() harness.Fault { return &KMSKey{Mode: modeDisabled} }},
		{Name: "tls",
			Doc:      "the TLS of a Region's names breaks: an expired certificate, another host's, a handshake that stalls",
			Examples: []string{`{"mode": "expired"}`, `{"mode": "wrong_name"}`, `{"mode": "stall"}`},
			New:      func() harness.Fault { return &TLS{Mode: modeExpired} }},
		{Name: "dns", Doc: "a Region's names can't be looked up, lead to where nobody is any more, or take long to look up",
			Examples: []string{`{"mode": "nxdomain"}`, `{"mode": "stale"}`, `{"mode": "slow", "delay": "2s"}`},
			New:      func() harness.Fault { return &DNS{Mode: modeNXDomain} }},
		{Name: "process", Doc: "the process of a Region's replica is killed, paused or restarted",
			Examples: []string{`{"mode": "kill"}`, `{"mode": "pause"}`, `{"mode": "restart"}`},
			New:      func() harness.Fault { return &Process{Mode: modeKill} }},
		{Name: "network_disconnect", Doc: "a Region's replica is taken off its network, and runs on alone",
			New: func() harness.Fault { return &NetworkDisconnect{} }},
		{Name: "replication",
			Doc:      "what other Regions replicate to a Region is held up, or comes later, all of it or one stream",
			Examples: []string{`{"mode": "pause"}`, `{"mode": "pause", "stream": "identities"}`, `{"mode": "lag", "lag": "30s"}`},
			New:      func() harness.Fault { return &Replication{Mode: modePause, Stream: streamAll} }},
		{Name: "idp_outage", Doc: "every link to and from the identity provider is cut, so that nobody signs in anew anywhere",
			Examples: []string{`{"mode": "blackhole"}`, `{"mode": "blackhole", "hold": false}`, `{"mode": "refuse"}`, `{"mode": "reset"}`, `{"mode": "http_503"}`, `{"mode": "dns"}`},
			New:      func() harness.Fault { return &IdPOutage{Mode: modeBlackhole, Hold: true} }},
		{Name: "idp_slow", Doc: "the identity provider is slow to answer, while the links to it are not",
			Examples: []string{`{"latency": "500ms"}`},
			New:      func() harness.Fault { return &IdPSlow{Odds: 1} }},
		{Name: "idp_certificate",
			Doc:      "the identity provider signs with a key whose certificate Identity Center doesn't have",
			Examples: []string{`{"mode": "rotated"}`, `{"mode": "old_key"}`},
			New:      func() harness.Fault { return &IdPCertificate{Mode: modeRotated} }},
		{Name: "idp_acs_missing",
			Doc:      "the identity provider doesn't know a Region's ACS URLs, or knows one form of them alone",
			Examples: []string{`{}`, `{"only": "dual_stack"}`},
			New:      func() harness.Fault { return &IdPACSMissing{Only: formNone} }},
		{Name: "idp_assertion", Doc: "the identity provider writes assertions that Identity Center refuses",
			Examples: []string{`{"mode": "expired"}`, `{"mode": "wrong_audience"}`, `{"mode": "wrong_recipient"}`, `{"mode": "two_assertions"}`, `{"mode": "encrypted"}`, `{"mode": "oversize"}`, `{"mode": "name_id_mismatch"}`, `{"mode": "replay"}`},
			New:      func() harness.Fault { return &IdPAssertion{Mode: "expired"} }},
		{Name: "clock_skew", Doc: "the clock of a Region or of the identity provider is wrong",
			Examples: []string{`{"by": "-6m"}`, `{"by": "10m"}`},
			New:      func() harness.Fault { return &ClockSkew{} }},
		{Name: "session_loss", Doc: "a Region forgets the sessions that people have at its access portal",
			New: func() harness.Fault { return &SessionLoss{} }},
	}
}
