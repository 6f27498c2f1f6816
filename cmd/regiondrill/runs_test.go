package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/regiondrill/regiondrill/harness/drill"
)

// A run that goes on is left alone, and so is one that was killed and may have left something.
func TestOpenRunsAreNotRemoved(t *testing.T) {
	t.Parallel()
	for name, lives := range map[string]bool{"lives": true, "killed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, dir, _ := calm(t, nil)
			tmp := filepath.Dir(dir)
			list := filepath.Join(tmp, "regiondrill", "runs")
			if err := os.MkdirAll(list, 0o700); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(drill.OpenRun{Folder: dir, PID: 4711})
			if err == nil {
				err = os.WriteFile(filepath.Join(list, "run-1.json"), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			lock := flock.New(filepath.Join(list, "run-1.lock"))
			defer lock.Close()
			if lives {
				if _, err := lock.TryLock(); err != nil {
					t.Fatal(err)
				}
			}
			ask := func(args ...string) string {
				var out bytes.Buffer
				p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: []string{"XDG_STATE_HOME=" + tmp}}
				p.main(t.Context(), append([]string{"runs"}, args...))
				return out.String()
			}
			want := map[bool]string{true: "left run: it goes on (process 4711)\n", false: "left run: it was killed"}[lives]
			for _, args := range [][]string{{"rm", "run", "--yes"}, {"prune", "--keep", "0", "--yes"}} {
				if said := ask(append(args, "--dir", tmp)...); !strings.Contains(said, want) || !strings.Contains(said, "nothing is removed") {
					t.Errorf("%v: it says %s", args, said)
				}
			}
			if !holdsRun(dir) {
				t.Error("it is gone")
			}
		})
	}
}
