package probes

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// Audits lists what is asked of a system once a drill has settled. A new one is a file and a line here, beside its name
// in history.
func Audits() []harness.AuditKind {
	return []harness.AuditKind{
		{Name: history.NoReplayedAssertion, Doc: "an assertion that a Region took is shown to it again",
			Ask: auditReplay},
		{Name: history.NoForeignAssertion, Doc: "an assertion made for one Region's ACS is shown to another's",
			Ask: auditForeignAssertion},
		{Name: history.NoExpiredAssertion, Doc: "an assertion that has expired is shown to each Region",
			Ask: func(ctx context.Context, a *harness.Audit) error { return auditFlaw(ctx, a, "expired") }},
		{Name: history.NoWrongAudience, Doc: "an assertion for another audience is shown to each Region",
			Ask: func(ctx context.Context, a *harness.Audit) error { return auditFlaw(ctx, a, "wrong_audience") }},
		{Name: history.NoForeignToken, Doc: "a token of one Region's portal is shown to another's API",
			Ask: auditForeignToken},
		{Name: history.NoRecordElsewhere, Doc: "Regions outside the instance are asked whom they know",
			Ask: auditElsewhere},
		{Name: history.NoSecretInArtifacts, Doc: "what the drill has left so far is searched for secrets",
			Ask: auditSecrets},
	}
}

// assertion is what an identity provider has given a person to carry to an ACS.
type assertion struct {
	to   *url.URL
	form url.Values
}

// isACS tells whether an address is that of an assertion consumer service.
func (u *person) isACS(to *url.URL) bool {
	loc, known := u.world.Locate(to.Hostname())
	return known && loc.Service == "signin" && strings.Contains(to.Path, "/saml/acs/")
}

// auditor is somebody with a browser of their own, at the vantage of an audit.
func auditor(a *harness.Audit) (*person, func(), error) {
	if len(a.People) == 0 || a.From == nil {
		return nil, nil, errors.New("there is nobody to sign in")
	}
	transport := newTransport(a.World, a.From)
	attempt := &harness.Attempt{Probe: "audit", Due: time.Now(), From: a.From, Person: a.People[0], Home: a.Regions[0]}
	u, err := newPerson(a.World, attempt, transport)
	return u, transport.CloseIdleConnections, err
}

// fetch gets an assertion for a Region's ACS, without showing it there.
func (u *person) fetch(ctx context.Context, region string) (assertion, *failure) {
	var got assertion
	u.keeps = &got
	defer func() { u.keeps = nil }()
	_, failed := u.visit(ctx, u.world.Portal(region), func(*page) bool { return false })
	if failed == nil && got.to == nil {
		failed = &failure{history.ClassWrongContent, "nothing was to be carried to the ACS of " + region}
	}
	return got, failed
}

// show takes an assertion to an ACS. It is taken where that leads on, and refused where it says so; else nobody can
// say.
func (u *person) show(ctx context.Context, to string, what assertion) (taken, refused bool, detail string) {
	req, err := newRequest(ctx, http.MethodPost, to, what.form)
	if err != nil {
		return false, false, "the ACS has no address"
	}
	resp, failed := u.do(req)
	switch {
	case failed != nil:
		return false, false, failed.detail
	case resp.failed != nil:
		return false, resp.failed.class == history.ClassACSRejected, resp.failed.detail
	}
	return true, false, "the ACS took it"
}

// judged tells an audit what became of something that must be refused.
func judged(a *harness.Audit, region string, taken, refused bool, detail string) {
	switch {
	case taken:
		a.Tell(region, history.AuditViolated, detail)
	case refused:
		a.Tell(region, history.AuditKept, detail)
	default:
		a.Tell(region, history.AuditUntold, detail)
	}
}

// auditReplay shows each Region an assertion twice, by the same browser. The first time it must be taken, or the second
// says nothing.
func auditReplay(ctx context.Context, a *harness.Audit) error {
	for _, region := range a.Regions {
		u, done, err := auditor(a)
		if err != nil {
			return err
		}
		got, failed := u.fetch(ctx, region)
		if failed != nil {
			a.Tell(region, history.AuditUntold, failed.detail)
			done()
			continue
		}
		if taken, _, detail := u.show(ctx, got.to.String(), got); !taken {
			a.Tell(region, history.AuditUntold, detail)
		} else {
			taken, refused, detail := u.show(ctx, got.to.String(), got)
			judged(a, region, taken, refused, detail)
		}
		done()
	}
	return nil
}

// auditForeignAssertion shows each Region's ACS an assertion that was made for another's, which must take it
// afterwards, or the refusal says nothing.
func auditForeignAssertion(ctx context.Context, a *harness.Audit) error {
	if len(a.Regions) < 2 {
		a.Tell("", history.AuditKept, "there is one Region alone")
	}
	for i, region := range a.Regions[:len(a.Regions)*min(1, len(a.Regions)-1)] {
		other := a.Regions[(i+1)%len(a.Regions)]
		u, done, err := auditor(a)
		if err != nil {
			return err
		}
		got, failed := u.fetch(ctx, other)
		if to := a.ACSOf(region); failed != nil || to == "" {
			a.Tell(region, history.AuditUntold, "there is no assertion for "+other+" to show")
		} else {
			taken, refused, detail := u.show(ctx, to, got)
			if refused { // or it tells nothing
				if right, _, why := u.show(ctx, got.to.String(), got); !right {
					refused, detail = false, "it is not taken in "+other+" either, for which it was made: "+why
				}
			}
			judged(a, region, taken, refused, detail)
		}
		done()
	}
	return nil
}

// auditFlaw lets the provider get its assertions wrong, and shows one to each Region. A Region that refuses the one
// that is right, too, tells nothing.
func auditFlaw(ctx context.Context, a *harness.Audit, flaw string) error {
	if a.Flaws == nil {
		a.Tell("", history.AuditUntold, "the identity provider can't be made to get anything wrong")
		return nil
	}
	name := "audit-" + flaw
	mend, err := a.Change(func(ctx context.Context) error { return a.Flaws.Mend(ctx, name) })
	if err != nil {
		return err
	}
	if err := a.Flaws.GetWrong(ctx, harness.Flaw{Name: name, Assertion: flaw}); err != nil {
		return err
	}
	type seen struct {
		taken, refused bool
		detail         string
	}
	looks := map[string]seen{}
	for _, region := range a.Regions {
		taken, refused, detail, err := carried(ctx, a, region)
		if err != nil {
			return errors.Join(err, mend(ctx))
		}
		looks[region] = seen{taken, refused, detail}
	}
	if err := mend(ctx); err != nil {
		return err
	}
	for _, region := range a.Regions {
		right, _, detail, err := carried(ctx, a, region)
		if err != nil {
			return err
		}
		look := looks[region]
		if !right && !look.taken {
			look.refused, look.detail = false, "one that is right is not taken either: "+detail
		}
		judged(a, region, look.taken, look.refused, look.detail)
	}
	return nil
}

// carried is what becomes of an assertion that the provider now gives.
func carried(ctx context.Context, a *harness.Audit, region string) (taken, refused bool, detail string, err error) {
	u, done, err := auditor(a)
	if err != nil {
		return false, false, "", err
	}
	defer done()
	got, failed := u.fetch(ctx, region)
	if failed != nil {
		return false, false, failed.detail, nil
	}
	taken, refused, detail = u.show(ctx, got.to.String(), got)
	return taken, refused, detail, nil
}
