package scenario

import "time"

const unsignedDuration = `([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+`

func durationText(d time.Duration) string { return d.String() }
