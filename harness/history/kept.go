package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// KeeperFile is where the keeper of a run writes what it did, one KeeperLine a line. There is none where it had nothing
// to do.
const KeeperFile = "keeper.jsonl"

// KeeperLine is a sentence of a run's keeper: a process that takes back what outlives the run, when the run can't.
type KeeperLine struct {
	At     time.Time `json:"at"`
	Said   string    `json:"said"`
	Took   bool      `json:"took,omitempty"`    // the run stood still; what outlives it is the keeper's from now on
	Still  float64   `json:"still_s,omitempty"` // for how many seconds it had stood still by then
	Failed bool      `json:"failed,omitempty"`  // something could not be undone
	Over   bool      `json:"over,omitempty"`    // all was tried that there is to undo
}

// ReadKept reads what the keeper of a run's folder wrote; nothing where there was none, or it had nothing to do. A line
// that is torn, or being written, is left out.
func ReadKept(dir string) ([]KeeperLine, error) {
	file, err := os.Open(filepath.Join(dir, KeeperFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what the keeper did: %w", err)
	}
	defer file.Close()
	var all []KeeperLine
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var k KeeperLine
		if json.Unmarshal(lines.Bytes(), &k) == nil {
			all = append(all, k)
		}
	}
	return all, lines.Err()
}
