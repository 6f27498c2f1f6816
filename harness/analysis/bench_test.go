package analysis_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/checks"
)

// BenchmarkAnalyze concludes a history of one million attempt lines of 300 bytes, and reports the memory that the
// process has taken from the system for it.
func BenchmarkAnalyze(b *testing.B) {
	dir := b.TempDir()
	bytes := longHistory(b, filepath.Join(dir, "history.jsonl"), 1_000_000)
	b.SetBytes(bytes)
	for b.Loop() {
		if _, _, err := analysis.Load(dir, checks.Table()); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
}

// longHistory writes a run of that many attempts: a hundred a second, with a fault in the middle third.
func longHistory(tb testing.TB, path string, attempts int) int64 {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	long := float64(attempts) / 100
	third := long / 3
	fmt.Fprintf(w, `{"seq":1,"at":-5.2,"type":"plan","plan":{"schema":"regiondrill.history/v1","version":"1","scenario":"long","target":"lab","seed":1,"zero":"2026-11-23T15:56:11Z","primary":"us-east-1","regions":["us-east-1","eu-west-1"],"warm_up":5.0,"settle":%g,"probes":[{"name":"staff","kind":"saml_login","from":"new-york","home":"us-east-1","every":0.01,"limit":5.0,"offset":0.0}],"faults":[{"name":"dark","kind":"region_outage","at":%g,"for":%g}],"checks":[{"name":"recovery of staff from dark","kind":"recovery","config":{"probe":"staff","fault":"dark","within":"10s"}}]}}`+"\n", third, third, third)
	seq := 1
	fault := func(at float64, change string) {
		seq++
		fmt.Fprintf(w, `{"seq":%d,"at":%.6f,"type":"fault","fault":{"name":"dark","change":%q,"edges":[{"edge":"new-york→us-east-1","at":%.6f}]}}`+"\n", seq, at, change, at)
	}
	for i := range attempts {
		due := float64(i) / 100
		region, took := "us-east-1", 0.1687
		if due > third && due < 2*third {
			region, took = "eu-west-1", 2.9361
		}
		switch i {
		case attempts / 3:
			fault(third, "requested")
			fault(third+0.01, "effective")
		case attempts / 3 * 2:
			fault(2*third, "healing")
			fault(2*third+0.01, "healed")
		}
		seq++
		line := fmt.Sprintf(`{"seq":%d,"at":%.6f,"type":"attempt","attempt":{"probe":"staff","seq":%d,"kind":"saml_login","home":"us-east-1","from":"new-york","user":"user-%03d","due":%.6f,"began":%.6f,"ended":%.6f,"outcome":"good","region":%q,"steps":[{"name":"portal","host":"h","region":%q,"at":%.6f,"took":0.024}`,
			seq, due+took, i, 1+i%40, due, due+0.0011, due+took, region, region, due)
		for k := 0; len(line) < 298; k++ {
			line += " "
		}
		fmt.Fprintln(w, line+"]}}")
	}
	seq++
	fmt.Fprintf(w, `{"seq":%d,"at":%.6f,"type":"end","end":{"reason":"completed","undone":true}}`+"\n", seq, long)
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return info.Size()
}
