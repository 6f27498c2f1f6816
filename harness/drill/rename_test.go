package drill

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPersist(t *testing.T) {
	busy, final := errors.New("busy"), errors.New("final")
	tests := []struct {
		name    string
		answers []error // of one try after another; the last one for all that follow
		want    error
		took    time.Duration // at most
	}{
		{"at once", []error{nil}, nil, 0},
		{"what doesn't pass", []error{final, nil}, final, 0},
		{"a scanner that soon lets go", []error{busy, busy, busy, nil}, nil, 7 * time.Millisecond},
		{"a reader that never does", []error{busy}, busy, 2 * renameWait},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, tries := time.Now(), 0
				err := persist(func() error {
					tries++
					return test.answers[min(tries, len(test.answers))-1]
				}, func(err error) bool { return errors.Is(err, busy) })
				if took := time.Since(began); !errors.Is(err, test.want) || took > test.took || tries < len(test.answers) && test.want == nil {
					t.Errorf("%v after %v and %d tries; want %v within %v", err, took, tries, test.want, test.took)
				}
			})
		})
	}
}
