package main

// The exporters are being written in harness/report; until they are there, this stands in for them.

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

type drillReport struct {
	Verdict *verdict.Verdict
	History *history.History
	Folder  fs.FS
	Dir     string
}

type exporter struct {
	File  string
	Write func(w io.Writer, drills []*drillReport) error
}

func exporterTable() []exporter {
	return []exporter{{"verdict.json", func(w io.Writer, drills []*drillReport) error {
		var v any = drills
		if len(drills) == 1 {
			v = drills[0].Verdict
		}
		b, err := json.MarshalIndent(v, "", "  ")
		if err == nil {
			_, err = w.Write(append(b, '\n'))
		}
		return err
	}}}
}

func writeText(w io.Writer, drills []*drillReport, _ bool) error {
	for _, d := range drills {
		fmt.Fprintf(w, "%s: %s\n", d.Verdict.Scenario, d.Verdict.Grade)
		for _, f := range d.Verdict.Findings {
			fmt.Fprintf(w, "  %-8s %s: %s\n", f.Grade, f.Name, f.Summary)
		}
		for _, n := range d.Verdict.Validity.Notes {
			fmt.Fprintf(w, "  note: %s\n", n)
		}
	}
	return nil
}

type metrics struct{}

func newMetrics() *metrics { return &metrics{} }

func (*metrics) Record(history.Event) error { return nil }
func (*metrics) Handler() http.Handler      { return http.NotFoundHandler() }
