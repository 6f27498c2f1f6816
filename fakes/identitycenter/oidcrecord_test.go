package identitycenter

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
)

// TestCommandLinesOutliveARestart of their Region: the client, what it was allowed, and what somebody is about to allow.
// The other Region knows nothing of it after its restart either.
func TestCommandLinesOutliveARestart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		d := w.newDevice(t, west, scopeAccounts)
		before := d.logIn("ann@acme.test")
		asked := d.start(w.instance.PortalURL(west))
		time.Sleep(5 * time.Second) // the session is in the other Region
		w.restart(west)
		w.restart(east)
		list := func(region string, token *string) error {
			_, err := w.ssoClient(region).ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token})
			return err
		}
		ok(t, 0, list(west, before.AccessToken))
		fails(t, "in the other Region", list(east, before.AccessToken), "UnauthorizedException")
		after, err := d.refresh(before.RefreshToken)
		ok(t, 0, err)
		_, err = d.refresh(before.RefreshToken)
		fails(t, "a refresh token that was used", err, "InvalidGrantException")
		w.restart(west)
		_, err = d.refresh(before.RefreshToken)
		fails(t, "a refresh token that was used before a restart", err, "InvalidGrantException")
		ok(t, 0, list(west, after.AccessToken))
		_, err = d.poll(asked.DeviceCode)
		fails(t, "what nobody has allowed yet", err, "AuthorizationPendingException")
		if d.registration.ClientSecretExpiresAt < time.Now().Add(80*24*time.Hour).Unix() || aws.ToString(d.id) == "" {
			t.Errorf("registered is %+v", d.registration)
		}
	})
}
