package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// At is an instant of the timeline.
type At struct {
	Name   string        // the fault it waits for; "" is the end of the warm-up
	Event  string        // effective or healed, of that fault
	Offset time.Duration // after it, never negative
}

// Events are the instants of a fault that another may wait for.
const (
	Effective = "effective"
	Healed    = "healed"
)

// maxOffset keeps sums of instants from overflowing.
const maxOffset = 24 * time.Hour

const atPattern = `^([a-z][a-z0-9-]*)\.(effective|healed)(?:\s*\+\s*(\S+))?$`

var (
	atForm  = regexp.MustCompile(atPattern)
	numeral = regexp.MustCompile(`^[+-]?[0-9]*\.?[0-9]+$`)
)

// UnmarshalText reads a duration, or NAME.effective + DURATION, or NAME.healed + DURATION.
func (a *At) UnmarshalText(text []byte) error {
	offset := string(text)
	var made At
	if m := atForm.FindStringSubmatch(offset); m != nil {
		made.Name, made.Event, offset = m[1], m[2], m[3]
		if offset == "" {
			offset = "0s"
		}
	}
	d, err := time.ParseDuration(offset)
	switch {
	case numeral.MatchString(offset):
		return fmt.Errorf("is an instant and needs a unit: write %ss", offset)
	case err != nil:
		return fmt.Errorf("must be a duration after the warm-up, such as 10s, or NAME.effective + 5s or NAME.healed + 2s, "+
			"not %s", quote(string(text)))
	case d < 0:
		return errors.New("must not be before what it counts from")
	case d > maxOffset:
		return errors.New("must be at most 24h")
	}
	made.Offset = d
	*a = made
	return nil
}

// Pattern is for the JSON Schema.
func (At) Pattern() string {
	return `^(` + unsignedDuration + `|[a-z][a-z0-9-]*\.(effective|healed)(\s*\+\s*` + unsignedDuration + `)?)$`
}

// MarshalText is String.
func (a At) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// String is how the scenario would say it.
func (a At) String() string {
	switch {
	case a.Name == "":
		return durationText(a.Offset)
	case a.Offset == 0:
		return a.Name + "." + a.Event
	}
	return a.Name + "." + a.Event + " + " + durationText(a.Offset)
}
