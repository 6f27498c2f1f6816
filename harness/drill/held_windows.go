package drill

import (
	"errors"

	"golang.org/x/sys/windows"
)

// held tells whether a file could not be replaced because somebody has it open.
func held(err error) bool {
	return errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
}
