package inference

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSpread(t *testing.T) {
	spread := func(first, second []Time) float64 {
		return ShiftOf(first, second, 0.95).Spread(first, second, 0.95)
	}
	never := Time{Seconds: 30, Censored: true}
	if got := spread(append(recovered(1, 2, 3), never), recovered(11, 12, 13)); math.Abs(got-1) > 1e-9 {
		t.Errorf("what lies between the sets, or was never measured, is no spread: %v", got)
	}
	if got := spread(recovered(1), recovered(2)); !math.IsNaN(got) {
		t.Errorf("of one a side: %v", got)
	}
	draw := rand.New(rand.NewPCG(9, 10))
	var a, b []Time
	for range 100 {
		a, b = append(a, Time{Seconds: draw.NormFloat64()}), append(b, Time{Seconds: draw.NormFloat64()})
	}
	a[0].Seconds = 1000
	if got := spread(a, b); got < 0.8 || got > 1.2 {
		t.Errorf("of 200 that lie about 1 apart, and one far away: %v", got)
	}
}

// What is said to be findable in four of five times is, and what is a third as large is not.
func TestFindable(t *testing.T) {
	draw := rand.New(rand.NewPCG(5, 6))
	found := func(shift float64) int {
		count := 0
		for range 1000 {
			var a, b []Time
			for range 12 {
				a = append(a, Time{Seconds: draw.NormFloat64()})
				b = append(b, Time{Seconds: shift + draw.NormFloat64()})
			}
			if ShiftOf(a, b, 0.95).P <= 0.05 {
				count++
			}
		}
		return count
	}
	shift := Findable(12, 12, 1, 0.05)
	if whole, third := found(shift), found(shift/3); whole < 720 || whole > 870 || third > 250 {
		t.Errorf("a shift of %.2f is found %d times in 1000, a third of it %d times", shift, whole, third)
	}
}

// So many drills a side have bounds that are so close, and half of them haven't.
func TestSides(t *testing.T) {
	draw := rand.New(rand.NewPCG(7, 8))
	width := func(n int) float64 {
		total := 0.0
		for range 100 {
			var a, b []Time
			for range n {
				a, b = append(a, Time{Seconds: draw.NormFloat64()}), append(b, Time{Seconds: draw.NormFloat64()})
			}
			s := ShiftOf(a, b, 0.95)
			total += (s.Upper - s.Lower) / 200
		}
		return total
	}
	n := Sides(1, 0.5, 0.05)
	if full, half := width(n), width(n/2); full < 0.45 || full > 0.55 || half < 0.6 {
		t.Errorf("%d drills a side: within %.2f, half of them: within %.2f", n, full, half)
	}
	if Sides(0, 1, 0.05) != 4 || Least(0.05) != 4 || Least(0.05/3) != 5 || Sides(1, 0, 0.05) != math.MaxInt32 {
		t.Error("four a side are the least that tell anything, and what has no width takes more than there can be")
	}
}

func TestMisses(t *testing.T) {
	for _, c := range []struct {
		missed1, n1, missed2, n2 int
		want                     float64
	}{{0, 10, 10, 10, 1.0825e-5}, {0, 10, 0, 10, 1}, {1, 10, 0, 10, 1}, {3, 4, 1, 4, 34. / 70}, {0, 5, 4, 5, 10. / 210}} {
		if got := Misses(c.missed1, c.n1, c.missed2, c.n2); math.Abs(got-c.want) > 1e-8 {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
