package runs

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// CacheFile is what is remembered of the runs of a folder, in that folder. Whoever deletes it loses time, and nothing
// else: what of it doesn't fit the folders, or can't be read, is not believed.
const CacheFile = "index.cache"

// cacheHead begins it. Its first number changes with what is remembered of a run, and its second with what counts as
// recovery, by which some of them are left out.
var cacheHead = fmt.Sprintf("regiondrill runs 3 %d\n", verdict.Definition)

// note is what is remembered of a run, as long as its verdict is the same file.
type note struct {
	Size    int64
	Written int64 // in nanoseconds
	Run     Run
}

// remembered is empty where nothing is, or where what is there is torn.
func remembered(dir string) map[string]note {
	text, err := os.ReadFile(filepath.Join(dir, CacheFile))
	text, ours := bytes.CutPrefix(text, []byte(cacheHead))
	if err != nil || !ours || len(text) < sha256.Size {
		return nil
	}
	sum, text := text[:sha256.Size], text[sha256.Size:]
	if is := sha256.Sum256(text); !bytes.Equal(sum, is[:]) {
		return nil
	}
	var notes []note
	if gob.NewDecoder(bytes.NewReader(text)).Decode(&notes) != nil {
		return nil
	}
	known := make(map[string]note, len(notes))
	for _, n := range notes {
		known[n.Run.Folder] = n
	}
	return known
}

// Forgotten tells whether enough is not remembered for it to be worth remembering all anew: a few runs are read again
// in less time than all are written down.
func (s *Shelf) Forgotten() bool {
	single := 0
	for i := range s.Runs {
		if s.Runs[i].Repetition == nil {
			single++
		}
	}
	return single-s.Remembered > s.Remembered/100
}

// Remember makes the text of a folder's cache.
func (s *Shelf) Remember() ([]byte, error) {
	var notes []note
	for _, r := range s.Runs {
		if r.Repetition == nil { // one of those is read as fast as it is remembered
			notes = append(notes, note{r.size, r.written.UnixNano(), r})
		}
	}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(notes); err != nil {
		return nil, fmt.Errorf("remembering runs: %w", err)
	}
	sum := sha256.Sum256(text.Bytes())
	return bytes.Join([][]byte{[]byte(cacheHead), sum[:], text.Bytes()}, nil), nil
}
