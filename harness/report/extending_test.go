package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// writeCSV writes recoveries.csv: a line for each probe and fault of each drill.
func writeCSV(w io.Writer, drills []*Report) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"scenario", "probe", "fault", "grade", "recovery"}}
	for _, d := range openAll(drills) {
		for _, r := range d.Recoveries {
			rows = append(rows, []string{d.name(), clean(r.Probe), clean(r.Fault), string(d.Grade),
				bounds(r.RecoveryTimeActual)})
		}
	}
	return out.WriteAll(rows)
}

// The exporter of docs/extending.md is one: whatever is missing of a drill, it writes what can be read.
func TestTheExporterOfThePage(t *testing.T) {
	upper := verdict.Seconds(3)
	whole := &Report{Verdict: &verdict.Verdict{Scenario: "a, b", Grade: verdict.Pass, Measures: verdict.Measures{
		Recoveries: []verdict.Recovery{{Probe: "staff", RecoveryTimeActual: &verdict.Interval{Lower: 2, Upper: &upper}}}}}}
	for _, kind := range []Exporter{
		{"recoveries.csv", writeCSV},
	} {
		var b bytes.Buffer
		if err := kind.Write(&b, []*Report{nil, {}, whole}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != 2 || rows[1][0] != "a, b" || rows[1][4] != bounds(whole.Verdict.Recoveries[0].RecoveryTimeActual) {
			t.Errorf("it holds %q, %v", rows, err)
		}
	}
}
