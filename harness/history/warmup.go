package history

// WarmUp counts what ended before zero, to tell whether a drill may begin: whoever is asked for must be seen to get in.
type WarmUp struct {
	Lasts       Instant
	Good        int
	Lately, Bad int // those that ended in its last half, and of them the bad ones
}

// Add counts an attempt, if it ended in the warm-up and is evidence.
func (w *WarmUp) Add(a *Attempt) {
	if a.Ended > 0 || a.Outcome != Good && a.Outcome != Bad {
		return
	}
	if a.Outcome == Good {
		w.Good++
	}
	if a.Ended >= -w.Lasts/2 {
		if w.Lately++; a.Outcome == Bad {
			w.Bad++
		}
	}
}

// Kept tells whether the last half of it kept a ratio.
func (w *WarmUp) Kept(ratio float64) bool { return Kept(w.Lately-w.Bad, w.Lately, ratio) }
