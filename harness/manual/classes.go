package manual

import (
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// class is why an attempt was not good, for who reads it in a report.
type class struct {
	means string // what happened
	by    string // who says so
	do    string // what to look at
}

// classTexts are all of them.
var classTexts = map[history.Class]class{
	history.ClassTimeout: {
		"somebody was silent, until the person's limit was over or they gave up on home",
		"nobody: it is the absence of an answer, seen from the person's place",
		"see by the steps in the report which host was silent; a black hole, a hung process and a slow link " +
			"look alike",
	},
	history.ClassRefused: {
		"a connection was refused: the host is there, and nothing listens",
		"the host, or a firewall before it",
		"see which host it was, and whether its process runs",
	},
	history.ClassReset: {
		"a connection was made and broken off",
		"the host, or something on the way",
		"see which host it was; a restart, a load balancer or a lossy link does this",
	},
	history.ClassDNS: {
		"a name could not be looked up",
		"the resolver of the person's place",
		"see that the name exists, and that its zone doesn't depend on the Region that is gone",
	},
	history.ClassTLS: {
		"TLS failed: a certificate that has expired, is another host's or isn't trusted, or a broken " +
			"handshake",
		"the person's own client",
		"look at the certificate of the host, as that place sees it",
	},
	history.ClassHTTP5xx: {
		"a service answered with a status of 500 or more",
		"the service, or a load balancer before it",
		"it is the service's own trouble; use another Region until it is over",
	},
	history.ClassHTTP4xx: {
		"a service answered with a status of 400 or more of which no other class is more exact",
		"the service",
		"read its error in the attempt's detail; permissions and key policies show like this",
	},
	history.ClassThrottled: {
		"a service answered that it is called too often (429, or an error of that name)",
		"the service",
		"ask less often, try again more slowly, or raise the service's quota",
	},
	history.ClassIdPUnavailable: {
		"the identity provider could not be reached, or answered with a status of 500 or more",
		"the network before it, or the provider",
		"no Region helps: have a way in that doesn't need the provider (action break_glass)",
	},
	history.ClassIdPACSRefused: {
		"the identity provider doesn't know the ACS URL that Identity Center asked it to answer at",
		"the identity provider, on its own error page",
		"register the Region's ACS URL there (system.idp.acs; action acs_swap)",
	},
	history.ClassIdPLoginRefused: {
		"the identity provider didn't let the person in: user name, password or one-time code, or they are " +
			"disabled",
		"the identity provider",
		"see whether they may sign in there at all (system.directory.people)",
	},
	history.ClassACSRejected: {
		"the identity provider let the person in, and Identity Center didn't take its answer: it shows the " +
			"page \"It's not you, it's us\", with a code",
		"the sign-in service of the Region that was tried; the attempt's detail has its reason in brackets",
		"kms: look at the Region's replica of the key and its policy; saml_…: at the assertion, the " +
			"certificate and the clocks; another Region helps with the first, and hardly with the second",
	},
	history.ClassPortalError: {
		"the access portal or its API answered with an error of its own",
		"the portal of the Region that was tried",
		"look at the Region's replica of the key, at the person's session, and at what is assigned to them",
	},
	history.ClassSessionLost: {
		"somebody who had a session was sent to the identity provider again",
		"the portal, by asking for a new sign-in",
		"see whether it was revoked, has expired, or wasn't replicated to that Region",
	},
	history.ClassWrongContent: {
		"all answers were good, and what came isn't what it should be: no account, no token, another page",
		"the probe, which looks for the person's account",
		"read the attempt's detail, and look at assignments",
	},
	history.ClassProgram: {
		"a program that the scenario names, or the AWS CLI, exited with a code that isn't 0",
		"the program",
		"read the last line that it wrote, in the attempt's detail, and run it by hand",
	},
	history.ClassStopped: {
		"the run was stopped while the attempt was under way; it counts for nothing",
		"regiondrill",
		"nothing: let the drill run to its end",
	},
	history.ClassBrowser: {
		"the browser itself failed; the attempt is unknown, and no evidence of anything",
		"regiondrill",
		"see what regiondrill doctor says of browsers, or leave them out: --without-browser",
	},
	history.ClassHarness: {
		"regiondrill itself failed; the attempt is unknown, and no evidence of anything",
		"regiondrill",
		"read the attempt's detail; unless this machine lacks something, it is a bug to report",
	},
}

// classTopics are the words by which reports say why an attempt was not good.
func classTopics() []*Topic {
	var topics []*Topic
	for _, c := range history.Classes() {
		text := classTexts[c]
		topics = append(topics, &Topic{Name: "class." + string(c), Of: OfClass, Doc: text.means, By: text.by,
			Remedy: text.do, Keys: []scenario.Field{}, Common: []scenario.Field{}})
	}
	return topics
}
