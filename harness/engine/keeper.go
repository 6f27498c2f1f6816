package engine

import (
	"fmt"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// maxArtifacts bounds what is kept of one probe.
const maxArtifacts = 20

// keeper decides which pictures of a probe are kept: the first bad one of each class and the last good one of each
// Region. It is a harness.Saver.
type keeper struct {
	folder *history.Folder

	mu   sync.Mutex
	bad  map[history.Class]bool
	good map[string]string // by Region: the path of its latest
	kept int
}

func newKeeper(folder *history.Folder) *keeper {
	return &keeper{folder: folder, bad: map[history.Class]bool{}, good: map[string]string{}}
}

// Wants tells whether a picture of the attempt would be kept.
func (k *keeper) Wants(a *harness.Attempt) bool {
	if k.folder == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch a.Outcome {
	case history.Good:
		return k.good[a.Region] != "" || k.kept < maxArtifacts
	case history.Bad:
		return !k.bad[a.Class] && k.kept < maxArtifacts
	}
	return false
}

// Save keeps it, and drops the one that it replaces.
func (k *keeper) Save(a *harness.Attempt, extension string, data []byte) error {
	region := a.Region
	if region == "" {
		region = a.Home
	}
	path, err := k.folder.Keep(fmt.Sprintf("%s-%d-%s-%s.%s", a.Probe, a.Seq, a.Outcome, region, extension), data)
	if err != nil {
		return err
	}
	a.Artifacts = append(a.Artifacts, path)
	k.mu.Lock()
	defer k.mu.Unlock()
	if a.Outcome == history.Bad {
		k.bad[a.Class] = true
		k.kept++
		return nil
	}
	earlier := k.good[region]
	k.good[region] = path
	if earlier == "" {
		k.kept++
		return nil
	}
	return k.folder.Drop(earlier)
}
