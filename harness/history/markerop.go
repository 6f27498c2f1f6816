package history

// Marked is recorded of every write of a marker and of every look at which markers a Region has: the operations of
// Jepsen's set-full, one line each, written when it ended.
const Marked Kind[MarkerOp] = "marker_op"

// MarkerOp is one operation. A marker is a membership that is added once and removed once at most.
type MarkerOp struct {
	Probe   string   `json:"probe"`
	Op      MarkerDo `json:"op"`
	Marker  int64    `json:"marker,omitempty"` // which one is added or removed, from 1
	Region  string   `json:"region"`           // that was asked
	Began   Instant  `json:"began"`
	Ended   Instant  `json:"ended"` // of a write that is OK: when it was acknowledged
	Result  MarkerIs `json:"result"`
	Present []int64  `json:"present,omitempty"` // of a read that is OK: all that the Region has, in order
	Detail  string   `json:"detail,omitempty"`  // why it isn't OK, no secret in it
}

// MarkerDo is what an operation does.
type MarkerDo string

// The operations.
const (
	MarkerAdd    MarkerDo = "add"
	MarkerRemove MarkerDo = "remove"
	MarkerRead   MarkerDo = "read"
)

// MarkerIs is how an operation ended.
type MarkerIs string

// OK was acknowledged. Fail was refused, or never sent, so that it has changed nothing. Info was sent and not answered:
// it may have been done, and may be done yet, and never counts as either.
const (
	MarkerOK   MarkerIs = "ok"
	MarkerFail MarkerIs = "fail"
	MarkerInfo MarkerIs = "info"
)
