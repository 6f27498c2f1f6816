package report

import (
	"io"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
)

// million is the flagship with n attempts of its first probe, as its hand-made ones are.
func million(t testing.TB, n int) *Report {
	t.Helper()
	r := sample(t, "flagship")
	var model []history.Attempt
	for _, a := range r.History.Attempts {
		if a.Probe == "staff" {
			model = append(model, a)
		}
	}
	attempts, lines := make([]history.Attempt, n), make([]int64, n)
	for i := range attempts {
		a := model[i%len(model)]
		shift := history.Instant(i*1000/n*7) * 1000
		a.Due, a.Began, a.Ended, a.Seq = a.Due+shift, a.Began+shift, a.Ended+shift, int64(i)
		attempts[i], lines[i] = a, int64(i+2)
	}
	r.History.Attempts, r.History.SeqOf = attempts, lines
	return r
}

// BenchmarkMillion is what each file costs when a history has a million attempts.
func BenchmarkMillion(b *testing.B) {
	r := million(b, 1_000_000)
	for _, e := range Table() {
		b.Run(e.File, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Write(io.Discard, []*Report{r}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
