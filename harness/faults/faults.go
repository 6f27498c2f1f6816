// Package faults holds what can be done to a system, one kind a file. A fault is a small struct whose fields are its
// configuration and never change. It says what it is aimed at, lays a rule or pulls a handle, and gives back what
// proves it and takes it back. Its file says too whom it must break, case by case, and TestMatrix holds it to that.
package faults

import (
	"github.com/regiondrill/regiondrill/harness"
)

// Table lists the kinds of faults. A new one is a file and a line in one of these lists.
func Table() []harness.FaultKind { return append(regional(), global()...) }

// global are those of what is in no Region.
func global() []harness.FaultKind {
	return []harness.FaultKind{
		{Name: "shared_host", Doc: "the console's sign-in, a host that all Regions share, is gone: a portal leads nowhere",
			Cases: sharedHostCases, New: func() harness.Fault { return &SharedHost{silence()} }},
		{Name: "vanity",
			Doc:   "the vanity domain leads people wrong: a stale answer, health checks that pass, a redirect too many",
			Cases: vanityCases, New: func() harness.Fault { return &Vanity{Mode: modeStale} }},
	}
}

// regional are those of Regions, of the links between them and others, and of the identity provider.
func regional() []harness.FaultKind {
	return []harness.FaultKind{
		{Name: "region_outage", Doc: "every link to and from a Region is cut: portal, APIs, KMS, outgoing replication",
			Cases: regionOutageCases, New: func() harness.Fault { return &RegionOutage{silence()} }},
		{Name: "link", Doc: "links get slow or lossy: latency, jitter, bandwidth, connections that are reset",
			Cases: linkCases, New: func() harness.Fault { return &Link{} }},
		{Name: "api_errors", Doc: "an API of AWS answers with errors of its own",
			Cases: apiErrorsCases, New: func() harness.Fault { return &APIErrors{Odds: 1, Via: viaFabric} }},
		{Name: "api_latency", Doc: "an API of AWS is slow to answer, while the links to it are not",
			Cases: apiLatencyCases, New: func() harness.Fault { return &APILatency{Odds: 1} }},
		{Name: "throttle", Doc: "an API of AWS says that it is called too often",
			Cases: throttleCases, New: func() harness.Fault { return &Throttle{Odds: 1} }},
		{Name: "kms_key",
			Doc:   "a Region's replica of the key is disabled, pending deletion, denied to Identity Center, or out of its reach",
			Cases: kmsKeyCases, New: func() harness.Fault { return &KMSKey{Mode: modeDisabled} }},
		{Name: "tls",
			Doc:   "the TLS of a Region's names breaks: an expired certificate, another host's, a handshake that stalls",
			Cases: tlsCases, New: func() harness.Fault { return &TLS{Mode: modeExpired} }},
		{Name: "dns", Doc: "a Region's names can't be looked up, lead to where nobody is any more, or take long to look up",
			Cases: dnsCases, New: func() harness.Fault { return &DNS{Mode: modeNXDomain, Cut: true} }},
		{Name: "process", Doc: "the process of a Region's replica is killed, paused or restarted",
			Cases: processCases, New: func() harness.Fault { return &Process{Mode: modeKill} }},
		{Name: "network_disconnect", Doc: "a Region's replica is taken off its network, and runs on alone",
			Cases: networkDisconnectCases, New: func() harness.Fault { return &NetworkDisconnect{} }},
		{Name: "replication",
			Doc:   "what other Regions replicate to a Region is held up, or comes later, all of it or one stream",
			Cases: replicationCases, New: func() harness.Fault { return &Replication{Mode: modePause, Stream: streamAll} }},
		{Name: "idp_outage", Doc: "every link to and from the identity provider is cut: nobody signs in anew anywhere",
			Cases: idpOutageCases, New: func() harness.Fault { return &IdPOutage{silence()} }},
		{Name: "idp_slow", Doc: "the identity provider is slow to answer, while the links to it are not",
			Cases: idpSlowCases, New: func() harness.Fault { return &IdPSlow{Odds: 1} }},
		{Name: "idp_certificate",
			Doc:   "the identity provider signs with a key whose certificate Identity Center doesn't have",
			Cases: idpCertificateCases, New: func() harness.Fault { return &IdPCertificate{Mode: modeRotated} }},
		{Name: "idp_acs_missing",
			Doc:   "the identity provider doesn't know a Region's ACS URLs, or knows one form of them alone",
			Cases: idpACSMissingCases, New: func() harness.Fault { return &IdPACSMissing{Only: formNone} }},
		{Name: "idp_assertion", Doc: "the identity provider writes assertions that Identity Center refuses",
			Cases: idpAssertionCases, New: func() harness.Fault { return &IdPAssertion{Mode: modeExpired} }},
		{Name: "clock_skew", Doc: "the clock of a Region or of the identity provider is wrong",
			Cases: clockSkewCases, New: func() harness.Fault { return &ClockSkew{} }},
		{Name: "session_loss", Doc: "a Region forgets the sessions that people have at its access portal",
			Cases: sessionLossCases, New: func() harness.Fault { return &SessionLoss{} }},
		{Name: "partition", Doc: "the links between a Region and other Regions, or one other place, are cut both ways or one",
			Cases: partitionCases,
			New:   func() harness.Fault { return &Partition{Direction: directionBoth, Mode: modeBlackhole} }},
		{Name: "scim_stall", Doc: "the identity provider stops provisioning, or SCIM hangs, refuses its token, throttles it",
			Cases: scimStallCases, New: func() harness.Fault { return &SCIMStall{Mode: modeHang} }},
	}
}
