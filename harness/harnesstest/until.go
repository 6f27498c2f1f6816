package harnesstest

import "time"

// untilLimit is how long Until waits.
const untilLimit = time.Minute
