// Package simulation runs drills in virtual time, in any program: the same system, links, probes, TLS and signatures,
// on a clock that jumps to the next instant at which anything happens.
package simulation

import (
	"errors"
	"flag"
	"io"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// inBubble calls f in virtual time, which begins at the first instant of the year 2000 UTC, and returns when f and all
// goroutines that it began have ended. f must touch no channel, timer or context from outside: a goroutine that waits
// for one keeps the clock from jumping. As many run at once as the program has processors.
func inBubble(f func()) {
	done := make(chan struct{})
	bubbles() <- func(t *testing.T) {
		defer close(done)
		synctest.Test(t, func(*testing.T) { f() })
	}
	<-done
}

// bubbles takes what is to run in virtual time. The standard library gives it to tests alone: so there are some, which
// never end.
var bubbles = sync.OnceValue(func() chan<- func(*testing.T) {
	jobs := make(chan func(*testing.T))
	tests := make([]testing.InternalTest, runtime.GOMAXPROCS(0))
	for i := range tests {
		tests[i] = testing.InternalTest{Name: "bubble", F: func(t *testing.T) {
			t.Parallel()
			for job := range jobs {
				job(t)
			}
		}}
	}
	go func() {
		if testing.Testing() { // the flags and logs are those of the tests that are running, if any are
			testing.RunTests(all, tests)
		}
		testing.Init()
		if err := flag.CommandLine.Parse(nil); err != nil { // the program's flags are others'
			panic(err)
		}
		testing.MainStart(runner{}, tests, nil, nil, nil).Run()
	}()
	return jobs
})

func all(string, string) (bool, error) { return true, nil }

// runner is what package testing wants of who runs tests: to run all of them, and nothing else.
type runner struct{}

// corpusEntry has the fields that package testing says.
type corpusEntry = struct {
	Parent     string
	Path       string
	Data       []byte
	Values     []any
	Generation int
	IsSeed     bool
}

var errNoFuzzing = errors.New("nothing is fuzzed here")

func (runner) MatchString(pat, str string) (bool, error)                { return all(pat, str) }
func (runner) ImportPath() string                                       { return "" }
func (runner) ModulePath() string                                       { return "" }
func (runner) SetPanicOnExit0(bool)                                     {}
func (runner) StartCPUProfile(io.Writer) error                          { return nil }
func (runner) StopCPUProfile()                                          {}
func (runner) StartTestLog(io.Writer)                                   {}
func (runner) StopTestLog() error                                       { return nil }
func (runner) WriteProfileTo(string, io.Writer, int) error              { return nil }
func (runner) RunFuzzWorker(func(corpusEntry) error) error              { return errNoFuzzing }
func (runner) CheckCorpus([]any, []reflect.Type) error                  { return nil }
func (runner) ResetCoverage()                                           {}
func (runner) SnapshotCoverage()                                        {}
func (runner) ReadCorpus(string, []reflect.Type) ([]corpusEntry, error) { return nil, errNoFuzzing }
func (runner) CoordinateFuzzing(
	time.Duration, int64, time.Duration, int64, int, []corpusEntry, []reflect.Type, string, string,
) error {
	return errNoFuzzing
}

func (runner) InitRuntimeCoverage() (string, func(string, string) (string, error), func() float64) {
	return "", nil, nil
}
