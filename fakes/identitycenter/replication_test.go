package identitycenter

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
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
		for i := range 10 {
			began := time.Now()
			if err := w.replicas[west].Wait(t.Context(), w.put(renamed(fmt.Sprint("Bob ", i)))); err != nil {
				t.Fatal(err)
			}
			delays = append(delays, time.Since(began))
		}
		differ := false
		for _, d := range delays {
			if d < time.Second || d >= 1500*time.Millisecond {
				t.Errorf("a change arrived after %v", d)
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
		var last Position
		for i := range 40 {
			d := without("ann@acme.test")
			d.Users[1].DisplayName = fmt.Sprint("Bob ", i)
			last = w.put(d)
		}
		time.Sleep(time.Minute)
		if w.has(last) {
			t.Error("changes crossed the cut")
		}
		w.browser().signIn(w, west, "ann@acme.test") // a stale grant, as at AWS
		if calls := w.net.calls(names.ReplicationHost(west)); calls > 500 {
			t.Errorf("%d pushes in a minute of outage", calls)
		}
		w.net.setCut(false, names.ReplicationHost(west))
		time.Sleep(2*retryLast + pushEvery) // it asks where the other is, too
		if !w.has(last) {
			t.Error("the changes did not get through after the outage")
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
		w.browser().signIn(w, west, "ann@acme.test")
		w.kms[west].set("DisabledException")
		last := w.put(renamed("Robert"))
		b := w.browser()
		b.signIn(w, east, "bob@acme.test")
		time.Sleep(10 * time.Second)
		if w.has(last) {
			t.Error("a change was stored without the key")
		}
		if n := w.replicas[west].stores.held(); n != 2 {
			t.Errorf("%d sessions, want 2: they do not wait", n)
		}
		w.kms[west].set("")
		time.Sleep(2*retryLast + pushEvery)
		if !w.has(last) {
			t.Error("the change did not come in after the key was enabled")
		}
		login := b.get(w.instance.PortalURL(west)).want(t, http.StatusFound)
		b.get(login.String()).want(t, http.StatusSeeOther)
	})
}

// TestEveryStreamStartsWhereItShould is the table of what is replicated from where (IAM Identity Center User Guide,
// "Replicate IAM Identity Center to an additional Region").
func TestEveryStreamStartsWhereItShould(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		synctest.Wait() // until what arrived has been followed
		fromAdditional := map[string]bool{StreamApplications: true, StreamSessions: true}
		for _, stream := range Streams() {
			for origin, want := range map[string]bool{east: true, west: fromAdditional[stream]} {
				r := w.replicas[origin]
				to := map[string]string{east: west, west: east}[origin]
				r.mu.Lock()
				sends := r.sending[[2]string{stream, to}] != nil
				r.mu.Unlock()
				l := r.log(stream)
				if takes := w.replicas[to].comesFrom(&l); sends != want || takes != want {
					t.Errorf("%s from %s: sent %t, taken %t; want %t", stream, origin, sends, takes, want)
				}
			}
		}
	})
}

// TestOneStreamIsHeld: it waits, in order, and catches up; the others don't.
func TestOneStreamIsHeld(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.replicas[east].Hold([]EdgeRule{{Stream: StreamIdentities, To: west, Paused: true}})
		d := renamed("Robert")
		d.PermissionSets = append(d.PermissionSets, PermissionSet{ID: "ps-3", Name: "Billing"})
		d.Assignments = append(d.Assignments, Assignment{Principal: "u-1", PermissionSet: "ps-3", Account: "111122223333"})
		w.put(d)
		w.put(without("ann@acme.test"))
		w.browser().signIn(w, east, "bob@acme.test")
		time.Sleep(time.Minute)
		for stream, want := range map[string]bool{StreamIdentities: false, StreamPermissionSets: true, StreamSessions: true} {
			var there Position
			for _, m := range w.replicas[east].Position() {
				if m.Stream == stream {
					there = append(there, m)
				}
			}
			if got := w.has(there); got != want {
				t.Errorf("%s arrived: %t, want %t", stream, got, want)
			}
		}
		w.browser().signIn(w, west, "ann@acme.test")
		w.replicas[east].Hold([]EdgeRule{{To: "eu-west-2", Paused: true}, {Stream: StreamIdentities, Lag: 10 * time.Second}})
		time.Sleep(time.Second)
		if !w.has(w.replicas[east].Position()) {
			t.Error("what was held is not there, though its lag had passed long ago")
		}
		last := w.put(renamed("Bert"))
		time.Sleep(10 * time.Second)
		if w.has(last) {
			t.Error("it came before its lag")
		}
		time.Sleep(3 * time.Second)
		if !w.has(last) {
			t.Error("it did not come after its lag")
		}
	})
}

