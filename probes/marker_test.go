package probes

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/regiondrill/regiondrill/harness/history"
)

// TestWhatBecameOfAWrite: only what was never sent, or was refused for a reason of the caller's, is known to have changed
// nothing.
func TestWhatBecameOfAWrite(t *testing.T) {
	answered := func(status int) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err: errors.New("it says so")}
	}
	for _, of := range []struct {
		err  error
		sent bool
		want history.MarkerIs
	}{
		{errors.New("refused"), false, history.MarkerFail},
		{errors.New("reset"), true, history.MarkerInfo},
		{answered(http.StatusForbidden), true, history.MarkerFail},
		{answered(http.StatusServiceUnavailable), true, history.MarkerInfo},
		{answered(http.StatusOK), true, history.MarkerInfo}, // and what it says can't be read
	} {
		if got := unwritten(of.err, of.sent); got != of.want {
			t.Errorf("%v, sent: %t: %s, not %s", of.err, of.sent, got, of.want)
		}
	}
}

// TestNobodyIsAddedTwice, whatever became of the changes before, and what can't be known is never touched again. A
// marker that was removed is never removed again.
func TestNobodyIsAddedTwice(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := newMarkerSet()
	for i := range 12 {
		s.free = append(s.free, fmt.Sprint("user-", i))
	}
	in, gone, unsure := map[string]bool{}, map[int64]bool{}, map[string]bool{}
	adds, removes := 0, 0
	for k := range int64(400) {
		add, remove := s.next(k)
		if add != nil {
			if in[add.user] || unsure[add.user] {
				t.Fatalf("attempt %d adds %s, who may be in the group", k, add.user)
			}
			add.id = fmt.Sprint("membership-", add.marker)
			switch is := became(r); is {
			case history.MarkerOK:
				in[add.user], adds = true, adds+1
				s.changed(history.MarkerAdd, add, is)
			default:
				unsure[add.user] = is == history.MarkerInfo
				s.changed(history.MarkerAdd, add, is)
			}
		}
		if remove != nil {
			if gone[remove.marker] || !in[remove.user] {
				t.Fatalf("attempt %d removes marker %d, which isn't there", k, remove.marker)
			}
			is := became(r)
			s.changed(history.MarkerRemove, remove, is)
			if is != history.MarkerFail {
				gone[remove.marker], in[remove.user], unsure[remove.user] = true, false, is == history.MarkerInfo
				removes++
			}
		}
	}
	if adds < 12 || removes < 8 {
		t.Errorf("%d added, %d removed", adds, removes)
	}
}

// became is what comes of a change: now and then nobody knows.
func became(r *rand.Rand) history.MarkerIs {
	switch n := r.IntN(100); {
	case n < 2:
		return history.MarkerInfo
	case n < 20:
		return history.MarkerFail
	}
	return history.MarkerOK
}

// TestMarkersOfMemberships: one whose answer is still on its way is told by its user, and a stranger is none.
func TestMarkersOfMemberships(t *testing.T) {
	s := newMarkerSet()
	s.free = []string{"a", "b", "c", "d"}
	first, _ := s.next(0)
	first.id = "m-1"
	s.changed(history.MarkerAdd, first, history.MarkerOK)
	second, _ := s.next(2)
	got := s.markers([]membership{{id: "m-2", user: second.user}, {id: "m-1", user: first.user}, {id: "m-9", user: "z"}})
	if !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("they are %v", got)
	}
}
