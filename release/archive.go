package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// entry is a file in an archive.
type entry struct {
	name string
	mode int64
	data []byte
}

// writeArchive packs files, each by its name alone, the first of which can be run.
func writeArchive(to string, pack func(io.Writer, []entry, time.Time) error, files []string, made time.Time) error {
	var entries []entry
	for i, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if i == 0 {
			mode = 0o755
		}
		entries = append(entries, entry{filepath.Base(path), mode, data})
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	if err := errors.Join(pack(file, entries, made), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	return nil
}

// tarred writes a .tar.gz.
func tarred(w io.Writer, entries []entry, made time.Time) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression) // its header has neither a name nor a time
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		header := &tar.Header{Format: tar.FormatUSTAR, Name: e.name, Mode: e.mode, Size: int64(len(e.data)), ModTime: made}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(e.data); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

// zipped writes a .zip.
func zipped(w io.Writer, entries []entry, made time.Time) error {
	archive := zip.NewWriter(w)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: made}
		header.SetMode(os.FileMode(e.mode)) //nolint:gosec // permissions fit
		file, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := file.Write(e.data); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeSums writes what sha256sum --check reads, of all files in a folder.
func writeSums(dir string) error {
	files, err := os.ReadDir(dir) // in the order of their names
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), f.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o644) //nolint:gosec // to be published
}
