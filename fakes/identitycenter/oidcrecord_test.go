package identitycenter

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"

	"github.com/regiondrill/regiondrill/fakes/records"
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

// TestNobodyIsToldWhatIsNotRecorded: where one request takes another's changes with its own and can't record them, the
// other isn't told that they were.
func TestNobodyIsToldWhatIsNotRecorded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		synctest.Wait() // what starts with the Region asks for its keys too
		r := w.replicas[west]
		key := r.vault.center.opened
		r.vault.center.opened = nil
		for _, id := range []string{"one", "other"} {
			r.oidc.addClient(oidcClient{ID: id, Expires: w.now().Add(time.Hour)}, w.now())
		}
		for range 2 {
			if r.recordClients() == nil {
				t.Error("it was recorded without a key")
			}
		}
		r.vault.center.opened = key
		ok(t, 0, r.recordClients())
		w.restart(west)
		synctest.Wait()
		for _, id := range []string{"one", "other"} {
			if _, known := w.replicas[west].oidc.client(id, w.now()); !known {
				t.Errorf("the client %q is forgotten", id)
			}
		}
	})
}

// TestWhatMakesRoomLeavesTheRecords, so that a flood of clients fills no file either.
func TestWhatMakesRoomLeavesTheRecords(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := w.replicas[west]
		r.oidc.clients.limit = 2
		for _, id := range []string{"a", "b", "c", "d"} {
			r.oidc.addClient(oidcClient{ID: id, Expires: w.now().Add(time.Hour)}, w.now())
			ok(t, 0, r.recordClients())
		}
		var kept string
		ok(t, 0, r.store.View(r.vault.sessionKeys(), func(tx *records.Tx) error {
			return each(tx, kindClient, func(_ string, c *oidcClient) error { kept += c.ID; return nil })
		}))
		if kept != "cd" {
			t.Errorf("recorded are %q", kept)
		}
	})
}
