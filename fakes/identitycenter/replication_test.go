package identitycenter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// without is the test directory without the user.
func without(name string) Directory {
	d := testDirectory()
	for i := range d.Users {
		if d.Users[i].Name == name {
			d.Users[i].Disabled = true
		}
	}
	return d
}

func TestDirectoryArrivesAfterItsLag(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		time.Sleep(time.Second)
		var delays []time.Duration
		for v := uint64(2); v < 12; v++ {
			began := time.Now()
			if err := w.replicas[east].Put(t.Context(), testDirectory()); err != nil {
				t.Fatal(err)
			}
			if got := w.replicas[east].Version(); got != v {
				t.Fatalf("the primary has version %d, want %d", got, v)
			}
			if err := w.replicas[west].WaitVersion(t.Context(), v); err != nil {
				t.Fatal(err)
			}
			delays = append(delays, time.Since(began))
		}
		differ := false
		for _, d := range delays {
			if d < time.Second || d >= 1500*time.Millisecond {
				t.Errorf("version arrived after %v", d)
			}
			differ = differ || d != delays[0]
		}
		if !differ {
			t.Errorf("there is no jitter: %v", delays)
		}
	})
}

func TestReplicationCatchesUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.setCut(true, names.ReplicationHost(west))
		b := w.browser()
		b.signIn(w, east, "bob@acme.test")
		for range 40 { // more than are kept
			if err := w.replicas[east].Put(t.Context(), without("ann@acme.test")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if got := w.replicas[west].Version(); got != 1 {
			t.Errorf("version %d crossed the cut", got)
		}
		w.browser().signIn(w, west, "ann@acme.test") // a stale grant, as at AWS
		if calls := w.net.calls(names.ReplicationHost(west)); calls > 200 {
			t.Errorf("%d pushes in a minute of outage", calls)
		}
		w.net.setCut(false, names.ReplicationHost(west))
		time.Sleep(retryLast + pushEvery)
		if got := w.replicas[west].Version(); got != 41 {
			t.Errorf("version %d after the outage, want 41", got)
		}
		login := b.get(w.instance.PortalURL(west)).want(t, http.StatusFound)
		b.get(login.String()).want(t, http.StatusSeeOther) // the session has arrived
		c := w.browser()
		q := c.ask(w, west)
		refused(t, c.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)), causeDisabledUser)
	})
}

func TestReplicationWaitsForTheOtherKey(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.kms[west].set("DisabledException")
		if err := w.replicas[east].Put(t.Context(), testDirectory()); err != nil {
			t.Fatal(err)
		}
		b := w.browser()
		b.signIn(w, east, "bob@acme.test")
		time.Sleep(10 * time.Second)
		if got := w.replicas[west].Version(); got != 1 {
			t.Errorf("version %d was stored without the key", got)
		}
		w.kms[west].set("")
		time.Sleep(retryLast + pushEvery)
		if got := w.replicas[west].Version(); got != 2 {
			t.Errorf("version %d, want 2", got)
		}
		login := b.get(w.instance.PortalURL(west)).want(t, http.StatusFound)
		b.get(login.String()).want(t, http.StatusSeeOther) // sessions did not wait
	})
}

func TestSignOutReachesOtherRegions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		page, _ := b.signIn(w, east, "ann@acme.test")
		time.Sleep(2 * time.Second)
		login := b.get(w.instance.PortalURL(west)).want(t, http.StatusFound)
		b.get(b.get(login.String()).want(t, http.StatusSeeOther).String()).want(t, http.StatusOK)

		api := "https://" + names.PortalAPIHost(east)
		b.do(http.MethodPost, api+"/logout", nil, headerToken, page.token()).want(t, http.StatusOK)
		b.do(http.MethodPost, api+"/logout", nil, headerToken, page.token()).want(t, http.StatusUnauthorized)
		b.accounts(east, page.token()).want(t, http.StatusUnauthorized)
		b.get(w.instance.PortalURL(west)).want(t, http.StatusOK) // not yet there
		time.Sleep(2 * time.Second)
		b.ask(w, west)
		b.ask(w, east)
	})
}

