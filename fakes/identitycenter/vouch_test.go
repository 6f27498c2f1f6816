package identitycenter

import (
	"net/http"
	"testing"
	"testing/synctest"
)

// Whoever reaches the host that takes what Regions replicate can neither write into a Region nor empty it.
func TestOnlyRegionsReplicate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		w.start()
		forged := map[string]string{
			"/" + StreamSessions: `{"stream":"sessions","origin":"us-east-1","epoch":"mine","entries":[{"n":1,"kind":"session end",` +
				`"id":"s","value":{"session":"s"}}]}`,
			"/removed": `{"origin":"us-east-1","region":"eu-west-1"}`,
		}
		for path, body := range forged {
			proofs := map[string]string{"no proof": "", "no hexadecimal": "xyz", "a short one": "00"}
			for where, of := range map[string]*http.Request{
				"one for another body": w.toWest(path, body+" "), "one for another path": w.toWest(path+"/", body),
			} {
				said := body
				if where == "one for another body" {
					said += " "
				}
				w.replicas[east].vouch(of, []byte(said))
				proofs[where] = of.Header.Get(headerVouch)
			}
			for what, proof := range proofs {
				req := w.toWest(path, body)
				req.Header.Set(headerVouch, proof)
				if rec := w.answerOfWest(req); rec.Code != http.StatusForbidden {
					t.Errorf("%s with %s: status %d", path, what, rec.Code)
				}
			}
		}
		w.browser().signIn(w, west, "ann@acme.test")
		if rec := w.pushWest("/removed", forged["/removed"], ""); rec.Code != http.StatusNoContent {
			t.Errorf("the primary's own word: status %d", rec.Code)
		}
	})
}
