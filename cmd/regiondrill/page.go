package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/report"
)

// page is text that is as wide as whoever reads it has room for, with nothing in it that a terminal would obey.
type page struct {
	strings.Builder
	report.Columns
}

// page is as wide as stdout.
func (p *program) page() *page {
	return &page{Columns: report.ColumnsOf(p.stdout, p.getenv("COLUMNS"))}
}

// print writes the page to stdout.
func (p *program) print(text *page) error {
	if _, err := io.WriteString(p.stdout, text.String()); err != nil {
		return broke(err)
	}
	return nil
}

// paragraph writes words behind a label, their further lines as far in as the first begins.
func (t *page) paragraph(label, words string) {
	indent := displaywidth.String(label)
	for _, line := range report.Wrap(words, t.Prose-indent) {
		t.WriteString(label + line + "\n")
		label = strings.Repeat(" ", indent)
	}
}

const (
	margin     = 2  // before a table
	gutter     = 3  // between its columns
	leastWide  = 20 // of a column that is broken into lines
	stackInset = 4  // of what stands below a row's first cell
)

// table writes rows of tab-separated cells as columns. Cells that are too long for them all to stand side by side are
// broken into lines; where that leaves too little room, a row's cells stand below its first.
func (t *page) table(title string, rows []string) {
	fmt.Fprintln(t, title)
	if len(rows) == 0 {
		fmt.Fprintln(t, "  nothing")
		return
	}
	var cells [][]string
	for _, row := range rows {
		made := strings.Split(row, "\t")
		for i := range made {
			made[i] = strings.TrimRight(report.Clean(made[i]), " ")
		}
		cells = append(cells, made)
	}
	widths, ok := fitted(cells, t.Table)
	for _, row := range cells {
		if ok {
			t.row(row, widths)
		} else {
			t.stack(row)
		}
	}
}

// fitted are the widths of columns that have room together. It is false where a column would get too narrow to read.
func fitted(rows [][]string, room int) (widths []int, ok bool) {
	columns := 0
	for _, row := range rows {
		columns = max(columns, len(row))
	}
	widths = make([]int, columns)
	for i := range widths {
		widths[i] = widest(rows, i, math.MaxInt32)
	}
	room -= margin + gutter*(columns-1)
	for total(widths) > room {
		longest := slices.Max(widths)
		if longest <= leastWide {
			return nil, false
		}
		for i, w := range widths {
			if w == longest && total(widths) > room {
				widths[i]--
			}
		}
	}
	for i, w := range widths { // its lines may be shorter than they might be
		widths[i] = widest(rows, i, w)
	}
	return widths, true
}

// widest is the width of a column's longest line, where its cells are broken into lines of at most so many columns.
func widest(rows [][]string, column, most int) int {
	width := 0
	for _, row := range rows {
		if column < len(row) {
			for _, line := range lines(row[column], most) {
				width = max(width, displaywidth.String(line))
			}
		}
	}
	return width
}

func total(widths []int) int {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	return sum
}

// row writes cells side by side.
func (t *page) row(cells []string, widths []int) {
	broken := make([][]string, len(cells))
	height := 1
	for i, cell := range cells {
		broken[i] = lines(cell, widths[i])
		height = max(height, len(broken[i]))
	}
	for n := range height {
		line := strings.Repeat(" ", margin)
		for i := range cells {
			said := ""
			if n < len(broken[i]) {
				said = broken[i][n]
			}
			line += said + strings.Repeat(" ", widths[i]-displaywidth.String(said)+gutter)
		}
		fmt.Fprintln(t, strings.TrimRight(line, " "))
	}
}

// lines breaks a cell, whose own indent its further lines keep.
func lines(cell string, width int) []string {
	indent := cell[:len(cell)-len(strings.TrimLeft(cell, " "))]
	made := report.Wrap(cell, width-len(indent))
	for i := range made {
		made[i] = indent + made[i]
	}
	return made
}

// stack writes a row's first cell, and the others below it.
func (t *page) stack(cells []string) {
	words := slices.DeleteFunc(slices.Clone(cells[1:]), func(s string) bool { return s == "" })
	room := min(t.Table, t.Prose)
	if cells[0] != "" {
		fmt.Fprintln(t, strings.Repeat(" ", margin)+strings.Join(report.Wrap(cells[0], room-margin), "\n  "))
	}
	inset := strings.Repeat(" ", stackInset)
	for _, line := range report.Wrap(strings.Join(words, "; "), room-stackInset) {
		fmt.Fprintln(t, inset+line)
	}
}
