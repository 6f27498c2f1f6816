package browser

import (
	"io"
	"log"
	"os"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

var (
	discard = log.New(io.Discard, "", 0)
	getenv  = os.Getenv
)

func TestAPersonSignsIn(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	a := try(t, l, attempt(), 10*time.Second)
	if a.Outcome != history.Good || a.Region != virginia {
		t.Fatalf("outcome %s in %q, class %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
	}
	for _, st := range a.Steps {
		t.Logf("%-14s %-40s %-10s %6.1f +%.1f ms", st.Name, st.Host, st.Region, st.Began.Sub(a.Due).Seconds()*1e3, st.Ended.Sub(st.Began).Seconds()*1e3)
	}
	for range 5 {
		a := try(t, l, attempt(), 10*time.Second)
		t.Logf("%s %.1f ms", a.Outcome, a.Ended.Sub(a.Due).Seconds()*1e3)
	}
}
