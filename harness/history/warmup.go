package history

import (
	"cmp"
	"fmt"
)

// WarmUp counts what ended before zero, to tell whether a drill may begin: whoever is asked for must be seen to get in.
type WarmUp struct {
	Lasts       Instant
	Good        int
	Lately, Bad int    // those that ended in its last half, and of them the bad ones
	Said        string // why the last bad one was
}

// Add counts an attempt, if it ended in the warm-up and is evidence.
func (w *WarmUp) Add(a *Attempt) {
	if a.Ended > 0 || a.Outcome != Good && a.Outcome != Bad {
		return
	}
	if a.Outcome == Good {
		w.Good++
	} else {
		w.Said = cmp.Or(a.Detail, string(a.Class))
	}
	if a.Ended >= -w.Lasts/2 {
		if w.Lately++; a.Outcome == Bad {
			w.Bad++
		}
	}
}

// Kept tells whether the last half of it kept a ratio.
func (w *WarmUp) Kept(ratio float64) bool { return Kept(w.Lately-w.Bad, w.Lately, ratio) }

// Unsteady says why a drill can't begin: nobody was in yet, or too many failed lately for the ratio that is asked for.
// It is empty where it can.
func (w *WarmUp) Unsteady(ratio float64) string {
	because := ""
	if w.Said != "" {
		because = ": " + w.Said
	}
	switch {
	case w.Good == 0:
		return "no attempt of the warm-up was good" + because
	case !w.Kept(ratio):
		return fmt.Sprintf("%d of %d attempts were bad in the last half of the warm-up%s", w.Bad, w.Lately, because)
	}
	return ""
}
