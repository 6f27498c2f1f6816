package engine

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// TestKeeper keeps the first bad picture of each class and the last good one of each Region, also where two attempts
// were both told that theirs is wanted before either had taken it.
func TestKeeper(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	folder, err := history.CreateFolder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	k := newKeeper(folder)
	var attempts []*harness.Attempt
	for seq, outcome := range []history.Outcome{history.Bad, history.Bad, history.Good, history.Good, history.Unknown} {
		a := &harness.Attempt{Probe: "staff", Seq: int64(seq), Home: "us-east-1", Outcome: outcome}
		switch outcome {
		case history.Bad:
			a.Class = history.ClassTimeout
		case history.Good:
			a.Region = "eu-west-1"
		}
		if k.Wants(a) != (outcome != history.Unknown) {
			t.Errorf("%s wanted: %v", outcome, k.Wants(a))
		}
		attempts = append(attempts, a)
	}
	for _, a := range attempts {
		if err := k.Save(a, "png", []byte("picture")); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, history.ArtifactsDir))
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, e := range entries {
		kept = append(kept, e.Name())
	}
	if want := []string{"staff-0-bad-us-east-1.png", "staff-3-good-eu-west-1.png"}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	for seq := int64(10); seq < 40; seq++ { // more classes than there is room for
		a := &harness.Attempt{Probe: "staff", Seq: seq, Outcome: history.Bad, Class: history.Class(rune('a' + seq))}
		if err := k.Save(a, "png", nil); err != nil {
			t.Fatal(err)
		}
	}
	if entries, err = os.ReadDir(filepath.Join(dir, history.ArtifactsDir)); err != nil || len(entries) != maxArtifacts {
		t.Errorf("%d are kept, want %d, %v", len(entries), maxArtifacts, err)
	}
}
