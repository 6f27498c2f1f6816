package heartbeat

import (
	"bytes"
	"math"
	"os"
	"time"
)

// pressureFile is the kernel's account of stalls for want of a CPU, of the whole machine (Linux,
// Documentation/accounting/psi.rst).
const pressureFile = "/proc/pressure/cpu"

// share is one part in how many of a span must have been lost to be worth telling.
const share = 10

// pressure turns readings of the account into spans.
type pressure struct {
	begun bool
	at    time.Duration // of the latest reading
	total time.Duration
	span  span // that may still grow; without a length there is none
}

// read takes one reading and gives what can't grow any more. Spans that adjoin become one of at most a second.
func (p *pressure) read(now, total time.Duration, give func(span)) {
	since, lost := p.at, total-p.total
	first := !p.begun
	p.begun, p.at, p.total = true, now, total
	if first || now <= since {
		return
	}
	s := span{since: since, until: now, took: min(lost, now-since)}
	much := lost > 0 && lost >= s.length()/share
	if p.span.until != s.since || !much || p.span.length()+s.length() > longest {
		p.rest(give)
	}
	switch {
	case much && p.span.length() == 0:
		p.span = s
	case much:
		p.span.until, p.span.took = s.until, p.span.took+s.took
	}
}

// rest gives away what is left.
func (p *pressure) rest(give func(span)) {
	if p.span.length() > 0 {
		give(p.span)
	}
	p.span = span{}
}

// account is the file, kept open; nil where there is none.
type account struct {
	file   *os.File
	buffer [256]byte
}

func openPressure() *account {
	file, err := os.Open(pressureFile)
	if err != nil {
		return nil
	}
	return &account{file: file}
}

// read is the time for which some task has waited for a CPU since the machine was started.
func (a *account) read() (time.Duration, bool) {
	if a == nil {
		return 0, false
	}
	n, _ := a.file.ReadAt(a.buffer[:], 0) // it ends with io.EOF; what can't be parsed is no reading
	return parsePressure(a.buffer[:n])
}

func (a *account) close() {
	if a != nil {
		a.file.Close()
	}
}

var (
	someLine = []byte("some ")
	totalKey = []byte(" total=")
)

// parsePressure finds the total, in microseconds, in the line that begins with "some".
func parsePressure(text []byte) (time.Duration, bool) {
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return 0, false // a line that was cut may lack digits
		}
		line := text[:end]
		text = text[end+1:]
		if !bytes.HasPrefix(line, someLine) {
			continue
		}
		at := bytes.Index(line, totalKey)
		if at < 0 {
			return 0, false
		}
		return micros(line[at+len(totalKey):])
	}
	return 0, false
}

// micros reads digits up to the next blank.
func micros(digits []byte) (time.Duration, bool) {
	if blank := bytes.IndexByte(digits, ' '); blank >= 0 {
		digits = digits[:blank]
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' || n > (math.MaxInt64/int64(time.Microsecond)-9)/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return time.Duration(n) * time.Microsecond, len(digits) > 0
}
