package history

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
)

// maxLine bounds a line of a history, in bytes.
const maxLine = 4 << 20

// Read reads a whole history and audits it. A last line that is torn is no error: the history is then Truncated.
// Anything else that can't be understood is, with its line. What is understood and can't be true is in Contradictions.
func Read(r io.Reader) (*History, error) { return read(r, 0) }

// read expects about so many lines.
func read(r io.Reader, expected int) (*History, error) {
	h := &History{Attempts: make([]Attempt, 0, expected), SeqOf: make([]int64, 0, expected)}
	lines := bufio.NewReaderSize(r, 1<<20)
	words := interner{}
	var torn error // why the latest line can't be understood; forgiven if it is the last
	for n := 1; ; n++ {
		line, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading line %d of the history: %w", n, err)
		}
		last := errors.Is(err, io.EOF)
		if !last || len(line) > 0 {
			if torn != nil {
				return nil, torn
			}
			if err := h.add(line, n, words); err != nil {
				torn = fmt.Errorf("reading line %d of the history: %w", n, err)
			}
		}
		if last {
			break
		}
	}
	h.Truncated = torn != nil
	if h.Plan.Schema == "" {
		return nil, cmp.Or(torn, errors.New("reading the history: it has no plan, so nothing can be concluded from it"))
	}
	h.Contradictions = h.Audit()
	h.excuse()
	return h, nil
}

// readLine is the next line without its end. io.EOF comes with what stands after the last one. A short line is a
// slice of the reader's own buffer.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == nil || errors.Is(err, io.EOF) {
		return bytes.TrimSuffix(line, []byte("\n")), err
	}
	long := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(long) > maxLine {
			return nil, fmt.Errorf("it is longer than %d bytes", maxLine)
		}
		line, err = r.ReadSlice('\n')
		long = append(long, line...)
	}
	return bytes.TrimSuffix(long, []byte("\n")), err
}

// add takes one line in. The first must be the plan, and no other may be.
func (h *History) add(line []byte, n int, words interner) error {
	if seq, a, ok := words.fast(line); ok && n > 1 {
		h.number(seq, n)
		h.Attempts, h.SeqOf = append(h.Attempts, a), append(h.SeqOf, seq)
		return nil
	}
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	if (n == 1) != (e.Type == TypePlan) {
		return fmt.Errorf("it is of type %q; the first line must be the plan, and no other", e.Type)
	}
	if !e.complete() {
		return fmt.Errorf("it says type %q and holds something else", e.Type)
	}
	h.number(e.Seq, n)
	switch e.Type {
	case TypePlan:
		if e.Plan.Schema != Schema {
			return fmt.Errorf("its schema is %q; this version reads %q", e.Plan.Schema, Schema)
		}
		h.Plan = *e.Plan
	case TypeAttempt:
		words.attempt(e.Attempt)
		h.Attempts = append(h.Attempts, *e.Attempt)
		h.SeqOf = append(h.SeqOf, e.Seq)
	case TypeEnd:
		if h.End == nil {
			h.End, h.EndAt = e.End, e.At
		}
	}
	if e.Type != TypeAttempt {
		h.Events = append(h.Events, e)
	}
	return nil
}

// number notes a line whose number isn't its place in the file, counted from 1.
func (h *History) number(seq int64, n int) {
	if seq != int64(n) && len(h.misnumbered) <= maxLines {
		h.misnumbered = append(h.misnumbered, int64(n))
	}
}

// complete tells whether the event holds what its type says. A type that this version doesn't know is kept: later
// versions may add some.
func (e *Event) complete() bool {
	switch e.Type {
	case TypePlan:
		return e.Plan != nil
	case TypePhase:
		return e.Phase != nil
	case TypeAttempt:
		return e.Attempt != nil
	case TypeFault:
		return e.Fault != nil
	case TypeAction:
		return e.Action != nil
	case TypeMarker:
		return e.Marker != nil
	case TypeNote:
		return e.Note != nil
	case TypeStall:
		return e.Stall != nil
	case TypeControl:
		return e.Control != nil
	case TypeEnd:
		return e.End != nil
	}
	for _, k := range kinds() {
		if k.named(e.Type) {
			return k.reads(e)
		}
	}
	return e.Type != ""
}

// interner keeps one copy of each of the few words of which a million attempts are made.
type interner map[string]string

func (in interner) word(s string) string {
	if kept, ok := in[s]; ok {
		return kept
	}
	if len(in) < 1<<16 && s != "" {
		in[s] = s
	}
	return s
}

// bytes is word for a slice that will change; a known one is not copied.
func (in interner) bytes(b []byte) string {
	if kept, ok := in[string(b)]; ok {
		return kept
	}
	return in.word(string(b))
}

func (in interner) attempt(a *Attempt) {
	a.Probe, a.Kind, a.Home, a.From = in.word(a.Probe), in.word(a.Kind), in.word(a.Home), in.word(a.From)
	a.Journey = Journey(in.word(string(a.Journey)))
	a.User, a.Region = in.word(a.User), in.word(a.Region)
	a.Outcome, a.Class = Outcome(in.word(string(a.Outcome))), Class(in.word(string(a.Class)))
	for i := range a.Steps {
		s := &a.Steps[i]
		s.Name, s.Host, s.Region = in.word(s.Name), in.word(s.Host), in.word(s.Region)
	}
}
