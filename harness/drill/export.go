package drill

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/regiondrill/regiondrill/harness/report"
)

// Export writes every exporter's file about some drills into a folder. One that fails keeps no other from being
// written.
func (r *Runner) Export(dir string, drills []*report.Report) error {
	var errs []error
	for _, e := range r.Catalog.Exporters {
		var text bytes.Buffer
		err := e.Write(&text, drills)
		if err == nil {
			err = Replace(filepath.Join(dir, e.File), text.Bytes())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("writing %s: %w", filepath.Join(dir, e.File), err))
		}
	}
	return errors.Join(errs...)
}

// Replace writes a file whole or not at all.
func Replace(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
