package history

// A history is nearly all attempts, written by this program in one plain form. This file reads that form about ten
// times as fast as a JSON library, and knows when it doesn't know: whatever looks unusual (an unknown or repeated key,
// an escape, an exponent) is left to the library. A test holds the two against each other on the same lines.

// scanner walks over one line. Once bad, it stays so.
type scanner struct {
	b     []byte
	i     int
	bad   bool
	words interner
}

// fast reads a whole line of type attempt. When ok is false nothing was concluded from it.
func (in interner) fast(line []byte) (seq int64, a Attempt, ok bool) {
	s := scanner{b: line, words: in}
	kind := ""
	s.object(func(key string) bool {
		switch key {
		case "seq":
			seq = s.integer()
		case "at":
			s.instant()
		case "type":
			kind = s.text()
		case "attempt":
			s.attempt(&a)
		default:
			return false
		}
		return true
	})
	s.space()
	return seq, a, !s.bad && s.i == len(s.b) && kind == string(TypeAttempt) && a.Probe != ""
}

func (s *scanner) attempt(a *Attempt) {
	s.object(func(key string) bool {
		switch key {
		case "probe":
			a.Probe = s.text()
		case "seq":
			a.Seq = s.integer()
		case "kind":
			a.Kind = s.text()
		case "journey":
			a.Journey = Journey(s.text())
		case "home":
			a.Home = s.text()
		case "from":
			a.From = s.text()
		case "user":
			a.User = s.text()
		case "due":
			a.Due = s.instant()
		case "began":
			a.Began = s.instant()
		case "ended":
			a.Ended = s.instant()
		case "outcome":
			a.Outcome = Outcome(s.text())
		case "class":
			a.Class = Class(s.text())
		case "region":
			a.Region = s.text()
		case "detail":
			a.Detail = s.text()
		case "refused":
			a.Refused = s.text()
		case "steps":
			a.Steps = list(s, (*scanner).step)
		case "artifacts":
			a.Artifacts = list(s, func(s *scanner, v *string) { *v = s.text() })
		default:
			return false
		}
		return true
	})
}

func (s *scanner) step(st *Step) {
	s.object(func(key string) bool {
		switch key {
		case "name":
			st.Name = s.text()
		case "host":
			st.Host = s.text()
		case "region":
			st.Region = s.text()
		case "at":
			st.At = s.instant()
		case "took":
			st.Took = s.instant()
		default:
			return false
		}
		return true
	})
}

// list reads an array of what read reads.
func list[T any](s *scanner, read func(*scanner, *T)) []T {
	if !s.eat('[') {
		s.bad = true
		return nil
	}
	var first [16]T
	values := first[:0]
	for !s.eat(']') {
		if len(values) > 0 && !s.eat(',') {
			s.bad = true
		}
		if s.bad {
			return nil
		}
		var v T
		read(s, &v)
		values = append(values, v)
	}
	return append(make([]T, 0, len(values)), values...)
}

// object calls field for each key, to read the value; field says false for a key it doesn't know. Keys repeat nowhere.
func (s *scanner) object(field func(key string) bool) {
	if !s.eat('{') {
		s.bad = true
		return
	}
	var seen [24]string
	for n := 0; !s.eat('}'); n++ {
		if n == len(seen) || (n > 0 && !s.eat(',')) {
			s.bad = true
		}
		key := s.text()
		for _, earlier := range seen[:min(n, len(seen))] {
			s.bad = s.bad || earlier == key
		}
		if s.bad || !s.eat(':') || !field(key) || s.bad {
			s.bad = true
			return
		}
		seen[n] = key
	}
}

func (s *scanner) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\t' || s.b[s.i] == '\r') {
		s.i++
	}
}

// eat takes the character if it is the next one.
func (s *scanner) eat(c byte) bool {
	s.space()
	if s.bad || s.i >= len(s.b) || s.b[s.i] != c {
		return false
	}
	s.i++
	return true
}

// text reads a string of plain ASCII without escapes, and keeps one copy of each.
func (s *scanner) text() string {
	if !s.eat('"') {
		s.bad = true
		return ""
	}
	from := s.i
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			word := s.b[from:s.i]
			s.i++
			return s.words.bytes(word)
		case c < ' ' || c > '~' || c == '\\':
			s.bad = true
			return ""
		}
	}
	s.bad = true
	return ""
}

// number is the next one in its plain form: no exponent, no leading zeros.
func (s *scanner) number() []byte {
	s.space()
	from := s.i
	if s.i < len(s.b) && s.b[s.i] == '-' {
		s.i++
	}
	whole := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	if s.i == whole || (s.b[whole] == '0' && s.i > whole+1) {
		s.bad = true
		return nil
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		point := s.i
		for s.i++; s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9'; {
			s.i++
		}
		s.bad = s.bad || s.i == point+1
	}
	return s.b[from:s.i]
}

func (s *scanner) instant() Instant {
	v, ok := decimal(s.number())
	s.bad = s.bad || !ok
	return v
}

func (s *scanner) integer() int64 {
	digits := s.number()
	if s.bad || len(digits) > 18 || digits[0] == '-' {
		s.bad = true
		return 0
	}
	var v int64
	for _, c := range digits {
		if c == '.' {
			s.bad = true
			return 0
		}
		v = v*10 + int64(c-'0')
	}
	return v
}
