package inference

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Worked by hand: the nine differences are 1 2 3, 2 3 4, 3 4 5 less what is subtracted.
func TestShiftOf(t *testing.T) {
	got := ShiftOf(recovered(3, 2, 1), recovered(4, 5, 6), 0.9)
	if got.Seconds != 3 || got.Lower != 1 || got.Upper != 5 || math.Abs(got.P-0.1) > 1e-9 {
		t.Errorf("%+v", got)
	}
	if got := ShiftOf(recovered(3, 2, 1), recovered(4, 5, 6), 0.95); !math.IsInf(got.Lower, -1) || !math.IsInf(got.Upper, 1) {
		t.Errorf("three drills a side can't tell so much: %+v", got)
	}
	if got := ShiftOf(recovered(2, 2, 2, 2, 2), recovered(2, 2, 2, 2, 2), 0.95); got.Seconds != 0 || got.P != 1 {
		t.Errorf("all alike: %+v", got)
	}
	if got := ShiftOf(nil, recovered(1), 0.95); !math.IsNaN(got.Seconds) || got.P != 1 {
		t.Errorf("against none: %+v", got)
	}
	never := []Time{{Seconds: 30, Censored: true}, {Seconds: 30, Censored: true}, {Seconds: 30, Censored: true},
		{Seconds: 30, Censored: true}}
	if got := ShiftOf(recovered(1, 2, 3, 4), never, 0.95); !math.IsInf(got.Seconds, 1) || got.P > 0.03 {
		t.Errorf("none recovers any more: %+v", got)
	}
	if got := ShiftOf(never, never, 0.95); got.Seconds != 0 || got.P != 1 {
		t.Errorf("nobody ever did: %+v", got)
	}
}

// A drill that was watched for less than another took is not known to have taken longer.
func TestShiftOfWatchedLess(t *testing.T) {
	brief := make([]Time, 6)
	for i := range brief {
		brief[i] = Time{Seconds: 3, Censored: true}
	}
	back := recovered(4, 4.1, 4.2, 4.3, 4.4, 4.5)
	if got := ShiftOf(back, brief, 0.95); got.P != 1 || got.Seconds != 0 || got.Lower > -1 || !math.IsInf(got.Upper, 1) {
		t.Errorf("they may have been back after 3 s, or never: %+v", got)
	}
	if got := ShiftOf(brief, back, 0.95); got.P != 1 || got.Seconds != 0 || !math.IsInf(got.Lower, -1) {
		t.Errorf("and the other way round: %+v", got)
	}
	sooner := recovered(1, 1.1, 1.2, 1.3, 1.4, 1.5)
	if got := ShiftOf(sooner, brief, 0.95); !math.IsInf(got.Seconds, 1) || got.P > 0.01 {
		t.Errorf("they were watched for longer than any of the others took: %+v", got)
	}
	mixed := slices.Concat(brief[:5], recovered(3.5))
	if got := ShiftOf(sooner, mixed, 0.95); got.Seconds < 1.5 || math.IsInf(got.Seconds, 0) || got.P > 0.05 {
		t.Errorf("it takes longer, by 1.5 s at least: %+v", got)
	}
}

// P with ties is twice the share of all ways to split the times, by hand, in which the first set ranks so low or lower;
// and the same whichever set comes first.
func TestDifferWithTies(t *testing.T) {
	for n := range 50 {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		a, b := make([]float64, 5), make([]float64, 4)
		for i := range a {
			a[i] = float64(r.IntN(4))
		}
		for i := range b {
			b[i] = float64(r.IntN(4))
		}
		if got, want := differ(a, b), splits(a, b); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v and %v: %g, want %g", a, b, got, want)
		}
		if one, other := differ(a, b), differ(b, a); math.Abs(one-other) > 1e-9 {
			t.Errorf("%v and %v: %g, and %g the other way round", a, b, one, other)
		}
	}
}

// splits counts them.
func splits(a, b []float64) float64 {
	u := func(a, b []float64) (u float64) {
		for _, x := range a {
			for _, y := range b {
				switch {
				case x > y:
					u++
				case x == y:
					u += 0.5
				}
			}
		}
		return u
	}
	pool, seen := slices.Concat(a, b), u(a, b)
	low, high, ways := 0.0, 0.0, 0.0
	for mask := range 1 << len(pool) {
		var first, second []float64
		for i, v := range pool {
			if mask>>i&1 == 1 {
				first = append(first, v)
			} else {
				second = append(second, v)
			}
		}
		if len(first) != len(a) {
			continue
		}
		ways++
		if v := u(first, second); v <= seen {
			low++
		}
		if u(first, second) >= seen {
			high++
		}
	}
	return min(1, 2*min(low, high)/ways)
}

// The least P of two sets (measurement.md 3.6): 0.029 with four a side, 0.008 with five.
func TestSmallest(t *testing.T) {
	for n, want := range map[int]float64{3: 0.1, 4: 0.0286, 5: 0.0079} {
		if got := Smallest(n, n); math.Abs(got-want) > 1e-4 {
			t.Errorf("%d a side: %v", n, got)
		}
	}
	if Smallest(0, 5) != 1 || Smallest(1, 1) != 1 {
		t.Error("one drill a side tells nothing")
	}
}

func TestHolm(t *testing.T) {
	if got := Holm([]float64{0.04, 0.01, 0.03, 0.9}); !slices.Equal(got, []float64{0.09, 0.04, 0.09, 0.9}) {
		t.Errorf("%v", got)
	}
}

// The bounds hold the true shift as often as they say, by either way of finding them, and a shift that is there is
// found.
func TestShiftKeepsItsConfidence(t *testing.T) {
	draw := rand.New(rand.NewPCG(3, 4))
	lognormal := func(n int, longer float64) []Time {
		all := make([]Time, n)
		for i := range all {
			all[i].Seconds = 3*math.Exp(0.1*draw.NormFloat64()) + longer
		}
		return all
	}
	for n, pairs := range map[int]int{10: 2000, 60: 2000} {
		held := 0
		for range pairs {
			if s := ShiftOf(lognormal(n, 0), lognormal(n, 1), 0.95); s.Lower <= 1 && 1 <= s.Upper {
				held++
			}
		}
		if held < pairs*935/1000 {
			t.Errorf("%d a side: held in %d of %d", n, held, pairs)
		}
	}
	if s := ShiftOf(lognormal(10, 0), lognormal(10, 1), 0.95); s.Lower < 0.5 || s.P > 0.001 {
		t.Errorf("a second more of three: %+v", s)
	}
}