// TestRevocationCrossesAnOutage is fault F11: revoked in the other Region while the primary is cut off, and a session
// that had not been replicated when it was revoked.
func TestRevocationCrossesAnOutage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.setCut(true, names.ReplicationHost(west), names.ReplicationHost(east))
		b := w.browser()
		b.signIn(w, east, "ann@acme.test")
		time.Sleep(5 * time.Second)
		w.replicas[west].RevokeSessions("ann@acme.test")
		time.Sleep(5 * time.Second)
		b.get(w.instance.PortalURL(east)).want(t, http.StatusOK)
		w.net.setCut(false, names.ReplicationHost(west), names.ReplicationHost(east))
		time.Sleep(3 * time.Second)
		b.ask(w, east)
		if n := w.replicas[west].stores.held(); n != 0 {
			t.Errorf("%d sessions came in after they were revoked", n)
		}
		b.signIn(w, east, "ann@acme.test") // a new session is another matter
		b.get(w.instance.PortalURL(east)).want(t, http.StatusOK)
	})
}

func TestDisabledUserLosesTheSession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		page, _ := b.signIn(w, west, "ann@acme.test")
		if err := w.replicas[east].Put(t.Context(), without("ann@acme.test")); err != nil {
			t.Fatal(err)
		}
		b.accounts(west, page.token()).want(t, http.StatusOK)
		time.Sleep(2 * time.Second)
		b.accounts(west, page.token()).want(t, http.StatusUnauthorized)
	})
}

func TestSessionsAreBatched(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		before := w.net.calls(names.ReplicationHost(west))
		r := w.replicas[east]
		for i := range 100 {
			r.openSession("ann@acme.test", strconv.Itoa(i), time.Time{})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(3 * time.Second)
		if got := w.net.calls(names.ReplicationHost(west)) - before; got > 20 {
			t.Errorf("%d pushes for 100 sessions in a second", got)
		}
		if got := w.replicas[west].stores.held(); got != 100 {
			t.Errorf("%d sessions arrived, want 100", got)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.setCut(true, names.ReplicationHost(west))
		r := w.replicas[east]
		victim := r.openSession("ann@acme.test", "victim", time.Time{})
		r.closeSession(victim)
		for i := range maxQueue + 500 {
			r.openSession("ann@acme.test", strconv.Itoa(i), time.Time{})
		}
		if got := r.stores.held(); got != maxSessions {
			t.Errorf("%d sessions are held", got)
		}
		time.Sleep(time.Second)
		w.net.setCut(false, names.ReplicationHost(west))
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, gone := w.replicas[west].stores.closed.get(victim.ID, w.now()); !gone {
			t.Error("the end of a session was dropped")
		}
		if got := w.replicas[west].stores.held(); got < maxQueue-2 {
			t.Errorf("%d sessions arrived", got)
		}
	})
}

func TestPushesOfStrangers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		directory, err := json.Marshal(testDirectory())
		if err != nil {
			t.Fatal(err)
		}
		good := fmt.Sprintf(`{"origin":"us-east-1","version":9,"directory":%s}`, directory)
		for name, c := range map[string]struct {
			path, body, origin string
			want               int
		}{
			"good":              {"/directory", good, "", http.StatusNoContent},
			"old":               {"/directory", strings.Replace(good, ":9", ":1", 1), "", http.StatusNoContent},
			"from a browser":    {"/directory", good, "https://evil.test", http.StatusForbidden},
			"not the primary":   {"/directory", strings.Replace(good, east, "eu-west-2", 1), "", http.StatusBadRequest},
			"itself":            {"/sessions", `{"origin":"eu-west-1"}`, "", http.StatusBadRequest},
			"no JSON":           {"/sessions", `{`, "", http.StatusBadRequest},
			"half an event":     {"/sessions", `{"origin":"us-east-1","events":[{"kind":"open"},{"kind":"?"}]}`, "", http.StatusNoContent},
			"a doubtful member": {"/directory", strings.Replace(good, `"members":["u-1"`, `"members":["u-9"`, 1), "", http.StatusBadRequest},
		} {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader(c.body))
			if c.origin != "" {
				req.Header.Set("Origin", c.origin)
			}
			rec := httptest.NewRecorder()
			w.replicas[west].replicationHandler("").ServeHTTP(rec, req)
			if rec.Code != c.want {
				t.Errorf("%s: status %d, want %d", name, rec.Code, c.want)
			}
		}
		if got := w.replicas[west].Version(); got != 9 {
			t.Errorf("version %d", got)
		}
	})
}
