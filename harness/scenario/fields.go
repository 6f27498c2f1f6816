package scenario

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Settings are Go structs. A field with a yaml tag is a key of the file; one without is not the file's business. What
// the reader checks and the schema tells stands in tags beside it:
//
//	yaml:"rtt"              the key; yaml:",key" takes the keys of a mapping that is read as a list, in file order
//	doc:"…"                 a sentence for editors and explain
//	enum:"a,b"              the words allowed
//	form:"name"             a name: lower-case letters, digits and dashes
//	form:"region"           a Region, which editors complete; that the system has it is for the compiler to say
//	form:"acs"              a Region, or one with the form of its ACS URL behind a slash
//	example:"a|b"           what may stand there, for editors
//	min:"1ms" max:"24h"     bounds of a number, a duration, or each element of a list or map; durations are never
//	                        negative unless min allows it
//	required:"true"         must be said, and not be empty
//	unique:"true"           no element of the list twice
//
// A type that implements encoding.TextUnmarshaler reads its text itself; its error goes on from the quoted key ("must
// be …"). With Pattern() string it also gives the schema a regular expression. A type with SetDefaults() (on the
// pointer) fills in its defaults wherever one is made: an element of a list, or behind a pointer.
type field struct {
	key      string
	index    []int
	typ      reflect.Type
	doc      string
	enum     []string
	form     string
	examples []string
	min, max string
	required bool
	unique   bool
}

// words are the values allowed at the path so far, nil for any.
func (f field) words(p path) []string {
	return slices.DeleteFunc(slices.Clone(f.enum), func(word string) bool { return comesLater(p, word) })
}

type defaulter interface{ SetDefaults() }

type patterned interface{ Pattern() string }

var (
	durationType = reflect.TypeFor[time.Duration]()
	blockType    = reflect.TypeFor[Block]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// shape is what the reader and the schema know of a struct.
type shape struct {
	fields []field
	key    []int // the field that takes the mapping's key, nil for none
	block  []int // the field that keeps the Block, nil for none
	open   bool  // keys that are not ours belong to a kind
}

func (s *shape) keys() []string {
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	return keys
}

// shapeOf reads a struct's tags, those of embedded structs included.
func shapeOf(t reflect.Type) *shape {
	s := &shape{}
	for _, f := range reflect.VisibleFields(t) {
		tag, tagged := f.Tag.Lookup("yaml")
		key, option, _ := strings.Cut(tag, ",")
		switch {
		case !f.IsExported():
		case f.Type == blockType:
			s.block, s.open = f.Index, option == "open"
		case option == "key":
			s.key = f.Index
		case tagged && key != "" && key != "-":
			s.fields = append(s.fields, newField(key, f))
		}
	}
	return s
}

func newField(key string, f reflect.StructField) field {
	made := field{
		key: key, index: f.Index, typ: f.Type,
		doc: f.Tag.Get("doc"), form: f.Tag.Get("form"), min: f.Tag.Get("min"), max: f.Tag.Get("max"),
		required: f.Tag.Get("required") == "true", unique: f.Tag.Get("unique") == "true",
	}
	if words := f.Tag.Get("enum"); words != "" {
		made.enum = strings.Split(words, ",")
	}
	if said := f.Tag.Get("example"); said != "" {
		made.examples = strings.Split(said, "|")
	}
	return made
}

// readsText tells whether values of the type read their text themselves.
func readsText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textType) }

// keyed tells whether a list of the type is written as a mapping, each key naming an element.
func keyed(t reflect.Type) bool { return t.Kind() == reflect.Struct && shapeOf(t).key != nil }
