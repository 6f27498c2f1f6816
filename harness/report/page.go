package report

import "io"

func writePage(w io.Writer, reports []*Report) error {
	_, err := io.WriteString(w, "<!doctype html>")
	return err
}
