package idp

import (
	"testing"
	"time"
)

func TestTableKeepsTheNewestWithinItsLimit(t *testing.T) {
	table := newTable[int](3, time.Minute)
	now := testNow
	tokens := make([]string, 5)
	for i := range tokens {
		tokens[i] = table.put(now, i)
	}
	for i, token := range tokens {
		if value, ok := table.get(now, token); ok != (i >= 2) || ok && value != i {
			t.Errorf("%d: %d, %v", i, value, ok)
		}
	}
	if table.len() != 3 || len(table.byToken) != 3 {
		t.Errorf("%d rows, %d tokens", table.len(), len(table.byToken))
	}
}

func TestTableForgetsInTime(t *testing.T) {
	table := newTable[int](1000, time.Minute)
	token := table.put(testNow, 1)
	if _, ok := table.get(testNow.Add(time.Minute-1), token); !ok {
		t.Error("forgotten too early")
	}
	if _, ok := table.get(testNow.Add(time.Minute), token); ok {
		t.Error("not forgotten")
	}
	for i := range 100 {
		table.put(testNow.Add(time.Duration(i)*time.Second), i)
	}
	if table.len() > 60 {
		t.Errorf("%d rows of a minute's sixty", table.len())
	}
}

func TestTableTakesOnceAndOnlyWhatIsAccepted(t *testing.T) {
	table := newTable[int](10, time.Minute)
	token := table.put(testNow, 7)
	no, yes := func(int) bool { return false }, func(v int) bool { return v == 7 }
	if _, ok := table.take(testNow, token, no); ok {
		t.Error("taken against its will")
	}
	if v, ok := table.take(testNow, token, yes); !ok || v != 7 {
		t.Errorf("not taken: %d", v)
	}
	if _, ok := table.take(testNow, token, yes); ok {
		t.Error("taken twice")
	}
}
