package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// formats are the words for what one can have a result printed as, and the file that holds the same.
var formats = map[string]string{
	"json": "verdict.json", "html": "report.html", "junit": "junit.xml", "markdown": "summary.md", "prom": "metrics.prom",
}

// show prints concluded drills to stdout.
func (p *program) show(told []*drillReport, format string, asJSON bool) error {
	if asJSON {
		format = "json"
	}
	var text bytes.Buffer
	if format == "text" {
		if err := writeText(&text, told, terminal(p.stdout) && p.getenv("NO_COLOR") == ""); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	} else {
		i := slices.IndexFunc(exporterTable(), func(e exporter) bool { return e.File == formats[format] })
		if i < 0 {
			return fmt.Errorf("there is no format %q; known are text, %s", format, strings.Join(keysOf(formats), ", "))
		}
		if err := exporterTable()[i].Write(&text, told); err != nil {
			return fmt.Errorf("writing the result: %w", err)
		}
	}
	if _, err := p.stdout.Write(text.Bytes()); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
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
func (p *program) summarize(told []*drillReport) error {
	path := p.getenv(summaryVariable)
	i := slices.IndexFunc(exporterTable(), func(e exporter) bool { return e.File == formats["markdown"] })
	if path == "" || i < 0 {
		return nil
	}
	var text bytes.Buffer
	if err := exporterTable()[i].Write(&text, told); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("appending to %s: %w", summaryVariable, err)
	}
	defer file.Close()
	if _, err := file.Write(fitting(file, text.Bytes())); err != nil {
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
