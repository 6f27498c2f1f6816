package history

// RigLost is recorded of a part of what the system under test stands on that was lost: an emulator that died, or came
// back empty.
const RigLost Kind[Rig] = "rig"

// Rig is such a part.
type Rig struct {
	Part   string  `json:"part"`
	Seen   Instant `json:"seen"` // when it was last as it should be
	Detail string  `json:"detail"`
}
