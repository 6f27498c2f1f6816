package engine

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// unhurried is a disk that takes its time.
type unhurried struct{ bytes.Buffer }

func (u *unhurried) Write(b []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return u.Buffer.Write(b)
}

// Whoever records at once, and however slow the disk is: each one's events stand in his order, numbered without gaps,
// and what is put after the end is not there.
func TestEventWriterKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &unhurried{}
		s := newEventWriter(history.NewWriter(disk), func(err error) { t.Error(err) })
		s.put(history.Event{Type: history.TypePlan, Plan: &history.Plan{Schema: history.Schema}})
		began := time.Now()
		var all sync.WaitGroup
		for who := range 5 {
			all.Go(func() {
				for k := range 20 {
					s.put(history.Event{Type: history.TypeNote, Note: &history.Note{Text: fmt.Sprint(who, " ", k)}})
				}
			})
		}
		all.Wait()
		if waited := time.Since(began); waited > 0 {
			t.Errorf("recording waited %v for the disk", waited)
		}
		s.flush()
		if n := bytes.Count(disk.Bytes(), []byte("\n")); n != 101 {
			t.Errorf("%d lines were written when all should have been", n)
		}
		s.put(history.Event{Type: history.TypeEnd, End: &history.End{Reason: history.Completed}})
		s.close()
		s.put(history.Event{Type: history.TypeNote, Note: &history.Note{Text: "too late"}})
		h, err := history.Read(&disk.Buffer)
		if err != nil || h.End == nil || len(h.Events) != 102 {
			t.Fatalf("read %d events, %v", len(h.Events), err)
		}
		next := map[int]int{}
		for i, e := range h.Events {
			if e.Seq != int64(i+1) {
				t.Errorf("event %d has seq %d", i+1, e.Seq)
			}
			if e.Note == nil {
				continue
			}
			var who, k int
			if _, err := fmt.Sscan(e.Note.Text, &who, &k); err != nil || k != next[who] {
				t.Errorf("of %d came %d, want %d", who, k, next[who])
			}
			next[who]++
		}
	})
}
