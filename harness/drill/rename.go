package drill

import (
	"os"
	"time"
)

// renameWait is how long at most a name that somebody holds open is waited for, where that is in the way: on Windows a
// virus scanner looks into every new file for some milliseconds, and a reader of the old one keeps its name.
const renameWait = 2 * time.Second

// rename puts a file in the place of another.
func rename(from, to string) error { return persist(func() error { return os.Rename(from, to) }, held) }

// persist does something again for as long as it fails because of what will pass.
func persist(do func() error, passes func(error) bool) error {
	err := do()
	for wait, waited := time.Millisecond, time.Duration(0); err != nil && passes(err) && waited < renameWait; wait *= 2 {
		<-time.After(wait)
		waited += wait
		err = do()
	}
	return err
}