// TestARestartLosesNothing: sessions of both Regions, what was not sent yet, and the directory.
func TestARestartLosesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		home, away := w.browser(), w.browser()
		home.signIn(w, east, "ann@acme.test")
		away.signIn(w, west, "bob@acme.test")
		time.Sleep(3 * time.Second)
		w.net.setCut(true, names.ReplicationHost(west))
		late := w.browser()
		late.signIn(w, east, "bob@acme.test")
		last := w.put(without("ann@acme.test"))
		w.net.setCut(false, names.ReplicationHost(west))
		w.restart(east)
		w.restart(west)
		for name, c := range map[string]struct {
			b      *browser
			region string
		}{"east's own": {late, east}, "west's own": {away, west}, "west's, here": {away, east}} {
			login := c.b.get(w.instance.PortalURL(c.region))
			if login.StatusCode == http.StatusOK {
				continue // the portal's own token was kept too
			}
			if name != "west's, here" {
				t.Errorf("%s: the portal's token was lost", name)
			}
			c.b.get(login.want(t, http.StatusFound).String()).want(t, http.StatusSeeOther)
		}
		time.Sleep(5 * time.Second)
		if !w.has(last) {
			t.Error("what was not sent before the restart was lost")
		}
		login := late.get(w.instance.PortalURL(west)).want(t, http.StatusFound)
		late.get(login.String()).want(t, http.StatusSeeOther) // the session that was not sent either
		home.ask(w, west)                                     // and the end of Ann's
	})
}

// TestARestartForgetsNobody, though KMS lets nothing be read for a while and the next that happens is that the
// configuration changes.
func TestARestartForgetsNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.signIn(w, west, "ann@acme.test")
		w.kms[west].set("DisabledException")
		w.restart(west)
		time.Sleep(10*time.Second + retryLast/3)
		w.kms[west].set("")
		l := w.replicas[east].log(StreamConfiguration)
		change := fmt.Sprintf(`{"origin":%q,"stream":%q,"epoch":%q,"entries":[{"n":%d,"kind":"instance","id":%q,"value":{"name":"renamed"}}]}`,
			l.Origin, l.Stream, l.Epoch, w.replicas[east].store.Head(l.Stream)+1, the)
		if rec := w.pushWest("/"+l.Stream, change, ""); rec.Code != http.StatusOK {
			t.Fatalf("status %d", rec.Code)
		}
		if c := w.replicas[west].known.Load(); c == nil || c.Instance.Name != "renamed" {
			t.Fatalf("it knows %+v", c)
		}
		b.get(w.instance.PortalURL(west)).want(t, http.StatusOK)
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
		w.revoke(west, "ann@acme.test")
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
		w.put(without("ann@acme.test"))
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
			openSession(t, r, strconv.Itoa(i))
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

