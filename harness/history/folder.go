package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of a run's folder that are written once, while it runs.
const (
	ScenarioFile  = "scenario.yaml"
	HistoryFile   = "history.jsonl"
	UndoFile      = "undo.jsonl"
	ArtifactsDir  = "artifacts"
	StopFile      = "stop" // made by anybody, it stops the run
	folderPattern = "20060102T150405Z"
)

// Folder is where a run writes. Its mode is 0700: pictures of portals are nobody else's business.
type Folder struct {
	Path    string
	History *os.File
	Undo    *os.File
}

// FolderName is where a run goes that nobody named: base, the instant in UTC, and the scenario; with -2 and so on
// where that is taken. Where nobody can tell (base is a file, or closed to us) making the folder will say why.
func FolderName(base string, now time.Time, scenario string) string {
	name := filepath.Join(base, Stamp(now)+"-"+scenario)
	for n, free := 2, name; ; n++ {
		if _, err := os.Lstat(free); err != nil {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}

// CreateFolder makes the folder of a run and the files that it writes. A folder that holds something already is
// refused, so that no run overwrites another.
func CreateFolder(path string, scenario []byte) (*Folder, error) {
	if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty: name a folder that isn't there yet", path)
	}
	f := &Folder{Path: path}
	if err := f.lay(scenario); err != nil {
		errs := []error{err, f.Close()}
		for _, part := range []string{ScenarioFile, UndoFile, HistoryFile, ArtifactsDir, "."} {
			os.Remove(filepath.Join(path, part)) //nolint:errcheck // half a folder, of which each part may not be there
		}
		return nil, errors.Join(errs...)
	}
	return f, nil
}

// lay makes all that is in it.
func (f *Folder) lay(scenario []byte) error {
	if err := os.MkdirAll(filepath.Join(f.Path, ArtifactsDir), 0o700); err != nil {
		return fmt.Errorf("making the folder of the run: %w", err)
	}
	if err := os.Chmod(f.Path, 0o700); err != nil { // it may have been there, empty
		return fmt.Errorf("making the folder of the run: %w", err)
	}
	var err error
	if f.History, err = f.create(HistoryFile); err != nil {
		return err
	}
	if f.Undo, err = f.create(UndoFile); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(f.Path, ScenarioFile), scenario, 0o600); err != nil {
		return fmt.Errorf("keeping the scenario: %w", err)
	}
	return nil
}

func (f *Folder) create(name string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(f.Path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making %s: %w", name, err)
	}
	return file, nil
}

// Keep writes an artifact and returns its path within the folder.
func (f *Folder) Keep(name string, data []byte) (string, error) {
	name = filepath.Join(ArtifactsDir, strings.Map(harmless, name))
	if err := os.WriteFile(filepath.Join(f.Path, name), data, 0o600); err != nil {
		return "", fmt.Errorf("keeping an artifact: %w", err)
	}
	return filepath.ToSlash(name), nil
}

// Drop removes an artifact that a later one replaces.
func (f *Folder) Drop(path string) error { return os.Remove(filepath.Join(f.Path, path)) }

// harmless keeps a name within its folder.
func harmless(r rune) rune {
	if r == '/' || r == '\\' || r < ' ' {
		return '-'
	}
	return r
}

// Close ends the writing; the history reaches the disk.
func (f *Folder) Close() error {
	var errs []error
	for _, file := range []*os.File{f.History, f.Undo} {
		if file != nil {
			errs = append(errs, file.Sync(), file.Close())
		}
	}
	return errors.Join(errs...)
}

// Load reads the history of a run's folder.
func Load(dir string) (*History, error) {
	file, err := os.Open(filepath.Join(dir, HistoryFile))
	if err != nil {
		return nil, fmt.Errorf("opening the history: %w", err)
	}
	defer file.Close()
	lines, err := countLines(file)
	if err != nil {
		return nil, fmt.Errorf("reading the history: %w", err)
	}
	h, err := read(file, lines)
	if err != nil {
		return nil, err
	}
	h.Kept, err = ReadKept(dir)
	return h, err
}

// LoadPlan reads the first line of the history of a run's folder, which is its plan.
func LoadPlan(dir string) (*Plan, error) {
	file, err := os.Open(filepath.Join(dir, HistoryFile))
	if err != nil {
		return nil, fmt.Errorf("opening the history: %w", err)
	}
	defer file.Close()
	line, err := readLine(bufio.NewReaderSize(file, 1<<16))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading line 1 of the history: %w", err)
	}
	h := &History{}
	if err := h.add(line, 1, interner{}); err != nil {
		return nil, fmt.Errorf("reading line 1 of the history: %w", err)
	}
	return &h.Plan, nil
}

// countLines saves the memory that growing by halves would take.
func countLines(file *os.File) (int, error) {
	lines, buffer := 0, make([]byte, 1<<16)
	for {
		n, err := file.Read(buffer)
		lines += bytes.Count(buffer[:n], []byte("\n"))
		if errors.Is(err, io.EOF) {
			_, err = file.Seek(0, io.SeekStart)
			return lines, err
		}
		if err != nil {
			return 0, err
		}
	}
}
