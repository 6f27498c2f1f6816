package identitycenter

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// Limits of the events of a Region.
const (
	maxEvents     = 10_000 // that are kept; older ones are forgotten
	eventsOfPage  = 1_000
	maxEventsWait = 60 // seconds
)

// identityChange is what happened to a user, a group or a membership in this Region.
type identityChange struct {
	number uint64 // from 1
	at     time.Time
	id     string // of the event
	kind   string
	what   string // Created, Updated, Deleted
	ids    map[string]string
}

// eventRing keeps the newest.
type eventRing struct {
	mu      sync.Mutex
	kept    []identityChange // in the order of their numbers; never more than maxEvents
	newest  uint64
	changed chan struct{} // closed and replaced when there is another
}

func newEventRing() *eventRing { return &eventRing{changed: make(chan struct{})} }

// eventKinds are the kinds that events are told of, as AWS calls them (IAM Identity Center User Guide, "Set up event
// notifications"; that of memberships is inferred).
var eventKinds = map[string]string{kindUser: "User", kindGroup: "Group", kindMembership: "Group Membership"}

// followIdentity makes an event of an entry, written here or come from the primary: one change, one event in every
// Region.
func (r *Replica) followIdentity(e *records.Entry) {
	if eventKinds[e.Kind] == "" || bytes.Equal(e.Before, e.Value) {
		return
	}
	c := identityChange{at: r.now(), id: newID(), kind: e.Kind, what: "Updated", ids: map[string]string{}}
	value := e.Value
	switch {
	case e.Deleted():
		c.what, value = "Deleted", e.Before
	case e.Before == nil:
		c.what = "Created"
	}
	var m Membership
	switch {
	case e.Kind == kindUser:
		c.ids["user"] = e.ID
	case e.Kind == kindGroup:
		c.ids["group"] = e.ID
	case json.Unmarshal(value, &m) == nil:
		c.ids = map[string]string{"membership": e.ID, "group": m.Group, "user": m.User}
	}
	r.events.add(c)
}

func (e *eventRing) add(c identityChange) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.newest++
	c.number = e.newest
	if e.kept = append(e.kept, c); len(e.kept) > maxEvents {
		e.kept = append([]identityChange(nil), e.kept[len(e.kept)-maxEvents/2:]...)
	}
	close(e.changed)
	e.changed = make(chan struct{})
}

// after are those that came after a number, at most a page. Missed says that some of them are forgotten already, or
// that the Region began anew.
func (e *eventRing) after(number uint64) (page []identityChange, missed bool, changed <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	oldest := e.newest + 1 - uint64(len(e.kept))
	if number > e.newest || number+1 < oldest {
		return nil, true, e.changed
	}
	page = e.kept[number+1-oldest:]
	return append(page[:0:0], page[:min(len(page), eventsOfPage)]...), false, e.changed
}

// bounds are the numbers of the oldest and the newest that are kept.
func (e *eventRing) bounds() (oldest, newest uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.newest + 1 - uint64(len(e.kept)), e.newest
}

// identityEvent is an event as EventBridge has it (IAM Identity Center User Guide, "EventBridge event message
// structure").
type identityEvent struct {
	Version    string            `json:"version"`
	ID         string            `json:"id"`
	DetailType string            `json:"detail-type"`
	Source     string            `json:"source"`
	Account    string            `json:"account"`
	Time       string            `json:"time"`
	Region     string            `json:"region"` // in which it was sent
	Resources  []string          `json:"resources"`
	Detail     map[string]string `json:"detail"`
}

// eventLine is one line of what is read.
type eventLine struct {
	Number uint64        `json:"number"`
	At     time.Time     `json:"at"` // the same as the event's time, but not to the second
	Event  identityEvent `json:"event"`
}

// line of a change. The members of the detail beside event-version are inferred.
func (r *Replica) line(c *identityChange) eventLine {
	i := r.cfg.Instance
	e := identityEvent{
		Version: "0", ID: c.id, DetailType: eventKinds[c.kind] + " " + c.what, Source: "aws.identitystore",
		Account: i.Account, Time: c.at.UTC().Format(time.RFC3339), Region: r.cfg.Region,
		Resources: []string{i.IdentityStoreARN()},
		Detail:    map[string]string{"event-version": "1.0", "identity-store-id": i.DirectoryID},
	}
	for _, kind := range []string{"membership", "group", "user"} {
		if id := c.ids[kind]; id != "" {
			e.Resources = append(e.Resources, i.IdentityARN(kind, id))
			e.Detail[kind+"-id"] = id
		}
	}
	return eventLine{c.number, c.at, e}
}

// eventsHandler lets the events of identities be read as lines of JSON, by GET /?after=NUMBER&wait=SECONDS: those after
// the number, at most 1,000; where there are none yet, it waits so long for one. Without a number it begins with the
// oldest that is kept. 410 says that some were missed, and which are kept.
func (r *Replica) eventsHandler(string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, req *http.Request) {
		oldest, _ := r.events.bounds()
		after, wait, query := oldest-1, 0, req.URL.Query()
		var err error
		if query.Has("after") {
			after, err = strconv.ParseUint(query.Get("after"), 10, 63)
		}
		if err == nil && query.Has("wait") {
			wait, err = strconv.Atoi(query.Get("wait"))
		}
		if err != nil || wait < 0 || wait > maxEventsWait {
			http.Error(w, "after is a number, and wait one of seconds from 0 to 60", http.StatusBadRequest)
			return
		}
		page, missed := r.awaitEvents(req, after, time.Duration(wait)*time.Second)
		if missed {
			oldest, newest := r.events.bounds()
			writeJSON(w, http.StatusGone, map[string]uint64{"oldest": oldest, "newest": newest})
			return
		}
		var lines strings.Builder
		to := json.NewEncoder(&lines)
		for i := range page {
			_ = to.Encode(r.line(&page[i])) // it is made of what has JSON
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = w.Write([]byte(lines.String())) // a reader that has gone is no concern of ours
	})
	return mux
}

// awaitEvents waits until there are some, or for so long.
func (r *Replica) awaitEvents(req *http.Request, after uint64, wait time.Duration) ([]identityChange, bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		page, missed, changed := r.events.after(after)
		if missed || len(page) > 0 || wait == 0 {
			return page, missed
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil, false
		case <-req.Context().Done():
			return nil, false
		}
	}
}
