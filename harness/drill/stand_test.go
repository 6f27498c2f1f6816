package drill_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// TestStandKeepsAJournal: what outlives the process is written down before it is done, and known to recover. The folder
// goes when all is undone, and stays where something isn't, until it is.
func TestStandKeepsAJournal(t *testing.T) {
	tmp := t.TempDir()
	runs := drill.Runs{Dir: filepath.Join(tmp, "runs")}
	c := catalog.Default()
	recovered := 0
	c.Undoers = rollback.Undoers{"it": func(context.Context, json.RawMessage) error { recovered++; return nil }}
	r := &drill.Runner{Catalog: c, Runs: runs}
	stands := func(dir string, undo error) error {
		return r.Stand(t.Context(), dir, nil, func(_ context.Context, back *rollback.Stack) error {
			if _, err := back.Push(rollback.Intent{Kind: "it"}, func(context.Context) error { return undo }); err != nil {
				return err
			}
			written, err := os.ReadFile(filepath.Join(dir, history.UndoFile))
			if err != nil || !strings.Contains(string(written), `"kind":"it"`) {
				t.Errorf("it is written down as %q, %v", written, err)
			}
			if _, live, err := runs.Residue(); err != nil || len(live) != 1 || live[0].Folder != dir {
				t.Errorf("listed are %v, %v", live, err)
			}
			return nil
		})
	}
	well, ill := filepath.Join(tmp, "well"), filepath.Join(tmp, "ill")
	if err := stands(well, nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(well); err == nil {
		t.Error("its folder is left")
	}
	if err := stands(ill, errors.New("not now")); !errors.Is(err, engine.ErrUndo) || !strings.Contains(err.Error(), "not now") {
		t.Errorf("it ended with %v", err)
	}
	left, live, err := runs.Residue()
	if err != nil || len(left) != 1 || len(live) != 0 || left[0].Folder != ill {
		t.Fatalf("left are %v, %v, %v", left, live, err)
	}
	defer left[0].Remove()
	if n, err := r.Undo(t.Context(), ill); n != 1 || err != nil || recovered != 1 {
		t.Errorf("%d undone, %v", n, err)
	}
}
