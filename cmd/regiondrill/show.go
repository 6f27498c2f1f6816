package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/regiondrill/regiondrill/harness/report"
)

// formats are the words for what one can have a result printed as, and the file that holds the same.
var formats = map[string]string{
	"json": "verdict.json", "html": "report.html", "junit": "junit.xml", "markdown": "summary.md", "prom": "metrics.prom",
}

func noFormat(format string) error {
	return fmt.Errorf("there is no format %q; known are text, %s", format, strings.Join(keysOf(formats), ", "))
}

// show prints concluded drills to stdout.
func (p *program) show(told []*report.Report, format string) error {
	text, err := p.render(told, format)
	if err == nil {
		_, err = p.stdout.Write(text)
	}
	if err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

func (p *program) render(told []*report.Report, format string) ([]byte, error) {
	var text bytes.Buffer
	if len(told) == 1 && told[0].Set != nil && setFiles[format] != "" {
		return renderSet(told[0], setFiles[format])
	}
	if format == "junit" { // who asks for it by name may hold it against the schema
		err := report.StrictJUnit(&text, told)
		return text.Bytes(), err
	}
	if format != "text" {
		i := slices.IndexFunc(p.catalog.Exporters, func(e report.Exporter) bool { return e.File == formats[format] })
		if i < 0 {
			return nil, noFormat(format)
		}
		err := p.catalog.Exporters[i].Write(&text, told)
		return text.Bytes(), err
	}
	look := p.look()
	for i, r := range told {
		if i > 0 {
			text.WriteByte('\n')
		}
		if len(told) > 1 {
			fmt.Fprintf(&text, "%s\n", report.Clean(r.Verdict.Scenario))
		}
		if err := report.Text(&text, r, look); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// setFiles are the words for what one can have the result of many drills printed as, beside those of one, and the file
// that holds the same.
var setFiles = map[string]string{"json": "repetition.json", "html": "repetition.html"}

func renderSet(set *report.Report, file string) ([]byte, error) {
	var text bytes.Buffer
	exporters := report.SetExporters(func(folder string) string { return linkTo(".", filepath.Join(set.Dir, folder)) })
	i := slices.IndexFunc(exporters, func(e report.SetExporter) bool { return e.File == file })
	err := exporters[i].Write(&text, set)
	return text.Bytes(), err
}

// look is how text is to look on stdout.
func (p *program) look() report.TextOptions {
	return report.TextOptions{Color: terminal(p.stdout) && p.getenv("NO_COLOR") == "",
		Width: report.ColumnsOf(p.stdout, p.getenv("COLUMNS")).Prose}
}

// terminal tells whether somebody looks at what is written or sits at what is read.
func terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// summaryVariable names the file that GitHub shows as the summary of a step, and summaryMost how much of it GitHub
// takes in all (docs.github.com, "Workflow commands", "Adding a job summary").
const (
	summaryVariable = "GITHUB_STEP_SUMMARY"
	summaryMost     = 1024 << 10
)

// summarize appends the summary to that of a CI step, where there is one and as far as there is room.
func (p *program) summarize(told []*report.Report) error {
	path := p.getenv(summaryVariable)
	if path == "" {
		return nil
	}
	text, err := p.render(told, "markdown")
	if err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("appending to %s: %w", summaryVariable, err)
	}
	defer file.Close()
	if _, err := file.Write(fitting(file, text)); err != nil {
		return fmt.Errorf("appending to %s: %w", summaryVariable, err)
	}
	return nil
}

// fitting cuts a text to the room that is left, at the end of a line.
func fitting(file io.Seeker, text []byte) []byte {
	const pointer = "\nThe rest is in summary.md of the run's folder.\n"
	size, err := file.Seek(0, io.SeekEnd)
	room := summaryMost - int(size)
	if err != nil || len(text) <= room {
		return text
	}
	room = max(0, room-len(pointer))
	cut := bytes.LastIndexByte(text[:min(room, len(text))], '\n') + 1
	if cut == 0 {
		return nil
	}
	return append(text[:cut:cut], pointer...)
}
