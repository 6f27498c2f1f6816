package history

import (
	"encoding/json"
	"fmt"
)

// Kind is a kind of record by its name: what its file says of it, as a line of the history and as T.
type Kind[T any] string

// kinds lists the kinds of records that a reader holds to what they say they are. A new one is a file and a line here.
func kinds() []kind { return []kind{RigLost, Marked, Audited} }

// kind is a Kind whatever it holds.
type kind interface {
	named(t Type) bool
	reads(e *Event) bool
}

// Event is a line that holds v.
func (k Kind[T]) Event(at Instant, v T) Event {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("a record of kind %s can't be written: %v", string(k), err)) // its type is wrong, not its value
	}
	return Event{At: at, Type: Type(k), Data: data}
}

// Of is what a line of this kind holds; ok is false for every other line.
func (k Kind[T]) Of(e *Event) (v T, ok bool) {
	ok = k.named(e.Type) && json.Unmarshal(e.Data, &v) == nil
	return v, ok
}

func (k Kind[T]) named(t Type) bool { return t == Type(k) }

func (k Kind[T]) reads(e *Event) bool {
	_, ok := k.Of(e)
	return ok
}
