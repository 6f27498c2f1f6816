package inference

import (
	"math"
	"math/rand/v2"
	"testing"
)

func recovered(seconds ...float64) []Time {
	var all []Time
	for _, s := range seconds {
		all = append(all, Time{Seconds: s})
	}
	return all
}

func upTo(n int) []Time {
	var all []Time
	for i := range n {
		all = append(all, Time{Seconds: float64(n - i)})
	}
	return all
}

// The order statistics of measurement.md 3.6: of six drills the first and the last, of ten the second and the ninth, of
// twenty the sixth and the fifteenth.
func TestTypicalOf(t *testing.T) {
	for n, want := range map[int][2]float64{6: {1, 6}, 10: {2, 9}, 20: {6, 15}} {
		got := TypicalOf(upTo(n), 0.95)
		if got.Lower != want[0] || got.Upper != want[1] || got.Median != float64(n+1)/2 || got.Min != 1 || got.Max != float64(n) {
			t.Errorf("of %d: %+v", n, got)
		}
		if told := got.P95 != nil; told != (n == 20) || told && *got.P95 != 19 {
			t.Errorf("of %d: the 95th percentile is %v", n, got.P95)
		}
	}
	if got := TypicalOf(upTo(5), 0.95); !math.IsInf(got.Lower, -1) || got.Upper != 5 || got.Median != 3 {
		t.Errorf("of five, one bound can be told: %+v", got)
	}
	if got := TypicalOf(upTo(4), 0.95); !math.IsInf(got.Lower, -1) || !math.IsInf(got.Upper, 1) || got.Median != 2.5 {
		t.Errorf("of four: %+v", got)
	}
	if got := TypicalOf(nil, 0.95); got.N != 0 || !math.IsNaN(got.Median) || !math.IsNaN(got.Min) {
		t.Errorf("of none: %+v", got)
	}
	if got := TypicalOf(recovered(3), 0.95); got.Median != 3 || got.Min != 3 || got.Max != 3 {
		t.Errorf("of one: %+v", got)
	}
}

// A drill that never recovered is no drill of the length of its watch.
func TestNeverRecovered(t *testing.T) {
	drills := append(recovered(1, 2, 3, 4, 5, 6), Time{Seconds: 30, Censored: true})
	got := TypicalOf(drills, 0.95)
	if got.Median != 4 || got.Censored != 1 || got.Min != 1 || !math.IsInf(got.Max, 1) || !math.IsInf(got.Upper, 1) {
		t.Errorf("%+v", got)
	}
	half := append(recovered(1, 2), Time{Seconds: 30, Censored: true}, Time{Seconds: 30, Censored: true})
	if got := TypicalOf(half, 0.95); !math.IsInf(got.Median, 1) {
		t.Errorf("half of them never recovered: %+v", got)
	}
	none := []Time{{Seconds: 30, Censored: true}}
	if got := TypicalOf(none, 0.95); !math.IsInf(got.Median, 1) || !math.IsNaN(got.Min) || got.Censored != 1 {
		t.Errorf("none recovered: %+v", got)
	}
	// Watched for two seconds alone, it may have been among the first.
	early := append(upTo(20), Time{Seconds: 2.5, Censored: true})
	if got := TypicalOf(early, 0.95); !math.IsInf(got.Lower, -1) || !math.IsInf(got.Upper, 1) {
		t.Errorf("%+v", got)
	}
}

// Worked by hand: of seven, two are gone from the watch at 3 and at 6.
func TestSurvival(t *testing.T) {
	drills := append(recovered(2, 4, 4, 7, 9), Time{Seconds: 3, Censored: true}, Time{Seconds: 6, Censored: true})
	want := []Step{{2, 6. / 7}, {4, 6. / 7 * 3 / 5}, {7, 6. / 7 * 3 / 5 / 2}, {9, 0}}
	got := Survival(drills)
	for i, s := range want {
		if len(got) != len(want) || got[i].Seconds != s.Seconds || math.Abs(got[i].Out-s.Out) > 1e-12 {
			t.Fatalf("the curve is %v", got)
		}
	}
	if Median(got) != 7 {
		t.Errorf("the median is %v", Median(got))
	}
}

// Without a miss: 14 drills show 80 of 100, 29 show 90, 59 show 95 and 299 show 99 (measurement.md 3.6).
func TestAtLeast(t *testing.T) {
	for probability, n := range map[float64]int{0.8: 14, 0.9: 29, 0.95: 59, 0.99: 299} {
		if got := Needed(probability, 0.95); got != n {
			t.Errorf("%v needs %d drills, not %d", probability, n, got)
		}
	}
	// One miss of twenty: the chance of at least nineteen is then 5 in 100.
	p := AtLeast(19, 20, 0.95)
	if chance := math.Pow(p, 20) + 20*math.Pow(p, 19)*(1-p); math.Abs(chance-0.05) > 1e-9 || AtLeast(0, 9, 0.95) != 0 {
		t.Errorf("%v, whose chance is %v", p, chance)
	}
}

func TestSequence(t *testing.T) {
	s := NewSequence(0.9, 0.95, 200)
	for _, c := range []struct {
		n, missed int
		want      Answer
	}{
		{0, 0, Open}, {28, 0, Open}, {29, 0, Met}, {30, 1, Open}, {1, 1, Open}, {2, 2, Open}, {20, 10, NotMet},
	} {
		if got := s.Says(c.n, c.missed); got != c.want {
			t.Errorf("%d of %d missed: %s, want %s", c.missed, c.n, got, c.want)
		}
	}
	short := NewSequence(0.9, 0.95, 30)
	if got := short.Says(30, 1); got != Unknown {
		t.Errorf("with one miss of thirty nothing is known: %s", got)
	}
	if got := NewSequence(0.9, 0.95, 5).Says(1, 0); got != Open {
		t.Errorf("five misses would still tell: %s", got)
	}
}

// Over all of its looks, a sequence errs as often as the confidence allows, and no more.
func TestSequenceKeepsItsConfidence(t *testing.T) {
	const times, sequences = 150, 20_000
	s := NewSequence(0.9, 0.95, times)
	draw := rand.New(rand.NewPCG(1, 2))
	said := func(p float64) map[Answer]int {
		all := map[Answer]int{}
		for range sequences {
			answer := Open
			for n, missed := 1, 0; n <= times && answer == Open; n++ {
				if draw.Float64() >= p {
					missed++
				}
				answer = s.Says(n, missed)
			}
			all[answer]++
		}
		return all
	}
	// Right on the border either answer is wrong in at most 5 of 100; three standard errors are half a point.
	border := said(0.9)
	if border[Met] > sequences*55/1000 || border[NotMet] > sequences*55/1000 || border[Met] < sequences*40/1000 {
		t.Errorf("on the border it says %v", border)
	}
	if good := said(0.99); good[Met] < sequences*90/100 {
		t.Errorf("of 99 in 100 it says %v", good)
	}
	if bad := said(0.6); bad[NotMet] < sequences*98/100 {
		t.Errorf("of 60 in 100 it says %v", bad)
	}
}
