package inference

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func series(draw *rand.Rand, middles ...float64) []Time {
	var all []Time
	for _, m := range middles {
		for range 20 {
			all = append(all, Time{Seconds: m * (0.9 + 0.2*draw.Float64())})
		}
	}
	return all
}

func changesAt(changes []Change) []int {
	var at []int
	for _, c := range changes {
		at = append(at, c.At)
	}
	return at
}

func TestChanges(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		drills []Time
		want   []int
	}{
		"one":          {series(draw, 3, 4), []int{20}},
		"three":        {series(draw, 3, 4, 2, 3), []int{20, 40, 60}},
		"none":         {series(draw, 3, 3, 3), nil},
		"all alike":    {make([]Time, 40), nil},
		"too few":      {series(draw, 3, 9)[15:26], nil},
		"at the end":   {series(draw, 3, 9)[:24], []int{20}},
		"not recovers": {append(series(draw, 3), never(6)...), []int{20}},
		"nothing":      {nil, nil},
	} {
		if got := changesAt(Changes(c.drills, 0.01, 7)); !slices.Equal(got, c.want) {
			t.Errorf("%s: changes at %v, want %v", name, got, c.want)
		}
	}
	both := append(series(draw, 3), series(draw, 4)[:5]...)
	if a, b := Changes(both, 0.01, 7), Changes(both, 0.01, 7); !slices.Equal(a, b) || len(a) != 1 || a[0].P > 0.01 || a[0].P < 0.001 {
		t.Errorf("the same drills give %v and %v", a, b)
	}
}

// never are drills in which nobody recovered, each watched for another time, all of them shorter than a recovery.
func never(n int) []Time {
	var all []Time
	for i := range n {
		all = append(all, Time{Seconds: float64(n-i) / 100, Censored: true})
	}
	return all
}

// Among drills of one kind a change is found no more often than alpha says.
func TestChangesByChance(t *testing.T) {
	draw, found := rand.New(rand.NewPCG(3, 4)), 0
	const series = 400
	for i := range series {
		drills := make([]Time, 30)
		for j := range drills {
			drills[j].Seconds = draw.ExpFloat64()
		}
		if len(Changes(drills, 0.05, uint64(i))) > 0 {
			found++
		}
	}
	// By chance 20; the bound is passed once in ten thousand times.
	if found > 38 {
		t.Errorf("found in %d of %d", found, series)
	}
}

// The cut by sums is that by all pairs.
func TestCutByPairs(t *testing.T) {
	draw := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		values := make([]float64, 3+draw.IntN(20))
		for i := range values {
			values[i] = float64(draw.IntN(6))
		}
		ranks := midranks(values)
		at, distance := cut(ranks)
		wantAt, want := 0, 0.0
		for i := LeastBeside; i <= len(ranks)-LeastBeside; i++ {
			x, y := float64(i), float64(len(ranks)-i)
			e := 2*pairs(ranks[:i], ranks[i:])/(x*y) - pairs(ranks[:i], ranks[:i])/(x*(x-1)) - pairs(ranks[i:], ranks[i:])/(y*(y-1))
			if d := e * x * y / (x + y); d > want+1e-9 {
				wantAt, want = i, d
			}
		}
		if at != wantAt || math.Abs(distance-want) > 1e-6 {
			t.Fatalf("%v: %d by %v, want %d by %v", values, at, distance, wantAt, want)
		}
	}
}

func pairs(a, b []int) float64 {
	sum := 0.0
	for _, x := range a {
		for _, y := range b {
			sum += math.Abs(float64(x - y))
		}
	}
	return sum
}

func BenchmarkChanges(b *testing.B) {
	draw := rand.New(rand.NewPCG(8, 9))
	drills := series(draw, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 3, 3)
	for b.Loop() {
		if got := Changes(drills, 0.01, 1); len(got) < 3 {
			b.Fatal(got)
		}
	}
}
