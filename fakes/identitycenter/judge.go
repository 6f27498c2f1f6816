package identitycenter

import (
	"context"
	"errors"
	"slices"
)

// Judgement asks what an assertion consumer service would make of a response that answers no request.
type Judgement struct {
	ACS      string // URL of one of the Region's
	Response string // SAMLResponse of the HTTP-POST binding
	LookUp   bool   // whether its person must be in the directory, for which KMS is asked
}

// Judged is what it made of it.
type Judged struct {
	Cause  string // of its refusal, as on an error page; empty: it would have let the person in
	Detail string
}

// Judge holds a response against all that the ACS holds a person's against, and opens no session. The assertion is used
// up, so that the same response is refused the next time. Its error is that there is no such ACS, or that it can't be
// told.
func (r *Replica) Judge(ctx context.Context, j Judgement) (Judged, error) {
	c := r.known.Load()
	if c == nil {
		return Judged{}, errors.New("nobody is served in this Region")
	}
	hosts := signinHosts(&r.cfg)
	i := slices.IndexFunc(hosts, func(host string) bool { return acs{r, host}.url() == j.ACS })
	if i < 0 {
		return Judged{}, errors.New("it is no ACS URL of this Region")
	}
	refused, err := acs{r, hosts[i]}.judge(ctx, c, j)
	if err != nil || refused == nil {
		return Judged{}, err
	}
	return Judged{string(refused.cause), refused.detail}, nil
}

func (a acs) judge(ctx context.Context, c *configuration, j Judgement) (*refusal, error) {
	said, refused := a.expects(c).validate(j.Response)
	if refused == nil {
		_, refused = a.stores.settle(said, digestOf(newSecret()), true, a.now())
	}
	if refused != nil || !j.LookUp {
		return refused, nil
	}
	p, err := a.person(ctx, said.nameID)
	if err == nil && p == nil {
		refused = refuse(causeUnknownUser, "no user of this name is provisioned")
	}
	return refused, err
}

func (s *Server) judge(ctx context.Context, j Judgement) (Judged, error) {
	r, err := s.standing()
	if err != nil {
		return Judged{}, err
	}
	return r.Judge(ctx, j)
}
