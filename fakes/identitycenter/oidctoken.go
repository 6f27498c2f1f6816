package identitycenter

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
)

type tokenRequest struct {
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	GrantType    string `json:"grantType"`
	DeviceCode   string `json:"deviceCode"`
	Code         string `json:"code"`
	RefreshToken string `json:"refreshToken"`
	RedirectURI  string `json:"redirectUri"`
	CodeVerifier string `json:"codeVerifier"`
}

type tokenAnswer struct {
	AccessToken  string `json:"accessToken"`
	ExpiresIn    int    `json:"expiresIn"` // seconds
	RefreshToken string `json:"refreshToken,omitempty"`
	TokenType    string `json:"tokenType"`
}

// createToken gives a client a token that is good in this Region alone. Codes and tokens of other Regions are not known
// here, and so are not valid.
func (r *Replica) createToken(req *http.Request, in *tokenRequest) (any, *oidcFault) {
	if req.URL.Query().Get("aws_iam") != "" {
		return nil, &oidcFault{kind: "UnsupportedGrantTypeException", description: "CreateTokenWithIAM is not offered here"}
	}
	if !r.mayAsk("CreateToken", req, in.ClientID) {
		return nil, faultSlowDown
	}
	c, fault := r.authenticate(in.ClientID, in.ClientSecret)
	switch {
	case fault != nil:
		return nil, fault
	case in.GrantType == "":
		return nil, faultMissing
	case !isGrantType(in.GrantType):
		return nil, faultGrantType
	case !slices.Contains(c.Grants, in.GrantType):
		return nil, faultClientOf
	}
	switch in.GrantType {
	case grantDevice:
		return r.byDeviceCode(req.Context(), &c, in.DeviceCode)
	case grantCode:
		return r.byCode(req.Context(), &c, in)
	}
	return r.byRefreshToken(req.Context(), &c, in.RefreshToken)
}

// byCode gives a token for what a browser has brought back, to whoever sent it there: they alone know the verifier (RFC
// 7636).
func (r *Replica) byCode(ctx context.Context, c *oidcClient, in *tokenRequest) (any, *oidcFault) {
	if in.Code == "" || in.RedirectURI == "" || in.CodeVerifier == "" {
		return nil, faultMissing
	}
	now, key := r.now(), kindCode.key(in.Code)
	a, ok := r.oidc.authorization(key, now)
	if !ok || a.Client != c.ID {
		return nil, faultGrant
	}
	return r.exchange(ctx, c, a.Session, func() bool {
		_, first := r.oidc.takeAuthorization(key, now) // used up by a wrong verifier, too
		return first && a.Redirect == in.RedirectURI && verifies(in.CodeVerifier, a.Challenge)
	})
}

// verifies tells whether a code challenge was made of the verifier by S256 (RFC 7636, 4.6).
func verifies(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return len(verifier) >= 43 && len(verifier) <= 128 && subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) == 1
}

// byRefreshToken gives a new pair of tokens for the old, whose refresh token is used up.
func (r *Replica) byRefreshToken(ctx context.Context, c *oidcClient, token string) (any, *oidcFault) {
	if token == "" {
		return nil, faultMissing
	}
	now := r.now()
	t, ok := r.oidc.token(kindRefresh, token, now)
	if !ok || t.Client != c.ID {
		return nil, faultRefresh
	}
	out, fault := r.exchange(ctx, c, t.Session, func() bool {
		_, first := r.oidc.takeToken(kindRefresh, token, now)
		return first
	})
	if fault == faultGrant {
		fault = faultRefresh
	}
	return out, fault
}

// exchange gives out tokens, if the person's session goes on and they are still there, and if use succeeds, which uses
// up what was brought for them. What KMS keeps from being exchanged can be brought again.
func (r *Replica) exchange(ctx context.Context, c *oidcClient, session string, use func() bool) (any, *oidcFault) {
	n := r.stores.ofID(session, r.now())
	if n == nil {
		return nil, faultGrant
	}
	p, err := r.personOf(ctx, n)
	switch {
	case err != nil:
		return nil, faultOf(err)
	case p == nil || !use():
		return nil, faultGrant
	}
	return r.issueTokens(c, n), nil
}

// issueTokens makes an access token, which ends with the person's session at the latest, and a refresh token where the
// client may have one: it has registered for the accounts' scope.
func (r *Replica) issueTokens(c *oidcClient, n *session) tokenAnswer {
	now, t := r.now(), oidcToken{Client: c.ID, Session: n.ID, Scopes: c.Scopes}
	refreshable := slices.Contains(c.Scopes, scopeAccounts) && slices.Contains(c.Grants, grantRefresh)
	life := r.cfg.Behaviour.TokenLife
	if len(c.Scopes) == 0 {
		life = r.cfg.Behaviour.LegacyTokenLife
	}
	until := now.Add(life)
	if n.Expires.Before(until) {
		until = n.Expires
	}
	out := tokenAnswer{AccessToken: newArgument(), ExpiresIn: int(until.Sub(now).Seconds()), TokenType: "Bearer"}
	r.oidc.addToken(kindAccess, out.AccessToken, t, now, until)
	if refreshable {
		out.RefreshToken = newArgument()
		r.oidc.addToken(kindRefresh, out.RefreshToken, t, now, n.Expires)
	}
	return out
}
