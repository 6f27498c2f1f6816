package identitycenter

import (
	"runtime"
	"strconv"
	"testing"
	"time"
)

// TestMemoryIsBounded fills everything that a replica remembers beyond its limits, with a peer that can't be reached.
func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	w.start()
	r := w.replicas[east]
	before := heap()
	now := time.Now()
	for i := range maxReplays + 10_000 {
		id := "_" + strconv.Itoa(i)
		mark := digestOf(id)
		r.stores.expectResponse(id, request{browser: mark, state: portalState{host: id + ".test", flow: id}}, now)
		if i%2 == 0 { // the others never come back
			a := &authentication{assertionID: id, inResponseTo: id, usableUntil: now.Add(time.Hour)}
			if _, refused := r.stores.settle(a, mark, true, now); refused != nil {
				t.Fatal(refused)
			}
		}
		n := &session{ID: timely(now.Add(time.Hour)), UserID: "u-1", Started: now, Expires: now.Add(time.Hour), Browser: mark[:]}
		r.stores.open(n, now)
		r.stores.see(n.ID, &person{Accounts: make([]personsAccount, 3)}, now)
		if s := r.stores.redeem(r.stores.mint(grant{session: n.ID}, now), "", now); s == nil || s.ID != n.ID {
			t.Fatal("the code is not redeemed")
		}
		r.stores.mint(grant{session: n.ID}, now)
		if i%2 == 0 {
			r.stores.shut(n.ID, n.Expires, now)
		}
	}
	s := r.stores
	for name, c := range map[string][2]int{
		"sessions": {s.sessions.len(), maxSessions}, "tokens": {len(s.tokens), maxSessions}, "browsers": {len(s.browsers), maxSessions},
		"requests": {s.requests.len(), maxRequests}, "outstanding": {len(s.outstanding), maxRequests},
		"replays": {s.replays.len(), maxReplays}, "codes": {s.codes.len(), maxCodes}, "views": {s.views.len(), maxViews},
		"closed": {s.closed.len(), maxSessions},
	} {
		if c[0] > c[1] {
			t.Errorf("%s: %d, at most %d", name, c[0], c[1])
		}
	}
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("%d MiB", grown>>20)
	} else {
		t.Logf("%d MiB with everything full", grown>>20)
	}
	runtime.KeepAlive(w)
}

// openSession has Ann begin one.
func openSession(t testing.TB, r *Replica, browser string) *session {
	t.Helper()
	n, err := r.openSession(&User{ID: "u-1", Name: "ann@acme.test"}, browser, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