// TestALongOutageIsCaughtUp, however much was written in it: the log is bounded, and who is further behind gets all.
func TestALongOutageIsCaughtUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.setCut(true, names.ReplicationHost(west))
		r := w.replicas[east]
		victim := openSession(t, r, "victim")
		if err := r.closeSession(victim); err != nil {
			t.Fatal(err)
		}
		for i := range 5_000 {
			openSession(t, r, strconv.Itoa(i))
		}
		if err := r.store.Trim(StreamSessions, 4_000); err != nil { // as if there had been ten times as many
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		w.net.setCut(false, names.ReplicationHost(west))
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, gone := w.replicas[west].stores.closed.get(victim.ID, w.now()); !gone {
			t.Error("the end of a session was dropped")
		}
		if got := w.replicas[west].stores.held(); got != 5_000 {
			t.Errorf("%d sessions arrived", got)
		}
	})
}

func TestPushesOfStrangers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		epoch := w.replicas[east].log(StreamIdentities).Epoch
		at := w.replicas[east].store.Head(StreamIdentities)
		good := fmt.Sprintf(`{"origin":"us-east-1","stream":"identities","epoch":%q,"entries":[{"n":%d,"kind":"user","id":"u-9","value":{"id":"u-9","name":"new@acme.test"},"indexes":[{"n":"name","v":"new@acme.test","u":true}]}]}`, epoch, at+1)
		for name, c := range map[string]struct {
			path, body, origin string
			want               int
		}{
			"from a browser":     {"/identities", good, "https://evil.test", http.StatusForbidden},
			"not the primary":    {"/identities", strings.Replace(good, east, "eu-west-2", 1), "", http.StatusBadRequest},
			"another stream":     {"/sessions", good, "", http.StatusBadRequest},
			"itself":             {"/sessions", `{"origin":"eu-west-1","stream":"sessions","epoch":"e"}`, "", http.StatusBadRequest},
			"no epoch":           {"/sessions", `{"origin":"us-east-1","stream":"sessions"}`, "", http.StatusBadRequest},
			"no JSON":            {"/sessions", `{`, "", http.StatusBadRequest},
			"a gap":              {"/identities", strings.Replace(good, fmt.Sprintf(`"n":%d`, at+1), `"n":99`, 1), "", http.StatusConflict},
			"not of this stream": {"/identities", strings.Replace(good, `"kind":"user"`, `"kind":"session"`, 1), "", http.StatusBadRequest},
			"half an entry":      {"/sessions", `{"origin":"us-east-1","stream":"sessions","epoch":"e","entries":[{"n":1,"kind":"session","id":"x","value":{}}]}`, "", http.StatusOK},
		} {
			if rec := w.pushWest(c.path, c.body, c.origin); rec.Code != c.want {
				t.Errorf("%s: status %d, want %d", name, rec.Code, c.want)
			}
		}
		if w.replicas[west].store.Applied(w.replicas[east].log(StreamIdentities)) != at {
			t.Error("something was taken over")
		}
		for range 2 { // the second time it is no news
			if rec := w.pushWest("/identities", good, ""); rec.Code != http.StatusOK {
				t.Errorf("a good one: status %d", rec.Code)
			}
		}
		w.browser().signIn(w, west, "new@acme.test")
	})
}

func (w *world) pushWest(path, body, origin string) *httptest.ResponseRecorder {
	req := w.toWest(path, body)
	w.replicas[east].vouch(req, []byte(body))
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	return w.answerOfWest(req)
}

func (w *world) toWest(path, body string) *http.Request {
	url := "https://" + names.ReplicationHost(west) + path
	return httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, url, strings.NewReader(body))
}

func (w *world) answerOfWest(req *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.replicas[west].Handlers()[names.ReplicationHost(west)].ServeHTTP(rec, req)
	return rec
}

