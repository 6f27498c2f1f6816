package engine

import (
	"cmp"
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
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wants(a)
}

func (k *keeper) wants(a *harness.Attempt) bool {
	switch {
	case k.folder == nil:
		return false
	case a.Outcome == history.Good:
		return k.good[a.Region] != "" || k.kept < maxArtifacts
	case a.Outcome == history.Bad:
		return !k.bad[a.Class] && k.kept < maxArtifacts
	}
	return false
}

// Save keeps it, and drops the one that it replaces. What another attempt has made needless since it was asked for is
// not kept: attempts overlap.
func (k *keeper) Save(a *harness.Attempt, extension string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.wants(a) {
		return nil
	}
	region := cmp.Or(a.Region, a.Home)
	path, err := k.folder.Keep(fmt.Sprintf("%s-%d-%s-%s.%s", a.Probe, a.Seq, a.Outcome, region, extension), data)
	if err != nil {
		return err
	}
	a.Artifacts = append(a.Artifacts, path)
	if a.Outcome == history.Bad {
		k.bad[a.Class] = true
		k.kept++
		return nil
	}
	earlier := k.good[a.Region]
	k.good[a.Region] = path
	if earlier == "" {
		k.kept++
		return nil
	}
	return k.folder.Drop(earlier)
}
