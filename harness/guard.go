package harness

import (
	"errors"
	"fmt"
)

// ErrPanic marks a bug of ours or of a kind's: the run is stopped, healed and concluded as broken.
var ErrPanic = errors.New("panicked")

// Guard turns a panic of what others wrote into an error that wraps ErrPanic. Without it a panic in a goroutine would
// end the process, and leave in force what outlives that.
func Guard(who string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s %w: %v", who, ErrPanic, p)
		}
	}()
	return do()
}