// TestASnapshotIsSentOnce, although taking it over lasts so long that nobody waits for the answer.
func TestASnapshotIsSentOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		host := names.ReplicationHost(west)
		w.net.setCut(true, host)
		r := w.replicas[east]
		for i := range 600 {
			openSession(t, r, strconv.Itoa(i))
		}
		if err := r.store.Trim(StreamSessions, 500); err != nil {
			t.Fatal(err)
		}
		var ends atomic.Int32
		real := w.replicas[west].Handlers()[host]
		w.net.mu.Lock()
		w.net.hosts[host] = http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				t.Error(err)
			}
			req.Body = io.NopCloser(bytes.NewReader(body))
			real.ServeHTTP(rw, req)
			if bytes.Contains(body, []byte(`"last":true`)) {
				ends.Add(1)
				time.Sleep(2 * pushLimit)
			}
		})
		w.net.mu.Unlock()
		w.net.setCut(false, host)
		time.Sleep(time.Minute)
		if n := ends.Load(); n != 1 || w.replicas[west].stores.held() != 600 {
			t.Errorf("it was sent %d times, and %d sessions are there", n, w.replicas[west].stores.held())
		}
	})
}

// TestLongRecordsArrive, though all of them at once were longer than a push may be.
func TestLongRecordsArrive(t *testing.T) {
	unlessRaced(t)
	inWorld(t, func(t *testing.T, w *world) {
		d := testDirectory()
		for i := range 20 {
			u := User{ID: fmt.Sprint("long-", i), Name: fmt.Sprintf("long-%d@acme.test", i)}
			u.Photos = []Photo{{Value: strings.Repeat("x", 1<<20)}}
			d.Users = append(d.Users, u)
		}
		last := w.put(d)
		time.Sleep(10 * time.Second)
		if !w.has(last) {
			t.Error("they did not arrive")
		}
	})
}

// TestSessionsThatEndedStayEnded: who is disabled and enabled again has to sign in again, after a restart too.
func TestSessionsThatEndedStayEnded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.signIn(w, east, "ann@acme.test")
		w.put(without("ann@acme.test"))
		w.put(testDirectory())
		w.restart(east)
		b.ask(w, east)
	})
}

// TestWhatHoldsAStreamIsTold: by the name of whoever holds it, from when the Region acts on it, and how far others are.
func TestWhatHoldsAStreamIsTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		told := func(want ...string) {
			t.Helper()
			synctest.Wait()
			for _, b := range w.replicas[east].Backlogs() {
				if b.Stream == StreamIdentities && b.To == west && !slices.Equal(b.Heeded, want) ||
					b.Stream != StreamIdentities && len(b.Heeded) > 0 || b.Taken > b.Written {
					t.Errorf("%+v; want %v", b, want)
				}
			}
		}
		told()
		pause := EdgeRule{Name: "pause", Stream: StreamIdentities, To: west, Paused: true}
		w.replicas[east].Hold([]EdgeRule{pause})
		told("pause")
		w.replicas[east].Hold([]EdgeRule{pause, {Name: "lag", Stream: StreamIdentities, To: west, Lag: time.Hour}})
		told("pause", "lag")
		w.put(renamed("Robert"))
		time.Sleep(time.Minute)
		behind := slices.ContainsFunc(w.replicas[east].Backlogs(), func(b Backlog) bool { return b.Taken < b.Written })
		if !behind {
			t.Error("nobody is behind, though a stream is held")
		}
		w.replicas[east].Hold(nil)
		told()
	})
}

// TestLostSessions: the Region knows of none of them, others do, and what was revoked stays so.
func TestLostSessions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		known := func(region string) (sessions, revoked int) {
			s := w.replicas[region].stores
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.sessions.len(), s.revoked.len()
		}
		w.browser().signIn(w, west, "ann@acme.test")
		w.browser().signIn(w, west, "bob@acme.test")
		if err := w.replicas[west].RevokeSessions("bob@acme.test"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		elsewhere, _ := known(east)
		here, _ := known(west)
		for _, want := range []int{here, 0} {
			if lost, err := w.replicas[west].LoseSessions(); err != nil || lost != want {
				t.Errorf("%d are lost, %v; want %d", lost, err, want)
			}
		}
		if n, _ := known(east); n != elsewhere || n != 1 {
			t.Errorf("elsewhere there are %d, and were %d", n, elsewhere)
		}
		if _, revoked := known(west); revoked != 1 {
			t.Errorf("%d revocations are known", revoked)
		}
		w.browser().signIn(w, west, "ann@acme.test")
	})
}
