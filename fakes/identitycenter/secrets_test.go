package identitycenter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// TestNobodySeesAnothersSecrets: what one person's pages and answers hold is in none of another's, in either Region.
func TestNobodySeesAnothersSecrets(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.connect(east, "Wiki", "") // Ann's
		time.Sleep(3 * time.Second)
		seen, secrets := map[string][]string{}, map[string][]string{}
		for _, user := range []string{"ann@acme.test", "bob@acme.test"} {
			for _, region := range []string{east, west} {
				b := w.browser()
				page, _ := b.signIn(w, region, user)
				api := "https://" + names.PortalAPIHost(region)
				keys := b.get(api+"/federation/credentials?account_id=444455556666&role_name=ReadOnly", headerToken, page.token())
				keys.want(t, http.StatusOK)
				secrets[user] = append(secrets[user], user, page.token(), between(keys.body, `"secretAccessKey":"`, `"`),
					between(keys.body, `"sessionToken":"`, `"`))
				refusal := b.get(w.instance.PortalURL(region) + "app/apl-none")
				seen[user] = append(seen[user], page.body, keys.body, refusal.body, b.accounts(region, page.token()).body)
			}
		}
		secrets["ann@acme.test"] = append(secrets["ann@acme.test"], "Wiki", "Ann Example")
		for owner, all := range secrets {
			for reader, pages := range seen {
				for _, secret := range all {
					if secret == "" {
						t.Fatalf("a secret of %s was not found", owner)
					}
					if strings.Contains(strings.Join(pages, "\n"), secret) != (owner == reader) {
						t.Errorf("%q of %s among what %s is shown: %t", secret, owner, reader, owner != reader)
					}
				}
			}
		}
	})
}
