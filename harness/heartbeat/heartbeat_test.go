package heartbeat

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

const ms = time.Millisecond

func TestPulse(t *testing.T) {
	p := pulse{due: 5 * ms}
	for _, beat := range []struct {
		came  time.Duration
		late  bool
		since time.Duration
		due   time.Duration // of the next
	}{
		{5 * ms, false, 0, 10 * ms},
		{10*ms + 4999*time.Microsecond, false, 0, 15 * ms}, // a little late is how timers are
		{20 * ms, true, 15 * ms, 25 * ms},                  // a whole period
		{24 * ms, false, 0, 30 * ms},                       // too early
		{47 * ms, true, 30 * ms, 50 * ms},                  // 35, 40 and 45 fell into it
		{50 * ms, false, 0, 55 * ms},
	} {
		late, is := p.beat(beat.came)
		if is != beat.late || p.due != beat.due {
			t.Errorf("at %v: late %v, the next due %v", beat.came, is, p.due)
		}
		if is && (late != span{beat.since, beat.came, beat.came - beat.since}) {
			t.Errorf("at %v: %v", beat.came, late)
		}
	}
}

func (b *book) all(all bool) (spans []span) {
	b.give(all, func(s span) { spans = append(spans, s) })
	return spans
}

func (b *book) beats(beats ...[2]int) {
	for _, at := range beats {
		since, came := time.Duration(at[0])*ms, time.Duration(at[1])*ms
		b.add(span{since, came, came - since}, came-since >= Period)
	}
}

func TestBookJoinsWhatAdjoins(t *testing.T) {
	b := &book{}
	b.beats([2]int{10, 20})
	if got := b.all(false); len(got) > 0 {
		t.Errorf("gave what may still grow: %v", got)
	}
	b.beats([2]int{25, 32}, [2]int{35, 36}, [2]int{40, 45})
	want := []span{{10 * ms, 32 * ms, 22 * ms}}
	if got := b.all(false); !slices.Equal(got, want) {
		t.Errorf("gave %v, want %v", got, want)
	}
	want = []span{{40 * ms, 45 * ms, 5 * ms}}
	if got := b.all(true); !slices.Equal(got, want) {
		t.Errorf("at the end gave %v, want %v", got, want)
	}
}

// A machine that never comes to rest is told of while it lasts.
func TestBookTellsALongStallInParts(t *testing.T) {
	b := &book{}
	var got []span
	for now := 0; now < 3000; now += 12 {
		b.beats([2]int{now, now + 10})
		got = append(got, b.all(false)...)
	}
	got = append(got, b.all(true)...)
	if len(got) != 3 || got[0].since != 0 || got[len(got)-1].until != 2998*ms {
		t.Errorf("gave %v", got)
	}
	for i, s := range got {
		if s.took != s.length() || i > 0 && s.since <= got[i-1].until {
			t.Errorf("part %d is %v", i, s)
		}
	}
}

func TestBeatAllocatesNothing(t *testing.T) {
	b, now, p := &book{}, time.Duration(0), pulse{}
	to := func(span) {}
	if n := testing.AllocsPerRun(1000, func() {
		now += 40 * ms
		b.add(p.beat(now))
		b.give(false, to)
	}); n > 0 {
		t.Errorf("%v allocations a beat", n)
	}
}

func TestPressure(t *testing.T) {
	var got []span
	give := func(s span) { got = append(got, s) }
	p := pressure{}
	total := 7 * time.Second // before anybody looked
	p.read(0, total, give)
	for i, lost := range []time.Duration{0, 9 * ms, 10 * ms, 250 * ms, 9 * ms, 50 * ms} {
		total += lost
		p.read(time.Duration(i+1)*100*ms, total, give)
	}
	p.rest(give)
	want := []span{{200 * ms, 400 * ms, 110 * ms}, {500 * ms, 600 * ms, 50 * ms}}
	if !slices.Equal(got, want) {
		t.Errorf("gave %v, want %v", got, want)
	}
	got = nil
	p.rest(give)
	for i := range 25 {
		total += 100 * ms
		p.read(time.Duration(i+7)*100*ms, total, give)
	}
	p.rest(give)
	want = []span{{600 * ms, 1600 * ms, 1000 * ms}, {1600 * ms, 2600 * ms, 1000 * ms}, {2600 * ms, 3100 * ms, 500 * ms}}
	if !slices.Equal(got, want) {
		t.Errorf("of a busy time gave %v, want %v", got, want)
	}
}

const sample = "some avg10=0.31 avg60=1.01 avg300=2.14 total=30127546\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n"

func TestParsePressure(t *testing.T) {
	for text, want := range map[string]time.Duration{
		sample:                   30127546 * time.Microsecond,
		"some total=0\n":         0,
		"full a\nsome total=5\n": 5 * time.Microsecond,
		"some x=1 total=7 y=2\n": 7 * time.Microsecond,
	} {
		if got, ok := parsePressure([]byte(text)); !ok || got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "some total=30", "some avg10=0\n", "some total=\n", "some total=-1\n",
		"some total=1e9\n", "full total=3\n", "something total=3\n", "some total=99999999999999999999\n"} {
		if got, ok := parsePressure([]byte(text)); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func FuzzParsePressure(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("some total=9223372036854775807\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, ok := parsePressure(text); d < 0 || !ok && d != 0 || d%time.Microsecond != 0 {
			t.Errorf("%v, %v", d, ok)
		}
	})
}

func TestAccount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{file: file}
	defer a.close()
	for range 2 {
		if total, ok := a.read(); !ok || total != 30127546*time.Microsecond {
			t.Errorf("read %v, %v", total, ok)
		}
	}
	if n := testing.AllocsPerRun(100, func() { a.read() }); n > 0 {
		t.Errorf("%v allocations a reading", n)
	}
	var none *account
	if _, ok := none.read(); ok {
		t.Error("read what isn't there")
	}
	none.close()
}

// However busy the machine is: every stall is whole, each observer's are in order, and none comes after stop.
func TestStart(t *testing.T) {
	latest := map[string]history.Instant{}
	over := false
	stop := Start(time.Now(), func(s history.Stall) {
		if s.Until <= s.Since || s.Took <= 0 || s.Took > s.Until-s.Since || s.Since < latest[s.By] || over {
			t.Errorf("told %+v after one that ended at %v", s, latest[s.By])
		}
		latest[s.By] = s.Until
	})
	for range 3 { // something to be late for
		busy := 0
		for i := range 30_000_000 {
			busy ^= i * i
		}
		if busy == 1 {
			t.Log("never")
		}
	}
	stop()
	over = true
	stop()
}
